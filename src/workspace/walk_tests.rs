//! What a walk shows and what it leaves out, on real folders.

use super::{Kind, Order, Walk, WalkReport, Workspace};
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

fn project(files: &[(&str, &str)]) -> TempDir {
    let temp = tempfile::tempdir().unwrap();
    write(temp.path(), files);
    temp
}

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn walk(root: &Path, start: &str, order: Order, depth: usize) -> (Vec<String>, WalkReport) {
    let space = Workspace::open(root).unwrap();
    let start = space.open_directory(start).unwrap();
    let mut seen = Vec::new();
    let report = Walk::new(&start, &CancellationToken::new()).order(order).max_depth(depth).run(&mut |entry| {
        let mark = match entry.kind {
            Kind::Directory => "/",
            Kind::File => "",
            Kind::Link => "@",
            Kind::Other => "|",
        };
        seen.push(format!("{}{mark}", entry.path));
        ControlFlow::Continue(())
    });
    (seen, report)
}

fn all(root: &Path, start: &str) -> Vec<String> {
    walk(root, start, Order::Depth, 99).0
}

#[test]
fn entries_come_in_a_fixed_order() {
    let temp = project(&[("b/z", ""), ("b/c/d", ""), ("a/x", ""), ("e", "")]);
    assert_eq!(all(temp.path(), ""), ["a/", "b/", "e", "a/x", "b/c/", "b/z", "b/c/d"]);
    let (breadth, _) = walk(temp.path(), "", Order::Breadth, 99);
    assert_eq!(breadth, ["a/", "b/", "e", "a/x", "b/c/", "b/z", "b/c/d"]);
    assert_eq!(walk(temp.path(), "", Order::Depth, 1).0, ["a/", "b/", "e"]);
    assert_eq!(all(temp.path(), "b"), ["b/c/", "b/z", "b/c/d"]);
    write(temp.path(), &[("a/deep/er/x", "")]);
    let (depth, _) = walk(temp.path(), "", Order::Depth, 99);
    assert!(depth.iter().position(|p| p == "a/deep/er/x") < depth.iter().position(|p| p == "b/z"));
    let (breadth, _) = walk(temp.path(), "", Order::Breadth, 99);
    assert!(breadth.iter().position(|p| p == "a/deep/er/x") > breadth.iter().position(|p| p == "b/z"));
}

#[test]
fn ignore_files_hide_what_they_name() {
    let temp = project(&[
        (".gitignore", "target/\n*.log\n!keep.log\n/only-root\n"),
        ("target/debug/x", ""),
        ("a.log", ""),
        ("keep.log", ""),
        ("only-root", ""),
        ("src/only-root", ""),
        ("src/.gitignore", "generated.rs\n"),
        ("src/generated.rs", ""),
        ("src/main.rs", ""),
        ("generated.rs", ""),
        (".ignore", "!a.log\nfixtures\n"),
        ("fixtures/big", ""),
    ]);
    let (seen, report) = walk(temp.path(), "", Order::Depth, 99);
    let expected = [
        ".gitignore",
        ".ignore",
        "a.log",
        "generated.rs",
        "keep.log",
        "src/",
        "src/.gitignore",
        "src/main.rs",
        "src/only-root",
    ];
    assert_eq!(seen, expected);
    assert_eq!(report, WalkReport { ignored: 4, ..WalkReport::default() });
    // The rules of the folders above hold in a walk that begins below them.
    assert_eq!(all(temp.path(), "src"), ["src/.gitignore", "src/main.rs", "src/only-root"]);
}

#[test]
fn an_ignored_folder_that_is_named_shows_itself() {
    let temp = project(&[
        (".gitignore", "target\n*.o\n"),
        ("target/.gitignore", "hidden\n"),
        ("target/x.o", ""),
        ("target/hidden", ""),
    ]);
    assert_eq!(all(temp.path(), "target"), ["target/.gitignore", "target/x.o"]);
}

#[test]
fn a_part_of_a_repository_keeps_the_rules_of_the_whole() {
    let temp = project(&[
        (".git/info/exclude", "private\n"),
        (".gitignore", "node_modules\n"),
        ("part/node_modules/x", ""),
        ("part/private", ""),
        ("part/file", ""),
    ]);
    assert_eq!(all(&temp.path().join("part"), ""), ["file"]);
    // Unless the whole ignores the part: then it is a project of its own.
    write(temp.path(), &[(".gitignore", "node_modules\npart\n")]);
    assert_eq!(all(&temp.path().join("part"), ""), ["file", "node_modules/", "private", "node_modules/x"]);
}

#[test]
fn the_rules_of_a_repository_do_not_reach_into_another() {
    let temp = project(&[
        (".git/HEAD", ""),
        (".gitignore", "*.txt\n"),
        ("inner/.git/HEAD", ""),
        ("inner/a.txt", ""),
        ("b.txt", ""),
    ]);
    assert_eq!(all(temp.path(), ""), [".gitignore", "inner/", "inner/a.txt"]);
}

#[test]
fn rules_outside_a_folder_without_repository_do_not_count() {
    let temp = project(&[(".gitignore", "*\n"), ("part/file", "")]);
    assert_eq!(all(&temp.path().join("part"), ""), ["file"]);
}

#[test]
fn sensitive_places_and_version_control_are_not_seen() {
    let temp = project(&[
        (".env", ""),
        (".ssh/id_rsa", ""),
        ("a.pem", ""),
        (".git/HEAD", ""),
        (".github/ci.yml", ""),
        ("a", ""),
    ]);
    let (seen, report) = walk(temp.path(), "", Order::Depth, 99);
    assert_eq!(seen, [".github/", "a", ".github/ci.yml"]);
    assert_eq!(report, WalkReport::default());
}

#[test]
fn links_are_named_and_never_followed() {
    let temp = project(&[("real/file", "")]);
    symlink("real", temp.path().join("inside")).unwrap();
    symlink("/etc", temp.path().join("outside")).unwrap();
    symlink(".", temp.path().join("real/loop")).unwrap();
    assert_eq!(all(temp.path(), ""), ["inside@", "outside@", "real/", "real/file", "real/loop@"]);
}

#[test]
fn a_pipe_in_place_of_an_ignore_file_does_not_stop_a_walk() {
    let temp = project(&[("a", "")]);
    let path = temp.path().join(".gitignore");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    assert_eq!(all(temp.path(), ""), [".gitignore|", "a"]);
}

#[test]
fn an_ignore_file_that_is_a_link_out_of_the_project_is_not_read() {
    let outside = project(&[("rules", "a\n")]);
    let temp = project(&[("a", "")]);
    symlink(outside.path().join("rules"), temp.path().join(".gitignore")).unwrap();
    assert_eq!(all(temp.path(), ""), [".gitignore@", "a"]);
}

#[test]
fn an_entry_exchanged_after_it_was_met_is_not_opened() {
    let temp = project(&[("a", "inside"), ("b", "inside")]);
    let space = Workspace::open(temp.path()).unwrap();
    let start = space.open_directory("").unwrap();
    let mut opened = Vec::new();
    Walk::new(&start, &CancellationToken::new()).run(&mut |entry| {
        if entry.path == "a" {
            fs::remove_file(temp.path().join("a")).unwrap();
            symlink("/etc/passwd", temp.path().join("a")).unwrap();
        }
        opened.push((entry.path.clone(), entry.open().is_some()));
        ControlFlow::Continue(())
    });
    assert_eq!(opened, [("a".to_owned(), false), ("b".to_owned(), true)]);
}

#[test]
fn a_cancelled_walk_ends_at_once() {
    let temp = project(&[("a", ""), ("b", ""), ("c", "")]);
    let space = Workspace::open(temp.path()).unwrap();
    let start = space.open_directory("").unwrap();
    let cancel = CancellationToken::new();
    let mut seen = 0;
    let report = Walk::new(&start, &cancel).run(&mut |_| {
        seen += 1;
        cancel.cancel();
        ControlFlow::Continue(())
    });
    assert_eq!((seen, report.cancelled), (1, true));
}

#[test]
fn names_that_are_no_text_are_shown_and_marked() {
    use std::os::unix::ffi::OsStrExt;
    let temp = project(&[]);
    fs::write(temp.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "x").unwrap();
    let space = Workspace::open(temp.path()).unwrap();
    let start = space.open_directory("").unwrap();
    let mut seen = Vec::new();
    Walk::new(&start, &CancellationToken::new()).run(&mut |entry| {
        seen.push((entry.path.clone(), entry.lossy, entry.open().map(|file| file.bytes)));
        ControlFlow::Continue(())
    });
    assert_eq!(seen, [("caf\u{fffd}".to_owned(), true, Some(1))]);
}
