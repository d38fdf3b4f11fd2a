//! The wire against a mock server that nobody here wrote: npm `@copilotkit/aimock` with `tests/aimock/fixtures.json`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use reenact::models::{ErrorKind, Message, ModelRequest, Stop, Timeouts, ToolCallRequest};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::asking::{Answer, ask, at, question};

/// The running mock server; it ends with this value.
pub struct Aimock {
    /// Where it listens, as `http://127.0.0.1:PORT`.
    pub url: String,
    _process: Child,
    /// Kept open, so that the server can go on writing its log.
    _log: Lines<BufReader<ChildStdout>>,
}

impl Aimock {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aimock");
        let program = package.join("node_modules/@copilotkit/aimock/dist/cli.js");
        assert!(program.exists(), "the mock server is not installed; run: npm ci --prefix tests/aimock");
        let mut process = Command::new("node")
            .args([program, PathBuf::from("--port"), PathBuf::from("0"), PathBuf::from("--fixtures")])
            .arg(package.join("fixtures.json"))
            .arg("--validate-on-load")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run `node` ({error}); install Node.js 20 or newer"));
        let mut log = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = tokio::time::timeout(Duration::from_secs(30), async {
            while let Some(line) = log.next_line().await.unwrap() {
                if let Some((_, url)) = line.split_once("listening on ") {
                    return url.trim().to_owned();
                }
            }
            panic!("the mock server ended before it listened");
        });
        Self { url: url.await.expect("the mock server listens within 30 s"), _process: process, _log: log }
    }

    async fn ask(&self, request: ModelRequest) -> Answer {
        let providers = at(&format!("{}/v1", self.url), Timeouts::default());
        ask(&providers, "home/gpt-4o", request).await
    }
}

async fn answer_to(text: &str) -> Answer {
    Aimock::start().await.ask(question(text)).await
}

#[tokio::test]
async fn text_streams_with_its_usage() {
    let answer = answer_to("hello").await;
    assert_eq!((answer.text.as_str(), answer.stop()), ("Hello from the mock. How are you?", Stop::End));
    assert!(!answer.usage().estimated && answer.usage().output > 0, "{answer:?}");
}

#[tokio::test]
async fn reasoning_comes_before_the_text() {
    let answer = answer_to("think").await;
    assert_eq!((answer.reasoning.as_str(), answer.text.as_str()), ("Six times seven is forty-two.", "42"));
}

#[tokio::test]
async fn parallel_tool_calls_are_made_and_their_results_taken() {
    let aimock = Aimock::start().await;
    let mut request = question("weather");
    let asked = aimock.ask(request.clone()).await;
    assert_eq!((asked.text.as_str(), asked.stop()), ("Let me look.", Stop::ToolCalls));
    let named: Vec<_> = asked.calls.iter().map(|(_, name, arguments)| (name.as_str(), arguments.as_str())).collect();
    assert_eq!(named, [("read_file", r#"{"path":"oslo.txt"}"#), ("list_directory", r#"{"path":"."}"#)]);
    assert_ne!(asked.calls[0].0, asked.calls[1].0);

    let calls = asked.calls.iter().map(|(id, name, arguments)| ToolCallRequest {
        id: id.clone(),
        name: name.clone(),
        arguments: arguments.clone(),
    });
    let (text, reasoning) = (asked.text.clone(), asked.reasoning.clone());
    request.messages.push(Message::Assistant { text, reasoning, tool_calls: calls.collect() });
    for (id, name, _) in &asked.calls {
        let text = "4 degrees".to_owned();
        request.messages.push(Message::ToolResult {
            tool_call_id: id.clone(),
            name: name.clone(),
            text,
            failed: false,
        });
    }
    let answer = aimock.ask(request).await;
    assert_eq!((answer.text.as_str(), answer.stop()), ("It has 4 degrees.", Stop::End));
}

#[tokio::test]
async fn a_limit_asks_to_wait_and_an_error_of_the_server_may_be_tried_again() {
    let aimock = Aimock::start().await;
    let limited = aimock.ask(question("limit")).await;
    let error = limited.error();
    assert_eq!((error.kind, error.status, error.retry_after_ms), (ErrorKind::RateLimited, Some(429), Some(7_000)));
    let failed = aimock.ask(question("fail")).await;
    assert_eq!((failed.error().kind, failed.error().status), (ErrorKind::Overloaded, Some(500)));
    let key = aimock.ask(question("key")).await;
    assert_eq!((key.error().kind, key.error().worth_retry()), (ErrorKind::BadKey, false));
}

#[tokio::test]
async fn malformed_json_is_a_bad_answer() {
    assert_eq!(answer_to("garbled").await.error().kind, ErrorKind::BadAnswer);
}

#[tokio::test]
async fn a_stream_broken_off_keeps_what_came() {
    let answer = answer_to("broken").await;
    assert_eq!(answer.error().kind, ErrorKind::BrokenStream);
    assert!(
        !answer.text.is_empty() && "This answer is going to be cut in its middle.".starts_with(&answer.text),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_connection_dropped_at_once_may_be_tried_again() {
    let answer = answer_to("dropped").await;
    assert_eq!((answer.error().kind, answer.error().worth_retry()), (ErrorKind::BrokenStream, true));
}

#[tokio::test]
async fn its_models_are_listed() {
    let aimock = Aimock::start().await;
    let models = at(&format!("{}/v1", aimock.url), Timeouts::default()).models("home").await.unwrap();
    assert!(models.iter().any(|model| model.id == "gpt-4o" && model.images == Some(true)), "{models:?}");
}
