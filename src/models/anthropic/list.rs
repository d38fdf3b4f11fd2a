//! Reads the list of models, and what it says of them.

use serde_json::Value;

use crate::models::ModelInfo;

/// The models of a list; `None` where it is none.
pub fn read(list: &Value) -> Option<Vec<ModelInfo>> {
    Some(list.get("data")?.as_array()?.iter().filter_map(entry).collect())
}

fn entry(entry: &Value) -> Option<ModelInfo> {
    let number = |name: &str| entry.get(name).and_then(Value::as_u64).filter(|number| *number > 0);
    let can = |name: &str| entry.get("capabilities")?.get(name)?.get("supported")?.as_bool();
    Some(ModelInfo {
        id: entry.get("id")?.as_str()?.to_owned(),
        context_window: number("max_input_tokens"),
        max_output: number("max_tokens"),
        images: can("image_input"),
        tools: None,
        reasoning: can("thinking"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_read_and_what_stands_beside_them() {
        let list = json!({"data": [
            {"type": "model", "id": "claude-opus-4-6", "display_name": "Claude Opus 4.6", "max_input_tokens": 200_000,
             "max_tokens": 64_000, "capabilities": {"image_input": {"supported": true}, "thinking": {"supported": true}}},
            {"type": "model", "id": "claude-old", "display_name": "Old"},
        ], "has_more": false});
        let models = read(&list).unwrap();
        assert_eq!((models[0].context_window, models[0].images), (Some(200_000), Some(true)));
        assert_eq!(models[1], ModelInfo::named("claude-old"));
        assert_eq!(read(&json!({"models": []})), None);
    }
}
