//! What a message that begins with a slash means: `/name rest` runs a workflow, `//…` is the message without the first slash.

use serde_json::Value;

/// A workflow that is asked for as a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub name: String,
    /// Its arguments: what stands behind the name.
    pub args: Option<Value>,
}

/// The workflow that a text asks for. A path, as `/etc/hosts`, and a text that begins otherwise ask for none.
pub fn asked(text: &str) -> Option<Asked> {
    let (name, rest) = text.strip_prefix('/')?.split_once(char::is_whitespace).unwrap_or((text.get(1..)?, ""));
    let fits = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | ':' | '.');
    if name.is_empty() || !name.chars().all(fits) {
        return None;
    }
    Some(Asked { name: name.to_owned(), args: args(rest.trim()) })
}

/// An object or a list where it is one, as JSON; else the text as it is.
fn args(rest: &str) -> Option<Value> {
    let structured = || serde_json::from_str(rest).ok().filter(|value: &Value| value.is_object() || value.is_array());
    (!rest.is_empty()).then(|| structured().unwrap_or_else(|| rest.into()))
}

/// The message that a text is.
pub fn message(text: &str) -> &str {
    if text.starts_with("//") { &text[1..] } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_slash_and_a_name_ask_for_a_workflow() {
        let of = |text| asked(text).map(|Asked { name, args }| (name, args));
        assert_eq!(of("/review-code"), Some(("review-code".into(), None)));
        assert_eq!(of("/review src and tests"), Some(("review".into(), Some(json!("src and tests")))));
        assert_eq!(of("/builtin:x {\"a\": 1}"), Some(("builtin:x".into(), Some(json!({"a": 1})))));
        assert_eq!(of("/x 3"), Some(("x".into(), Some(json!("3")))));
    }

    #[test]
    fn what_is_a_path_or_meant_as_it_is_asks_for_none() {
        for text in ["what is /x", "/", "/etc/hosts is empty", "//review", " /review", "/ x", ""] {
            assert_eq!(asked(text), None, "{text:?}");
        }
        assert_eq!((message("//review"), message("/etc/hosts")), ("/review", "/etc/hosts"));
    }
}
