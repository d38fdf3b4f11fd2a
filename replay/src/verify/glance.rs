//! A quick look at a log: headers and indexes of all segments, and the frames of the last. It recomputes no record.

use std::{fs::File, io, path::Path};

use super::{Harm, LogFault, VerifyError, at, headers, settle};
use crate::{
    file::{
        format::{
            Place,
            footer::{Footer, TRAILER},
            header::Header,
        },
        segment::{self, bytes_of, read_at},
        walk::{Found, Walk},
    },
    ids::Position,
};

/// What a quick look at a log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// How many segments there are.
    pub segments: u64,
    /// How many bytes they take.
    pub bytes: u64,
    /// The position after the last record.
    pub head: Position,
    /// What is wrong, as far as a glance sees it. Empty does not mean that every byte is good: [`verify`](super::verify) does.
    pub faults: Vec<LogFault>,
}

/// Looks at the log in a folder. Takes no lock and changes nothing. Blocks for about as long as it takes to read one segment.
pub fn glance(dir: &Path) -> Result<Glance, VerifyError> {
    let headers = headers(dir)?;
    let last = headers.keys().next_back().copied().unwrap_or(0);
    let log = headers.values().flatten().next().map(|header| header.log);
    let mut glance = Glance { segments: bytes_of(headers.len()), bytes: 0, head: Position::ZERO, faults: Vec::new() };
    for number in 0..=last {
        let path = segment::path(dir, number);
        let Some(header) = headers.get(&number) else {
            glance.faults.push(LogFault::Missing { segment: number });
            continue;
        };
        let file = File::open(&path).map_err(at(&path))?;
        glance.bytes += file.metadata().map_err(at(&path))?.len();
        let mut fault = |harm: Harm, what: &str| {
            glance.faults.push(LogFault::Segment { segment: number, harm, what: what.to_owned() });
        };
        let Some(header) = header else {
            fault(Harm::None, "its header is damaged");
            continue;
        };
        if Some(header.log) != log || header.segment != number {
            fault(Harm::Misplaced, "it is of another log, or of another place in this one");
            continue;
        }
        if number == last {
            let (end, hole) = tail(&path, &file, header).map_err(at(&path))?;
            glance.head = end;
            if let Some(what) = hole {
                fault(Harm::Altered, &what);
            }
            continue;
        }
        let place = Place { log: header.log, segment: number };
        let next = headers.get(&(number + 1)).and_then(Option::as_ref);
        match footer(&file, &place).map_err(at(&path))? {
            // It is written some time after the segment is full.
            None => {}
            Some(Err(())) => fault(Harm::None, "the index at its end is damaged; the next start makes it anew"),
            Some(Ok(index)) if index.first != header.first => {
                fault(Harm::Altered, "its index is not of what its header says");
            }
            Some(Ok(index)) => {
                let fits =
                    |next: &Header| next.leave_previous || (next.first == index.end && next.chain == index.chain);
                if !next.is_none_or(fits) {
                    fault(Harm::Misplaced, "the next segment does not begin with what this one ends with");
                }
            }
        }
    }
    Ok(glance)
}

/// The index at the end of a segment, if there is one.
fn footer(file: &File, place: &Place) -> io::Result<Option<Result<Footer, ()>>> {
    let length = file.metadata()?.len();
    let trailer = read_at(file, length.saturating_sub(bytes_of(TRAILER)), TRAILER)?;
    let Some((offset, size)) = Footer::locate(&trailer, length) else { return Ok(None) };
    Ok(Some(Footer::parse(&read_at(file, offset, size)?, place, offset).ok_or(())))
}

/// The position after the last frame of the last segment, and the first hole that a later frame calls durable.
fn tail(path: &Path, file: &File, header: &Header) -> io::Result<(Position, Option<String>)> {
    let length = segment::place_of(file.metadata()?.len());
    let mut bytes = read_at(file, 0, length)?;
    settle(path, &mut bytes, Some(header))?;
    let place = Place { log: header.log, segment: header.segment };
    let found: Vec<_> = Walk::new(&bytes, place, header.first, header.chain, None).collect();
    let synced = found.iter().map(|f| if let Found::Frame(frame) = f { frame.synced } else { 0 }).max().unwrap_or(0);
    let (mut end, mut lost) = (header.first, None);
    for f in &found {
        match f {
            Found::Frame(frame) => end = frame.end(),
            // Being written just now, or torn: nothing calls it durable.
            Found::Hole(hole) if hole.first >= synced => break,
            Found::Hole(hole) => {
                lost.get_or_insert_with(|| format!("{} at byte {}: durable events are lost", hole.what, hole.offset));
            }
        }
    }
    Ok((Position(end), lost))
}
