//! What a folder must be to become a project.

use super::error::{PathCode, PathError};
use super::sensitive::is_sensitive;
use std::path::{Path, PathBuf};

/// Folders of the kernel and of devices: nothing in them is a file of anybody's work.
const KERNEL: &[&str] = &["/proc", "/sys", "/dev", "/run/secrets"];

/// The folder of a project, absolute and without links. `path` is absolute, or begins with `~/`.
///
/// Refused are paths that are relative, not there, not a folder, not readable, `/` itself, the folders of the kernel,
/// and places where keys are kept.
pub fn project_path(path: &Path) -> Result<PathBuf, PathError> {
    let display = path.display().to_string();
    let path = match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_path_buf(),
    };
    if !path.is_absolute() {
        let what = if display.is_empty() {
            "no folder was given".to_owned()
        } else {
            format!("`{display}` is not an absolute path")
        };
        return Err(PathError::new(
            PathCode::InvalidPath,
            display,
            what,
            "Give the full path of the project's folder.",
        ));
    }
    let root = path.canonicalize().map_err(|error| {
        let mut refused = PathError::from_io(&display, &error);
        if refused.code == PathCode::NotFound {
            refused.advice = String::from("Check the spelling, or create the folder first.");
        }
        refused
    })?;
    if !root.is_dir() {
        return Err(PathError::new(
            PathCode::NotADirectory,
            &display,
            format!("`{display}` is a file, not a folder"),
            "Give the folder that it is in.",
        ));
    }
    if root.parent().is_none() {
        return Err(PathError::new(
            PathCode::InvalidPath,
            &display,
            format!("`{display}` is the whole machine, not a project"),
            "Choose the folder of one project.",
        ));
    }
    refuse_kernel_folders(&root, &display)?;
    if is_sensitive(&root) {
        return Err(PathError::sensitive(&display));
    }
    std::fs::read_dir(&root).map_err(|error| PathError::from_io(&display, &error))?;
    Ok(root)
}

/// Refuses `root` (absolute, without links) where it is one of the kernel's folders or lies in one.
pub(super) fn refuse_kernel_folders(root: &Path, display: &str) -> Result<(), PathError> {
    // Memory shared as files is the one place below /dev where people keep files of their own.
    let is_shared_memory = root.starts_with("/dev/shm") && root != Path::new("/dev/shm");
    if KERNEL.iter().any(|folder| root.starts_with(folder)) && !is_shared_memory {
        return Err(PathError::new(
            PathCode::InvalidPath,
            display,
            format!("`{display}` belongs to the operating system, not to a project"),
            "Choose a folder with files of your own.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(path: &Path) -> PathError {
        project_path(path).expect_err("must be refused")
    }

    #[test]
    fn a_folder_is_a_project_by_its_path_without_links() {
        let temp = tempfile::tempdir().unwrap();
        let real = temp.path().canonicalize().unwrap().join("real");
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, temp.path().join("link")).unwrap();
        assert_eq!(project_path(&temp.path().join("link")).unwrap(), real);
        assert_eq!(project_path(&real.join("..").join("real")).unwrap(), real);
    }

    #[test]
    fn what_is_no_project_is_refused_with_its_reason() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(refused(&temp.path().join("absent")).code, PathCode::NotFound);
        assert_eq!(refused(&file).code, PathCode::NotADirectory);
        assert_eq!(refused(Path::new("/")).code, PathCode::InvalidPath);
        assert_eq!(refused(Path::new("src")).code, PathCode::InvalidPath);
        assert_eq!(refused(Path::new("")).what, "no folder was given");
        std::fs::create_dir(temp.path().join(".ssh")).unwrap();
        assert_eq!(refused(&temp.path().join(".ssh")).code, PathCode::Sensitive);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernels_folders_are_no_projects() {
        for path in ["/proc", "/proc/self", "/dev", "/sys/kernel"] {
            assert_eq!(refused(Path::new(path)).code, PathCode::InvalidPath, "{path}");
        }
    }

    #[test]
    fn files_in_shared_memory_can_be_a_project() {
        assert!(refuse_kernel_folders(Path::new("/dev/shm/project"), "").is_ok());
        assert!(refuse_kernel_folders(Path::new("/dev/shm"), "").is_err());
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let error = refused(Path::new("/there/is/no/such/folder"));
        assert_eq!(
            error.to_string(),
            "there is nothing at `/there/is/no/such/folder`. Check the spelling, or create the folder first."
        );
    }
}
