//! One event as the log keeps it: the envelope that the log understands, and data that it does not.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::ids::{By, CommandId, Micros, Position, Revision, StreamId};

/// An event in the log.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its number within the whole log.
    pub position: Position,
    /// Its number within its stream.
    pub revision: Revision,
    /// The stream it stands in.
    pub stream: StreamId,
    /// What the appender said.
    pub event: NewRecord,
}

/// An event as it is handed to the log.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// Its own id, a UUIDv7; that of a copy is made from its original's.
    pub id: Uuid,
    /// When it happened.
    pub at: Micros,
    /// Its type, as `MessagePosted`: 1 to 64 ASCII letters and digits.
    pub kind: Arc<str>,
    /// The version of its type, from 1.
    pub version: u16,
    /// Who made it happen.
    pub by: By,
    /// The event that led to it, where there is one.
    pub cause: Option<Uuid>,
    /// The first event of the chain of causes that it belongs to.
    pub corr: Option<Uuid>,
    /// The command from outside that it answers.
    pub cmd: Option<CommandId>,
    /// The event that it is a copy of, in a fork.
    pub copy_of: Option<Uuid>,
    /// What it says.
    pub data: Data,
}

/// What an event says: JSON exactly as it came, or nothing any more.
#[derive(Debug, Clone)]
pub enum Data {
    /// The JSON text.
    Json(Arc<RawValue>),
    /// The data was removed by a redaction; header and commitment remain.
    Redacted,
}

impl Data {
    /// The data as JSON text; `null` when redacted.
    pub fn json(&self) -> &str {
        match self {
            Self::Json(raw) => raw.get(),
            Self::Redacted => "null",
        }
    }

    /// From any value.
    ///
    /// # Errors
    /// The value cannot be written as JSON.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        Ok(Self::Json(serde_json::value::to_raw_value(value)?.into()))
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Json(a), Self::Json(b)) => a.get() == b.get(),
            (Self::Redacted, Self::Redacted) => true,
            (Self::Json(_), Self::Redacted) | (Self::Redacted, Self::Json(_)) => false,
        }
    }
}
