//! Reads the list of models, and what it says of them.

use serde_json::Value;

use crate::models::ModelInfo;

/// The models of a list that one can chat with; `None` where it is none.
pub fn read(list: &Value) -> Option<Vec<ModelInfo>> {
    Some(list.get("models")?.as_array()?.iter().filter_map(entry).collect())
}

fn entry(entry: &Value) -> Option<ModelInfo> {
    let number = |name: &str| entry.get(name).and_then(Value::as_u64);
    let methods = entry.get("supportedGenerationMethods").and_then(Value::as_array);
    if methods.is_some_and(|methods| !methods.iter().any(|method| method == "generateContent")) {
        return None;
    }
    let name = entry.get("name")?.as_str()?;
    Some(ModelInfo {
        id: name.strip_prefix("models/").unwrap_or(name).to_owned(),
        context_window: number("inputTokenLimit"),
        max_output: number("outputTokenLimit"),
        images: None,
        tools: None,
        reasoning: entry.get("thinking").and_then(Value::as_bool),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_limits_are_read_and_what_cannot_chat_is_left_out() {
        let list = json!({"models": [
            {"name": "models/gemini-3.8-flash", "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536, "thinking": true,
             "supportedGenerationMethods": ["generateContent", "countTokens"]},
            {"name": "models/embedding-001", "supportedGenerationMethods": ["embedContent"]},
        ]});
        let models = read(&list).unwrap();
        assert_eq!(models.len(), 1);
        assert_eq!((models[0].id.as_str(), models[0].max_output), ("gemini-3.8-flash", Some(65_536)));
        assert_eq!((models[0].reasoning, read(&json!({"data": []}))), (Some(true), None));
    }
}
