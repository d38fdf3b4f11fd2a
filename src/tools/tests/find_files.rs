//! `find_files`: which files, in which order, how many.

use super::ground::{failure, project, run, text};
use std::fs;
use std::time::{Duration, SystemTime};

#[test]
fn files_are_found_by_glob_the_latest_first() {
    let temp = project(&[
        ("a.rs", ""),
        ("src/b.rs", ""),
        ("src/c.txt", ""),
        ("out/d.rs", ""),
        (".gitignore", "out\n"),
        (".env", ""),
    ]);
    let age = |path: &str, seconds: u64| {
        let file = fs::File::options().write(true).open(temp.path().join(path)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - seconds)).unwrap();
    };
    age("a.rs", 20);
    age("src/b.rs", 10);
    age("src/c.txt", 30);
    assert_eq!(text(&temp, "find_files", r#"{"pattern":"*.rs"}"#), "2 files\nsrc/b.rs\na.rs");
    assert_eq!(text(&temp, "find_files", r#"{"pattern":"*.rs","sort":"path"}"#), "2 files\na.rs\nsrc/b.rs");
    assert_eq!(text(&temp, "find_files", r#"{"pattern":["*.rs","*.txt","!a.*"]}"#), "2 files\nsrc/b.rs\nsrc/c.txt");
    assert_eq!(text(&temp, "find_files", r#"{"pattern":"*.rs","path":"src"}"#), "1 file\nsrc/b.rs");
    assert_eq!(text(&temp, "find_files", r#"{"pattern":"**/d.rs","path":"out"}"#), "1 file\nout/d.rs");
    assert!(
        text(&temp, "find_files", r#"{"pattern":"*.py"}"#)
            .starts_with("no file of 4 files matches\n[1 entry was left out by ignore files")
    );
    assert!(text(&temp, "find_files", r#"{"pattern":".env*"}"#).starts_with("no file"));
    assert!(failure(&temp, "find_files", r#"{"pattern":"[a"}"#).contains("is not a glob"));
    assert!(
        failure(&temp, "find_files", r#"{"pattern":5}"#)
            .contains("`pattern` of find_files must be a string or an array, each a string")
    );
}

#[test]
fn many_files_are_cut_and_the_rest_is_counted() {
    let temp = project(&[]);
    for index in 0..250 {
        fs::write(temp.path().join(format!("{index:03}")), "").unwrap();
    }
    let output = run(&temp, "find_files", r#"{"pattern":"*","sort":"path"}"#);
    assert_eq!((output.truncated, output.shown, output.total), (true, Some(200), Some(250)));
    assert!(output.text.starts_with("250 files\n000\n"));
    assert!(output.text.ends_with("199\n[200 of 250 files are shown; use a narrower pattern or a path]"));
}
