//! Large data beside the log: files named by the SHA-256 of what they hold, written before the event that names them.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Read, Write},
    ops::Range,
    path::{Path, PathBuf},
    str::FromStr,
    sync::atomic::{AtomicU64, Ordering},
};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

/// The name of a blob: the SHA-256 of its bytes, 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^[0-9a-f]{64}$"))]
pub struct BlobId([u8; 32]);

/// A text that is not the name of a blob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a blob: write its SHA-256 as 64 lower-case hexadecimal digits")]
pub struct BadBlobId;

impl BlobId {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BlobId {
    type Err = BadBlobId;

    fn from_str(text: &str) -> Result<Self, BadBlobId> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut id = [0; 32];
        if pairs.len() != id.len() || !rest.is_empty() {
            return Err(BadBlobId);
        }
        for (byte, [high, low]) in id.iter_mut().zip(pairs) {
            *byte = digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low).ok_or(BadBlobId)?;
        }
        Ok(Self(id))
    }
}

impl Serialize for BlobId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BlobId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a blob could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no room.
    #[error("the disk that holds the blobs is full: make room and try again")]
    Full,
    /// The file's bytes are not those that its name promises.
    #[error("blob {id} is damaged ({}): restore it from a backup", .path.display())]
    Damaged {
        /// The blob.
        id: BlobId,
        /// Its file.
        path: PathBuf,
    },
    /// The file could not be used.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A folder of blobs. Every call blocks on the disk.
#[derive(Debug)]
pub struct BlobStore {
    dir: PathBuf,
    fresh: AtomicU64,
}

impl BlobStore {
    /// The blobs in a folder, which is made if it is not there.
    pub fn open(dir: &Path) -> Result<Self, BlobError> {
        fs::create_dir_all(dir).map_err(error_at(dir))?;
        Ok(Self { dir: dir.to_owned(), fresh: AtomicU64::new(0) })
    }

    fn path(&self, id: BlobId) -> PathBuf {
        let name = id.to_string();
        self.dir.join(&name[..2]).join(name)
    }

    /// Keeps bytes, durably before it returns; what is there already is not written again.
    pub fn put(&self, bytes: &[u8]) -> Result<BlobId, BlobError> {
        let id = BlobId::of(bytes);
        let path = self.path(id);
        let folder = path.parent().unwrap_or(&self.dir);
        // What is there and whole need not be written again; damaged, it is healed.
        if !matches!(self.get(id), Ok(Some(_))) {
            self.write(folder, &path, bytes)?;
        }
        // Also where it was there already: whoever wrote it may not have come to this yet.
        for folder in [folder, &self.dir] {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(error_at(folder))?;
        }
        Ok(id)
    }

    /// Writes beside, syncs, renames.
    fn write(&self, folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), BlobError> {
        fs::create_dir_all(folder).map_err(error_at(folder))?;
        let number = self.fresh.fetch_add(1, Ordering::Relaxed);
        let beside = folder.join(format!("{}.{number}.tmp", std::process::id()));
        write_synced(&beside, bytes).and_then(|()| fs::rename(&beside, path)).map_err(|error| {
            // What is half written is of no use; it may not even be there.
            let _gone = fs::remove_file(&beside).is_err();
            error_at(&beside)(error)
        })
    }

    /// The whole blob; `None` if it is not there.
    pub fn get(&self, id: BlobId) -> Result<Option<Vec<u8>>, BlobError> {
        self.get_range(id, 0..u64::MAX)
    }

    /// A part of a blob, as much of it as there is; `None` if the blob is not there. The whole is checked all the same.
    pub fn get_range(&self, id: BlobId, range: Range<u64>) -> Result<Option<Vec<u8>>, BlobError> {
        let path = self.path(id);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error_at(&path)(error)),
        };
        let (part, found) = read_checked(&mut file, &range).map_err(error_at(&path))?;
        if found == id { Ok(Some(part)) } else { Err(BlobError::Damaged { id, path }) }
    }

    /// The names of all blobs that are there, in no order.
    pub fn ids(&self) -> Result<Vec<BlobId>, BlobError> {
        let mut ids = Vec::new();
        for folder in fs::read_dir(&self.dir).map_err(error_at(&self.dir))? {
            let folder = folder.map_err(error_at(&self.dir))?.path();
            if !folder.is_dir() {
                continue;
            }
            for file in fs::read_dir(&folder).map_err(error_at(&folder))? {
                // What is half written has another name.
                let name = file.map_err(error_at(&folder))?.file_name();
                ids.extend(name.to_str().and_then(|name| name.parse::<BlobId>().ok()));
            }
        }
        Ok(ids)
    }

    /// How long a blob is, in bytes; `None` if it is not there.
    pub fn len(&self, id: BlobId) -> Result<Option<u64>, BlobError> {
        let path = self.path(id);
        match fs::metadata(&path) {
            Ok(there) => Ok(Some(there.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error_at(&path)(error)),
        }
    }
}

fn error_at(path: &Path) -> impl FnOnce(io::Error) -> BlobError {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BlobError::Full,
        _ => BlobError::Io { path, source },
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The wanted part of a file, and the name that its whole content has.
fn read_checked(file: &mut File, range: &Range<u64>) -> io::Result<(Vec<u8>, BlobId)> {
    let (mut part, mut hash, mut at) = (Vec::new(), Sha256::new(), 0_u64);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => return Ok((part, BlobId(hash.finalize().into()))),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let piece = &buffer[..read];
        hash.update(piece);
        let inside = |n: u64| usize::try_from(n.saturating_sub(at)).unwrap_or(usize::MAX).min(read);
        let (from, to) = (inside(range.start), inside(range.end));
        part.extend_from_slice(piece.get(from..to).unwrap_or_default());
        at += u64::try_from(read).unwrap_or(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::tempdir;

    use super::*;

    #[test]
    fn a_blob_is_found_by_the_hash_of_its_bytes() {
        let dir = tempdir().unwrap();
        let blobs = BlobStore::open(dir.path()).unwrap();
        let id = blobs.put(b"abc").unwrap();
        assert_eq!(id.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(blobs.put(b"abc").unwrap(), id, "once is enough");
        assert_eq!(blobs.get(id).unwrap().as_deref(), Some(&b"abc"[..]));
        assert_eq!(blobs.len(id).unwrap(), Some(3));
        assert_eq!(blobs.ids().unwrap(), [id]);
        assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<BlobId>(&json).unwrap(), id);
    }

    #[test]
    fn a_missing_blob_is_a_value() {
        let dir = tempdir().unwrap();
        let blobs = BlobStore::open(dir.path()).unwrap();
        let id = BlobId::of(b"never written");
        assert_eq!(blobs.get(id).unwrap(), None);
        assert_eq!(blobs.get_range(id, 0..1).unwrap(), None);
        assert_eq!(blobs.len(id).unwrap(), None);
    }

    #[test]
    fn a_damaged_blob_is_an_error_that_names_it_and_can_be_written_again() {
        let dir = tempdir().unwrap();
        let blobs = BlobStore::open(dir.path()).unwrap();
        let id = blobs.put(b"precious").unwrap();
        fs::write(blobs.path(id), b"preciouz").unwrap();
        let error = blobs.get_range(id, 0..2).unwrap_err();
        assert!(error.to_string().contains(&id.to_string()), "{error}");

        blobs.put(b"precious").unwrap();
        assert_eq!(blobs.get(id).unwrap().as_deref(), Some(&b"precious"[..]));
    }

    #[test]
    fn nothing_half_written_stays() {
        let dir = tempdir().unwrap();
        let blobs = BlobStore::open(dir.path()).unwrap();
        let id = blobs.put(b"whole").unwrap();
        let names: Vec<_> =
            fs::read_dir(blobs.path(id).parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, [std::ffi::OsString::from(id.to_string())]);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in ["", "abc", &"g".repeat(64), &"A".repeat(64), &"0".repeat(65), "../../etc/passwd"] {
            assert_eq!(bad.parse::<BlobId>(), Err(BadBlobId), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_range_is_that_part_of_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..200_000), from in 0_u64..200_000, length in 0_u64..200_000) {
            let dir = tempdir().unwrap();
            let blobs = BlobStore::open(dir.path()).unwrap();
            let id = blobs.put(&bytes).unwrap();
            let end = usize::try_from(from + length).unwrap().min(bytes.len());
            let start = usize::try_from(from).unwrap().min(end);
            prop_assert_eq!(blobs.get_range(id, from..from + length).unwrap().unwrap(), &bytes[start..end]);
        }
    }
}
