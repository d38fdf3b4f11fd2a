//! The wire against bytes from the providers' public documentation (`tests/wire/`), served by wiremock.

use reenact::models::{
    ApiKey, ErrorKind, Message, ModelInfo, ProviderSettings, Providers, ProvidersSettings, SetKey, Stop, Timeouts,
};
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::asking::{Answer, ask, at, question};

const OPENAI_TEXT: &str = include_str!("../wire/openai-text.txt");
const OPENAI_TOOLS: &str = include_str!("../wire/openai-tools.txt");
const DEEPSEEK_REASONING: &str = include_str!("../wire/deepseek-reasoning.txt");
const OLLAMA_TOOLS: &str = include_str!("../wire/ollama-tools.txt");
const OPENROUTER_ERROR: &str = include_str!("../wire/openrouter-error.txt");

async fn server(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let asked =
        Mock::given(method("POST")).and(path("/v1/chat/completions")).and(header("authorization", "Bearer sk-test"));
    asked.respond_with(response).mount(&server).await;
    server
}

fn stream(bytes: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(bytes, "text/event-stream; charset=utf-8")
}

fn url(server: &MockServer) -> String {
    format!("{}/v1", server.uri())
}

async fn answer_to(response: ResponseTemplate) -> Answer {
    let server = server(response).await;
    ask(&at(&url(&server), Timeouts::default()), "home/m", question("hi")).await
}

async fn bodies(server: &MockServer) -> Vec<Vec<u8>> {
    server.received_requests().await.unwrap().into_iter().map(|request| request.body).collect()
}

#[tokio::test]
async fn openai_streams_text_and_its_usage_counts_the_cache_within_the_input() {
    let answer = answer_to(stream(OPENAI_TEXT)).await;
    assert_eq!((answer.text.as_str(), answer.stop()), ("Hello! How can I help?", Stop::End));
    let usage = answer.usage();
    assert_eq!((usage.input, usage.cache_read, usage.output, usage.estimated), (2006, 1920, 300, false));
    assert_eq!(usage.raw.as_ref().unwrap()["total_tokens"], 2306);
}

#[tokio::test]
async fn openai_streams_parallel_tool_calls_in_pieces() {
    let answer = answer_to(stream(OPENAI_TOOLS)).await;
    let call = |id: &str, name: &str, arguments: &str| (id.to_owned(), name.to_owned(), arguments.to_owned());
    assert_eq!(
        answer.calls,
        [
            call("call_DdmO9pD3xa9XTPNJ32zg2hcA", "get_weather", r#"{"location":"Paris, France"}"#),
            call("call_9hzxN2mE0cOjLtkMZqeuyKYW", "get_time", "{}"),
        ]
    );
    assert_eq!(answer.stop(), Stop::ToolCalls);
    assert!(answer.usage().estimated);
}

#[tokio::test]
async fn ollama_sends_whole_calls_that_all_have_index_0() {
    let answer = answer_to(stream(OLLAMA_TOOLS)).await;
    let ids: Vec<&str> = answer.calls.iter().map(|(id, ..)| id.as_str()).collect();
    assert_eq!((ids, answer.stop()), (vec!["call_7vzr8x2k", "call_q01bdn4e"], Stop::ToolCalls));
}

#[tokio::test]
async fn deepseek_reasons_aloud_and_gets_its_reasoning_back() {
    let server = server(stream(DEEPSEEK_REASONING)).await;
    let deepseek = ProviderSettings::deepseek(SetKey::new(ApiKey::new("sk-test"), "here"), Some(url(&server)));
    let providers =
        Providers::new(ProvidersSettings { providers: vec![deepseek], ..ProvidersSettings::default() }).unwrap();

    let mut request = question("9.11 and 9.8, which is greater?");
    let answer = ask(&providers, "deepseek", request.clone()).await;
    assert_eq!((answer.reasoning.as_str(), answer.text.as_str()), ("9.11 is less than 9.8.", "9.8"));
    let usage = answer.usage();
    assert_eq!((usage.input, usage.cache_read, usage.output, usage.reasoning), (82, 64, 39, 30));

    request.messages.push(answer.message());
    request.messages.push(Message::user("Sure?"));
    ask(&providers, "deepseek/deepseek-reasoner", request).await;

    let bodies: Vec<Value> = bodies(&server).await.iter().map(|body| serde_json::from_slice(body).unwrap()).collect();
    assert_eq!((&bodies[0]["model"], &bodies[1]["model"]), (&json!("deepseek-flash"), &json!("deepseek-reasoner")));
    assert_eq!(
        bodies[1]["messages"][2],
        json!({
            "role": "assistant", "content": "9.8", "reasoning_content": "9.11 is less than 9.8.",
        })
    );
    assert_eq!(bodies[1]["messages"].as_array().unwrap()[..2], bodies[0]["messages"].as_array().unwrap()[..]);
}

#[tokio::test]
async fn the_same_request_is_the_same_bytes() {
    let server = server(stream(OPENAI_TEXT)).await;
    let mut turned = question("hi");
    turned.tools.reverse();
    for request in [question("hi"), turned] {
        ask(&at(&url(&server), Timeouts::default()), "home/m", request).await;
    }
    let bodies = bodies(&server).await;
    assert_eq!(bodies[0], bodies[1]);
    let body: Value = serde_json::from_slice(&bodies[0]).unwrap();
    assert_eq!(body["stream_options"]["include_usage"], true);
}

#[tokio::test]
async fn an_error_in_a_stream_that_began_well_keeps_the_text_and_may_be_tried_again() {
    let answer = answer_to(stream(OPENROUTER_ERROR)).await;
    assert_eq!((answer.text.as_str(), answer.error().kind), ("The answer", ErrorKind::Overloaded));
    assert!(answer.error().message.contains("Provider disconnected unexpectedly"), "{answer:?}");
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_whether_to_try_again() {
    let error = |message: &str, code: &str| json!({"error": {"message": message, "type": "error", "code": code}});
    for (status, body, kind, retry) in [
        (401, error("Incorrect API key provided", "invalid_api_key"), ErrorKind::BadKey, false),
        (400, error("Invalid value", "invalid_value"), ErrorKind::BadRequest, false),
        (400, error("maximum context length", "context_length_exceeded"), ErrorKind::ContextTooLong, false),
        (402, error("Insufficient Balance", "invalid_request_error"), ErrorKind::OutOfCredit, false),
        (404, error("The model `m` does not exist", "model_not_found"), ErrorKind::UnknownModel, false),
        (408, json!({}), ErrorKind::Overloaded, true),
        (429, error("Rate limit reached", "rate_limit_exceeded"), ErrorKind::RateLimited, true),
        (500, error("The server had an error", "server_error"), ErrorKind::Overloaded, true),
        (529, json!({"error": "overloaded"}), ErrorKind::Overloaded, true),
    ] {
        let answer = answer_to(ResponseTemplate::new(status).set_body_json(body)).await;
        let error = answer.error();
        assert_eq!((error.kind, error.status, error.worth_retry()), (kind, Some(status), retry), "{error}");
        assert_eq!(error.provider, "home");
    }
}

#[tokio::test]
async fn the_wait_that_a_provider_asks_for_is_passed_on() {
    for (name, value, milliseconds) in [("retry-after", "7", 7_000), ("retry-after-ms", "250", 250)] {
        let answer = answer_to(ResponseTemplate::new(429).insert_header(name, value)).await;
        assert_eq!(answer.error().retry_after_ms, Some(milliseconds));
    }
}

#[tokio::test]
async fn a_web_page_is_no_answer() {
    let page = ResponseTemplate::new(200).set_body_raw("<!doctype html><p>Welcome", "text/html");
    let answer = answer_to(page).await;
    assert_eq!((answer.error().kind, answer.error().worth_retry()), (ErrorKind::BadAnswer, false));
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let whole = json!({
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
    });
    let answer = answer_to(ResponseTemplate::new(200).set_body_json(whole)).await;
    assert_eq!((answer.text.as_str(), answer.stop(), answer.usage().input), ("Hello", Stop::End, 9));
}

#[tokio::test]
async fn a_redirect_is_not_followed_so_that_the_key_goes_nowhere_else() {
    let elsewhere = MockServer::start().await;
    let moved =
        ResponseTemplate::new(308).insert_header("location", format!("{}/v1/chat/completions", elsewhere.uri()));
    let answer = answer_to(moved).await;
    assert_eq!(answer.error().kind, ErrorKind::BadRequest);
    assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn the_models_of_a_server_are_listed_by_name() {
    let server = MockServer::start().await;
    let list = json!({"object": "list", "data": [{"id": "b"}, {"id": "a"}, {"id": "b"}, {"name": "none"}]});
    Mock::given(method("GET"))
        .and(path("/v1/models"))
        .respond_with(ResponseTemplate::new(200).set_body_json(list))
        .mount(&server)
        .await;
    let models = at(&url(&server), Timeouts::default()).models("home").await.unwrap();
    assert_eq!(models, [ModelInfo::named("a"), ModelInfo::named("b")]);
    let nowhere = at(&server.uri(), Timeouts::default()).models("home").await.unwrap_err();
    assert_eq!(nowhere.kind, ErrorKind::BadRequest);
}
