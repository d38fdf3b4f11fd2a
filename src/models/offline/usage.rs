//! How the offline model counts: four characters are one token, part by part, rounded up.
//!
//! What a call shares with the call before it counts as read from a cache: everything before the last answer of the
//! model, which is exactly what that call was asked. So the number follows from the request alone.

use serde_json::json;

use crate::models::request::tokens;
use crate::models::{Message, ModelRequest, Usage};

/// What has been written so far, in characters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// Text and tool calls.
    pub answer: u64,
    /// Reasoning.
    pub reasoning: u64,
}

impl Written {
    /// The whole call's usage.
    pub fn usage(self, request: &ModelRequest) -> Usage {
        let reasoning = tokens(self.reasoning);
        Usage {
            input: request.estimated_tokens(),
            output: tokens(self.answer) + reasoning,
            reasoning,
            cache_read: seen_before(request),
            cache_write: 0,
            estimated: false,
            raw: Some(json!({"rule": "four characters are one token"})),
        }
    }
}

fn seen_before(request: &ModelRequest) -> u64 {
    let last_answer = request.messages.iter().rposition(|message| matches!(message, Message::Assistant { .. }));
    last_answer.map_or(0, |at| request.estimated_tokens_of(&request.messages[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Message {
        Message::assistant("12345678", "", vec![])
    }

    #[test]
    fn the_first_call_of_a_conversation_reads_nothing_from_the_cache() {
        let request = ModelRequest { messages: vec![Message::user("1234")], ..ModelRequest::default() };
        let usage = Written { answer: 5, reasoning: 4 }.usage(&request);
        assert_eq!((usage.input, usage.cache_read, usage.output, usage.reasoning), (1, 0, 3, 1));
    }

    #[test]
    fn a_later_call_reads_from_the_cache_what_the_one_before_it_was_asked() {
        let asked_before = ModelRequest {
            system: "1234".into(),
            messages: vec![Message::user("1234"), answer(), Message::user("12345")],
            ..ModelRequest::default()
        };
        let mut request = asked_before.clone();
        request.messages.extend([answer(), Message::user("1")]);
        let usage = Written::default().usage(&request);
        assert_eq!(usage.cache_read, asked_before.estimated_tokens());
        assert_eq!(usage.input, usage.cache_read + 2 + 1);
    }
}
