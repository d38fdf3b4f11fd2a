//! A segment's file, and the folder that the segments stand in.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use super::format::Place;

/// What the names of segments end with.
const SUFFIX: &str = ".seg";
/// A segment allocated ahead.
pub(super) const SPARE: &str = "spare.seg";
/// A segment that is about to get its number.
pub(super) const NEXT: &str = "next.tmp";
/// A segment that is still being filled with zeros.
pub(super) const FRESH: &str = "fresh.tmp";

/// An open segment.
#[derive(Debug)]
pub(crate) struct SegmentFile {
    /// What its checksums are seeded with.
    pub place: Place,
    /// Where it stands.
    pub path: PathBuf,
    /// The file.
    pub file: File,
}

impl SegmentFile {
    /// Reads up to `length` bytes at `offset`, fewer at the end of the file.
    pub fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        read_at(&self.file, offset, length)
    }

    /// The whole file.
    pub fn read_all(&self) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.file.metadata()?.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.read(0, length)
    }
}

/// Reads up to `length` bytes at `offset`, fewer at the end of the file.
pub(crate) fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_into(file, offset, length, &mut bytes)?;
    Ok(bytes)
}

/// Reads up to `length` bytes at `offset`, fewer at the end of the file, in place of what `bytes` held.
pub(super) fn read_into(file: &File, offset: u64, length: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.resize(length, 0);
    let mut filled = 0;
    while filled < length {
        match file.read_at(&mut bytes[filled..], offset + bytes_of(filled)) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                bytes.clear();
                return Err(error);
            }
        }
    }
    bytes.truncate(filled);
    Ok(())
}

/// A number of bytes in memory as an offset in a file.
pub(crate) fn bytes_of(n: usize) -> u64 {
    u64::try_from(n).expect("no machine has more than 2^64 bytes of memory")
}

/// An offset within a segment as a place in memory.
pub(crate) fn place_of(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// The path of a segment.
pub(crate) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:010}{SUFFIX}"))
}

/// The numbers of the segments in a folder, in order.
pub(crate) fn numbers(dir: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|n| n.strip_suffix(SUFFIX)).filter(|n| n.len() == 10);
        numbers.extend(number.and_then(|n| n.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes renames and new names in a folder durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Writes zeros from `from` up to `to`.
pub(super) fn fill(file: &File, from: u64, to: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut at = from;
    while at < to {
        let step = place_of(to - at).min(zeros.len());
        file.write_all_at(&zeros[..step], at)?;
        at += bytes_of(step);
    }
    Ok(())
}

/// The log that most segments say they are of: one from elsewhere does not speak for the others.
pub(crate) fn most_common(logs: impl Iterator<Item = Uuid>) -> Option<Uuid> {
    let mut counts: Vec<(Uuid, usize)> = Vec::new();
    for log in logs {
        match counts.iter_mut().find(|(known, _)| *known == log) {
            Some((_, count)) => *count += 1,
            None => counts.push((log, 1)),
        }
    }
    // Of several the first: `max_by_key` would take the last.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(log, _)| log)
}

/// Whether an error says that the disk, or what this user may take of it, is full.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
