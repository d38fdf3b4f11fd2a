//! Text that may be too long to stand in an event or a state: then it is a blob, and its head stands in its place.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chat::written::Written;

/// The longest text, in bytes of UTF-8, that stands in an event and in a state as it is.
pub const INLINE_LIMIT: usize = 16 * 1024;
/// How much of a longer text, in bytes of UTF-8, stands beside its reference.
pub const HEAD_LIMIT: usize = 2 * 1024;

/// A text: as it is, or a reference to the blob that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Body {
    /// The text itself, at most 16 KiB (while it is being written, all of it so far).
    Text(Arc<String>),
    /// A longer text, stored by its SHA-256.
    Blob(BlobRef),
    /// A longer text that was broken off: the events of its stream hold it, piece by piece.
    Written(Written),
}

/// A reference to a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlobRef {
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub blob: Arc<str>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its media type.
    #[serde(rename = "type")]
    pub media_type: Arc<str>,
    /// Its first 2 KiB, cut at a character.
    pub head: Arc<str>,
}

impl Body {
    /// The text, or as much of it as stands here.
    pub fn shown(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Blob(reference) => &reference.head,
            Self::Written(reference) => &reference.head,
        }
    }

    /// How long the whole text is, in bytes of UTF-8.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Blob(reference) => reference.bytes,
            Self::Written(reference) => reference.bytes,
        }
    }

    /// Adds to the end of a text that stands here; a reference stays as it is.
    pub(crate) fn push_str(&mut self, piece: &str) {
        match self {
            Self::Text(text) => Arc::make_mut(text).push_str(piece),
            Self::Blob(_) | Self::Written(_) => {}
        }
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.bytes() == 0
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(Arc::default())
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Self::Text(Arc::new(text.to_owned()))
    }
}

/// A blob that an event names: a long text, or a file.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Reference {
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub blob: Arc<str>,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The blobs that the data of an event names.
pub fn references(data: &str) -> Vec<Reference> {
    let mut found = vec![];
    // Most events name none, and need not be looked through.
    let mut open: Vec<Value> =
        if data.contains("\"blob\"") { serde_json::from_str(data).into_iter().collect() } else { vec![] };
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => match Reference::deserialize(&fields) {
                Ok(reference) => found.push(reference),
                Err(_) => open.extend(fields.into_iter().map(|(_, value)| value)),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// The longest start of a text that fits into `limit` bytes and ends at a character.
pub fn head(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_string_and_a_longer_one_an_object() {
        let text: Body = serde_json::from_str(r#""hello""#).unwrap();
        assert_eq!(text, "hello".into());
        let json = r#"{"blob":"ab","bytes":70000,"type":"text/plain","head":"Once"}"#;
        let blob: Body = serde_json::from_str(json).unwrap();
        assert_eq!((blob.shown(), blob.bytes()), ("Once", 70_000));
        assert_eq!(serde_json::to_string(&blob).unwrap(), json);
    }

    #[test]
    fn references_are_found_wherever_they_stand_in_an_event_and_not_in_its_texts() {
        let blob = |name: &str| format!(r#"{{"blob":"{name}","bytes":70000,"type":"text/plain","head":"Once"}}"#);
        let data =
            format!(r#"{{"text":{},"tools":[{{"output":{}}}],"note":"\"blob\"","blob":1}}"#, blob("a"), blob("b"));
        let mut names: Vec<_> = references(&data).into_iter().map(|reference| reference.blob).collect();
        names.sort_unstable();
        assert_eq!(names, ["a".into(), "b".into()] as [Arc<str>; 2]);
        let said = serde_json::to_string(&blob("c")).unwrap();
        assert_eq!(references(&format!(r#"{{"text":{said}}}"#)), []);
        assert_eq!(references("not JSON, \"blob\""), []);
    }

    #[test]
    fn a_head_ends_at_a_character() {
        assert_eq!(head("aé", 2), "a");
        assert_eq!(head("aé", 3), "aé");
    }
}
