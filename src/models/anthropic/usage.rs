//! Reads the usage of an answer, which comes in two parts.

use serde_json::Value;

use crate::models::Usage;

/// Lays the later part over the earlier one.
pub fn merge(raw: &mut Value, later: Value) {
    match (raw, later) {
        (Value::Object(raw), Value::Object(later)) => {
            raw.extend(later.into_iter().filter(|(_, value)| !value.is_null()));
        }
        (raw, later @ Value::Object(_)) => *raw = later,
        _ => {}
    }
}

/// The record, or `None` where the object does not count prompt and answer. The provider counts the cached parts of the
/// prompt beside the rest of it.
pub fn normalised(raw: &Value) -> Option<Usage> {
    let number = |pointer: &str| raw.pointer(pointer).and_then(Value::as_u64);
    let (rest, output) = (number("/input_tokens")?, number("/output_tokens")?);
    let cache_write = number("/cache_creation_input_tokens").unwrap_or(0);
    let cache_read = number("/cache_read_input_tokens").unwrap_or(0);
    Some(Usage {
        input: rest.saturating_add(cache_write).saturating_add(cache_read),
        output,
        reasoning: number("/output_tokens_details/thinking_tokens").unwrap_or(0).min(output),
        cache_read,
        cache_write,
        estimated: false,
        raw: Some(raw.clone()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_input_is_what_was_cached_and_the_rest() {
        let mut raw = json!({"input_tokens": 21, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 1500,
            "output_tokens": 1, "service_tier": "standard"});
        merge(&mut raw, json!({"output_tokens": 393, "input_tokens": null}));
        let usage = normalised(&raw).unwrap();
        assert_eq!((usage.input, usage.cache_write, usage.cache_read, usage.output), (1621, 100, 1500, 393));
        assert_eq!(usage.raw.unwrap()["service_tier"], "standard");
    }

    #[test]
    fn an_object_without_counts_is_no_usage() {
        let mut raw = Value::Null;
        merge(&mut raw, json!("nonsense"));
        assert_eq!(normalised(&raw), None);
        merge(&mut raw, json!({"output_tokens": 3}));
        assert_eq!(normalised(&raw), None);
    }

    proptest::proptest! {
        #[test]
        fn no_part_is_larger_than_the_whole(rest: u64, written: u64, read: u64, output: u64, thought: u64) {
            let usage = normalised(&json!({
                "input_tokens": rest, "cache_creation_input_tokens": written, "cache_read_input_tokens": read,
                "output_tokens": output, "output_tokens_details": {"thinking_tokens": thought},
            })).unwrap();
            assert!(usage.cache_read <= usage.input && usage.cache_write <= usage.input);
            assert!(usage.reasoning <= usage.output);
        }
    }
}
