//! Fingerprints of states and of anything else that is JSON.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The SHA-256, in lower-case hexadecimal, of a value's canonical JSON (RFC 8785).
///
/// Equal values have equal digests on every machine, as long as they hold no floats and no integers above 2^53.
///
/// # Errors
/// The value cannot be written as JSON.
pub fn digest<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    Ok(hex(&Sha256::digest(serde_json_canonicalizer::to_vec(value)?)))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_does_not_matter() {
        let a = serde_json::json!({"b": 1, "a": [true, null]});
        let b = serde_json::json!({"a": [true, null], "b": 1});
        assert_eq!(digest(&a).unwrap(), digest(&b).unwrap());
        assert_eq!(hex(&[0, 255]), "00ff");
    }
}
