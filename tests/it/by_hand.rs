//! Events written into a log by hand, without the server and its rules.

use replay::{
    ids::{By, Micros},
    log::{Ack, Append, EventLog, Expected},
    record::{Data, NewRecord},
};
use serde_json::Value;
use uuid::Uuid;

/// Appends an event of any type to a stream, durably.
pub async fn append(log: &dyn EventLog, stream: &str, kind: &str, version: u16, data: &Value) {
    let record = NewRecord {
        id: Uuid::now_v7(),
        at: Micros(1),
        kind: kind.into(),
        version,
        by: By::system(),
        cause: None,
        corr: None,
        cmd: None,
        copy_of: None,
        data: Data::of(data).unwrap(),
    };
    let stream = stream.parse().unwrap();
    log.append(Append { stream, expected: Expected::Any, records: vec![record], ack: Ack::Durable }).await.unwrap();
}
