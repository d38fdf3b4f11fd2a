//! What can be asked of the actor of an entity.

use actix::Message;
use replay::{
    decider::{Attempt, EffectCommand, EffectKey},
    fork::Copied,
    ids::{By, CommandId, Revision},
};
use serde_json::value::RawValue;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{Accepted, error::SubmitError};
use crate::entities::{Command, Outcome, Piece, Work, chat::Fork, system};

/// Where an answer is waited for.
pub(super) type Reply<T> = oneshot::Sender<Result<T, SubmitError>>;

/// What can be asked of an actor.
pub(super) enum Request {
    /// A command from outside.
    Command { command: Box<Command>, by: By, id: CommandId, reply: Reply<Accepted> },
    /// Copies of another stream's events.
    Copy { copied: Copied, reply: Reply<Accepted> },
    /// The last copies, and what completes the fork.
    Fork { copied: Copied, fork: Box<Fork>, by: By, id: CommandId, reply: Reply<Accepted> },
    /// What an effect says.
    Effect { command: EffectCommand<Piece, Outcome>, cause: Option<Uuid>, reply: Option<Reply<()>> },
    /// Work that has its place in its lane and was begun.
    Start { key: EffectKey, attempt: Attempt, work: Work },
    /// Compare what is wanted with what runs.
    Compare,
    /// Answer once the entity is folded.
    Wake { reply: Reply<()> },
    /// What a page needs, and the revision that comes next.
    View { reply: Reply<(Revision, Box<RawValue>)> },
    /// Fold anew: the log gave up something that it had only written.
    Refold,
    /// Go out of service.
    Retire { reason: String },
}

impl Message for Request {
    type Result = ();
}

impl Request {
    pub fn begin(key: EffectKey) -> Self {
        Self::Effect { command: EffectCommand::Begin { key }, cause: None, reply: None }
    }

    pub fn lose(key: EffectKey, attempt: Attempt) -> Self {
        Self::Effect { command: EffectCommand::Lost { key, attempt }, cause: None, reply: None }
    }

    /// A note of the host in its own stream.
    pub fn note(command: system::Command, reply: Reply<Accepted>) -> Self {
        Self::Command { command: Box::new(command.into()), by: By::system(), id: CommandId::fresh(), reply }
    }

    pub fn is_from_outside(&self) -> bool {
        matches!(self, Self::Command { .. } | Self::Copy { .. } | Self::Fork { .. } | Self::View { .. })
    }

    /// Whether it changes nothing itself, but looks at a state that must be appended.
    pub fn looks(&self) -> bool {
        !matches!(self, Self::Command { .. } | Self::Copy { .. } | Self::Fork { .. } | Self::Effect { .. })
    }

    /// Whether the entity is needed for it as a whole.
    pub fn is_decided(&self) -> bool {
        !self.looks() || matches!(self, Self::Start { .. })
    }

    /// Whether it begins work that would only be cut off by the end of the host.
    pub fn begins(&self) -> bool {
        matches!(self, Self::Effect { command: EffectCommand::Begin { .. }, .. })
    }

    pub fn refuse(self, error: SubmitError) {
        // Whoever does not wait any more does not need the answer.
        match self {
            Self::Command { reply, .. } | Self::Copy { reply, .. } | Self::Fork { reply, .. } => {
                drop(reply.send(Err(error)));
            }
            Self::View { reply } => drop(reply.send(Err(error))),
            Self::Effect { reply: Some(reply), .. } | Self::Wake { reply } => drop(reply.send(Err(error))),
            Self::Effect { reply: None, .. }
            | Self::Start { .. }
            | Self::Compare
            | Self::Refold
            | Self::Retire { .. } => {}
        }
    }
}
