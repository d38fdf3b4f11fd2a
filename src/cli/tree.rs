//! JSON as people read it: a tree with a value on each line, times as moments, long texts by their beginning.

use replay::ids::Micros;
use serde_json::Value;

use super::screen::{moment, short};

/// How much of a text is shown, in characters.
const SHOWN: usize = 160;

/// The lines of a value.
pub fn lines(value: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    branch("", value, 0, &mut lines);
    lines
}

fn branch(name: &str, value: &Value, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let label = if name.is_empty() { String::new() } else { format!("{name}: ") };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            if !name.is_empty() {
                lines.push(format!("{indent}{name}"));
            }
            let depth = if name.is_empty() { depth } else { depth + 1 };
            fields.iter().for_each(|(name, value)| branch(name, value, depth, lines));
        }
        Value::Array(items) if !items.is_empty() => {
            let count = items.len();
            lines.push(format!("{indent}{label}{count} {}", if count == 1 { "item" } else { "items" }));
            for (index, item) in items.iter().enumerate() {
                branch(&format!("[{index}]"), item, depth + 1, lines);
            }
        }
        value => lines.push(format!("{indent}{label}{}", leaf(name, value))),
    }
}

/// A value on one line, as it stands under a name.
pub fn leaf(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".into(),
        Value::String(text) => text_line(text),
        Value::Number(number) if is_time(name) => number
            .as_i64()
            .filter(|at| *at > 1_000_000_000_000)
            .map_or_else(|| number.to_string(), |at| moment(Micros(at))),
        Value::Array(items) if items.is_empty() => "none".into(),
        other => short(&other.to_string(), SHOWN),
    }
}

fn text_line(text: &str) -> String {
    let line = short(text, SHOWN);
    if line.ends_with('…') && !text.ends_with('…') { format!("{line} ({} bytes)", text.len()) } else { line }
}

/// Whether a field of this name holds a moment.
fn is_time(name: &str) -> bool {
    name == "at" || name == "since" || name.ends_with("_at")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_state_is_a_tree() {
        let state = json!({
            "about": {"title": "The attic", "opened_at": 1_700_000_000_000_000_i64, "limit": null},
            "messages": [{"kind": "user", "text": "Where\nis it?"}, []],
            "queue": [],
            "turns": 2,
        });
        assert_eq!(
            lines(&state),
            [
                "about",
                "  limit: null",
                "  opened_at: 2023-11-14 22:13:20",
                "  title: The attic",
                "messages: 2 items",
                "  [0]",
                "    kind: user",
                "    text: Where is it?",
                "  [1]: none",
                "queue: none",
                "turns: 2",
            ]
        );
    }

    #[test]
    fn a_long_text_is_shown_by_its_beginning_and_length() {
        let text = "word ".repeat(100);
        let shown = leaf("text", &json!(text));
        assert!(shown.chars().count() < 200 && shown.ends_with("… (500 bytes)"), "{shown}");
    }
}
