//! `list_directory` on folders of every kind.

use super::ground::{failure, project, run, text};
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_folder_is_listed_folders_first() {
    let temp = project(&[
        ("README.md", "hello"),
        ("src/main.rs", "fn main() {}"),
        ("src/deep/x", ""),
        ("a.txt", ""),
        (".gitignore", "target\n"),
        ("target/x", ""),
        (".env", ""),
        (".git/HEAD", ""),
    ]);
    symlink("README.md", temp.path().join("link")).unwrap();
    let hidden = "[1 entry is hidden by ignore files; to look into a hidden folder, give it as path]";
    assert_eq!(
        text(&temp, "list_directory", ""),
        format!(".: 5 entries\nsrc/\n.gitignore  7 B\nREADME.md  5 B\na.txt  0 B\nlink -> README.md\n{hidden}")
    );
    assert_eq!(
        text(&temp, "list_directory", r#"{"depth":3}"#),
        format!(
            ".: 8 entries\nsrc/\n  deep/\n    x  0 B\n  main.rs  12 B\n.gitignore  7 B\nREADME.md  5 B\na.txt  0 B\nlink -> README.md\n{hidden}"
        )
    );
    assert_eq!(text(&temp, "list_directory", r#"{"path":"src/deep"}"#), "src/deep: 1 entry\nx  0 B");
    assert_eq!(text(&temp, "list_directory", r#"{"path":"target"}"#), "target: 1 entry\nx  0 B");
    fs::create_dir(temp.path().join("void")).unwrap();
    assert_eq!(text(&temp, "list_directory", r#"{"path":"void"}"#), "void: empty");
    assert!(failure(&temp, "list_directory", r#"{"path":"a.txt"}"#).contains("read the file with read_file"));
}

#[test]
fn a_large_folder_is_cut_and_says_so() {
    let temp = project(&[("z/x", "")]);
    for index in 0..600 {
        fs::write(temp.path().join(format!("{index:03}")), "").unwrap();
    }
    let output = run(&temp, "list_directory", "{}");
    assert_eq!((output.truncated, output.shown, output.total), (true, Some(500), Some(601)));
    assert!(output.text.starts_with(".: 601 entries\nz/\n000  0 B\n"), "folders are not what is cut");
    assert!(output.text.contains("[500 of 601 entries are shown; "));
}

#[test]
fn odd_names_are_shown_and_marked() {
    use std::os::unix::ffi::OsStrExt;
    let temp = project(&[("a\nb", "")]);
    fs::write(temp.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "").unwrap();
    let pipe = temp.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    assert_eq!(
        text(&temp, "list_directory", "{}"),
        ".: 3 entries\na\\nb  0 B\ncaf\u{fffd}  0 B  [name is not UTF-8]\npipe  [pipe, socket or device]"
    );
    assert!(failure(&temp, "read_file", r#"{"path":"pipe"}"#).contains("is a pipe, a socket or a device"));
    assert_eq!(text(&temp, "search_text", r#"{"pattern":"x"}"#), "no match in 2 files");
}
