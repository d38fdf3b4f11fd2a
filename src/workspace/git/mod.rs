//! What git knows of a folder, asked through its command line. Nothing that the repository names is run: no hook, no file
//! system monitor, no filter.

mod worktree;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use replay::digest::hex;
use sha2::{Digest as _, Sha256};

pub use worktree::{Left, Worktree};

/// How long git may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Folders that say what workflows and agents do. They are no files that agents work on, and what they say is asked for by
/// itself: to edit a workflow is not to change the project.
const BESIDE: &[&str] =
    &[":(exclude).reenact", ":(exclude).claude/workflows", ":(exclude).claude/agents", ":(exclude).boocode/workflows"];

/// git, about to be asked about a folder.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"] {
        command.env_remove(name);
    }
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    command
}

/// A fingerprint of all files of a folder: those that git knows and those that it does not ignore, by their contents.
/// `None` where git keeps nothing of the folder, or does not answer in time. Blocks.
pub fn project_state(folder: &Path) -> Option<String> {
    // In a folder that the repository around it ignores, git sees no change.
    let ignored = ask(&Asked::of(folder), &["check-ignore", "-q", "."], None)?;
    if ignored.code != 1 {
        return None;
    }
    let asked = Asked { folder, settings: without_filters(folder) };
    let listed = |arguments: &[&str]| -> Option<Vec<String>> {
        let arguments = [arguments, &["-z", "--", "."], BESIDE].concat();
        let Answered { code: 0, out, .. } = ask(&asked, &arguments, None)? else { return None };
        Some(out.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(text).collect())
    };
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for line in listed(&["ls-files", "-s"])? {
        // `MODE HASH STAGE\tPATH`
        let (about, path) = line.split_once('\t')?;
        files.entry(path.to_owned()).or_default().push_str(about);
    }
    let mut changed = listed(&["diff-files", "--name-only", "--relative"])?;
    changed.extend(listed(&["ls-files", "-o", "--exclude-standard"])?);
    let (plain, other): (Vec<String>, Vec<String>) = changed.into_iter().partition(|path| {
        fs::symlink_metadata(folder.join(path)).is_ok_and(|facts| facts.is_file()) && !path.contains('\n')
    });
    for (path, hash) in plain.iter().zip(hashes(folder, &plain)?) {
        // Touched, and the same as before.
        if files.get(path).is_none_or(|known| known.split(' ').nth(1) != Some(&hash)) {
            files.insert(path.clone(), format!("changed {hash}"));
        }
    }
    for path in other {
        let is = match fs::read_link(folder.join(&path)) {
            Ok(target) => format!("link {}", target.display()),
            Err(_) if folder.join(&path).exists() => "folder".to_owned(),
            Err(_) => "gone".to_owned(),
        };
        files.insert(path, is);
    }
    let mut whole = Sha256::new();
    for (path, is) in &files {
        whole.update(format!("{path}\0{is}\0"));
    }
    Some(hex(&whole.finalize()))
}

/// The hashes of files as they are, without the filters of the repository.
fn hashes(folder: &Path, paths: &[String]) -> Option<Vec<String>> {
    if paths.is_empty() {
        return Some(vec![]);
    }
    // From the root: git takes them as they are, wherever it was called.
    let names: Vec<String> = paths.iter().map(|path| folder.join(path).display().to_string()).collect();
    let names = names.join("\n").into_bytes();
    let Answered { code: 0, out, .. } =
        ask(&Asked::of(folder), &["hash-object", "--no-filters", "--stdin-paths"], Some(names))?
    else {
        return None;
    };
    let hashes: Vec<String> = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(text).collect();
    (hashes.len() == paths.len()).then_some(hashes)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Settings that take their commands from the filters which the repository's own settings name: git calls those when it
/// compares files that were written in the very moment of the last commit.
fn without_filters(folder: &Path) -> Vec<(String, String)> {
    let listed = ask(&Asked::of(folder), &["config", "--list", "--name-only", "-z"], None);
    let Some(Answered { code: 0, out, .. }) = listed else { return vec![] };
    let names = out.split(|byte| *byte == 0).map(text);
    let filters: BTreeSet<String> = names
        .filter(|name| name.starts_with("filter."))
        .filter_map(|name| Some(name.rsplit_once('.')?.0.to_owned()))
        .collect();
    let off = |filter: String| {
        let set = |key: &str, value: &str| (format!("{filter}.{key}"), value.to_owned());
        [set("clean", ""), set("smudge", ""), set("process", ""), set("required", "false")]
    };
    filters.into_iter().flat_map(off).collect()
}

/// Whom git is asked about, with settings of our own.
struct Asked<'a> {
    folder: &'a Path,
    settings: Vec<(String, String)>,
}

impl<'a> Asked<'a> {
    /// As it is set.
    fn of(folder: &'a Path) -> Self {
        Self { folder, settings: vec![] }
    }
}

/// What git did.
struct Answered {
    code: i32,
    out: Vec<u8>,
    err: Vec<u8>,
}

/// What git prints, as text.
///
/// # Errors
/// What it complains of.
fn said(asked: &Asked<'_>, arguments: &[&str]) -> Result<String, String> {
    let name = arguments.first().copied().unwrap_or_default();
    match ask(asked, arguments, None) {
        Some(Answered { code: 0, out, .. }) => Ok(text(&out)),
        Some(Answered { err, .. }) => Err(format!("`git {name}`: {}", text(&err).trim())),
        None => Err(format!("`git {name}` did not answer; is git installed?")),
    }
}

/// Asks git. `None` where there is no git, or it takes too long.
fn ask(asked: &Asked<'_>, arguments: &[&str], input: Option<Vec<u8>>) -> Option<Answered> {
    let Asked { folder, settings } = asked;
    let mut asked = command(folder);
    asked.env("GIT_CONFIG_COUNT", settings.len().to_string());
    for (index, (key, value)) in settings.iter().enumerate() {
        asked.env(format!("GIT_CONFIG_KEY_{index}"), key).env(format!("GIT_CONFIG_VALUE_{index}"), value);
    }
    asked.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    asked.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = asked.spawn().ok()?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        // What it does not read, it does not want; its exit code tells.
        thread::spawn(move || drop(pipe.write_all(&input)));
    }
    let (out, err) = (read(child.stdout.take()?), read(child.stderr.take()?));
    let code = ended(&mut child)?;
    Some(Answered { code, out: out.join().ok()?.ok()?, err: err.join().ok()?.ok()? })
}

fn read(mut pipe: impl io::Read + Send + 'static) -> JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let mut bytes = vec![];
        pipe.read_to_end(&mut bytes).map(|_| bytes)
    })
}

fn ended(child: &mut Child) -> Option<i32> {
    let since = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.code(),
            Ok(None) if since.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(2)),
            Ok(None) | Err(_) => {
                tracing::warn!("git did not answer within {PATIENCE:?}");
                // It may have ended by now, which is as good.
                let _ended = child.kill();
                let _reaped = child.wait();
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn git(folder: &Path, arguments: &[&str]) {
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        assert!(command(folder).args(who).args(arguments).status().unwrap().success(), "{arguments:?}");
    }

    fn state(folder: &Path) -> String {
        project_state(folder).unwrap()
    }

    #[test]
    fn a_state_is_of_what_is_in_the_files_and_of_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert_eq!(project_state(path), None, "without git nothing is known");
        git(path, &["init", "-q"]);
        let write = |name: &str, text: &str| fs::write(path.join(name), text).unwrap();
        write("a.txt", "one");
        write(".gitignore", "*.log\n");
        let untracked = state(path);
        git(path, &["add", "-A"]);
        git(path, &["commit", "-qm", "all"]);
        let clean = state(path);
        assert_ne!(untracked, clean);
        write("a.txt", "two");
        let changed = state(path);
        assert_ne!(changed, clean);
        write("a.txt", "three");
        assert_ne!(state(path), changed);
        write("a.txt", "one");
        write("noise.log", "x");
        assert_eq!(state(path), clean, "touched, and ignored");
        write("new.txt", "x");
        assert_ne!(state(path), clean);
        fs::remove_file(path.join("new.txt")).unwrap();
        fs::remove_file(path.join("a.txt")).unwrap();
        assert_ne!(state(path), clean);
        write("a.txt", "one");
        for folder in [".reenact/workflows", ".claude/workflows", ".claude/agents"] {
            fs::create_dir_all(path.join(folder)).unwrap();
            fs::write(path.join(folder).join("x.js"), "x").unwrap();
        }
        assert_eq!(state(path), clean, "to edit a workflow is not to change the project");
        std::os::unix::fs::symlink("nowhere", path.join("link")).unwrap();
        assert_ne!(state(path), clean);
    }

    #[test]
    fn a_folder_within_a_repository_is_by_itself_and_one_that_is_ignored_is_unknown() {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "-q"]);
        let (inner, ignored) = (folder.path().join("inner"), folder.path().join("ignored"));
        for path in [&inner, &ignored] {
            fs::create_dir(path).unwrap();
            fs::write(path.join("a.txt"), "one").unwrap();
        }
        fs::write(folder.path().join(".gitignore"), "ignored\n").unwrap();
        let before = state(&inner);
        fs::write(folder.path().join("outside.txt"), "x").unwrap();
        assert_eq!(state(&inner), before);
        fs::write(inner.join("a.txt"), "two").unwrap();
        assert_ne!(state(&inner), before);
        git(folder.path(), &["add", "-A"]);
        git(folder.path(), &["commit", "-qm", "all"]);
        fs::write(inner.join("a.txt"), "three").unwrap();
        assert_ne!(state(&inner), before);
        assert_eq!(project_state(&ignored), None);
    }

    #[test]
    fn nothing_that_a_repository_names_is_run() {
        let folder = tempfile::tempdir().unwrap();
        let (path, trap) = (folder.path(), folder.path().join("sprung"));
        git(path, &["init", "-q"]);
        fs::write(path.join("a.txt"), "one").unwrap();
        git(path, &["add", "-A"]);
        git(path, &["commit", "-qm", "all"]);
        let touch = format!("touch {}", trap.display());
        for (name, value) in [("core.fsmonitor", &*touch), ("filter.trap.clean", &touch), ("core.pager", &touch)] {
            git(path, &["config", name, value]);
        }
        fs::write(path.join(".gitattributes"), "* filter=trap\n").unwrap();
        fs::write(path.join("a.txt"), "two").unwrap();
        fs::write(path.join("new.txt"), "two").unwrap();
        state(path);
        assert!(!trap.exists());
    }
}
