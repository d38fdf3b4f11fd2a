//! What is done beside the writer: the next segment is allocated ahead, and full ones get their footers.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::watch;

use super::{
    disk::Disk,
    format::footer::Footer,
    segment::{FRESH, NEXT, SPARE, SegmentFile, bytes_of, is_full, sync_dir},
};

/// How long to wait before the spare is tried again when there was no room for it.
const RETRY: Duration = Duration::from_secs(1);

/// The thread that works beside the writer.
#[derive(Debug)]
pub(super) struct Upkeep {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Desk {
    dir: PathBuf,
    size: u64,
    disk: Arc<dyn Disk>,
    /// Whether there was no room for a spare when it was last tried.
    full: watch::Sender<bool>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    spare: Spare,
    seals: VecDeque<Seal>,
    stop: bool,
}

#[derive(Debug)]
enum Spare {
    Wanted,
    Ready(File),
    Failed(io::ErrorKind, String),
}

/// A segment that is full, and the footer that it gets.
#[derive(Debug)]
pub(super) struct Seal {
    /// The segment.
    pub file: Arc<SegmentFile>,
    /// Where its frames end.
    pub offset: u64,
    /// What to write there.
    pub footer: Footer,
}

impl Upkeep {
    /// Begins: segments of `size` bytes in `dir`.
    pub fn start(dir: &Path, size: u64, disk: Arc<dyn Disk>) -> io::Result<Self> {
        let state = State { spare: Spare::Wanted, seals: VecDeque::new(), stop: false };
        let (dir, state) = (dir.to_owned(), Mutex::new(state));
        let shared =
            Arc::new(Desk { dir, size, disk, full: watch::Sender::new(false), state, changed: Condvar::new() });
        let own = shared.clone();
        let thread = thread::Builder::new().name("log-upkeep".into()).spawn(move || own.work())?;
        Ok(Self { desk: shared, thread: Some(thread) })
    }

    /// The spare segment, now called [`NEXT`]; waits while it is being made.
    pub fn take_spare(&self) -> io::Result<File> {
        let mut state = self.desk.state();
        loop {
            match std::mem::replace(&mut state.spare, Spare::Wanted) {
                Spare::Ready(file) => {
                    // Under its old name it would be found, and taken for the next spare.
                    fs::rename(self.desk.dir.join(SPARE), self.desk.dir.join(NEXT))?;
                    self.desk.changed.notify_all();
                    return Ok(file);
                }
                Spare::Failed(kind, words) => {
                    let error = io::Error::new(kind, words.clone());
                    state.spare = Spare::Failed(kind, words);
                    return Err(error);
                }
                Spare::Wanted => {
                    state = self.desk.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Whether there was no room for a spare segment when it was last tried.
    pub fn is_full(&self) -> bool {
        *self.desk.full.borrow()
    }

    /// The same, and every change of that.
    pub fn watch_full(&self) -> watch::Receiver<bool> {
        self.desk.full.subscribe()
    }

    /// Gives a full segment its footer, some time.
    pub fn seal(&self, seal: Seal) {
        self.desk.state().seals.push_back(seal);
        self.desk.changed.notify_all();
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.desk.state().stop = true;
        self.desk.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported by the thread itself; nothing here depends on it.
            let _panicked = thread.join().is_err();
        }
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut state = self.state();
        loop {
            if let Some(seal) = state.seals.pop_front() {
                drop(state);
                if let Err(error) = write_footer(&seal.file, seal.offset, &seal.footer) {
                    tracing::warn!(segment = seal.file.place.segment, %error, "no footer: the next start reads this segment's frames instead");
                }
                state = self.state();
                continue;
            }
            if state.stop {
                return;
            }
            state = match state.spare {
                Spare::Ready(_) => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Spare::Wanted => self.make_spare(state),
                Spare::Failed(..) => {
                    let (state, waited) =
                        self.changed.wait_timeout(state, RETRY).unwrap_or_else(PoisonError::into_inner);
                    if waited.timed_out() { self.make_spare(state) } else { state }
                }
            };
        }
    }

    fn make_spare<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        drop(state);
        let made = self.spare();
        let full = made.as_ref().is_err_and(is_full);
        if full {
            self.full.send_replace(true);
        }
        let mut state = self.state();
        state.spare = match made {
            Ok(file) => Spare::Ready(file),
            Err(error) => Spare::Failed(error.kind(), error.to_string()),
        };
        self.changed.notify_all();
        // Whoever hears that there is room finds the spare.
        self.full.send_if_modified(|was| std::mem::replace(was, full) != full);
        state
    }

    fn spare(&self) -> io::Result<File> {
        let (fresh, spare) = (self.dir.join(FRESH), self.dir.join(SPARE));
        if let Ok(file) = OpenOptions::new().read(true).write(true).open(&spare)
            && file.metadata()?.len() == self.size
        {
            return Ok(file);
        }
        let file = self.disk.allocate(&fresh, self.size).inspect_err(|_| {
            // Half a spare would keep from others the room that there is. It may not even be there.
            let _gone = fs::remove_file(&fresh).is_err();
        })?;
        fs::rename(&fresh, &spare)?;
        sync_dir(&self.dir)?;
        Ok(file)
    }
}

/// Writes a footer behind a segment's frames and ends the file there, durably.
pub(super) fn write_footer(file: &SegmentFile, offset: u64, footer: &Footer) -> io::Result<()> {
    let bytes = footer.to_bytes(offset);
    file.file.write_all_at(&bytes, offset)?;
    file.file.set_len(offset + bytes_of(bytes.len()))?;
    file.file.sync_all()
}
