//! Texts that were broken off before anybody could store them as a whole: the events that brought them hold them.

use std::sync::Arc;

use replay::{decider::Attempt, event::decode, record::Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{event::Event, ids::CallId};
use crate::entities::body::{Body, HEAD_LIMIT, INLINE_LIMIT, head};

/// A reference to a text in the events of its own stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Written {
    /// The call that wrote it.
    pub call: CallId,
    /// The attempt.
    pub attempt: Attempt,
    /// Which of its texts.
    pub part: Part,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its first 2 KiB, cut at a character.
    pub head: Arc<str>,
}

/// A text of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What it wrote.
    Text,
    /// What it reasoned.
    Reasoning,
}

impl Written {
    /// Adds what an event holds of the text. `true`: that was the last of it.
    pub fn gather(&self, whole: &mut String, record: &Record) -> bool {
        let kind = match self.part {
            Part::Text => "TextAppended",
            Part::Reasoning => "ReasoningAppended",
        };
        // Most events of a stream are others, and need not be decoded.
        if &*record.event.kind == kind
            && let Ok(Some(
                Event::TextAppended { call, attempt, offset, text }
                | Event::ReasoningAppended { call, attempt, offset, text },
            )) = decode::<Event>(record)
            && (call, attempt, offset) == (self.call, self.attempt, whole.len() as u64)
        {
            whole.push_str(&text);
        }
        whole.len() as u64 >= self.bytes
    }
}

/// A text that nothing is added to any more, as it stands in the state: itself, or, where it is too long for that, a reference.
pub(super) fn kept(body: Body, call: CallId, attempt: Option<Attempt>, part: Part) -> Body {
    match (body, attempt) {
        (Body::Text(text), Some(attempt)) if text.len() > INLINE_LIMIT => {
            let (bytes, head) = (text.len() as u64, head(&text, HEAD_LIMIT).into());
            Body::Written(Written { call, attempt, part, bytes, head })
        }
        (body, _) => body,
    }
}
