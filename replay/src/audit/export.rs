//! Writes an export: a range of positions, each record whole or by its leaf.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    VERSION,
    line::{Filter, Hex, Line, Shown, Whole},
    source::{Piece, Segments},
};
use crate::{
    digest::hex,
    file::format::{Digest32, frame::Frame, record},
    ids::{Micros, Position},
    log::LogId,
};

/// What is to be exported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Where it begins; the start of the log, where absent.
    pub from: Option<Bound>,
    /// What it goes up to, and does not contain; the end of the log, where absent.
    pub to: Option<Bound>,
    /// What is in it whole: everything, where empty. Its times are those of `from` and `to`.
    pub filter: Filter,
}

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A position of the log.
    Position(Position),
    /// A moment: the range holds everything that happened since or until then, and nothing more at its ends.
    Time(Micros),
}

/// An export that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The log.
    pub log: LogId,
    /// The first position of the range.
    pub from: Position,
    /// The position behind it.
    pub to: Position,
    /// How many records the filter left out.
    pub left_out: u64,
    /// How many records the log has lost.
    pub lost: u64,
    /// The chain after the last record, 64 hexadecimal digits; `None` where that is lost.
    pub chain: Option<String>,
}

/// Why nothing, or not everything, was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no log.
    #[error("there is no log in {}", .0.display())]
    NoLog(PathBuf),
    /// The log was written by a newer program.
    #[error("{} has format version {found}; this program reads up to {known}: use a newer one", .path.display())]
    Newer {
        /// The segment's file.
        path: PathBuf,
        /// Its format version.
        found: u32,
        /// The newest that can be read.
        known: u32,
    },
    /// A segment is of another log.
    #[error("{} is a segment of another log: restore the folder from one backup", .path.display())]
    Foreign {
        /// The segment's file.
        path: PathBuf,
    },
    /// A record whose bytes are none: its checksum fits, so it was written like that.
    #[error("the record at position {0} is none that can be exported: `reenact verify` says more")]
    BadRecord(Position),
    /// The range is none.
    #[error("the range ends at position {to}, before it begins, at {from}")]
    BadRange {
        /// Where it begins.
        from: Position,
        /// Where it ends.
        to: Position,
    },
    /// A file of the log could not be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The export could not be written.
    #[error("the export could not be written: {0}")]
    Out(#[from] io::Error),
}

/// Exports records of the log in a folder, up to `head`, the end of what is known to be durable (of all that is there, where
/// nobody holds the log). Blocks; holds a window of the log in memory, never all of it.
///
/// # Errors
/// See [`ExportError`]. What was written up to then has no last line, and so is no export.
pub fn export(
    dir: &Path,
    wanted: &Wanted,
    head: Option<Position>,
    (at, by): (Micros, &str),
    out: &mut impl Write,
) -> Result<Exported, ExportError> {
    let segments = Segments::open(dir)?;
    let end = match head {
        Some(head) => head.0,
        None => segments.end()?,
    };
    let (from, to) = range(&segments, wanted, end)?;
    let filter = Filter { since: time(wanted.from), until: time(wanted.to), ..wanted.filter.clone() };
    let filter = (!filter.is_empty()).then_some(filter);
    let before = chain_before(&segments, from)?;
    let mut writing = Writing { out, filter, from, to, chain: before, losing: None, left_out: 0, lost: 0 };
    writing.line(&Line::Export {
        version: VERSION,
        log: segments.log().to_string(),
        from: Position(from),
        to: Position(to),
        records: to - from,
        chain_before: before.map(Hex),
        at,
        by: by.to_owned(),
        filter: writing.filter.clone(),
    })?;
    segments.read(from, to, |piece| writing.piece(&piece))?;
    writing.told_lost(None)?;
    let Writing { chain, left_out, lost, .. } = writing;
    writing.line(&Line::End { records: to - from, left_out, lost, chain: chain.map(Hex) })?;
    writing.out.flush()?;
    let (from, to, chain) = (Position(from), Position(to), chain.map(|chain| hex(&chain)));
    Ok(Exported { log: segments.log(), from, to, left_out, lost, chain })
}

fn time(bound: Option<Bound>) -> Option<Micros> {
    match bound {
        Some(Bound::Time(at)) => Some(at),
        Some(Bound::Position(_)) | None => None,
    }
}

/// The positions of a range. Between moments it is the shortest that holds everything that happened then.
fn range(segments: &Segments, wanted: &Wanted, end: u64) -> Result<(u64, u64), ExportError> {
    let position = |bound: Option<Bound>| match bound {
        Some(Bound::Position(Position(position))) => Some(position),
        Some(Bound::Time(_)) | None => None,
    };
    let (from, to) = (position(wanted.from).unwrap_or(0), position(wanted.to).unwrap_or(end).min(end));
    if from > to {
        return Err(ExportError::BadRange { from: Position(from), to: Position(to) });
    }
    let times = Filter { since: time(wanted.from), until: time(wanted.to), ..Filter::default() };
    if times.is_empty() {
        return Ok((from, to));
    }
    let (mut first, mut last) = (None, None);
    segments.read(from, to, |piece| {
        let Piece::Frame(frame) = piece else { return Ok(()) };
        for raw in frame.records().flatten().filter(|raw| (from..to).contains(&raw.position)) {
            if times.admits(&Shown::of(&raw)) {
                first.get_or_insert(raw.position);
                last = Some(raw.position);
            }
        }
        Ok(())
    })?;
    let begin = if times.since.is_some() { first.unwrap_or(to) } else { from };
    let finish = if times.until.is_some() { last.map_or(begin, |last| last + 1) } else { to };
    Ok((begin, finish.max(begin)))
}

/// The chain before a position; `None` where it is lost.
fn chain_before(segments: &Segments, from: u64) -> Result<Option<Digest32>, ExportError> {
    let Some(last) = from.checked_sub(1) else { return Ok(Some(Digest32::default())) };
    let mut found = None;
    // The record before says it; where that is lost, the frame of the record itself.
    for (begin, end) in [(last, from), (from, from + 1)] {
        segments.read(begin, end, |piece| {
            let Piece::Frame(frame) = piece else { return Ok(()) };
            let mut chain = frame.before;
            let before = frame.records().zip(frame.first..from);
            for (raw, _) in before {
                let Some(raw) = raw else { return Ok(()) };
                chain = record::chain(&chain, &record::leaf(raw.header, &raw.body.commitment()));
            }
            found.get_or_insert(chain);
            Ok(())
        })?;
        if found.is_some() {
            break;
        }
    }
    Ok(found)
}

struct Writing<'w, W> {
    out: &'w mut W,
    filter: Option<Filter>,
    from: u64,
    to: u64,
    /// The chain so far; `None` behind a loss, until a frame says it.
    chain: Option<Digest32>,
    /// Positions that are lost, and not told yet.
    losing: Option<(u64, u64)>,
    left_out: u64,
    lost: u64,
}

impl<W: Write> Writing<'_, W> {
    fn line(&mut self, line: &Line) -> io::Result<()> {
        serde_json::to_writer(&mut *self.out, line)?;
        self.out.write_all(b"\n")
    }

    fn piece(&mut self, piece: &Piece<'_>) -> Result<(), ExportError> {
        match piece {
            Piece::Lost { from, to } => {
                let begin = self.losing.map_or(*from, |(begin, _)| begin);
                self.losing = Some((begin, *to));
                Ok(())
            }
            Piece::Frame(frame) => self.frame(frame),
        }
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<(), ExportError> {
        self.told_lost(Some(frame.before))?;
        let mut chain = frame.before;
        for (raw, position) in frame.records().zip(frame.first..self.to) {
            let bad = || ExportError::BadRecord(Position(position));
            let raw = raw.filter(|raw| raw.position == position).ok_or_else(bad)?;
            let leaf = record::leaf(raw.header, &raw.body.commitment());
            let after = record::chain(&chain, &leaf);
            let before = std::mem::replace(&mut chain, after);
            if position < self.from {
                continue;
            }
            let line = if self.filter.as_ref().is_none_or(|filter| filter.admits(&Shown::of(&raw))) {
                Line::Record(Box::new(Whole::of(&raw, &before).ok_or_else(bad)?))
            } else {
                self.left_out += 1;
                Line::LeftOut { position: Position(position), leaf: Hex(leaf), chain: Hex(chain) }
            };
            self.line(&line)?;
        }
        self.chain = Some(chain);
        Ok(())
    }

    fn told_lost(&mut self, chain: Option<Digest32>) -> Result<(), ExportError> {
        if let Some((from, to)) = self.losing.take() {
            self.lost += to - from;
            self.chain = chain;
            self.line(&Line::Lost { position: Position(from), to: Position(to), chain: chain.map(Hex) })?;
        }
        Ok(())
    }
}
