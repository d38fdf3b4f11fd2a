//! An answer of a wanted shape: the plainest value that fits a JSON Schema.

use serde_json::{Map, Value, json};

use super::{pattern, play::Beat};
use crate::models::{Message, ModelRequest};

/// The tool through which an answer is handed in.
const SUBMIT: &str = "submit_answer";
/// How deep a value grows; a schema may name itself.
const DEEPEST: usize = 8;

/// The answer, handed in, where one is wanted and none is handed in yet.
pub fn handed_in(request: &ModelRequest, since: &[Message]) -> Option<Vec<Beat>> {
    let tool = request.tools.iter().find(|tool| tool.name == SUBMIT)?;
    let tried = since.iter().any(|message| matches!(message, Message::ToolResult { name, .. } if name == SUBMIT));
    if tried || request.answer_only {
        return None;
    }
    let arguments = value(&tool.schema, &tool.schema, 0).to_string();
    let reasoning = "The answer has a shape, so I hand in the plainest one that fits.".to_owned();
    Some(vec![Beat::Reasoning(reasoning), Beat::ToolCall { id: None, name: SUBMIT.to_owned(), arguments }])
}

/// The plainest value of a schema.
fn value(schema: &Value, root: &Value, depth: usize) -> Value {
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    for key in ["const", "default"] {
        if let Some(given) = schema.get(key) {
            return given.clone();
        }
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#')) {
        return root.pointer(name).filter(|_| depth < DEEPEST).map_or(Value::Null, |at| value(at, root, depth + 1));
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[key].as_array().and_then(|schemas| schemas.first()) {
            return value(first, root, depth + 1);
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].as_array()?.first()?.as_str());
    match kind {
        Some("object") => object(schema, root, depth),
        None if schema["properties"].is_object() => object(schema, root, depth),
        Some("array") => {
            let least = schema["minItems"].as_u64().unwrap_or(1).clamp(1, 20);
            let count = if depth < DEEPEST { least } else { 0 };
            Value::Array((0..count).map(|_| value(&schema["items"], root, depth + 1)).collect())
        }
        Some("integer" | "number") => number(schema),
        Some("boolean") => json!(true),
        Some("null") => Value::Null,
        _ => text(schema),
    }
}

fn object(schema: &Value, root: &Value, depth: usize) -> Value {
    let mut members = Map::new();
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|of| of == name));
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        if depth < DEEPEST || required(name) {
            members.insert(name.clone(), value(of, root, depth + 1));
        }
    }
    Value::Object(members)
}

fn number(schema: &Value) -> Value {
    let least = schema["minimum"].as_f64().or_else(|| schema["exclusiveMinimum"].as_f64().map(|least| least + 1.0));
    let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
    let number = least.unwrap_or(1.0).max(1.0).min(most);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole, and what is too large is cut to the largest there is"
    )]
    let whole = number as i64;
    if number.fract() == 0.0 { json!(whole) } else { json!(number) }
}

fn text(schema: &Value) -> Value {
    if let Some(text) = schema["pattern"].as_str().and_then(pattern::text) {
        return Value::String(text);
    }
    let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(0).min(10_000)).unwrap_or(0);
    let most = usize::try_from(schema["maxLength"].as_u64().unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let mut text = "offline".repeat(least / "offline".len() + 1);
    text.truncate(most.min(text.len()));
    Value::String(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plainest_value_fits_its_schema() {
        for (schema, fits) in [
            (
                json!({"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "integer", "minimum": 3}}}),
                json!({"a": "offline", "n": 3}),
            ),
            (json!({"type": "array", "items": {"enum": ["x", "y"]}, "minItems": 2}), json!(["x", "x"])),
            (json!({"type": ["number", "null"], "maximum": 0.5}), json!(0.5)),
            (json!({"type": "string", "minLength": 9, "maxLength": 9}), json!("offlineof")),
            (json!({"type": "string", "pattern": "^[a-f0-9]{7}$"}), json!("aaaaaaa")),
            (json!({"anyOf": [{"const": 4}, {"type": "string"}]}), json!(4)),
        ] {
            assert_eq!(value(&schema, &schema, 0), fits);
            assert!(jsonschema::is_valid(&schema, &fits), "{schema}");
        }
        let endless = json!({"$defs": {"t": {"type": "object", "properties": {"next": {"$ref": "#/$defs/t"}}}}, "$ref": "#/$defs/t"});
        assert!(value(&endless, &endless, 0).is_object());
    }
}
