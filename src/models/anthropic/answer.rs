//! Puts an answer together from the events of its stream. Pure: text in, chunks out.

use serde::Deserialize;
use serde_json::Value;

use super::blocks::{self, Block};
use super::usage::{merge, normalised};
use crate::models::http::{self, Added, Draft, WholeCall};
use crate::models::{Chunk, ModelError, Stop};

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Message,
    },
    ContentBlockStart {
        index: u64,
        content_block: Content,
    },
    ContentBlockDelta {
        index: u64,
        delta: Delta,
    },
    ContentBlockStop {},
    MessageDelta {
        delta: End,
        #[serde(default)]
        usage: Value,
    },
    MessageStop {},
    /// A server that does not stream sends the whole message.
    Message(Message),
    Error {
        error: Value,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    content: Vec<Content>,
    #[serde(default)]
    usage: Value,
    stop_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content {
    Text {
        #[serde(default)]
        text: String,
    },
    Thinking {
        #[serde(default)]
        thinking: String,
        #[serde(default)]
        signature: String,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: String },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct End {
    stop_reason: Option<String>,
}

/// The answer so far.
#[derive(Debug)]
pub struct Answer {
    draft: Draft,
    /// The blocks, with the number under which the stream knows each.
    blocks: Vec<(u64, Block)>,
    /// The calls, with the number of their block.
    calls: Vec<(u64, WholeCall)>,
    usage: Value,
}

impl Answer {
    /// An answer of which nothing has come yet.
    pub fn new(draft: Draft) -> Self {
        Self { draft, blocks: Vec::new(), calls: Vec::new(), usage: Value::Null }
    }

    fn begin(&mut self, index: u64, content: Content) -> Option<Chunk> {
        let (block, chunk) = match content {
            Content::Text { text } => (Block::Text { bytes: text.len() }, self.draft.text(text)),
            Content::Thinking { thinking, signature } => {
                (Block::Thinking { bytes: thinking.len(), signature }, self.draft.reasoning(thinking))
            }
            Content::RedactedThinking { data } => (Block::Redacted { data }, None),
            Content::ToolUse { id, name, input } => {
                // In a stream the input begins as an empty object and comes in pieces.
                let whole = input.as_object().is_some_and(|input| !input.is_empty());
                let arguments = if whole { input.to_string() } else { String::new() };
                self.calls.push((index, WholeCall { id, name, arguments }));
                (Block::Tool {}, None)
            }
            // What the provider's own tools write: none of them are asked for.
            Content::Other => return None,
        };
        self.blocks.push((index, block));
        chunk
    }

    fn add(&mut self, index: u64, delta: Delta) -> Option<Chunk> {
        let block = self.blocks.iter_mut().rev().find(|(known, _)| *known == index).map(|(_, block)| block);
        match (delta, block) {
            (Delta::Text { text }, Some(Block::Text { bytes })) => {
                *bytes += text.len();
                self.draft.text(text)
            }
            (Delta::Thinking { thinking }, Some(Block::Thinking { bytes, .. })) => {
                *bytes += thinking.len();
                self.draft.reasoning(thinking)
            }
            (Delta::Signature { signature: piece }, Some(Block::Thinking { signature, .. })) => {
                signature.push_str(&piece);
                None
            }
            (Delta::Input { partial_json }, _) => {
                let call = self.calls.iter_mut().rev().find(|(known, _)| *known == index);
                if let Some((_, call)) = call {
                    call.arguments.push_str(&partial_json);
                }
                None
            }
            _ => None,
        }
    }

    fn end(&mut self, reason: Option<&str>) {
        self.draft.stop = match reason {
            None => return,
            Some("tool_use") => Some(Stop::ToolCalls),
            Some("max_tokens" | "model_context_window_exceeded") => Some(Stop::Length),
            Some("refusal") => Some(Stop::ContentFilter),
            // `end_turn`, `stop_sequence`, `pause_turn`.
            Some(_) => Some(Stop::End),
        };
    }
}

impl http::Answer for Answer {
    fn draft(&self) -> &Draft {
        &self.draft
    }

    fn event(&mut self, data: &str) -> Result<Added, ModelError> {
        let Some(event) = self.draft.parse(data)? else { return Ok(Added::default()) };
        if event.get("type").is_none() {
            // Gateways report errors in their own way.
            return match event.get("error").filter(|error| !error.is_null()) {
                Some(error) => Err(self.draft.origin.reported(error, &self.draft.model)),
                None if self.draft.began() => Ok(Added::default()),
                None => Err(self.draft.foreign()),
            };
        }
        let event: Event = serde_json::from_value(event).map_err(|error| self.draft.garbled(&error))?;
        let mut last = false;
        let chunks: Vec<Chunk> = match event {
            Event::MessageStart { message } | Event::Message(message) => {
                self.draft.begin();
                merge(&mut self.usage, message.usage);
                last = message.stop_reason.is_some();
                self.end(message.stop_reason.as_deref());
                (0..).zip(message.content).filter_map(|(index, content)| self.begin(index, content)).collect()
            }
            Event::ContentBlockStart { index, content_block } => self.begin(index, content_block).into_iter().collect(),
            Event::ContentBlockDelta { index, delta } => self.add(index, delta).into_iter().collect(),
            Event::MessageDelta { delta, usage } => {
                merge(&mut self.usage, usage);
                self.end(delta.stop_reason.as_deref());
                Vec::new()
            }
            Event::MessageStop {} => {
                last = true;
                Vec::new()
            }
            Event::Error { error } => return Err(self.draft.origin.reported(&error, &self.draft.model)),
            Event::ContentBlockStop {} | Event::Other => Vec::new(),
        };
        Ok(Added { chunks, last })
    }

    fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    fn finish(self, stop: Stop) -> Vec<Chunk> {
        // Thinking that was cut before it was signed is worth nothing.
        let signed = |block: &Block| !matches!(block, Block::Thinking { signature, .. } if signature.is_empty());
        let blocks: Vec<Block> = self.blocks.into_iter().map(|(_, block)| block).collect();
        let kept = if blocks.iter().all(signed) { blocks::keep(&blocks) } else { None };
        let calls = self.calls.into_iter().map(|(_, call)| call).collect();
        self.draft.finish(stop, calls, Some(self.usage).filter(Value::is_object), normalised, kept)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::ErrorKind;
    use crate::models::http::Answer as _;
    use crate::models::openai::tests::draft;

    fn whole(events: &[Value]) -> Result<Vec<Chunk>, ModelError> {
        let mut answer = Answer::new(draft(0));
        let mut chunks = Vec::new();
        for event in events {
            let added = answer.event(&event.to_string())?;
            chunks.extend(added.chunks);
            if added.last {
                break;
            }
        }
        chunks.extend(answer.done()?);
        Ok(chunks)
    }

    fn start() -> Value {
        json!({"type": "message_start", "message": {"content": [], "usage": {"input_tokens": 9, "output_tokens": 1}}})
    }

    fn text(index: u64, text: &str) -> [Value; 2] {
        [
            json!({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}),
        ]
    }

    fn stop(reason: &str) -> Value {
        json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}})
    }

    fn stopped(reason: &str) -> Stop {
        let [begin, words] = text(0, "a");
        match whole(&[start(), begin, words, stop(reason)]).unwrap().pop() {
            Some(Chunk::Finished { stop, .. }) => stop,
            other => panic!("the answer ends with {other:?}"),
        }
    }

    #[test]
    fn the_reason_to_stop_is_read() {
        assert_eq!(stopped("end_turn"), Stop::End);
        assert_eq!(stopped("max_tokens"), Stop::Length);
        assert_eq!(stopped("model_context_window_exceeded"), Stop::Length);
        assert_eq!(stopped("refusal"), Stop::ContentFilter);
        assert_eq!(stopped("something_new"), Stop::End);
    }

    #[test]
    fn thinking_is_reasoning_and_its_signature_is_kept() {
        let [begin, words] = text(1, "Done.");
        let events = [
            start(),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "ab"}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "ab"}}),
            begin,
            words,
            stop("end_turn"),
            json!({"type": "message_stop"}),
        ];
        let chunks = whole(&events).unwrap();
        assert_eq!(chunks[..2], [Chunk::Reasoning("Hm.".into()), Chunk::Text("Done.".into())]);
        let Some(Chunk::Finished { provider_data: Some(kept), usage, .. }) = chunks.last() else {
            panic!("{chunks:?}")
        };
        assert_eq!(kept, &json!([{"thinking": {"bytes": 3, "signature": "abab"}}, {"text": {"bytes": 5}}]));
        assert_eq!((usage.input, usage.output), (9, 5));
    }

    #[test]
    fn thinking_that_was_cut_is_not_kept() {
        let events = [
            start(),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "Hm"}}),
            stop("max_tokens"),
        ];
        let chunks = whole(&events).unwrap();
        assert!(matches!(chunks.last(), Some(Chunk::Finished { stop: Stop::Length, provider_data: None, .. })));
    }

    #[test]
    fn a_whole_message_is_an_answer_too() {
        let message = json!({"type": "message", "stop_reason": "tool_use", "usage": {"input_tokens": 3, "output_tokens": 4},
            "content": [{"type": "text", "text": "a"}, {"type": "tool_use", "id": "t", "name": "n", "input": {"p": 1}}]});
        let chunks = whole(&[message]).unwrap();
        let call = Chunk::ToolCall { index: 0, id: "t".into(), name: "n".into(), arguments: r#"{"p":1}"#.into() };
        assert_eq!(chunks[..2], [Chunk::Text("a".into()), call]);
    }

    #[test]
    fn an_error_within_the_stream_ends_it_and_garbage_is_told_apart() {
        let kind = |events: &[Value]| whole(events).unwrap_err().kind;
        let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
        assert_eq!(kind(&[start(), error]), ErrorKind::Overloaded);
        assert_eq!(kind(&[json!({"hello": 1})]), ErrorKind::BadAnswer);
        assert_eq!(kind(&[start(), json!({"type": "content_block_delta", "index": "x"})]), ErrorKind::BrokenStream);
        assert_eq!(kind(&[start()]), ErrorKind::BrokenStream);
        assert!(whole(&[start(), json!({"type": "ping"}), json!({"type": "new_event"}), stop("end_turn")]).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_events_bring_an_answer_down(events in proptest::collection::vec(".{0,40}", 0..6), index: u64, text in ".{0,8}") {
            let mut answer = Answer::new(draft(0));
            let known = [
                start().to_string(),
                json!({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": text}}).to_string(),
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}).to_string(),
            ];
            for event in known.into_iter().chain(events) {
                let _ = answer.event(&event);
            }
            let _ = answer.done();
        }
    }
}
