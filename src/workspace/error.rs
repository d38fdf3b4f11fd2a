//! Why a path was refused: a stable code, the path, what happened and what to do about it.

use serde::Serialize;
use std::io;

/// The reasons for which a path is refused; stable, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PathCode {
    /// Nothing stands at this path.
    NotFound,
    /// The path, or a link on it, leads out of the project and of every granted folder.
    OutsideProject,
    /// The path is on the fixed list of places that are never read.
    Sensitive,
    /// A folder stands where a file was wanted.
    NotAFile,
    /// A file stands where a folder was wanted.
    NotADirectory,
    /// A pipe, socket or device.
    NotRegular,
    /// The operating system does not let this process read it.
    PermissionDenied,
    /// The path cannot be a path: empty where one is needed, with a NUL, too long, or a loop of links.
    InvalidPath,
    /// What stands there was exchanged while it was being opened.
    Changed,
    /// The disk answered with another error.
    Unreadable,
}

/// A refused path. Its display says what happened, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}. {advice}")]
pub struct PathError {
    /// The stable reason.
    pub code: PathCode,
    /// The path as it was asked for.
    pub path: String,
    /// What happened, a sentence without its full stop.
    pub what: String,
    /// What to do, a whole sentence.
    pub advice: String,
}

impl PathError {
    /// A refusal of `path`: `what` happened (without a full stop), and the `advice` that helps.
    pub fn new(code: PathCode, path: impl Into<String>, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { code, path: path.into(), what: what.into(), advice: advice.into() }
    }

    pub(super) fn sensitive(path: &str) -> Self {
        Self::new(
            PathCode::Sensitive,
            path,
            format!("`{path}` is a place where keys and passwords are kept, and is never read"),
            "Go on without it; where a value from it is needed, ask the user for that value.",
        )
    }

    pub(super) fn not_a_file(path: &str) -> Self {
        Self::new(PathCode::NotAFile, path, format!("`{path}` is a folder, not a file"), "List it with list_directory.")
    }

    pub(super) fn not_a_directory(path: &str) -> Self {
        Self::new(
            PathCode::NotADirectory,
            path,
            format!("`{path}` is a file or goes through one as if it were a folder"),
            "Give the path of a folder, or read the file with read_file.",
        )
    }

    pub(super) fn not_regular(path: &str) -> Self {
        Self::new(
            PathCode::NotRegular,
            path,
            format!("`{path}` is a pipe, a socket or a device, not a file"),
            "Only regular files can be read.",
        )
    }

    pub(super) fn changed(path: &str) -> Self {
        Self::new(
            PathCode::Changed,
            path,
            format!("`{path}` was exchanged for something else while it was being opened"),
            "Try again.",
        )
    }

    /// The error of the operating system for `path`, in words. Escapes and missing files are told apart before, where
    /// more is known.
    pub(super) fn from_io(path: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::new(
                PathCode::NotFound,
                path,
                format!("there is nothing at `{path}`"),
                "Look at the folder with list_directory or search with find_files.",
            ),
            io::ErrorKind::PermissionDenied => Self::new(
                PathCode::PermissionDenied,
                path,
                format!("`{path}` may not be read by the user that the server runs as"),
                "Go on without it, or ask the user to change its permissions.",
            ),
            io::ErrorKind::NotADirectory => Self::not_a_directory(path),
            io::ErrorKind::IsADirectory => Self::not_a_file(path),
            io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => Self::new(
                PathCode::InvalidPath,
                path,
                format!("`{path}` cannot be a path: {error}"),
                "Give a path relative to the project.",
            ),
            _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => Self::new(
                PathCode::InvalidPath,
                path,
                format!("`{path}` goes through links that lead back to themselves"),
                "Give the path of the file itself.",
            ),
            _ => Self::new(
                PathCode::Unreadable,
                path,
                format!("`{path}` could not be read: {error}"),
                "Try again; if it goes on, the disk or the file system has a fault.",
            ),
        }
    }
}
