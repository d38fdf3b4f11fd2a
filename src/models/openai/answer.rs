//! Puts an answer together from the events of its stream. Pure: text in, chunks out.

use serde::Deserialize;
use serde_json::Value;

use super::calls::{CallDelta, Calls};
use super::usage::normalised;
use crate::models::http::{self, Added, Draft, Origin};
use crate::models::{Chunk, ErrorKind, ModelError, Stop};

#[derive(Debug, Deserialize)]
struct Event {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    /// Servers that do not stream send the whole `message` instead.
    #[serde(alias = "message")]
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Delta {
    /// A text as a rule; some servers send a list of typed parts.
    content: Option<Value>,
    reasoning_content: Option<Value>,
    reasoning: Option<Value>,
    refusal: Option<String>,
    tool_calls: Option<Vec<CallDelta>>,
}

/// The answer so far.
#[derive(Debug)]
pub struct Answer {
    draft: Draft,
    calls: Calls,
    usage: Option<Value>,
}

impl Answer {
    /// An answer of which nothing has come yet.
    pub fn new(draft: Draft) -> Self {
        Self { draft, calls: Calls::default(), usage: None }
    }

    fn choice(&mut self, choice: Choice) -> Result<Vec<Chunk>, ModelError> {
        let mut chunks = Vec::new();
        if let Some(delta) = choice.delta {
            let (content, thinking) = delta.content.as_ref().map(texts).unwrap_or_default();
            // Some servers send the same reasoning under both names.
            let named = [&delta.reasoning_content, &delta.reasoning];
            let named = named.into_iter().flatten().filter_map(Value::as_str).find(|text| !text.is_empty());
            chunks.extend(self.draft.reasoning(named.map_or(thinking, str::to_owned)));
            chunks.extend(self.draft.text(content));
            chunks.extend(self.draft.text(delta.refusal.unwrap_or_default()));
            for call in delta.tool_calls.into_iter().flatten() {
                self.calls.add(call);
            }
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some("length" | "max_tokens" | "model_length") => self.draft.stop = Some(Stop::Length),
            Some("content_filter") => self.draft.stop = Some(Stop::ContentFilter),
            Some("tool_calls" | "function_call") => self.draft.stop = Some(Stop::ToolCalls),
            Some("insufficient_system_resource") => {
                let Origin { label, .. } = &*self.draft.origin;
                let message = format!("{label} ran out of resources in the middle of the answer: try again later.");
                return Err(self.draft.origin.error(ErrorKind::Overloaded, &message));
            }
            Some("error") => return Err(self.draft.broke_off("with an error")),
            // `stop`, and the names that smaller servers have for it.
            Some(_) => self.draft.stop = Some(Stop::End),
        }
        Ok(chunks)
    }
}

impl http::Answer for Answer {
    fn draft(&self) -> &Draft {
        &self.draft
    }

    fn event(&mut self, data: &str) -> Result<Added, ModelError> {
        if data.trim() == "[DONE]" {
            return Ok(Added { last: true, ..Added::default() });
        }
        let Some(event) = self.draft.parse(data)? else { return Ok(Added::default()) };
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            return Err(self.draft.origin.reported(error, &self.draft.model));
        }
        if event.get("object").and_then(Value::as_str) == Some("error") {
            return Err(self.draft.origin.reported(&event, &self.draft.model));
        }
        if !event.is_object() || (event.get("choices").is_none() && event.get("usage").is_none()) {
            return if self.draft.began() { Ok(Added::default()) } else { Err(self.draft.foreign()) };
        }
        let event: Event = serde_json::from_value(event).map_err(|error| self.draft.garbled(&error))?;
        self.draft.begin();
        if event.usage.as_ref().is_some_and(|usage| !usage.is_null()) {
            self.usage = event.usage;
        }
        match event.choices.into_iter().next() {
            Some(choice) => Ok(self.choice(choice)?.into()),
            None => Ok(Added::default()),
        }
    }

    fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    fn finish(self, stop: Stop) -> Vec<Chunk> {
        self.draft.finish(stop, self.calls.whole(), self.usage, normalised, None)
    }
}

/// The text and the reasoning of a message's content, which is a text or a list of parts.
fn texts(content: &Value) -> (String, String) {
    let (mut text, mut thinking) = (String::new(), String::new());
    match content {
        Value::String(whole) => text.push_str(whole),
        Value::Array(parts) => {
            for part in parts {
                if let Some(inner) = part.get("thinking") {
                    thinking.push_str(&texts(inner).0);
                } else {
                    text.push_str(part.get("text").and_then(Value::as_str).unwrap_or_default());
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
    (text, thinking)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::draft;
    use super::*;
    use crate::models::Usage;
    use crate::models::http::Answer as _;

    fn answer() -> Answer {
        Answer::new(draft(0))
    }

    fn delta(delta: Value) -> String {
        json!({"choices": [{"index": 0, "delta": delta}]}).to_string()
    }

    fn stop(reason: &str) -> String {
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}).to_string()
    }

    /// The whole answer to these events, `[DONE]` included.
    fn whole(events: &[String]) -> Result<Vec<Chunk>, ModelError> {
        let mut answer = answer();
        let mut chunks = Vec::new();
        for event in events {
            chunks.extend(answer.event(event)?.chunks);
        }
        chunks.extend(answer.done()?);
        Ok(chunks)
    }

    fn stopped(events: &[String]) -> Stop {
        match whole(events).unwrap().pop() {
            Some(Chunk::Finished { stop, .. }) => stop,
            other => panic!("the answer ends with {other:?}"),
        }
    }

    fn text(text: &str) -> Chunk {
        Chunk::Text(text.into())
    }

    fn end(usage: Usage) -> Chunk {
        Chunk::Finished { stop: Stop::End, usage, provider_data: None }
    }

    fn estimated(input: u64, output: u64, reasoning: u64) -> Usage {
        Usage { input, output, reasoning, estimated: true, ..Usage::default() }
    }

    #[test]
    fn text_comes_as_it_was_sent_and_empty_pieces_do_not() {
        let events = [
            delta(json!({"role": "assistant", "content": ""})),
            delta(json!({"content": "Hel"})),
            delta(json!({"content": null})),
            delta(json!({"content": "lo"})),
            stop("stop"),
        ];
        let end = end(estimated(2, 2, 0));
        assert_eq!(whole(&events).unwrap(), [text("Hel"), text("lo"), end]);
    }

    #[test]
    fn reasoning_is_read_under_either_name_and_once_under_both() {
        for piece in [
            json!({"reasoning_content": "so"}),
            json!({"reasoning": "so"}),
            json!({"reasoning": "so", "reasoning_content": "so"}),
        ] {
            let chunks = whole(&[delta(piece), delta(json!({"content": "a"})), stop("stop")]).unwrap();
            let end = end(estimated(2, 2, 1));
            assert_eq!(chunks, [Chunk::Reasoning("so".into()), text("a"), end]);
        }
    }

    #[test]
    fn content_in_typed_parts_is_text_and_reasoning() {
        let thinking = json!({"type": "thinking", "thinking": [{"type": "text", "text": "so"}]});
        let parts = json!({"content": [thinking, {"type": "text", "text": "a"}]});
        let chunks = whole(&[delta(parts), stop("stop")]).unwrap();
        assert_eq!(chunks[..2], [Chunk::Reasoning("so".into()), text("a")]);
    }

    #[test]
    fn tool_calls_come_whole_before_the_end() {
        let call = json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "list", "arguments": "{}"}}]});
        let chunks = whole(&[delta(call), stop("tool_calls")]).unwrap();
        assert!(
            matches!(&chunks[..], [Chunk::ToolCall { .. }, Chunk::Finished { stop: Stop::ToolCalls, .. }]),
            "{chunks:?}"
        );
    }

    #[test]
    fn the_reason_to_stop_follows_what_there_is() {
        let call =
            delta(json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "list", "arguments": "{}"}}]}));
        let a = delta(json!({"content": "a"}));
        assert_eq!(stopped(&[call, stop("stop")]), Stop::ToolCalls);
        assert_eq!(stopped(&[a.clone(), stop("tool_calls")]), Stop::End);
        assert_eq!(stopped(&[a.clone(), stop("eos")]), Stop::End);
        assert_eq!(stopped(&[a.clone(), stop("length")]), Stop::Length);
        assert_eq!(stopped(&[a.clone(), stop("content_filter")]), Stop::ContentFilter);
        assert_eq!(stopped(&[a]), Stop::End);
    }

    #[test]
    fn the_providers_usage_is_taken_wherever_it_stands() {
        let raw = json!({"prompt_tokens": 7, "completion_tokens": 3});
        let last = json!({"choices": [], "usage": raw}).to_string();
        let chunks = whole(&[delta(json!({"content": "a"})), stop("stop"), last]).unwrap();
        let usage = Usage { input: 7, output: 3, raw: Some(raw), ..Usage::default() };
        assert_eq!(chunks.last(), Some(&end(usage)));
    }

    #[test]
    fn usage_of_nothing_but_zeros_is_estimated_with_the_raw_object_beside_it() {
        let raw = json!({"prompt_tokens": 0, "completion_tokens": 0});
        let last = json!({"choices": [], "usage": raw}).to_string();
        let chunks = whole(&[delta(json!({"content": "a"})), stop("stop"), last]).unwrap();
        let usage = Usage { raw: Some(raw), ..estimated(2, 1, 0) };
        assert_eq!(chunks.last(), Some(&end(usage)));
    }

    #[test]
    fn a_whole_message_is_an_answer_too() {
        let body = json!({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}).to_string();
        let mut answer = answer();
        assert_eq!(answer.event(&body).unwrap().chunks, [text("a")]);
    }

    #[test]
    fn an_error_within_the_stream_ends_it() {
        let error = json!({"error": {"message": "busy", "type": "overloaded_error"}}).to_string();
        let error = whole(&[delta(json!({"content": "a"})), error]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Overloaded);
        assert!(error.message.contains("busy"), "{error}");
    }

    #[test]
    fn garbage_is_a_bad_answer_at_the_start_and_a_broken_stream_later() {
        let kind = |events: &[String]| whole(events).unwrap_err().kind;
        assert_eq!(kind(&["{".into()]), ErrorKind::BadAnswer);
        assert_eq!(kind(&["{\"hello\": 1}".into()]), ErrorKind::BadAnswer);
        assert_eq!(kind(&[delta(json!({"content": "a"})), "{".into()]), ErrorKind::BrokenStream);
        assert_eq!(kind(&[delta(json!({"content": "a"})), stop("error")]), ErrorKind::BrokenStream);
        assert_eq!(kind(&[]), ErrorKind::BrokenStream);
    }

    #[test]
    fn a_cut_after_the_reason_to_stop_loses_nothing_but_the_usage() {
        let failure = ModelError::new(ErrorKind::BrokenStream, "home", "cut");
        let mut finished = answer();
        finished.event(&delta(json!({"content": "a"}))).unwrap();
        finished.event(&stop("stop")).unwrap();
        let end = end(estimated(2, 1, 0));
        assert_eq!(finished.cut(failure.clone()), Ok(vec![end]));

        let mut unfinished = answer();
        unfinished.event(&delta(json!({"content": "a"}))).unwrap();
        assert_eq!(unfinished.cut(failure.clone()), Err(failure));
    }
}
