//! The closed set of kinds: the only file that knows them all.

use std::{collections::BTreeMap, sync::Arc};

use replay::{
    decider::{Attempt, Decider, EffectCommand, EffectKey, Stale, Want},
    entity::{self, Answer, Decision, Entity, FoldError, Sender},
    fork::Copied,
    ids::{By, Position, Revision, StreamId},
    log::{Appended, Link, LogId},
    ports::Ids,
    record::Record,
    snapshot::{Misfit, Snapshot},
};
use serde_json::{Value, value::RawValue};

use super::{
    chat::{self, Chat},
    nothing::Nothing,
    project::{self, Project},
    run::{self, Run},
    session::{self, Session},
    system::{self, System},
};

macro_rules! kinds {
    ($($kind:ident = $name:literal in $module:ident),+ $(,)?) => {
        /// A kind of entity.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = concat!("A ", $name, ".")] $kind),+
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The kind of a stream; `None` for one that only a newer version knows.
            pub fn of(stream: &StreamId) -> Option<Self> {
                match stream.kind() {
                    $($name => Some(Self::$kind),)+
                    _ => None,
                }
            }

            /// Its name, as it stands in the names of streams.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }
        }

        /// A command from outside, to an entity of some kind.
        #[derive(Debug, Clone)]
        pub enum Command {
            $(#[doc = concat!("To a ", $name, ".")] $kind($module::Command)),+
        }

        impl Command {
            /// Reads a command to an entity of this kind.
            ///
            /// # Errors
            /// It is none: serde says what does not fit.
            pub fn parse(kind: Kind, json: &str) -> Result<Self, serde_json::Error> {
                match kind { $(Kind::$kind => serde_json::from_str(json).map(Self::$kind)),+ }
            }

            /// The kind that it is for.
            pub fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind),+ }
            }
        }

        $(impl From<$module::Command> for Command {
            fn from(command: $module::Command) -> Self {
                Self::$kind(command)
            }
        })+

        /// An entity of some kind, in memory.
        #[expect(clippy::large_enum_variant, reason = "almost all entities that are awake are chats, the largest kind")]
        pub enum AnyEntity {
            $(#[doc = concat!("A ", $name, ".")] $kind(Entity<$kind>)),+
        }

        impl AnyEntity {
            /// An entity of this kind before its first event.
            pub fn new(kind: Kind, stream: StreamId) -> Self {
                match kind { $(Kind::$kind => Self::$kind(Entity::new(stream))),+ }
            }

            /// The entity of this kind that a snapshot was made of.
            ///
            /// # Errors
            /// It is of another program, stream, kind or version.
            pub fn of_snapshot(kind: Kind, snapshot: &Snapshot, program: &str, stream: StreamId) -> Result<Self, Misfit> {
                match kind { $(Kind::$kind => Entity::of_snapshot(snapshot, program, stream).map(Self::$kind)),+ }
            }

            /// A snapshot of it, if it folded what is durable in a log and nothing else; `None` before its first event.
            ///
            /// # Errors
            /// It cannot be written as JSON.
            pub fn snapshot(&self, program: &str, log: LogId, link: Link) -> Result<Option<Vec<u8>>, serde_json::Error> {
                match self { $(Self::$kind(entity) => entity.snapshot(program, log, link)),+ }
            }

            /// Whether a snapshot says of it what its fold gave.
            ///
            /// # Errors
            /// It cannot be written as JSON.
            pub fn is_as_in(&self, snapshot: &Snapshot) -> Result<bool, serde_json::Error> {
                match self { $(Self::$kind(entity) => entity.is_as_in(snapshot)),+ }
            }

            /// Folds the next record of its stream.
            ///
            /// # Errors
            /// The record cannot be folded; the entity must be dropped.
            pub fn apply(&mut self, record: &Record) -> Result<(), FoldError> {
                match self { $(Self::$kind(entity) => entity.apply(record)),+ }
            }

            /// Answers a command from outside.
            ///
            /// # Errors
            /// See [`HandleError`].
            pub fn handle(&mut self, command: Command, sender: Sender, ids: &dyn Ids) -> Result<Decision, HandleError> {
                match (self, command) {
                    $((Self::$kind(entity), Command::$kind(command)) => entity.handle(command, sender, ids).map_err(HandleError::of),)+
                    (entity, command) => Err(HandleError::Rejected(Rejected {
                        code: "wrong_kind",
                        message: format!("this command is for a {}, and {} is none", command.kind().name(), entity.stream()),
                    })),
                }
            }

            /// Says where the records of the last decisions landed.
            pub fn landed(&mut self, appended: Appended) {
                match self { $(Self::$kind(entity) => entity.landed(appended)),+ }
            }

            /// What a page needs of it, as JSON.
            ///
            /// # Errors
            /// It cannot be written as JSON.
            pub fn view(&self) -> Result<Box<RawValue>, serde_json::Error> {
                match self { $(Self::$kind(entity) => serde_json::value::to_raw_value(&entity.view())),+ }
            }

            /// Its state as JSON.
            ///
            /// # Errors
            /// It cannot be written as JSON.
            pub fn state(&self) -> Result<Value, serde_json::Error> {
                match self { $(Self::$kind(entity) => serde_json::to_value(entity.state())),+ }
            }

            /// The digest of its state, under the version that goes with it.
            ///
            /// # Errors
            /// It cannot be written as JSON.
            pub fn digest(&self) -> Result<(String, u32), serde_json::Error> {
                match self { $(Self::$kind(entity) => Ok((replay::digest::digest(entity.state())?, <$kind as Decider>::VERSION))),+ }
            }

            /// Its stream.
            pub fn stream(&self) -> &StreamId {
                match self { $(Self::$kind(entity) => entity.stream()),+ }
            }

            /// The revision that its next event will have.
            pub fn next_revision(&self) -> Revision {
                match self { $(Self::$kind(entity) => entity.next_revision()),+ }
            }

            /// The position of the event of this revision, as far as it is remembered.
            pub fn position_of(&self, revision: Revision) -> Option<Position> {
                match self { $(Self::$kind(entity) => entity.position_of(revision)),+ }
            }

            /// The position of its last event, once that is appended.
            pub fn position(&self) -> Option<Position> {
                match self { $(Self::$kind(entity) => entity.position()),+ }
            }
        }
    };
}

kinds! {
    Session = "session" in session,
    Chat = "chat" in chat,
    Project = "project" in project,
    Run = "run" in run,
    System = "system" in system,
}

impl Kind {
    /// Whether entities of this kind ever want work outside.
    pub fn has_effects(self) -> bool {
        match self {
            Self::Chat | Self::Run => true,
            Self::Session | Self::Project | Self::System => false,
        }
    }
}

/// Outside work that an entity of some kind wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Of a chat.
    Chat(chat::Work),
    /// Of a run.
    Run(run::Work),
}

/// What work of some kind streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// For a chat.
    Chat(chat::Piece),
    /// For a run.
    Run(run::Piece),
}

/// What work of some kind ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// For a chat.
    Chat(chat::Outcome),
    /// For a run.
    Run(run::Outcome),
}

/// The state of an entity as its work begins.
#[derive(Debug, Clone)]
pub enum StateAt {
    /// Of a chat.
    Chat(Arc<chat::State>),
    /// Of a run.
    Run(Arc<run::State>),
}

/// Why a command was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejected {
    /// A stable code.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// Why a command was not decided.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The rules forbid it.
    #[error(transparent)]
    Rejected(Rejected),
    /// It was accepted before.
    #[error("this command was accepted before")]
    Repeated(Answer),
    /// The rules failed. The entity must be dropped and folded anew.
    #[error("the rules of this entity failed: {0}")]
    Broken(String),
}

impl HandleError {
    fn of<R: replay::decider::Rejection>(error: entity::HandleError<R>) -> Self {
        Self::of_any(error, |reason| Rejected { code: reason.code(), message: reason.to_string() })
    }

    fn of_stale(error: entity::HandleError<Stale>) -> Self {
        Self::of_any(error, |stale| Rejected { code: "stale", message: stale.to_string() })
    }

    fn of_any<R>(error: entity::HandleError<R>, rejected: impl FnOnce(R) -> Rejected) -> Self {
        match error {
            entity::HandleError::Rejected(reason) => Self::Rejected(rejected(reason)),
            entity::HandleError::Repeated(answer) => Self::Repeated(answer),
            entity::HandleError::Broken(message) => Self::Broken(message),
            entity::HandleError::HalfCopied => Self::Rejected(Rejected {
                code: "unfinished_fork",
                message: "this fork is not complete: send the request that forked it again, and it is completed".into(),
            }),
            entity::HandleError::Occupied => Self::Rejected(occupied()),
        }
    }
}

/// What is said of copies that do not belong where they should go.
pub fn occupied() -> Rejected {
    let message = "something else stands under this id already: fork under another one".into();
    Rejected { code: "occupied", message }
}

impl AnyEntity {
    /// Answers what an effect says.
    ///
    /// # Errors
    /// It is stale, or the rules failed.
    pub fn settle(
        &mut self,
        command: EffectCommand<Piece, Outcome>,
        sender: Sender,
        ids: &dyn Ids,
    ) -> Result<Decision, HandleError> {
        match self {
            Self::Chat(entity) => {
                let outcome = |outcome| match outcome {
                    Outcome::Chat(outcome) => Some(outcome),
                    Outcome::Run(_) => None,
                };
                let piece = |piece| match piece {
                    Piece::Chat(piece) => Some(piece),
                    Piece::Run(_) => None,
                };
                let command = narrow(command, piece, outcome)?;
                entity.settle(command, sender, ids).map_err(HandleError::of_stale)
            }
            Self::Run(entity) => {
                let outcome = |outcome| match outcome {
                    Outcome::Run(outcome) => Some(outcome),
                    Outcome::Chat(_) => None,
                };
                let piece = |piece| match piece {
                    Piece::Run(piece) => Some(piece),
                    Piece::Chat(_) => None,
                };
                let command = narrow(command, piece, outcome)?;
                entity.settle(command, sender, ids).map_err(HandleError::of_stale)
            }
            Self::Session(_) | Self::Project(_) | Self::System(_) => {
                let stream = self.stream();
                Err(HandleError::Rejected(Rejected { code: "stale", message: format!("{stream} wants no work") }))
            }
        }
    }

    /// Takes copies of another stream's events as its next ones: the beginning of a fork.
    ///
    /// # Errors
    /// They do not belong behind what it has, or the rules failed over one of them.
    pub fn copy(&mut self, copied: Copied) -> Result<Decision, HandleError> {
        match self {
            Self::Chat(entity) => entity.copy(copied).map_err(HandleError::of),
            Self::Session(_) | Self::Project(_) | Self::Run(_) | Self::System(_) => {
                Err(HandleError::Rejected(not_forked()))
            }
        }
    }

    /// Takes the last copies, and completes the fork.
    ///
    /// # Errors
    /// As for [`copy`](Self::copy); or it was completed by the same command before.
    pub fn fork(
        &mut self,
        copied: Copied,
        fork: chat::Fork,
        sender: &Sender,
        ids: &dyn Ids,
    ) -> Result<Decision, HandleError> {
        match self {
            Self::Chat(entity) => {
                let rules = |state: &chat::State| vec![chat::fork::forked(state, fork)];
                entity.fork(copied, rules, sender, ids).map_err(HandleError::of)
            }
            Self::Session(_) | Self::Project(_) | Self::Run(_) | Self::System(_) => {
                Err(HandleError::Rejected(not_forked()))
            }
        }
    }

    /// The outside work that it wants.
    ///
    /// # Errors
    /// The rules panicked; the entity must be dropped.
    pub fn wants(&self) -> Result<BTreeMap<EffectKey, Want<Work>>, String> {
        Ok(match self {
            Self::Chat(entity) => {
                entity.wants()?.into_iter().map(|(key, want)| (key, widen(want, Work::Chat))).collect()
            }
            Self::Run(entity) => entity.wants()?.into_iter().map(|(key, want)| (key, widen(want, Work::Run))).collect(),
            Self::Session(entity) => none::<Session>(entity),
            Self::Project(entity) => none::<Project>(entity),
            Self::System(entity) => none::<System>(entity),
        })
    }

    /// The attempt that was begun last of a key that is wanted.
    pub fn begun(&self, key: &EffectKey) -> Option<Attempt> {
        self.wants().ok()?.get(key)?.begun
    }

    /// Who makes happen what its work leads to.
    pub fn agent(&self) -> By {
        match self {
            Self::Chat(entity) => {
                entity.state().about.as_ref().map_or_else(By::system, |about| By::agent(&about.agent))
            }
            Self::Run(entity) => {
                entity.state().about.as_ref().map_or_else(By::system, |about| By::agent(&about.workflow))
            }
            Self::Session(_) | Self::Project(_) | Self::System(_) => By::system(),
        }
    }

    /// The state as it is handed to work that begins; `None` for kinds without work.
    pub fn state_at(&self) -> Option<StateAt> {
        match self {
            Self::Chat(entity) => Some(StateAt::Chat(Arc::new(entity.state().clone()))),
            Self::Run(entity) => Some(StateAt::Run(Arc::new(entity.state().clone()))),
            Self::Session(_) | Self::Project(_) | Self::System(_) => None,
        }
    }
}

fn not_forked() -> Rejected {
    Rejected { code: "not_forked", message: "only chats are forked".into() }
}

fn none<D: Decider<Work = Nothing>>(_: &Entity<D>) -> BTreeMap<EffectKey, Want<Work>> {
    BTreeMap::new()
}

fn widen<W>(want: Want<W>, wide: impl Fn(W) -> Work) -> Want<Work> {
    let Want { class, begun, lane, since, work } = want;
    Want { class, begun, lane, since, work: wide(work) }
}

/// The same for one kind.
///
/// # Errors
/// It is for another kind: a program that mixes them up.
fn narrow<P, O>(
    command: EffectCommand<Piece, Outcome>,
    piece_of: impl Fn(Piece) -> Option<P>,
    outcome_of: impl Fn(Outcome) -> Option<O>,
) -> Result<EffectCommand<P, O>, HandleError> {
    let foreign = || HandleError::Broken("an effect said something that is for another kind of entity".into());
    Ok(match command {
        EffectCommand::Begin { key } => EffectCommand::Begin { key },
        EffectCommand::Progress { key, attempt, piece } => {
            EffectCommand::Progress { key, attempt, piece: piece_of(piece).ok_or_else(foreign)? }
        }
        EffectCommand::Report { key, attempt, outcome } => {
            EffectCommand::Report { key, attempt, outcome: outcome_of(outcome).ok_or_else(foreign)? }
        }
        EffectCommand::Lost { key, attempt } => EffectCommand::Lost { key, attempt },
    })
}
