//! Providers that never end: one that says nothing, one that writes for ever, one that only keeps the line open.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    bare_server::{After, BareServer, event, serve, serve_slowly, stream_head},
    process::{Ground, PATIENCE, Server, Socket},
};

/// A server with that provider, a chat that asked it, and a socket that follows it.
async fn asked(provider: &BareServer) -> (Ground, Server, String, Socket) {
    let ground = Ground::new("");
    let server = ground.serve_as(|command| {
        command.env("OPENAI_BASE_URL", &provider.url).env("REENACT_STALL_TIMEOUT_S", "1");
    });
    let (_, session) = server.desk(&ground).await;
    let body = json!({"session": session, "model": "openai/any", "message": "hello"});
    let (status, chat) = server.http("POST", "/api/chats", Some(body)).await;
    assert!(status < 300, "{chat}");
    let chat = format!("chat/{}", chat["id"].as_str().unwrap());
    let mut socket = server.socket().await;
    socket.subscribe(1, &chat, None).await;
    (ground, server, chat, socket)
}

async fn cancelled(provider: BareServer, server: &Server, chat: &str, socket: &mut Socket) {
    assert_eq!(socket.command(chat, json!({"type": "CancelTurn"})).await["op"], "accepted");
    assert!(timeout(PATIENCE, provider.over).await.is_ok(), "the connection to the provider is closed");
    let events = server.events(chat).await;
    assert!(events.iter().any(|event| event["type"] == "TurnCancelled"), "{events:?}");
    // The chat is free again, and another model answers in it.
    assert_eq!(socket.command(chat, json!({"type": "ConfigureChat", "model": "offline"})).await["op"], "accepted");
    assert_eq!(socket.command(chat, json!({"type": "PostMessage", "text": "read README.md"})).await["op"], "accepted");
    socket.until(|frame| frame["type"] == "TurnFinished").await;
}

fn text(text: &str) -> String {
    event(&json!({"choices": [{"index": 0, "delta": {"content": text}}]}))
}

#[tokio::test]
async fn a_provider_that_stalls_is_given_up_and_asked_again_later() {
    for parts in [vec![], vec![stream_head()], vec![stream_head(), text("Hel")]] {
        let provider = serve(parts, After::Hold).await;
        let (_ground, server, chat, mut socket) = asked(&provider).await;
        let failed = socket.until(|frame| frame["type"] == "ModelCallFailed").await;
        assert!(failed["data"]["retry_at"].is_i64(), "{failed}");
        assert!(failed["data"]["error"]["message"].as_str().unwrap().contains("1 s"), "{failed}");
        cancelled(provider, &server, &chat, &mut socket).await;
    }
}

#[tokio::test]
async fn a_provider_that_writes_for_ever_is_stopped_by_whoever_asked() {
    let drip = std::iter::repeat_n(text("and on "), 60_000);
    let provider =
        serve_slowly(std::iter::once(stream_head()).chain(drip).collect(), Duration::from_millis(1), After::Hold).await;
    let (_ground, server, chat, mut socket) = asked(&provider).await;
    for _ in 0..10 {
        socket.until(|frame| frame["type"] == "TextAppended").await;
    }
    cancelled(provider, &server, &chat, &mut socket).await;
    let wrote = |event: &Value| event["type"] == "TextAppended";
    assert!(server.events(&chat).await.iter().filter(|event| wrote(event)).count() >= 10, "what was written stays");
}

#[tokio::test]
async fn a_provider_that_only_keeps_the_line_open_is_stopped_by_whoever_asked() {
    let drip = std::iter::repeat_n(": still thinking\n\n".to_owned(), 6_000);
    let provider =
        serve_slowly(std::iter::once(stream_head()).chain(drip).collect(), Duration::from_millis(10), After::Hold)
            .await;
    let (_ground, server, chat, mut socket) = asked(&provider).await;
    socket.until(|frame| frame["type"] == "ModelCallStarted").await;
    // Longer than it may say nothing at all.
    let quiet = timeout(Duration::from_millis(2_500), socket.until(|frame| frame["type"] == "ModelCallFailed")).await;
    assert!(quiet.is_err(), "a sign of life is no silence");
    cancelled(provider, &server, &chat, &mut socket).await;
}

#[tokio::test]
async fn a_line_of_an_event_without_end_is_given_up_before_memory_is() {
    const ROOM_KIB: u64 = 400 * 1024;
    let piece = "x".repeat(1024 * 1024);
    let parts = [stream_head(), "data: ".to_owned()].into_iter().chain(std::iter::repeat_n(piece, 200)).collect();
    let provider = serve(parts, After::Hold).await;
    let (_ground, server, _chat, mut socket) = asked(&provider).await;
    let before = server.resident_kib();
    let failed = socket.until(|frame| frame["type"] == "ModelCallFailed").await;
    let after = server.resident_kib();
    println!("a line without end: {before} KiB before, {after} KiB after: {}", failed["data"]["error"]["message"]);
    assert!(after.saturating_sub(before) < ROOM_KIB, "{before} KiB became {after} KiB");
}
