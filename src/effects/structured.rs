//! Answers with a shape: the tool through which a model hands one in, and whether it fits.

use serde_json::{Value, json};

use crate::{
    entities::chat::answer::SUBMIT,
    models::ToolSpec,
    tools::{ToolOutcome, ToolOutput},
};

/// What is added to the instructions of an agent whose answer has a shape.
pub const INSTRUCTIONS: &str = "\n\nYour answer has a shape: when you are done, call the tool `submit_answer` once, with the whole \
                                answer as its arguments. What you write besides is not read by anybody.";

/// Whether a schema can be one at all.
///
/// # Errors
/// What is wrong with it.
pub fn check(schema: &Value) -> Result<(), String> {
    jsonschema::validator_for(schema).map(drop).map_err(|error| format!("the schema of the answer is none: {error}"))
}

/// The tool that takes an answer of this schema. Providers take objects alone: what is none is wrapped.
pub fn tool(schema: &str) -> ToolSpec {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let schema = if is_object(&schema) {
        schema
    } else {
        json!({"type": "object", "properties": {"answer": schema}, "required": ["answer"], "additionalProperties": false})
    };
    let description = "Hands in your answer. Call it once, when you are done, with the whole answer.".to_owned();
    ToolSpec { name: SUBMIT.to_owned(), description, schema }
}

fn is_object(schema: &Value) -> bool {
    schema["type"] == "object"
}

/// Whether what was handed in fits, as the tool's answer.
pub fn submitted(schema: &str, arguments: &str) -> ToolOutput {
    let given: Value = match serde_json::from_str(arguments) {
        Ok(given) => given,
        Err(error) => return ToolOutput::failed(format!("The answer is not JSON: {error}. Hand it in again.")),
    };
    let validator = match jsonschema::validator_for(&tool(schema).schema) {
        Ok(validator) => validator,
        Err(error) => return ToolOutput::failed(format!("The schema of the answer is none: {error}.")),
    };
    let wrong: Vec<String> = validator
        .iter_errors(&given)
        .take(10)
        .map(|error| {
            let at = error.instance_path().to_string();
            format!("- {}: {error}", if at.is_empty() { "the answer" } else { &at })
        })
        .collect();
    if wrong.is_empty() {
        let fits = ToolOutput::failed("The answer is handed in.");
        return ToolOutput { outcome: ToolOutcome::Succeeded, ..fits };
    }
    ToolOutput::failed(format!("The answer does not fit:\n{}\nMend it and hand it in again.", wrong.join("\n")))
}

/// The answer as it was asked for, as JSON.
pub fn unwrapped(schema: &str, arguments: &str) -> String {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    if is_object(&schema) {
        return arguments.to_owned();
    }
    let given: Value = serde_json::from_str(arguments).unwrap_or_default();
    given["answer"].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_fits_or_is_told_where_it_does_not() {
        let schema = r#"{"type":"object","properties":{"n":{"type":"integer","minimum":1}},"required":["n"]}"#;
        assert_eq!(submitted(schema, r#"{"n":3}"#).outcome, ToolOutcome::Succeeded);
        let wrong = submitted(schema, r#"{"n":0}"#);
        assert!(wrong.outcome == ToolOutcome::Failed && wrong.text.contains("/n: "), "{}", wrong.text);
        assert!(submitted(schema, "{}").text.contains("\"n\""));
        assert!(submitted(schema, "nothing").text.contains("not JSON"));
    }

    #[test]
    fn what_is_no_object_is_wrapped_on_its_way_and_back() {
        let schema = r#"{"type":"array","items":{"type":"string"}}"#;
        assert_eq!(tool(schema).schema["properties"]["answer"]["type"], "array");
        assert_eq!(submitted(schema, r#"{"answer":["a"]}"#).outcome, ToolOutcome::Succeeded);
        assert_eq!(unwrapped(schema, r#"{"answer":["a"]}"#), r#"["a"]"#);
    }

    #[test]
    fn what_is_no_schema_is_refused_before_anybody_is_asked() {
        assert!(check(&json!({"type": "nonsense"})).unwrap_err().contains("none"));
        assert!(check(&json!({"type": "object"})).is_ok());
    }
}
