//! The decisions that one append carries, and who waits for each of them.

use replay::{
    decider::{Attempt, EffectCommand, EffectKey},
    entity::Decision,
    ids::{Position, Revision},
    log::{Ack, Append, AppendError, Appended, Expected, MAX_DATA},
    record::NewRecord,
};
use uuid::Uuid;

use super::{error::SubmitError, request::Reply};
use crate::entities::{Outcome, Piece};

/// An append takes no further decisions once its data is this large, in bytes: well below what a frame may hold.
const FULL: usize = 2 * 1024 * 1024;
/// The data of one decision, in bytes: with [`FULL`] and what a record is wrapped in, it still fits into a frame.
const LARGEST: usize = 4 * 1024 * 1024;

/// Decisions on their way into one append.
#[derive(Default)]
pub(super) struct Batch {
    records: Vec<NewRecord>,
    expected: Option<Expected>,
    durable: bool,
    bytes: usize,
    pub waiting: Vec<Waiting>,
}

/// Who waits for a decision.
pub(super) enum Waiting {
    /// One who sent a command.
    Command { revision: Option<Revision>, reply: Reply<super::Accepted> },
    /// One who sent a command that is refused, if what was decided just before is appended.
    Refused { error: SubmitError, reply: Reply<super::Accepted> },
    /// Work, and what it said.
    Effect { said: Said, reply: Option<Reply<()>> },
    /// Work that is not wanted any more, if what was decided just before is appended.
    Stale { said: Said, error: SubmitError, reply: Option<Reply<()>> },
}

/// What work said, as far as the table of running effects is concerned.
#[derive(Debug, Clone)]
pub(super) enum Said {
    Begin { key: EffectKey, event: Option<Uuid> },
    Progress,
    Report { key: EffectKey, attempt: Attempt },
    Lost { key: EffectKey },
}

impl Said {
    pub fn of(command: &EffectCommand<Piece, Outcome>) -> Self {
        match command {
            EffectCommand::Begin { key } => Self::Begin { key: key.clone(), event: None },
            EffectCommand::Progress { .. } => Self::Progress,
            EffectCommand::Report { key, attempt, .. } => Self::Report { key: key.clone(), attempt: *attempt },
            EffectCommand::Lost { key, .. } => Self::Lost { key: key.clone() },
        }
    }
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How much data it holds, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes as u64
    }

    pub fn is_full(&self) -> bool {
        self.bytes >= FULL
    }

    pub fn add(&mut self, decision: Decision) {
        if decision.records.is_empty() {
            return;
        }
        self.expected.get_or_insert(decision.expected);
        self.durable |= decision.ack == Ack::Durable;
        self.bytes += decision.records.iter().map(|record| record.data.json().len()).sum::<usize>();
        self.records.extend(decision.records);
    }

    /// The append, and who waits for it.
    pub fn into_append(self, stream: replay::ids::StreamId) -> (Append, Vec<Waiting>) {
        let ack = if self.durable { Ack::Durable } else { Ack::Written };
        let expected = self.expected.unwrap_or(Expected::Any);
        (Append { stream, expected, records: self.records, ack }, self.waiting)
    }
}

/// Why the log would refuse a decision whatever it is appended with; `None` if it would not.
pub(super) fn too_large(decision: &Decision) -> Option<AppendError> {
    let sizes = || decision.records.iter().map(|record| record.data.json().len());
    if let Some(bytes) = sizes().find(|bytes| *bytes > MAX_DATA) {
        return Some(AppendError::DataTooLarge { bytes });
    }
    let bytes = sizes().sum();
    (bytes > LARGEST).then_some(AppendError::FrameTooLarge { bytes })
}

/// Where a revision stands, if the append holds it.
pub(super) fn position_in(appended: Option<Appended>, revision: Revision) -> Option<Position> {
    let appended = appended?;
    let offset = revision.0.checked_sub(appended.revision.0).filter(|offset| *offset < appended.count)?;
    Some(appended.position.plus(offset))
}
