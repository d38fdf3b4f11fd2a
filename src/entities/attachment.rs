//! Files that go with a message: images for models that see, and texts. What one is, its bytes say.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file that goes with a message. Its bytes are a blob, stored before any event names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub blob: Arc<str>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its media type: `image/png`, `image/jpeg`, `image/gif`, `image/webp` or `text/plain; charset=utf-8`.
    #[serde(rename = "type")]
    pub media_type: Arc<str>,
    /// What the file is called, 1 to 200 characters.
    pub name: Arc<str>,
}

/// The media type of a text.
pub const TEXT: &str = "text/plain; charset=utf-8";

impl Attachment {
    /// Whether it is an image.
    pub fn is_image(&self) -> bool {
        is_image(&self.media_type)
    }
}

/// Whether a media type is that of an image.
pub fn is_image(media_type: &str) -> bool {
    media_type.starts_with("image/")
}

/// The media type of an image, by its first bytes; `None` for what is no image that models and browsers read.
pub fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// The media type of what can be attached; `None` for everything else.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    let is_text = || !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok();
    image_type(bytes).or_else(|| is_text().then_some(TEXT))
}

/// Whether a text can be the name of an attachment: 1 to 200 characters of one line.
pub fn is_name(text: &str) -> bool {
    super::is_title(text) && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_its_bytes_say() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            ("Grüße\n".as_bytes(), Some(TEXT)),
            (b"<svg onload='x()'/>", Some(TEXT)),
            (b"", Some(TEXT)),
            (b"%PDF-1.7\0", None),
            (b"caf\xe9", None),
            (b"RIFF\0\0\0\0WAVE", None),
        ] {
            assert_eq!(media_type(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_name_is_one_line() {
        assert!(is_name("Bild 1.png") && is_name(&"é".repeat(200)));
        for bad in ["", " ", "a\nb", "\u{1b}[2J", &"x".repeat(201)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
