//! What happens in a chat.

use std::sync::Arc;

use replay::{
    decider::Attempt,
    ids::{Micros, Revision, StreamId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    brief::Brief,
    ids::{CallId, ToolCallId},
};
use crate::entities::{attachment::Attachment, body::Body, usage::Usage};

/// A fact in the stream of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// The chat began.
    ChatOpened {
        /// The session it belongs to.
        session: Uuid,
        /// The project that the session works on.
        project: Uuid,
        /// What it is called; empty until it is named.
        title: Arc<str>,
        /// The model that answers, as `openai/NAME` or `offline`.
        model: Arc<str>,
        /// The agent whose instructions and tools it uses.
        agent: Arc<str>,
        /// What it came from.
        origin: Origin,
        /// How many tokens one turn may take.
        token_budget: u64,
        /// The JSON Schema of the answer that is wanted, where a text will not do: it is handed in through a tool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<Body>,
        /// What its agent is told and may do beyond what every agent is and does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brief: Option<Arc<Brief>>,
    },
    /// It got another title.
    ChatRenamed {
        /// The title.
        title: Arc<str>,
        /// The model call that it came from; a person or a program gave it where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_model: Option<TitleCall>,
    },
    /// A model is being asked for a title.
    TitleStarted {
        /// Which try, from 1.
        number: u32,
        /// The model.
        model: Arc<str>,
        /// Which attempt.
        attempt: Attempt,
    },
    /// No title came of it.
    TitleFailed {
        /// Which try.
        number: u32,
        /// Its attempt.
        attempt: Attempt,
        /// Why.
        error: CallError,
        /// What it took.
        #[serde(default)]
        usage: Usage,
    },
    /// Another model answers from the next model call on.
    ChatConfigured {
        /// The model.
        model: Arc<str>,
    },
    /// It was put away.
    ChatArchived {},
    /// It was brought back.
    ChatUnarchived {},
    /// Somebody asked for a summary in the place of what is earlier.
    CompactionRequested {},
    /// A model is being asked for a summary.
    CompactionStarted {
        /// Which summary of the chat, from 1.
        number: u32,
        /// The model.
        model: Arc<str>,
        /// Which attempt.
        attempt: Attempt,
        /// The index of the first message that is not summed up.
        upto: u64,
    },
    /// From here on a model is sent a summary in the place of what is earlier. People still see all of it.
    Compacted {
        /// Which summary.
        number: u32,
        /// Its attempt.
        attempt: Attempt,
        /// What the model wrote.
        summary: Body,
        /// The index of the first message that is sent as it is.
        upto: u64,
        /// What it took.
        usage: Usage,
        /// From the request to the last byte, in ms.
        latency_ms: u64,
    },
    /// No summary came of it.
    CompactionFailed {
        /// Which summary.
        number: u32,
        /// Its attempt.
        attempt: Attempt,
        /// Why.
        error: CallError,
        /// What it took.
        #[serde(default)]
        usage: Usage,
    },
    /// A message came while a turn was open: it waits.
    MessageQueued {
        /// The message.
        message: Uuid,
        /// Its text.
        text: Body,
        /// The files that go with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
    },
    /// A waiting message was taken back.
    MessageUnqueued {
        /// The message.
        message: Uuid,
    },
    /// A message is part of the conversation; if it waited, it waits no more.
    MessagePosted {
        /// The message.
        message: Uuid,
        /// Its text.
        text: Body,
        /// The files that go with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
    },
    /// The agent set to work on a message.
    TurnStarted {
        /// The number of the turn, from 1.
        turn: u32,
        /// The message.
        message: Uuid,
    },
    /// A model is being asked.
    ModelCallStarted {
        /// The call.
        call: CallId,
        /// The model.
        model: Arc<str>,
        /// Which attempt; what earlier ones wrote is marked interrupted.
        attempt: Attempt,
    },
    /// The model reasoned.
    ReasoningAppended {
        /// The call.
        call: CallId,
        /// Its attempt.
        attempt: Attempt,
        /// Where the piece begins in the reasoning of this attempt, in bytes of UTF-8.
        offset: u64,
        /// The piece.
        text: Arc<str>,
    },
    /// The model wrote.
    TextAppended {
        /// The call.
        call: CallId,
        /// Its attempt.
        attempt: Attempt,
        /// Where the piece begins in the text of this attempt, in bytes of UTF-8.
        offset: u64,
        /// The piece.
        text: Arc<str>,
    },
    /// The model asked for a tool. Stands with the end of its call, all or none.
    ToolCalled {
        /// The call that asked.
        call: CallId,
        /// The tool call.
        tool_call: ToolCallId,
        /// The provider's id of it.
        provider_id: Arc<str>,
        /// The tool.
        name: Arc<str>,
        /// The arguments as the model wrote them, normally JSON.
        arguments: Body,
        /// Whether a second performance would do harm.
        class: ToolClass,
    },
    /// The model call ended well.
    ModelCallFinished {
        /// The call.
        call: CallId,
        /// Its attempt.
        attempt: Attempt,
        /// Why the model stopped.
        stop: Stop,
        /// What it took.
        usage: Usage,
        /// The numbers as the provider gave them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        raw_usage: Option<serde_json::Value>,
        /// What the provider gave with the answer and wants back with later ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider_data: Option<ProviderData>,
        /// From the request to the last byte, in ms.
        latency_ms: u64,
        /// How many tokens the model takes, prompt and answer together, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<u64>,
        /// The whole text, where it is too long for the state, or is not what was streamed: tool calls in it were taken out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Body>,
        /// The whole reasoning, where it is too long for the state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reasoning: Option<Body>,
    },
    /// The model call ended badly.
    ModelCallFailed {
        /// The call.
        call: CallId,
        /// Its attempt.
        attempt: Attempt,
        /// Why.
        error: CallError,
        /// When it is tried again as a new call; never, where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Micros>,
    },
    /// The wait before another try is over.
    WaitElapsed {
        /// The call that failed.
        call: CallId,
    },
    /// A tool is about to run.
    ToolStarted {
        /// The tool call.
        tool_call: ToolCallId,
        /// Its attempt.
        attempt: Attempt,
    },
    /// A tool call has its answer.
    ToolFinished {
        /// The tool call.
        tool_call: ToolCallId,
        /// How it ended.
        outcome: ToolOutcome,
        /// What the model is told.
        output: Body,
        /// From start to end, in ms.
        latency_ms: u64,
        /// The output leaves something out, and says so.
        truncated: bool,
    },
    /// The turn met a limit: one last call without tools sums up.
    LimitReached {
        /// The turn.
        turn: u32,
        /// The limit.
        limit: Limit,
    },
    /// The turn is over.
    TurnFinished {
        /// The turn.
        turn: u32,
        /// How it ended.
        outcome: TurnOutcome,
        /// What it took.
        usage: Usage,
        /// The digest of the state before this event.
        digest: Arc<str>,
        /// The version of the rules that computed the digest.
        decider_version: u32,
    },
    /// The turn was stopped; what was written stays.
    TurnCancelled {
        /// The turn.
        turn: u32,
        /// What it took.
        usage: Usage,
        /// The digest of the state before this event.
        digest: Arc<str>,
        /// The version of the rules that computed the digest.
        decider_version: u32,
    },
    /// The events so far are copies of another chat's, and from here on this one goes its own way. What was open is
    /// interrupted, and what waited is gone.
    Forked {
        /// The chat that was copied.
        from: StreamId,
        /// Its last revision that was.
        at: Revision,
        /// What the fork is called.
        title: Arc<str>,
        /// The model that answers from here on; the same as before, where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<Arc<str>>,
        /// An open turn goes on; else it ends here.
        run: bool,
        /// The turn that goes on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        turn: Option<u32>,
    },
}

impl replay::event::Event for Event {}

/// The events that end a piece of work or a turn.
pub const ENDS: &[&str] =
    &["ModelCallFinished", "ModelCallFailed", "ToolFinished", "WaitElapsed", "TurnFinished", "TurnCancelled"];

/// What a chat came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// A person or a program opened it.
    User,
    /// It is a copy of another chat that went its own way.
    Fork {
        /// The other chat.
        stream: StreamId,
        /// The last revision of it that was copied.
        revision: Revision,
    },
    /// A workflow asked an agent in it.
    Run {
        /// The run.
        run: Uuid,
        /// The step of it.
        step: u32,
    },
}

/// A model call that gave a title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TitleCall {
    /// Which try, from 1.
    pub number: u32,
    /// What it took.
    pub usage: Usage,
    /// From the request to the last byte, in ms.
    pub latency_ms: u64,
}

/// Whether a second performance of a tool call would do harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolClass {
    /// It only reads: after a crash it runs again.
    Repeat,
    /// It changes something: after a crash nobody knows whether it happened.
    Once,
    /// It starts something that is named after it: after a crash it runs again, and what it started is there already.
    Keyed,
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It was done.
    End,
    /// It waits for tools.
    ToolCalls,
    /// It ran into the limit of its output.
    Length,
    /// The provider held the rest back.
    ContentFilter,
}

/// What a provider gave with an answer, which it alone understands: the signatures of its reasoning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProviderData {
    /// The provider, as it stands before the slash. Nobody else is sent it.
    pub provider: Arc<str>,
    /// What it gave, as JSON.
    pub data: Body,
}

/// Why a model call failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallError {
    /// A stable code: `bad_key`, `rate_limited`, `broken_stream` …
    pub code: Arc<str>,
    /// What happened and what to do, for a person.
    pub message: Arc<str>,
    /// How soon it is worth another try.
    pub retry: Retry,
    /// How long the provider asks to wait, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// Whether and how soon a failed call is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Not at all.
    Never,
    /// After about a second: the connection broke.
    Soon,
    /// After about a quarter of a minute: the provider is overloaded.
    Later,
}

/// How a tool call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolOutcome {
    /// It did what it was asked.
    Succeeded,
    /// It could not; the output says why.
    Failed,
    /// The server went down while it ran: nobody knows.
    Unknown,
    /// The turn was stopped before it ended.
    Cancelled,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TurnOutcome {
    /// With the model's answer.
    Answered,
    /// At a limit, with a summary.
    Limited {
        /// The limit.
        limit: Limit,
    },
    /// With an error that another try would not mend.
    Failed {
        /// The error.
        error: CallError,
    },
}

/// What bounds a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Limit {
    /// So many model calls in one turn.
    Steps {
        /// How many.
        calls: u32,
    },
    /// The same tool call with the same arguments, again and again.
    DoomLoop {
        /// The tool.
        tool: Arc<str>,
        /// How often in a row.
        times: u32,
    },
    /// So many tool calls in a row that failed.
    ToolMistakes {
        /// How many.
        times: u32,
    },
    /// So many tool calls in one turn.
    ToolCalls {
        /// How many.
        calls: u32,
    },
    /// So many output tokens in one turn.
    OutputTokens {
        /// The budget.
        budget: u64,
    },
    /// So many tokens in one turn.
    Tokens {
        /// The budget.
        budget: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_work_is_named_as_it_is_written() {
        let schema = schemars::schema_for!(Event).to_value().to_string();
        for name in ENDS {
            assert!(schema.contains(&format!(r#""const":"{name}""#)), "{name}");
        }
    }
}
