//! Worktrees: a second folder of the same repository, on a branch of its own, in which somebody works without disturbing the
//! first.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Asked, said, without_filters};

/// A worktree of the repository around a folder.
#[derive(Debug, Clone)]
pub struct Worktree {
    /// The folder that it was made for.
    of: PathBuf,
    /// Where it is.
    root: PathBuf,
    /// Its branch.
    branch: String,
    /// The folder in it that stands for the one that it was made for.
    pub folder: PathBuf,
}

/// What was left in a worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Where it is.
    pub path: PathBuf,
    /// Its branch.
    pub branch: String,
    /// How many files are not as they were, committed or not.
    pub files: usize,
}

impl Worktree {
    /// Makes one at a place, on a branch of this name, from what is committed; or finds it there again. Blocks.
    ///
    /// # Errors
    /// In words: there is no repository, or no commit in it, or git refuses.
    pub fn at(root: &Path, branch: &str, of: &Path) -> Result<Self, String> {
        let within = said(&Asked::of(of), &["rev-parse", "--show-prefix"]).map_err(|_| {
            format!("a worktree needs git, and {} is in no repository of it: `git init` makes one", of.display())
        })?;
        said(&Asked::of(of), &["rev-parse", "--verify", "-q", "HEAD"])
            .map_err(|_| "a worktree is made from a commit, and this repository has none yet".to_owned())?;
        let worktree = Self {
            of: of.to_owned(),
            root: root.to_owned(),
            branch: branch.to_owned(),
            folder: root.join(within.trim()),
        };
        if said(&Asked::of(root), &["rev-parse", "--is-inside-work-tree"]).is_ok() {
            return Ok(worktree);
        }
        if let Some(parent) = root.parent() {
            fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
        }
        let settings = [without_filters(of), vec![("core.logAllRefUpdates".into(), "true".into())]].concat();
        let asked = Asked { folder: of, settings };
        // What was half made when the server went down is made anew; a branch of this name is ours.
        let _nothing_to_prune = said(&asked, &["worktree", "prune"]);
        let place = root.display().to_string();
        said(&asked, &["worktree", "add", "-q", "-f", "-B", branch, &place, "HEAD"])?;
        Ok(worktree)
    }

    /// Takes it away if nothing was changed in it; else says what was. Blocks.
    ///
    /// # Errors
    /// In words: git refuses.
    pub fn leave(self) -> Result<Option<Left>, String> {
        let asked = Asked { folder: &self.root, settings: without_filters(&self.of) };
        let listed =
            |text: String| text.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let log = said(&asked, &["reflog", "show", "--format=%H", &self.branch])?;
        let base = log.lines().last().unwrap_or("HEAD").trim().to_owned();
        let mut files = listed(said(&asked, &["diff", "--name-only", "--no-ext-diff", "-z", &base])?);
        files.extend(listed(said(&asked, &["ls-files", "-o", "--exclude-standard", "-z"])?));
        files.sort();
        files.dedup();
        let head = said(&asked, &["rev-parse", "HEAD"])?;
        if files.is_empty() && head.trim() == base {
            let of = Asked { folder: &self.of, settings: vec![] };
            said(&of, &["worktree", "remove", "--force", &self.root.display().to_string()])?;
            said(&of, &["branch", "-q", "-D", &self.branch])?;
            return Ok(None);
        }
        Ok(Some(Left { path: self.root, branch: self.branch, files: files.len() }))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::git, *};

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "-q"]);
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("inner/a.txt"), "one").unwrap();
        git(folder.path(), &["add", "-A"]);
        git(folder.path(), &["commit", "-qm", "all"]);
        folder
    }

    fn branches(folder: &Path) -> String {
        said(&Asked::of(folder), &["branch", "--list", "--format=%(refname:short)"]).unwrap()
    }

    #[test]
    fn one_that_is_left_as_it_was_is_taken_away_with_its_branch() {
        let (folder, elsewhere) = (repository(), tempfile::tempdir().unwrap());
        let root = elsewhere.path().join("deep/one");
        let made = Worktree::at(&root, "reenact/one", &folder.path().join("inner")).unwrap();
        assert_eq!(fs::read_to_string(made.folder.join("a.txt")).unwrap(), "one");
        let again = Worktree::at(&root, "reenact/one", &folder.path().join("inner")).unwrap();
        assert_eq!(again.folder, made.folder, "found again after a crash");
        assert_eq!(made.leave().unwrap(), None);
        assert!(!root.exists() && !branches(folder.path()).contains("reenact"), "{}", branches(folder.path()));
    }

    #[test]
    fn one_that_was_changed_stays_committed_or_not() {
        let (folder, elsewhere) = (repository(), tempfile::tempdir().unwrap());
        for (name, commits, files) in [("one", false, 2), ("two", true, 2)] {
            let root = elsewhere.path().join(name);
            let made = Worktree::at(&root, &format!("reenact/{name}"), folder.path()).unwrap();
            fs::write(root.join("inner/a.txt"), "two").unwrap();
            fs::write(root.join("new.txt"), "new").unwrap();
            if commits {
                git(&root, &["add", "-A"]);
                git(&root, &["commit", "-qm", "more"]);
            }
            let left = made.leave().unwrap().unwrap();
            assert_eq!(
                (left.files, left.path.clone(), &*left.branch),
                (files, root.clone(), &*format!("reenact/{name}"))
            );
            assert!(root.join("new.txt").exists());
            assert_eq!(fs::read_to_string(folder.path().join("inner/a.txt")).unwrap(), "one");
        }
    }

    #[test]
    fn without_a_repository_or_a_commit_it_says_so() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let made = |folder: &Path| Worktree::at(&elsewhere.path().join("one"), "reenact/one", folder).unwrap_err();
        assert!(made(folder.path()).contains("git init"), "{}", made(folder.path()));
        git(folder.path(), &["init", "-q"]);
        assert!(made(folder.path()).contains("has none yet"), "{}", made(folder.path()));
    }
}
