//! What a chat answers, rule by rule, and what holds whatever happens to it.

mod calls;
mod compaction;
mod conversation;
mod forks;
mod generators;
mod limits;
mod prompts;
mod properties;
mod retries;
mod stray;
mod titles;
mod tools;
mod views;
mod written;

use std::collections::BTreeMap;

use replay::{
    decider::{Attempt, Context, Decider, EffectCommand, EffectKey, Stale, Want},
    digest::digest,
    ids::{By, Micros},
};
use uuid::Uuid;

use super::{
    Chat, Command, Event, Outcome, Piece, Rejection, State, Work,
    command::TOKEN_BUDGET,
    event::{CallError, Origin, Retry, Stop, ToolClass, ToolOutcome, TurnOutcome},
    ids::{CallId, ToolCallId},
    state::{Call, Message},
    work::{Answer, Streamed, Summed, Titled, ToolRequest},
};
use crate::entities::{
    attachment::Attachment,
    body::{BlobRef, Body},
    usage::Usage,
};

/// A chat as it goes on: every accepted answer is folded, and a second passes with each step.
#[derive(Clone)]
struct Story {
    state: State,
    events: Vec<Event>,
    now: Micros,
}

impl Story {
    /// Before its first event.
    fn unopened() -> Self {
        Self { state: State::default(), events: vec![], now: Micros(0) }
    }

    /// An open chat in which nothing was said.
    fn opened() -> Self {
        let mut story = Self::unopened();
        story.fold(opened());
        story
    }

    /// An open chat whose first turn wants its first call.
    fn asked() -> Self {
        let mut story = Self::opened();
        story.tell(post(1, "Where is it?"));
        story
    }

    /// The first call runs.
    fn calling() -> Self {
        let mut story = Self::asked();
        story.begin("call/1.1");
        story
    }

    /// The first call asked for these tools, none of which has begun.
    fn tools(tools: &[(&str, ToolClass)]) -> Self {
        let mut story = Self::calling();
        let tools = tools.iter().map(|(name, class)| request(name, "{}", *class)).collect();
        story.report("call/1.1", 1, answered(tools));
        story
    }

    fn fold(&mut self, event: Event) {
        Chat::evolve(&mut self.state, &event, self.now);
        self.events.push(event);
    }

    fn fold_all<E>(&mut self, events: Result<Vec<Event>, E>) -> Result<Vec<Event>, E> {
        let events = events?;
        events.iter().cloned().for_each(|event| self.fold(event));
        self.now = self.now.plus_ms(1000);
        Ok(events)
    }

    fn context(&self) -> Context {
        Context { now: self.now, by: By::person("owner"), fresh: Uuid::nil() }
    }

    /// Sends a command that is accepted.
    #[track_caller]
    fn tell(&mut self, command: Command) -> Vec<Event> {
        let events = Chat::decide(&self.state, command, &self.context());
        self.fold_all(events).expect("the command is accepted")
    }

    /// Sends a command that is refused.
    #[track_caller]
    fn refused(&self, command: Command) -> Rejection {
        Chat::decide(&self.state, command, &self.context()).expect_err("the command is refused")
    }

    fn effect(&mut self, command: EffectCommand<Piece, Outcome>) -> Result<Vec<Event>, Stale> {
        let events = Chat::settle(&self.state, command, &self.context());
        self.fold_all(events)
    }

    #[track_caller]
    fn begin(&mut self, name: &str) -> Vec<Event> {
        self.effect(EffectCommand::Begin { key: key(name) }).expect("it may begin")
    }

    #[track_caller]
    fn report(&mut self, name: &str, attempt: u32, outcome: Outcome) -> Vec<Event> {
        let command = EffectCommand::Report { key: key(name), attempt: Attempt(attempt), outcome };
        self.effect(command).expect("the report is accepted")
    }

    fn try_report(&mut self, name: &str, attempt: u32, outcome: Outcome) -> Result<Vec<Event>, Stale> {
        self.effect(EffectCommand::Report { key: key(name), attempt: Attempt(attempt), outcome })
    }

    fn write(&mut self, name: &str, attempt: u32, offset: u64, text: &str) -> Result<Vec<Event>, Stale> {
        let piece = Piece::Text { offset, text: text.into() };
        self.effect(EffectCommand::Progress { key: key(name), attempt: Attempt(attempt), piece })
    }

    fn reason(&mut self, name: &str, attempt: u32, offset: u64, text: &str) -> Result<Vec<Event>, Stale> {
        let piece = Piece::Reasoning { offset, text: text.into() };
        self.effect(EffectCommand::Progress { key: key(name), attempt: Attempt(attempt), piece })
    }

    fn lose(&mut self, name: &str, attempt: u32) -> Result<Vec<Event>, Stale> {
        self.effect(EffectCommand::Lost { key: key(name), attempt: Attempt(attempt) })
    }

    /// Runs a tool from its begin to its end.
    #[track_caller]
    fn run(&mut self, name: &str, outcome: ToolOutcome) -> Vec<Event> {
        self.begin(name);
        self.report(name, 1, ended(outcome, "done"))
    }

    fn wants(&self) -> BTreeMap<EffectKey, Want<Work>> {
        Chat::wants(&self.state)
    }

    /// The names of what is wanted.
    fn wanted(&self) -> Vec<String> {
        self.wants().keys().map(ToString::to_string).collect()
    }

    fn digest(&self) -> std::sync::Arc<str> {
        digest(&self.state).unwrap().into()
    }

    /// The call of this id, wherever it stands in the conversation.
    #[track_caller]
    fn call(&self, turn: u32, ordinal: u32) -> &Call {
        let wanted = CallId { turn, ordinal };
        let mut calls = self.state.messages.iter().filter_map(call_of);
        calls.find(|call| call.call == wanted).expect("the call is there")
    }
}

fn call_of(message: &Message) -> Option<&Call> {
    match message {
        Message::Call(call) => Some(call),
        Message::User(_) | Message::End(_) => None,
    }
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn key(name: &str) -> EffectKey {
    EffectKey::new(name)
}

fn call_id(turn: u32, ordinal: u32) -> CallId {
    CallId { turn, ordinal }
}

fn tool_id(turn: u32, ordinal: u32, index: u32) -> ToolCallId {
    ToolCallId { turn, ordinal, index }
}

fn opened() -> Event {
    Event::ChatOpened {
        session: id(100),
        project: id(200),
        title: "Lighthouse".into(),
        model: "lab/small".into(),
        agent: "default".into(),
        origin: Origin::User,
        token_budget: TOKEN_BUDGET,
        answer: None,
        brief: None,
    }
}

fn posted(n: u128, text: &str) -> Event {
    Event::MessagePosted { message: id(n), text: text.into(), attachments: vec![] }
}

fn queued(n: u128, text: &str) -> Event {
    Event::MessageQueued { message: id(n), text: text.into(), attachments: vec![] }
}

fn started(turn: u32, message: u128) -> Event {
    Event::TurnStarted { turn, message: id(message) }
}

fn open_chat() -> Command {
    open_titled("Lighthouse")
}

fn open_titled(title: &str) -> Command {
    Command::OpenChat {
        session: id(100),
        project: id(200),
        title: title.into(),
        model: "lab/small".into(),
        agent: "default".into(),
        token_budget: TOKEN_BUDGET,
        origin: None,
        answer: None,
        brief: None,
    }
}

fn post(n: u128, text: &str) -> Command {
    Command::PostMessage { message: Some(id(n)), text: text.into(), attachments: vec![] }
}

fn attachment(name: &str) -> Attachment {
    let (blob, media_type) = ("cd".repeat(32).into(), "image/png".into());
    Attachment { blob, bytes: 70, media_type, name: name.into() }
}

fn post_with(n: u128, text: &str, attachments: Vec<Attachment>) -> Command {
    Command::PostMessage { message: Some(id(n)), text: text.into(), attachments }
}

fn cancel() -> Command {
    Command::CancelTurn {}
}

fn configure(model: &str) -> Command {
    Command::ConfigureChat { model: model.into() }
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

fn request(name: &str, arguments: &str, class: ToolClass) -> ToolRequest {
    ToolRequest { provider_id: "".into(), name: name.into(), arguments: arguments.into(), class }
}

fn answer(tools: Vec<ToolRequest>) -> Answer {
    let stop = if tools.is_empty() { Stop::End } else { Stop::ToolCalls };
    Answer {
        stop,
        usage: usage(10, 2),
        raw_usage: None,
        provider_data: None,
        latency_ms: 70,
        window: None,
        text: None,
        reasoning: None,
        tools,
        streamed: None,
    }
}

fn answered(tools: Vec<ToolRequest>) -> Outcome {
    Outcome::Answered(Box::new(answer(tools)))
}

fn ended(outcome: ToolOutcome, output: &str) -> Outcome {
    Outcome::ToolEnded { outcome, output: output.into(), latency_ms: 5, truncated: false }
}

fn error(retry: Retry) -> CallError {
    CallError { code: "broken_stream".into(), message: "the stream broke".into(), retry, retry_after_ms: None }
}

fn titled(text: &str) -> Outcome {
    Outcome::Titled(Titled { text: text.into(), usage: usage(5, 1), latency_ms: 9 })
}

fn summed(text: &str) -> Outcome {
    Outcome::Summed(Summed { summary: text.into(), usage: usage(50, 5), latency_ms: 9 })
}

fn failed(retry: Retry) -> Outcome {
    Outcome::CallFailed(error(retry))
}

fn blob(bytes: u64) -> Body {
    let (blob, media_type, head) = ("ab".repeat(32).into(), "text/plain".into(), "Once".into());
    Body::Blob(BlobRef { blob, bytes, media_type, head })
}

/// The outcome of the turn that these events close; `None` inside if it was stopped.
#[track_caller]
fn outcome_in(events: &[Event]) -> Option<TurnOutcome> {
    let closing = events.iter().find_map(|event| match event {
        Event::TurnFinished { outcome, .. } => Some(Some(outcome.clone())),
        Event::TurnCancelled { .. } => Some(None),
        _ => None,
    });
    closing.expect("a turn is closed")
}
