//! The one thread that writes: takes all appends that wait, writes them at once, syncs once, answers all.

mod succession;

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use tokio::sync::oneshot;

use super::{
    disk::Disk,
    format::{
        Digest32, Place,
        frame::{self, HEAD},
        header::Gap,
        record::{self, Mark},
    },
    index::{Landed, Placed},
    read::Shared,
    segment::{SegmentFile, bytes_of, is_full},
    upkeep::Upkeep,
};
use crate::{
    admission::expect,
    follow::Source,
    ids::{Position, Revision, StreamId},
    log::{Ack, AppendError, Appended, Expected, LogId},
    merkle::Frontier,
};

/// How long a written record may wait to become durable, and how long idleness lasts before it is marked.
const PAUSE: Duration = Duration::from_millis(10);
/// The most appends and bytes that one batch takes.
const BATCH_APPENDS: usize = 4096;
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// After a failure to begin a segment, how long before it is tried again.
pub(super) const RETRY: Duration = Duration::from_millis(250);

/// An answer that somebody waits for.
pub(super) type Reply<T> = oneshot::Sender<Result<T, AppendError>>;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Message {
    /// Add records.
    Append(Prepared, Reply<Appended>),
    /// Make everything durable.
    Sync(Reply<Position>),
    /// Make everything durable and end.
    Close,
}

/// An append whose records are encoded but for their numbers.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The stream.
    pub stream: StreamId,
    /// What the appender believes about it.
    pub expected: Expected,
    /// When to answer.
    pub ack: Ack,
    /// Whether it may use the room kept for when the disk is full.
    pub privileged: bool,
    /// The records' bytes.
    pub body: Vec<u8>,
    /// Where the headers stand in them.
    pub marks: Vec<Mark>,
}

/// How far the log has come.
#[derive(Debug, Clone)]
pub(super) struct Point {
    /// The position that comes next.
    pub position: u64,
    /// The chain so far.
    pub chain: Digest32,
    /// The Merkle frontier; `None` where damage made it unknowable.
    pub frontier: Option<Frontier>,
    /// Where in the active segment the next frame begins.
    pub offset: u64,
}

/// The segment that grows.
#[derive(Debug)]
pub(super) struct Active {
    /// Its number, and its place in the index.
    pub number: usize,
    /// Its file.
    pub file: Arc<SegmentFile>,
    /// Its size in bytes.
    pub size: u64,
}

/// Why the next segment begins where it does.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Break {
    /// What was lost in the segment before.
    pub gap: Option<Gap>,
    /// Whether the segment before is left exactly as it is.
    pub leave_previous: bool,
}

/// The writer's own state.
pub(super) struct Writer {
    pub shared: Arc<Shared>,
    pub upkeep: Upkeep,
    pub disk: Arc<dyn Disk>,
    pub dir: PathBuf,
    pub log: LogId,
    pub segment_size: u64,
    pub messages: mpsc::Receiver<Message>,
    pub active: Option<Active>,
    /// As far as it is durable.
    pub durable: Point,
    /// As far as it is encoded.
    pub written: Point,
    /// Why a new segment has to begin, when there is no active one.
    pub broken: Break,
    /// Whether the end of the log is marked as durable.
    pub marked: bool,
    state: Pending,
}

/// What is on its way.
#[derive(Default)]
struct Pending {
    /// Frames not yet written, and where they go.
    buffer: Vec<u8>,
    buffer_at: u64,
    /// What to go back to if they cannot be written.
    before: Option<(Point, usize)>,
    /// Frames not yet durable.
    landed: Vec<Landed>,
    /// The next revisions of streams that have such frames.
    next: HashMap<StreamId, u64, RandomState>,
    /// To be answered when written.
    early: Vec<(Reply<Appended>, Appended)>,
    /// To be answered when durable.
    waiting: Vec<(Reply<Appended>, Appended)>,
    syncs: Vec<Reply<Position>>,
    /// Since when something written waits to become durable.
    dirty: Option<Instant>,
    /// How beginning a segment failed last.
    refused: Option<Refused>,
}

/// A segment that could not be begun.
struct Refused {
    when: Instant,
    error: AppendError,
    /// Whether there was no room for a spare either.
    full: bool,
}

/// Answers; whoever asked may have gone.
fn answer<T>(reply: Reply<T>, result: Result<T, AppendError>) {
    let _gone = reply.send(result).is_err();
}

fn append_error(error: &io::Error) -> AppendError {
    if is_full(error) { AppendError::Full } else { AppendError::Unknown(error.to_string()) }
}

/// What a writer begins with.
pub(super) struct Start {
    pub shared: Arc<Shared>,
    pub upkeep: Upkeep,
    pub disk: Arc<dyn Disk>,
    pub dir: PathBuf,
    pub log: LogId,
    pub segment_size: u64,
    pub messages: mpsc::Receiver<Message>,
    pub active: Option<Active>,
    pub point: Point,
    pub broken: Break,
    pub marked: bool,
}

impl Writer {
    /// A writer that goes on from a point.
    pub fn new(start: Start) -> Self {
        let Start { shared, upkeep, disk, dir, log, segment_size, messages, active, point, broken, marked } = start;
        let (durable, written, state) = (point.clone(), point, Pending::default());
        Self { shared, upkeep, disk, dir, log, segment_size, messages, active, durable, written, broken, marked, state }
    }

    /// Begins the first segment, or the one behind damage.
    pub fn begin(&mut self) -> Result<(), AppendError> {
        self.begin_segment(0)
    }

    /// Works until it is told to end.
    pub fn run(mut self) {
        loop {
            let message = match (self.state.dirty, self.marked) {
                (Some(since), _) => self.messages.recv_timeout(PAUSE.saturating_sub(since.elapsed())),
                (None, false) => self.messages.recv_timeout(PAUSE),
                (None, true) => self.messages.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            };
            match message {
                Ok(message) => {
                    if !self.batch(message) {
                        break;
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) if self.state.dirty.is_some() => self.commit(),
                Err(mpsc::RecvTimeoutError::Timeout) => self.mark(),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        self.commit();
        if !self.marked {
            self.mark();
        }
        while let Ok(message) = self.messages.try_recv() {
            match message {
                Message::Append(_, reply) => answer(reply, Err(AppendError::Closed)),
                Message::Sync(reply) => answer(reply, Err(AppendError::Closed)),
                Message::Close => {}
            }
        }
    }

    /// Takes all that waits. `false`: it was told to end.
    fn batch(&mut self, first: Message) -> bool {
        let mut message = Some(first);
        let (mut appends, mut bytes) = (0, 0);
        let mut open = true;
        while let Some(now) = message.take() {
            match now {
                Message::Append(append, reply) => {
                    (appends, bytes) = (appends + 1, bytes + append.body.len());
                    self.append(append, reply);
                }
                Message::Sync(reply) => self.state.syncs.push(reply),
                Message::Close => {
                    open = false;
                    break;
                }
            }
            if appends < BATCH_APPENDS && bytes < BATCH_BYTES {
                message = self.messages.try_recv().ok();
            }
        }
        self.write();
        let due = self.state.dirty.is_some_and(|since| since.elapsed() >= PAUSE);
        if due || !self.state.waiting.is_empty() || !self.state.syncs.is_empty() {
            self.commit();
        }
        open
    }

    fn append(&mut self, mut append: Prepared, reply: Reply<Appended>) {
        match self.place(&append) {
            Ok(revision) => {
                let appended = self.encode(&mut append, revision);
                match append.ack {
                    Ack::Durable => self.state.waiting.push((reply, appended)),
                    Ack::Written => self.state.early.push((reply, appended)),
                }
            }
            Err(error) => answer(reply, Err(error)),
        }
    }

    /// Checks an append and makes room for it; answers with its first revision.
    fn place(&mut self, append: &Prepared) -> Result<u64, AppendError> {
        let next = {
            let index = self.shared.index();
            if index.damaged.contains_key(&append.stream) {
                return Err(AppendError::Damaged(append.stream.clone()));
            }
            let pending = self.state.next.get(&append.stream).copied();
            pending.unwrap_or_else(|| index.next_revision(&append.stream))
        };
        expect(&append.stream, append.expected, Revision(next))?;
        // Behind every frame stays room for the mark that says it is durable.
        let length = bytes_of(frame::length(append.body.len()) + HEAD);
        let fits = self.active.as_ref().is_some_and(|active| self.written.offset + length <= active.size);
        if !fits {
            self.begin_segment(length)?;
            // A failure on the way has taken back what was pending.
            let index = self.shared.index();
            expect(&append.stream, append.expected, Revision(index.next_revision(&append.stream)))?;
            return Ok(index.next_revision(&append.stream));
        }
        if let Some(active) = &self.active
            && !append.privileged
            && self.written.offset + length > active.size.saturating_sub(reserve(self.segment_size))
            && self.upkeep.is_full()
        {
            return Err(AppendError::Full);
        }
        Ok(next)
    }

    /// Puts a frame into the buffer.
    fn encode(&mut self, append: &mut Prepared, revision: u64) -> Appended {
        self.open_buffer();
        let start = self.state.buffer.len();
        self.state.buffer.resize(start + HEAD, 0);
        let before = self.written.chain;
        let first = self.written.position;
        for (mark, n) in append.marks.iter().zip(0..) {
            let header = &mut append.body[mark.header..mark.header + mark.length];
            record::number(header, first + n, revision + n);
            let leaf = record::leaf(header, &mark.commitment);
            self.written.chain = record::chain(&self.written.chain, &leaf);
            if let Some(frontier) = &mut self.written.frontier {
                frontier.push(leaf);
            }
        }
        let count = bytes_of(append.marks.len());
        self.state.buffer.extend_from_slice(&append.body);
        self.state.next.insert(append.stream.clone(), revision + count);
        let placed = Placed { offset: self.written.offset, revision, position: first, count };
        self.state.landed.push(Landed { stream: append.stream.clone(), placed });
        self.written.position += count;
        self.seal_frame(start, format_count(append.marks.len()), first, before);
        self.marked = false;
        Appended { position: Position(first), revision: Revision(revision), count }
    }

    fn open_buffer(&mut self) {
        if self.state.buffer.is_empty() {
            self.state.buffer_at = self.written.offset;
            self.state.before = Some((self.written.clone(), self.state.landed.len()));
        }
    }

    /// Completes the frame that begins at `start` of the buffer.
    fn seal_frame(&mut self, start: usize, count: u32, first: u64, before: Digest32) {
        let end = (self.state.buffer.len()).next_multiple_of(frame::ALIGN);
        self.state.buffer.resize(end, 0);
        let number = self.active.as_ref().map_or(0, |active| active.file.place.segment);
        let place = Place { log: self.log.id, segment: number };
        let head = frame::Head { count, first, synced: self.durable.position, before, after: self.written.chain };
        frame::seal(&mut self.state.buffer[start..], &place, self.written.offset, &head);
        self.written.offset += bytes_of(end - start);
    }

    /// Writes the buffer, and answers whoever waits for no more than that.
    fn write(&mut self) {
        if self.state.buffer.is_empty() {
            return;
        }
        let Some(active) = &self.active else { return };
        let file = active.file.clone();
        let result = self.disk.write(&file.file, &self.state.buffer, self.state.buffer_at);
        let length = bytes_of(self.state.buffer.len());
        self.state.buffer.clear();
        match result {
            Ok(()) => {
                self.shared.tally().wrote(length);
                self.state.dirty.get_or_insert_with(Instant::now);
                for (reply, appended) in self.state.early.drain(..) {
                    answer(reply, Ok(appended));
                }
            }
            Err(error) if is_full(&error) && self.unwrite(&file, length).is_ok() => {}
            Err(error) => self.fail(&format!("a write failed: {error}")),
        }
    }

    /// Makes everything durable, lets readers see it, and answers.
    fn commit(&mut self) {
        self.write();
        if self.state.dirty.is_some()
            && let Some(active) = &self.active
        {
            let began = Instant::now();
            if let Err(error) = self.disk.sync(&active.file.file) {
                self.fail(&format!("a sync failed: {error}"));
                return;
            }
            self.shared.tally().synced(began.elapsed());
        }
        self.state.dirty = None;
        self.durable = self.written.clone();
        if !self.state.landed.is_empty() {
            let number = self.active.as_ref().map_or(0, |active| active.number);
            let mut index = self.shared.index_mut();
            for landed in &self.state.landed {
                index.land(number, landed);
            }
            drop(index);
            self.shared.set_head(self.durable.position);
            let events = self.state.landed.iter().map(|landed| landed.placed.count).sum();
            self.shared.tally().landed(bytes_of(self.state.landed.len()), events);
        }
        for (reply, appended) in self.state.waiting.drain(..) {
            answer(reply, Ok(appended));
        }
        for reply in self.state.syncs.drain(..) {
            answer(reply, Ok(Position(self.durable.position)));
        }
        if !self.state.landed.is_empty() {
            self.shared.bell().ring(self.state.landed.iter().map(|landed| &landed.stream));
            self.state.landed.clear();
            self.state.next.clear();
        }
    }

    /// Marks the end of the log as durable, so that damage before the mark can never pass for a torn write.
    fn mark(&mut self) {
        self.marked = true;
        if self.active.is_none() || self.durable.position == 0 {
            return;
        }
        self.open_buffer();
        let start = self.state.buffer.len();
        self.state.buffer.resize(start + HEAD, 0);
        self.seal_frame(start, 0, self.written.position, self.written.chain);
        self.commit();
    }
}

impl Drop for Writer {
    /// However the writer ends, those who follow the log are not left waiting.
    fn drop(&mut self) {
        self.shared.bell().close();
    }
}

/// How much of a segment is kept for what may still be written when the disk is full.
fn reserve(segment_size: u64) -> u64 {
    (segment_size / 4).min(4 * 1024 * 1024)
}

fn format_count(n: usize) -> u32 {
    super::format::size32(n)
}
