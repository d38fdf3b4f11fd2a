//! The wires of Anthropic, Gemini and Ollama against bytes from public documentation (`tests/wire/`), served by wiremock;
//! and `DeepSeek` over three turns with tools.

use reenact::models::{
    ApiKey, ErrorKind, Message, ModelRequest, ProviderSettings, Providers, ProvidersSettings, SetKey, Stop, Timeouts,
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{header, method, path, query_param},
};

use crate::asking::{Answer, ask, question};

const ANTHROPIC_TOOLS: &str = include_str!("../wire/anthropic-thinking-tools.txt");
const ANTHROPIC_ERROR: &str = include_str!("../wire/anthropic-error.txt");
const ANTHROPIC_REFUSAL: &str = include_str!("../wire/anthropic-refusal.txt");
const GEMINI_TOOLS: &str = include_str!("../wire/gemini-thoughts-tools.txt");
const GEMINI_ERROR: &str = include_str!("../wire/gemini-error.txt");
const GEMINI_BLOCKED: &str = include_str!("../wire/gemini-blocked.txt");
const DEEPSEEK_TOOLS: &str = include_str!("../wire/deepseek-thinking-tools.txt");
const DEEPSEEK_REASONING: &str = include_str!("../wire/deepseek-reasoning.txt");

fn stream(bytes: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(bytes, "text/event-stream; charset=utf-8")
}

fn key() -> Option<SetKey> {
    SetKey::new(ApiKey::new("sk-test"), "here")
}

fn only(provider: ProviderSettings) -> Providers {
    Providers::new(ProvidersSettings { providers: vec![provider], ..ProvidersSettings::default() }).unwrap()
}

async fn anthropic(response: ResponseTemplate) -> (MockServer, Providers) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/messages"))
        .and(header("x-api-key", "sk-test"))
        .and(header("anthropic-version", "2023-06-01"))
        .respond_with(response)
        .mount(&server)
        .await;
    let providers = only(ProviderSettings::anthropic(key(), Some(server.uri())));
    (server, providers)
}

async fn gemini(response: ResponseTemplate) -> (MockServer, Providers) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1beta/models/gemini-3.8-flash:streamGenerateContent"))
        .and(query_param("alt", "sse"))
        .and(header("x-goog-api-key", "sk-test"))
        .respond_with(response)
        .mount(&server)
        .await;
    let providers = only(ProviderSettings::gemini(key(), Some(format!("{}/v1beta", server.uri()))));
    (server, providers)
}

async fn sent(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

/// The request that goes on after an answer whose tools have run.
fn with_results(mut request: ModelRequest, answer: &Answer) -> ModelRequest {
    request.messages.push(answer.message());
    request.messages.extend(answer.calls.iter().map(|(id, name, _)| Message::ToolResult {
        tool_call_id: id.clone(),
        name: name.clone(),
        text: "done".into(),
        failed: false,
    }));
    request
}

#[tokio::test]
async fn anthropic_thinks_calls_tools_and_finds_its_thinking_again() {
    let (server, providers) = anthropic(stream(ANTHROPIC_TOOLS)).await;
    let answer = ask(&providers, "anthropic/sonnet", question("weather")).await;
    assert_eq!(answer.reasoning, "The user wants the weather in Paris. Two tools help.");
    assert_eq!((answer.text.as_str(), answer.stop()), ("Okay, let me look.", Stop::ToolCalls));
    let named: Vec<_> = answer.calls.iter().map(|(_, name, arguments)| (name.as_str(), arguments.as_str())).collect();
    assert_eq!(named, [("get_weather", r#"{"location": "Paris, France"}"#), ("get_time", "{}")]);
    let usage = answer.usage();
    assert_eq!((usage.input, usage.cache_write, usage.cache_read, usage.output), (2257, 188, 2048, 189));
    assert_eq!(usage.raw.as_ref().unwrap()["service_tier"], "standard");

    ask(&providers, "anthropic/sonnet", with_results(question("weather"), &answer)).await;
    let again = &sent(&server).await[1];
    assert_eq!(again["model"], "claude-sonnet-5-5");
    assert_eq!(again["thinking"]["type"], "adaptive");
    let content = &again["messages"][1]["content"];
    assert_eq!(
        content[0],
        json!({
            "type": "thinking",
            "thinking": "The user wants the weather in Paris. Two tools help.",
            "signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds",
        })
    );
    let kinds: Vec<_> = content.as_array().unwrap().iter().map(|part| part["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["thinking", "text", "tool_use", "tool_use"]);
    assert_eq!(again["messages"][2]["content"].as_array().unwrap().len(), 2, "results come together");
    let beta = |request: &Request| request.headers.contains_key("anthropic-beta");
    assert!(server.received_requests().await.unwrap().iter().all(beta));
}

#[tokio::test]
async fn what_one_provider_signed_is_not_what_another_is_sent() {
    let (server, providers) = anthropic(stream(ANTHROPIC_TOOLS)).await;
    let mut answer = ask(&providers, "anthropic/sonnet", question("weather")).await;
    answer.provider_data = None;
    ask(&providers, "anthropic/sonnet", with_results(question("weather"), &answer)).await;
    let content = sent(&server).await[1]["messages"][1]["content"].clone();
    assert!(content.as_array().unwrap().iter().all(|part| part["type"] != "thinking"), "{content}");
}

#[tokio::test]
async fn anthropic_fails_in_the_middle_and_refuses() {
    let (_server, providers) = anthropic(stream(ANTHROPIC_ERROR)).await;
    let broken = ask(&providers, "anthropic", question("hi")).await;
    assert_eq!((broken.text.as_str(), broken.error().kind), ("The answer", ErrorKind::Overloaded));
    assert!(broken.error().worth_retry());
    let (_server, providers) = anthropic(stream(ANTHROPIC_REFUSAL)).await;
    let refused = ask(&providers, "anthropic", question("hi")).await;
    assert_eq!((refused.text.as_str(), refused.stop()), ("Hello..", Stop::ContentFilter));
}

#[tokio::test]
async fn a_token_goes_as_a_bearer_and_the_address_may_end_in_v1() {
    let server = MockServer::start().await;
    Mock::given(path("/v1/messages"))
        .and(header("authorization", "Bearer sk-test"))
        .respond_with(stream(ANTHROPIC_REFUSAL))
        .mount(&server)
        .await;
    let token = key().map(|key| SetKey { bearer: true, ..key });
    let providers = only(ProviderSettings::anthropic(token, Some(format!("{}/v1/", server.uri()))));
    assert!(ask(&providers, "anthropic", question("hi")).await.end.is_some());
}

#[tokio::test]
async fn gemini_thinks_calls_tools_and_finds_its_signature_again() {
    let (server, providers) = gemini(stream(GEMINI_TOOLS)).await;
    let answer = ask(&providers, "gemini", question("weather")).await;
    assert_eq!(answer.reasoning, "**Considering the weather**\n\nTwo tools help.");
    assert_eq!((answer.text.as_str(), answer.stop()), ("Let me look.", Stop::ToolCalls));
    let named: Vec<_> = answer.calls.iter().map(|(_, name, arguments)| (name.as_str(), arguments.as_str())).collect();
    assert_eq!(named, [("get_weather", r#"{"location":"Paris, France"}"#), ("get_time", "{}")]);
    assert_ne!(answer.calls[0].0, answer.calls[1].0);
    let usage = answer.usage();
    assert_eq!((usage.input, usage.cache_read, usage.output, usage.reasoning), (2257, 2048, 79, 43));

    ask(&providers, "gemini", with_results(question("weather"), &answer)).await;
    let again = &sent(&server).await[1];
    let parts = &again["contents"][1]["parts"];
    assert_eq!(parts[0], json!({"text": "Let me look."}));
    assert_eq!(parts[1]["thoughtSignature"], "CpIBAdHtim9gdm9uZGVyZnVsc2lnbmF0dXJl");
    assert_eq!(parts[2], json!({"functionCall": {"name": "get_time", "args": {}}}));
    assert_eq!(again["contents"][2]["parts"][0]["functionResponse"]["response"], json!({"output": "done"}));
    assert_eq!(again["generationConfig"]["thinkingConfig"]["includeThoughts"], true);
}

#[tokio::test]
async fn gemini_fails_in_the_middle_blocks_and_asks_to_wait() {
    let (_server, providers) = gemini(stream(GEMINI_ERROR)).await;
    let broken = ask(&providers, "gemini", question("hi")).await;
    assert_eq!((broken.text.as_str(), broken.error().kind), ("The answer", ErrorKind::Overloaded));
    let (_server, providers) = gemini(stream(GEMINI_BLOCKED)).await;
    assert_eq!(ask(&providers, "gemini", question("hi")).await.stop(), Stop::ContentFilter);
    let wait = json!([{"error": {"code": 429, "message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12s"}]}}]);
    let (_server, providers) = gemini(ResponseTemplate::new(429).set_body_json(wait)).await;
    let limited = ask(&providers, "gemini", question("hi")).await;
    assert_eq!((limited.error().kind, limited.error().retry_after_ms), (ErrorKind::RateLimited, Some(12_000)));
}

#[tokio::test]
async fn a_context_that_is_too_long_is_one_kind_of_error_whoever_says_it() {
    let anthropic_says = json!({"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}});
    let (_server, providers) = anthropic(ResponseTemplate::new(400).set_body_json(anthropic_says)).await;
    assert_eq!(ask(&providers, "anthropic", question("hi")).await.error().kind, ErrorKind::ContextTooLong);
    let gemini_says = json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}});
    let (_server, providers) = gemini(ResponseTemplate::new(400).set_body_json(gemini_says)).await;
    assert_eq!(ask(&providers, "gemini", question("hi")).await.error().kind, ErrorKind::ContextTooLong);
}

#[tokio::test]
async fn the_models_of_anthropic_gemini_and_ollama_are_listed_with_what_they_can_do() {
    let get =
        |at: &str, body: Value| Mock::given(path(at)).respond_with(ResponseTemplate::new(200).set_body_json(body));
    let server = MockServer::start().await;
    get("/v1/models", json!({"data": [{"type": "model", "id": "claude-opus-5-5", "display_name": "Claude Opus 5.5"}]}))
        .mount(&server)
        .await;
    let listed = json!({"models": [{"name": "models/gemini-9", "inputTokenLimit": 9000, "supportedGenerationMethods": ["generateContent"]}]});
    get("/v1beta/models", listed).mount(&server).await;
    get("/api/tags", json!({"models": [{"name": "qwen3:8b"}, {"name": "llama:1b"}]})).mount(&server).await;
    get("/api/ps", json!({"models": [{"name": "qwen3:8b", "context_length": 4096}]})).mount(&server).await;
    get("/api/show", json!({"model_info": {"qwen3.context_length": 40_960}, "capabilities": ["tools", "vision"]}))
        .mount(&server)
        .await;

    let claude = only(ProviderSettings::anthropic(key(), Some(server.uri()))).models("anthropic").await.unwrap();
    assert_eq!((claude[0].id.as_str(), claude[0].context_window), ("claude-opus-5-5", Some(1_000_000)));
    let gemini = only(ProviderSettings::gemini(key(), Some(format!("{}/v1beta", server.uri())))).models("gemini").await;
    let gemini = gemini.unwrap();
    assert_eq!((gemini[0].id.as_str(), gemini[0].context_window), ("gemini-9", Some(9000)));

    let ollama = only(ProviderSettings::ollama(None, Some(server.uri())));
    let models = ollama.models("ollama").await.unwrap();
    let windows: Vec<_> = models.iter().map(|model| (model.id.as_str(), model.context_window, model.images)).collect();
    assert_eq!(windows, [("llama:1b", Some(40_960), Some(true)), ("qwen3:8b", Some(4096), Some(true))]);
    let known = ollama.info("ollama").unwrap().models;
    assert_eq!(known.len(), 2, "what it said is remembered");
}

#[tokio::test]
async fn ollama_is_found_by_looking_around_and_talks_as_others_do() {
    let server = MockServer::start().await;
    let tags = ResponseTemplate::new(200).set_body_json(json!({"models": [{"name": "qwen3:8b"}]}));
    Mock::given(path("/api/tags")).respond_with(tags).mount(&server).await;
    Mock::given(path("/v1/chat/completions")).respond_with(stream(DEEPSEEK_REASONING)).mount(&server).await;
    let ollama = ProviderSettings { unasked: true, ..ProviderSettings::ollama(None, Some(server.uri())) };
    let providers = only(ollama);
    assert!(!providers.info("ollama").unwrap().configured);
    providers.look_around().await;
    assert!(providers.info("ollama").unwrap().configured);
    assert_eq!(ask(&providers, "ollama/qwen3:8b", question("hi")).await.text, "9.8");
}

#[tokio::test]
async fn deepseek_gets_all_its_reasoning_back_over_three_turns_with_tools() {
    let server = MockServer::start().await;
    let asked = Mock::given(method("POST")).and(path("/chat/completions"));
    // The first call of each turn asks for a tool, the second answers.
    let answers = |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let last = body["messages"].as_array().unwrap().last().unwrap()["role"].clone();
        stream(if last == "tool" { DEEPSEEK_REASONING } else { DEEPSEEK_TOOLS })
    };
    asked.respond_with(answers).mount(&server).await;
    let providers = Providers::new(ProvidersSettings {
        providers: vec![ProviderSettings::deepseek(key(), Some(server.uri()))],
        timeouts: Timeouts::default(),
        ..ProvidersSettings::default()
    })
    .unwrap();

    let mut request = question("What day is it?");
    for turn in 0..3 {
        if turn > 0 {
            request.messages.push(Message::user("And now?"));
        }
        let calls = ask(&providers, "deepseek", request.clone()).await;
        assert_eq!(calls.stop(), Stop::ToolCalls);
        request = with_results(request, &calls);
        let answer = ask(&providers, "deepseek", request.clone()).await;
        assert_eq!(answer.stop(), Stop::End);
        request.messages.push(answer.message());
    }
    let bodies = sent(&server).await;
    assert_eq!(bodies.len(), 6);
    for body in &bodies {
        let messages = body["messages"].as_array().unwrap();
        for (at, message) in messages.iter().enumerate().filter(|(_, message)| message["role"] == "assistant") {
            let calls = message["tool_calls"].is_array();
            let expected = if calls { "I need the date." } else { "9.11 is less than 9.8." };
            assert_eq!(message["reasoning_content"], expected, "message {at}: {message}");
        }
    }
}
