//! The wires against a mock server that nobody here wrote: npm `@copilotkit/aimock` with `tests/aimock/fixtures.json`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use reenact::models::{
    ApiKey, Effort, ErrorKind, Message, ModelRequest, ProviderSettings, Providers, ProvidersSettings, Stop, Timeouts,
    Wire,
};
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

    /// Asks over one of the wires.
    async fn ask(&self, wire: Wire, request: ModelRequest) -> Answer {
        let (base_url, model) = match wire {
            Wire::OpenAi | Wire::Ollama => (format!("{}/v1", self.url), "gpt-4o"),
            Wire::Anthropic => (self.url.clone(), "claude-haiku-4-5"),
            Wire::Gemini => (format!("{}/v1beta", self.url), "gemini-2.5-flash"),
        };
        let home =
            ProviderSettings { wire, ..ProviderSettings::compatible("home", base_url, Some(ApiKey::new("sk-test"))) };
        let settings = ProvidersSettings { providers: vec![home], ..ProvidersSettings::default() };
        ask(&Providers::new(settings).unwrap(), &format!("home/{model}"), request).await
    }

    /// The same question over all wires.
    async fn answers(&self, text: &str) -> Vec<(Wire, Answer)> {
        let mut answers = vec![];
        for wire in WIRES {
            answers.push((wire, self.ask(wire, question(text)).await));
        }
        answers
    }
}

const WIRES: [Wire; 3] = [Wire::OpenAi, Wire::Anthropic, Wire::Gemini];

/// The request that goes on after an answer whose tools have run.
fn with_results(mut request: ModelRequest, answer: &Answer) -> ModelRequest {
    request.messages.push(answer.message());
    request.messages.extend(answer.calls.iter().map(|(id, name, _)| Message::ToolResult {
        tool_call_id: id.clone(),
        name: name.clone(),
        text: "4 degrees".into(),
        failed: false,
    }));
    request
}

#[tokio::test]
async fn text_streams_with_its_usage_over_every_wire() {
    for (wire, answer) in Aimock::start().await.answers("hello").await {
        assert_eq!((answer.text.as_str(), answer.stop()), ("Hello from the mock. How are you?", Stop::End), "{wire:?}");
        let usage = answer.usage();
        assert_eq!((usage.estimated, usage.input, usage.output), (false, 120, 9), "{wire:?}: {answer:?}");
        assert!(usage.raw.is_some(), "{wire:?}");
    }
}

#[tokio::test]
async fn reasoning_comes_before_the_text_over_every_wire() {
    for (wire, answer) in Aimock::start().await.answers("think").await {
        let said = (answer.reasoning.as_str(), answer.text.as_str());
        assert_eq!(said, ("Six times seven is forty-two.", "42"), "{wire:?}");
    }
}

#[tokio::test]
async fn parallel_tool_calls_are_made_and_their_results_taken_over_every_wire() {
    let aimock = Aimock::start().await;
    for wire in WIRES {
        let request = question("weather");
        let asked = aimock.ask(wire, request.clone()).await;
        assert_eq!((asked.text.as_str(), asked.stop()), ("Let me look.", Stop::ToolCalls), "{wire:?}");
        let named: Vec<_> =
            asked.calls.iter().map(|(_, name, arguments)| (name.as_str(), arguments.as_str())).collect();
        let expected = [("read_file", r#"{"path":"oslo.txt"}"#), ("list_directory", r#"{"path":"."}"#)];
        assert_eq!(named, expected, "{wire:?}");
        assert_ne!(asked.calls[0].0, asked.calls[1].0, "{wire:?}");
        let answer = aimock.ask(wire, with_results(request, &asked)).await;
        assert_eq!((answer.text.as_str(), answer.stop()), ("It has 4 degrees.", Stop::End), "{wire:?}");
    }
}

#[tokio::test]
async fn anthropics_thinking_goes_back_signed_or_the_call_would_be_refused() {
    let aimock = Aimock::start().await;
    let request = ModelRequest { effort: Some(Effort::Medium), ..question("ponder") };
    let asked = aimock.ask(Wire::Anthropic, request.clone()).await;
    assert_eq!((asked.reasoning.as_str(), asked.stop()), ("I should look.", Stop::ToolCalls));
    let answer = aimock.ask(Wire::Anthropic, with_results(request.clone(), &asked)).await;
    assert_eq!(answer.text, "It has 4 degrees.");

    // A turn that another provider began goes on without a budget for thinking: unsigned, it would be refused.
    let unsigned = Answer { provider_data: None, ..asked };
    let answer = aimock.ask(Wire::Anthropic, with_results(request, &unsigned)).await;
    assert_eq!(answer.text, "It has 4 degrees.");
}

#[tokio::test]
async fn a_refusal_is_told_from_an_answer_over_every_wire() {
    let aimock = Aimock::start().await;
    for (wire, words) in [(Wire::OpenAi, "forbidden"), (Wire::Anthropic, "declined"), (Wire::Gemini, "forbidden")] {
        let answer = aimock.ask(wire, question(words)).await;
        assert_eq!((answer.text.as_str(), answer.stop()), ("I cannot.", Stop::ContentFilter), "{wire:?}");
    }
}

#[tokio::test]
async fn an_answer_that_met_its_limit_says_so_over_every_wire() {
    for (wire, answer) in Aimock::start().await.answers("endless").await {
        assert_eq!((answer.text.as_str(), answer.stop()), ("On and on", Stop::Length), "{wire:?}");
    }
}

#[tokio::test]
async fn a_limit_asks_to_wait_and_an_error_of_the_server_may_be_tried_again_over_every_wire() {
    let aimock = Aimock::start().await;
    for (wire, answer) in aimock.answers("limit").await {
        let error = answer.error();
        let told = (error.kind, error.status, error.retry_after_ms);
        assert_eq!(told, (ErrorKind::RateLimited, Some(429), Some(7_000)), "{wire:?}");
    }
    for (wire, answer) in aimock.answers("fail").await {
        assert_eq!((answer.error().kind, answer.error().status), (ErrorKind::Overloaded, Some(500)), "{wire:?}");
    }
    for (wire, answer) in aimock.answers("key").await {
        assert_eq!((answer.error().kind, answer.error().worth_retry()), (ErrorKind::BadKey, false), "{wire:?}");
    }
}

#[tokio::test]
async fn malformed_json_is_a_bad_answer_over_every_wire() {
    for (wire, answer) in Aimock::start().await.answers("garbled").await {
        assert_eq!(answer.error().kind, ErrorKind::BadAnswer, "{wire:?}");
    }
}

#[tokio::test]
async fn a_stream_broken_off_keeps_what_came_over_every_wire() {
    for (wire, answer) in Aimock::start().await.answers("broken").await {
        assert_eq!(answer.error().kind, ErrorKind::BrokenStream, "{wire:?}: {answer:?}");
        let whole = "This answer is going to be cut in its middle.";
        assert!(whole.starts_with(&answer.text), "{wire:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_connection_dropped_at_once_may_be_tried_again_over_every_wire() {
    for (wire, answer) in Aimock::start().await.answers("dropped").await {
        let error = answer.error();
        assert_eq!((error.kind, error.worth_retry()), (ErrorKind::BrokenStream, true), "{wire:?}");
    }
}

#[tokio::test]
async fn its_models_are_listed() {
    let aimock = Aimock::start().await;
    let models = at(&format!("{}/v1", aimock.url), Timeouts::default()).models("home").await.unwrap();
    assert!(models.iter().any(|model| model.id == "gpt-4o" && model.images == Some(true)), "{models:?}");
}
