//! The recomputation itself: segment by segment, frame by frame, record by record.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Harm, LogFault, Report};
use crate::{
    file::{
        Damage,
        format::{
            Digest32, Place,
            footer::{Footer, StreamRun, TRAILER},
            frame::Frame,
            header::{self, Header},
            record,
        },
        segment::{self, place_of},
        walk::{Found, Hole, Remains, Walk, remains},
    },
    ids::{Position, Revision, StreamId},
    log::{Chain, LogId},
    merkle::Frontier,
    record::Record,
};

/// A log on its way through the check.
pub(super) struct Check<'a> {
    log: Option<Uuid>,
    epoch: u32,
    segments: u64,
    records: u64,
    redacted: u64,
    position: u64,
    /// `None` behind a gap, until a frame says it.
    chain: Option<Digest32>,
    tree: Option<Frontier>,
    next: HashMap<StreamId, u64>,
    unfinished: u64,
    faults: Vec<LogFault>,
    /// Is handed every record that can be read.
    each: &'a mut dyn FnMut(&Record, Chain),
}

/// The index of one segment, made anew from its frames.
type Runs = HashMap<String, StreamRun>;

impl<'a> Check<'a> {
    /// A check that has seen nothing yet.
    pub(super) fn new(log: Option<Uuid>, each: &'a mut dyn FnMut(&Record, Chain)) -> Self {
        Self {
            log,
            epoch: 0,
            segments: 0,
            records: 0,
            redacted: 0,
            position: 0,
            chain: Some([0; 32]),
            tree: Some(Frontier::default()),
            next: HashMap::new(),
            unfinished: 0,
            faults: Vec::new(),
            each,
        }
    }

    fn fault(&mut self, segment: u64, harm: Harm, what: impl Into<String>) {
        self.faults.push(LogFault::Segment { segment, what: what.into(), harm });
    }

    /// What stands in the place of a segment does not belong there.
    fn misplaced(&mut self, number: u64, what: String) {
        self.fault(number, Harm::Misplaced, what);
        self.chain = None;
        self.tree = None;
    }

    /// A segment is not there.
    pub(super) fn missing(&mut self, number: u64) {
        self.faults.push(LogFault::Missing { segment: number });
        self.chain = None;
        self.tree = None;
    }

    /// Reads and recomputes the next segment.
    pub(super) fn segment(
        &mut self,
        number: u64,
        header: Option<&Header>,
        next: Option<&Header>,
        last: bool,
        bytes: &[u8],
    ) {
        self.segments += 1;
        let Some(log) = self.log else {
            return self.fault(
                number,
                Harm::Misplaced,
                "its header is damaged, and no other segment says which log it is",
            );
        };
        match header {
            None => self.fault(number, Harm::None, "its header is damaged; what it said follows from the others"),
            Some(header) if header.log != log => {
                return self.misplaced(number, format!("it is of log {}, the others of {log}", header.log));
            }
            Some(header) if header.segment != number => {
                return self.misplaced(number, format!("it is segment {}", header.segment));
            }
            Some(header) => self.header(number, header),
        }
        let place = Place { log, segment: number };
        let limit = next.map(|next| next.first);
        let known = self.chain.is_some();
        let mut walk = Walk::new(bytes, place, self.position, self.chain.unwrap_or_default(), limit);
        if !known {
            walk = Walk::from(bytes, place, segment::bytes_of(header::LEN), self.position, limit.unwrap_or(u64::MAX));
        }
        let found: Vec<_> = walk.collect();
        let synced =
            found.iter().map(|f| if let Found::Frame(frame) = f { frame.synced } else { 0 }).max().unwrap_or(0);
        let index = index_of(&place, bytes);
        let ends_here = last && !matches!(index, Some(Ok(_)));
        let index = index.as_ref().map(Result::as_ref);
        let mut runs = Runs::new();
        let mut end = segment::bytes_of(header::LEN);
        for f in &found {
            match f {
                Found::Frame(frame) => {
                    self.frame(number, frame, &mut runs);
                    end = frame.offset + segment::bytes_of(frame.length);
                }
                Found::Hole(hole) if ends_here && hole.first >= synced => {
                    let tail = &bytes[place_of(hole.offset).min(bytes.len())..];
                    let used = tail.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
                    self.unfinished = segment::bytes_of(used);
                    break;
                }
                // Without a readable header behind it, the end of the last frame is the end.
                Found::Hole(hole) if hole.resumes.is_none() && limit.is_none() => {}
                Found::Hole(hole) => self.lose(
                    number,
                    bytes,
                    index.and_then(Result::ok),
                    hole,
                    hole.resumes.or(limit).unwrap_or(hole.first),
                ),
            }
        }
        match index {
            // Segments without one are in order: it is written some time after the segment is full.
            None => {}
            Some(Err(())) => {
                self.fault(number, Harm::None, "the index at its end is damaged; the next start makes it anew");
            }
            Some(Ok(index)) => self.index(index, end, &runs),
        }
        if last && !ends_here {
            // An index is written only once the next segment is there.
            self.missing(number + 1);
        }
    }

    fn header(&mut self, number: u64, header: &Header) {
        self.epoch = self.epoch.max(header.epoch);
        if header.first != self.position && self.chain.is_some() {
            self.fault(
                number,
                Harm::Misplaced,
                format!("it begins at position {}, where {} should come", header.first, self.position),
            );
        }
        if self.chain.is_some_and(|chain| chain != header.chain) {
            self.fault(number, Harm::Misplaced, "its header holds another chain than the records before it give");
        }
        let unknowable = self.tree.is_none();
        match (&self.tree, &header.frontier) {
            (Some(tree), Some(stored)) if tree != stored => {
                self.fault(
                    number,
                    Harm::Altered,
                    "its header holds another Merkle frontier than the records before it give",
                );
            }
            _ => {}
        }
        self.position = header.first;
        self.chain = Some(header.chain);
        if unknowable {
            self.tree.clone_from(&header.frontier);
        }
    }

    fn frame(&mut self, number: u64, frame: &Frame<'_>, runs: &mut Runs) {
        let mut chain = frame.before;
        for (n, raw) in frame.records().enumerate() {
            let position = frame.first + segment::bytes_of(n);
            let Some(raw) = raw else {
                let what = format!("the frame at byte {} holds bytes that are no record", frame.offset);
                return self.fault(number, Harm::Altered, what);
            };
            let commitment = raw.body.commitment();
            let leaf = record::leaf(raw.header, &commitment);
            chain = record::chain(&chain, &leaf);
            if let Some(tree) = &mut self.tree {
                tree.push(leaf);
            }
            self.records += 1;
            self.redacted += u64::from(matches!(raw.body, record::Body::Redacted(_)));
            let altered = |what: &str| LogFault::Altered {
                segment: number,
                offset: frame.offset,
                stream: raw.stream.to_owned(),
                revision: Revision(raw.revision),
                what: what.to_owned(),
            };
            let Ok(stream) = raw.stream.parse::<StreamId>() else {
                self.faults.push(altered("this is no stream's name"));
                continue;
            };
            if raw.position != position {
                self.faults.push(altered(&format!("it says position {}, and stands at {position}", raw.position)));
            }
            let whole = raw.to_record(&stream, None);
            if whole.is_none() {
                self.faults.push(altered("a text in it is not what the log accepts, or its data is not JSON"));
            }
            let next = self.next.entry(stream.clone()).or_insert(0);
            if raw.revision != *next {
                // The jump says whose records were in a hole that could not be told before.
                let what = format!("the stream's next revision is {next}: what stands between is lost");
                match self.faults.last_mut() {
                    Some(LogFault::Lost(damage)) if raw.revision > *next && damage.unknown > 0 => {
                        damage.tell(stream, Revision(*next), raw.revision - *next);
                    }
                    _ => self.faults.push(altered(&what)),
                }
            }
            *next = raw.revision + 1;
            let run = runs.entry(raw.stream.to_owned()).or_insert_with(|| StreamRun {
                name: raw.stream.to_owned(),
                first: raw.revision,
                next: 0,
                last: 0,
                frames: Vec::new(),
            });
            (run.next, run.last) = (raw.revision + 1, position);
            if n == 0 {
                let offset = u32::try_from(frame.offset / 8).unwrap_or(u32::MAX);
                run.frames.push((u32::try_from(raw.revision - run.first).unwrap_or(u32::MAX), offset));
            }
            if let Some(record) = &whole {
                (self.each)(record, Chain(chain));
            }
        }
        if chain != frame.after {
            let what = format!(
                "the records of the frame at byte {} do not give the chain that it holds: one was altered",
                frame.offset
            );
            self.fault(number, Harm::Altered, what);
        }
        self.position = frame.end();
        self.chain = Some(frame.after);
    }

    fn lose(&mut self, number: u64, bytes: &[u8], index: Option<&Footer>, hole: &Hole, end: u64) {
        let mut streams = Vec::new();
        let mut told = 0;
        let next = |stream: &StreamId| self.next.get(stream).copied().unwrap_or(0);
        let named = match index {
            Some(index) => listed(index, hole),
            None => remains(bytes, hole, end, &self.next, next),
        };
        for lost in named {
            let next = self.next.get(&lost.stream).copied().unwrap_or(0);
            if next == 0 && lost.revision != 0 {
                continue;
            }
            told += lost.count;
            self.next.insert(lost.stream.clone(), next + lost.count);
            streams.push((lost.stream, Revision(next)));
        }
        self.faults.push(LogFault::Lost(Damage {
            segment: number,
            offset: hole.offset,
            end_offset: hole.end_offset,
            first: Position(hole.first),
            end: Position(end),
            streams,
            unknown: (end - hole.first).saturating_sub(told),
            what: hole.what.to_owned(),
        }));
        self.position = end;
        self.chain = None;
        self.tree = None;
    }

    /// An index says nothing that the frames do not say.
    fn index(&mut self, footer: &Footer, end: u64, runs: &Runs) {
        let same =
            footer.streams.len() == runs.len() && footer.streams.iter().all(|run| runs.get(&run.name) == Some(run));
        let whole = self.chain.is_some() && self.tree.is_some();
        let fits =
            footer.end == self.position && Some(footer.chain) == self.chain && footer.frontier == self.tree && same;
        if whole && !(fits && footer.landmarks.iter().all(|(_, offset)| u64::from(*offset) * 8 < end)) {
            self.fault(footer.segment, Harm::Altered, "the index at its end does not say what its frames say");
        }
    }

    /// What was found.
    pub(super) fn report(self) -> Report {
        Report {
            log: self.log.map(|id| LogId { id, epoch: self.epoch }),
            segments: self.segments,
            records: self.records,
            redacted: self.redacted,
            streams: segment::bytes_of(self.next.len()),
            head: Position(self.position),
            chain: hex(&self.chain.unwrap_or_default()),
            root: self.tree.map(|tree| hex(&tree.root())),
            unfinished: self.unfinished,
            faults: self.faults,
        }
    }
}

/// The index at the end of a segment, if there is one.
pub(crate) fn index_of(place: &Place, bytes: &[u8]) -> Option<Result<Footer, ()>> {
    let trailer = &bytes[bytes.len().saturating_sub(TRAILER)..];
    let (offset, size) = Footer::locate(trailer, segment::bytes_of(bytes.len()))?;
    let start = place_of(offset);
    Some(bytes.get(start..start + size).and_then(|bytes| Footer::parse(bytes, place, offset)).ok_or(()))
}

/// What an index says of the frames that stood in a hole.
fn listed(index: &Footer, hole: &Hole) -> Vec<Remains> {
    let mut found = Vec::new();
    for run in &index.streams {
        let Ok(stream) = run.name.parse::<StreamId>() else {
            continue;
        };
        let nexts = run.frames.iter().skip(1).map(|(revision, _)| run.first + u64::from(*revision)).chain([run.next]);
        for ((revision, offset), next) in run.frames.iter().zip(nexts) {
            let (revision, offset) = (run.first + u64::from(*revision), u64::from(*offset) * 8);
            if (hole.offset..hole.end_offset).contains(&offset) {
                let (position, count) = (hole.first, next - revision);
                found.push(Remains { offset, stream: stream.clone(), position, revision, count });
            }
        }
    }
    found.sort_unstable_by_key(|lost| lost.offset);
    found
}

fn hex(digest: &Digest32) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0')));
        text
    })
}
