//! The reading tools through the one door, on real folders.

use super::{MAX_TEXT_BYTES, ToolClass, ToolContext, ToolOutcome, ToolOutput, Toolbox};
use crate::workspace::Workspace;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

fn project(files: &[(&str, &str)]) -> TempDir {
    let temp = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = temp.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    temp
}

fn context(project: &Path) -> ToolContext {
    ToolContext { workspace: Arc::new(Workspace::open(project).unwrap()), cancel: CancellationToken::new() }
}

fn run(project: &TempDir, tool: &str, arguments: &str) -> ToolOutput {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let output = runtime.block_on(Toolbox::reading().run(tool, arguments, &context(project.path())));
    assert!(output.text.len() <= MAX_TEXT_BYTES);
    output
}

#[track_caller]
fn text(project: &TempDir, tool: &str, arguments: &str) -> String {
    let output = run(project, tool, arguments);
    assert_eq!(output.outcome, ToolOutcome::Succeeded, "{}", output.text);
    output.text
}

#[track_caller]
fn failure(project: &TempDir, tool: &str, arguments: &str) -> String {
    let output = run(project, tool, arguments);
    assert_eq!(output.outcome, ToolOutcome::Failed, "{}", output.text);
    output.text
}

fn numbers(count: usize) -> String {
    (1..=count).map(|number| format!("line {number}\n")).collect()
}

// The toolbox

#[test]
fn the_list_of_tools_is_sorted_and_always_the_same() {
    let list = || serde_json::to_string(&Toolbox::reading().descriptions()).unwrap();
    assert_eq!(list(), list());
    let names: Vec<String> = Toolbox::reading().descriptions().into_iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["find_files", "list_directory", "read_file", "search_text"]);
    for tool in Toolbox::reading().descriptions() {
        assert_eq!(tool.parameters["type"], "object", "{}", tool.name);
        assert_eq!(tool.parameters["additionalProperties"], false, "{}", tool.name);
        assert!(!tool.parameters.to_string().contains("$ref"), "{}", tool.name);
        assert_eq!(Toolbox::reading().class(&tool.name), ToolClass::Reading);
    }
}

#[test]
fn an_unknown_tool_is_answered_with_the_nearest_names() {
    let temp = project(&[]);
    assert_eq!(
        failure(&temp, "reed_file", "{}"),
        "There is no tool `reed_file`. Did you mean `read_file`? \
         The tools are `find_files`, `list_directory`, `read_file` and `search_text`."
    );
}

#[test]
fn damaged_arguments_are_mended_or_refused_with_the_schema() {
    let temp = project(&[("a.txt", "hello\n")]);
    let expected = "a.txt: lines 1-1 of 1\n1\thello";
    for arguments in [
        "{'path': 'a.txt',}",
        "```json\n{\"path\": \"a.txt\"}\n```",
        "{\"path\": \"a.txt\"",
        r#""{\"path\":\"a.txt\"}""#,
    ] {
        assert_eq!(text(&temp, "read_file", arguments), expected, "{arguments}");
    }
    let refused = failure(&temp, "read_file", "a.txt");
    assert!(refused.starts_with("The arguments of read_file are not valid JSON: "), "{refused}");
    assert!(refused.contains("\"required\":[\"path\"]"), "{refused}");
    assert!(failure(&temp, "read_file", "{}").starts_with("read_file needs the argument `path`, a string"));
    let unknown = failure(&temp, "read_file", r#"{"path": "a.txt", "lines": 3}"#);
    assert!(unknown.contains("read_file has no argument `lines`"), "{unknown}");
    assert!(
        failure(&temp, "read_file", r#"{"path": "a.txt", "offset": 0}"#)
            .contains("`offset` of read_file must be an integer of at least 1")
    );
}

#[test]
fn a_cancelled_call_says_so() {
    let temp = project(&[("a.txt", "x")]);
    let context = context(temp.path());
    context.cancel.cancel();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let output = runtime.block_on(Toolbox::reading().run("search_text", r#"{"pattern": "x"}"#, &context));
    assert_eq!(output, ToolOutput::cancelled());
}

#[test]
fn every_tool_refuses_what_lies_outside_or_is_sensitive() {
    let temp = project(&[(".env", "KEY=1"), ("a.txt", "x")]);
    symlink("/etc", temp.path().join("etc")).unwrap();
    for tool in ["list_directory", "read_file", "find_files", "search_text"] {
        let pattern = if tool.starts_with("find") || tool.starts_with("search") { r#","pattern":"a""# } else { "" };
        for path in ["../x", "/etc", "etc", "etc/passwd", "/proc/self/environ"] {
            let refused = failure(&temp, tool, &format!(r#"{{"path":"{path}"{pattern}}}"#));
            assert!(refused.contains("project"), "{tool} {path}: {refused}");
        }
        let refused = failure(&temp, tool, &format!(r#"{{"path":".env"{pattern}}}"#));
        assert!(refused.contains("is never read"), "{tool}: {refused}");
        assert!(!refused.contains("KEY"));
    }
}

// read_file

#[test]
fn a_file_is_read_with_numbers_and_its_length() {
    let temp = project(&[("src/a.rs", "fn a() {}\n\n// é\n"), ("empty", "")]);
    assert_eq!(
        text(&temp, "read_file", r#"{"path":"src/a.rs"}"#),
        "src/a.rs: lines 1-3 of 3\n1\tfn a() {}\n2\t\n3\t// é"
    );
    assert_eq!(text(&temp, "read_file", r#"{"path":"empty"}"#), "empty: empty file");
    assert!(
        failure(&temp, "read_file", r#"{"path":"src"}"#)
            .contains("is a folder, not a file. List it with list_directory.")
    );
    assert!(failure(&temp, "read_file", r#"{"path":"src/b.rs"}"#).contains("Did you mean `src/a.rs`?"));
}

#[test]
fn a_part_of_a_file_says_which_part_and_how_to_go_on() {
    let temp = project(&[("a", &numbers(3_000))]);
    let first = run(&temp, "read_file", r#"{"path":"a"}"#);
    assert!(first.text.starts_with("a: lines 1-2,000 of 3,000\n1\tline 1\n"));
    assert!(first.text.ends_with("2000\tline 2000\n[1,000 more lines; go on with offset=2001]"));
    assert_eq!((first.truncated, first.shown, first.total), (true, Some(2_000), Some(3_000)));
    let part = text(&temp, "read_file", r#"{"path":"a","offset":2999,"limit":1}"#);
    assert_eq!(part, "a: lines 2,999-2,999 of 3,000\n2999\tline 2999\n[1 more line; go on with offset=3000]");
    let last = run(&temp, "read_file", r#"{"path":"a","offset":2999}"#);
    assert_eq!(last.text, "a: lines 2,999-3,000 of 3,000\n2999\tline 2999\n3000\tline 3000");
    assert!(!last.truncated);
    assert_eq!(
        failure(&temp, "read_file", r#"{"path":"a","offset":3001}"#),
        "`a` has 3,000 lines, so there is nothing at offset 3,001. Use a smaller offset."
    );
}

#[test]
fn following_the_offsets_reads_every_line_once() {
    let lines: String = (0..900).map(|number| format!("{number} {}\n", "x".repeat(number % 300))).collect();
    let temp = project(&[("a", &lines)]);
    let (mut offset, mut read) = (1, String::new());
    loop {
        let output = run(&temp, "read_file", &format!(r#"{{"path":"a","offset":{offset}}}"#));
        for line in output.text.lines().skip(1).filter(|line| !line.starts_with('[')) {
            read.push_str(line.split_once('\t').unwrap().1);
            read.push('\n');
        }
        offset += output.shown.unwrap();
        if !output.truncated {
            break;
        }
    }
    assert_eq!(read, lines);
}

#[test]
fn a_line_too_long_is_cut_and_says_so() {
    let temp = project(&[("a", &format!("{}\nnext\n", "é".repeat(5_000)))]);
    let output = run(&temp, "read_file", r#"{"path":"a"}"#);
    let expected = format!(
        "a: lines 1-2 of 2\n1\t{} … [cut: this line has 10,000 bytes]\n2\tnext\n[1 line cut after 2,000 characters]",
        "é".repeat(2_000)
    );
    assert_eq!(output.text, expected);
    assert!(output.truncated);
}

#[test]
fn a_sparse_file_of_gigabytes_and_a_text_larger_than_memory_should_hold_are_streamed() {
    let temp = project(&[]);
    fs::File::create(temp.path().join("zeros")).unwrap().set_len(2 << 30).unwrap();
    assert_eq!(
        failure(&temp, "read_file", r#"{"path":"zeros"}"#),
        "`zeros` is not text but a binary file of 2.0 GiB; its content is not shown."
    );
    // Text at the beginning, then one line of NULs: only the first lines are kept.
    let mut file = fs::File::create(temp.path().join("long")).unwrap();
    file.write_all(numbers(5_000).as_bytes()).unwrap();
    file.set_len(400 << 20).unwrap();
    let output = run(&temp, "read_file", r#"{"path":"long","limit":2}"#);
    assert!(output.text.starts_with("long: lines 1-2 of at least 5,000\n1\tline 1\n2\tline 2\n"), "{}", output.text);
}

#[test]
fn what_is_no_plain_text_is_told() {
    let temp = project(&[("dos.txt", "a\r\nb\r\n"), ("mark.txt", "\u{feff}a\n")]);
    fs::write(temp.path().join("image.png"), b"\x89PNG\r\n\x1a\nxxxx").unwrap();
    fs::write(temp.path().join("latin"), b"caf\xe9\n").unwrap();
    let utf16: Vec<u8> = "\u{feff}né\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(temp.path().join("wide"), utf16).unwrap();
    assert!(failure(&temp, "read_file", r#"{"path":"image.png"}"#).contains("not text but a PNG image of 12 B"));
    assert_eq!(
        text(&temp, "read_file", r#"{"path":"dos.txt"}"#),
        "dos.txt: lines 1-2 of 2\n1\ta\n2\tb\n[lines end with CR LF]"
    );
    assert_eq!(text(&temp, "read_file", r#"{"path":"mark.txt"}"#), "mark.txt: lines 1-1 of 1\n1\ta");
    assert_eq!(
        text(&temp, "read_file", r#"{"path":"latin"}"#),
        "latin: lines 1-1 of 1\n1\tcaf\u{fffd}\n[some bytes are not UTF-8 and are shown as \u{fffd}]"
    );
    assert_eq!(text(&temp, "read_file", r#"{"path":"wide"}"#), "wide: lines 1-1 of 1\n1\tné\n[the file is UTF-16]");
}

// list_directory

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

// find_files

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

// search_text

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
