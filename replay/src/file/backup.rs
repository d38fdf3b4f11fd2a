//! A copy of a log's files, also while another process writes to them.
//!
//! What is copied is a prefix of the log that was durable; it ends in a mark, so that any later damage to it is known as such.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{
    format::{
        Place, VERSION,
        frame::{self, HEAD},
        header::{self, Fault, Header},
    },
    lock::holder,
    segment::{self, bytes_of, place_of, sync_dir},
    walk::{Found, Walk},
};
use crate::{
    ids::Position,
    verify::{index_of, settle},
};

/// How long a process that writes may take to make durable what it has written.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// How many segments.
    pub segments: u64,
    /// The position after the last record.
    pub head: Position,
}

/// Why a log was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is no log.
    #[error("there is no log in {}", .0.display())]
    NoLog(PathBuf),
    /// The log was written by a newer program.
    #[error("{} has format version {found}; this program reads up to {VERSION}: use a newer one", .path.display())]
    Newer {
        /// The segment's file.
        path: PathBuf,
        /// Its format version.
        found: u32,
    },
    /// The start of the last segment cannot be read.
    #[error("the start of {} is damaged: start a server on the log once, which mends it, or copy the files by hand while none runs", .path.display())]
    Headless {
        /// The segment's file.
        path: PathBuf,
    },
    /// A file could not be used.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> CopyError {
    let path = path.to_owned();
    move |source| CopyError::Io { path, source }
}

/// The last segment as far as it is copied.
struct Tail {
    number: u64,
    /// Its bytes, up to the end of the last frame that is durable.
    bytes: Vec<u8>,
    place: Place,
    /// The position after that frame.
    position: u64,
    chain: [u8; 32],
    /// The position after the last whole frame there is.
    written: u64,
}

/// Copies the log in `from` to `to`, which is made and must hold no log; `progress` is told how many of how many segments are
/// done. Damaged segments are copied as they are: verify the copy. Blocks.
///
/// Everything that was acknowledged as durable before the call is in the copy, and nothing that was never durable.
///
/// # Errors
/// There is no log that can be read, or a file cannot be read or written. What was copied until then stays.
pub fn copy(from: &Path, to: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Copied, CopyError> {
    let tail = durable_tail(from)?;
    fs::create_dir_all(to).map_err(at(to))?;
    for number in numbers(from)?.into_iter().filter(|number| *number < tail.number) {
        let path = segment::path(from, number);
        let bytes = fs::read(&path).map_err(at(&path))?;
        let end = sealed_end(&bytes, &segment::path(from, number + 1))?;
        write(&segment::path(to, number), &bytes[..end])?;
        progress(number + 1, tail.number + 1);
    }
    let Tail { number, mut bytes, place, position, chain, .. } = tail;
    let offset = bytes.len();
    bytes.resize(offset + HEAD, 0);
    let mark = frame::Head { count: 0, first: position, synced: position, before: chain, after: chain };
    frame::seal(&mut bytes[offset..], &place, bytes_of(offset), &mark);
    write(&segment::path(to, number), &bytes)?;
    sync_dir(to).map_err(at(to))?;
    progress(number + 1, number + 1);
    Ok(Copied { segments: number + 1, head: Position(position) })
}

fn numbers(dir: &Path) -> Result<Vec<u64>, CopyError> {
    match segment::numbers(dir) {
        Ok(numbers) if numbers.is_empty() => Err(CopyError::NoLog(dir.to_owned())),
        Ok(numbers) => Ok(numbers),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(CopyError::NoLog(dir.to_owned())),
        Err(error) => Err(at(dir)(error)),
    }
}

/// The last segment, once what was written when this was called is durable.
fn durable_tail(dir: &Path) -> Result<Tail, CopyError> {
    let deadline = Instant::now() + PATIENCE;
    let mut wanted = None;
    loop {
        let number = numbers(dir)?.pop().ok_or_else(|| CopyError::NoLog(dir.to_owned()))?;
        // What a process that is gone has written is what the next one goes on from.
        let held = holder(dir).map_err(at(dir))?.is_some();
        let tail = read_tail(dir, number, held)?;
        let wanted = *wanted.get_or_insert(tail.written);
        if !held || tail.position >= wanted || Instant::now() > deadline {
            return Ok(tail);
        }
        thread::sleep(PAUSE);
    }
}

fn read_tail(dir: &Path, number: u64, held: bool) -> Result<Tail, CopyError> {
    let path = segment::path(dir, number);
    let mut bytes = fs::read(&path).map_err(at(&path))?;
    let header = match Header::parse(&bytes) {
        Ok(header) => header,
        Err(Fault::Newer(found)) => return Err(CopyError::Newer { path, found }),
        Err(Fault::Foreign | Fault::Damaged) => return Err(CopyError::Headless { path }),
    };
    settle(&path, &mut bytes, Some(&header)).map_err(at(&path))?;
    let place = Place { log: header.log, segment: header.segment };
    let found: Vec<_> = Walk::new(&bytes, place, header.first, header.chain, None).collect();
    let synced = found.iter().map(|f| if let Found::Frame(frame) = f { frame.synced } else { 0 }).max().unwrap_or(0);
    let durable = synced.max(header.first);
    let (mut end, mut position, mut chain, mut written) = (header::LEN, header.first, header.chain, header.first);
    for found in &found {
        match found {
            Found::Frame(frame) => {
                written = frame.end();
                if !held || frame.end() <= durable {
                    (end, position, chain) = (place_of(frame.offset) + frame.length, frame.end(), frame.after);
                }
            }
            Found::Hole(hole) if hole.first >= synced => break,
            // Damage: it is copied with what follows it.
            Found::Hole(_) => {}
        }
    }
    bytes.truncate(end);
    Ok(Tail { number, bytes, place, position, chain, written })
}

/// Where the bytes of a segment that another follows end: an index that is being written just now is left out.
fn sealed_end(bytes: &[u8], next: &Path) -> Result<usize, CopyError> {
    let file = File::open(next).map_err(at(next))?;
    let next = Header::parse(&segment::read_at(&file, 0, header::LEN).map_err(at(next))?);
    let (Ok(header), Ok(next)) = (Header::parse(bytes), next) else {
        return Ok(bytes.len());
    };
    let place = Place { log: header.log, segment: header.segment };
    if let Some(Ok(_)) = index_of(&place, bytes) {
        return Ok(bytes.len());
    }
    let mut walk = Walk::new(bytes, place, header.first, header.chain, Some(next.first));
    let damaged = walk.any(|found| matches!(found, Found::Hole(_)));
    Ok(if damaged { bytes.len() } else { place_of(walk.offset()) })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CopyError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(at(path))
}
