//! `search_text`: which lines, with what around them, how many.

use super::ground::{failure, project, run, text};
use std::fs;

#[test]
fn lines_are_found_with_path_and_number() {
    let temp = project(&[
        ("src/a.rs", "fn one() {}\n// TODO: two\nfn three() {}\r\n"),
        ("b.txt", "todo\n"),
        ("out/c.txt", "todo\n"),
        (".gitignore", "out\n"),
        (".env", "todo\n"),
    ]);
    fs::write(temp.path().join("binary"), b"todo\0\n").unwrap();
    assert_eq!(
        text(&temp, "search_text", r#"{"pattern":"todo"}"#),
        "2 matches in 2 files\nb.txt:1:todo\nsrc/a.rs:2:// TODO: two"
    );
    assert_eq!(text(&temp, "search_text", r#"{"pattern":"TODO"}"#), "1 match in 1 file\nsrc/a.rs:2:// TODO: two");
    assert_eq!(
        text(&temp, "search_text", r#"{"pattern":"TODO","case":"insensitive","glob":"*.txt"}"#),
        "1 match in 1 file\nb.txt:1:todo"
    );
    assert_eq!(
        text(&temp, "search_text", r#"{"pattern":"todo","case":"sensitive","path":"src"}"#),
        "no match in 1 file"
    );
    assert_eq!(text(&temp, "search_text", r#"{"pattern":"todo","path":"out"}"#), "1 match in 1 file\nout/c.txt:1:todo");
    assert_eq!(
        text(&temp, "search_text", r#"{"pattern":"^fn \\w+\\(\\) \\{\\}$","path":"src/a.rs"}"#),
        "2 matches in 1 file\nsrc/a.rs:1:fn one() {}\nsrc/a.rs:3:fn three() {}"
    );
    assert_eq!(
        text(&temp, "search_text", r#"{"pattern":"one()","literal":true}"#),
        "1 match in 1 file\nsrc/a.rs:1:fn one() {}"
    );
    let nothing = text(&temp, "search_text", r#"{"pattern":"absent"}"#);
    assert!(nothing.starts_with("no match in 4 files\n[1 entry was left out by ignore files"), "{nothing}");
    assert!(nothing.ends_with("[1 binary file was left out]"), "{nothing}");
}

#[test]
fn context_is_shown_around_matches() {
    let temp = project(&[("a", "1\n2\nhit\n4\n5\n6\n7\nhit\n9\n"), ("b", "hit\n")]);
    assert_eq!(
        text(&temp, "search_text", r#"{"pattern":"hit","context":1}"#),
        "3 matches in 2 files\na-2-2\na:3:hit\na-4-4\n--\na-7-7\na:8:hit\na-9-9\n--\nb:1:hit"
    );
    assert!(
        failure(&temp, "search_text", r#"{"pattern":"hit","context":11}"#)
            .contains("`context` of search_text must be an integer from 0 to 10")
    );
}

#[test]
fn many_matches_are_cut_and_the_rest_is_counted() {
    let temp = project(&[("a", &"hit\n".repeat(70)), ("b", &"hit\n".repeat(80)), ("c", "hit\n")]);
    let output = run(&temp, "search_text", r#"{"pattern":"hit"}"#);
    assert_eq!((output.truncated, output.shown, output.total), (true, Some(100), Some(151)));
    assert!(output.text.starts_with("151 matches in 3 files\na:1:hit\n"));
    assert!(output.text.ends_with(
        "b:30:hit\n[100 of 151 matches are shown; use a narrower pattern, path or glob]\n[matches per file: b: 80; a: 70; c: 1]"
    ));
    let wide = project(&[("a", &format!("hit {}\n", "x".repeat(600)).repeat(99))]);
    let output = run(&wide, "search_text", r#"{"pattern":"hit"}"#);
    assert!(output.truncated && output.shown.unwrap() < 99 && output.total == Some(99), "cut by its length in bytes");
    let endless = project(&[("a", &"hit\n".repeat(20_000))]);
    assert!(
        run(&endless, "search_text", r#"{"pattern":"hit"}"#).text.starts_with("at least 10,001 matches in 1 file\n")
    );
}

#[test]
fn what_stands_around_a_match_that_is_not_shown_is_not_shown_either() {
    let temp = project(&[("a", &"hit\nbefore\nhit\n\n\n\n".repeat(60))]);
    let shown = text(&temp, "search_text", r#"{"pattern":"hit","context":1}"#);
    assert_eq!(shown.lines().filter(|line| line.ends_with(":hit")).count(), 100);
    assert!(shown.contains("a:297:hit\na-298-\n[100 of 120 matches"), "{shown}");
}

#[test]
fn a_pattern_that_is_none_is_refused_with_its_place() {
    let temp = project(&[("a", "x")]);
    let refused = failure(&temp, "search_text", r#"{"pattern":"foo(bar"}"#);
    assert!(refused.contains("    foo(bar\n       ^\nerror: unclosed group"), "{refused}");
    assert!(refused.ends_with("set literal to true to search for it as plain text."), "{refused}");
    assert!(failure(&temp, "search_text", r#"{"pattern":"a\nb"}"#).contains("search works line by line"));
    assert!(failure(&temp, "search_text", r#"{"pattern":"(?=x)"}"#).contains("look-around"));
    assert!(failure(&temp, "search_text", r#"{"pattern":""}"#).contains("`pattern` of search_text is empty"));
}

#[test]
fn a_line_of_megabytes_neither_fills_the_memory_nor_the_answer() {
    let temp = project(&[
        ("long", &format!("{}hit\n", "x".repeat(1 << 20))),
        ("longer", &"hit ".repeat(2 << 20)),
        ("short", "hit\n"),
    ]);
    let output = run(&temp, "search_text", r#"{"pattern":"hit"}"#);
    assert!(output.text.contains("hit\nshort:1:hit\n[1 file with lines over 4 MiB were left out]"), "{}", output.text);
    assert!(output.text.len() < 2_000);
}
