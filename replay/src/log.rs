//! The port to the log: an append-only sequence of records in streams.
//!
//! **Visible means durable**: whatever reads or subscribes stops at the durable head, so nobody ever acts on an
//! event that a power cut could take back. Only the appender itself learns earlier that its event is written.

use std::{fmt, path::Path};

use futures_util::{future::BoxFuture, stream::BoxStream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    digest::hex,
    figures::Figures,
    ids::{Position, Revision, StreamId},
    record::{NewRecord, Record},
};

/// The most that the data of one record may hold, in bytes.
pub const MAX_DATA: usize = 64 * 1024;
/// The most that one append may hold, in bytes as written.
pub const MAX_FRAME: usize = 8 * 1024 * 1024;

/// An append-only log of records in streams. Every implementation passes the same conformance suite. Used as `Arc<dyn EventLog>`.
pub trait EventLog: Send + Sync + 'static {
    /// Which log this is.
    fn id(&self) -> LogId;

    /// Adds records to one stream, all or none.
    fn append(&self, append: Append) -> BoxFuture<'static, Result<Appended, AppendError>>;

    /// Makes everything appended so far durable, and answers with the durable head.
    fn sync(&self) -> BoxFuture<'static, Result<Position, AppendError>>;

    /// The durable head: how many records a reader can see.
    fn head(&self) -> Position;

    /// The revision that the next event of a stream will have, as readers see it; 0 for a stream that is not there.
    fn next_revision(&self, stream: &StreamId) -> Revision;

    /// Every stream with a durable record, with the position of its last one. In no order.
    fn streams(&self) -> Vec<(StreamId, Position)>;

    /// Where a durable record of a stream stands in the chain of the log; `None` where there is no such record. Of a stream
    /// that lost a record to damage, nothing is known any more.
    fn link(&self, stream: StreamId, revision: Revision) -> BoxFuture<'static, Result<Option<Link>, ReadError>>;

    /// The durable records of a stream, from a revision on; ends at the head of the moment of the call.
    fn read_stream(&self, stream: StreamId, from: Revision) -> BoxStream<'static, Result<Record, ReadError>>;

    /// The durable records of the whole log, from a position on; ends at the head of the moment of the call.
    fn read_log(&self, from: Position) -> BoxStream<'static, Result<Record, ReadError>>;

    /// Catches up from a cursor, then follows live, without gap or double. Pulled by its reader: one that is slow costs nothing.
    fn subscribe(&self, selection: Selection) -> Subscription;

    /// What is wrong with the log at present, in words for a person: a full disk, damage.
    fn troubles(&self) -> Vec<String>;

    /// What it has done since it was opened, and what it holds, in numbers; all 0 where nobody counts.
    fn figures(&self) -> Figures {
        Figures::default()
    }

    /// The folder that its segments stand in, if it stands in files.
    fn dir(&self) -> Option<&Path> {
        None
    }
}

/// Which log: a random id, and an epoch that grows with every restored backup. Who holds a cursor of another log drops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId {
    /// The id given when the log was made.
    pub id: Uuid,
    /// 0, and one more with every restored backup.
    pub epoch: u32,
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.epoch)
    }
}

impl Serialize for LogId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A fingerprint of all records of a log up to one of them: it is another wherever any of them is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Chain(pub [u8; 32]);

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A record's place in the chain of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its position.
    pub position: Position,
    /// The chain up to and with it.
    pub chain: Chain,
}

/// A request to add records to one stream.
#[derive(Debug, Clone)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// What the appender believes about it.
    pub expected: Expected,
    /// The records, at least one.
    pub records: Vec<NewRecord>,
    /// When to answer.
    pub ack: Ack,
}

/// What an appender believes about a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Any,
    /// That it is not there.
    NoStream,
    /// That its last event has this revision.
    Revision(Revision),
}

impl Expected {
    /// The expectation of one who knows the revision that comes next.
    pub fn next(revision: Revision) -> Self {
        revision.before().map_or(Self::NoStream, Self::Revision)
    }
}

/// When an append is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ack {
    /// Once it is written; it is synced with the next batch, after 10 ms at the latest. For what can be had again.
    Written,
    /// Once it is durable.
    Durable,
}

/// Where an append landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Position of its first record; the others follow without gap.
    pub position: Position,
    /// Revision of its first record.
    pub revision: Revision,
    /// How many records it held.
    pub count: u64,
}

/// Why an append was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The stream is not where the appender believed. Nothing was added.
    #[error("{stream} is at {}, not at {}", next_words(*.actual), expected_words(*.expected))]
    WrongRevision {
        /// The stream.
        stream: StreamId,
        /// What was expected.
        expected: Expected,
        /// The revision that its next event will have.
        actual: Revision,
    },
    /// A record's data is larger than [`MAX_DATA`]. Nothing was added.
    #[error("an event's data is {bytes} bytes; at most {MAX_DATA} fit: put what is large into a blob")]
    DataTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The append is larger than [`MAX_FRAME`]. Nothing was added.
    #[error("an append is {bytes} bytes; at most {MAX_FRAME} fit: send fewer events at once")]
    FrameTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A record that cannot be kept as it is. Nothing was added.
    #[error("not a record the log can keep: {0}")]
    BadRecord(&'static str),
    /// No room on the disk. Nothing was added; writing resumes by itself when there is room.
    #[error("the disk that holds the log is full: make room, writing resumes by itself")]
    Full,
    /// A write or a sync failed. Whether the records survive is not known: look, or send the same command id again.
    #[error("the log could not be written ({0}); whether the last events survive is not known")]
    Unknown(String),
    /// The stream lost a record to damage and takes no more.
    #[error("{0} is damaged and read-only: `reenact verify` says where")]
    Damaged(StreamId),
    /// The log is closed.
    #[error("the log is closed")]
    Closed,
}

fn next_words(next: Revision) -> String {
    next.before().map_or_else(|| "its start".into(), |last| format!("revision {last}"))
}

fn expected_words(expected: Expected) -> String {
    match expected {
        Expected::Any => "any revision".into(),
        Expected::NoStream => "its start".into(),
        Expected::Revision(revision) => format!("revision {revision}"),
    }
}

/// Why a record could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Bytes of the log are not what was written.
    #[error(
        "the log is damaged in segment {segment} at byte {offset}{}: {what}. Restore it from a backup; other streams go on",
        at_words(.stream.as_ref(), *.revision)
    )]
    Damaged {
        /// The number of the segment.
        segment: u64,
        /// Where in the segment's file.
        offset: u64,
        /// The stream, where it is known.
        stream: Option<StreamId>,
        /// The revision, where it is known.
        revision: Option<Revision>,
        /// What was found.
        what: String,
    },
    /// The file could not be read.
    #[error("the log could not be read: {0}")]
    Io(String),
}

fn at_words(stream: Option<&StreamId>, revision: Option<Revision>) -> String {
    match (stream, revision) {
        (Some(stream), Some(revision)) => format!(" ({stream}, revision {revision})"),
        (Some(stream), None) => format!(" ({stream})"),
        (None, _) => String::new(),
    }
}

/// What a subscription follows, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// One stream, from a revision on.
    Stream {
        /// The stream; it need not exist yet.
        stream: StreamId,
        /// The first revision wanted.
        from: Revision,
    },
    /// The whole log, from a position on.
    All {
        /// The first position wanted.
        from: Position,
    },
}

/// What a subscription hands out.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// The next records, in order; at least one, at most a few hundred.
    Records(Vec<Record>),
    /// Everything that was there has been handed out; what follows is new. Said once.
    Live,
}

/// A cursor that catches up and then follows. Ends (`None`) when the log is closed, or after an error.
pub struct Subscription(BoxStream<'static, Result<Delivery, ReadError>>);

impl Subscription {
    /// From a stream of deliveries, for implementations of [`EventLog`].
    pub fn new(deliveries: BoxStream<'static, Result<Delivery, ReadError>>) -> Self {
        Self(deliveries)
    }

    /// The next delivery. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Delivery, ReadError>> {
        futures_util::StreamExt::next(&mut self.0).await
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscription")
    }
}
