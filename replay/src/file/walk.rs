//! Walks through the bytes of a segment, frame by frame, and finds its way again behind damage.

use std::{collections::HashMap, hash::BuildHasher};

use super::{
    format::{
        Digest32, Fields, Place,
        frame::{self, Fault, Frame, HEAD},
        header, record,
    },
    segment::{bytes_of, place_of},
};
use crate::ids::StreamId;

static ZEROS: [u8; 4096] = [0; 4096];

/// What stands next in a segment.
#[derive(Debug, Clone)]
pub(crate) enum Found<'a> {
    /// A frame that checks and follows what stood before it.
    Frame(Frame<'a>),
    /// Bytes that should be frames and are not.
    Hole(Hole),
}

/// Bytes that are no frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hole {
    /// Where it begins.
    pub offset: u64,
    /// Where the next good frame begins, or the segment's bytes end.
    pub end_offset: u64,
    /// The position that should come here.
    pub first: u64,
    /// The position of the next good frame; `None` if there is none.
    pub resumes: Option<u64>,
    /// What was found, in words.
    pub what: &'static str,
}

/// A walk over a segment's bytes. Ends where nothing was ever written, or at `limit`.
pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    place: Place,
    offset: usize,
    position: u64,
    /// `None` behind a hole: the next frame says it.
    chain: Option<Digest32>,
    /// Where the next segment begins.
    limit: Option<u64>,
    over: bool,
}

impl<'a> Walk<'a> {
    /// Over the whole segment, whose header says where it begins.
    pub fn new(bytes: &'a [u8], place: Place, position: u64, chain: Digest32, limit: Option<u64>) -> Self {
        Self { bytes, place, offset: header::LEN, position, chain: Some(chain), limit, over: false }
    }

    /// From the middle of a segment on, at a frame's start.
    pub fn from(bytes: &'a [u8], place: Place, offset: u64, position: u64, limit: u64) -> Self {
        let offset = place_of(offset);
        Self { bytes, place, offset, position, chain: None, limit: Some(limit), over: false }
    }

    /// Where the walk stands, in bytes.
    pub fn offset(&self) -> u64 {
        bytes_of(self.offset)
    }

    /// The position that comes next.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The frame here, if it checks and follows.
    fn here(&self, offset: usize) -> Result<Frame<'a>, &'static str> {
        let rest = self.bytes.get(offset..).unwrap_or_default();
        let frame = frame::parse(rest, &self.place, bytes_of(offset)).map_err(Fault::words)?;
        let follows = if self.chain.is_some() && offset == self.offset {
            frame.first == self.position && self.chain == Some(frame.before)
        } else {
            frame.first >= self.position
        };
        let within = self.limit.is_none_or(|limit| frame.end() <= limit);
        if follows && within { Ok(frame) } else { Err("a frame does not follow the one before it") }
    }

    /// The next frame that checks, at `from` or behind it.
    fn resume(&self, from: usize) -> Option<Frame<'a>> {
        (from..self.bytes.len())
            .step_by(frame::ALIGN)
            // Most of what is searched was never written.
            .filter(|at| self.bytes[*at..].first_chunk::<4>().is_some_and(|length| *length != [0; 4]))
            .find_map(|at| self.here(at).ok())
    }

    fn hole(&mut self, what: &'static str) -> Option<Found<'a>> {
        let start = self.offset;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let unwritten = rest.chunks(ZEROS.len()).all(|chunk| chunk == &ZEROS[..chunk.len()]);
        let next = if unwritten { None } else { self.resume(start + frame::ALIGN) };
        let Some(next) = next else {
            self.over = true;
            let complete = self.limit.is_none_or(|limit| self.position >= limit);
            return (!(unwritten && complete)).then(|| {
                Found::Hole(Hole {
                    offset: bytes_of(start),
                    end_offset: bytes_of(self.bytes.len()),
                    first: self.position,
                    resumes: None,
                    what,
                })
            });
        };
        let hole = Hole {
            offset: bytes_of(start),
            end_offset: next.offset,
            first: self.position,
            resumes: Some(next.first),
            what,
        };
        self.offset = place_of(next.offset);
        self.position = next.first;
        self.chain = None;
        Some(Found::Hole(hole))
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        if self.over || self.limit.is_some_and(|limit| self.position >= limit) {
            return None;
        }
        match self.here(self.offset) {
            Ok(frame) => {
                self.offset += frame.length;
                self.position = frame.end();
                self.chain = Some(frame.after);
                Some(Found::Frame(frame))
            }
            Err(what) => self.hole(what),
        }
    }
}

/// What can still be told of a damaged frame: only good for naming what was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remains {
    /// Where the frame begins.
    pub offset: u64,
    /// Its stream.
    pub stream: StreamId,
    /// The position of its first record that can be told.
    pub position: u64,
    /// The revision of that record.
    pub revision: u64,
    /// How many records can be told.
    pub count: u64,
}

/// Names the streams of the records that stood in a hole, as far as their headers can still be told.
///
/// Only the first header of each frame is needed. A name in it may have one wrong byte, if a known stream of nearly that name
/// has just the revision that the header says: `next` tells the revision that comes next in a known stream.
pub(crate) fn remains<V, S: BuildHasher>(
    bytes: &[u8],
    hole: &Hole,
    end: u64,
    known: &HashMap<StreamId, V, S>,
    next: impl Fn(&StreamId) -> u64,
) -> Vec<Remains> {
    let mut found: Vec<Remains> = Vec::new();
    let mut position = hole.first;
    for offset in (place_of(hole.offset)..place_of(hole.end_offset)).step_by(frame::ALIGN) {
        if position >= end {
            break;
        }
        let Some(head) = frame::unchecked(bytes.get(offset..).unwrap_or_default(), bytes_of(offset)) else {
            break;
        };
        let Some(body) = bytes.get(offset + HEAD..) else { break };
        let Some((first, revision)) = body.get(record::PREFIX..).and_then(numbers) else { break };
        // Where the hole begins, a frame began; elsewhere only a position that fits says so.
        let begins = bytes_of(offset) == hole.offset
            || (position..end).contains(&first)
            || (head.first == position && head.count > 0);
        let Some(stream) = begins.then(|| stream_of(body, known, |stream| next(stream) == revision)).flatten() else {
            continue;
        };
        let first = if (position..end).contains(&first) { first } else { position };
        let count = u64::from(head.count).clamp(1, end - first);
        let told = head.first == first || u64::from(head.count) == end - position;
        let count = if told { count } else { 1 };
        position = first + count;
        found.push(Remains { offset: bytes_of(offset), stream, position: first, revision, count });
    }
    found
}

/// Position and revision at the start of a record's header.
fn numbers(header: &[u8]) -> Option<(u64, u64)> {
    let mut fields = Fields(header);
    Some((fields.u64()?, fields.u64()?))
}

/// The stream that a record's header names, or the known one of nearly this name that `fits`.
fn stream_of<V, S: BuildHasher>(
    body: &[u8],
    known: &HashMap<StreamId, V, S>,
    fits: impl Fn(&StreamId) -> bool,
) -> Option<StreamId> {
    let name = body.get(record::PREFIX + record::STREAM..)?;
    let exact = Fields(name).short_text().and_then(|text| text.parse::<StreamId>().ok());
    if let Some(stream) = exact.as_ref().filter(|stream| known.contains_key(*stream)) {
        return Some(stream.clone());
    }
    let text = name.get(1..)?;
    let near = |stream: &&StreamId| {
        let own = stream.as_str().as_bytes();
        let differ = |text: &[u8]| text.iter().zip(own).filter(|(a, b)| a != b).count();
        text.get(..own.len()).is_some_and(|text| differ(text) <= 1) && fits(stream)
    };
    // A stream that nobody knows is believed only if it begins here, in a record that can be read whole.
    let begins = |stream: &StreamId| fits(stream) && record::take(&mut Fields(body)).is_some();
    let mut alike = known.keys().filter(near);
    match (alike.next(), alike.next()) {
        (Some(only), None) => Some(only.clone()),
        (Some(_), Some(_)) => None,
        (None, _) => exact.filter(begins),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_whatever_break_the_walk(bytes in proptest::collection::vec(any::<u8>(), 0..3000), limit in proptest::option::of(0_u64..20)) {
            let place = Place { log: Uuid::nil(), segment: 0 };
            let mut segment = vec![0; header::LEN];
            segment.extend_from_slice(&bytes);
            for found in Walk::new(&segment, place, 0, [0; 32], limit) {
                if let Found::Hole(hole) = found {
                    remains(&segment, &hole, hole.first + 5, &HashMap::<StreamId, u64>::new(), |_| 0);
                }
            }
        }

        #[test]
        fn frames_are_found_again_behind_any_noise(noise in proptest::collection::vec(1_u8.., 1..200)) {
            let place = Place { log: Uuid::from_u128(5), segment: 2 };
            let mut segment = vec![0; header::LEN];
            segment.extend_from_slice(&noise);
            segment.resize(segment.len().next_multiple_of(frame::ALIGN), 0);
            let offset = segment.len();
            let mut mark = vec![0; HEAD];
            let head = frame::Head { count: 0, first: 7, synced: 7, before: [1; 32], after: [1; 32] };
            frame::seal(&mut mark, &place, bytes_of(offset), &head);
            segment.extend_from_slice(&mark);
            segment.resize(segment.len() + 300, 0);
            let found: Vec<_> = Walk::new(&segment, place, 3, [0; 32], None).collect();
            let [Found::Hole(hole), Found::Frame(frame)] = &found[..] else { panic!("{found:?}") };
            prop_assert_eq!((hole.first, hole.resumes, hole.end_offset), (3, Some(7), bytes_of(offset)));
            prop_assert_eq!(frame.synced, 7);
        }
    }
}
