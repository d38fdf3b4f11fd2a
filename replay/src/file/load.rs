//! Reads the segments at start: footers of the sealed ones, frames of the last; decides what a torn tail is and what damage.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    format::{
        Place, VERSION,
        footer::{Footer, TRAILER},
        frame::Frame,
        header::{self, Gap, Header},
        record,
    },
    index::{Index, Landed, Placed, Segment},
    open::{Damage, OpenError, OpenReport, TailCut},
    read::damage,
    scan::scan,
    segment::{self, SegmentFile, bytes_of, fill},
    upkeep::write_footer,
    walk::{Found, Hole, Walk, remains},
    writer::{Active, Break, Point},
};
use crate::{
    ids::{Position, Revision, StreamId},
    log::LogId,
    merkle::Frontier,
};

/// A log as it was found.
pub(super) struct Loaded {
    pub id: LogId,
    pub index: Index,
    pub point: Point,
    pub active: Option<Active>,
    pub broken: Break,
    pub marked: bool,
    pub report: OpenReport,
}

struct Loader {
    index: Index,
    point: Point,
    /// Whether the chain up to here is known: not when the last records before it are lost.
    chained: bool,
    report: OpenReport,
}

/// A segment's file with its header, where that can be read.
struct Opened {
    path: PathBuf,
    file: File,
    header: Result<Header, header::Fault>,
}

/// What a scan of the last segment ended with.
struct Tail {
    marked: bool,
    damaged: Option<Gap>,
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io { path, source }
}

/// Loads the log in `dir`; `None` if there is none yet.
pub(super) fn load(dir: &Path) -> Result<Option<Loaded>, OpenError> {
    let numbers = segment::numbers(dir).map_err(io_at(dir))?;
    if numbers.is_empty() {
        return Ok(None);
    }
    if let Some((number, _)) = (0..).zip(&numbers).find(|(expected, found)| expected != *found) {
        return Err(OpenError::Missing { number, path: segment::path(dir, number) });
    }
    let opened = numbers.iter().map(|n| open(segment::path(dir, *n))).collect::<Result<Vec<_>, _>>()?;
    let id = identity(&opened)?;
    let frontier = Some(Frontier::default());
    let point = Point { position: 0, chain: [0; 32], frontier, offset: bytes_of(header::LEN) };
    let mut loader = Loader { index: Index::default(), point, chained: true, report: OpenReport::default() };
    let mut next = opened.iter().skip(1).map(|o| o.header.as_ref().ok().cloned()).collect::<Vec<_>>().into_iter();
    let last = opened.len() - 1;
    let mut outcome = None;
    for (number, segment) in opened.into_iter().enumerate() {
        let (file, header) = loader.begin(id, bytes_of(number), segment)?;
        if number < last {
            loader.sealed(&file, next.next().flatten().as_ref(), &header)?;
        } else {
            let tail = loader.last(&file, &header)?;
            outcome = Some((file, tail));
        }
    }
    let Loader { mut index, point, report, .. } = loader;
    let Some((file, tail)) = outcome else {
        return Ok(None);
    };
    let broken = Break { gap: tail.damaged, leave_previous: tail.damaged.is_some() };
    let active = if tail.damaged.is_some() {
        index.pack(last);
        None
    } else {
        let size = file.file.metadata().map_err(io_at(&file.path))?.len();
        Some(Active { number: last, file, size })
    };
    Ok(Some(Loaded { id, index, point, active, broken, marked: tail.marked, report }))
}

fn open(path: PathBuf) -> Result<Opened, OpenError> {
    let file = OpenOptions::new().read(true).write(true).open(&path).map_err(io_at(&path))?;
    let bytes = segment::read_at(&file, 0, header::LEN).map_err(io_at(&path))?;
    match Header::parse(&bytes) {
        Err(header::Fault::Newer(found)) => Err(OpenError::Newer { path, found, known: VERSION }),
        header => Ok(Opened { path, file, header }),
    }
}

/// Which log this is, and that all segments say so.
fn identity(opened: &[Opened]) -> Result<LogId, OpenError> {
    let good = opened.iter().filter_map(|o| Some(o.header.as_ref().ok()?.log));
    let Some(log) = segment::most_common(good) else {
        let path = opened[0].path.clone();
        let foreign = opened.iter().any(|o| o.header == Err(header::Fault::Foreign));
        return Err(if foreign { OpenError::Foreign { path } } else { OpenError::Headless { path } });
    };
    let mut epoch = 0;
    for (segment, number) in opened.iter().zip(0_u64..) {
        let Ok(header) = &segment.header else {
            continue;
        };
        let misplaced = |what| Err(OpenError::Misplaced { path: segment.path.clone(), what });
        if header.log != log {
            return misplaced(format!("it is of log {}, the others of {log}", header.log));
        }
        if header.segment != number {
            return misplaced(format!("it is segment {}", header.segment));
        }
        epoch = header.epoch.max(epoch);
    }
    Ok(LogId { id: log, epoch })
}

impl Loader {
    /// The segment's header, or, where that is damaged, what the segments before it say.
    fn begin(&mut self, id: LogId, number: u64, opened: Opened) -> Result<(Arc<SegmentFile>, Header), OpenError> {
        let Opened { path, file, header } = opened;
        let log: Uuid = id.id;
        let header = header.unwrap_or_else(|_| {
            let notes = &mut self.report.notes;
            notes.push(format!("the header of segment {number} is damaged; what it said follows from the others"));
            let Point { position: first, chain, ref frontier, .. } = self.point;
            let (frontier, segment) = (frontier.clone(), number);
            Header { log, epoch: id.epoch, segment, first, chain, frontier, gap: None, leave_previous: false }
        });
        let end = self.point.position;
        if header.first < end || (header.first == end && self.chained && header.chain != self.point.chain) {
            let what = format!(
                "it begins at position {}, and not with what segment {} ends with",
                header.first,
                number.saturating_sub(1)
            );
            return Err(OpenError::Misplaced { path, what });
        }
        self.point.position = header.first;
        self.point.chain = header.chain;
        self.chained = true;
        self.point.frontier.clone_from(&header.frontier);
        self.point.offset = bytes_of(header::LEN);
        Ok((Arc::new(SegmentFile { place: Place { log, segment: number }, path, file }), header))
    }

    /// A segment that another follows: its footer, or, without one, its frames.
    fn sealed(&mut self, file: &Arc<SegmentFile>, next: Option<&Header>, header: &Header) -> Result<(), OpenError> {
        let footer = self.footer(file).map_err(io_at(&file.path))?;
        if let Some(footer) = footer {
            let fits = footer.first == header.first
                && next.is_none_or(|next| next.first == footer.end && next.chain == footer.chain);
            let (end, chain, frontier) = (footer.end, footer.chain, footer.frontier.clone());
            if fits && self.index.add_sealed(file.clone(), footer).is_some() {
                (self.point.position, self.point.chain, self.point.frontier) = (end, chain, frontier);
                return Ok(());
            }
            let number = file.place.segment;
            self.report
                .notes
                .push(format!("the index at the end of segment {number} does not fit; its frames were read instead"));
        }
        let bytes = file.read_all().map_err(io_at(&file.path))?;
        let number = self.index.segments.len();
        self.index.segments.push(Segment::empty(file.clone(), header.first));
        let mut walk = Walk::new(&bytes, file.place, header.first, header.chain, next.map(|next| next.first));
        let mut holes = 0;
        for found in walk.by_ref() {
            match found {
                Found::Frame(frame) => self.land(number, &frame),
                // Without a header behind it, the end of the last frame is the end.
                Found::Hole(hole) if hole.resumes.is_none() && next.is_none() => {}
                Found::Hole(hole) => {
                    holes += 1;
                    let end = hole.resumes.or(next.map(|next| next.first)).unwrap_or(hole.first);
                    self.lose(number, file, &bytes, &hole, end);
                }
            }
        }
        self.index.segments[number].end = next.map_or(walk.position(), |next| next.first);
        if holes > 0 {
            self.point.frontier = None;
        } else if next.is_some_and(|next| !next.leave_previous && next.chain == self.point.chain) {
            let footer = self.index.footer(number, self.point.chain, self.point.frontier.clone());
            let written = footer.map(|footer| write_footer(file, walk.offset(), &footer));
            if let Some(Err(error)) = written {
                self.report.notes.push(format!("segment {number} has no index, and it could not be written: {error}"));
            }
        }
        self.index.pack(number);
        Ok(())
    }

    fn footer(&mut self, file: &SegmentFile) -> io::Result<Option<Footer>> {
        let length = file.file.metadata()?.len();
        let trailer = file.read(length.saturating_sub(bytes_of(TRAILER)), TRAILER)?;
        let Some((offset, size)) = Footer::locate(&trailer, length) else {
            return Ok(None);
        };
        let footer = Footer::parse(&file.read(offset, size)?, &file.place, offset);
        if footer.is_none() {
            self.report.notes.push(format!(
                "the index at the end of segment {} is damaged; its frames were read instead",
                file.place.segment
            ));
        }
        Ok(footer)
    }

    /// The last segment: every frame is read, and what cannot be is a torn tail or damage.
    fn last(&mut self, file: &Arc<SegmentFile>, header: &Header) -> Result<Tail, OpenError> {
        if self.footer(file).map_err(io_at(&file.path))?.is_some() {
            // Footers are written only once the next segment is there.
            let number = file.place.segment + 1;
            let dir = file.path.parent().unwrap_or(Path::new("."));
            return Err(OpenError::Missing { number, path: segment::path(dir, number) });
        }
        let number = self.index.segments.len();
        self.index.segments.push(Segment::empty(file.clone(), header.first));
        let mut tail = Tail { marked: false, damaged: None };
        // Almost always every byte is a frame or was never written. Then each of them has been looked at once.
        let frontier = self.point.frontier.take();
        let scanned = scan(file, header, frontier, |frame| {
            self.land_without_leaves(number, frame);
            tail.marked = frame.count == 0 && frame.synced == frame.first;
        });
        let scanned = scanned.map_err(io_at(&file.path))?;
        self.point.frontier = scanned.frontier;
        if scanned.ends {
            return Ok(tail);
        }
        let bytes = file.read_all().map_err(io_at(&file.path))?;
        let found: Vec<_> = Walk::new(&bytes, file.place, header.first, header.chain, None).collect();
        let synced =
            found.iter().map(|f| if let Found::Frame(frame) = f { frame.synced } else { 0 }).max().unwrap_or(0);
        // What a later frame calls durable was durable. The first hole that none speaks for is where the log ends.
        let unproven = |f: &Found<'_>| matches!(f, Found::Hole(hole) if hole.first >= synced);
        let end = found.iter().position(unproven).unwrap_or(found.len());
        for f in &found[..end] {
            match f {
                // It has landed.
                Found::Frame(frame) if frame.offset < scanned.offset => {}
                Found::Frame(frame) => {
                    self.land(number, frame);
                    tail.marked = frame.count == 0 && frame.synced == frame.first;
                }
                Found::Hole(hole) => {
                    let resumes = hole.resumes.unwrap_or(hole.first);
                    self.lose(number, file, &bytes, hole, resumes);
                    let gap = Gap {
                        segment: file.place.segment,
                        offset: hole.offset,
                        end_offset: hole.end_offset,
                        first: hole.first,
                        end: resumes,
                    };
                    tail.damaged.get_or_insert(gap);
                }
            }
        }
        if tail.damaged.is_some() {
            // The tree over what can no longer be read cannot be known.
            self.point.frontier = None;
        } else if let Some(Found::Hole(hole)) = found.get(end) {
            let records =
                found[end..].iter().map(|f| if let Found::Frame(frame) = f { u64::from(frame.count) } else { 0 });
            self.cut(file, &bytes, hole, records.sum()).map_err(io_at(&file.path))?;
            tail.marked = false;
        }
        Ok(tail)
    }

    /// Cuts a torn tail: whatever stands there was never acknowledged as durable, and must not be found again.
    fn cut(&mut self, file: &SegmentFile, bytes: &[u8], hole: &Hole, records: u64) -> io::Result<()> {
        let start = segment::place_of(hole.offset).min(bytes.len());
        let used = bytes[start..].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if used == 0 {
            return Ok(());
        }
        fill(&file.file, hole.offset, hole.offset + bytes_of(used))?;
        file.file.sync_all()?;
        self.report.tail_cut = Some(TailCut {
            segment: file.place.segment,
            offset: hole.offset,
            bytes: bytes_of(used),
            records,
            position: Position(hole.first),
        });
        Ok(())
    }

    fn land(&mut self, segment: usize, frame: &Frame<'_>) {
        if let Some(frontier) = &mut self.point.frontier {
            for raw in frame.records().map_while(|raw| raw) {
                frontier.push(record::leaf(raw.header, &raw.body.commitment()));
            }
        }
        self.land_without_leaves(segment, frame);
    }

    fn land_without_leaves(&mut self, segment: usize, frame: &Frame<'_>) {
        // A frame whose checksum fits and whose records are none was written so: readers say it. All are of one stream.
        if let Some(raw) = frame.records().next().flatten()
            && let Some(number) = self.index.number_of(raw.stream)
        {
            let revision = raw.revision;
            // A jump in its revisions says whose records were in a hole that could not be told before.
            let here = self.report.damage.last_mut().filter(|damage| damage.segment == bytes_of(segment));
            let (stream, next) = self.index.stream(number);
            if let Some(damage) = here.filter(|_| next < revision) {
                damage.tell(stream.clone(), Revision(next), revision - next);
            }
            let (offset, position, count) = (frame.offset, frame.first, u64::from(frame.count));
            self.index.land_frame(segment, number, &Placed { offset, revision, position, count });
        }
        self.point.position = frame.end();
        self.point.chain = frame.after;
        self.chained = true;
        self.point.offset = frame.offset + bytes_of(frame.length);
    }

    /// Notes lost records; streams that can still be told keep their place, so that reading them fails there.
    fn lose(&mut self, segment: usize, file: &SegmentFile, bytes: &[u8], hole: &Hole, end: u64) {
        let mut named = Vec::new();
        let mut told = 0;
        let next = |stream: &StreamId| self.index.next_revision(stream);
        for lost in remains(bytes, hole, end, self.index.names(), next) {
            // What stands in a damaged place is believed only where the rest of the log agrees.
            let next = self.index.next_revision(&lost.stream);
            if next == 0 && lost.revision != 0 {
                continue;
            }
            let (stream, offset, count) = (lost.stream, lost.offset, lost.count);
            let error = damage(file, offset, Some((&stream, next)), hole.what);
            self.index.damaged.entry(stream.clone()).or_insert(error);
            named.push((stream.clone(), Revision(next)));
            told += count;
            let placed = Placed { offset, revision: next, position: lost.position, count };
            self.index.land(segment, &Landed { stream, placed });
        }
        self.point.position = end;
        self.chained = false;
        self.report.damage.push(Damage {
            segment: file.place.segment,
            offset: hole.offset,
            end_offset: hole.end_offset,
            first: Position(hole.first),
            end: Position(end),
            streams: named,
            unknown: (end - hole.first).saturating_sub(told),
            what: hole.what.to_owned(),
        });
    }
}
