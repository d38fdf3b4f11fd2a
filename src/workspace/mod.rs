//! A project's files: the one door through which anything in this program reads them.
//!
//! A [`Workspace`] is a project folder opened once as a directory handle. Every file and folder is reached from that
//! handle, one component at a time, and looked at again after it was opened; a path, however spelled, therefore cannot
//! name anything outside (`..`, absolute paths, links), nor a sensitive place, nor something whose opening blocks.
//! Folders outside the project can be read only where a grant names them.
//!
//! Everything here blocks on the disk: call it from a thread that may block.

mod contained;
#[cfg(test)]
mod containment_tests;
mod directories;
mod error;
pub mod git;
mod ignored;
mod names;
mod paths;
mod place;
mod project;
mod saving;
mod sensitive;
mod space;
pub mod trusted;
mod walk;
#[cfg(test)]
mod walk_tests;

pub use directories::{Directories, Directory, directories};
pub use error::{PathCode, PathError};
pub use names::{nearest, shown};
pub use paths::{FoundPaths, Paths, ProjectPath};
pub use project::project_path;
pub use saving::save;
pub use sensitive::is_sensitive;
pub use space::{Access, Located, OpenDirectory, OpenFile, Workspace};
pub use walk::{Entry, Kind, Order, Walk, WalkReport};
