//! Text that may be too long to stand in an event or a state: then it is a blob, and its head stands in its place.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest text, in bytes of UTF-8, that stands in an event and in a state as it is.
pub const INLINE_LIMIT: usize = 16 * 1024;
/// How much of a longer text, in bytes of UTF-8, stands beside its reference.
pub const HEAD_LIMIT: usize = 2 * 1024;

/// A text: as it is, or a reference to the blob that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Body {
    /// The text itself, at most 16 KiB.
    Text(Arc<str>),
    /// A longer text, stored by its SHA-256.
    Blob(BlobRef),
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
        }
    }

    /// How long the whole text is, in bytes of UTF-8.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Blob(reference) => reference.bytes,
        }
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.bytes() == 0
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::Text("".into())
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// The longest start of a text that fits into `limit` bytes and ends at a character.
pub fn head(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}
