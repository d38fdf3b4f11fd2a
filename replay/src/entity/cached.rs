//! An entity written down as a snapshot, and made from one: everything of it that a fold gives.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Answer, Entity};
use crate::{
    decider::Decider,
    ids::StreamId,
    log::{Link, LogId},
    snapshot::{Head, Misfit, Snapshot},
};

/// What a fold gave, apart from what the head of a snapshot says.
#[derive(Serialize, Deserialize)]
struct Body<S> {
    last: Option<Uuid>,
    corr: Option<Uuid>,
    answered: VecDeque<Answer>,
    /// Only of a fork that is not complete.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    half_copied: bool,
    state: S,
}

impl<D: Decider> Entity<D> {
    /// A snapshot of it, made by a program, of an entity that folded what is durable in a log and nothing else; `link` is where
    /// its last event stands there. `None` before its first event.
    ///
    /// # Errors
    /// The state cannot be written as JSON.
    pub fn snapshot(&self, program: &str, log: LogId, link: Link) -> Result<Option<Vec<u8>>, serde_json::Error> {
        let Some(revision) = self.next.before() else { return Ok(None) };
        let head = Head::new((program, log), &self.stream, (D::KIND, D::VERSION), (revision, link));
        Snapshot::write(&head, &self.body()).map(Some)
    }

    /// The entity that a snapshot was made of. Whether that stands in the log is for the caller to ask.
    ///
    /// # Errors
    /// It is of another program, stream, kind or version.
    pub fn of_snapshot(snapshot: &Snapshot, program: &str, stream: StreamId) -> Result<Self, Misfit> {
        let Body { last, corr, answered, half_copied, state } =
            snapshot.body_for(program, &stream, (D::KIND, D::VERSION))?;
        let head = snapshot.head();
        let (next, position) = (head.revision.next(), Some(head.position));
        Ok(Self { stream, state, next, position, last, corr, answered, half_copied })
    }

    /// Whether a snapshot says of it what its fold gave.
    ///
    /// # Errors
    /// The state cannot be written as JSON.
    pub fn is_as_in(&self, snapshot: &Snapshot) -> Result<bool, serde_json::Error> {
        let (head, body) = (snapshot.head(), serde_json::to_vec(&self.body())?);
        let place = (Some(head.revision), Some(head.position)) == (self.next.before(), self.position);
        Ok(place && body == snapshot.body())
    }

    fn body(&self) -> Body<&D::State> {
        let Self { last, corr, half_copied, .. } = *self;
        Body { last, corr, answered: self.answered.clone(), half_copied, state: &self.state }
    }
}
