//! Opening one component beneath a directory handle, so that what is used is what was looked at: never through a link,
//! never something whose opening or reading blocks.

use cap_std::fs::{Dir, File, Metadata, MetadataExt, OpenOptions, OpenOptionsExt};
use std::ffi::OsStr;
use std::io;
use std::path::Path;

/// Why a component was not opened.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A link stands here, or something else took the place of what was looked at.
    Changed,
    /// Neither a file nor a folder.
    NotRegular,
    /// A file where a folder was wanted.
    NotADirectory,
    /// A folder where a file was wanted.
    NotAFile,
    /// The operating system's answer.
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Opens the folder `name` of `dir`; a link is refused, even one that stays inside.
pub(super) fn enter(dir: &Dir, name: &OsStr) -> Result<Dir, Refusal> {
    let before = dir.symlink_metadata(name)?;
    if before.is_symlink() {
        return Err(Refusal::Changed);
    }
    if !before.is_dir() {
        return Err(Refusal::NotADirectory);
    }
    let opened = dir.open_dir(name)?;
    if same(&before, &opened.dir_metadata()?) { Ok(opened) } else { Err(Refusal::Changed) }
}

/// Opens the folder at `path`, a path of plain names without links, component by component.
pub(super) fn descend(dir: &Dir, path: &Path) -> Result<Dir, Refusal> {
    let mut here = dir.try_clone()?;
    for component in path.components() {
        here = enter(&here, component.as_os_str())?;
    }
    Ok(here)
}

/// Opens the regular file `name` of `dir` for reading; links, pipes, sockets and devices are refused without opening
/// them, and the opened file is compared with what was looked at.
pub(super) fn open_regular(dir: &Dir, name: &OsStr) -> Result<(File, Metadata), Refusal> {
    let before = dir.symlink_metadata(name)?;
    if before.is_symlink() {
        return Err(Refusal::Changed);
    }
    if before.is_dir() {
        return Err(Refusal::NotAFile);
    }
    if !before.is_file() {
        return Err(Refusal::NotRegular);
    }
    // A pipe put in its place between the look and the opening must not block either.
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = dir.open_with(name, OpenOptions::new().read(true).custom_flags(nonblock))?;
    let after = file.metadata()?;
    if same(&before, &after) && after.is_file() { Ok((file, after)) } else { Err(Refusal::Changed) }
}

fn same(a: &Metadata, b: &Metadata) -> bool {
    a.dev() == b.dev() && a.ino() == b.ino()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    fn folder() -> (tempfile::TempDir, Dir) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(temp.path(), ambient_authority()).unwrap();
        (temp, dir)
    }

    #[test]
    fn a_link_is_not_opened_even_when_it_stays_inside() {
        let (temp, dir) = folder();
        std::fs::create_dir(temp.path().join("real")).unwrap();
        std::fs::write(temp.path().join("file"), "x").unwrap();
        std::os::unix::fs::symlink("real", temp.path().join("folder")).unwrap();
        std::os::unix::fs::symlink("file", temp.path().join("link")).unwrap();
        assert!(matches!(enter(&dir, "folder".as_ref()), Err(Refusal::Changed)));
        assert!(matches!(open_regular(&dir, "link".as_ref()), Err(Refusal::Changed)));
        assert!(enter(&dir, "real".as_ref()).is_ok());
        assert!(open_regular(&dir, "file".as_ref()).is_ok());
    }

    #[test]
    fn another_file_is_not_the_same() {
        let (temp, dir) = folder();
        std::fs::write(temp.path().join("a"), "x").unwrap();
        std::fs::write(temp.path().join("b"), "x").unwrap();
        let a = dir.symlink_metadata("a").unwrap();
        assert!(same(&a, &dir.symlink_metadata("a").unwrap()));
        assert!(!same(&a, &dir.symlink_metadata("b").unwrap()));
    }
}
