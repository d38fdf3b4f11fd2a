//! The frames of a log's segments, in order, a window at a time: no lock is taken and nothing changed, so a server may hold the
//! log meanwhile.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use uuid::Uuid;

use super::ExportError;
use crate::{
    file::{
        format::{
            Place, VERSION,
            frame::Frame,
            header::{self, Fault, Header},
        },
        read::{Unfit, WINDOW, Window},
        segment::{self, SegmentFile, bytes_of},
        walk::{Found, Walk},
    },
    log::LogId,
};

/// The segments of a log.
pub(super) struct Segments {
    dir: PathBuf,
    log: Uuid,
    epoch: u32,
    /// In order, from 0; `None` where a segment is missing or its header cannot be read.
    headers: Vec<Option<Header>>,
}

/// What stands next in a log.
pub(super) enum Piece<'a> {
    /// A frame, whole or in part within the range.
    Frame(Frame<'a>),
    /// Positions whose records are not there any more.
    Lost { from: u64, to: u64 },
}

fn io_at(path: &Path) -> impl Fn(io::Error) -> ExportError {
    let path = path.to_owned();
    move |source| ExportError::Io { path: path.clone(), source }
}

impl Segments {
    /// Those in a folder.
    pub fn open(dir: &Path) -> Result<Self, ExportError> {
        let numbers = match segment::numbers(dir) {
            Ok(numbers) => numbers,
            Err(error) if error.kind() == io::ErrorKind::NotFound => vec![],
            Err(error) => return Err(io_at(dir)(error)),
        };
        let Some(last) = numbers.last() else { return Err(ExportError::NoLog(dir.to_owned())) };
        let mut headers = Vec::new();
        for number in 0..=*last {
            headers.push(if numbers.contains(&number) { read_header(&segment::path(dir, number))? } else { None });
        }
        let known = || headers.iter().flatten();
        let log = known().map(|header| header.log).next().ok_or_else(|| ExportError::NoLog(dir.to_owned()))?;
        if let Some(other) = known().find(|header| header.log != log) {
            return Err(ExportError::Foreign { path: segment::path(dir, other.segment) });
        }
        let epoch = known().map(|header| header.epoch).max().unwrap_or(0);
        Ok(Self { dir: dir.to_owned(), log, epoch, headers })
    }

    /// Which log it is.
    pub fn log(&self) -> LogId {
        LogId { id: self.log, epoch: self.epoch }
    }

    /// The position behind the last record that a start would find: what is torn at the very end does not count.
    pub fn end(&self) -> Result<u64, ExportError> {
        let number = bytes_of(self.headers.len()) - 1;
        let path = segment::path(&self.dir, number);
        let bytes = fs::read(&path).map_err(io_at(&path))?;
        let place = Place { log: self.log, segment: number };
        let found: Vec<_> = match self.headers.last() {
            Some(Some(header)) => Walk::new(&bytes, place, header.first, header.chain, None).collect(),
            _ => Walk::from(&bytes, place, bytes_of(header::LEN), 0, u64::MAX).collect(),
        };
        let synced = found.iter().map(|f| if let Found::Frame(frame) = f { frame.synced } else { 0 }).max();
        let mut end = self.headers.last().and_then(Option::as_ref).map_or(0, |header| header.first);
        for found in found {
            match found {
                Found::Frame(frame) => end = frame.end(),
                Found::Hole(hole) if hole.first >= synced.unwrap_or(0) => break,
                Found::Hole(_) => {}
            }
        }
        Ok(end)
    }

    /// Hands over what holds the positions of a range, in order.
    pub fn read(
        &self,
        from: u64,
        to: u64,
        mut each: impl FnMut(Piece<'_>) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let mut position = 0;
        for (number, header) in (0..).zip(&self.headers) {
            let later = &self.headers[usize::try_from(number).unwrap_or(usize::MAX)..];
            let next = later.get(1).and_then(Option::as_ref).map(|next| next.first);
            position = header.as_ref().map_or(position, |header| header.first);
            if next.is_some_and(|next| next <= from) {
                continue;
            }
            if position >= to {
                break;
            }
            position = self.segment(number, position, next.unwrap_or(u64::MAX), (from, to), &mut each)?;
            if let Some(next) = next.filter(|next| position < *next && position < to) {
                each(Piece::Lost { from: position.max(from), to: next.min(to) })?;
            }
        }
        if position < to {
            each(Piece::Lost { from: position.max(from), to })?;
        }
        Ok(())
    }

    /// The pieces of one segment, from its first position up to that of the next one; the position behind them.
    fn segment(
        &self,
        number: u64,
        first: u64,
        next: u64,
        (from, to): (u64, u64),
        each: &mut impl FnMut(Piece<'_>) -> Result<(), ExportError>,
    ) -> Result<u64, ExportError> {
        let path = segment::path(&self.dir, number);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(first),
            Err(error) => return Err(io_at(&path)(error)),
        };
        let file = Arc::new(SegmentFile { place: Place { log: self.log, segment: number }, path, file });
        let mut window = Window::default();
        let (mut position, mut offset) = (first, bytes_of(header::LEN));
        while position < next.min(to) {
            match window.frame(&file, offset, WINDOW) {
                Ok(frame) if frame.first == position => {
                    (position, offset) = (frame.end(), offset + bytes_of(frame.length));
                    if position > from {
                        each(Piece::Frame(frame))?;
                    }
                    continue;
                }
                Err(Unfit::Io(error)) => return Err(io_at(&file.path)(error)),
                Ok(_) | Err(Unfit::Damaged(_)) => {}
            }
            let bytes = file.read_all().map_err(io_at(&file.path))?;
            let hole = match Walk::from(&bytes, file.place, offset, position, next).next() {
                Some(Found::Hole(hole)) => hole,
                Some(Found::Frame(_)) | None => break,
            };
            // What follows belongs to the next segment, or is lost.
            let Some(resumes) = hole.resumes else { break };
            if resumes > from {
                each(Piece::Lost { from: position.max(from), to: resumes.min(to) })?;
            }
            (position, offset) = (resumes, hole.end_offset);
        }
        Ok(position)
    }
}

fn read_header(path: &Path) -> Result<Option<Header>, ExportError> {
    let file = File::open(path).map_err(io_at(path))?;
    let bytes = segment::read_at(&file, 0, header::LEN).map_err(io_at(path))?;
    match Header::parse(&bytes) {
        Ok(header) => Ok(Some(header)),
        Err(Fault::Newer(found)) => Err(ExportError::Newer { path: path.to_owned(), found, known: VERSION }),
        Err(Fault::Foreign | Fault::Damaged) => Ok(None),
    }
}
