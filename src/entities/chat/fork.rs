//! How a chat goes on as another one: where it is copied to, and what becomes of what was open there.

use std::sync::Arc;

use replay::ids::{Micros, Revision, StreamId};
use uuid::Uuid;

use super::{
    event::{Event, Origin, ToolClass, ToolOutcome, TurnOutcome},
    evolve::{end, push_call},
    ids::CallId,
    state::{Call, CallState, Message, State, ToolCall, ToolState},
};
use crate::entities::usage::Usage;

/// What a title of a fork ends with.
const MARK: &str = " (fork)";
/// What the model is told of a tool with consequences that ran where the chat was forked.
const UNKNOWN: &str =
    "This conversation was forked while this tool ran. Whether it took effect is not known: look before you repeat it.";
/// What the model is told of a tool that had no answer where the chat was forked.
const NOT_RUN: &str = "This conversation was forked before this tool answered; its answer is not part of this fork.";

/// A copy of a chat that goes its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The chat that is copied.
    pub from: StreamId,
    /// The last revision that is copied.
    pub at: Revision,
    /// The model that answers from there on; the same as before, where absent.
    pub model: Option<Arc<str>>,
    /// Whether an open turn goes on.
    pub run: bool,
}

/// A place in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind the event of a revision.
    At(Revision),
    /// Right before a message became part of the conversation.
    BeforeMessage(Uuid),
    /// Behind the end of a turn.
    AfterTurn(u32),
}

impl Place {
    /// The revision of the last event before the place, if this event shows where it is.
    pub fn shown_by(self, event: &Event, revision: Revision) -> Option<Revision> {
        match (self, event) {
            (Self::BeforeMessage(wanted), Event::MessagePosted { message, .. }) if *message == wanted => {
                revision.before()
            }
            (Self::AfterTurn(wanted), Event::TurnFinished { turn, .. } | Event::TurnCancelled { turn, .. })
                if *turn == wanted =>
            {
                Some(revision)
            }
            _ => None,
        }
    }
}

/// The event that completes a fork of a chat whose state, where it is forked, is this.
pub fn forked(state: &State, fork: Fork) -> Event {
    let Fork { from, at, model, run } = fork;
    let title = state.about.as_ref().map_or_else(|| "".into(), |about| title(&about.title));
    let forked = |turn| Event::Forked { from, at, title, model, run, turn };
    if !run {
        return forked(None);
    }
    let mut after = state.clone();
    go_on(&mut after, Micros::default());
    forked(after.turn.map(|turn| turn.turn))
}

fn title(of: &Arc<str>) -> Arc<str> {
    if of.is_empty() || of.ends_with(MARK) {
        return Arc::clone(of);
    }
    let kept: String = of.chars().take(200 - MARK.len()).collect();
    format!("{kept}{MARK}").into()
}

/// What was open where a chat was forked runs there, not here: it is interrupted, and what waited is gone.
pub(super) fn part_ways(state: &mut State, origin: Origin, title: &Arc<str>, model: Option<&Arc<str>>, at: Micros) {
    state.queue.clear();
    // What the copied calls took was taken elsewhere.
    state.usage = Usage::default();
    // The next turn that ends asks for a title anew.
    state.titling = super::title::Titling::default();
    state.context_forked(model.is_some());
    if let Some(about) = &mut state.about {
        about.origin = origin;
        about.title = title.clone();
        about.opened_at = at;
        about.archived = false;
        if let Some(model) = model {
            about.model = model.clone();
        }
    }
}

/// The open turn ends here as it stood; no work of it is wanted.
pub(super) fn give_up(state: &mut State, at: Micros) {
    let Some((turn, usage)) = state.turn.as_ref().map(|open| (open.turn, open.usage)) else { return };
    let outcome = outcome(state);
    if let Some(call) = state.current_mut() {
        call.part(at);
        if call.state == CallState::Open {
            call.state = CallState::Cancelled;
        }
        for tool in call.tool_calls.iter_mut().filter(|tool| !tool.is_finished()) {
            tool.finish(ToolOutcome::Cancelled, NOT_RUN);
        }
    }
    end(state, turn, outcome, usage, at);
}

/// How the open turn has ended, if nothing but the event that says so is missing.
fn outcome(state: &State) -> Option<TurnOutcome> {
    match &state.current()?.state {
        CallState::Finished { .. } if state.current()?.tool_calls.is_empty() => {
            Some(match state.turn.as_ref()?.limit.clone() {
                Some(limit) => TurnOutcome::Limited { limit },
                None => TurnOutcome::Answered,
            })
        }
        CallState::Failed { error, retry_at: None } => Some(TurnOutcome::Failed { error: error.clone() }),
        CallState::Open | CallState::Failed { .. } | CallState::Finished { .. } | CallState::Cancelled => None,
    }
}

/// The open turn goes on; a message that no turn has answered yet gets one.
pub(super) fn go_on(state: &mut State, at: Micros) {
    let about_model = state.about.as_ref().map(|about| about.model.clone());
    let Some(turn) = &mut state.turn else { return answer_last(state, at) };
    turn.usage = Usage::default();
    turn.failures = 0;
    turn.shortened = false;
    let Some(call) = state.current_mut() else { return };
    call.part(at);
    let next: Option<CallId> = match &call.state {
        CallState::Open => {
            call.model = about_model.unwrap_or_else(|| call.model.clone());
            call.since = at;
            None
        }
        CallState::Failed { .. } => Some(call.call.next()),
        CallState::Finished { .. } if call.tool_calls.is_empty() => return give_up(state, at),
        CallState::Finished { .. } => call.tool_calls.iter().all(ToolCall::is_finished).then(|| call.call.next()),
        CallState::Cancelled => return give_up(state, at),
    };
    if let Some(next) = next {
        push_call(state, next, at);
    }
}

fn answer_last(state: &mut State, at: Micros) {
    if let Some(Message::User(posted)) = state.messages.last() {
        let (turn, message) = (state.turns.saturating_add(1), posted.message);
        super::evolve::evolve(state, &Event::TurnStarted { turn, message }, at);
    }
}

impl Call {
    /// What of it runs elsewhere is cut off from here.
    fn part(&mut self, at: Micros) {
        match &mut self.state {
            CallState::Open => {
                self.interrupt();
                // All that a call asks for comes with its end.
                self.tool_calls.clear();
            }
            CallState::Failed { retry_at, .. } => *retry_at = None,
            CallState::Finished { .. } | CallState::Cancelled => {}
        }
        for tool in &mut self.tool_calls {
            match (&tool.state, tool.class) {
                // Under the name of another chat it would be started a second time.
                (ToolState::Started { .. }, ToolClass::Once | ToolClass::Keyed) => {
                    tool.finish(ToolOutcome::Unknown, UNKNOWN);
                }
                (ToolState::Started { .. }, ToolClass::Repeat) | (ToolState::Requested, _) => {
                    tool.state = ToolState::Requested;
                    tool.since = at;
                }
                (ToolState::Finished { .. }, _) => {}
            }
        }
    }
}

impl ToolCall {
    fn finish(&mut self, outcome: ToolOutcome, output: &str) {
        self.state = ToolState::Finished { outcome, output: output.into(), latency_ms: 0, truncated: false };
    }
}
