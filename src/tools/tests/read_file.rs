//! `read_file` on files of every kind.

use super::ground::{failure, numbers, project, run, text};
use std::fs;
use std::io::Write;

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
    let lines: String =
        (0..900).flat_map(|number| [number.to_string(), "x".repeat(number % 300), "\n".to_owned()]).collect();
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
