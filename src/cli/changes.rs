//! What changed in a state, in words: a JSON Patch read beside the state that it changes.

use std::fmt::{self, Write as _};

use serde_json::Value;

use super::{screen::Tone, tree::leaf};
use crate::api::{Operation, apply};

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where, as `messages[3].text`.
    pub place: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Added(String),
    Removed(String),
    Replaced(String, String),
    /// Text was written on.
    Grown(String),
}

impl Change {
    /// How it is meant.
    pub fn tone(&self) -> Tone {
        match self.what {
            What::Removed(_) => Tone::Alarm,
            What::Added(_) | What::Grown(_) => Tone::Deed,
            What::Replaced(..) => Tone::Plain,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        match &self.what {
            What::Added(value) => write!(f, "+ {place}: {value}"),
            What::Removed(value) => write!(f, "- {place}: {value}"),
            What::Replaced(before, after) => write!(f, "~ {place}: {before} → {after}"),
            What::Grown(piece) => write!(f, "+ {place}: … {piece}"),
        }
    }
}

/// What the steps of a patch change, in order; the state is the one after them when this returns.
pub fn changes(state: &mut Value, patch: &[Operation]) -> Vec<Change> {
    let mut found = Vec::new();
    for operation in patch {
        let (path, after) = match operation {
            Operation::Add { path, value } | Operation::Replace { path, value } => (path.as_str(), Some(value)),
            Operation::Remove { path } => (path.as_str(), None),
        };
        let before = state.pointer(path).cloned();
        let place = place(state, path);
        let name = place.rsplit('.').next().unwrap_or_default().to_owned();
        let told = |value: &Value| leaf(&name, value);
        let what = match (&before, after) {
            (Some(Value::String(before)), Some(Value::String(after)))
                if !before.is_empty() && after.starts_with(before.as_str()) =>
            {
                What::Grown(told(&Value::from(&after[before.len()..])))
            }
            (Some(before), Some(after)) => What::Replaced(told(before), told(after)),
            (None, Some(after)) => What::Added(told(after)),
            (before, None) => What::Removed(before.as_ref().map(told).unwrap_or_default()),
        };
        found.push(Change { place, what });
        if !apply(state, operation) {
            // Of another version of the server: what follows is shown without what stood there.
            *state = Value::Null;
        }
    }
    found
}

/// A pointer as people write it: `/messages/3/text` is `messages[3].text`, and what is put behind a list has its index there.
fn place(state: &Value, path: &str) -> String {
    let mut place = String::new();
    let mut at = Some(state);
    for part in path.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        match at {
            Some(Value::Array(items)) => {
                let index = if part == "-" { items.len() } else { part.parse().unwrap_or(items.len()) };
                // Writing to a text cannot fail.
                let _written = write!(place, "[{index}]").is_ok();
                at = items.get(index);
            }
            other => {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(&part);
                at = other.and_then(|value| value.get(&part));
            }
        }
    }
    if place.is_empty() { "the state".into() } else { place }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(state: &Value, patch: Value) -> Vec<String> {
        let patch: Vec<Operation> = serde_json::from_value(patch).unwrap();
        changes(&mut state.clone(), &patch).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_patch_is_told_with_what_stood_there_before() {
        let state = json!({"about": {"title": "a"}, "messages": [{"text": "It is"}], "turn": {"turn": 1}});
        let patch = json!([
            {"op": "replace", "path": "/about/title", "value": "b"},
            {"op": "replace", "path": "/messages/0/text", "value": "It is there"},
            {"op": "add", "path": "/messages/-", "value": {"text": "x"}},
            {"op": "add", "path": "/messages/-", "value": {"text": "y"}},
            {"op": "replace", "path": "/messages/1/text", "value": "z"},
            {"op": "remove", "path": "/turn"},
        ]);
        assert_eq!(
            told(&state, patch),
            [
                "~ about.title: a → b",
                "+ messages[0].text: … there",
                "+ messages[1]: {\"text\":\"x\"}",
                "+ messages[2]: {\"text\":\"y\"}",
                "~ messages[1].text: x → z",
                "- turn: {\"turn\":1}",
            ]
        );
    }

    #[test]
    fn the_first_event_changes_the_whole() {
        let patch = json!([{"op": "replace", "path": "", "value": {"a": 1}}]);
        assert_eq!(told(&Value::Null, patch), ["~ the state: null → {\"a\":1}"]);
    }
}
