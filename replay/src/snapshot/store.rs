//! Snapshots as files, `KIND/ID` in a folder of their own. Every call blocks on the disk.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::ids::StreamId;

/// A folder of snapshots. It may be deleted at any time, whole or in part.
#[derive(Debug)]
pub struct SnapshotStore {
    dir: PathBuf,
    program: String,
    /// Held by who writes: one at a time, since no snapshot is urgent.
    writing: Mutex<()>,
}

impl SnapshotStore {
    /// The snapshots in a folder, which need not be there, of a program: those of another one are not believed.
    pub fn new(dir: &Path, program: &str) -> Self {
        Self { dir: dir.to_owned(), program: program.to_owned(), writing: Mutex::new(()) }
    }

    /// The program whose snapshots are believed.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The bytes of the snapshot of a stream, whatever they are; `None` if there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get(&self, stream: &StreamId) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.dir.join(stream.as_str())) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps the snapshot of a stream in the place of the one before: written beside, synced, renamed.
    ///
    /// # Errors
    /// It cannot be written. What was there before stays.
    pub fn put(&self, stream: &StreamId, bytes: &[u8]) -> io::Result<()> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.dir.join(stream.as_str());
        // What was said stands in them: they are their owner's alone, even where somebody deleted the folder meanwhile.
        DirBuilder::new().recursive(true).mode(0o700).create(self.dir.join(stream.kind()))?;
        // No stream's id has a dot in it.
        let beside = path.with_extension("new");
        let write = || {
            let mut file = File::create(&beside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().inspect_err(|_| {
            // On a full disk, what is half written takes room that the log needs; it may not even be there.
            let _gone = fs::remove_file(&beside).is_err();
        })
    }

    /// The streams that have a snapshot, in order.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn streams(&self) -> io::Result<Vec<StreamId>> {
        let mut streams = Vec::new();
        for kind in entries(&self.dir)? {
            if !kind.is_dir() {
                continue;
            }
            for file in entries(&kind)? {
                let parts =
                    (kind.file_name().and_then(|name| name.to_str()), file.file_name().and_then(|name| name.to_str()));
                let (Some(kind), Some(id)) = parts else { continue };
                streams.extend(format!("{kind}/{id}").parse::<StreamId>().ok());
            }
        }
        streams.sort();
        Ok(streams)
    }
}

/// What stands in a folder, if it is there.
fn entries(dir: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(vec![]),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn stream(name: &str) -> StreamId {
        name.parse().unwrap()
    }

    #[test]
    fn what_is_put_is_got_and_named_and_the_next_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("snapshots");
        let store = SnapshotStore::new(&dir, "test");
        assert_eq!(store.get(&stream("chat/1")).unwrap(), None);
        assert_eq!(store.streams().unwrap(), []);
        store.put(&stream("chat/2"), b"two").unwrap();
        store.put(&stream("chat/1"), b"one").unwrap();
        store.put(&stream("chat/1"), b"more").unwrap();
        assert_eq!(store.get(&stream("chat/1")).unwrap().as_deref(), Some(&b"more"[..]));
        assert_eq!(fs::read(dir.join("chat/2")).unwrap(), b"two");
        assert_eq!(store.streams().unwrap(), [stream("chat/1"), stream("chat/2")]);
    }

    #[test]
    fn what_was_half_written_is_no_snapshot_and_stands_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let store = SnapshotStore::new(folder.path(), "test");
        fs::create_dir(folder.path().join("chat")).unwrap();
        fs::write(folder.path().join("chat/1.new"), "half").unwrap();
        fs::write(folder.path().join("readme"), "not ours").unwrap();
        assert_eq!(store.streams().unwrap(), []);
        store.put(&stream("chat/1"), b"whole").unwrap();
        assert_eq!(store.streams().unwrap(), [stream("chat/1")]);
        assert!(!folder.path().join("chat/1.new").exists());
    }

    #[test]
    fn the_folder_may_go_at_any_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = SnapshotStore::new(&folder.path().join("snapshots"), "test");
        store.put(&stream("chat/1"), b"one").unwrap();
        fs::remove_dir_all(folder.path().join("snapshots")).unwrap();
        assert_eq!(store.get(&stream("chat/1")).unwrap(), None);
        store.put(&stream("chat/1"), b"two").unwrap();
        assert_eq!(store.get(&stream("chat/1")).unwrap().as_deref(), Some(&b"two"[..]));
        let mode = fs::metadata(folder.path().join("snapshots")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "nobody else looks into it");
    }

    #[test]
    fn what_cannot_be_written_is_said_and_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = SnapshotStore::new(folder.path(), "test");
        store.put(&stream("chat/1"), b"one").unwrap();
        fs::create_dir(folder.path().join("chat/1.new")).unwrap();
        store.put(&stream("chat/1"), b"two").unwrap_err();
        assert_eq!(store.get(&stream("chat/1")).unwrap().as_deref(), Some(&b"one"[..]));
    }
}
