//! The folders of the machine, for the page's folder browser: only folders, only their names.

use super::error::{PathCode, PathError};
use super::names::shown;
use serde::Serialize;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};

/// At most so many folders of one folder are named.
const LIMIT: usize = 1_000;

/// What stands in the folder of a project.
const MARKERS: &[&str] = &[
    ".git",
    ".hg",
    ".jj",
    "Cargo.toml",
    "package.json",
    "deno.json",
    "pyproject.toml",
    "requirements.txt",
    "setup.py",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "CMakeLists.txt",
    "Makefile",
    "Gemfile",
    "composer.json",
    "mix.exs",
    "Package.swift",
    "flake.nix",
];

/// The folders of one folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Directories {
    /// The folder, absolute and without links.
    pub path: String,
    /// The folder above it; none above `/`.
    pub parent: Option<String>,
    /// The home folder of the user that the server runs as.
    pub home: Option<String>,
    /// Whether the folder itself looks like a project.
    pub project_like: bool,
    /// Its folders by name, links to folders too; at most 1,000.
    pub entries: Vec<Directory>,
    /// Whether there are more than are named.
    pub truncated: bool,
    /// How many there are.
    pub total: usize,
}

/// A folder in a list of folders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Directory {
    /// Its name; bytes that are not UTF-8 are shown as `�`.
    pub name: String,
    /// Its absolute path.
    pub path: String,
    /// Whether something in it says that it is a project.
    pub project_like: bool,
    /// Whether its name begins with a full stop.
    pub hidden: bool,
    /// Whether its name is no UTF-8, so that `path` cannot be used to open it.
    pub lossy: bool,
}

/// The folders in `path` (absolute, or beginning with `~`); without a path those of the home folder.
pub fn directories(path: Option<&Path>) -> Result<Directories, PathError> {
    let home = std::env::home_dir();
    let asked = path.map(Path::to_path_buf).or_else(|| home.clone()).unwrap_or_else(|| PathBuf::from("/"));
    let display = asked.display().to_string();
    let absolute = match (asked.strip_prefix("~"), &home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => asked,
    };
    if !absolute.is_absolute() {
        let what = format!("`{display}` is not an absolute path");
        return Err(PathError::new(PathCode::InvalidPath, display, what, "Give the full path of a folder."));
    }
    let failed = |error: std::io::Error| {
        let mut refused = PathError::from_io(&display, &error);
        refused.advice = match refused.code {
            PathCode::NotFound => "Check the spelling, or go to a folder above it.".to_owned(),
            PathCode::NotADirectory => "Choose the folder that it is in.".to_owned(),
            _ => refused.advice,
        };
        refused
    };
    let folder = absolute.canonicalize().map_err(failed)?;
    let mut total = 0;
    // The first names in order, however many there are.
    let mut first: BinaryHeap<(String, std::ffi::OsString)> = BinaryHeap::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let Ok(entry) = entry else { continue };
        let is_folder = entry.file_type().is_ok_and(|kind| {
            kind.is_dir() || kind.is_symlink() && std::fs::metadata(entry.path()).is_ok_and(|target| target.is_dir())
        });
        if !is_folder {
            continue;
        }
        total += 1;
        let name = entry.file_name();
        first.push((name.to_string_lossy().to_lowercase(), name));
        if first.len() > LIMIT {
            first.pop();
        }
    }
    let entries = first
        .into_sorted_vec()
        .into_iter()
        .map(|(_, name)| {
            let path = folder.join(&name);
            let (shown, lossy) = shown(Path::new(&name));
            Directory {
                hidden: shown.starts_with('.'),
                name: shown,
                project_like: is_project_like(&path),
                path: path.display().to_string(),
                lossy,
            }
        })
        .collect();
    Ok(Directories {
        path: folder.display().to_string(),
        parent: folder.parent().map(|parent| parent.display().to_string()),
        home: home.map(|home| home.display().to_string()),
        project_like: is_project_like(&folder),
        entries,
        truncated: total > LIMIT,
        total,
    })
}

fn is_project_like(folder: &Path) -> bool {
    MARKERS.iter().any(|marker| folder.join(marker).symlink_metadata().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn folders_are_named_in_order_with_what_they_look_like() {
        let temp = tempfile::tempdir().unwrap();
        for folder in ["b", "A/.git", ".hidden"] {
            fs::create_dir_all(temp.path().join(folder)).unwrap();
        }
        fs::write(temp.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink("b", temp.path().join("link")).unwrap();
        let listed = directories(Some(temp.path())).unwrap();
        let names: Vec<_> = listed.entries.iter().map(|e| (e.name.as_str(), e.project_like, e.hidden)).collect();
        assert_eq!(names, [(".hidden", false, true), ("A", true, false), ("b", false, false), ("link", false, false)]);
        assert_eq!(listed.total, 4);
        assert!(!listed.truncated);
        let parent = temp.path().canonicalize().unwrap().parent().unwrap().display().to_string();
        assert_eq!(listed.parent, Some(parent));
    }

    #[test]
    fn a_folder_of_many_folders_is_cut_and_says_so() {
        let temp = tempfile::tempdir().unwrap();
        for index in 0..=LIMIT {
            fs::create_dir(temp.path().join(format!("{index:04}"))).unwrap();
        }
        let listed = directories(Some(temp.path())).unwrap();
        assert_eq!((listed.entries.len(), listed.total, listed.truncated), (LIMIT, LIMIT + 1, true));
        assert_eq!(listed.entries[LIMIT - 1].name, "0999");
    }

    #[test]
    fn what_is_no_folder_is_refused_with_its_reason() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("file"), "").unwrap();
        let code = |path: &Path| directories(Some(path)).unwrap_err().code;
        assert_eq!(code(&temp.path().join("absent")), PathCode::NotFound);
        assert_eq!(code(&temp.path().join("file")), PathCode::NotADirectory);
        assert_eq!(code(Path::new("relative")), PathCode::InvalidPath);
    }

    #[test]
    fn the_root_has_no_parent() {
        assert_eq!(directories(Some(Path::new("/"))).unwrap().parent, None);
    }
}
