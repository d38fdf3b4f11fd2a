//! What folding an entity's events up to a revision gave, kept so that the next fold can begin there.
//!
//! Only ever an optimisation: a snapshot may be deleted or damaged at any time, and changes no answer. It is believed only if it
//! is whole, of this very program, and stands in the log as it is; and it holds everything that a fold gives.
//!
//! ```text
//! 64 hexadecimal digits      the SHA-256 of all that follows the line
//! {"format":1,"program":…}   the head: what must fit
//! {"last":…,"state":…}       the body: what the fold gave
//! ```

mod store;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

pub use self::store::SnapshotStore;
use crate::{
    digest::hex,
    ids::{Position, Revision, StreamId},
    log::{EventLog, Link, LogId},
};

/// The version of the form in which snapshots are written.
const FORMAT: u32 = 1;
/// After so many events a snapshot is worth making, at the earliest.
pub const LEAST: u64 = 500;

/// What must fit before a snapshot is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    format: u32,
    /// The program whose rules made it. Those of another one may give another state, whatever version they say.
    pub program: String,
    /// The log, as `UUID.EPOCH`.
    pub log: String,
    /// The stream.
    pub stream: StreamId,
    /// The kind of the entity.
    pub kind: String,
    /// The version of its state.
    pub version: u32,
    /// The last revision that is folded in.
    pub revision: Revision,
    /// The position of that event.
    pub position: Position,
    /// The chain of the log up to and with that event.
    pub chain: String,
}

impl Head {
    /// Of a snapshot that a program makes of an entity behind the event at `link`.
    pub(crate) fn new(
        (program, log): (&str, LogId),
        stream: &StreamId,
        (kind, version): (&str, u32),
        (revision, link): (Revision, Link),
    ) -> Self {
        Self {
            format: FORMAT,
            program: program.to_owned(),
            log: log.to_string(),
            stream: stream.clone(),
            kind: kind.to_owned(),
            version,
            revision,
            position: link.position,
            chain: link.chain.to_string(),
        }
    }
}

/// A snapshot that is whole.
#[derive(Debug, Clone)]
pub struct Snapshot {
    head: Head,
    bytes: Vec<u8>,
    /// Where in the bytes the body begins.
    body: usize,
}

/// Why a snapshot is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Its bytes are not those that were written.
    #[error("it is damaged")]
    Damaged,
    /// It is written in another form.
    #[error("it is of format {0}; this program knows {FORMAT}")]
    Format(u32),
    /// Another program made it, or other rules did, or of another stream.
    #[error("it is of {0}")]
    Other(String),
    /// The log does not have the event that it was made behind.
    #[error("the log holds no revision {0} as it knew it")]
    Foreign(Revision),
    /// Its body is not what the rules expect.
    #[error("its state cannot be read: {0}")]
    Form(String),
}

impl Snapshot {
    /// Writes a snapshot down.
    pub(crate) fn write<B: Serialize>(head: &Head, body: &B) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = vec![b'0'; SUM];
        bytes.push(b'\n');
        serde_json::to_writer(&mut bytes, head)?;
        bytes.push(b'\n');
        serde_json::to_writer(&mut bytes, body)?;
        let sum = hex(&Sha256::digest(&bytes[SUM + 1..]));
        bytes[..SUM].copy_from_slice(sum.as_bytes());
        Ok(bytes)
    }

    /// Reads a snapshot.
    ///
    /// # Errors
    /// It is damaged, or of another form.
    pub fn read(bytes: Vec<u8>) -> Result<Self, Misfit> {
        let (sum, rest) = bytes.split_at_checked(SUM + 1).ok_or(Misfit::Damaged)?;
        if sum != format!("{}\n", hex(&Sha256::digest(rest))).as_bytes() {
            return Err(Misfit::Damaged);
        }
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or(Misfit::Damaged)?;
        let format: Format = serde_json::from_slice(&rest[..end]).map_err(|_| Misfit::Damaged)?;
        if format.format != FORMAT {
            return Err(Misfit::Format(format.format));
        }
        let head = serde_json::from_slice(&rest[..end]).map_err(|_| Misfit::Damaged)?;
        Ok(Self { head, body: SUM + 1 + end + 1, bytes })
    }

    /// What must fit.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// How many bytes it takes.
    pub fn size(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }

    /// What the fold gave, as it is written.
    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.body..]
    }

    /// What the fold gave, for rules of this kind and version in this program.
    pub(crate) fn body_for<B: DeserializeOwned>(
        &self,
        program: &str,
        stream: &StreamId,
        (kind, version): (&str, u32),
    ) -> Result<B, Misfit> {
        let head = &self.head;
        let other = |what: &str, is: &dyn std::fmt::Display| Err(Misfit::Other(format!("{what} {is}")));
        if head.program != program {
            return other("program", &head.program);
        }
        if head.stream != *stream {
            return other("stream", &head.stream);
        }
        if head.kind != kind {
            return other("kind", &head.kind);
        }
        if head.version != version {
            return other("version", &head.version);
        }
        serde_json::from_slice(self.body()).map_err(|error| Misfit::Form(error.to_string()))
    }

    /// Whether the log is the one that it was made from, and still has all that is folded in: one that lies ahead of the
    /// durable head does not stand in it, and neither does one of a stream that lost a record since.
    ///
    /// # Errors
    /// It does not.
    pub async fn stands_in(&self, log: &dyn EventLog) -> Result<(), Misfit> {
        let head = &self.head;
        if head.log != log.id().to_string() {
            return Err(Misfit::Other(format!("log {}", head.log)));
        }
        match log.link(head.stream.clone(), head.revision).await {
            Ok(Some(link)) if (link.position, link.chain.to_string()) == (head.position, head.chain.clone()) => Ok(()),
            Ok(_) | Err(_) => Err(Misfit::Foreign(head.revision)),
        }
    }
}

/// The length of the checksum, in bytes.
const SUM: usize = 64;

/// What every form of a snapshot says first.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// How much has happened since an entity's last snapshot. The next is worth its bytes once the events since are more of them
/// than the last one took, and at least 500: so all snapshots together never take more than twice the writing that
/// the log did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    events: u64,
    bytes: u64,
    size: u64,
}

impl Pace {
    /// Right behind a snapshot of so many bytes.
    pub fn behind(size: u64) -> Self {
        Self { size, ..Self::default() }
    }

    /// So many events happened, whose data takes so many bytes.
    pub fn count(&mut self, events: u64, bytes: u64) {
        self.events = self.events.saturating_add(events);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Whether the next snapshot is worth making.
    pub fn is_due(&self) -> bool {
        self.events >= LEAST && self.bytes > self.size
    }

    /// The next snapshot is on its way: what happens from now on comes behind it.
    pub fn begin(&mut self) {
        (self.events, self.bytes) = (0, 0);
    }

    /// The snapshot that was on its way is there, and takes so many bytes.
    pub fn made(&mut self, size: u64) {
        self.size = size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_due_after_500_events_that_are_more_than_the_last_one_took() {
        let mut pace = Pace::default();
        pace.count(LEAST - 1, 1_000_000);
        assert!(!pace.is_due());
        pace.count(1, 10);
        assert!(pace.is_due());
        pace.begin();
        assert!(!pace.is_due(), "it is on its way");
        pace.count(LEAST, 20_000);
        pace.made(20_000);
        assert!(!pace.is_due(), "the next one would cost more than what it spares");
        pace.count(1, 1);
        assert!(pace.is_due());
        assert!(!Pace::behind(10).is_due());
    }

    #[test]
    fn all_snapshots_together_take_no_more_than_twice_the_events() {
        // A state that only grows: every byte of every event stays in it.
        let (mut pace, mut events, mut written) = (Pace::default(), 0, 0);
        for _ in 0..100_000 {
            events += 100;
            pace.count(1, 100);
            if pace.is_due() {
                pace.begin();
                written += events;
                pace.made(events);
            }
        }
        assert!(written <= 2 * events, "{written} for {events}");
    }
}
