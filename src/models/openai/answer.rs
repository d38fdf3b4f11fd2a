//! Puts an answer together from the events of its stream. Pure: text in, chunks out.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::calls::{CallDelta, Calls};
use super::failure::Origin;
use super::usage::normalised;
use crate::models::request::tokens;
use crate::models::{Chunk, ErrorKind, ModelError, ModelRequest, Stop, Usage};

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
pub(super) struct Answer {
    origin: Arc<Origin>,
    model: String,
    first_id: usize,
    prompt_tokens: u64,
    calls: Calls,
    text: usize,
    reasoning: usize,
    stop: Option<Stop>,
    usage: Option<Value>,
    began: bool,
}

impl Answer {
    /// An answer of which nothing has come yet.
    pub fn new(origin: Arc<Origin>, request: &ModelRequest) -> Self {
        Self {
            origin,
            model: request.model.clone(),
            first_id: request.tool_calls_so_far(),
            prompt_tokens: request.estimated_tokens(),
            calls: Calls::default(),
            text: 0,
            reasoning: 0,
            stop: None,
            usage: None,
            began: false,
        }
    }

    /// Takes one event's data; gives what it adds.
    pub fn event(&mut self, data: &str) -> Result<Vec<Chunk>, ModelError> {
        let event: Value = match serde_json::from_str(data) {
            Ok(event) => event,
            // Only the usage can still be missing, and it can be estimated.
            Err(_) if self.stop.is_some() => return Ok(Vec::new()),
            Err(error) => return Err(self.garbled(&error)),
        };
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            return Err(self.origin.reported(error, &self.model));
        }
        if event.get("object").and_then(Value::as_str) == Some("error") {
            return Err(self.origin.reported(&event, &self.model));
        }
        if !event.is_object() || (event.get("choices").is_none() && event.get("usage").is_none()) {
            return if self.began { Ok(Vec::new()) } else { Err(self.foreign()) };
        }
        let event: Event = serde_json::from_value(event).map_err(|error| self.garbled(&error))?;
        self.began = true;
        if event.usage.as_ref().is_some_and(|usage| !usage.is_null()) {
            self.usage = event.usage;
        }
        match event.choices.into_iter().next() {
            Some(choice) => self.choice(choice),
            None => Ok(Vec::new()),
        }
    }

    fn choice(&mut self, choice: Choice) -> Result<Vec<Chunk>, ModelError> {
        let mut chunks = Vec::new();
        if let Some(delta) = choice.delta {
            let (content, thinking) = delta.content.as_ref().map(texts).unwrap_or_default();
            // Some servers send the same reasoning under both names.
            let named = [&delta.reasoning_content, &delta.reasoning];
            let named = named.into_iter().flatten().filter_map(Value::as_str).find(|text| !text.is_empty());
            let reasoning = named.map_or(thinking, str::to_owned);
            if !reasoning.is_empty() {
                self.reasoning += reasoning.chars().count();
                chunks.push(Chunk::Reasoning(reasoning));
            }
            for text in [content, delta.refusal.unwrap_or_default()] {
                if !text.is_empty() {
                    self.text += text.chars().count();
                    chunks.push(Chunk::Text(text));
                }
            }
            for call in delta.tool_calls.into_iter().flatten() {
                self.calls.add(call);
            }
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some("length" | "max_tokens" | "model_length") => self.stop = Some(Stop::Length),
            Some("content_filter") => self.stop = Some(Stop::ContentFilter),
            Some("tool_calls" | "function_call") => self.stop = Some(Stop::ToolCalls),
            Some("insufficient_system_resource") => {
                let message =
                    format!("{} ran out of resources in the middle of the answer: try again later.", self.origin.label);
                return Err(self.origin.error(ErrorKind::Overloaded, &message));
            }
            Some("error") => {
                let message = format!("{} broke the answer off with an error: try again.", self.origin.label);
                return Err(self.origin.error(ErrorKind::BrokenStream, &message));
            }
            // `stop`, and the names that smaller servers have for it.
            Some(_) => self.stop = Some(Stop::End),
        }
        Ok(chunks)
    }

    /// The provider said that the answer is complete: the tool calls and the end.
    pub fn done(self) -> Result<Vec<Chunk>, ModelError> {
        let came = self.text > 0 || self.reasoning > 0 || !self.calls.is_empty();
        match self.stop {
            None if !came => {
                let message = format!("{} ended the answer before it began: try again.", self.origin.label);
                Err(self.origin.error(ErrorKind::BrokenStream, &message))
            }
            stop => Ok(self.finish(stop.unwrap_or(Stop::End))),
        }
    }

    /// The stream ended or failed without the provider's word that the answer is complete. If it had said why it
    /// stopped, only the usage can be missing; otherwise the answer is broken, as `failure` says.
    pub fn cut(self, failure: ModelError) -> Result<Vec<Chunk>, ModelError> {
        match self.stop {
            Some(stop) => Ok(self.finish(stop)),
            None => Err(failure),
        }
    }

    fn finish(self, stop: Stop) -> Vec<Chunk> {
        let usage = self.final_usage();
        let cut = matches!(stop, Stop::Length | Stop::ContentFilter);
        let mut chunks = self.calls.finish(self.first_id, cut);
        let stop = match stop {
            Stop::End | Stop::ToolCalls if chunks.is_empty() => Stop::End,
            Stop::End | Stop::ToolCalls => Stop::ToolCalls,
            Stop::Length | Stop::ContentFilter => stop,
        };
        chunks.push(Chunk::Finished { stop, usage });
        chunks
    }

    fn final_usage(&self) -> Usage {
        let counted = self.usage.as_ref().and_then(normalised);
        // Some servers send the object with nothing but zeros.
        counted.filter(|usage| usage.input > 0 || usage.output > 0).unwrap_or_else(|| {
            let count = |characters: usize| tokens(u64::try_from(characters).unwrap_or(u64::MAX));
            Usage {
                input: self.prompt_tokens,
                output: count(self.text + self.calls.characters()) + count(self.reasoning),
                reasoning: count(self.reasoning),
                cache_read: 0,
                cache_write: 0,
                estimated: true,
                raw: self.usage.clone(),
            }
        })
    }

    fn garbled(&self, error: &serde_json::Error) -> ModelError {
        if !self.began {
            return self.foreign();
        }
        let Origin { label, base_url, .. } = &*self.origin;
        let message = format!(
            "{label} at {base_url} sent something unreadable in the middle of the answer ({error}): try again."
        );
        self.origin.error(ErrorKind::BrokenStream, &message)
    }

    /// What came is not an answer of a language model.
    pub fn foreign(&self) -> ModelError {
        let Origin { label, base_url, .. } = &*self.origin;
        let message = format!("{base_url} answered, but not as a language model does: check the address of {label}.");
        self.origin.error(ErrorKind::BadAnswer, &message)
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

    use super::*;
    use crate::models::{Message, ProviderSettings};

    fn answer() -> Answer {
        let settings = ProviderSettings::compatible("home", "http://127.0.0.1:1/v1", None);
        let url = settings.url().unwrap();
        let request =
            ModelRequest { model: "m".into(), messages: vec![Message::user("12345678")], ..ModelRequest::default() };
        Answer::new(Arc::new(Origin::new(&settings, url)), &request)
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
            chunks.extend(answer.event(event)?);
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
        let end = Chunk::Finished { stop: Stop::End, usage: estimated(2, 2, 0) };
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
            let end = Chunk::Finished { stop: Stop::End, usage: estimated(2, 2, 1) };
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
        assert_eq!(chunks.last(), Some(&Chunk::Finished { stop: Stop::End, usage }));
    }

    #[test]
    fn usage_of_nothing_but_zeros_is_estimated_with_the_raw_object_beside_it() {
        let raw = json!({"prompt_tokens": 0, "completion_tokens": 0});
        let last = json!({"choices": [], "usage": raw}).to_string();
        let chunks = whole(&[delta(json!({"content": "a"})), stop("stop"), last]).unwrap();
        let usage = Usage { raw: Some(raw), ..estimated(2, 1, 0) };
        assert_eq!(chunks.last(), Some(&Chunk::Finished { stop: Stop::End, usage }));
    }

    #[test]
    fn a_whole_message_is_an_answer_too() {
        let body = json!({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}).to_string();
        let mut answer = answer();
        assert_eq!(answer.event(&body).unwrap(), [text("a")]);
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
        let end = Chunk::Finished { stop: Stop::End, usage: estimated(2, 1, 0) };
        assert_eq!(finished.cut(failure.clone()), Ok(vec![end]));

        let mut unfinished = answer();
        unfinished.event(&delta(json!({"content": "a"}))).unwrap();
        assert_eq!(unfinished.cut(failure.clone()), Err(failure));
    }
}
