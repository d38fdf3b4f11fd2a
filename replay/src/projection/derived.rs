//! The database of read models. What does not open is deleted: everything in it can be made anew.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::DerivedError;

/// How much memory the database may use for its cache, in bytes.
const CACHE: u64 = 16 * 1024 * 1024;

/// How the database says that another process holds it; it has no error of its own for that.
const LOCKED: &str = "could not acquire lock";

/// A database that was closed a moment ago in this process lets go of its lock a little later: how often and how long to wait.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// An open database of read models. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Derived {
    db: sled::Db,
    broken: PathBuf,
    fresh: bool,
}

impl Derived {
    /// Opens the database in a folder; one that does not open is deleted and begun anew. Blocks.
    pub fn open(dir: &Path) -> Result<Self, DerivedError> {
        let error = |what: String| DerivedError { path: dir.display().to_string(), what };
        let broken = dir.with_extension("broken");
        if broken.exists() {
            remove(dir).and_then(|()| fs::remove_file(&broken)).map_err(|e| error(e.to_string()))?;
        }
        let fresh = !dir.exists();
        let mut opened = open(dir);
        for _ in 0..TRIES {
            if !opened.as_ref().is_err_and(|why| why.contains(LOCKED)) {
                break;
            }
            thread::sleep(PAUSE);
            opened = open(dir);
        }
        match opened {
            Ok(db) => Ok(Self { db, broken, fresh }),
            // Somebody else is at work there: what they have is not ours to delete.
            Err(why) if why.contains(LOCKED) => Err(error(why)),
            Err(why) => {
                tracing::warn!(dir = %dir.display(), why, "the read models do not open and are made anew");
                remove(dir).map_err(|e| error(e.to_string()))?;
                open(dir).map(|db| Self { db, broken, fresh: true }).map_err(error)
            }
        }
    }

    /// Whether it was empty, or had to be begun anew.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// The table of this name, made if it is not there.
    pub(super) fn tree(&self, name: &str) -> Result<sled::Tree, DerivedError> {
        let error = |what| DerivedError { path: self.broken.with_extension("").display().to_string(), what };
        match catch_unwind(AssertUnwindSafe(|| self.db.open_tree(name))) {
            Ok(Ok(tree)) => Ok(tree),
            Ok(Err(e)) => Err(error(e.to_string())),
            Err(_) => {
                self.give_up();
                Err(error("it is damaged, and is made anew with the next start".into()))
            }
        }
    }

    /// Has the whole database deleted when it is opened next: it panicked, so what it holds cannot be trusted.
    pub(super) fn give_up(&self) {
        if let Err(error) = fs::write(&self.broken, b"") {
            tracing::error!(%error, "delete the read models by hand before the next start");
        }
    }
}

/// Opens without letting a panic through: on damaged files this database is known to panic.
fn open(dir: &Path) -> Result<sled::Db, String> {
    let config = sled::Config::new().path(dir).cache_capacity(CACHE);
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it panicked on its files".into()),
    }
}

/// Removes a folder, or a file in its place, if it is there.
fn remove(dir: &Path) -> io::Result<()> {
    let removed = if dir.is_dir() { fs::remove_dir_all(dir) } else { fs::remove_file(dir) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
