//! The workspace itself: which place a path lies in, whether it may be read, and its opening.

use super::contained::{Refusal, descend, enter, open_regular};
use super::error::{PathCode, PathError};
use super::names::{nearest, shown};
use super::project::project_path;
use super::sensitive::is_sensitive;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// What may be read besides the project, and what may not be read within it.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Folders or single files outside the project that the user lets this session read; absolute paths.
    pub grants: Vec<PathBuf>,
    /// Folders that are never read where they lie beneath the project or a grant (the server's data folder); absolute.
    pub denied: Vec<PathBuf>,
}

/// A project folder, opened once. Paths are relative to it, or absolute within it or within a grant.
#[derive(Debug)]
pub struct Workspace {
    project: Place,
    grants: Vec<Place>,
    unusable_grants: Vec<PathError>,
    denied: Vec<PathBuf>,
}

/// A folder that may be read.
#[derive(Debug)]
struct Place {
    /// Without links.
    root: PathBuf,
    /// As it was given, perhaps through a link; absolute paths that begin so are understood too.
    given: PathBuf,
    dir: Dir,
    /// The one file of the folder that may be read, where a grant names a file.
    only: Option<OsString>,
    /// Paths are shown relative to the project, and absolute in grants.
    absolute: bool,
}

/// What stands at a path.
#[derive(Debug)]
pub enum Located<'w> {
    /// A regular file, open for reading.
    File(OpenFile),
    /// A folder.
    Directory(OpenDirectory<'w>),
}

/// A regular file, open for reading and known to be the one that was asked for.
#[derive(Debug)]
pub struct OpenFile {
    /// The file, at its beginning.
    pub file: std::fs::File,
    /// Its size in bytes when it was opened.
    pub bytes: u64,
    /// When it was last changed, where the file system says so.
    pub modified: Option<SystemTime>,
    /// Its path as people see it: relative to the project, absolute in a grant.
    pub path: String,
}

/// A folder of the workspace, where a [`super::Walk`] can begin.
#[derive(Debug)]
pub struct OpenDirectory<'w> {
    /// Its path as people see it: relative to the project (`.` for the project itself), absolute in a grant.
    pub path: String,
    pub(super) dir: Dir,
    /// Relative to the place's root, without links.
    pub(super) inner: PathBuf,
    /// The place's root and its handle, for the ignore files between it and this folder.
    pub(super) root: &'w Path,
    pub(super) root_dir: &'w Dir,
    denied: &'w [PathBuf],
}

impl OpenDirectory<'_> {
    /// The path of `beneath` (relative to this folder) as people see it, and whether it was no UTF-8.
    pub(super) fn show(&self, beneath: &Path) -> (String, bool) {
        let (text, lossy) = shown(beneath);
        (if self.path == "." { text } else { format!("{}/{text}", self.path.trim_end_matches('/')) }, lossy)
    }

    /// Whether what stands at `beneath` (relative to this folder) must stay unseen.
    pub(super) fn hides(&self, beneath: &Path) -> bool {
        let inner = self.inner.join(beneath);
        is_sensitive(&inner) || is_denied(self.denied, self.root, &self.root.join(inner))
    }
}

impl Workspace {
    /// Opens the project folder `project` (absolute, may go through links) and nothing else.
    pub fn open(project: &Path) -> Result<Self, PathError> {
        Self::open_with(project, Access::default())
    }

    /// Opens the project folder with further grants and denials. A grant that cannot be opened does not hinder the
    /// project: it stands in [`Self::unusable_grants`] and its files are outside.
    pub fn open_with(project: &Path, access: Access) -> Result<Self, PathError> {
        let root = project_path(project)?;
        let dir = Dir::open_ambient_dir(&root, ambient_authority())
            .map_err(|error| PathError::from_io(&project.display().to_string(), &error))?;
        let denied: Vec<PathBuf> =
            access.denied.iter().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone())).collect();
        let (mut grants, mut unusable_grants) = (Vec::new(), Vec::new());
        for grant in access.grants {
            match open_grant(&grant, &denied) {
                Ok(place) => grants.push(place),
                Err(error) => unusable_grants.push(error),
            }
        }
        let project = Place { root, given: project.to_path_buf(), dir, only: None, absolute: false };
        Ok(Self { project, grants, unusable_grants, denied })
    }

    /// The project's folder, absolute and without links.
    pub fn root(&self) -> &Path {
        &self.project.root
    }

    /// The grants that could not be opened, and why.
    pub fn unusable_grants(&self) -> &[PathError] {
        &self.unusable_grants
    }

    /// Opens the file at `path`.
    pub fn open_file(&self, path: &str) -> Result<OpenFile, PathError> {
        match self.locate(path)? {
            Located::File(file) => Ok(file),
            Located::Directory(_) => Err(PathError::not_a_file(path)),
        }
    }

    /// Opens the folder at `path`; an empty path is the project itself.
    pub fn open_directory(&self, path: &str) -> Result<OpenDirectory<'_>, PathError> {
        match self.locate(path)? {
            Located::Directory(directory) => Ok(directory),
            Located::File(_) => Err(PathError::not_a_directory(path)),
        }
    }

    /// Opens what stands at `path`, file or folder. Links are followed as long as they stay inside.
    pub fn locate(&self, path: &str) -> Result<Located<'_>, PathError> {
        let (place, asked) = self.place_of(path)?;
        let inner = place.resolve(path, &asked)?;
        if is_sensitive(&inner) || is_denied(&self.denied, &place.root, &place.root.join(&inner)) {
            return Err(PathError::sensitive(path));
        }
        let display = place.show(&inner);
        let refused = |refusal: Refusal| match refusal {
            Refusal::Changed => PathError::changed(path),
            Refusal::NotRegular => PathError::not_regular(path),
            Refusal::NotADirectory => PathError::not_a_directory(path),
            Refusal::NotAFile => PathError::not_a_file(path),
            Refusal::Io(error) => PathError::from_io(path, &error),
        };
        let directory = |dir: Dir, inner: PathBuf| {
            Located::Directory(OpenDirectory {
                path: display.clone(),
                dir,
                inner,
                root: &place.root,
                root_dir: &place.dir,
                denied: &self.denied,
            })
        };
        let Some(name) = inner.file_name() else {
            return Ok(directory(descend(&place.dir, &inner).map_err(refused)?, inner));
        };
        let parent = descend(&place.dir, inner.parent().unwrap_or(Path::new(""))).map_err(refused)?;
        match open_regular(&parent, name) {
            Ok((file, metadata)) => Ok(Located::File(OpenFile {
                file: file.into_std(),
                bytes: metadata.len(),
                modified: metadata.modified().ok().map(cap_std::time::SystemTime::into_std),
                path: display,
            })),
            Err(Refusal::NotAFile) => Ok(directory(enter(&parent, name).map_err(refused)?, inner.clone())),
            Err(refusal) => Err(refused(refusal)),
        }
    }

    /// The place that `path` lies in by its spelling, and the path relative to it.
    fn place_of(&self, path: &str) -> Result<(&Place, PathBuf), PathError> {
        if path.contains('\0') {
            let shown = path.replace('\0', "\\0");
            let what = format!("`{shown}` holds a NUL character and cannot be a path");
            return Err(PathError::new(PathCode::InvalidPath, shown, what, "Give a path relative to the project."));
        }
        let asked = Path::new(path);
        if !asked.is_absolute() {
            let place = &self.project;
            return if is_sensitive(asked) {
                Err(PathError::sensitive(path))
            } else {
                Ok((place, asked.to_path_buf()))
            };
        }
        for place in std::iter::once(&self.project).chain(&self.grants) {
            let Some(inner) = place.inner(asked) else {
                continue;
            };
            return if is_sensitive(&inner) { Err(PathError::sensitive(path)) } else { Ok((place, inner)) };
        }
        if is_sensitive(asked) {
            return Err(PathError::sensitive(path));
        }
        let relative = path.trim_start_matches('/');
        let advice = if !relative.is_empty() && self.project.dir.symlink_metadata(relative).is_ok() {
            format!("Paths are relative to the project: did you mean `{relative}`?")
        } else {
            "Use a path relative to the project, or ask the user to grant that folder for reading.".to_owned()
        };
        Err(PathError::new(PathCode::OutsideProject, path, format!("`{path}` lies outside the project"), advice))
    }
}

impl Place {
    /// The part of the absolute path `asked` that lies in this place, going by its spelling alone.
    fn inner(&self, asked: &Path) -> Option<PathBuf> {
        match &self.only {
            None => {
                let inner = asked.strip_prefix(&self.root).or_else(|_| asked.strip_prefix(&self.given));
                inner.ok().map(Path::to_path_buf)
            }
            Some(name) => (asked == self.given || asked == self.root.join(name)).then(|| PathBuf::from(name)),
        }
    }

    /// `asked` without links and `..`, relative to the root. Fails where it leads out.
    fn resolve(&self, path: &str, asked: &Path) -> Result<PathBuf, PathError> {
        let wanted = if asked.as_os_str().is_empty() { Path::new(".") } else { asked };
        match self.dir.canonicalize(wanted) {
            Ok(inner) => Ok(inner.components().filter(|part| matches!(part, Component::Normal(_))).collect()),
            Err(error) if is_escape(&error) => Err(leads_out(path, asked)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(self.not_found(path, asked, &error)),
            Err(error) => Err(PathError::from_io(path, &error)),
        }
    }

    fn show(&self, inner: &Path) -> String {
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

fn open_grant(grant: &Path, denied: &[PathBuf]) -> Result<Place, PathError> {
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
    super::project::refuse_kernel_folders(&folder, &display)?;
    let dir = Dir::open_ambient_dir(&folder, ambient_authority()).map_err(failed)?;
    Ok(Place { root: folder, given: grant.to_path_buf(), dir, only, absolute: true })
}

/// A denied folder above the place's root does not close the place: worktrees lie inside the data folder.
fn is_denied(denied: &[PathBuf], root: &Path, path: &Path) -> bool {
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
