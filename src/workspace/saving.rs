//! Writes a file of a project, whole or not at all, and nowhere but beneath the project's folder.

use std::path::Path;

use cap_std::{ambient_authority, fs::Dir};

use super::{PathCode, PathError, project_path};

/// Writes a text as the file `name` of the project's folder `inner`, which is made where it is not there. Links that lead out of
/// the project are not followed. Blocks.
///
/// # Errors
/// The name is none, a link leads out, or the disk refuses.
pub fn save(project: &Path, inner: &str, name: &str, text: &str) -> Result<(), PathError> {
    let shown = format!("{inner}/{name}");
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        let what = format!("`{name}` is no name of a file");
        return Err(PathError::new(PathCode::InvalidPath, shown, what, "Name it without a path, as review.js."));
    }
    let wrong = |error: std::io::Error| PathError::from_io(&shown, &error);
    let root = Dir::open_ambient_dir(project_path(project)?, ambient_authority()).map_err(wrong)?;
    root.create_dir_all(inner).map_err(wrong)?;
    let folder = root.open_dir(inner).map_err(wrong)?;
    // Beside it first: who reads meanwhile finds the old text or the new one.
    let beside = format!(".{name}.new");
    folder.write(&beside, text).map_err(wrong)?;
    folder.rename(&beside, &folder, name).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn a_file_is_written_whole_in_a_folder_that_is_made_for_it() {
        let project = tempfile::tempdir().unwrap();
        for text in ["one", "two"] {
            save(project.path(), ".reenact/workflows", "a.js", text).unwrap();
            assert_eq!(fs::read_to_string(project.path().join(".reenact/workflows/a.js")).unwrap(), text);
        }
        assert_eq!(fs::read_dir(project.path().join(".reenact/workflows")).unwrap().count(), 1);
        for name in ["", "../a.js", "b/a.js", ".hidden", "a\0.js"] {
            assert_eq!(save(project.path(), ".reenact", name, "x").unwrap_err().code, PathCode::InvalidPath, "{name}");
        }
    }

    #[test]
    fn nothing_is_written_outside_the_project() {
        let (project, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(outside.path(), project.path().join(".reenact")).unwrap();
        assert!(save(project.path(), ".reenact/workflows", "a.js", "x").is_err());
        assert!(save(project.path(), ".reenact", "a.js", "x").is_err());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        // A file that is a link is replaced, not written through.
        let target = outside.path().join("target");
        fs::write(&target, "theirs").unwrap();
        fs::create_dir(project.path().join("own")).unwrap();
        symlink(&target, project.path().join("own/a.js")).unwrap();
        save(project.path(), "own", "a.js", "ours").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
    }
}
