//! The workspace itself: which place a path lies in, whether it may be read, and its opening.

use super::contained::{Refusal, descend, enter, open_regular};
use super::error::{PathCode, PathError};
use super::names::shown;
use super::place::{Place, is_denied, open_grant};
use super::project::project_path;
use super::sensitive::is_sensitive;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use std::path::{Path, PathBuf};
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

    /// Opens the project folder with further grants, for a server whose data folder `data` (absolute, without links) nobody
    /// may read: nothing of it is seen, and no project lies in it, but for worktrees.
    pub fn open_beside(project: &Path, grants: Vec<PathBuf>, data: Option<&Path>) -> Result<Self, PathError> {
        if data.is_some_and(|data| is_private(data, project)) {
            return Err(PathError::new(
                PathCode::Sensitive,
                project.display().to_string(),
                "The project lies in this server's own data folder, which no tool reads",
                "Use another folder.",
            ));
        }
        Self::open_with(project, Access { grants, denied: data.map(Path::to_path_buf).into_iter().collect() })
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

/// Whether a folder is the data folder or lies in it. The worktrees of sessions lie there too, and are meant to be worked in.
fn is_private(data: &Path, folder: &Path) -> bool {
    folder.starts_with(data) && !folder.starts_with(data.join("worktrees"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_is_private_and_its_worktrees_are_not() {
        let private = |folder: &str| is_private(Path::new("/data"), Path::new(folder));
        assert!(private("/data") && private("/data/log") && private("/data/blobs/ab"));
        assert!(!private("/database") && !private("/") && !private("/data/worktrees/one"));
    }
}
