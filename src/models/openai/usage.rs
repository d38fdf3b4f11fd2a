//! Reads the provider's usage into the one record, whichever fields it uses.

use serde_json::Value;

use crate::models::Usage;

/// The record, or `None` where the provider's object does not even count prompt and answer.
pub fn normalised(raw: &Value) -> Option<Usage> {
    let number = |pointer: &str| raw.pointer(pointer).and_then(count);
    let first = |pointers: &[&str]| pointers.iter().find_map(|pointer| number(pointer)).unwrap_or(0);
    let input = number("/prompt_tokens")?;
    let mut output = number("/completion_tokens")?;
    let reasoning = first(&["/completion_tokens_details/reasoning_tokens", "/reasoning_tokens"]);
    // Some servers count reasoning beside the answer instead of within it; their total gives them away.
    let beside = number("/total_tokens")
        .is_some_and(|total| input.checked_add(output).and_then(|sum| sum.checked_add(reasoning)) == Some(total));
    if reasoning > output || (beside && reasoning > 0) {
        output = output.saturating_add(reasoning);
    }
    let cache_read = first(&["/prompt_tokens_details/cached_tokens", "/prompt_cache_hit_tokens"]).min(input);
    let written = first(&["/prompt_tokens_details/cache_write_tokens", "/cache_creation_input_tokens"]);
    Some(Usage {
        input,
        output,
        reasoning,
        cache_read,
        cache_write: written.min(input - cache_read),
        estimated: false,
        raw: Some(raw.clone()),
    })
}

/// A count of tokens, also where it is written as a number with a fraction of zero.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64()?.to_string().parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(raw: Value) -> (u64, u64, u64, u64, u64) {
        let usage = normalised(&raw).unwrap();
        assert_eq!(usage.raw, Some(raw));
        assert!(!usage.estimated);
        (usage.input, usage.output, usage.reasoning, usage.cache_read, usage.cache_write)
    }

    #[test]
    fn openais_input_includes_what_was_cached() {
        let raw = json!({
            "prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306,
            "prompt_tokens_details": {"cached_tokens": 1920},
            "completion_tokens_details": {"reasoning_tokens": 64},
        });
        assert_eq!(read(raw), (2006, 300, 64, 1920, 0));
    }

    #[test]
    fn deepseeks_hits_are_read_from_the_cache() {
        let raw = json!({
            "prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35,
            "prompt_cache_hit_tokens": 20, "prompt_cache_miss_tokens": 10,
        });
        assert_eq!(read(raw), (30, 5, 0, 20, 0));
    }

    #[test]
    fn reasoning_counted_beside_the_answer_is_added_to_it() {
        let raw = json!({
            "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 35,
            "completion_tokens_details": {"reasoning_tokens": 20},
        });
        assert_eq!(read(raw), (10, 25, 20, 0, 0));
    }

    #[test]
    fn numbers_with_a_fraction_of_zero_count() {
        assert_eq!(read(json!({"prompt_tokens": 10.0, "completion_tokens": 5.0})), (10, 5, 0, 0, 0));
    }

    #[test]
    fn an_object_without_counts_is_no_usage() {
        assert_eq!(normalised(&json!({})), None);
        assert_eq!(normalised(&json!({"prompt_tokens": -1, "completion_tokens": 2})), None);
    }
}
