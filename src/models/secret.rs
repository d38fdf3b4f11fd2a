//! A provider's key, which never shows itself.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// A key: `Debug` and JSON show `…` in its place, and only [`ApiKey::reveal`] gives it away.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct ApiKey(String);

impl ApiKey {
    /// Wraps a key. Spaces and line ends around it are dropped: they come from files and are never part of one.
    pub fn new(key: impl AsRef<str>) -> Self {
        Self(key.as_ref().trim().to_owned())
    }

    /// The key itself, to be sent to its provider or to be masked in what is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it, as when a variable is set to an empty text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with every occurrence of the key replaced by `…`.
    pub fn mask(&self, text: &str) -> String {
        if self.is_empty() { text.to_owned() } else { text.replace(&self.0, "…") }
    }
}

impl From<String> for ApiKey {
    fn from(key: String) -> Self {
        Self::new(key)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

impl Serialize for ApiKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_itself_neither_in_debug_nor_in_json() {
        let key = ApiKey::new("sk-secret\n");
        assert_eq!(key.reveal(), "sk-secret");
        assert!(!format!("{key:?}").contains("secret"));
        assert!(!serde_json::to_string(&key).unwrap().contains("secret"));
    }

    #[test]
    fn a_key_is_masked_wherever_it_stands() {
        assert_eq!(ApiKey::new("abc").mask("key abc, again abc"), "key …, again …");
        assert_eq!(ApiKey::new("").mask("text"), "text");
    }
}
