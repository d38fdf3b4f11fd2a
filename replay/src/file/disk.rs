//! The disk as the writer uses it: a small trait, so that tests can make it fail.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

use super::segment::fill;

/// What the writer asks of a disk.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Writes bytes at an offset, all of them.
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes a file's content durable, as `fdatasync` does.
    fn sync(&self, file: &File) -> io::Result<()>;

    /// Makes a file of `size` zero bytes whose blocks are allocated and durable, so that later writes need not touch its
    /// metadata.
    fn allocate(&self, path: &Path, size: u64) -> io::Result<File>;
}

/// The real one.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn allocate(&self, path: &Path, size: u64) -> io::Result<File> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, size) {
            // Some file systems cannot reserve; filling does it there.
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => {}
            Err(errno) => return Err(errno.into()),
        }
        fill(&file, 0, size)?;
        file.sync_all()?;
        Ok(file)
    }
}
