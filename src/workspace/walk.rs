//! Walking a folder of the workspace: entries in a fixed order, without those that ignore files hide, without sensitive
//! places and the folders of version control, never through a link.

use super::contained::{Refusal, descend, open_regular};
use super::ignored::{Rules, hides};
use super::space::{OpenDirectory, OpenFile};
use cap_std::fs::{Dir, Metadata};
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tokio_util::sync::CancellationToken;

/// Folders of version control: not the project's own files.
const VERSION_CONTROL: &[&str] = &[".git", ".hg", ".svn", ".jj", "CVS", ".bzr"];
/// Folders deeper than this are not entered.
const MAX_DEPTH: usize = 128;
/// Of a folder with more entries than this the rest is not seen, and the report says so.
const MAX_ENTRIES: usize = 100_000;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link; it is named, never followed.
    Link,
    /// A pipe, a socket or a device.
    Other,
}

/// The order in which folders are walked. Entries of one folder come together, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// All of a folder before its neighbours.
    Depth,
    /// All of one level before the next; in each folder its folders come before its other entries.
    Breadth,
}

/// An entry met on a walk.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Relative to the folder where the walk began.
    pub beneath: &'a Path,
    /// As people see it: relative to the project, absolute in a grant.
    pub path: String,
    /// Whether its name is no UTF-8 and `path` therefore not exact.
    pub lossy: bool,
    /// What it is.
    pub kind: Kind,
    /// 1 for the entries of the folder where the walk began.
    pub depth: usize,
    dir: &'a Dir,
    name: &'a OsStr,
}

impl Entry<'_> {
    /// Opens the entry, if it is still the regular file that was met.
    pub fn open(&self) -> Option<OpenFile> {
        let (file, metadata) = open_regular(self.dir, self.name).ok()?;
        let modified = modified(&metadata);
        Some(OpenFile { file: file.into_std(), bytes: metadata.len(), modified, path: self.path.clone() })
    }

    /// Size in bytes and time of the last change of the entry itself (of a link, not of what it leads to).
    pub fn facts(&self) -> Option<(u64, Option<std::time::SystemTime>)> {
        let metadata = self.dir.symlink_metadata(self.name).ok()?;
        Some((metadata.len(), modified(&metadata)))
    }

    /// Where a link leads, as it is written in it.
    pub fn target(&self) -> Option<PathBuf> {
        self.dir.read_link_contents(self.name).ok()
    }
}

fn modified(metadata: &Metadata) -> Option<std::time::SystemTime> {
    metadata.modified().ok().map(cap_std::time::SystemTime::into_std)
}

/// How a walk ended and what it left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalkReport {
    /// The walk was cancelled before its end.
    pub cancelled: bool,
    /// Entries hidden by ignore files; a hidden folder counts once.
    pub ignored: u64,
    /// Folders that could not be read.
    pub unreadable: u64,
    /// Folders with more entries than are looked at (100,000), or deeper than are entered (128).
    pub cut: u64,
}

/// A walk that has not begun.
#[derive(Debug)]
pub struct Walk<'w> {
    start: &'w OpenDirectory<'w>,
    cancel: &'w CancellationToken,
    order: Order,
    max_depth: usize,
}

struct Pending {
    beneath: PathBuf,
    rules: Option<Rc<Rules>>,
    depth: usize,
}

impl<'w> Walk<'w> {
    /// A walk of all that is beneath `start`, depth first. `cancel` is looked at before every entry.
    pub fn new(start: &'w OpenDirectory<'w>, cancel: &'w CancellationToken) -> Self {
        Self { start, cancel, order: Order::Depth, max_depth: MAX_DEPTH }
    }

    /// Sets the order of folders.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Enters no folder deeper than `levels`; 1 shows the entries of the start alone.
    #[must_use]
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.max_depth = levels.clamp(1, MAX_DEPTH);
        self
    }

    /// Walks, calling `visit` for every entry until it breaks. A folder that cannot be read is counted and left out.
    pub fn run(self, visit: &mut dyn FnMut(&Entry<'_>) -> ControlFlow<()>) -> WalkReport {
        let mut report = WalkReport::default();
        let rules = Rules::above(self.start.root, self.start.root_dir, &self.start.inner);
        let mut pending = VecDeque::from([Pending { beneath: PathBuf::new(), rules, depth: 1 }]);
        while let Some(folder) = pending.pop_front() {
            if self.folder(folder, &mut pending, &mut report, visit).is_break() {
                break;
            }
        }
        report
    }

    fn folder(
        &self,
        folder: Pending,
        pending: &mut VecDeque<Pending>,
        report: &mut WalkReport,
        visit: &mut dyn FnMut(&Entry<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let read = descend(&self.start.dir, &folder.beneath).and_then(|dir| {
            let mut names = entries(&dir, report)?;
            names.sort_unstable_by(|(a, kind_a), (b, kind_b)| {
                let last = |kind: &Kind| self.order == Order::Breadth && *kind != Kind::Directory;
                last(kind_a).cmp(&last(kind_b)).then_with(|| a.cmp(b))
            });
            Ok((dir, names))
        });
        let Ok((dir, names)) = read else {
            report.unreadable += 1;
            return ControlFlow::Continue(());
        };
        let absolute = self.start.root.join(&self.start.inner).join(&folder.beneath);
        let rules = Rules::of(&dir, &absolute, names.iter().map(|(name, _)| name.as_os_str()), folder.rules);
        let mut folders = Vec::new();
        for (name, kind) in &names {
            if self.cancel.is_cancelled() {
                report.cancelled = true;
                return ControlFlow::Break(());
            }
            let is_directory = *kind == Kind::Directory;
            let beneath = folder.beneath.join(name);
            let is_version_control = name.to_str().is_some_and(|name| VERSION_CONTROL.contains(&name));
            if is_version_control || self.start.hides(&beneath) {
                continue;
            }
            if hides(rules.as_ref(), &absolute.join(name), is_directory) {
                report.ignored += 1;
                continue;
            }
            let (path, lossy) = self.start.show(&beneath);
            visit(&Entry { beneath: &beneath, path, lossy, kind: *kind, depth: folder.depth, dir: &dir, name })?;
            if is_directory && folder.depth < self.max_depth {
                folders.push(Pending { beneath, rules: rules.clone(), depth: folder.depth + 1 });
            } else if is_directory && folder.depth == MAX_DEPTH {
                report.cut += 1;
            }
        }
        match self.order {
            Order::Breadth => pending.extend(folders),
            Order::Depth => folders.into_iter().rev().for_each(|folder| pending.push_front(folder)),
        }
        ControlFlow::Continue(())
    }
}

fn entries(dir: &Dir, report: &mut WalkReport) -> Result<Vec<(OsString, Kind)>, Refusal> {
    let mut names = Vec::new();
    for entry in dir.entries()? {
        if names.len() == MAX_ENTRIES {
            report.cut += 1;
            break;
        }
        let Ok(entry) = entry else { continue };
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let kind = if kind.is_dir() {
            Kind::Directory
        } else if kind.is_file() {
            Kind::File
        } else if kind.is_symlink() {
            Kind::Link
        } else {
            Kind::Other
        };
        names.push((entry.file_name(), kind));
    }
    Ok(names)
}
