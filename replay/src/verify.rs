//! Recomputes a log from its bytes: checksums, leaves, chain, tree, revisions, indexes. Takes no lock and changes nothing, so a
//! server may hold the log meanwhile.

mod check;
mod glance;

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use self::check::Check;
pub(crate) use self::check::index_of;
pub use self::glance::{Glance, glance};
use crate::{
    file::{
        Damage,
        format::{
            Place, VERSION,
            header::{self, Fault, Header},
        },
        segment::{self, place_of},
        walk::{Found, Walk},
    },
    ids::{Position, Revision},
    log::{Chain, LogId},
    record::Record,
};

/// What verifying a log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which log; `None` if no segment says so.
    pub log: Option<LogId>,
    /// How many segments were read.
    pub segments: u64,
    /// How many records were read and recomputed.
    pub records: u64,
    /// How many of them have had their data removed.
    pub redacted: u64,
    /// How many streams.
    pub streams: u64,
    /// The position after the last record.
    pub head: Position,
    /// The chain over all records, 64 hexadecimal digits.
    pub chain: String,
    /// The root of the Merkle tree over all records; `None` where damage makes it unknowable.
    pub root: Option<String>,
    /// Bytes at the very end that are no frames and that nothing calls durable: being written just now, or torn.
    pub unfinished: u64,
    /// What is wrong; empty if nothing is.
    pub faults: Vec<LogFault>,
}

impl Report {
    /// Whether everything that was durable is there and as it was written.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }
}

/// One thing that is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogFault {
    /// Records are lost.
    Lost(Damage),
    /// A record is there, but is not what the chain was made of.
    Altered {
        /// The segment.
        segment: u64,
        /// Where its frame begins, in bytes.
        offset: u64,
        /// Its stream.
        stream: String,
        /// Its revision.
        revision: Revision,
        /// What does not fit.
        what: String,
    },
    /// A segment is not there.
    Missing {
        /// Its number.
        segment: u64,
    },
    /// A segment's header, its index, or the way it fits its neighbours.
    Segment {
        /// Its number.
        segment: u64,
        /// What is wrong.
        what: String,
        /// What that means.
        harm: Harm,
    },
}

/// What a fault of a segment means for what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// Nothing is lost: what is damaged follows from the rest.
    None,
    /// It is there, and cannot be trusted: somebody or something changed it.
    Altered,
    /// The file does not belong here: the log does not open with it.
    Misplaced,
}

impl fmt::Display for LogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(damage) => damage.fmt(f),
            Self::Altered { segment, offset, stream, revision, what } => {
                write!(f, "segment {segment}, byte {offset}: {stream}, revision {revision}: {what}")
            }
            Self::Missing { segment } => write!(f, "segment {segment} is missing"),
            Self::Segment { segment, what, .. } => write!(f, "segment {segment}: {what}"),
        }
    }
}

/// Why a log could not be verified at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no log.
    #[error("there is no log in {}", .0.display())]
    NoLog(PathBuf),
    /// A file with a segment's name is none, and nothing else in the folder is one.
    #[error("{} is not a segment of a log: name the folder of a log, or restore this one from a backup", .0.display())]
    Foreign(PathBuf),
    /// The log was written by a newer program.
    #[error("{} has format version {found}; this program reads up to {VERSION}: use a newer one", .path.display())]
    Newer {
        /// The segment's file.
        path: PathBuf,
        /// Its format version.
        found: u32,
    },
    /// A file could not be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads and recomputes the whole log in a folder; `progress` is told how many of how many segments are done. Blocks.
pub fn verify(dir: &Path, progress: impl FnMut(u64, u64)) -> Result<Report, VerifyError> {
    verify_each(dir, progress, |_, _| {})
}

/// Does the same, and hands every record that can be read to `each`, in the order of the log, with the chain up to and with it.
pub fn verify_each(
    dir: &Path,
    mut progress: impl FnMut(u64, u64),
    mut each: impl FnMut(&Record, Chain),
) -> Result<Report, VerifyError> {
    let headers = headers(dir)?;
    let last = headers.keys().next_back().copied().unwrap_or(0);
    let logs = headers.values().flatten().map(|header| header.log);
    let mut check = Check::new(segment::most_common(logs), &mut each);
    for number in 0..=last {
        let Some(header) = headers.get(&number) else {
            check.missing(number);
            continue;
        };
        let path = segment::path(dir, number);
        let mut bytes = fs::read(&path).map_err(at(&path))?;
        if number == last {
            settle(&path, &mut bytes, header.as_ref()).map_err(at(&path))?;
        }
        let next = headers.get(&(number + 1)).cloned().flatten();
        check.segment(number, header.as_ref(), next.as_ref(), number == last, &bytes);
        progress(number + 1, last + 1);
    }
    Ok(check.report())
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> VerifyError {
    let path = path.to_owned();
    move |source| VerifyError::Io { path, source }
}

/// The headers of all segments, by number; `None` for one that is damaged.
fn headers(dir: &Path) -> Result<BTreeMap<u64, Option<Header>>, VerifyError> {
    let no_log = || VerifyError::NoLog(dir.to_owned());
    let numbers = match segment::numbers(dir) {
        Ok(numbers) if numbers.is_empty() => return Err(no_log()),
        Ok(numbers) => numbers,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_log()),
        Err(error) => return Err(at(dir)(error)),
    };
    let mut headers = BTreeMap::new();
    let mut foreign = None;
    for number in numbers {
        let path = segment::path(dir, number);
        let header = read_header(&path).map_err(at(&path))?;
        match header {
            Err(Fault::Newer(found)) => return Err(VerifyError::Newer { path, found }),
            Err(Fault::Foreign) => foreign = foreign.or(Some(path)),
            Err(Fault::Damaged) | Ok(_) => {}
        }
        headers.insert(number, header.ok());
    }
    match foreign.filter(|_| headers.values().all(Option::is_none)) {
        Some(path) => Err(VerifyError::Foreign(path)),
        None => Ok(headers),
    }
}

/// A segment that grows while it is read may show a later frame and not yet an earlier one. Whatever stands before a frame was
/// written before it, so that part is read once more.
pub(crate) fn settle(path: &Path, bytes: &mut [u8], header: Option<&Header>) -> io::Result<()> {
    let Some(header) = header else { return Ok(()) };
    let place = Place { log: header.log, segment: header.segment };
    let (mut end, mut holes) = (0, false);
    for found in Walk::new(bytes, place, header.first, header.chain, None) {
        match found {
            Found::Frame(frame) => end = place_of(frame.offset) + frame.length,
            Found::Hole(_) => holes = true,
        }
    }
    if holes {
        let again = segment::read_at(&fs::File::open(path)?, 0, end)?;
        bytes[..again.len()].copy_from_slice(&again);
    }
    Ok(())
}

fn read_header(path: &Path) -> io::Result<Result<Header, Fault>> {
    let file = fs::File::open(path)?;
    Ok(Header::parse(&segment::read_at(&file, 0, header::LEN)?))
}
