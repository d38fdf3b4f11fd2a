//! One process owns a log: an advisory lock on a file that says who it is.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    open::OpenError,
    segment::{bytes_of, read_at},
};

/// Somebody who only looks whether the lock is held holds it for an instant; how often and how long to wait for that.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// Who holds a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// What it says of itself, such as the address that it serves.
    pub note: String,
}

/// The lock, held until dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

fn path(dir: &Path) -> PathBuf {
    dir.join("lock")
}

impl Lock {
    /// Takes the lock of a folder that is there.
    pub fn take(dir: &Path) -> Result<Self, OpenError> {
        let path = path(dir);
        let io = |source| OpenError::Io { path: path.clone(), source };
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        for tries_left in (0..TRIES).rev() {
            match file.try_lock() {
                Ok(()) => {
                    let lock = Self { file };
                    lock.note("").map_err(io)?;
                    return Ok(lock);
                }
                Err(TryLockError::WouldBlock) if tries_left > 0 => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
        }
        Err(OpenError::Locked { dir: dir.to_owned(), holder: read(&file).map_err(io)? })
    }

    /// Says who holds it, for those who find it held.
    pub fn note(&self, note: &str) -> io::Result<()> {
        let holder = Holder { pid: std::process::id(), note: note.to_owned() };
        let bytes = serde_json::to_vec(&holder)?;
        self.file.write_all_at(&bytes, 0)?;
        self.file.set_len(bytes_of(bytes.len()))
    }
}

fn read(file: &File) -> io::Result<Option<Holder>> {
    let bytes = read_at(file, 0, 64 * 1024)?;
    // Right between the lock and the note there is nothing to read yet.
    Ok(serde_json::from_slice(&bytes).ok())
}

/// Who holds the log in a folder: `None` if nobody does, or there is no log.
pub fn holder(dir: &Path) -> io::Result<Option<Holder>> {
    let file = match File::open(path(dir)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(read(&file)?.unwrap_or(Holder { pid: 0, note: String::new() }))),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
