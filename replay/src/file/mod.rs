//! The log in files: a folder of append-only segments, one thread that writes, readers that see what is durable.
//!
//! `docs/log-format.md` describes every byte.

mod backup;
mod disk;
pub(crate) mod format;
mod index;
mod load;
mod lock;
mod open;
pub(crate) mod read;
mod scan;
pub(crate) mod segment;
#[cfg(test)]
mod tests;
mod upkeep;
pub(crate) mod walk;
mod writer;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
};

use futures_util::{FutureExt, future::BoxFuture, stream::BoxStream};
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

pub use self::{
    backup::{Copied, CopyError, copy},
    disk::{Disk, RealDisk},
    lock::{Holder, holder},
    open::{Damage, OpenError, OpenReport, TailCut},
};
use self::{
    format::header,
    index::Index,
    load::{Loaded, load},
    lock::Lock,
    read::Shared,
    segment::bytes_of,
    upkeep::Upkeep,
    writer::{Break, Message, Point, Prepared, Start, Writer},
};
use crate::{
    admission::check,
    figures::Figures,
    follow,
    ids::{Position, Revision, StreamId},
    log::{Append, AppendError, Appended, EventLog, Link, LogId, ReadError, Selection, Subscription},
    merkle::Frontier,
    record::Record,
};

/// Decides which appends may use the room that is kept for when the disk is full.
pub type Reserve = Arc<dyn Fn(&Append) -> bool + Send + Sync>;

/// How a log in files is kept.
#[derive(Clone)]
pub struct Options {
    /// The size of a segment in bytes, from 16 KiB to 1 GiB; it may differ from that of segments that are there.
    pub segment_size: u64,
    /// Which appends may use the last quarter of a segment, at most 4 MiB, when the disk is full: by default those to
    /// streams of kind `system`.
    pub reserve: Reserve,
    /// What writes.
    pub disk: Arc<dyn Disk>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_size: 64 * 1024 * 1024,
            reserve: Arc::new(|append| append.stream.kind() == "system"),
            disk: Arc::new(RealDisk),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("segment_size", &self.segment_size).finish_non_exhaustive()
    }
}

/// An append-only log in a folder of its own. Dropping it makes everything durable and frees the lock.
pub struct FileLog {
    id: LogId,
    dir: PathBuf,
    shared: Arc<Shared>,
    reserve: Reserve,
    messages: mpsc::Sender<Message>,
    writer: Mutex<Option<JoinHandle<()>>>,
    full: watch::Receiver<bool>,
    /// Freed last.
    lock: Lock,
}

impl FileLog {
    /// Opens the log in a folder, or begins one there. Blocks while the last segment is read.
    ///
    /// # Errors
    /// Another process holds it, a segment is missing or of another log or format, or a file cannot be used.
    /// Damaged records are no error here: the report names them, reading them fails, everything else works.
    pub fn open(dir: &Path, options: &Options) -> Result<(Self, OpenReport), OpenError> {
        fs::create_dir_all(dir).map_err(|source| OpenError::Io { path: dir.to_owned(), source })?;
        let lock = Lock::take(dir)?;
        let loaded = load(dir)?;
        Self::start(dir, options, lock, loaded)
    }

    /// Opens the log in a folder, as [`open`](Self::open) does, and has it go on in a new epoch: what is held of the log
    /// elsewhere, such as cursors, may be of records that are not in this copy. Durable before it returns.
    ///
    /// # Errors
    /// There is no log, or no new segment can be begun; else as `open`.
    pub fn open_in_new_epoch(dir: &Path, options: &Options) -> Result<(Self, OpenReport), OpenError> {
        let none = || OpenError::Missing { number: 0, path: segment::path(dir, 0) };
        if !dir.is_dir() {
            return Err(none());
        }
        let lock = Lock::take(dir)?;
        let mut loaded = load(dir)?.ok_or_else(none)?;
        loaded.id.epoch += 1;
        // The epoch stands in the header of a segment of its own; the one before it is complete as it is.
        if let Some(last) = loaded.active.take() {
            loaded.index.pack(last.number);
        }
        let before = loaded.index.segments.len();
        let (log, report) = Self::start(dir, options, lock, Some(loaded))?;
        if log.shared.index().segments.len() == before {
            let words = log.troubles().pop().unwrap_or_else(|| "no new segment could be begun".into());
            return Err(OpenError::Io { path: dir.to_owned(), source: io::Error::other(words) });
        }
        Ok((log, report))
    }

    fn start(
        dir: &Path,
        options: &Options,
        lock: Lock,
        loaded: Option<Loaded>,
    ) -> Result<(Self, OpenReport), OpenError> {
        let at_dir = |source| OpenError::Io { path: dir.to_owned(), source };
        let segment_size = options.segment_size.clamp(16 * 1024, 1024 * 1024 * 1024).next_multiple_of(4096);
        let upkeep = Upkeep::start(dir, segment_size, options.disk.clone()).map_err(at_dir)?;
        let full = upkeep.watch_full();
        let loaded = loaded.unwrap_or_else(new_log);
        let Loaded { id, index, point, active, broken, marked, report } = loaded;
        let troubles = report.damage.iter().map(|damage| format!("the log is damaged: {damage}")).collect();
        let shared = Shared::new(index, point.position, troubles).map_err(at_dir)?;
        let (messages, inbox) = mpsc::channel();
        let begin = active.is_none();
        let start = Start {
            shared: shared.clone(),
            upkeep,
            disk: options.disk.clone(),
            dir: dir.to_owned(),
            log: id,
            segment_size,
            messages: inbox,
            active,
            point,
            broken,
            marked,
        };
        let mut writer = Writer::new(start);
        if begin {
            // A log exists from the moment its first segment does.
            match writer.begin() {
                Ok(()) => {}
                Err(AppendError::Full) if report.created => {
                    return Err(OpenError::Full { dir: dir.to_owned() });
                }
                Err(error) if report.created => {
                    return Err(at_dir(io::Error::other(error.to_string())));
                }
                // Reading works; the writer tries again with the first append.
                Err(error) => shared.trouble(error.to_string()),
            }
        }
        let thread = thread::Builder::new().name("log-write".into()).spawn(move || writer.run()).map_err(at_dir)?;
        let log = Self {
            id,
            dir: dir.to_owned(),
            shared,
            reserve: options.reserve.clone(),
            messages,
            writer: Mutex::new(Some(thread)),
            full,
            lock,
        };
        Ok((log, report))
    }

    /// Leaves a note for those who find the log in use, such as the address that this process serves.
    pub fn note(&self, note: &str) -> io::Result<()> {
        self.lock.note(note)
    }

    /// Whether there is no room on the disk for the next segment, and every change of that.
    pub fn watch_full(&self) -> watch::Receiver<bool> {
        self.full.clone()
    }

    /// Makes everything durable and takes no more; subscriptions end once they have handed out everything. Blocks.
    pub fn close(&self) {
        let _already_gone = self.messages.send(Message::Close).is_err();
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the writer was reported by its thread; appenders have been answered by then.
            let _panicked = thread.join().is_err();
        }
    }
}

impl Drop for FileLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for FileLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileLog").field("id", &self.id).field("head", &self.head()).finish_non_exhaustive()
    }
}

/// A log with nothing in it.
fn new_log() -> Loaded {
    let frontier = Some(Frontier::default());
    let point = Point { position: 0, chain: [0; 32], frontier, offset: bytes_of(header::LEN) };
    Loaded {
        id: LogId { id: Uuid::now_v7(), epoch: 0 },
        index: Index::default(),
        point,
        active: None,
        broken: Break::default(),
        marked: true,
        report: OpenReport { created: true, ..OpenReport::default() },
    }
}

/// Encodes an append but for its numbers, in the appender's own thread.
fn prepare(append: Append, reserve: &Reserve) -> Result<Prepared, AppendError> {
    let bytes = check(&append)?;
    let privileged = reserve(&append);
    let mut salts = vec![[0_u8; 16]; append.records.len()];
    rand::fill(salts.as_flattened_mut());
    let mut body = Vec::with_capacity(bytes);
    let marks = append
        .records
        .iter()
        .zip(salts)
        .map(|(record, salt)| format::record::put(&mut body, &append.stream, record, salt))
        .collect();
    let Append { stream, expected, ack, .. } = append;
    Ok(Prepared { stream, expected, ack, privileged, body, marks })
}

/// The answer to an append or a sync, once it comes.
async fn answered<T>(answer: oneshot::Receiver<Result<T, AppendError>>) -> Result<T, AppendError> {
    answer.await.unwrap_or_else(|_| Err(AppendError::Unknown("the thread that writes has ended".into())))
}

impl EventLog for FileLog {
    fn id(&self) -> LogId {
        self.id
    }

    /// The append is on its way when this returns; dropping the future does not take it back.
    fn append(&self, append: Append) -> BoxFuture<'static, Result<Appended, AppendError>> {
        let prepared = match prepare(append, &self.reserve) {
            Ok(prepared) => prepared,
            Err(error) => return std::future::ready(Err(error)).boxed(),
        };
        let (reply, answer) = oneshot::channel();
        match self.messages.send(Message::Append(prepared, reply)) {
            Ok(()) => answered(answer).boxed(),
            Err(_) => std::future::ready(Err(AppendError::Closed)).boxed(),
        }
    }

    fn sync(&self) -> BoxFuture<'static, Result<Position, AppendError>> {
        let (reply, answer) = oneshot::channel();
        match self.messages.send(Message::Sync(reply)) {
            Ok(()) => answered(answer).boxed(),
            Err(_) => std::future::ready(Err(AppendError::Closed)).boxed(),
        }
    }

    fn head(&self) -> Position {
        Position(self.shared.head())
    }

    fn next_revision(&self, stream: &StreamId) -> Revision {
        Revision(self.shared.index().next_revision(stream))
    }

    fn streams(&self) -> Vec<(StreamId, Position)> {
        self.shared.index().streams().map(|(stream, last)| (stream.clone(), Position(last))).collect()
    }

    fn link(&self, stream: StreamId, revision: Revision) -> BoxFuture<'static, Result<Option<Link>, ReadError>> {
        let shared = self.shared.clone();
        let found = self.shared.have_read(move || shared.link(&stream, revision.0));
        found.map(|found| found?).boxed()
    }

    fn read_stream(&self, stream: StreamId, from: Revision) -> BoxStream<'static, Result<Record, ReadError>> {
        follow::read(self.shared.clone(), Selection::Stream { stream, from })
    }

    fn read_log(&self, from: Position) -> BoxStream<'static, Result<Record, ReadError>> {
        follow::read(self.shared.clone(), Selection::All { from })
    }

    fn subscribe(&self, selection: Selection) -> Subscription {
        follow::subscribe(self.shared.clone(), selection)
    }

    fn troubles(&self) -> Vec<String> {
        let mut troubles = self.shared.troubles();
        if *self.full.borrow() {
            troubles.push(AppendError::Full.to_string());
        }
        troubles
    }

    fn figures(&self) -> Figures {
        let index = self.shared.index();
        let sizes = index.segments.iter().filter_map(|segment| Some(segment.file.file.metadata().ok()?.len()));
        Figures { segments: bytes_of(index.segments.len()), size_bytes: sizes.sum(), ..self.shared.tally().read() }
    }

    fn dir(&self) -> Option<&Path> {
        Some(&self.dir)
    }
}
