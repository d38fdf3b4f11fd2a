//! What opening a log found, and why it may be refused.

use std::{fmt, io, path::PathBuf};

use super::lock::Holder;
use crate::ids::{Position, Revision, StreamId};

/// Why a log cannot be opened. Nothing in the folder was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process owns it.
    #[error("the log in {} is in use by {}: stop that first, or use it", .dir.display(), holder_words(.holder.as_ref()))]
    Locked {
        /// The folder.
        dir: PathBuf,
        /// Who holds it, where that could be read.
        holder: Option<Holder>,
    },
    /// A file with a segment's name is none.
    #[error("{} is not a segment of a log: move it out of the folder, or restore the folder from a backup", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The log was written by a newer program.
    #[error("{} has format version {found}; this program reads up to {known}: use a newer one", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format version.
        found: u32,
        /// The newest version that can be read.
        known: u32,
    },
    /// A segment between others, or the last, is not there.
    #[error("segment {number} of the log is missing ({} is not there): restore it from a backup", .path.display())]
    Missing {
        /// The segment's number.
        number: u64,
        /// Where it should be.
        path: PathBuf,
    },
    /// A segment of another log, or at another place in this one.
    #[error("{} does not belong here: {what}. Restore the folder from one backup", .path.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// The only header there is cannot be read.
    #[error("the start of {} is damaged, and no other segment says which log it is: restore the folder from a backup", .path.display())]
    Headless {
        /// The file.
        path: PathBuf,
    },
    /// There is no room for the first segment.
    #[error("the disk that holds {} is full: make room and try again", .dir.display())]
    Full {
        /// The folder.
        dir: PathBuf,
    },
    /// A file cannot be used.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn holder_words(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) if holder.note.is_empty() => format!("process {}", holder.pid),
        Some(holder) => format!("process {} ({})", holder.pid, holder.note),
        None => "another process".into(),
    }
}

/// What opening a log found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// There was no log; one was begun.
    pub created: bool,
    /// What was cut off the end because it had never been acknowledged as durable.
    pub tail_cut: Option<TailCut>,
    /// Durable records that are damaged, as far as opening had to look.
    pub damage: Vec<Damage>,
    /// Derived parts, such as indexes, that were damaged and made anew.
    pub notes: Vec<String>,
}

/// The torn end of a log, cut off and overwritten with zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailCut {
    /// The segment.
    pub segment: u64,
    /// Where the cut begins, in bytes.
    pub offset: u64,
    /// How many bytes up to the last that was not zero.
    pub bytes: u64,
    /// How many records behind the tear were whole, and cut all the same.
    pub records: u64,
    /// The position at which the log goes on.
    pub position: Position,
}

impl fmt::Display for TailCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "segment {}: {} bytes from byte {} on ({} whole records) were never acknowledged and are cut; the log goes on at \
             position {}. Damage to the very last batch cannot be told from this: if the machine did not stop while it wrote, \
             look at the disk",
            self.segment, self.bytes, self.offset, self.records, self.position
        )
    }
}

/// Durable records that cannot be read any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment.
    pub segment: u64,
    /// Where it begins, in bytes.
    pub offset: u64,
    /// Where the next good frame begins.
    pub end_offset: u64,
    /// The first position lost.
    pub first: Position,
    /// The first position that can be read again.
    pub end: Position,
    /// The streams and first revisions lost, as far as they can be told.
    pub streams: Vec<(StreamId, Revision)>,
    /// How many of the lost records belong to streams that cannot be told any more.
    pub unknown: u64,
    /// What was found.
    pub what: String,
}

impl Damage {
    /// Names a stream that lost `count` records, of those whose streams could not be told.
    pub(crate) fn tell(&mut self, stream: StreamId, revision: Revision, count: u64) {
        self.streams.push((stream, revision));
        self.unknown = self.unknown.saturating_sub(count);
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {}, byte {}: {}; ", self.segment, self.offset, self.what)?;
        if self.first == self.end {
            return f.write_str("no record is lost");
        }
        write!(f, "positions {} to {} are lost", self.first, self.end.0 - 1)?;
        for (stream, revision) in &self.streams {
            write!(f, ", {stream} from revision {revision}")?;
        }
        if self.unknown > 0 {
            write!(f, ", {} of streams that cannot be told any more", self.unknown)?;
        }
        Ok(())
    }
}
