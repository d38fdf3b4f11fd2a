//! Connections that break, stall, or lead nowhere.

use std::time::Duration;

use futures_util::StreamExt;
use reenact::models::{Chunk, ErrorKind, ModelRequest, Stop, Timeouts};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::asking::{ask, at, question};
use crate::bare_server::{After, chunk, chunked_head, event, serve, serve_slowly, stream_head};

fn text(text: &str) -> String {
    event(&json!({"choices": [{"index": 0, "delta": {"content": text}}]}))
}

fn stop() -> String {
    event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
}

fn soon() -> Timeouts {
    Timeouts { stall: Duration::from_millis(300), ..Timeouts::default() }
}

#[tokio::test]
async fn a_stream_that_ends_in_the_middle_keeps_its_text_and_is_broken() {
    for parts in [
        vec![stream_head(), text("Hel"), text("lo")],
        vec![chunked_head(), chunk(&text("Hel")), chunk(&text("lo"))],
        vec![stream_head(), text("Hel"), text("lo"), "data: {\"choices\": [{\"del".to_owned()],
    ] {
        let server = serve(parts, After::Close).await;
        let answer = ask(&at(&server.url, Timeouts::default()), "home/m", question("hi")).await;
        assert_eq!(answer.text, "Hello");
        assert_eq!(answer.error().kind, ErrorKind::BrokenStream);
        assert!(answer.error().worth_retry() && answer.error().message.contains(&server.url), "{answer:?}");
    }
}

#[tokio::test]
async fn a_stream_cut_after_the_reason_to_stop_is_whole_with_its_usage_estimated() {
    for parts in
        [vec![stream_head(), text("Hello"), stop()], vec![chunked_head(), chunk(&text("Hello")), chunk(&stop())]]
    {
        let server = serve(parts, After::Close).await;
        let answer = ask(&at(&server.url, Timeouts::default()), "home/m", question("hi")).await;
        assert_eq!((answer.text.as_str(), answer.stop()), ("Hello", Stop::End));
        assert!(answer.usage().estimated && answer.usage().input > 0 && answer.usage().output > 0, "{answer:?}");
    }
}

#[tokio::test]
async fn a_last_event_without_its_empty_line_counts() {
    let server = serve(vec![stream_head(), text("Hello"), stop().trim_end().to_owned()], After::Close).await;
    let answer = ask(&at(&server.url, Timeouts::default()), "home/m", question("hi")).await;
    assert_eq!(answer.stop(), Stop::End);
}

#[tokio::test]
async fn a_stream_that_falls_silent_has_stalled() {
    let server = serve(vec![stream_head(), text("Hello")], After::Hold).await;
    let answer = ask(&at(&server.url, soon()), "home/m", question("hi")).await;
    assert_eq!((answer.text.as_str(), answer.error().kind), ("Hello", ErrorKind::Stalled));
    assert!(answer.error().message.contains("300ms"), "{answer:?}");
    server.over.await.unwrap();
}

#[tokio::test]
async fn comments_that_keep_the_connection_alive_are_no_silence() {
    let (pause, stall) = (Duration::from_millis(200), Duration::from_millis(1_500));
    let comments = std::iter::repeat_n(": keep-alive\n\n".to_owned(), 10);
    let parts = std::iter::once(stream_head()).chain(comments).chain([text("Hello"), stop()]).collect();
    let server = serve_slowly(parts, pause, After::Close).await;
    let answer = ask(&at(&server.url, Timeouts { stall, ..Timeouts::default() }), "home/m", question("hi")).await;
    assert_eq!((answer.text.as_str(), answer.stop()), ("Hello", Stop::End));
}

#[tokio::test]
async fn a_server_that_never_answers_has_stalled() {
    let server = serve(Vec::new(), After::Hold).await;
    let answer = ask(&at(&server.url, soon()), "home/m", question("hi")).await;
    assert_eq!(answer.error().kind, ErrorKind::Stalled);
}

#[tokio::test]
async fn leaving_an_answer_closes_its_connection() {
    let server = serve(vec![stream_head(), text("Hello")], After::Hold).await;
    let providers = at(&server.url, Timeouts::default());
    let reenact::models::Resolved { model, name, .. } = providers.resolve("home/m").unwrap();
    let mut chunks = model.stream(ModelRequest { model: name, ..question("hi") });
    assert_eq!(chunks.next().await, Some(Ok(Chunk::Text("Hello".into()))));
    drop(chunks);
    server.over.await.unwrap();
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let answer = ask(&at(&url, Timeouts::default()), "home/m", question("hi")).await;
    assert_eq!(answer.error().kind, ErrorKind::Unavailable);
    assert!(answer.error().message.contains(&url), "{answer:?}");
    assert!(answer.error().message.to_lowercase().contains("refused"), "{answer:?}");
}

#[tokio::test]
async fn bytes_that_are_no_answer_are_a_bad_answer_and_none_a_broken_stream() {
    for (bytes, kind) in [
        ("what is this\nnot a stream\n", ErrorKind::BadAnswer),
        ("data: {\"hello\": \"world\"}\n\n", ErrorKind::BadAnswer),
        ("data: \u{7f}{{{\n\n", ErrorKind::BadAnswer),
        ("", ErrorKind::BrokenStream),
        ("data: [DONE]\n\n", ErrorKind::BrokenStream),
    ] {
        let server = serve(vec![stream_head(), bytes.to_owned()], After::Close).await;
        let answer = ask(&at(&server.url, Timeouts::default()), "home/m", question("hi")).await;
        assert_eq!(answer.error().kind, kind, "{bytes}: {answer:?}");
    }
}

#[tokio::test]
async fn garbage_in_the_middle_of_an_answer_breaks_it() {
    let server = serve(vec![stream_head(), text("Hello"), "data: <html>\n\n".into()], After::Hold).await;
    let answer = ask(&at(&server.url, Timeouts::default()), "home/m", question("hi")).await;
    assert_eq!((answer.text.as_str(), answer.error().kind), ("Hello", ErrorKind::BrokenStream));
}

#[tokio::test]
async fn an_answer_cut_at_any_byte_ends_once_and_never_invents_text() {
    let said = [text("Hello "), text("wörld"), stop()].concat();
    let whole = format!("{said}data: [DONE]\n\n");
    for at_byte in (0..whole.len()).filter(|at| whole.is_char_boundary(*at)) {
        let server = serve(vec![stream_head(), whole[..at_byte].to_owned()], After::Close).await;
        let answer = ask(&at(&server.url, Timeouts::default()), "home/m", question("hi")).await;
        assert!("Hello wörld".starts_with(&answer.text), "cut at {at_byte}: {answer:?}");
        // The empty line after the last event may be missing.
        assert_eq!(answer.end.is_some(), at_byte >= said.len() - 2, "cut at {at_byte}: {answer:?}");
    }
}

#[tokio::test]
async fn a_list_of_models_that_never_comes_is_given_up() {
    let server = serve(Vec::new(), After::Hold).await;
    let timeouts = Timeouts { list: Duration::from_millis(200), ..Timeouts::default() };
    assert_eq!(at(&server.url, timeouts).models("home").await.unwrap_err().kind, ErrorKind::Stalled);
    let body = json!({"object": "list", "data": Value::Null}).to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    let server = serve(vec![head, body], After::Close).await;
    assert_eq!(at(&server.url, timeouts).models("home").await.unwrap_err().kind, ErrorKind::BadAnswer);
}
