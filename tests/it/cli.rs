//! The command line as a person uses it: the real program, with and without a server, and killed in the middle.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};

/// A data folder and a project folder, and nothing else of the machine's settings.
pub struct Home {
    /// The data folder is `data` in it.
    pub data: TempDir,
    /// The project.
    pub project: TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Run {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it printed.
    pub out: String,
    /// What it told on standard error.
    pub err: String,
}

/// A server that runs until this is dropped.
pub struct Serving {
    /// The process.
    pub child: Child,
    _out: BufReader<ChildStdout>,
    /// Where it listens.
    pub base: String,
}

impl Home {
    /// A fresh one.
    pub fn new() -> Self {
        let project = tempfile::tempdir().unwrap();
        fs::write(project.path().join("README.md"), "# Lighthouse\n\nIt shines. TODO: paint it.\n").unwrap();
        Self { data: tempfile::tempdir().unwrap(), project }
    }

    /// The program with these arguments, about to be run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reenact"));
        command.env_clear().env("HOME", self.data.path()).env("REENACT_WORDS_PER_SECOND", "0");
        command.env("REENACT_MODULE_CACHE", env!("CARGO_TARGET_TMPDIR"));
        command.arg("--data").arg(self.data.path().join("data")).args(arguments);
        command.current_dir(self.project.path()).stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Serves on a free port.
    pub fn serve(&self, words_per_second: &str) -> Serving {
        self.serve_as(|command| {
            command.env("REENACT_WORDS_PER_SECOND", words_per_second);
        })
    }

    fn serve_as(&self, change: impl FnOnce(&mut Command)) -> Serving {
        let mut command = self.command(&["serve", "--port", "0", "--json"]);
        change(command.stdout(Stdio::piped()));
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        Serving { child, _out: out, base: said["base"].as_str().unwrap().to_owned() }
    }

    /// The values that a command with `--json` prints.
    pub fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let run = self.run(&arguments);
        assert_eq!(run.code, Some(0), "{run:?}");
        run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn chat(&self) -> String {
        self.json(&["ps", "--all"])[0]["stream"].as_str().unwrap().to_owned()
    }
}

impl Serving {
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already, which is what the test wanted.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[test]
fn a_question_is_answered_without_a_server() {
    let home = Home::new();
    let run = home.run(&["ask", "read README.md"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("● read_file README.md"), "{run:?}");
    assert!(run.out.contains("It shines."), "{run:?}");
    let key = fs::metadata(home.data.path().join("data/key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_question_as_json_is_the_events_of_its_turn_in_order() {
    let home = Home::new();
    let events = home.json(&["ask", "-p", ".", "search TODO"]);
    let types = types(&events);
    assert_eq!(types.first(), Some(&"MessagePosted"));
    assert_eq!(types.last(), Some(&"TurnFinished"));
    for part in ["TurnStarted", "ModelCallStarted", "ToolCalled", "ToolStarted", "ToolFinished", "TextAppended"] {
        assert!(types.contains(&part), "{part} is missing in {types:?}");
    }
    let revisions: Vec<u64> = events.iter().map(|event| event["revision"].as_u64().unwrap()).collect();
    assert!(revisions.windows(2).all(|pair| pair[1] == pair[0] + 1), "{revisions:?}");
    assert_eq!(home.json(&["log", "cat", &home.chat(), "--from", "1"]), events);
}

#[tokio::test]
async fn a_model_of_a_provider_answers_as_the_environment_says() {
    let provider = MockServer::start().await;
    let answer = include_str!("../wire/openai-text.txt");
    Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .and(header("authorization", "Bearer sk-test"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(answer, "text/event-stream"))
        .mount(&provider)
        .await;
    let base = format!("{}/v1", provider.uri());
    let asked = tokio::task::spawn_blocking(move || {
        let home = Home::new();
        let mut command = home.command(&["ask", "-m", "openai/gpt-4o-mini", "hello"]);
        command.env("OPENAI_BASE_URL", base).env("OPENAI_API_KEY", "sk-test").output().unwrap()
    });
    let output = asked.await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("Hello! How can I help?"));
}

#[test]
fn a_provider_that_is_not_set_up_is_named_with_what_to_do() {
    let run = Home::new().run(&["ask", "-m", "openai/gpt-4o-mini", "hello"]);
    assert_ne!(run.code, Some(0));
    assert!(format!("{}{}", run.out, run.err).contains("OPENAI_API_KEY"), "{run:?}");
}

#[test]
fn a_chat_is_gone_on_with_by_its_id() {
    let home = Home::new();
    assert_eq!(home.run(&["ask", "list"]).code, Some(0));
    let chat = home.chat();
    assert_eq!(home.run(&["ask", "--chat", chat.strip_prefix("chat/").unwrap(), "read README.md"]).code, Some(0));
    assert_eq!(home.json(&["ps", "--all"])[0]["turns"], 2);
    assert_eq!(home.run(&["ps"]).out.trim(), "nothing is running");
}

#[test]
fn a_second_server_on_the_same_data_is_told_who_holds_it() {
    let home = Home::new();
    let serving = home.serve("0");
    let run = home.run(&["serve", "--port", "0"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains(&serving.base) && run.err.contains(&serving.child.id().to_string()), "{run:?}");
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = Home::new().run(&["serve", "--port", &port]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains(&port) && run.err.contains("--port"), "{run:?}");
}

#[test]
fn commands_speak_to_the_server_that_holds_the_data() {
    let home = Home::new();
    let serving = home.serve("0");
    assert_eq!(home.run(&["ask", "list"]).code, Some(0));
    let starts = home.json(&["log", "cat", "system/host"]);
    assert_eq!(types(&starts).iter().filter(|name| **name == "ServerStarted").count(), 1, "another server was started");
    serving.kill();
    let chat = home.chat();
    assert_eq!(home.json(&["log", "ls", "chat"])[0]["stream"], chat.as_str());
}

#[test]
fn a_turn_whose_server_is_killed_goes_on_in_the_next_one_and_its_asker_sees_it_to_the_end() {
    let home = Home::new();
    let serving = home.serve("40");
    let mut ask = home.command(&["ask", "--json", "read README.md"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(ask.stdout.take().unwrap()).lines();
    let mut events: Vec<Value> = Vec::new();
    while types(&events).last() != Some(&"TextAppended") {
        events.push(serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap());
    }
    serving.kill();
    let _again = home.serve("0");
    events.extend(lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()));
    assert_eq!(ask.wait().unwrap().code(), Some(0));
    let types = types(&events);
    assert_eq!(types.iter().filter(|name| **name == "TurnFinished").count(), 1);
    let revisions: Vec<u64> = events.iter().map(|event| event["revision"].as_u64().unwrap()).collect();
    assert!(revisions.windows(2).all(|pair| pair[1] == pair[0] + 1), "{revisions:?}");
    let attempts = events.iter().filter(|event| event["type"] == "ModelCallStarted");
    assert!(attempts.clone().any(|event| event["data"]["attempt"] == 2), "no call was begun again");
}

#[test]
fn a_turn_is_stopped_from_another_terminal() {
    let home = Home::new();
    let _serving = home.serve("5");
    let mut ask = home.command(&["ask", "--json", "read README.md"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(ask.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("MessagePosted"));
    let running = home.json(&["ps"]);
    assert_eq!(running[0]["state"], "running");
    let stop = home.run(&["stop", running[0]["stream"].as_str().unwrap()]);
    assert_eq!(stop.code, Some(0), "{stop:?}");
    assert!(lines.map(Result::unwrap).last().unwrap().contains("TurnCancelled"));
    assert_eq!(ask.wait().unwrap().code(), Some(1));
}

#[test]
fn what_is_wrong_has_its_exit_code_and_says_what_to_do() {
    let home = Home::new();
    assert_eq!(home.run(&["ask", "list"]).code, Some(0));
    let chat = home.chat();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["ask"], 2, "TEXT"),
        (&["log", "cat", "nonsense"], 2, "KIND/ID"),
        (&["ask", "--chat", "nonsense", "hi"], 2, "reenact ps --all"),
        (&["ask", "-m", "nobody/nothing", "hi"], 2, "nobody/nothing"),
        (&["ask", "-p", "nowhere", "hi"], 3, "nowhere"),
        (&["log", "cat", "chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c"], 3, "0198f3c2"),
        (&["key", "revoke", "nobody"], 3, "key ls"),
        (&["key", "revoke", "owner"], 4, "another one"),
        (&["stop", &chat], 4, "no turn is open"),
        (&["trust", "."], 4, "reenact trust --yes"),
        (&["--config", "nowhere.toml", "config"], 2, "nowhere.toml"),
        (&["--log", "a=b=c", "ps"], 2, "filter"),
    ];
    for (arguments, code, words) in cases {
        let run = home.run(arguments);
        assert_eq!(run.code, Some(*code), "{arguments:?}: {run:?}");
        assert!(run.err.contains(words), "{arguments:?}: {run:?}");
    }
}

#[test]
fn errors_for_programs_are_json() {
    let run = Home::new().run(&["--json", "key", "revoke", "nobody"]);
    let error: Value = serde_json::from_str(&run.err).unwrap();
    assert_eq!(error["error"]["code"], "no_key");
}

#[test]
fn keys_are_made_listed_and_revoked() {
    let home = Home::new();
    let made = &home.json(&["key", "add", "ci", "--role", "viewer"])[0];
    assert!(made["key"].as_str().unwrap().len() > 40);
    let keys = home.json(&["key", "ls"]);
    let names: Vec<&str> = keys.iter().map(|key| key["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ci", "owner"]);
    assert_eq!(home.run(&["key", "revoke", "ci"]).code, Some(0));
    assert!(home.json(&["key", "ls"])[0]["revoked_at"].is_number());
}

#[test]
fn a_project_is_trusted_after_it_was_shown_and_trust_is_taken_back() {
    let home = Home::new();
    fs::write(home.project.path().join(".mcp.json"), "{}").unwrap();
    let run = home.run(&["trust", "--yes", "."]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains(".mcp.json"), "{run:?}");
    assert_eq!(home.json(&["trust", "."])[0]["trusted"], true);
    fs::write(home.project.path().join(".mcp.json"), "{\"more\":1}").unwrap();
    assert_eq!(home.run(&["trust", "."]).code, Some(4), "what changed is asked about again");
    assert_eq!(home.run(&["trust", "--withdraw", "."]).code, Some(0));
}

#[test]
fn settings_are_listed_with_their_origin_and_without_secrets() {
    let home = Home::new();
    let output = home.command(&["config"]).env("OPENAI_API_KEY", "sk-secret").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("OPENAI_API_KEY in the environment") && !out.contains("sk-secret"), "{out}");
}

#[test]
fn no_tool_reads_the_servers_own_data_folder_wherever_it_lies() {
    let home = Home::new();
    let (around, data) = (home.data.path().to_str().unwrap(), home.data.path().join("data"));
    for (project, asked) in [(around, "read data/key"), (around, "search rk_"), (data.to_str().unwrap(), "read key")] {
        let run = home.run(&["ask", "-p", project, asked]);
        let key = fs::read_to_string(data.join("key")).unwrap();
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(!run.out.contains(key.trim()), "{asked} in {project}: {run:?}");
    }
    for folder in ["log", "blobs", "index"] {
        assert_eq!(fs::metadata(data.join(folder)).unwrap().permissions().mode() & 0o777, 0o700, "{folder}");
    }
}

#[test]
fn a_server_whose_usual_model_cannot_be_asked_says_so_at_its_start() {
    let home = Home::new();
    let run = home.run(&["serve", "--port", "0", "--model", "nobody/x"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("nobody/x") && run.err.contains("--model"), "{run:?}");
}

#[tokio::test]
async fn the_browser_is_opened_without_showing_the_key_to_who_lists_processes() {
    let (home, programs) = (Home::new(), tempfile::tempdir().unwrap());
    let called = programs.path().join("called");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &called,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    for name in ["xdg-open", "open"] {
        let opener = programs.path().join(name);
        fs::write(&opener, format!("#!/bin/sh\necho \"$@\" > {}\n", called.display())).unwrap();
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let serving = home.serve_as(|command| {
        command.arg("--open").env("PATH", programs.path());
    });
    let address = tokio::task::spawn_blocking(move || fs::read_to_string(called).unwrap());
    let address = tokio::time::timeout(Duration::from_mins(1), address).await.expect("a browser is opened").unwrap();
    let key = fs::read_to_string(home.data.path().join("data/key")).unwrap();
    assert!(address.starts_with(&serving.base) && !address.contains(key.trim()), "{address}");
    reenact::models::install_crypto();
    let browser = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let page = browser.get(address.trim()).send().await.unwrap();
    assert!(page.headers().contains_key("set-cookie"), "{page:?}");
    let again = browser.get(address.trim()).send().await.unwrap();
    assert!(!again.headers().contains_key("set-cookie"), "it is good once: {again:?}");
}

#[test]
fn a_chat_is_renamed_put_away_and_brought_back() {
    let home = Home::new();
    home.run(&["ask", "list"]);
    let chat = home.chat();
    assert_eq!(home.json(&["rename", &chat, "Lamp", "oil"])[0]["title"], "Lamp oil");
    assert_eq!(home.json(&["archive", &chat])[0]["archived"], true);
    let run = home.run(&["ps", "--all"]);
    assert!(run.out.contains("archived"), "{run:?}");
    assert_eq!(home.json(&["unarchive", &chat])[0]["archived"], false);
    let run = home.run(&["archive", &chat]);
    assert_eq!(run.out, format!("put away: {chat}\n"));
    for (arguments, code) in [
        (&["archive", "project/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c"][..], 2),
        (&["archive", "chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c"], 3),
        (&["rename", &chat], 2),
        (&["rename", &chat, " "], 2),
    ] {
        assert_eq!(home.run(arguments).code, Some(code), "{arguments:?}");
    }
}

#[test]
fn a_file_goes_along_with_a_question() {
    let home = Home::new();
    fs::write(home.project.path().join("notes.txt"), "The oil is in the cellar.\n").unwrap();
    let events = home.json(&["ask", "--attach", "notes.txt", "list"]);
    assert_eq!(events[0]["data"]["attachments"][0]["name"], "notes.txt");
    let run = home.run(&["ask", "--attach", "no.txt", "list"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    fs::write(home.project.path().join("lamp.bin"), b"\0\x01").unwrap();
    let run = home.run(&["ask", "--attach", "lamp.bin", "list"]);
    assert!(run.code != Some(0) && run.err.contains("lamp.bin") && run.err.contains("PNG"), "{run:?}");
    assert_eq!(home.json(&["ps", "--all"]).len(), 1, "no chat is left behind");
}
