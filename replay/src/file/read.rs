//! The reading side: what readers share with the writer, and how records are fetched from the segments.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
};
use tokio::sync::oneshot;

use super::{
    format::{
        frame::{self, Fault, Frame, LONGEST},
        record,
    },
    index::{Index, Spot},
    segment::{SegmentFile, bytes_of, read_into},
    walk::{Found, Walk},
};
use crate::{
    figures::Tally,
    follow::{BATCH, Batch, Bell, Source},
    ids::{Position, Revision, StreamId},
    log::{Chain, Link, ReadError, Selection},
    record::Record,
};

/// How many bytes of a segment are fetched at once where neighbours are wanted too.
pub(crate) const WINDOW: usize = 256 * 1024;
/// How many bytes are fetched for one frame alone.
const GLANCE: usize = 1024;
/// The most bytes of frames in one batch of the whole log.
const BATCH_BYTES: usize = 1024 * 1024;
/// The most bytes of frames in one batch of a stream. Less, because many follow streams, and each who does not read
/// holds a batch.
const STREAM_BATCH_BYTES: usize = 128 * 1024;
/// How many threads fetch records.
const READERS: usize = 2;

type Job = Box<dyn FnOnce() + Send>;

/// What the writer and the readers of a log in files share.
#[derive(Debug)]
pub(crate) struct Shared {
    index: RwLock<Index>,
    head: AtomicU64,
    bell: Arc<Bell>,
    jobs: mpsc::Sender<Job>,
    troubles: Mutex<Vec<String>>,
    tally: Tally,
}

impl Shared {
    /// What is shared of a log whose durable records are `index`.
    pub fn new(index: Index, head: u64, troubles: Vec<String>) -> io::Result<Arc<Self>> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..READERS {
            let queue = queue.clone();
            thread::Builder::new().name("log-read".into()).spawn(move || {
                loop {
                    let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = job else { return };
                    job();
                }
            })?;
        }
        let (index, head, troubles) = (RwLock::new(index), AtomicU64::new(head), Mutex::new(troubles));
        Ok(Arc::new(Self { index, head, bell: Bell::new(), jobs, troubles, tally: Tally::default() }))
    }

    /// The index, to look something up.
    pub fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The index, for the writer alone.
    pub fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is counted.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The durable head.
    pub fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// Moves the durable head; the index has been told before.
    pub fn set_head(&self, head: u64) {
        self.head.store(head, Ordering::Release);
    }

    /// Notes what is wrong, in words for a person, once.
    pub fn trouble(&self, words: String) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if !troubles.contains(&words) {
            troubles.push(words);
        }
    }

    /// What is wrong.
    pub fn troubles(&self) -> Vec<String> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has one of the threads that read do something.
    pub fn have_read<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> BoxFuture<'static, Result<T, ReadError>> {
        let (answer, done) = oneshot::channel();
        let job = move || {
            // Who asked may have gone.
            let _unwanted = answer.send(work()).is_err();
        };
        // A job that was not sent is dropped, and with it the answer.
        let _ended = self.jobs.send(Box::new(job)).is_err();
        async { done.await.map_err(|_| ReadError::Io("the threads that read the log have ended".into())) }.boxed()
    }

    /// Where a record of a stream stands in the chain.
    pub fn link(&self, stream: &StreamId, revision: u64) -> Result<Option<Link>, ReadError> {
        let spot = {
            let index = self.index();
            if let Some(error) = index.damaged.get(stream) {
                return Err(error.clone());
            }
            let there = revision < index.next_revision(stream);
            there.then(|| index.spots(stream, revision, 1).pop()).flatten()
        };
        let Some(spot) = spot.filter(|spot| spot.revision <= revision) else { return Ok(None) };
        let found = Window::default().frame(&spot.file, spot.offset, GLANCE).and_then(|frame| {
            let unfit = || Unfit::Damaged("another record stands where this one should be");
            let mut chain = frame.before;
            for (raw, at) in frame.records().zip(spot.revision..) {
                let raw = raw.filter(|raw| raw.stream == stream.as_str() && raw.revision == at).ok_or_else(unfit)?;
                chain = record::chain(&chain, &record::leaf(raw.header, &raw.body.commitment()));
                if at == revision {
                    return Ok(Link { position: Position(raw.position), chain: Chain(chain) });
                }
            }
            Err(unfit())
        });
        found.map(Some).map_err(|unfit| {
            let error = unfit.error(&spot.file, spot.offset, Some((stream, revision)));
            self.note_damage(stream, &error);
            error
        })
    }

    fn stream_batch(&self, stream: &StreamId, from: u64) -> Batch {
        let (spots, end) = {
            let index = self.index();
            (index.spots(stream, from, BATCH), index.next_revision(stream))
        };
        let mut batch = Batch::default();
        let mut window = Window::default();
        let (mut expected, mut bytes) = (from, 0);
        for (n, spot) in spots.iter().enumerate() {
            let resume = spots.get(n + 1).map_or(end, |next| next.revision);
            if spot.revision > expected {
                let error = self.index().damaged.get(stream).cloned();
                let missing = || {
                    damage(
                        &spot.file,
                        spot.offset,
                        Some((stream, expected)),
                        "the records before this place are missing",
                    )
                };
                batch.stop = Some((error.unwrap_or_else(missing), spot.revision));
                break;
            }
            let near = spots.get(n + 1).is_some_and(|next| {
                Arc::ptr_eq(&next.file, &spot.file) && next.offset < spot.offset + bytes_of(WINDOW / 8)
            });
            match window.frame(&spot.file, spot.offset, if near { WINDOW } else { GLANCE }) {
                Ok(frame) => {
                    bytes += frame.length;
                    if let Err(what) = self.take_stream(&mut batch.records, stream, spot, &frame, &mut expected) {
                        batch.stop = Some((damage(&spot.file, spot.offset, Some((stream, expected)), what), resume));
                    }
                }
                Err(fault) => {
                    let error = fault.error(&spot.file, spot.offset, Some((stream, expected)));
                    self.note_damage(stream, &error);
                    batch.stop = Some((error, resume));
                }
            }
            if batch.stop.is_some() || batch.records.len() >= BATCH || bytes >= STREAM_BATCH_BYTES {
                break;
            }
        }
        batch
    }

    /// A stream that lost a record takes no more.
    fn note_damage(&self, stream: &StreamId, error: &ReadError) {
        if matches!(error, ReadError::Damaged { .. }) {
            self.trouble(error.to_string());
            self.index_mut().damaged.entry(stream.clone()).or_insert_with(|| error.clone());
        }
    }

    #[expect(clippy::unused_self, reason = "the counterpart of `take_log`, which looks names up")]
    fn take_stream(
        &self,
        records: &mut Vec<Record>,
        stream: &StreamId,
        spot: &Spot,
        frame: &Frame<'_>,
        expected: &mut u64,
    ) -> Result<(), &'static str> {
        for (raw, revision) in frame.records().zip(spot.revision..) {
            let raw = raw.filter(|raw| raw.stream == stream.as_str() && raw.revision == revision);
            let raw = raw.ok_or("another record stands where this one should be")?;
            if revision >= *expected {
                let record = raw.to_record(stream, records.last());
                records.push(record.ok_or("a record's texts are not what the log accepts")?);
                *expected = revision + 1;
            }
        }
        Ok(())
    }

    fn log_batch(&self, from: u64) -> Batch {
        let head = self.head();
        let mut batch = Batch::default();
        let at = {
            let index = self.index();
            index
                .segment_of(from)
                .map(|segment| (segment.file.clone(), segment.first, segment.end, segment.landmark(from)))
        };
        let Some((file, first, end, landmark)) = at else {
            return batch;
        };
        let (end, mut window) = (end.min(head), Window::default());
        let (mut offset, mut position) = landmark.unwrap_or((bytes_of(super::format::header::LEN), first));
        let mut bytes = 0;
        while position < end && batch.records.len() < BATCH && bytes < BATCH_BYTES {
            let what = match window.frame(&file, offset, WINDOW) {
                Ok(frame) if frame.first == position => {
                    (offset, position) = (offset + bytes_of(frame.length), frame.end());
                    if position <= from {
                        continue;
                    }
                    bytes += frame.length;
                    match self.take_log(&mut batch.records, &frame, from) {
                        Ok(()) => continue,
                        Err(what) => Unfit::Damaged(what),
                    }
                }
                Ok(_) => Unfit::Damaged("a frame does not follow the one before it"),
                Err(fault) => fault,
            };
            let hole = Hole { file: &file, offset, position, from, end };
            match self.behind(&hole, what) {
                Err(stop) => batch.stop = Some(stop),
                // The damage stands before what is wanted.
                Ok((behind, resumes)) => {
                    (offset, position) = (behind, resumes);
                    continue;
                }
            }
            break;
        }
        batch
    }

    fn take_log(&self, records: &mut Vec<Record>, frame: &Frame<'_>, from: u64) -> Result<(), &'static str> {
        let mut stream: Option<StreamId> = None;
        for (raw, position) in frame.records().zip(frame.first..) {
            let raw = raw.filter(|raw| raw.position == position);
            let raw = raw.ok_or("another record stands where this one should be")?;
            if position < from {
                continue;
            }
            let known = stream.take().filter(|s| s.as_str() == raw.stream);
            let name = known.or_else(|| self.index().name(raw.stream)).or_else(|| raw.stream.parse().ok());
            let name = name.ok_or("a record's stream has no name that the log accepts")?;
            let record = raw.to_record(&name, records.last());
            records.push(record.ok_or("a record's texts are not what the log accepts")?);
            stream = Some(name);
        }
        Ok(())
    }

    /// What to do about a hole in the log: skip it, where nothing in it is wanted, or say what is lost and where reading
    /// goes on.
    fn behind(&self, hole: &Hole<'_>, what: Unfit) -> Result<(u64, u64), (ReadError, u64)> {
        let &Hole { file, offset, position, from, end } = hole;
        let bytes = match (what, file.read_all()) {
            (Unfit::Damaged(_), Ok(bytes)) => bytes,
            (Unfit::Io(error), _) | (_, Err(error)) => {
                return Err((ReadError::Io(error.to_string()), end));
            }
        };
        let (resumes, behind, what) = match Walk::from(&bytes, file.place, offset, position, end).next() {
            Some(Found::Hole(lost)) => (lost.resumes.unwrap_or(end), lost.end_offset, lost.what),
            // It checks as a frame, and yet its records are none.
            Some(Found::Frame(frame)) => {
                (frame.end(), offset + bytes_of(frame.length), "a frame's records cannot be read")
            }
            None => (end, offset, "the segment ends too early"),
        };
        if resumes <= from {
            return Ok((behind, resumes));
        }
        let lost = self.index().between(file.place.segment, offset, behind);
        let error =
            |(offset, stream, revision): &(u64, StreamId, u64)| damage(file, *offset, Some((stream, *revision)), what);
        for place in &lost {
            self.note_damage(&place.1, &error(place));
        }
        Err((lost.first().map_or_else(|| damage(file, offset, None, what), error), resumes))
    }
}

/// A place in the log where a frame should be, and what a reader wants around it.
struct Hole<'a> {
    file: &'a SegmentFile,
    offset: u64,
    position: u64,
    from: u64,
    end: u64,
}

/// The error that names a damaged place.
pub(crate) fn damage(file: &SegmentFile, offset: u64, what: Option<(&StreamId, u64)>, words: &str) -> ReadError {
    ReadError::Damaged {
        segment: file.place.segment,
        offset,
        stream: what.map(|(stream, _)| stream.clone()),
        revision: what.map(|(_, revision)| Revision(revision)),
        what: words.to_owned(),
    }
}

/// Why a frame could not be had.
pub(crate) enum Unfit {
    /// These bytes are none.
    Damaged(&'static str),
    /// The file could not be read.
    Io(io::Error),
}

impl Unfit {
    fn error(self, file: &SegmentFile, offset: u64, what: Option<(&StreamId, u64)>) -> ReadError {
        match self {
            Self::Damaged(words) => damage(file, offset, what, words),
            Self::Io(error) => ReadError::Io(error.to_string()),
        }
    }
}

/// A piece of a segment in memory.
#[derive(Default)]
pub(crate) struct Window {
    file: Option<Arc<SegmentFile>>,
    offset: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// The frame at an offset; fetches about `reach` bytes if it is not here.
    pub fn frame(&mut self, file: &Arc<SegmentFile>, offset: u64, reach: usize) -> Result<Frame<'_>, Unfit> {
        let mut reach = reach;
        for _ in 0..2 {
            if let Some(start) = self.position_of(file, offset) {
                let rest = self.bytes.get(start..).unwrap_or_default();
                match frame::claimed(rest) {
                    Ok(length) if length > rest.len() => reach = reach.max(length).min(LONGEST),
                    Err(Fault::Short(_)) => {}
                    _ => break,
                }
            }
            // Held or not, what is here is no longer what the buffer holds.
            self.file = None;
            read_into(&file.file, offset, reach, &mut self.bytes).map_err(Unfit::Io)?;
            (self.file, self.offset) = (Some(file.clone()), offset);
        }
        let start = self.position_of(file, offset).unwrap_or(self.bytes.len());
        let rest = self.bytes.get(start..).unwrap_or_default();
        frame::parse(rest, &file.place, offset).map_err(|fault| Unfit::Damaged(fault.words()))
    }

    fn position_of(&self, file: &Arc<SegmentFile>, offset: u64) -> Option<usize> {
        let same = self.file.as_ref().is_some_and(|held| Arc::ptr_eq(held, file));
        let start = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        (same && start < self.bytes.len()).then_some(start)
    }
}

impl Source for Shared {
    fn batch(self: Arc<Self>, selection: Selection) -> BoxFuture<'static, Batch> {
        let from = match &selection {
            Selection::Stream { from, .. } => from.0,
            Selection::All { from } => from.0,
        };
        if from >= self.end(&selection) {
            return future::ready(Batch::default()).boxed();
        }
        let shared = self.clone();
        let batch = self.have_read(move || match &selection {
            Selection::Stream { stream, from } => shared.stream_batch(stream, from.0),
            Selection::All { from } => shared.log_batch(from.0),
        });
        let ended = |error| Batch { records: Vec::new(), stop: Some((error, u64::MAX)) };
        batch.map(move |batch| batch.unwrap_or_else(ended)).boxed()
    }

    fn end(&self, selection: &Selection) -> u64 {
        match selection {
            Selection::All { .. } => self.head(),
            Selection::Stream { stream, .. } => self.index().next_revision(stream),
        }
    }

    fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }
}
