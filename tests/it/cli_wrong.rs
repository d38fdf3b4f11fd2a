//! The command line in the wrong hands and places: arguments that do not fit, folders that are not there or not one's own,
//! readers that leave, terminals that are narrow. Nothing panics, nothing is left behind, and each says what to do.

use std::{
    fs,
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::cli::Home;

/// Every subcommand, and those within them: as help lists them.
fn commands(home: &Home, before: &[String]) -> Vec<Vec<String>> {
    let arguments: Vec<&str> = before.iter().map(String::as_str).chain(["--help"]).collect();
    let help = home.run(&arguments);
    assert_eq!(help.code, Some(0), "{help:?}");
    let listed = help.out.split("\nCommands:\n").nth(1).unwrap_or_default().split("\n\n").next().unwrap();
    let names =
        listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|name| !name.is_empty()));
    let inner = names.filter(|name| *name != "help").flat_map(|name| {
        let command: Vec<String> = before.iter().cloned().chain([name.to_owned()]).collect();
        let inside = commands(home, &command);
        std::iter::once(command).chain(inside).collect::<Vec<_>>()
    });
    inner.collect()
}

#[test]
fn every_command_says_what_it_does_and_refuses_what_it_does_not_know() {
    let home = Home::new();
    let all = commands(&home, &[]);
    assert!(all.len() > 20, "{all:?}");
    for command in all {
        let with = |more: &[&str]| {
            let arguments: Vec<&str> = command.iter().map(String::as_str).chain(more.iter().copied()).collect();
            home.run(&arguments)
        };
        let help = with(&["--help"]);
        let first = help.out.lines().next().unwrap_or_default();
        assert!(first.len() > 10 && first.chars().next().unwrap().is_uppercase(), "{command:?}: {first}");
        assert!(help.out.lines().all(|line| line.chars().count() <= 110), "{command:?} has long lines");
        let unknown = with(&["--no-such-flag"]);
        assert_eq!(unknown.code, Some(2), "{command:?}: {unknown:?}");
        let told = with(&["--no-such-flag", "--json"]);
        let error: Value = serde_json::from_str(&told.err).unwrap_or_else(|_| panic!("{command:?}: {told:?}"));
        assert_eq!((told.code, &error["error"]["code"]), (Some(2), &"usage".into()), "{command:?}");
    }
    assert!(!home.data.path().join("data").exists(), "a wrong call made a data folder");
}

#[test]
fn a_mistyped_data_folder_is_not_made_by_those_who_only_look() {
    let home = Home::new();
    let chat = "chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c";
    let looks: &[&[&str]] =
        &[&["ps"], &["log", "ls"], &["log", "cat", chat], &["watch", chat], &["stop", chat], &["verify"], &["rebuild"]];
    for arguments in looks {
        let run = home.run(arguments);
        assert_eq!(run.code, Some(3), "{arguments:?}: {run:?}");
        assert!(run.err.contains("--data") && run.err.contains("there is no log"), "{arguments:?}: {run:?}");
        assert!(!home.data.path().join("data").exists(), "{arguments:?} made it");
    }
}

#[test]
fn a_question_that_cannot_be_asked_leaves_nothing_behind() {
    let home = Home::new();
    assert_eq!(home.run(&["ask", "list"]).code, Some(0));
    let before = home.json(&["log", "ls"]).len();
    for arguments in
        [&["ask", ""][..], &["ask", " ", "\n"], &["ask", "-m", "nobody/nothing", "hi"], &["ask", "-p", "nowhere", "hi"]]
    {
        let run = home.run(arguments);
        assert!(matches!(run.code, Some(2 | 3)), "{arguments:?}: {run:?}");
        assert_eq!(home.json(&["log", "ls"]).len(), before, "{arguments:?} opened something");
    }
}

#[test]
fn a_place_that_cannot_be_a_data_folder_is_named_with_what_to_do() {
    let home = Home::new();
    let file = home.data.path().join("file");
    fs::write(&file, "").unwrap();
    let inside = file.join("data");
    for (place, words) in
        [(file.as_path(), "is not a folder"), (&inside, "is not a folder"), (Path::new("/proc/none"), "cannot be made")]
    {
        let run = home.run(&["--data", place.to_str().unwrap(), "key", "ls"]);
        assert!(run.err.contains(words) && run.err.contains("--data DIR"), "{}: {run:?}", place.display());
    }
    let output = Command::new(env!("CARGO_BIN_EXE_reenact")).env_clear().arg("ps").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("set HOME"));
}

#[test]
fn what_is_wrong_is_said_once_and_a_cause_not_twice() {
    let home = Home::new();
    let run = home.run(&["restore", home.project.path().to_str().unwrap()]);
    assert!(run.err.contains("is no backup"), "{run:?}");
    let run = home.run(&["man", "/proc/none"]);
    assert_eq!(run.err.matches("os error").count(), 1, "{run:?}");
}

/// Runs a command whose output goes to somebody who leaves after the first bytes, or at once.
fn into_one_who_leaves(home: &Home, arguments: &[&str], reads: bool) -> (Option<i32>, String) {
    let mut child = home.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    if reads {
        out.read_exact(&mut [0; 1]).unwrap();
    }
    drop(out);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_reader_who_leaves_is_no_error() {
    let home = Home::new();
    assert_eq!(home.run(&["ask", "list"]).code, Some(0));
    let chat = home.json(&["ps", "--all"])[0]["stream"].as_str().unwrap().to_owned();
    let all: &[&[&str]] = &[
        &["log", "ls"],
        &["log", "cat", &chat],
        &["log", "cat", &chat, "--json"],
        &["ps", "--all"],
        &["config"],
        &["doctor"],
        &["completions", "bash"],
        &["man"],
        &["verify"],
        &["help"],
        &["ask", "read README.md"],
    ];
    for arguments in all {
        for reads in [true, false] {
            let (code, err) = into_one_who_leaves(&home, arguments, reads);
            assert!(!err.contains("panicked"), "{arguments:?}: {err}");
            assert!(matches!(code, Some(0 | 1)), "{arguments:?}: {code:?} {err}");
        }
    }
}

#[test]
fn a_server_goes_on_when_nobody_reads_its_address() {
    let home = Home::new();
    let mut child =
        home.command(&["serve", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    let lock = home.data.path().join("data/log/lock");
    while !fs::read_to_string(&lock).is_ok_and(|note| note.contains("http://")) {
        assert!(child.try_wait().unwrap().is_none(), "the server ended");
        std::thread::yield_now();
    }
    assert_eq!(home.run(&["ask", "list"]).code, Some(0), "it answers");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Runs a command at a terminal of so many columns; what the terminal got.
fn at_terminal(home: &Home, columns: u16, line: &str) -> String {
    let program = env!("CARGO_BIN_EXE_reenact");
    let data = home.data.path().join("data");
    let script = format!("stty cols {columns} && {program} --data {} {line}", data.display());
    let mut command = Command::new("script");
    command
        .args(["-qec", &script, "/dev/null"])
        .env("HOME", home.data.path())
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    let output = command.output().expect("`script` gives a terminal: apt-get install bsdutils");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_narrow_terminal_gets_whole_rows_and_colour_only_who_wants_it() {
    let home = Home::new();
    assert_eq!(
        home.run(&["ask", "a question that is long enough to reach over the edge of any narrow terminal"]).code,
        Some(0)
    );
    let width = |line: &str| {
        // Without what steers the terminal.
        let mut line = line.trim_end_matches('\r').to_owned();
        while let Some(start) = line.find('\u{1b}') {
            let end = line[start..].find('m').map_or(line.len(), |end| start + end + 1);
            line.replace_range(start..end, "");
        }
        line.chars().count()
    };
    let wide = at_terminal(&home, 200, "ps --all");
    let narrow = at_terminal(&home, 112, "ps --all");
    assert!(wide.lines().any(|line| width(line) > 112), "{wide}");
    assert!(narrow.lines().all(|line| width(line) <= 112) && narrow.contains('…'), "{narrow}");
    let plain = at_terminal(&home, 60, "doctor");
    let lines = plain.lines().filter(|line| !line.contains("→ "));
    assert!(lines.clone().count() > 10);
    for line in lines {
        let words = line.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
        assert!(width(line) <= 60 || words > 45, "{line}");
    }
    assert!(plain.contains('\u{1b}'), "a terminal has colour");
    let program = format!("NO_COLOR=1 {}", env!("CARGO_BIN_EXE_reenact"));
    let script = format!("{program} --data {} doctor", home.data.path().join("data").display());
    let output = Command::new("script").args(["-qec", &script, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
    assert!(!String::from_utf8(output.stdout).unwrap().contains('\u{1b}'), "NO_COLOR is heeded");
}
