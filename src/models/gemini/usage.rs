//! Reads the usage of an answer.

use serde_json::Value;

use crate::models::Usage;

/// The record, or `None` where the object does not count the prompt. The provider counts what was cached within the prompt,
/// and thoughts beside the answer.
pub fn normalised(raw: &Value) -> Option<Usage> {
    let number = |name: &str| raw.get(name).and_then(Value::as_u64);
    let input = number("promptTokenCount")?.saturating_add(number("toolUsePromptTokenCount").unwrap_or(0));
    let reasoning = number("thoughtsTokenCount").unwrap_or(0);
    Some(Usage {
        input,
        output: number("candidatesTokenCount").unwrap_or(0).saturating_add(reasoning),
        reasoning,
        cache_read: number("cachedContentTokenCount").unwrap_or(0).min(input),
        cache_write: 0,
        estimated: false,
        raw: Some(raw.clone()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn thoughts_are_added_to_the_answer_and_the_cache_is_part_of_the_prompt() {
        let raw = json!({"promptTokenCount": 100, "cachedContentTokenCount": 64, "candidatesTokenCount": 7,
            "thoughtsTokenCount": 30, "totalTokenCount": 137});
        let usage = normalised(&raw).unwrap();
        assert_eq!((usage.input, usage.cache_read, usage.output, usage.reasoning), (100, 64, 37, 30));
        assert_eq!(usage.raw, Some(raw));
        assert_eq!(normalised(&json!({"totalTokenCount": 1})), None);
    }

    proptest::proptest! {
        #[test]
        fn no_part_is_larger_than_the_whole(prompt: u64, tools: u64, cached: u64, answer: u64, thoughts: u64) {
            let usage = normalised(&json!({
                "promptTokenCount": prompt, "toolUsePromptTokenCount": tools, "cachedContentTokenCount": cached,
                "candidatesTokenCount": answer, "thoughtsTokenCount": thoughts,
            })).unwrap();
            assert!(usage.cache_read <= usage.input && usage.reasoning <= usage.output);
        }
    }
}
