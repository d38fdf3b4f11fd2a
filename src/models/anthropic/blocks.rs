//! The order and the signatures of an answer's blocks: what is kept of an answer besides its text, and how it goes back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A block of an answer. The words themselves stand in the answer's text and reasoning: here is how many bytes of them are
/// whose, so that nothing is kept twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Thinking.
    Thinking {
        /// So many bytes of the reasoning; 0 where the model does not show it.
        bytes: usize,
        /// The proof that the model wrote it.
        signature: String,
    },
    /// Thinking that nobody may read.
    Redacted {
        /// What stands in its place.
        data: String,
    },
    /// Text.
    Text {
        /// So many bytes of the text.
        bytes: usize,
    },
    /// The next tool call.
    Tool {},
}

/// A piece of an answer on its way back.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Signed thinking.
    Thinking { thinking: &'a str, signature: String },
    /// Thinking that nobody may read.
    Redacted { data: String },
    /// Text, never blank: the wire refuses blank text.
    Text(&'a str),
    /// The tool call of this index.
    Tool(usize),
}

/// What is kept of these blocks; nothing where no thinking is among them, because text and calls speak for themselves.
pub fn keep(blocks: &[Block]) -> Option<Value> {
    let thought = blocks.iter().any(|block| matches!(block, Block::Thinking { .. } | Block::Redacted { .. }));
    thought.then(|| serde_json::to_value(blocks).ok()).flatten()
}

/// An answer in the order in which it was given. What was not kept, or does not fit, goes back as text and calls alone.
pub fn restore<'a>(kept: Option<&Value>, text: &'a str, reasoning: &'a str, calls: usize) -> Vec<Piece<'a>> {
    let blocks: Vec<Block> = kept.and_then(|kept| Vec::deserialize(kept).ok()).unwrap_or_default();
    in_order(blocks, text, reasoning, calls)
        .unwrap_or_else(|| in_order(Vec::new(), text, reasoning, calls).unwrap_or_default())
}

fn in_order<'a>(blocks: Vec<Block>, text: &'a str, reasoning: &'a str, calls: usize) -> Option<Vec<Piece<'a>>> {
    let (mut text_from, mut reasoning_from, mut call) = (0, 0, 0);
    let mut pieces = Vec::new();
    for block in blocks {
        match block {
            Block::Thinking { bytes, signature } => {
                let thinking = reasoning.get(reasoning_from..reasoning_from + bytes)?;
                reasoning_from += bytes;
                pieces.push(Piece::Thinking { thinking, signature });
            }
            Block::Redacted { data } => pieces.push(Piece::Redacted { data }),
            Block::Text { bytes } => {
                let words = text.get(text_from..text_from + bytes)?;
                text_from += bytes;
                pieces.push(Piece::Text(words));
            }
            // A call that the limit of tokens cut was left out.
            Block::Tool {} if call < calls => {
                pieces.push(Piece::Tool(call));
                call += 1;
            }
            Block::Tool {} => {}
        }
    }
    pieces.push(Piece::Text(text.get(text_from..)?));
    pieces.extend((call..calls).map(Piece::Tool));
    pieces.retain(|piece| !matches!(piece, Piece::Text(words) if words.trim().is_empty()));
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn thinking(bytes: usize) -> Block {
        Block::Thinking { bytes, signature: "sig".into() }
    }

    #[test]
    fn thinking_between_text_and_calls_goes_back_where_it_stood() {
        let blocks =
            [thinking(4), Block::Text { bytes: 5 }, thinking(0), Block::Tool {}, Block::Redacted { data: "x".into() }];
        let kept = keep(&blocks).unwrap();
        let signature = || "sig".to_owned();
        assert_eq!(
            restore(Some(&kept), "Let’!", "Höm.", 1),
            restore(None, "Let’!", "Höm.", 1),
            "lengths that do not fit are not used"
        );
        assert_eq!(
            restore(Some(&kept), "Look.", "Hm..", 1),
            [
                Piece::Thinking { thinking: "Hm..", signature: signature() },
                Piece::Text("Look."),
                Piece::Thinking { thinking: "", signature: signature() },
                Piece::Tool(0),
                Piece::Redacted { data: "x".into() },
            ]
        );
    }

    #[test]
    fn what_was_not_kept_is_text_and_calls() {
        assert_eq!(keep(&[Block::Text { bytes: 1 }, Block::Tool {}]), None);
        assert_eq!(restore(None, "a", "why", 2), [Piece::Text("a"), Piece::Tool(0), Piece::Tool(1)]);
        assert_eq!(restore(None, " \n", "", 0), []);
        assert_eq!(restore(Some(&json!({"of": "another wire"})), "a", "", 0), [Piece::Text("a")]);
    }
}
