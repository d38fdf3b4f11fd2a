//! What every answer is put together with, whichever wire it came over.

use std::{borrow::Cow, sync::Arc};

use serde_json::{Value, json};

use super::failure::Origin;
use crate::models::request::tokens;
use crate::models::{Chunk, ErrorKind, ModelError, ModelRequest, Stop, Usage};

/// What is common to all answers: whose it is, how much of it has come, and why it stopped.
#[derive(Debug)]
pub struct Draft {
    /// Whose answer it is.
    pub origin: Arc<Origin>,
    /// The model that answers.
    pub model: String,
    /// Why the model stopped, once it has said so.
    pub stop: Option<Stop>,
    first_id: usize,
    prompt_tokens: u64,
    text: usize,
    reasoning: usize,
    began: bool,
}

/// A tool call as it came, whole.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct WholeCall {
    /// The provider's id; empty where it gave none.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments, as JSON if the model kept to it.
    pub arguments: String,
}

impl Draft {
    /// Of an answer of which nothing has come yet.
    pub fn new(origin: Arc<Origin>, request: &ModelRequest) -> Self {
        Self {
            origin,
            model: request.model.clone(),
            stop: None,
            first_id: request.tool_calls_so_far(),
            prompt_tokens: request.estimated_tokens(),
            text: 0,
            reasoning: 0,
            began: false,
        }
    }

    /// An event's data as JSON. `None` where it is garbled after the model said why it stopped: then only the usage can
    /// still be missing, and it can be estimated.
    pub fn parse(&self, data: &str) -> Result<Option<Value>, ModelError> {
        match serde_json::from_str(data) {
            Ok(event) => Ok(Some(event)),
            Err(_) if self.stop.is_some() => Ok(None),
            Err(error) => Err(self.garbled(&error)),
        }
    }

    /// Something of an answer has come.
    pub fn begin(&mut self) {
        self.began = true;
    }

    /// Whether something of an answer has come.
    pub fn began(&self) -> bool {
        self.began
    }

    /// Whether there is text or reasoning.
    pub fn has_text(&self) -> bool {
        self.text > 0 || self.reasoning > 0
    }

    /// A piece of text; none where it is empty.
    pub fn text(&mut self, piece: impl Into<String>) -> Option<Chunk> {
        let piece = piece.into();
        self.text += piece.chars().count();
        (!piece.is_empty()).then_some(Chunk::Text(piece))
    }

    /// A piece of reasoning; none where it is empty.
    pub fn reasoning(&mut self, piece: impl Into<String>) -> Option<Chunk> {
        let piece = piece.into();
        self.reasoning += piece.chars().count();
        (!piece.is_empty()).then_some(Chunk::Reasoning(piece))
    }

    /// The calls and the end. Missing ids are numbered on from the conversation's calls so far. A call that was cut in
    /// the middle is left out: the reason to stop says that the answer was cut. Usage that was not given, or is nothing
    /// but zeros, is estimated, with what was given beside it.
    pub fn finish(
        &self,
        stop: Stop,
        calls: Vec<WholeCall>,
        usage: Option<Value>,
        read: impl Fn(&Value) -> Option<Usage>,
        provider_data: Option<Value>,
    ) -> Vec<Chunk> {
        let characters: usize =
            calls.iter().map(|call| call.name.chars().count() + call.arguments.chars().count()).sum();
        let counted = usage.as_ref().and_then(read).filter(|counted| counted.input > 0 || counted.output > 0);
        let usage = counted.unwrap_or_else(|| self.estimate(characters, usage));
        let cut = matches!(stop, Stop::Length | Stop::ContentFilter);
        let whole = |call: &WholeCall| !cut || is_object(&call.arguments);
        let numbered = calls.into_iter().filter(whole).enumerate();
        let mut chunks: Vec<Chunk> = numbered
            .map(|(at, call)| Chunk::ToolCall {
                index: u32::try_from(at).unwrap_or(u32::MAX),
                id: if call.id.is_empty() { format!("call_{}", self.first_id + at) } else { call.id },
                name: call.name,
                arguments: if call.arguments.trim().is_empty() { "{}".to_owned() } else { call.arguments },
            })
            .collect();
        let stop = match stop {
            Stop::End | Stop::ToolCalls if chunks.is_empty() => Stop::End,
            Stop::End | Stop::ToolCalls => Stop::ToolCalls,
            Stop::Length | Stop::ContentFilter => stop,
        };
        chunks.push(Chunk::Finished { stop, usage, provider_data });
        chunks
    }

    fn estimate(&self, call_characters: usize, raw: Option<Value>) -> Usage {
        let count = |characters: usize| tokens(u64::try_from(characters).unwrap_or(u64::MAX));
        Usage {
            input: self.prompt_tokens,
            output: count(self.text + call_characters) + count(self.reasoning),
            reasoning: count(self.reasoning),
            cache_read: 0,
            cache_write: 0,
            estimated: true,
            raw,
        }
    }

    /// The model broke the answer off and may do better when asked again.
    pub fn broke_off(&self, why: &str) -> ModelError {
        self.origin
            .error(ErrorKind::BrokenStream, &format!("{} broke the answer off {why}: try again.", self.origin.label))
    }

    /// The provider ended an answer that had not begun.
    pub fn never_began(&self) -> ModelError {
        let message = format!("{} ended the answer before it began: try again.", self.origin.label);
        self.origin.error(ErrorKind::BrokenStream, &message)
    }

    /// An event is not what the wire has.
    pub fn garbled(&self, error: &serde_json::Error) -> ModelError {
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

/// Arguments that are no JSON object would make some servers refuse this and every later call of the chat, so they are
/// wrapped in one; the model still sees what it wrote.
pub fn sendable(arguments: &str) -> Cow<'_, str> {
    if is_object(arguments) {
        return Cow::Borrowed(arguments);
    }
    Cow::Owned(json!({"invalid_arguments": arguments}).to_string())
}

fn is_object(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_are_no_object_stay_readable() {
        assert_eq!(sendable("{\"a\": 1}"), "{\"a\": 1}");
        assert_eq!(sendable("{\"a\": "), r#"{"invalid_arguments":"{\"a\": "}"#);
    }

    #[test]
    fn a_call_that_the_limit_cut_is_left_out_and_ids_are_numbered_on() {
        let draft = crate::models::openai::tests::draft(3);
        let call =
            |arguments: &str| WholeCall { name: "x".into(), arguments: arguments.into(), ..WholeCall::default() };
        let calls = || vec![call("{\"p\":1}"), call("{\"p\":")];
        let ids = |stop: Stop| -> Vec<String> {
            let chunks = draft.finish(stop, calls(), None, |_| None, None);
            let id = |chunk: Chunk| if let Chunk::ToolCall { id, .. } = chunk { Some(id) } else { None };
            chunks.into_iter().filter_map(id).collect()
        };
        assert_eq!(ids(Stop::Length), ["call_3"]);
        assert_eq!(ids(Stop::End), ["call_3", "call_4"]);
    }
}
