//! The port through which the host has work done, and through which the work says how it goes.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use replay::{
    decider::{Attempt, EffectCommand, EffectKey},
    ids::StreamId,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Host, error::SubmitError, registry::Inner, request::Request};
use crate::entities::{Outcome, Piece, StateAt, Work};

/// Does the work that entities want. A performance ends in exactly one outcome.
pub trait Perform: Send + Sync + 'static {
    /// Does one piece of work. The future is dropped when nobody wants the work any more.
    fn perform(&self, job: Job) -> BoxFuture<'static, Outcome>;

    /// The outcome of a performance that panicked.
    fn panicked(&self, work: &Work, message: &str) -> Outcome;
}

/// One piece of work, about to be done.
pub struct Job {
    /// Whose it is.
    pub stream: StreamId,
    /// Its key.
    pub key: EffectKey,
    /// Its attempt.
    pub attempt: Attempt,
    /// The work.
    pub work: Work,
    /// The state that wanted it.
    pub state: StateAt,
    /// Where it says what it has so far.
    pub progress: Progress,
    /// The host that has it done, for work that happens in other entities.
    pub host: Host,
    /// Cancelled when nobody wants the work any more, for what does not end by being dropped.
    pub cancelled: CancellationToken,
}

/// Where work says what it has so far.
#[derive(Clone)]
pub struct Progress {
    pub(super) host: Arc<Inner>,
    pub(super) stream: StreamId,
    pub(super) key: EffectKey,
    pub(super) attempt: Attempt,
    pub(super) cause: Option<Uuid>,
}

/// Nobody wants the work any more, or what it said could not be kept: end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this work is not wanted any more")]
pub struct Stopped;

impl Progress {
    /// Appends a piece, and waits until it is written: a slow log slows the work.
    ///
    /// # Errors
    /// The work is to end.
    pub async fn send(&self, piece: Piece) -> Result<(), Stopped> {
        let (key, attempt) = (self.key.clone(), self.attempt);
        let command = EffectCommand::Progress { key, attempt, piece };
        self.host.tell(&self.stream, self.cause, command).await.map_err(|_| Stopped)
    }

    /// Appends the end.
    pub(super) async fn report(&self, outcome: Outcome) -> Result<(), SubmitError> {
        let command = EffectCommand::Report { key: self.key.clone(), attempt: self.attempt, outcome };
        self.host.tell(&self.stream, self.cause, command).await
    }
}

impl Inner {
    /// Tells an entity what an effect says, and waits until that is appended.
    async fn tell(
        self: &Arc<Self>,
        stream: &StreamId,
        cause: Option<Uuid>,
        command: EffectCommand<Piece, Outcome>,
    ) -> Result<(), SubmitError> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.send(stream, Request::Effect { command, cause, reply: Some(reply) })?;
        answer.await.unwrap_or_else(|_| Err(self.unanswered(stream)))
    }
}
