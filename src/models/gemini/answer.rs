//! Puts an answer together from the events of its stream. Pure: text in, chunks out.

use serde::Deserialize;
use serde_json::Value;

use super::parts::{self, Part};
use super::usage::normalised;
use crate::models::http::{self, Added, Draft, WholeCall};
use crate::models::{Chunk, ModelError, Stop};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    candidates: Vec<Candidate>,
    usage_metadata: Option<Value>,
    prompt_feedback: Option<Feedback>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<WirePart>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePart {
    text: Option<String>,
    #[serde(default)]
    thought: bool,
    thought_signature: Option<String>,
    function_call: Option<FunctionCall>,
}

#[derive(Debug, Deserialize)]
struct FunctionCall {
    name: String,
    args: Option<Value>,
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

/// The answer so far.
#[derive(Debug)]
pub struct Answer {
    draft: Draft,
    parts: Vec<Part>,
    calls: Vec<WholeCall>,
    usage: Option<Value>,
}

impl Answer {
    /// An answer of which nothing has come yet.
    pub fn new(draft: Draft) -> Self {
        Self { draft, parts: Vec::new(), calls: Vec::new(), usage: None }
    }

    fn part(&mut self, part: WirePart) -> Option<Chunk> {
        let signature = part.thought_signature.filter(|signature| !signature.is_empty());
        if let Some(FunctionCall { name, args, id }) = part.function_call {
            let id = id.filter(|id| !id.is_empty());
            parts::push(&mut self.parts, Part::Call { named: id.is_some(), signature });
            let arguments = args.filter(|args| !args.is_null()).map_or_else(String::new, |args| args.to_string());
            self.calls.push(WholeCall { id: id.unwrap_or_default(), name, arguments });
            return None;
        }
        let text = part.text.unwrap_or_default();
        if text.is_empty() && signature.is_none() {
            return None;
        }
        let bytes = text.len();
        let kind = if part.thought { Part::Thought { bytes, signature } } else { Part::Text { bytes, signature } };
        parts::push(&mut self.parts, kind);
        if part.thought { self.draft.reasoning(text) } else { self.draft.text(text) }
    }

    fn end(&mut self, reason: &str) -> Result<(), ModelError> {
        self.draft.stop = Some(match reason {
            "MAX_TOKENS" => Stop::Length,
            "SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY" => {
                Stop::ContentFilter
            }
            "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "TOO_MANY_TOOL_CALLS" | "MALFORMED_RESPONSE" => {
                return Err(self.draft.broke_off(&format!("in the middle of a tool call ({reason})")));
            }
            // `STOP`, `OTHER`, and what is new.
            _ => Stop::End,
        });
        Ok(())
    }
}

impl http::Answer for Answer {
    fn draft(&self) -> &Draft {
        &self.draft
    }

    fn event(&mut self, data: &str) -> Result<Added, ModelError> {
        let Some(event) = self.draft.parse(data)? else { return Ok(Added::default()) };
        // A server that does not stream sends a list of the same.
        if let Value::Array(events) = event {
            let mut added = Added::default();
            for event in events {
                added.chunks.extend(self.event(&event.to_string())?.chunks);
            }
            return Ok(added);
        }
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            return Err(self.draft.origin.reported(error, &self.draft.model));
        }
        if !["candidates", "usageMetadata", "promptFeedback"].iter().any(|name| event.get(name).is_some()) {
            return if self.draft.began() { Ok(Added::default()) } else { Err(self.draft.foreign()) };
        }
        let event: Event = serde_json::from_value(event).map_err(|error| self.draft.garbled(&error))?;
        self.draft.begin();
        if event.usage_metadata.is_some() {
            self.usage = event.usage_metadata;
        }
        if event.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some()) {
            self.draft.stop = Some(Stop::ContentFilter);
        }
        let Some(candidate) = event.candidates.into_iter().next() else { return Ok(Added::default()) };
        let parts = candidate.content.map(|content| content.parts).unwrap_or_default();
        let chunks: Vec<Chunk> = parts.into_iter().filter_map(|part| self.part(part)).collect();
        if let Some(reason) = candidate.finish_reason {
            self.end(&reason)?;
        }
        Ok(chunks.into())
    }

    fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    fn finish(self, stop: Stop) -> Vec<Chunk> {
        self.draft.finish(stop, self.calls, self.usage, normalised, parts::keep(&self.parts))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::ErrorKind;
    use crate::models::http::Answer as _;
    use crate::models::openai::tests::draft;

    fn parts(parts: Value, reason: Option<&str>) -> Value {
        json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 5}})
    }

    /// The whole answer to these events, after which the stream ends.
    fn whole(events: &[Value]) -> Result<Vec<Chunk>, ModelError> {
        let mut answer = Answer::new(draft(0));
        let mut chunks = Vec::new();
        for event in events {
            chunks.extend(answer.event(&event.to_string())?.chunks);
        }
        let cut = answer.draft.broke_off("early");
        chunks.extend(answer.cut(cut)?);
        Ok(chunks)
    }

    fn stopped(reason: &str) -> Stop {
        match whole(&[parts(json!([{"text": "a"}]), Some(reason))]).unwrap().pop() {
            Some(Chunk::Finished { stop, .. }) => stop,
            other => panic!("the answer ends with {other:?}"),
        }
    }

    #[test]
    fn the_reason_to_stop_is_read() {
        assert_eq!(stopped("STOP"), Stop::End);
        assert_eq!(stopped("MAX_TOKENS"), Stop::Length);
        assert_eq!(stopped("SAFETY"), Stop::ContentFilter);
        let malformed = whole(&[parts(json!([]), Some("MALFORMED_FUNCTION_CALL"))]).unwrap_err();
        assert_eq!((malformed.kind, malformed.worth_retry()), (ErrorKind::BrokenStream, true));
    }

    #[test]
    fn thoughts_are_reasoning_and_signatures_are_kept_with_their_part() {
        let events = [
            parts(json!([{"text": "Hm.", "thought": true}]), None),
            parts(json!([{"text": "Let me "}, {"text": "look."}]), None),
            parts(
                json!([{"functionCall": {"name": "read", "args": {"p": 1}}, "thoughtSignature": "sig"},
                {"functionCall": {"name": "list", "id": "x"}}]),
                Some("STOP"),
            ),
        ];
        let chunks = whole(&events).unwrap();
        let call = |index, id: &str, name: &str, arguments: &str| Chunk::ToolCall {
            index,
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
        };
        assert_eq!(
            chunks[..5],
            [
                Chunk::Reasoning("Hm.".into()),
                Chunk::Text("Let me ".into()),
                Chunk::Text("look.".into()),
                call(0, "call_0", "read", r#"{"p":1}"#),
                call(1, "x", "list", "{}"),
            ]
        );
        let Some(Chunk::Finished { stop: Stop::ToolCalls, provider_data: Some(kept), usage }) = chunks.last() else {
            panic!("{chunks:?}")
        };
        assert_eq!(
            kept,
            &json!([{"thought": {"bytes": 3}}, {"text": {"bytes": 12}}, {"call": {"signature": "sig"}}, {"call": {"named": true}}])
        );
        assert_eq!((usage.input, usage.output), (9, 5));
    }

    #[test]
    fn a_prompt_that_is_blocked_is_a_refusal() {
        let chunks = whole(&[json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})]).unwrap();
        assert!(matches!(chunks[..], [Chunk::Finished { stop: Stop::ContentFilter, .. }]), "{chunks:?}");
    }

    #[test]
    fn an_error_within_the_stream_ends_it_and_garbage_is_told_apart() {
        let kind = |events: &[Value]| whole(events).unwrap_err().kind;
        let begun = || parts(json!([{"text": "a"}]), None);
        let error = json!({"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}});
        assert_eq!(kind(&[begun(), error]), ErrorKind::Overloaded);
        assert_eq!(kind(&[json!({"hello": 1})]), ErrorKind::BadAnswer);
        assert_eq!(kind(&[begun(), json!({"candidates": "none"})]), ErrorKind::BrokenStream);
        assert_eq!(kind(&[begun()]), ErrorKind::BrokenStream);
    }

    #[test]
    fn a_list_of_events_is_an_answer_too() {
        let list = json!([parts(json!([{"text": "a"}]), None), parts(json!([{"text": "b"}]), Some("STOP"))]);
        assert_eq!(whole(&[list]).unwrap()[..2], [Chunk::Text("a".into()), Chunk::Text("b".into())]);
    }

    proptest::proptest! {
        #[test]
        fn no_events_bring_an_answer_down(events in proptest::collection::vec(".{0,40}", 0..6), text in ".{0,8}", thought: bool) {
            let mut answer = Answer::new(draft(0));
            let known = parts(json!([{"text": text, "thought": thought, "thoughtSignature": text}]), None).to_string();
            for event in std::iter::once(known).chain(events) {
                let _ = answer.event(&event);
            }
            let _ = answer.done();
        }
    }
}
