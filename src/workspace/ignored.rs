//! Which entries the ignore files hide: `.gitignore`, `.ignore` and a repository's own `info/exclude`, as git reads
//! them, whether or not the project is a git repository.
//!
//! The rules of a walk are a chain, one link per folder from the root down. Within the project ignore files are opened
//! like any other file of the project: no link and no pipe can stand in for one. The user's global ignore file is not
//! read, so that a project looks the same on every machine.

use super::contained::{descend, enter, open_regular};
use cap_std::fs::Dir;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// No ignore file is read further than this.
const MAX_BYTES: u64 = 1024 * 1024;

/// The rules that hold in one folder and beneath it.
#[derive(Debug)]
pub(super) struct Rules {
    above: Option<Rc<Rules>>,
    ignore: Option<Gitignore>,
    gitignore: Option<Gitignore>,
    exclude: Option<Gitignore>,
    /// The rules of git above a repository do not reach into it.
    repository: bool,
}

impl Rules {
    /// The rules of the folder `dir` at the absolute path `path`, whose entries are `names`, beneath `above`.
    pub(super) fn of<'n>(
        dir: &Dir,
        path: &Path,
        names: impl Iterator<Item = &'n OsStr>,
        above: Option<Rc<Self>>,
    ) -> Option<Rc<Self>> {
        let (mut ignore, mut gitignore, mut repository) = (None, None, false);
        for name in names {
            match name.to_str() {
                Some(".ignore") => ignore = rules_in(dir, name, path),
                Some(".gitignore") => gitignore = rules_in(dir, name, path),
                Some(".git") => repository = true,
                _ => {}
            }
        }
        let exclude = repository.then(|| exclude_of(dir)).flatten().and_then(|text| parse(path, &text));
        if ignore.is_none() && gitignore.is_none() && exclude.is_none() && !repository {
            return above;
        }
        Some(Rc::new(Self { above, ignore, gitignore, exclude, repository }))
    }

    /// The rules that hold in the folder `inner` (relative to `root`), those of that folder itself left out. Where the
    /// folder is itself ignored and was named all the same, nothing above it counts.
    pub(super) fn above(root: &Path, root_dir: &Dir, inner: &Path) -> Option<Rc<Self>> {
        let mut rules = outside(root);
        if hides(rules.as_ref(), root, true) {
            rules = None;
        }
        let mut here = PathBuf::new();
        for component in inner.components() {
            let dir = descend(root_dir, &here).ok()?;
            let names = [OsStr::new(".ignore"), OsStr::new(".gitignore"), OsStr::new(".git")];
            let present = names.into_iter().filter(|name| dir.symlink_metadata(name).is_ok());
            rules = Self::of(&dir, &root.join(&here), present, rules);
            here.push(component);
            if hides(rules.as_ref(), &root.join(&here), true) {
                rules = None;
            }
        }
        rules
    }

    fn verdict(&self, path: &Path, is_directory: bool) -> bool {
        let chain = || std::iter::successors(Some(self), |rules| rules.above.as_deref());
        let decided = |rules: &Option<Gitignore>| match rules.as_ref()?.matched(path, is_directory) {
            Match::None => None,
            Match::Ignore(_) => Some(true),
            Match::Whitelist(_) => Some(false),
        };
        let by_ignore = chain().find_map(|rules| decided(&rules.ignore));
        if let Some(ignored) = by_ignore {
            return ignored;
        }
        for rules in chain() {
            if let Some(ignored) = decided(&rules.gitignore).or_else(|| decided(&rules.exclude)) {
                return ignored;
            }
            if rules.repository {
                break;
            }
        }
        false
    }
}

/// Whether `rules` hide the entry at the absolute path `path`.
pub(super) fn hides(rules: Option<&Rc<Rules>>, path: &Path, is_directory: bool) -> bool {
    rules.is_some_and(|rules| rules.verdict(path, is_directory))
}

/// The rules of the repository around a project that is only a part of it. They only hide, so reading them from outside
/// the project shows nothing.
fn outside(root: &Path) -> Option<Rc<Rules>> {
    let has_repository = |folder: &Path| folder.join(".git").symlink_metadata().is_ok();
    if has_repository(root) {
        return None;
    }
    let repository = root.ancestors().skip(1).find(|folder| has_repository(folder))?;
    let mut folders: Vec<&Path> =
        root.ancestors().skip(1).take_while(|folder| folder.starts_with(repository)).collect();
    folders.reverse();
    let mut rules = None;
    for folder in folders {
        let dir = Dir::open_ambient_dir(folder, cap_std::ambient_authority()).ok()?;
        let names = [OsStr::new(".ignore"), OsStr::new(".gitignore"), OsStr::new(".git")];
        let present = names.into_iter().filter(|name| dir.symlink_metadata(name).is_ok());
        rules = Rules::of(&dir, folder, present, rules);
    }
    rules
}

fn exclude_of(dir: &Dir) -> Option<String> {
    let info = enter(&enter(dir, OsStr::new(".git")).ok()?, OsStr::new("info")).ok()?;
    read(&info, OsStr::new("exclude"))
}

fn rules_in(dir: &Dir, name: &OsStr, path: &Path) -> Option<Gitignore> {
    parse(path, &read(dir, name)?)
}

fn read(dir: &Dir, name: &OsStr) -> Option<String> {
    let (file, _) = open_regular(dir, name).ok()?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A line that is no pattern is left out, as git does.
fn parse(path: &Path, text: &str) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new(path);
    for line in text.trim_start_matches('\u{feff}').lines() {
        if let Err(error) = builder.add_line(None, line) {
            tracing::debug!(folder = %path.display(), %error, "left out a line of an ignore file");
        }
    }
    builder.build().ok().filter(|rules| !rules.is_empty())
}
