//! One entity in the simulated server: what it is asked, what it appends, and what its work says.

use std::collections::VecDeque;

use replay::{
    decider::{Attempt, EffectCommand, EffectKey},
    entity::{Decision, Entity},
    ids::{Revision, StreamId},
    log::{Ack, Append, Expected},
    record::NewRecord,
};

use super::story::Story;

/// As the host's actor, without futures: each of its waits is a phase that the scheduler ends.
pub struct Actor<S: Story> {
    pub entity: Option<Entity<S>>,
    pub queue: VecDeque<Request<S>>,
    pub phase: Phase<S>,
    /// It compares what is wanted after a pause, as its last append failed.
    pub pauses: bool,
    pub stirred: bool,
    pub failures: u32,
    /// Events since the last snapshot, or since it woke.
    pub since_snapshot: u64,
}

pub enum Phase<S: Story> {
    Idle,
    Folding,
    Appending(Batch<S>),
}

/// What an actor is asked.
pub enum Request<S: Story> {
    Command { client: usize, number: usize },
    Effect { command: EffectCommand<S::Piece, S::Outcome>, task: Option<u64> },
    Start { key: EffectKey, attempt: Attempt, work: S::Work },
    Compare,
    Refold,
}

impl<S: Story> Request<S> {
    pub fn looks(&self) -> bool {
        !matches!(self, Self::Command { .. } | Self::Effect { .. })
    }
}

/// Who waits for an append.
pub enum Waiting<S: Story> {
    Command {
        revision: Option<Revision>,
        client: usize,
        number: usize,
    },
    /// A command that was refused, if what was decided before it is appended.
    Refused {
        why: S::Rejection,
        client: usize,
        number: usize,
    },
    Effect {
        said: Said,
        task: Option<u64>,
    },
    /// What is not wanted, if what was decided before it is appended.
    Stale {
        said: Said,
        task: Option<u64>,
    },
}

/// What work said.
#[derive(Debug, Clone)]
pub enum Said {
    Begin { key: EffectKey },
    Progress,
    Report { key: EffectKey, attempt: Attempt },
    Lost { key: EffectKey },
}

impl Said {
    pub fn of<P, O>(command: &EffectCommand<P, O>) -> Self {
        match command {
            EffectCommand::Begin { key } => Self::Begin { key: key.clone() },
            EffectCommand::Progress { .. } => Self::Progress,
            EffectCommand::Report { key, attempt, .. } => Self::Report { key: key.clone(), attempt: *attempt },
            EffectCommand::Lost { key, .. } => Self::Lost { key: key.clone() },
        }
    }
}

/// Decisions on their way into one append.
pub struct Batch<S: Story> {
    pub records: Vec<NewRecord>,
    expected: Option<Expected>,
    durable: bool,
    pub waiting: Vec<Waiting<S>>,
}

impl<S: Story> Batch<S> {
    pub fn new() -> Self {
        Self { records: vec![], expected: None, durable: false, waiting: vec![] }
    }

    pub fn add(&mut self, decision: Decision) {
        if decision.records.is_empty() {
            return;
        }
        self.expected.get_or_insert(decision.expected);
        self.durable |= decision.ack == Ack::Durable;
        self.records.extend(decision.records);
    }

    pub fn append_to(&self, stream: &StreamId) -> Append {
        let ack = if self.durable { Ack::Durable } else { Ack::Written };
        let expected = self.expected.unwrap_or(Expected::Any);
        Append { stream: stream.clone(), expected, records: self.records.clone(), ack }
    }
}

impl<S: Story> Actor<S> {
    pub fn new() -> Self {
        Self {
            entity: None,
            queue: VecDeque::new(),
            phase: Phase::Folding,
            pauses: false,
            stirred: false,
            failures: 0,
            since_snapshot: 0,
        }
    }

    pub fn is_busy(&self) -> bool {
        !matches!(self.phase, Phase::Idle)
    }
}

/// A piece of work that runs.
pub struct Task<S: Story> {
    pub stream: StreamId,
    pub key: EffectKey,
    pub attempt: Attempt,
    pub performance: super::story::Performance<S>,
    pub stage: Stage,
    /// It waits until what it said is appended.
    pub waits: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is about to happen.
    Doing,
    /// It happened; this piece is said next, and after the last one the outcome.
    Saying(usize),
}

/// Who asked for something.
#[derive(Debug, Clone, Copy)]
pub enum Who {
    Client(usize),
    Task(u64),
    Nobody,
}

impl<S: Story> Request<S> {
    pub fn who(&self) -> Who {
        match self {
            Self::Command { client, .. } => Who::Client(*client),
            Self::Effect { task, .. } => task.map_or(Who::Nobody, Who::Task),
            Self::Start { .. } | Self::Compare | Self::Refold => Who::Nobody,
        }
    }
}

impl<S: Story> Waiting<S> {
    pub fn who(&self) -> Who {
        match self {
            Self::Command { client, .. } | Self::Refused { client, .. } => Who::Client(*client),
            Self::Effect { task, .. } | Self::Stale { task, .. } => task.map_or(Who::Nobody, Who::Task),
        }
    }
}
