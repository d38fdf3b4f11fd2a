//! The order and the signatures of an answer's parts: what is kept of an answer besides its text, and how it goes back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A part of an answer. The words themselves stand in the answer's text and reasoning: here is how many bytes of them are
/// whose, so that nothing is kept twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A summary of what the model thought.
    Thought {
        /// So many bytes of the reasoning.
        bytes: usize,
        /// What the model wants to find again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// Text, perhaps none: a signature may stand alone.
    Text {
        /// So many bytes of the text.
        bytes: usize,
        /// What the model wants to find again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// The next tool call.
    Call {
        /// The id is the provider's own, and goes back with it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        named: bool,
        /// What the model wants to find again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
}

/// A part of an answer on its way back.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A thought that was signed.
    Thought { text: &'a str, signature: String },
    /// Text.
    Text { text: &'a str, signature: Option<String> },
    /// The tool call of this index.
    Call { at: usize, named: bool, signature: Option<String> },
}

impl Part {
    fn signature(&self) -> Option<&String> {
        match self {
            Self::Thought { signature, .. } | Self::Text { signature, .. } | Self::Call { signature, .. } => {
                signature.as_ref()
            }
        }
    }
}

/// Adds more text, or a part that begins; text that follows text without a signature is one part.
pub fn push(parts: &mut Vec<Part>, part: Part) {
    match (parts.last_mut(), &part) {
        (Some(Part::Text { bytes, signature: None }), Part::Text { bytes: more, signature: None })
        | (Some(Part::Thought { bytes, signature: None }), Part::Thought { bytes: more, signature: None }) => {
            *bytes += more;
        }
        _ => parts.push(part),
    }
}

/// What is kept of these parts; nothing where nothing is signed or named, because text and calls speak for themselves.
pub fn keep(parts: &[Part]) -> Option<Value> {
    let special = |part: &Part| part.signature().is_some() || matches!(part, Part::Call { named: true, .. });
    parts.iter().any(special).then(|| serde_json::to_value(parts).ok()).flatten()
}

/// An answer in the order in which it was given. What was not kept, or does not fit, goes back as text and calls alone;
/// thoughts go back only where they are signed.
pub fn restore<'a>(kept: Option<&Value>, text: &'a str, reasoning: &'a str, calls: usize) -> Vec<Piece<'a>> {
    let parts: Vec<Part> = kept.and_then(|kept| Vec::deserialize(kept).ok()).unwrap_or_default();
    in_order(parts, text, reasoning, calls)
        .unwrap_or_else(|| in_order(Vec::new(), text, reasoning, calls).unwrap_or_default())
}

fn in_order<'a>(parts: Vec<Part>, text: &'a str, reasoning: &'a str, calls: usize) -> Option<Vec<Piece<'a>>> {
    let (mut text_from, mut reasoning_from, mut call) = (0, 0, 0);
    let mut pieces = Vec::new();
    for part in parts {
        match part {
            Part::Thought { bytes, signature } => {
                let text = reasoning.get(reasoning_from..reasoning_from + bytes)?;
                reasoning_from += bytes;
                pieces.extend(signature.map(|signature| Piece::Thought { text, signature }));
            }
            Part::Text { bytes, signature } => {
                let text = text.get(text_from..text_from + bytes)?;
                text_from += bytes;
                pieces.push(Piece::Text { text, signature });
            }
            Part::Call { named, signature } if call < calls => {
                pieces.push(Piece::Call { at: call, named, signature });
                call += 1;
            }
            Part::Call { .. } => {}
        }
    }
    pieces.push(Piece::Text { text: text.get(text_from..)?, signature: None });
    pieces.extend((call..calls).map(|at| Piece::Call { at, named: false, signature: None }));
    pieces.retain(|piece| !matches!(piece, Piece::Text { text: "", signature: None }));
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: usize, signature: Option<&str>) -> Part {
        Part::Text { bytes, signature: signature.map(Into::into) }
    }

    #[test]
    fn text_in_pieces_is_one_part_until_it_is_signed() {
        let mut parts = vec![];
        for part in [text(2, None), text(3, None), text(0, Some("sig")), text(1, None)] {
            push(&mut parts, part);
        }
        assert_eq!(parts, [text(5, None), text(0, Some("sig")), text(1, None)]);
    }

    #[test]
    fn what_is_signed_goes_back_where_it_stood() {
        let parts = [
            Part::Thought { bytes: 3, signature: None },
            text(4, None),
            Part::Call { named: true, signature: Some("sig".into()) },
            Part::Call { named: true, signature: None },
        ];
        let kept = keep(&parts).unwrap();
        assert_eq!(
            restore(Some(&kept), "Look", "Hm.", 2),
            [
                Piece::Text { text: "Look", signature: None },
                Piece::Call { at: 0, named: true, signature: Some("sig".into()) },
                Piece::Call { at: 1, named: true, signature: None },
            ]
        );
        assert_eq!(restore(Some(&kept), "L", "", 2), restore(None, "L", "", 2), "what does not fit is not used");
    }

    #[test]
    fn a_signature_may_stand_alone() {
        let kept = keep(&[text(1, None), text(0, Some("sig"))]).unwrap();
        let alone = Piece::Text { text: "", signature: Some("sig".into()) };
        assert_eq!(restore(Some(&kept), "a", "", 0), [Piece::Text { text: "a", signature: None }, alone]);
        assert_eq!(keep(&[text(1, None)]), None);
    }
}
