//! What holds of any answer, whatever a server sends.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::calls::Calls;
use super::tests::draft;
use super::usage::normalised;
use crate::models::Chunk;
use crate::models::http::{Answer as _, WholeCall};

const WORDS: [&str; 24] = [
    "choices",
    "delta",
    "message",
    "content",
    "reasoning",
    "reasoning_content",
    "tool_calls",
    "index",
    "id",
    "function",
    "name",
    "arguments",
    "finish_reason",
    "stop",
    "length",
    "usage",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "reasoning_tokens",
    "error",
    "code",
    "type",
    "object",
];

/// JSON that is made of the wire's own words, so that it gets far.
fn wire_json() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(&WORDS[..]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..6).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
            }),
        ]
    })
}

/// The same as the first choice of an event, half of the time.
fn event() -> impl Strategy<Value = String> {
    prop_oneof![
        wire_json().prop_map(|value| value.to_string()),
        (wire_json(), wire_json()).prop_map(|(delta, reason)| {
            json!({"choices": [{"delta": delta, "finish_reason": reason}]}).to_string()
        }),
        wire_json().prop_map(|call| json!({"choices": [{"delta": {"tool_calls": [call]}}]}).to_string()),
        ".{0,40}",
    ]
}

proptest! {
    #[test]
    fn no_events_bring_an_answer_down_and_no_piece_is_empty(events in prop::collection::vec(event(), 0..12)) {
        let mut answer = Answer::new(draft(0));
        for event in events {
            for chunk in answer.event(&event).unwrap_or_default().chunks {
                let empty = matches!(&chunk, Chunk::Text(text) | Chunk::Reasoning(text) if text.is_empty());
                prop_assert!(!empty);
            }
        }
        let chunks = answer.done().unwrap_or_default();
        let ends = chunks.iter().map(|chunk| matches!(chunk, Chunk::Finished { .. }));
        let expected = (1..=chunks.len()).map(|place| place == chunks.len());
        prop_assert!(ends.eq(expected));
    }

    #[test]
    fn no_usage_has_parts_larger_than_the_whole(
        prompt: u64,
        completion: u64,
        total: u64,
        reasoning: u64,
        hit: u64,
        written: u64,
    ) {
        let usage = normalised(&json!({
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": total,
            "completion_tokens_details": {"reasoning_tokens": reasoning},
            "prompt_tokens_details": {"cached_tokens": hit, "cache_write_tokens": written},
        })).unwrap();
        prop_assert!(usage.reasoning <= usage.output);
        prop_assert!(u128::from(usage.cache_read) + u128::from(usage.cache_write) <= u128::from(usage.input));
    }

    #[test]
    fn calls_cut_into_pieces_anywhere_are_the_same_calls(
        calls in prop::collection::vec(("[a-z_]{1,12}", "[^\u{0}]{0,24}"), 1..5),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 1..6_usize), 0..40),
    ) {
        let whole: Vec<String> = calls.iter().map(|(_, text)| json!({"text": text}).to_string()).collect();
        let mut rest: Vec<Vec<char>> = whole.iter().map(|text| text.chars().collect()).collect();
        let mut assembled = Calls::default();
        let mut add = |delta: Value| assembled.add(serde_json::from_value(delta).unwrap());
        for (at, (name, _)) in calls.iter().enumerate() {
            add(json!({"index": at, "id": format!("id{at}"), "function": {"name": name, "arguments": ""}}));
        }
        for (which, length) in cuts {
            let at = which.index(calls.len());
            let piece: String = { let length = length.min(rest[at].len()); rest[at].drain(..length).collect() };
            add(json!({"index": at, "function": {"arguments": piece}}));
        }
        for (at, last) in rest.into_iter().enumerate() {
            add(json!({"index": at, "function": {"arguments": last.into_iter().collect::<String>()}}));
        }
        let expected: Vec<WholeCall> = calls.iter().zip(&whole).enumerate().map(|(at, ((name, _), arguments))| WholeCall {
            id: format!("id{at}"),
            name: name.clone(),
            arguments: arguments.clone(),
        }).collect();
        prop_assert_eq!(assembled.whole(), expected);
    }
}
