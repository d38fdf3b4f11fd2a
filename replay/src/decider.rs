//! The rules of one kind of entity, as pure functions.
//!
//! ```text
//! command ─▶ decide ─▶ events ─▶ log ─▶ evolve ─▶ state ─▶ wants ─▶ effects ─▶ settle ─▶ events …
//! ```

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    event::Event,
    ids::{By, Micros},
    log::Ack,
};

/// The rules of one kind of entity. Pure: no clock, no randomness, no I/O; the same inputs give the same outputs for ever.
pub trait Decider: 'static {
    /// The kind, as it stands in the names of its streams.
    const KIND: &'static str;
    /// The version of `State`; a snapshot or digest of another version is not compared.
    const VERSION: u32;
    /// What the events amount to.
    type State: Default + Clone + Serialize + DeserializeOwned + Send + 'static;
    /// The facts.
    type Event: Event;
    /// What a client may ask for.
    type Command: Serialize + DeserializeOwned + Clone + Send + 'static;
    /// Why a command is not done.
    type Rejection: Rejection;
    /// What an effect is to do.
    type Work: Clone + PartialEq + fmt::Debug + Send + 'static;
    /// What an effect streams while it runs.
    type Piece: Send + 'static;
    /// What an effect ends with.
    type Outcome: Send + 'static;
    /// What a page needs of the state.
    type View: Serialize + Send + 'static;

    /// The answer to a request from outside: events, none if nothing is to change, or a reason.
    ///
    /// # Errors
    /// The rules forbid it.
    fn decide(
        state: &Self::State,
        command: Self::Command,
        context: &Context,
    ) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// The answer to what an effect says about itself. Only the host can call this: a client cannot forge a report.
    ///
    /// # Errors
    /// [`Stale`] for a key that is not wanted or an attempt that is not the begun one.
    fn settle(
        state: &Self::State,
        command: EffectCommand<Self::Piece, Self::Outcome>,
        context: &Context,
    ) -> Result<Vec<Self::Event>, Stale>;

    /// Folds one fact, which happened at `at`. Total: a recorded fact cannot be refused.
    fn evolve(state: &mut Self::State, event: &Self::Event, at: Micros);

    /// The outside work that the state still wants, asked after every change and every restart: the answer is the queue.
    fn wants(state: &Self::State) -> BTreeMap<EffectKey, Want<Self::Work>>;

    /// Whether an event must be durable before it is answered.
    fn ack(event: &Self::Event) -> Ack;

    /// What a page needs.
    fn view(state: &Self::State) -> Self::View;
}

/// A typed reason for not doing a command.
pub trait Rejection: std::error::Error + Send + Sync + 'static {
    /// Its stable code in `snake_case`, the same for ever.
    fn code(&self) -> &'static str;
}

/// The instant and the ids of one decision, as values.
#[derive(Debug, Clone)]
pub struct Context {
    /// The time of the decision.
    pub now: Micros,
    /// Who asks.
    pub by: By,
    /// A fresh UUIDv7, from which the decision derives any others it needs.
    pub fresh: Uuid,
}

/// Names one piece of outside work for ever, within its stream: `call/3.1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectKey(Arc<str>);

impl EffectKey {
    /// The key of this name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which try of one piece of work, from 1. A retry that the rules want is new work with a new key; this counts restarts only.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Attempt(pub u32);

impl Attempt {
    /// The attempt after the one that was begun last.
    pub fn after(begun: Option<Self>) -> Self {
        Self(begun.map_or(1, |attempt| attempt.0.saturating_add(1)))
    }
}

/// What a crash in the middle of a piece of work means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It simply runs again: no begin, no attempt. Timers.
    Free,
    /// It begins again. Model calls, reads, searches.
    Repeat,
    /// It begins again under the same idempotency key; the other side does it once.
    Keyed,
    /// Nobody knows whether it happened: it is settled as unknown. Whatever changes the world.
    Once,
}

impl Class {
    /// How durable the begin must be before the work starts.
    pub fn begin_ack(self) -> Ack {
        match self {
            Self::Free | Self::Repeat => Ack::Written,
            Self::Keyed | Self::Once => Ack::Durable,
        }
    }
}

/// A queue for admission that spans streams, and whose turn it takes there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    /// Its name: `model/openai`, `tools`. The host knows its capacity.
    pub name: Arc<str>,
    /// Who shares it in turn: a session.
    pub group: Arc<str>,
}

/// One piece of outside work that a state wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Want<W> {
    /// What a crash in the middle means.
    pub class: Class,
    /// The attempt that was begun last, if any.
    pub begun: Option<Attempt>,
    /// Where it queues.
    pub lane: Lane,
    /// Since when it is wanted.
    pub since: Micros,
    /// What is to be done.
    pub work: W,
}

/// What the host tells an entity about one piece of work.
#[derive(Debug, Clone)]
pub enum EffectCommand<P, O> {
    /// It is about to start.
    Begin {
        /// Which work.
        key: EffectKey,
    },
    /// It produced something.
    Progress {
        /// Which work.
        key: EffectKey,
        /// Which attempt.
        attempt: Attempt,
        /// What.
        piece: P,
    },
    /// It ended.
    Report {
        /// Which work.
        key: EffectKey,
        /// Which attempt; for `Free` work, 0.
        attempt: Attempt,
        /// How.
        outcome: O,
    },
    /// It was begun and runs nowhere.
    Lost {
        /// Which work.
        key: EffectKey,
        /// Which attempt.
        attempt: Attempt,
    },
}

/// The work is not wanted any more, or another attempt of it was begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("attempt {attempt:?} of `{key}` is not the one that is wanted")]
pub struct Stale {
    /// Which work.
    pub key: EffectKey,
    /// Which attempt, where one was named.
    pub attempt: Option<Attempt>,
}
