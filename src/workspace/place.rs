//! A folder that may be read: the project, or what a grant names. Here a path becomes one without links, or is refused.

use super::error::{PathCode, PathError};
use super::names::{nearest, shown};
use super::project::refuse_kernel_folders;
use super::sensitive::is_sensitive;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

/// A folder that may be read.
#[derive(Debug)]
pub(super) struct Place {
    /// Without links.
    pub(super) root: PathBuf,
    /// As it was given, perhaps through a link; absolute paths that begin so are understood too.
    pub(super) given: PathBuf,
    pub(super) dir: Dir,
    /// The one file of the folder that may be read, where a grant names a file.
    pub(super) only: Option<OsString>,
    /// Paths are shown relative to the project, and absolute in grants.
    pub(super) absolute: bool,
}

impl Place {
    /// The part of the absolute path `asked` that lies in this place, going by its spelling alone.
    pub(super) fn inner(&self, asked: &Path) -> Option<PathBuf> {
        match &self.only {
            None => {
                let inner = asked.strip_prefix(&self.root).or_else(|_| asked.strip_prefix(&self.given));
                inner.ok().map(Path::to_path_buf)
            }
            Some(name) => (asked == self.given || asked == self.root.join(name)).then(|| PathBuf::from(name)),
        }
    }

    /// `asked` without links and `..`, relative to the root. Fails where it leads out.
    pub(super) fn resolve(&self, path: &str, asked: &Path) -> Result<PathBuf, PathError> {
        let wanted = if asked.as_os_str().is_empty() { Path::new(".") } else { asked };
        match self.dir.canonicalize(wanted) {
            Ok(inner) => Ok(inner.components().filter(|part| matches!(part, Component::Normal(_))).collect()),
            Err(error) if is_escape(&error) => Err(leads_out(path, asked)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(self.not_found(path, asked, &error)),
            Err(error) => Err(PathError::from_io(path, &error)),
        }
    }

    /// The path `inner` of this place as people see it.
    pub(super) fn show(&self, inner: &Path) -> String {
        if self.absolute {
            shown(&self.root.join(inner)).0.trim_end_matches('/').to_owned()
        } else if inner.as_os_str().is_empty() {
            ".".to_owned()
        } else {
            shown(inner).0
        }
    }

    /// Says which names in the same folder are near the wanted one.
    fn not_found(&self, path: &str, asked: &Path, error: &io::Error) -> PathError {
        let mut refused = PathError::from_io(path, error);
        let (Some(name), Some(parent)) = (asked.file_name().and_then(OsStr::to_str), asked.parent()) else {
            return refused;
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        if self.only.is_some() {
            return refused;
        }
        let Ok(entries) = self.dir.canonicalize(parent).and_then(|parent| self.dir.read_dir(parent)) else {
            return refused;
        };
        // Enough to find a slip of the finger; a folder with more is not read to its end for a hint.
        let names: Vec<String> = entries
            .take(10_000)
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !is_sensitive(&parent.join(name)))
            .collect();
        let near: Vec<String> = nearest(name, names.iter().map(String::as_str))
            .into_iter()
            .map(|name| format!("`{}`", self.show(&asked.with_file_name(name))))
            .collect();
        if !near.is_empty() {
            refused.advice = format!("Did you mean {}? {}", near.join(" or "), refused.advice);
        }
        refused
    }
}

/// Opens a folder or file outside the project for reading.
pub(super) fn open_grant(grant: &Path, denied: &[PathBuf]) -> Result<Place, PathError> {
    let display = grant.display().to_string();
    let failed = |error: io::Error| PathError::from_io(&display, &error);
    if !grant.is_absolute() {
        let what = format!("the grant `{display}` is not an absolute path");
        return Err(PathError::new(PathCode::InvalidPath, display, what, "Give the full path of the folder."));
    }
    let root = grant.canonicalize().map_err(failed)?;
    if is_sensitive(grant) || is_sensitive(&root) || denied.iter().any(|folder| root.starts_with(folder)) {
        return Err(PathError::sensitive(&display));
    }
    let (folder, only) = if root.is_dir() {
        (root.clone(), None)
    } else {
        let name = root.file_name().map(OsStr::to_os_string);
        (root.parent().map_or_else(|| root.clone(), Path::to_path_buf), name)
    };
    refuse_kernel_folders(&folder, &display)?;
    let dir = Dir::open_ambient_dir(&folder, ambient_authority()).map_err(failed)?;
    Ok(Place { root: folder, given: grant.to_path_buf(), dir, only, absolute: true })
}

/// Whether `path` lies in a denied folder. A denied folder above the place's root does not close the place: worktrees lie inside the data folder.
pub(super) fn is_denied(denied: &[PathBuf], root: &Path, path: &Path) -> bool {
    denied.iter().any(|folder| folder.starts_with(root) && path.starts_with(folder))
}

/// The error that says that a path led out of its directory handle; the operating system's own refusals have a number.
fn is_escape(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

fn leads_out(path: &str, asked: &Path) -> PathError {
    let mut depth = 0_i64;
    let climbs = asked.components().any(|component| {
        match component {
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            _ => {}
        }
        depth < 0
    });
    if climbs {
        PathError::new(
            PathCode::OutsideProject,
            path,
            format!("`{path}` leads out of the project with `..`"),
            "Use a path inside the project, or ask the user to grant that folder for reading.",
        )
    } else {
        PathError::new(
            PathCode::OutsideProject,
            path,
            format!("`{path}` is, or goes through, a link that leads out of the project"),
            "Links are followed only inside the project; ask the user to grant the folder it leads to for reading.",
        )
    }
}
