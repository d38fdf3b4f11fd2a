//! Where everything stands: for each stream its frames, for each position the neighbourhood of its frame.
//!
//! Holds only what is durable, so whoever looks here sees nothing that a power cut could take back.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::RandomState;

use super::{
    format::{
        Digest32,
        footer::{Entry, Footer, StreamRun},
        size32,
    },
    segment::SegmentFile,
};
use crate::{
    ids::{Revision, StreamId},
    log::ReadError,
    merkle::Frontier,
};

/// Landmarks stand about this far apart, in bytes.
const LANDMARKS: u64 = 64 * 1024;

/// Where all records of a log stand.
#[derive(Debug, Default)]
pub(crate) struct Index {
    numbers: HashMap<StreamId, u32, RandomState>,
    tails: Vec<Tail>,
    /// The segments; each stands at the index that is its number.
    pub segments: Vec<Segment>,
    /// Streams that lost a record, with what is known of the first.
    pub damaged: HashMap<StreamId, ReadError>,
}

#[derive(Debug)]
struct Tail {
    stream: StreamId,
    /// The revision that comes next.
    next: u64,
    /// The position of the last record.
    last: u64,
}

/// One segment as readers know it.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Its file.
    pub file: Arc<SegmentFile>,
    /// The position of its first record.
    pub first: u64,
    /// The position after its last durable record.
    pub end: u64,
    landmarks: Vec<Entry>,
    runs: Runs,
}

#[derive(Debug)]
enum Runs {
    /// Of a segment that grows: by the stream's number.
    Open(HashMap<u32, Run, RandomState>),
    /// Of a sealed segment: sorted by the stream's number, all frames in one piece.
    Packed { runs: Vec<PackedRun>, frames: Vec<Entry> },
}

#[derive(Debug)]
struct Run {
    first: u64,
    next: u64,
    last: u64,
    frames: Vec<Entry>,
}

#[derive(Debug)]
struct PackedRun {
    stream: u32,
    start: u32,
    first: u64,
    next: u64,
}

/// A frame that has landed in a segment.
#[derive(Debug, Clone)]
pub(crate) struct Landed {
    /// Its stream.
    pub stream: StreamId,
    /// Its place.
    pub placed: Placed,
}

/// Where a frame stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    /// Where in the segment it begins.
    pub offset: u64,
    /// The revision of its first record.
    pub revision: u64,
    /// The position of its first record.
    pub position: u64,
    /// How many records.
    pub count: u64,
}

/// Where to find one frame of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    /// The segment's file.
    pub file: Arc<SegmentFile>,
    /// Where in it.
    pub offset: u64,
    /// The revision of its first record.
    pub revision: u64,
}

impl Runs {
    /// All runs in one piece, given each stream's number, first and next revision, and frames.
    fn packed<'a>(runs: impl Iterator<Item = (u32, u64, u64, &'a [Entry])>) -> Self {
        let mut sorted: Vec<_> = runs.collect();
        sorted.sort_unstable_by_key(|(stream, ..)| *stream);
        let mut frames = Vec::with_capacity(sorted.iter().map(|(.., frames)| frames.len()).sum());
        let mut runs = Vec::with_capacity(sorted.len());
        for (stream, first, next, own) in sorted {
            runs.push(PackedRun { stream, start: size32(frames.len()), first, next });
            frames.extend_from_slice(own);
        }
        Self::Packed { runs, frames }
    }
}

impl Segment {
    /// A segment with nothing in it yet.
    pub fn empty(file: Arc<SegmentFile>, first: u64) -> Self {
        Self { file, first, end: first, landmarks: Vec::new(), runs: Runs::Open(HashMap::default()) }
    }

    /// The frames of a stream in this segment that may hold revisions from `from` on.
    fn frames(&self, stream: u32, from: u64) -> Option<(u64, &[Entry])> {
        let (first, next, frames) = match &self.runs {
            Runs::Open(runs) => runs.get(&stream).map(|run| (run.first, run.next, &run.frames[..]))?,
            Runs::Packed { runs, frames } => {
                let at = runs.binary_search_by_key(&stream, |run| run.stream).ok()?;
                let end = runs.get(at + 1).map_or(frames.len(), |run| index_of(run.start));
                (runs[at].first, runs[at].next, &frames[index_of(runs[at].start)..end])
            }
        };
        if next <= from {
            return None;
        }
        let skip = frames.partition_point(|(revision, _)| first + u64::from(*revision) <= from).saturating_sub(1);
        Some((first, &frames[skip..]))
    }

    /// A frame's start at or before a position, as near as landmarks say: offset and position.
    pub fn landmark(&self, position: u64) -> Option<(u64, u64)> {
        let behind = self.landmarks.partition_point(|(p, _)| self.first + u64::from(*p) <= position);
        let (relative, offset) = self.landmarks.get(behind.checked_sub(1)?)?;
        Some((u64::from(*offset) * 8, self.first + u64::from(*relative)))
    }
}

fn index_of(n: u32) -> usize {
    usize::try_from(n).expect("this code runs where addresses have at least 32 bits")
}

fn entry(number: u64, offset: u64) -> Entry {
    let number = u32::try_from(number).expect("a segment of less than 32 GiB holds less than 2^32 records");
    let offset = u32::try_from(offset / 8).expect("a segment is less than 32 GiB");
    (number, offset)
}

impl Index {
    /// The revision that the next event of a stream will have.
    pub fn next_revision(&self, stream: &StreamId) -> u64 {
        self.tail(stream).map_or(0, |tail| tail.next)
    }

    fn tail(&self, stream: &StreamId) -> Option<&Tail> {
        self.numbers.get(stream).map(|n| &self.tails[index_of(*n)])
    }

    /// All streams, by name.
    pub fn names(&self) -> &HashMap<StreamId, u32, RandomState> {
        &self.numbers
    }

    /// The stream of this name, sharing its text.
    pub fn name(&self, name: &str) -> Option<StreamId> {
        self.numbers.get_key_value(name).map(|(stream, _)| stream.clone())
    }

    /// Every stream and the position of its last record.
    pub fn streams(&self) -> impl Iterator<Item = (&StreamId, u64)> {
        self.tails.iter().map(|tail| (&tail.stream, tail.last))
    }

    fn number(&mut self, stream: &StreamId) -> u32 {
        match self.numbers.get(stream) {
            Some(number) => *number,
            None => self.add(stream.clone()),
        }
    }

    /// The number of the stream of a name, which it gets now if it has none. `None`: it is no stream's.
    pub fn number_of(&mut self, name: &str) -> Option<u32> {
        match self.numbers.get(name) {
            Some(number) => Some(*number),
            None => Some(self.add(name.parse().ok()?)),
        }
    }

    /// The stream of a number, and the revision that comes next in it.
    pub fn stream(&self, number: u32) -> (&StreamId, u64) {
        let tail = &self.tails[index_of(number)];
        (&tail.stream, tail.next)
    }

    fn add(&mut self, stream: StreamId) -> u32 {
        let number = size32(self.tails.len());
        self.numbers.insert(stream.clone(), number);
        self.tails.push(Tail { stream, next: 0, last: 0 });
        number
    }

    /// Moves a stream's tail; a jump in its revisions says that records between are lost.
    fn advance(&mut self, number: u32, segment: usize, offset: u64, (first, next): (u64, u64), last: u64) {
        let tail = &mut self.tails[index_of(number)];
        if first != tail.next {
            let error = ReadError::Damaged {
                segment: super::segment::bytes_of(segment),
                offset,
                stream: Some(tail.stream.clone()),
                revision: Some(Revision(tail.next)),
                what: format!("revisions {} to {} are missing before this place", tail.next, first.saturating_sub(1)),
            };
            self.damaged.entry(tail.stream.clone()).or_insert(error);
        }
        tail.next = next.max(tail.next);
        tail.last = last;
    }

    /// Adds a frame to a segment that grows.
    pub fn land(&mut self, segment: usize, frame: &Landed) {
        let number = self.number(&frame.stream);
        self.land_frame(segment, number, &frame.placed);
    }

    /// The same, of the stream of a number.
    pub fn land_frame(&mut self, segment: usize, number: u32, frame: &Placed) {
        let next = frame.revision + frame.count;
        let last = frame.position + frame.count - 1;
        self.advance(number, segment, frame.offset, (frame.revision, next), last);
        let segment = &mut self.segments[segment];
        segment.end = frame.position + frame.count;
        if segment.landmarks.last().is_none_or(|(_, offset)| u64::from(*offset) * 8 + LANDMARKS <= frame.offset) {
            segment.landmarks.push(entry(frame.position - segment.first, frame.offset));
        }
        let Runs::Open(runs) = &mut segment.runs else {
            return;
        };
        let run = runs.entry(number).or_insert_with(|| Run { first: frame.revision, next, last, frames: Vec::new() });
        (run.next, run.last) = (next, last);
        run.frames.push(entry(frame.revision - run.first, frame.offset));
    }

    /// Adds a sealed segment from its footer. `None`: a name in it is no stream's.
    pub fn add_sealed(&mut self, file: Arc<SegmentFile>, footer: Footer) -> Option<()> {
        let place = self.segments.len();
        let mut runs = Vec::with_capacity(footer.streams.len());
        for run in &footer.streams {
            let number = self.number_of(&run.name)?;
            let offset = run.frames.first().map_or(0, |(_, offset)| u64::from(*offset) * 8);
            self.advance(number, place, offset, (run.first, run.next), run.last);
            runs.push((number, run));
        }
        let runs = Runs::packed(runs.into_iter().map(|(number, run)| (number, run.first, run.next, &run.frames[..])));
        self.segments.push(Segment { file, first: footer.first, end: footer.end, landmarks: footer.landmarks, runs });
        Some(())
    }

    /// The footer of a segment that will not grow any more. `None`: it is sealed already.
    pub fn footer(&self, segment: usize, chain: Digest32, frontier: Option<Frontier>) -> Option<Footer> {
        let segment = self.segments.get(segment)?;
        let Runs::Open(runs) = &segment.runs else {
            return None;
        };
        let mut streams: Vec<StreamRun> = runs
            .iter()
            .map(|(number, run)| StreamRun {
                name: self.tails[index_of(*number)].stream.as_str().to_owned(),
                first: run.first,
                next: run.next,
                last: run.last,
                frames: run.frames.clone(),
            })
            .collect();
        streams.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let landmarks = segment.landmarks.clone();
        let place = segment.file.place;
        let (log, number) = (place.log, place.segment);
        Some(Footer {
            log,
            segment: number,
            first: segment.first,
            end: segment.end,
            chain,
            frontier,
            landmarks,
            streams,
        })
    }

    /// Keeps the runs of a segment that will not grow any more in less memory.
    pub fn pack(&mut self, segment: usize) {
        let Some(segment) = self.segments.get_mut(segment) else {
            return;
        };
        let Runs::Open(open) = &mut segment.runs else {
            return;
        };
        let packed = Runs::packed(open.iter().map(|(number, run)| (*number, run.first, run.next, &run.frames[..])));
        segment.runs = packed;
    }

    /// The next frames of a stream that may hold revisions from `from` on, at most `most`.
    pub fn spots(&self, stream: &StreamId, from: u64, most: usize) -> Vec<Spot> {
        let Some(number) = self.numbers.get(stream) else {
            return Vec::new();
        };
        let mut spots = Vec::new();
        for segment in &self.segments {
            let Some((first, frames)) = segment.frames(*number, from) else {
                continue;
            };
            let room = most - spots.len();
            spots.extend(frames.iter().take(room).map(|(revision, offset)| Spot {
                file: segment.file.clone(),
                offset: u64::from(*offset) * 8,
                revision: first + u64::from(*revision),
            }));
            if spots.len() == most {
                break;
            }
        }
        spots
    }

    /// The streams of the frames that begin in a part of a segment, with their first revisions, by offset.
    pub fn between(&self, segment: u64, from: u64, to: u64) -> Vec<(u64, StreamId, u64)> {
        let Some(segment) = usize::try_from(segment).ok().and_then(|n| self.segments.get(n)) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (tail, number) in self.tails.iter().zip(0..) {
            let Some((first, frames)) = segment.frames(number, 0) else {
                continue;
            };
            found.extend(frames.iter().filter_map(|(revision, offset)| {
                let offset = u64::from(*offset) * 8;
                (from..to).contains(&offset).then(|| (offset, tail.stream.clone(), first + u64::from(*revision)))
            }));
        }
        found.sort_unstable_by_key(|(offset, ..)| *offset);
        found
    }

    /// The segment that holds a position.
    pub fn segment_of(&self, position: u64) -> Option<&Segment> {
        let behind = self.segments.partition_point(|segment| segment.first <= position);
        self.segments[..behind].iter().rev().find(|segment| segment.first <= position)
    }
}
