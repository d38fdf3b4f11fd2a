//! The database of read models. What does not open is deleted: everything in it can be made anew.
//!
//! A database that refused once, as when the disk was full, refuses for ever: it is closed and opened anew in place, which is
//! another *life* of it. Tables are looked up anew each time, so that nobody holds on to a life that is over.

use std::{
    fmt, fs,
    io::{self, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tokio::sync::Notify;

use super::DerivedError;
use crate::file::segment::is_full;

/// How much memory the database may use for its cache, in bytes.
const CACHE: u64 = 16 * 1024 * 1024;

/// How the database says that another process holds it; it has no error of its own for that.
const LOCKED: &str = "could not acquire lock";

/// A database that was closed a moment ago in this process lets go of its lock a little later: how often and how long to wait.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// How much room there must be before the database is opened anew, in bytes: it writes pieces of half a MiB.
const ROOM: usize = 2 * 1024 * 1024;

/// A database of read models. Cheap to clone.
#[derive(Clone)]
pub struct Derived(Arc<Inner>);

struct Inner {
    dir: PathBuf,
    life: Mutex<Life>,
    /// Held by whoever opens it anew, which may take a while.
    opening: Mutex<()>,
    /// Told when a reader found that what is open cannot be trusted.
    distrusted: Notify,
}

/// What is open at the moment.
struct Life {
    number: u64,
    db: Option<sled::Db>,
    /// Why none is open.
    closed: String,
    /// It panicked: what it holds cannot be trusted, and is deleted before it is opened next.
    broken: bool,
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Derived").field(&self.0.dir).finish()
    }
}

impl Derived {
    /// Opens the database in a folder; one that does not open is deleted and begun anew. What hinders that, a full disk for
    /// one, is met and told again by whoever projects into it. Blocks.
    pub fn open(dir: &Path) -> Self {
        let life = Life { number: 0, db: None, closed: String::new(), broken: false };
        let inner =
            Inner { dir: dir.to_owned(), life: Mutex::new(life), opening: Mutex::default(), distrusted: Notify::new() };
        let derived = Self(Arc::new(inner));
        if let Err(error) = derived.open_anew(0) {
            tracing::warn!(%error, "the read models wait");
        }
        derived
    }

    /// Opens it anew, unless that was done since the life of this number; the number of the life that is open then. Blocks.
    ///
    /// As long as there is no room for another, the old life stays: its rows can still be read.
    pub(super) fn open_anew(&self, after: u64) -> Result<u64, DerivedError> {
        let _one = self.0.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let (broken, was_open) = {
            let life = self.life();
            if life.number > after && !life.broken {
                return Ok(life.number);
            }
            (life.broken || self.mark().exists(), life.db.is_some())
        };
        if was_open && !broken {
            self.has_room()?;
        }
        let old = {
            let mut life = self.life();
            "it is being opened anew".clone_into(&mut life.closed);
            life.db.take()
        };
        // The last one to let it go has it write what it still holds, which may fail in every way.
        if catch_unwind(AssertUnwindSafe(|| drop(old))).is_err() {
            tracing::warn!(dir = %self.0.dir.display(), "the read models panicked while they were closed");
        }
        if broken {
            self.remove()
                .and_then(|()| unless_gone(fs::remove_file(self.mark())))
                .map_err(|error| self.error(error))?;
        }
        let db = self.opened().inspect_err(|error| self.life().closed.clone_from(&error.what))?;
        let mut life = self.life();
        *life = Life { number: life.number + 1, db: Some(db), closed: String::new(), broken: false };
        Ok(life.number)
    }

    fn opened(&self) -> Result<sled::Db, DerivedError> {
        let dir = &self.0.dir;
        let mut opened = open(dir);
        for _ in 0..TRIES {
            if !opened.as_ref().is_err_and(|why| why.contains(LOCKED)) {
                break;
            }
            thread::sleep(PAUSE);
            opened = open(dir);
        }
        match opened {
            Ok(db) => Ok(db),
            // Somebody else is at work there: what they have is not ours to delete.
            Err(why) if why.contains(LOCKED) => Err(self.error(why)),
            Err(why) => {
                // Without room for the new one, the old one may still be good once there is.
                if self.has_room().is_err() {
                    return Err(self.error(why));
                }
                tracing::warn!(dir = %dir.display(), why, "the read models do not open and are made anew");
                self.remove().map_err(|error| self.error(error))?;
                open(dir).map_err(|why| self.error(why))
            }
        }
    }

    /// Looks for room on the disk by taking it for a moment.
    fn has_room(&self) -> Result<(), DerivedError> {
        let path = self.0.dir.join("room");
        let taken = fs::File::create(&path).and_then(|mut file| {
            // Gone at once, so that it does not stay whatever comes.
            fs::remove_file(&path)?;
            // Not zeros: some file systems give those no room.
            file.write_all(&vec![0x5A; ROOM])?;
            file.sync_all()
        });
        taken.map_err(|error| self.error(io_words(&error)))
    }

    /// Why nothing can be read, where nothing is open.
    pub(super) fn closed(&self) -> Option<DerivedError> {
        let life = self.life();
        life.db.is_none().then(|| self.error(&life.closed))
    }

    /// The table of this name, made if it is not there.
    pub(super) fn tree(&self, name: &str) -> Result<sled::Tree, DerivedError> {
        let db = {
            let life = self.life();
            life.db.clone().ok_or_else(|| self.error(&life.closed))?
        };
        self.guarded(|| db.open_tree(name))
    }

    /// Keeps a panic of the database from ending more than its rows: they are deleted, and made anew.
    pub(super) fn guarded<T>(&self, work: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, DerivedError> {
        if let Ok(done) = catch_unwind(AssertUnwindSafe(work)) {
            return done.map_err(|error| self.error(words(error)));
        }
        self.distrust();
        Err(self.damaged())
    }

    fn damaged(&self) -> DerivedError {
        self.error("its files are damaged, and it is made anew")
    }

    fn distrust(&self) {
        self.life().broken = true;
        // Should the process end before it is made anew.
        if let Err(error) = fs::write(self.mark(), b"") {
            tracing::error!(%error, "delete the read models by hand, should this process end now");
        }
        self.0.distrusted.notify_waiters();
    }

    /// Waits until somebody finds that what is open cannot be trusted any more.
    pub(super) async fn distrusted(&self) -> DerivedError {
        let told = self.0.distrusted.notified();
        if !self.life().broken {
            told.await;
        }
        self.damaged()
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.0.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says to the next process that what is there cannot be trusted.
    fn mark(&self) -> PathBuf {
        self.0.dir.with_extension("broken")
    }

    /// Removes what is in the folder, or a file in its place. The folder stays: it may be a disk of its own.
    fn remove(&self) -> io::Result<()> {
        let dir = &self.0.dir;
        if !dir.is_dir() {
            return unless_gone(fs::remove_file(dir));
        }
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            unless_gone(if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) })?;
        }
        Ok(())
    }

    fn error(&self, what: impl ToString) -> DerivedError {
        DerivedError { path: self.0.dir.display().to_string(), what: what.to_string() }
    }
}

/// Opens without letting a panic through: on damaged files this database is known to panic.
fn open(dir: &Path) -> Result<sled::Db, String> {
    let config = sled::Config::new().path(dir).cache_capacity(CACHE);
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(error)) => Err(words(error)),
        Err(_) => Err("it panicked on its files".into()),
    }
}

/// What the database says, for a person.
fn words(error: sled::Error) -> String {
    match error {
        sled::Error::Io(error) => io_words(&error),
        error => error.to_string(),
    }
}

fn io_words(error: &io::Error) -> String {
    if is_full(error) { "the disk that holds them is full: make room".into() } else { error.to_string() }
}

/// What is not there need not be removed.
fn unless_gone(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}
