//! What the events of a chat amount to, and what a page sees of it.

use std::{collections::VecDeque, sync::Arc};

use replay::{decider::Attempt, ids::Micros};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    brief::Brief,
    context::Context,
    event::{CallError, Limit, Origin, ProviderData, Stop, ToolClass, ToolOutcome, TurnOutcome},
    ids::{CallId, ToolCallId},
    title::Titling,
};
use crate::entities::{attachment::Attachment, body::Body, usage::Usage};

/// The state of a chat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// What was said when it was opened, and changed since; `None` before it is open.
    pub about: Option<About>,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// The messages that wait, oldest first.
    pub queue: VecDeque<Queued>,
    /// The open turn.
    pub turn: Option<Turn>,
    /// How many turns there were, the open one included.
    pub turns: u32,
    /// What all turns took, and what naming the chat and summing it up took.
    pub usage: Usage,
    /// How much of it a model is sent.
    #[serde(default, skip_serializing_if = "Context::is_default")]
    pub context: Context,
    /// How the naming of the chat stands.
    #[serde(default, skip_serializing_if = "Titling::is_default")]
    pub titling: Titling,
}

/// What a chat is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct About {
    /// The session it belongs to.
    pub session: Uuid,
    /// The project that the session works on.
    pub project: Uuid,
    /// What it is called; empty until it is named.
    pub title: Arc<str>,
    /// The model that answers.
    pub model: Arc<str>,
    /// The agent whose instructions and tools it uses.
    pub agent: Arc<str>,
    /// What it came from.
    pub origin: Origin,
    /// How many tokens one turn may take.
    pub token_budget: u64,
    /// The JSON Schema of the answer that is wanted, where a text will not do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Body>,
    /// What its agent is told and may do beyond what every agent is and does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<Arc<Brief>>,
    /// When it was opened.
    pub opened_at: Micros,
    /// It was put away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

/// One piece of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// What a person or a program said.
    User(Posted),
    /// A call of the model: what it reasoned, wrote and asked for.
    Call(Box<Call>),
    /// The end of a turn.
    End(TurnEnd),
}

/// What a person or a program said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Posted {
    /// The id of the message.
    pub message: Uuid,
    /// Its text.
    pub text: Body,
    /// The files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// When it became part of the conversation.
    pub at: Micros,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Queued {
    /// The id of the message.
    pub message: Uuid,
    /// Its text.
    pub text: Body,
    /// The files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Since when it waits.
    pub at: Micros,
}

/// A call of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// Its id.
    pub call: CallId,
    /// The model that was asked; the one that will be, before it is.
    pub model: Arc<str>,
    /// How it stands.
    pub state: CallState,
    /// The attempt that was begun last.
    pub attempt: Option<Attempt>,
    /// Since when it is wanted.
    pub since: Micros,
    /// What it reasoned.
    pub reasoning: Body,
    /// What it wrote.
    pub text: Body,
    /// What attempts that were cut off had written. Shown, never sent to the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interrupted: Vec<Interrupted>,
    /// The tools it asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// What it took.
    pub usage: Usage,
    /// What the provider gave with its answer and wants back. It is no part of a view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_data: Option<ProviderData>,
    /// From the request to the last byte, in ms.
    pub latency_ms: u64,
    /// It sums up at a limit and is given no tools.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
}

/// How a call stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallState {
    /// It is wanted or runs.
    Open,
    /// It ended well.
    Finished {
        /// Why the model stopped.
        stop: Stop,
    },
    /// It ended badly.
    Failed {
        /// Why.
        error: CallError,
        /// When it is tried again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Micros>,
    },
    /// The turn was stopped.
    Cancelled,
}

/// What an attempt that was cut off had written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interrupted {
    /// The attempt.
    pub attempt: Attempt,
    /// Its reasoning.
    pub reasoning: Body,
    /// Its text.
    pub text: Body,
}

/// A tool that a model asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolCall {
    /// Its id.
    pub tool_call: ToolCallId,
    /// The provider's id of it.
    pub provider_id: Arc<str>,
    /// The tool.
    pub name: Arc<str>,
    /// The arguments as the model wrote them.
    pub arguments: Body,
    /// Whether a second performance would do harm.
    pub class: ToolClass,
    /// Since when it is wanted.
    pub since: Micros,
    /// How it stands.
    pub state: ToolState,
}

/// How a tool call stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ToolState {
    /// It waits for its turn.
    Requested,
    /// It runs.
    Started {
        /// Its attempt.
        attempt: Attempt,
        /// When it started.
        at: Micros,
    },
    /// It has its answer.
    Finished {
        /// How it ended.
        outcome: ToolOutcome,
        /// What the model is told.
        output: Body,
        /// From start to end, in ms.
        latency_ms: u64,
        /// The output leaves something out.
        truncated: bool,
    },
}

/// The end of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TurnEnd {
    /// The turn.
    pub turn: u32,
    /// How it ended; `None` if it was stopped.
    pub outcome: Option<TurnOutcome>,
    /// What it took.
    pub usage: Usage,
    /// When it began.
    pub started_at: Micros,
    /// When it ended.
    pub ended_at: Micros,
}

/// The open turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Turn {
    /// Its number.
    pub turn: u32,
    /// The message it works on.
    pub message: Uuid,
    /// When it began.
    pub started_at: Micros,
    /// What it took so far.
    pub usage: Usage,
    /// Model calls that failed one after another.
    pub failures: u32,
    /// Tool calls that failed one after another.
    pub mistakes: u32,
    /// The last tool call, by name and arguments, and how often in a row it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<Repeated>,
    /// The limit that it met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// The conversation was too long for the model in this turn, and was summed up for another try.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shortened: bool,
    /// How many tools it called, where that has a limit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tools: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "so serde calls it")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A tool call that was made several times in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Repeated {
    /// The tool.
    pub name: Arc<str>,
    /// The arguments.
    pub arguments: Body,
    /// How often.
    pub times: u32,
}

impl State {
    /// The call that is open, waits for a retry or waits for its tools: the last one of the open turn.
    pub fn current(&self) -> Option<&Call> {
        self.turn.as_ref()?;
        match self.messages.last() {
            Some(Message::Call(call)) => Some(call),
            Some(Message::User(_) | Message::End(_)) | None => None,
        }
    }

    pub(super) fn current_mut(&mut self) -> Option<&mut Call> {
        self.turn.as_ref()?;
        match self.messages.last_mut() {
            Some(Message::Call(call)) => Some(call),
            Some(Message::User(_) | Message::End(_)) | None => None,
        }
    }

    /// The tool call of this id in the current call.
    pub fn tool_call(&self, id: ToolCallId) -> Option<&ToolCall> {
        self.current()?.tool_calls.iter().find(|call| call.tool_call == id)
    }
}

impl ToolCall {
    /// Whether it has its answer.
    pub fn is_finished(&self) -> bool {
        matches!(self.state, ToolState::Finished { .. })
    }
}
