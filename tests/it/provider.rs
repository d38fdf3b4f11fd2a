//! A provider over HTTP from the command line: the real program against the mock server, in good days and bad.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use super::{aimock::Aimock, process::Ground};

fn ask(ground: &Ground, base: &str, question: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reenact"));
    command.env_clear().env("HOME", ground.data.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("OPENAI_BASE_URL", base).env("OPENAI_API_KEY", "sk-of-the-test");
    command.arg("--data").arg(ground.data.path()).args(["ask", "--json", "-m", "openai/gpt-4o", "-p"]);
    command.arg(ground.project.path()).arg(question).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn asked(ground: &Ground, aimock: &Aimock, question: &str) -> Output {
    let mut command = ask(ground, &format!("{}/v1", aimock.url), question);
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

fn events(output: &Output) -> Vec<Value> {
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["type"] == kind).map(|event| &event["data"]).collect()
}

/// Asks until the first call has failed, then ends the program: what a try later would be is in the event.
fn first_failure(ground: &Ground, base: &str, question: &str) -> Value {
    let mut child = ask(ground, base, question).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut events = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let failed = events.find(|event| event["type"] == "ModelCallFailed").expect("the call fails");
    child.kill().unwrap();
    child.wait().unwrap();
    failed
}

#[tokio::test]
async fn tools_that_a_model_calls_in_parallel_are_run_and_their_answers_sent_back() {
    let (ground, aimock) = (Ground::new(""), Aimock::start().await);
    std::fs::write(ground.project.path().join("oslo.txt"), "4 degrees").unwrap();
    std::fs::write(ground.project.path().join("4 degrees.txt"), "").unwrap();
    let output = asked(&ground, &aimock, "weather").await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let events = events(&output);
    let called: Vec<_> = of(&events, "ToolCalled").iter().map(|data| data["name"].as_str().unwrap()).collect();
    assert_eq!(called, ["read_file", "list_directory"]);
    assert!(of(&events, "ToolFinished").iter().all(|data| data["outcome"] == "succeeded"));
    let text: String = of(&events, "TextAppended").iter().map(|data| data["text"].as_str().unwrap()).collect();
    assert!(text.ends_with("It has 4 degrees."), "{text}");
    assert_eq!(of(&events, "TurnFinished")[0]["outcome"]["kind"], "answered");
}

#[tokio::test]
async fn reasoning_and_usage_are_events() {
    let (ground, aimock) = (Ground::new(""), Aimock::start().await);
    let output = asked(&ground, &aimock, "think").await;
    let events = events(&output);
    assert_eq!(of(&events, "ReasoningAppended")[0]["text"], "Six times seven is forty-two.");
    let finished = of(&events, "ModelCallFinished")[0].clone();
    assert!(finished["usage"]["input"].as_u64() > Some(0) && finished["raw_usage"].is_object(), "{finished}");
}

#[tokio::test]
async fn a_wrong_key_ends_the_turn_and_the_key_is_said_nowhere() {
    let (ground, aimock) = (Ground::new(""), Aimock::start().await);
    let output = asked(&ground, &aimock, "key").await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let failed = events(&output).pop().unwrap();
    assert_eq!(failed["data"]["outcome"]["error"]["code"], "bad_key");
    let said = format!("{output:?}");
    assert!(said.contains("OPENAI_API_KEY") && !said.contains("sk-of-the-test"), "{said}");
}

#[tokio::test]
async fn garbage_ends_the_turn_with_where_it_came_from() {
    let (ground, aimock) = (Ground::new(""), Aimock::start().await);
    let output = asked(&ground, &aimock, "garbled").await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let failed = events(&output).pop().unwrap();
    assert_eq!(failed["data"]["outcome"]["error"]["code"], "bad_answer");
    assert!(failed["data"]["outcome"]["error"]["message"].as_str().unwrap().contains(&aimock.url), "{failed}");
}

#[tokio::test]
async fn what_may_pass_is_tried_again_later_and_when_the_provider_says() {
    let (ground, aimock) = (Ground::new(""), Aimock::start().await);
    let base = format!("{}/v1", aimock.url);
    let down = format!("http://{}/v1", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    for (base, question, code, at_least_ms, at_most_ms) in [
        (&base, "limit", "rate_limited", 7_000, 7_500),
        (&base, "fail", "overloaded", 15_000, 19_000),
        (&base, "broken", "broken_stream", 1_000, 1_500),
        (&down, "hello", "unavailable", 1_000, 1_500),
    ] {
        let failed = first_failure(&ground, base, question);
        assert_eq!(failed["data"]["error"]["code"], code, "{failed}");
        let wait_ms = (failed["data"]["retry_at"].as_i64().unwrap() - failed["at"].as_i64().unwrap()) / 1000;
        assert!((at_least_ms..=at_most_ms).contains(&wait_ms), "{question}: {wait_ms} ms");
    }
}
