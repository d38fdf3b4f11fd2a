//! The paths of a project, found by a few of their letters: what a person who writes `@` chooses from.

use super::{Kind, Located, Order, PathError, Walk, Workspace};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::cmp::Reverse;
use std::ops::ControlFlow;
use tokio_util::sync::CancellationToken;

/// So many paths of a project are known at most, those near its root first.
const MOST: usize = 100_000;

/// A file or a folder of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectPath {
    /// Relative to the project, exactly as its name is.
    pub path: String,
    /// It is a folder.
    pub is_folder: bool,
}

/// The files and folders of a project as they were at one moment. What ignore files hide and sensitive places are not
/// among them, nor names that are no UTF-8.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    /// Level by level, folders first.
    all: Vec<ProjectPath>,
    /// There are more.
    cut: bool,
}

/// Paths that were found, the likeliest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPaths {
    /// The paths.
    pub paths: Vec<ProjectPath>,
    /// There are more.
    pub truncated: bool,
}

impl Paths {
    /// Walks the project; a walk that is cancelled gives what it met so far.
    pub fn of(workspace: &Workspace, cancel: &CancellationToken) -> Result<Self, PathError> {
        let start = workspace.open_directory(".")?;
        let mut paths = Self::default();
        let report = Walk::new(&start, cancel).order(Order::Breadth).run(&mut |entry| {
            // A name that is shown otherwise than it is could not be opened.
            if entry.beneath.to_str() != Some(&entry.path) {
                return ControlFlow::Continue(());
            }
            if paths.all.len() == MOST {
                paths.cut = true;
                return ControlFlow::Break(());
            }
            if let Some(is_folder) = is_folder(workspace, entry.kind, &entry.path) {
                paths.all.push(ProjectPath { path: entry.path.clone(), is_folder });
            }
            ControlFlow::Continue(())
        });
        paths.cut |= report.cancelled || report.cut > 0;
        Ok(paths)
    }

    /// At most `limit` paths that hold the letters of `query` in their order, whatever their case; of several words, each.
    /// Without letters, those nearest to the root.
    pub fn find(&self, query: &str, limit: usize) -> FoundPaths {
        let pattern = Pattern::new(query, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
        let mut characters = Vec::new();
        let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut characters), &mut matcher);
        if pattern.atoms.is_empty() {
            let paths: Vec<_> = self.all.iter().take(limit).cloned().collect();
            return FoundPaths { truncated: self.cut || paths.len() < self.all.len(), paths };
        }
        let mut found: Vec<_> = self
            .all
            .iter()
            .filter_map(|path| {
                let whole = score(&path.path)?;
                let name = path.path.rsplit('/').next().filter(|name| name.len() < path.path.len());
                // Who writes letters of a name means the name: it counts as much as the whole path.
                let named = name.map_or(Some(whole), &mut score).unwrap_or(0);
                Some((Reverse(whole.saturating_add(named)), path.path.len(), path))
            })
            .collect();
        let truncated = self.cut || found.len() > limit;
        found.sort_unstable_by(|(score_a, length_a, a), (score_b, length_b, b)| {
            (score_a, length_a, &a.path).cmp(&(score_b, length_b, &b.path))
        });
        FoundPaths { paths: found.into_iter().take(limit).map(|(_, _, path)| path.clone()).collect(), truncated }
    }
}

/// Whether what was met is a folder; nothing for what cannot be opened. A link is what it leads to.
fn is_folder(workspace: &Workspace, kind: Kind, path: &str) -> Option<bool> {
    match kind {
        Kind::Directory => Some(true),
        Kind::File => Some(false),
        Kind::Link => workspace.locate(path).ok().map(|located| matches!(located, Located::Directory(_))),
        Kind::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn project(paths: &[&str]) -> tempfile::TempDir {
        let temp = tempfile::tempdir().unwrap();
        for path in paths {
            let path = temp.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        temp
    }

    fn paths(root: &Path) -> Paths {
        Paths::of(&Workspace::open(root).unwrap(), &CancellationToken::new()).unwrap()
    }

    fn names(found: &FoundPaths) -> Vec<&str> {
        found.paths.iter().map(|path| path.path.as_str()).collect()
    }

    fn best(root: &Path, query: &str) -> String {
        paths(root).find(query, 1).paths.first().map(|path| path.path.clone()).unwrap_or_default()
    }

    #[test]
    fn letters_in_their_order_find_the_likeliest_path() {
        let temp =
            project(&["src/entities/chat/mod.rs", "src/entities/chat/prompt.rs", "web/chat.ts", "docs/patch.md"]);
        assert_eq!(best(temp.path(), "prompt"), "src/entities/chat/prompt.rs");
        assert_eq!(best(temp.path(), "CHATMOD"), "src/entities/chat/mod.rs");
        assert_eq!(best(temp.path(), "chat ts"), "web/chat.ts");
        assert_eq!(best(temp.path(), "chat.ts"), "web/chat.ts");
        assert_eq!(best(temp.path(), "xyz"), "");
    }

    #[test]
    fn a_name_counts_more_than_the_folders_above_it() {
        let temp = project(&["main/a/b.rs", "src/deep/er/main.rs"]);
        assert_eq!(best(temp.path(), "main.rs"), "src/deep/er/main.rs");
        let found = paths(temp.path()).find("main", 9);
        assert_eq!(names(&found)[0], "main", "the shorter of two names that match as well");
    }

    #[test]
    fn without_letters_come_those_nearest_to_the_root_folders_first() {
        let temp = project(&["b.txt", "a/x.txt"]);
        let found = paths(temp.path()).find(" ", 2);
        assert_eq!(names(&found), ["a", "b.txt"]);
        assert!(found.truncated && found.paths[0].is_folder && !found.paths[1].is_folder);
        assert!(!paths(temp.path()).find("", 3).truncated);
    }

    #[test]
    fn what_is_hidden_or_leads_out_is_not_found_and_a_link_is_what_it_leads_to() {
        let temp = project(&["AGENTS.md", "build/out.txt", ".ssh/id_rsa", "docs/a.md"]);
        fs::write(temp.path().join(".gitignore"), "build/\n").unwrap();
        symlink("AGENTS.md", temp.path().join("CLAUDE.md")).unwrap();
        symlink("docs", temp.path().join("manual")).unwrap();
        symlink("/etc/passwd", temp.path().join("out")).unwrap();
        let found = paths(temp.path()).find("", 99);
        assert_eq!(names(&found), ["docs", ".gitignore", "AGENTS.md", "CLAUDE.md", "manual", "docs/a.md"]);
        assert!(found.paths[4].is_folder && !found.paths[3].is_folder);
    }

    #[test]
    fn a_walk_that_is_cut_off_says_that_there_is_more() {
        let temp = project(&["a", "b"]);
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        let paths = Paths::of(&Workspace::open(temp.path()).unwrap(), &cancelled).unwrap();
        assert_eq!(paths.find("a", 9), FoundPaths { paths: vec![], truncated: true });
    }
}
