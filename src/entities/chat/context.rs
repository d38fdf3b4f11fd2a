//! What a model is sent of a conversation, how full that makes its window, and the summary that takes the place of what is
//! earlier. What people see is never shortened.
//!
//! A summary is due when the next call would nearly fill the window, when a provider says that the conversation is too long
//! (once a turn), or when somebody asks for it. It is made between two calls: while it is due, no call begins.

use replay::{
    decider::{Attempt, Class, Context as Deciding, EffectKey, Lane, Want},
    ids::Micros,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    event::{CallError, Event, Retry},
    settle::fail_call,
    state::{CallState, Message, State},
    work::{Summed, Work, provider_of},
};
use crate::entities::{attachment::Attachment, body::Body, usage::Usage};

/// The code of a provider's error that says that a conversation is too long.
pub const TOO_LONG: &str = "context_too_long";
/// So many summaries in a row may fail before no more are made unasked.
const FAILURES: u32 = 3;
/// What an image takes, in bytes of text: about 1,500 tokens.
const IMAGE: u64 = 6_000;

/// How much of a conversation a model is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Context {
    /// The tokens of the last call that ended well, prompt and answer; 0 until there is one since the last summary.
    pub used: u64,
    /// How many bytes of text have come since, which the next call is sent too.
    pub added: u64,
    /// How many tokens the model of that call takes; absent where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// What is sent in the place of earlier messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Somebody asked for a summary while a turn was open: it is made before the next call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requested: bool,
    /// The summary that is to be made now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compaction: Option<Compaction>,
    /// How many summaries were made, failed or called off.
    pub compactions: u32,
    /// How many failed in a row.
    pub failures: u32,
}

/// What is sent in the place of the messages before an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// What the model wrote.
    pub text: Body,
    /// The index, in the whole conversation, of the first message that is sent as it is.
    pub upto: u64,
    /// The message that was being worked on, which is sent whole behind the summary that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Uuid>,
}

/// A summary that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compaction {
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub since: Micros,
    /// The attempt that was begun last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Attempt>,
    /// The index of the first message that is not summed up, once it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upto: Option<u64>,
}

/// Why a summary is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Somebody asked for it.
    Requested,
    /// The window is nearly full.
    NearlyFull,
    /// A provider said that the conversation is too long.
    TooLong,
}

impl Context {
    /// Whether there is nothing to remember.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The index of the first message that is sent as it is.
    pub fn summed_up(&self) -> u64 {
        self.summary.as_ref().map_or(0, |summary| summary.upto)
    }

    fn number(&self) -> u32 {
        self.compactions.saturating_add(1)
    }

    /// Four fifths of the window, as far as is known: the rest is for the answer.
    fn is_nearly_full(&self) -> bool {
        let next = self.used.saturating_add(self.added / 4);
        self.window.is_some_and(|window| next.saturating_mul(5) >= window.saturating_mul(4))
    }
}

/// The index of the first message that would not be summed up now: the message of the open turn, or, once that was worked on,
/// what follows the last call; behind everything where no turn is open.
pub fn upto(state: &State) -> u64 {
    let index = |at: usize| u64::try_from(at).unwrap_or(u64::MAX);
    let Some(turn) = &state.turn else { return index(state.messages.len()) };
    for (at, message) in state.messages.iter().enumerate().rev() {
        match message {
            Message::Call(call) if matches!(call.state, CallState::Finished { .. }) => return index(at + 1),
            Message::User(posted) if posted.message == turn.message => return index(at),
            Message::Call(_) | Message::User(_) | Message::End(_) => {}
        }
    }
    0
}

/// Whether there is something that no summary holds yet.
pub(super) fn can_compact(state: &State) -> bool {
    upto(state) > state.context.summed_up()
}

/// What is wanted, where a summary is due and no call runs.
pub(super) fn want(state: &State) -> Option<(EffectKey, Want<Work>)> {
    let (about, compaction) = (state.about.as_ref()?, state.context.compaction.as_ref()?);
    let between_calls = match state.current() {
        Some(call) => call.state == CallState::Open && call.attempt.is_none(),
        None => state.turn.is_none(),
    };
    let number = state.context.number();
    let name = format!("model/{}", provider_of(&about.model)).into();
    let lane = Lane { name, group: about.session.to_string().into() };
    let (begun, since, work) = (compaction.begun, compaction.since, Work::Compact { number });
    let want = Want { class: Class::Repeat, begun, lane, since, work };
    between_calls.then(|| (EffectKey::new(format!("compact/{number}")), want))
}

/// The next attempt begins; it sums up what the one before was to.
pub(super) fn begin(state: &State, number: u32, attempt: Attempt) -> Option<Event> {
    let (about, compaction) = (state.about.as_ref()?, state.context.compaction.as_ref()?);
    let upto = compaction.upto.unwrap_or_else(|| upto(state));
    Some(Event::CompactionStarted { number, model: about.model.clone(), attempt, upto })
}

/// What becomes of a model's summary.
pub(super) fn settled(state: &State, number: u32, attempt: Attempt, summed: Summed, now: &Deciding) -> Vec<Event> {
    let Summed { summary, usage, latency_ms } = summed;
    if !summary.shown().trim().is_empty() {
        let upto = state.context.compaction.as_ref().and_then(|compaction| compaction.upto).unwrap_or_default();
        return vec![Event::Compacted { number, attempt, summary, upto, usage, latency_ms }];
    }
    let message = "the model gave no summary".into();
    let error = CallError { code: "no_summary".into(), message, retry: Retry::Never, retry_after_ms: None };
    failed(state, number, attempt, error, usage, now)
}

/// A summary failed. Where the conversation is too long without it, so has the turn.
pub(super) fn failed(
    state: &State,
    number: u32,
    attempt: Attempt,
    error: CallError,
    usage: Usage,
    now: &Deciding,
) -> Vec<Event> {
    let too_long = state.context.compaction.as_ref().is_some_and(|compaction| compaction.reason == Reason::TooLong);
    let ended = state.current().filter(|_| too_long).map(|call| {
        let message =
            format!("The conversation is too long for the model, and could not be summed up: {}", error.message);
        let error =
            CallError { code: TOO_LONG.into(), message: message.into(), retry: Retry::Never, retry_after_ms: None };
        (call.call, call.attempt.unwrap_or_default(), error)
    });
    let mut events = vec![Event::CompactionFailed { number, attempt, error, usage }];
    if let Some((call, attempt, error)) = ended {
        let after = super::settle::folded(state.clone(), &events, now);
        events.extend(fail_call(&after, call, attempt, error, now));
    }
    events
}

/// Whether a call that is too long is worth a summary and another try: once a turn.
pub(super) fn may_try_shorter(state: &State, error: &CallError) -> bool {
    let first = state.turn.as_ref().is_some_and(|turn| !turn.shortened);
    *error.code == *TOO_LONG && first && can_compact(state)
}

/// How each event changes it.
impl State {
    /// A message goes into the next prompt.
    pub(super) fn context_posted(&mut self, text: &Body, attachments: &[Attachment]) {
        let files = attachments.iter().map(|file| if file.is_image() { IMAGE } else { file.bytes });
        self.context_added(files.fold(text.bytes(), u64::saturating_add));
    }

    /// Text goes into the next prompt.
    pub(super) fn context_added(&mut self, bytes: u64) {
        self.context.added = self.context.added.saturating_add(bytes);
    }

    /// A call ended well.
    pub(super) fn context_used(&mut self, usage: Usage, window: Option<u64>) {
        self.context.used = usage.total();
        self.context.added = 0;
        self.context.window = window;
    }

    /// Another model answers from now on.
    pub(super) fn context_configured(&mut self) {
        self.context.window = None;
        self.context.failures = 0;
    }

    /// The chat is a fork from here on: a summary that is being made is made elsewhere.
    pub(super) fn context_forked(&mut self, other_model: bool) {
        self.context.requested = false;
        if self.context.compaction.is_some() {
            self.context.closed();
        }
        if other_model {
            self.context_configured();
        }
    }

    /// A call is too long, and is tried once more behind a summary.
    pub(super) fn context_too_long(&mut self, at: Micros) {
        if let Some(turn) = &mut self.turn {
            turn.shortened = true;
        }
        self.context.due(Reason::TooLong, at);
    }

    /// Another call is about to be wanted.
    pub(super) fn context_before_call(&mut self, at: Micros) {
        let requested = std::mem::take(&mut self.context.requested);
        let nearly_full = self.context.is_nearly_full() && self.context.failures < FAILURES;
        if (requested || nearly_full) && can_compact(self) {
            self.context.due(if requested { Reason::Requested } else { Reason::NearlyFull }, at);
        }
    }

    /// The turn is over: only what somebody asked for is still to be made.
    pub(super) fn context_turn_ended(&mut self, at: Micros) {
        if self.context.compaction.as_ref().is_some_and(|compaction| compaction.reason != Reason::Requested) {
            self.context.closed();
        }
        if std::mem::take(&mut self.context.requested) && can_compact(self) {
            self.context.due(Reason::Requested, at);
        }
    }

    /// Somebody asked for a summary.
    pub(super) fn context_requested(&mut self, at: Micros) {
        if self.turn.is_some() {
            self.context.requested = true;
        } else {
            self.context.due(Reason::Requested, at);
        }
    }

    /// An attempt at a summary began.
    pub(super) fn context_compacting(&mut self, number: u32, attempt: Attempt, upto: u64) {
        if let Some(compaction) = self.context.running(number) {
            compaction.begun = Some(attempt);
            compaction.upto = Some(upto);
        }
    }

    /// A summary takes the place of what is earlier.
    pub(super) fn context_compacted(&mut self, number: u32, summary: &Body, upto: u64, usage: Usage) {
        if self.context.running(number).is_some() {
            self.context.closed();
            let asked = self.turn.as_ref().map(|turn| turn.message).filter(|message| self.is_before(*message, upto));
            self.context.summary = Some(Summary { text: summary.clone(), upto, asked });
            (self.context.used, self.context.added, self.context.failures) = (0, 0, 0);
            self.count(usage);
        }
    }

    /// A summary failed.
    pub(super) fn context_not_compacted(&mut self, number: u32, usage: Usage) {
        if self.context.running(number).is_some() {
            self.context.closed();
            self.context.failures = self.context.failures.saturating_add(1);
            self.count(usage);
        }
    }

    fn is_before(&self, message: Uuid, upto: u64) -> bool {
        let is_it = |known: &Message| matches!(known, Message::User(posted) if posted.message == message);
        let place = self.messages.iter().rposition(is_it);
        place.is_none_or(|at| u64::try_from(at).unwrap_or(u64::MAX) < upto)
    }

    fn count(&mut self, usage: Usage) {
        self.usage += usage;
        if let Some(turn) = &mut self.turn {
            turn.usage += usage;
        }
    }
}

impl Context {
    fn due(&mut self, reason: Reason, since: Micros) {
        self.compaction.get_or_insert(Compaction { reason, since, begun: None, upto: None });
    }

    fn running(&mut self, number: u32) -> Option<&mut Compaction> {
        let is_it = number == self.number();
        self.compaction.as_mut().filter(|_| is_it)
    }

    fn closed(&mut self) {
        self.compaction = None;
        self.compactions = self.compactions.saturating_add(1);
    }
}
