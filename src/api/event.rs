//! An event as the wire shows it.

use std::sync::Arc;

use replay::{
    ids::{By, CommandId, Micros, Position, Revision},
    record::{Data, Record},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// An event of a stream.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EventOut {
    /// Its number within its stream.
    pub revision: Revision,
    /// Its number within the whole log.
    pub position: Position,
    /// When it happened.
    pub at: Micros,
    /// Who made it happen.
    pub by: By,
    /// Its type, as `MessagePosted`.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// The version of its type.
    pub version: u16,
    /// What it says; `null` where it was redacted.
    #[schemars(with = "serde_json::Value")]
    pub data: Option<Arc<RawValue>>,
    /// Its own id.
    pub id: Uuid,
    /// The event that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Uuid>,
    /// The first event of the chain of causes that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corr: Option<Uuid>,
    /// The command from outside that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<CommandId>,
    /// The event that it is a copy of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<Uuid>,
}

impl From<Record> for EventOut {
    fn from(record: Record) -> Self {
        let event = record.event;
        Self {
            revision: record.revision,
            position: record.position,
            at: event.at,
            by: event.by,
            kind: event.kind,
            version: event.version,
            data: match event.data {
                Data::Json(raw) => Some(raw),
                Data::Redacted => None,
            },
            id: event.id,
            cause: event.cause,
            corr: event.corr,
            cmd: event.cmd,
            copy_of: event.copy_of,
        }
    }
}
