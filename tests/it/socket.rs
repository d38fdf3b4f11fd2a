//! The WebSocket: subscriptions without gap or double, commands, malformed frames, and when a socket ends.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

use crate::served::{Served, Socket, serve, serve_with};

const ANY: &str = "chat/00000000-0000-7000-8000-000000000000";

/// A model that writes so many numbered words, 3,000 in a second.
fn words(count: usize) -> String {
    let steps = json!([{ "words_per_second": 3_000 }, { "repeat": { "text": "word{n} ", "times": count } }]);
    json!({ "rules": [{ "then": steps }] }).to_string()
}

fn revisions(frames: &[Value]) -> Vec<u64> {
    frames.iter().filter(|frame| frame["op"] == "event").map(|frame| frame["revision"].as_u64().unwrap()).collect()
}

async fn subscribe(socket: &mut Socket, sub: u64, chat: &str, after: Option<u64>) {
    socket
        .send(json!({ "op": "subscribe", "sub": sub, "stream": format!("chat/{chat}"), "after": after, "view": false }))
        .await;
}

/// Renames a chat so often that so many events stand in it.
async fn fill(served: &Served, chat: &str, events: u64) {
    let mut socket = served.socket().await;
    for n in 1..events {
        let rename = json!({ "type": "RenameChat", "title": format!("{n}") });
        assert_eq!(socket.command(&format!("c{n}"), &format!("chat/{chat}"), rename).await["op"], "accepted");
    }
}

#[actix_web::test]
async fn the_first_frame_says_which_log_and_who() {
    let served = serve().await;
    let mut socket = served.socket_of(&served.key).await;
    let hello = socket.next().await;
    assert_eq!(
        (&hello["op"], &hello["role"], &hello["version"]),
        (&json!("hello"), &json!("admin"), &json!("0.1.0+test"))
    );
    assert_eq!(hello["user"], json!({ "kind": "key", "id": "owner" }));
    assert_eq!(hello["log"], served.get("/health").await["log"]);
}

#[actix_web::test]
async fn a_subscription_hands_out_exactly_what_is_missing_in_order() {
    let served = serve().await;
    let chat = served.chat().await;
    fill(&served, &chat, 20).await;
    let mut socket = served.socket().await;
    for (sub, after) in [(1, None), (2, Some(0)), (3, Some(12)), (4, Some(19))] {
        subscribe(&mut socket, sub, &chat, after).await;
        let frames = socket.until(|frame| frame["op"] == "live").await;
        let expected: Vec<u64> = (after.map_or(0, |after| after + 1)..20).collect();
        assert_eq!(revisions(&frames), expected, "after {after:?}");
        assert!(frames.iter().all(|frame| frame["sub"] == sub));
        socket.send(json!({ "op": "unsubscribe", "sub": sub })).await;
    }
}

#[actix_web::test]
async fn a_socket_dropped_in_the_middle_of_an_answer_misses_nothing() {
    let served = serve().await;
    let chat = served.chat().await;
    let mut seen = Vec::new();
    let mut socket = served.socket().await;
    subscribe(&mut socket, 1, &chat, None).await;
    let post = json!({ "type": "PostMessage", "text": "read README.md" });
    socket.send(json!({ "op": "command", "id": "c", "stream": format!("chat/{chat}"), "command": post })).await;
    let mut ended = false;
    while !ended {
        // Three events with each socket, and another one.
        for _ in 0..3 {
            let frame = socket.until(|frame| frame["op"] == "event").await.pop().unwrap();
            seen.push(frame["revision"].as_u64().unwrap());
            ended |= frame["type"] == "TurnFinished";
            if ended {
                break;
            }
        }
        drop(socket);
        socket = served.socket().await;
        subscribe(&mut socket, 1, &chat, seen.last().copied()).await;
    }
    let all = served.get(&format!("/api/streams/chat/{chat}?limit=500")).await;
    let all: Vec<u64> =
        all["items"].as_array().unwrap().iter().map(|event| event["revision"].as_u64().unwrap()).collect();
    assert_eq!(seen, all);
}

#[actix_web::test]
async fn a_view_comes_first_where_it_is_shorter() {
    let served = serve_with("", |settings| settings.burst = 10_000.try_into().unwrap()).await;
    let chat = served.chat().await;
    fill(&served, &chat, 1_005).await;
    let stream = format!("chat/{chat}");
    let mut socket = served.socket().await;
    for (sub, wish, first) in [
        (1, json!({}), "view"),
        (2, json!({ "after": 10 }), "event"),
        (3, json!({ "after": 1 }), "view"),
        (4, json!({ "after": 1, "view": false }), "event"),
        (5, json!({ "after": 1_000, "view": true }), "view"),
        (6, json!({ "view": false }), "event"),
    ] {
        let mut frame = json!({ "op": "subscribe", "sub": sub, "stream": stream });
        frame.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
        socket.send(frame).await;
        let frames = socket.until(|frame| frame["op"] == "live").await;
        assert_eq!(frames[0]["op"], first, "{wish}");
        if first == "view" {
            assert_eq!((&frames[0]["revision"], &frames[0]["view"]["about"]["title"]), (&json!(1_004), &json!("1004")));
            assert_eq!(frames.len(), 2, "nothing is told twice");
        }
    }
}

#[actix_web::test]
async fn a_stream_that_is_not_there_yet_can_be_followed() {
    let served = serve().await;
    let (project, session) = served.session().await;
    let mut socket = served.socket().await;
    socket.send(json!({ "op": "subscribe", "sub": 1, "stream": ANY })).await;
    let frames = socket.until(|frame| frame["op"] == "live").await;
    assert_eq!(
        (&frames[0]["op"], &frames[0]["revision"], &frames[0]["view"]["about"]),
        (&json!("view"), &json!(null), &json!(null))
    );
    let open = json!({ "type": "OpenChat", "session": session, "project": project, "model": "offline" });
    socket.send(json!({ "op": "command", "id": "c", "stream": ANY, "command": open })).await;
    let event = socket.until(|frame| frame["op"] == "event").await.pop().unwrap();
    assert_eq!((&event["revision"], &event["type"], &event["cmd"]), (&json!(0), &json!("ChatOpened"), &json!("c")));
}

#[actix_web::test]
async fn a_command_is_done_once_and_answered_twice() {
    let served = serve().await;
    let chat = served.chat().await;
    let stream = format!("chat/{chat}");
    let mut socket = served.socket().await;
    let rename = json!({ "type": "RenameChat", "title": "Once" });
    let accepted = socket.command("same", &stream, rename.clone()).await;
    assert_eq!((&accepted["op"], &accepted["revision"]), (&json!("accepted"), &json!(1)));
    let mut other = served.socket().await;
    assert_eq!(other.command("same", &stream, rename).await, accepted);
    assert_eq!(served.get(&format!("/api/streams/{stream}")).await["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn commands_are_refused_with_a_reason() {
    let served = serve().await;
    let (project, session) = served.session().await;
    let mut socket = served.socket().await;
    let open = |project: &str, session: &str, model: &str| json!({ "type": "OpenChat", "session": session, "project": project, "model": model });
    let nobody = "00000000-0000-7000-8000-00000000000f";
    let desk = format!("session/{session}");
    let grant = |path: &str| json!({ "type": "GrantReadAccess", "path": path });
    for (stream, command, code) in [
        (ANY, json!({ "type": "CancelTurn" }), "not_open"),
        (ANY, json!({ "type": "Dance" }), "bad_command"),
        (ANY, json!({ "type": "CancelTurn", "extra": 1 }), "bad_command"),
        (ANY, open(&project, &session, "nobody/x"), "unknown_model"),
        (ANY, open(&project, nobody, "offline"), "no_session"),
        (ANY, open(nobody, &session, "offline"), "wrong_project"),
        (
            ANY,
            json!({ "type": "PostMessage", "text": { "blob": "00", "bytes": 1, "type": "text/plain", "head": "" } }),
            "text_expected",
        ),
        ("chat/not-a-uuid", json!({ "type": "CancelTurn" }), "bad_id"),
        (&desk, grant("/no/such/folder"), "path_not_found"),
        (&desk, grant("relative"), "invalid_path"),
        (&desk, grant("/proc/self"), "invalid_path"),
        ("Chat", json!({ "type": "CancelTurn" }), "bad_stream"),
        ("dance/x", json!({ "type": "CancelTurn" }), "unknown_kind"),
        ("system/host", json!({ "type": "RevokeKey", "name": "owner" }), "system_stream"),
        (
            "project/00000000-0000-7000-8000-000000000000",
            json!({ "type": "RegisterProject", "path": "/tmp" }),
            "wrong_project_id",
        ),
        (
            "project/00000000-0000-7000-8000-000000000000",
            json!({ "type": "RegisterProject", "path": "../x" }),
            "invalid_path",
        ),
    ] {
        let rejected = socket.command("c", stream, command.clone()).await;
        assert_eq!((&rejected["op"], rejected["code"].as_str().unwrap()), (&json!("rejected"), code), "{command}");
        assert!(!rejected["message"].as_str().unwrap().is_empty());
    }
    let rejected = socket.command("not\u{a0}ascii", ANY, json!({ "type": "CancelTurn" })).await;
    assert_eq!(rejected["code"], "bad_command_id");
}

#[actix_web::test]
async fn a_viewer_only_looks() {
    let served = serve().await;
    let chat = served.chat().await;
    let key = served.key("looks", "viewer").await;
    let mut socket = served.socket_of(&key).await;
    assert_eq!(socket.next().await["role"], "viewer");
    subscribe(&mut socket, 1, &chat, None).await;
    assert_eq!(socket.until(|frame| frame["op"] == "live").await.len(), 2);
    let rename = json!({ "type": "RenameChat", "title": "Mine" });
    assert_eq!(socket.command("c", &format!("chat/{chat}"), rename).await["code"], "forbidden");
    socket.send(json!({ "op": "subscribe", "sub": 2, "stream": "system/host" })).await;
    assert_eq!(socket.next().await["code"], "forbidden");
}

#[actix_web::test]
async fn a_wrong_frame_is_told_what_is_wrong_and_the_socket_lives_on() {
    let served = serve().await;
    let chat = served.chat().await;
    let mut socket = served.socket().await;
    subscribe(&mut socket, 7, &chat, None).await;
    socket.until(|frame| frame["op"] == "live").await;
    let frames = [
        (Message::text("{"), "bad_json"),
        (Message::text("[1]"), "unknown_op"),
        (Message::text(r#"{"op":"sing"}"#), "unknown_op"),
        (Message::text(r#"{"op":"subscribe"}"#), "bad_frame"),
        (Message::text(r#"{"op":"subscribe","sub":1}"#), "bad_frame"),
        (Message::text(r#"{"op":"subscribe","sub":1,"stream":"x"}"#), "bad_frame"),
        (Message::text(r#"{"op":"subscribe","sub":1,"list":"dreams"}"#), "bad_frame"),
        (Message::text(r#"{"op":"subscribe","sub":1,"list":"chats","stream":"chat/x"}"#), "bad_frame"),
        (Message::text(r#"{"op":"subscribe","sub":1,"stream":"dance/x"}"#), "unknown_kind"),
        (
            Message::text(
                json!({ "op": "subscribe", "sub": 1, "stream": format!("chat/{chat}"), "after": 99 }).to_string(),
            ),
            "after_ahead",
        ),
        (
            Message::text(json!({ "op": "subscribe", "sub": 7, "stream": format!("chat/{chat}") }).to_string()),
            "sub_taken",
        ),
        (Message::text(r#"{"op":"unsubscribe","sub":99}"#), "unknown_sub"),
        (Message::text(r#"{"op":"batch","frames":[{"op":"batch","frames":[]}]}"#), "bad_frame"),
        (Message::binary(vec![1, 2, 3]), "binary_frame"),
        (Message::text(" ".repeat(1024 * 1024 + 1)), "frame_too_large"),
        (Message::text(" ".repeat(20 * 1024 * 1024)), "frame_too_large"),
    ];
    for (frame, code) in frames {
        socket.raw(frame).await;
        let error = socket.next().await;
        assert_eq!((&error["op"], error["code"].as_str().unwrap()), (&json!("error"), code));
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    socket.send(json!({ "op": "ping" })).await;
    assert_eq!(socket.next().await, json!({ "op": "pong" }));
}

#[actix_web::test]
async fn many_frames_stand_in_one() {
    let served = serve().await;
    let chat = served.chat().await;
    let mut socket = served.socket().await;
    let stream = format!("chat/{chat}");
    let frames = json!([
        { "op": "subscribe", "sub": 1, "stream": stream },
        { "op": "subscribe", "sub": 2, "list": "chats" },
        { "op": "ping" },
        { "op": "sing" },
    ]);
    socket.send(json!({ "op": "batch", "frames": frames })).await;
    let (mut live, mut pong, mut error) = (0, false, false);
    while live < 2 || !pong || !error {
        let frame = socket.next().await;
        live += usize::from(frame["op"] == "live");
        pong |= frame["op"] == "pong";
        error |= frame["op"] == "error";
    }
}

#[actix_web::test]
async fn a_list_is_told_and_then_what_changes_in_it() {
    let served = serve().await;
    let (project, session) = served.session().await;
    let mut socket = served.socket().await;
    socket.send(json!({ "op": "subscribe", "sub": 1, "list": "chats", "session": session })).await;
    socket.send(json!({ "op": "subscribe", "sub": 2, "list": "projects" })).await;
    let mut live = 0;
    while live < 2 {
        let frame = socket.next().await;
        live += usize::from(frame["op"] == "live");
        if frame["op"] == "rows" {
            let rows = frame["rows"].as_array().unwrap();
            assert_eq!(rows.len(), usize::from(frame["sub"] != 1));
        }
    }
    let chat =
        served.send(&Method::POST, "/api/chats", &json!({ "session": session, "message": "read README.md" })).await;
    let done = socket.until(|frame| frame["row"]["state"] == "idle" && frame["row"]["turns"] == 1).await;
    assert!(done.iter().all(|frame| frame["sub"] == 1 && frame["row"]["stream"] == chat["stream"]), "{done:?}");
    let positions: Vec<u64> = done.iter().map(|frame| frame["position"].as_u64().unwrap()).collect();
    assert!(positions.is_sorted(), "{positions:?}");
    served.send(&Method::DELETE, &format!("/api/projects/{project}"), &json!({})).await;
    let gone = socket.until(|frame| frame["op"] == "gone").await.pop().unwrap();
    assert_eq!((&gone["sub"], &gone["stream"]), (&json!(2), &json!(format!("project/{project}"))));
}

#[actix_web::test]
async fn a_revoked_key_loses_its_sockets() {
    let served = serve().await;
    let key = served.key("ci", "operator").await;
    let mut socket = served.socket_of(&key).await;
    socket.next().await;
    served.send(&Method::DELETE, "/api/keys/ci", &json!({})).await;
    let Some(Message::Close(Some(frame))) = socket.message().await else { panic!("no close") };
    assert_eq!(frame.code, CloseCode::Policy);
    assert!(frame.reason.contains("revoked"), "{}", frame.reason);
}

#[actix_web::test]
async fn a_server_that_stops_says_so_to_its_sockets() {
    let served = serve().await;
    let mut socket = served.socket().await;
    served.stop().await;
    let Some(Message::Close(Some(frame))) = socket.message().await else { panic!("no close") };
    assert_eq!(frame.code, CloseCode::Restart);
}

/// Pings ten times a second, and waits 3 s for an answer.
async fn serve_impatiently() -> Served {
    serve_with("", |settings| {
        settings.ping_after = Duration::from_millis(100);
        settings.close_after = Duration::from_secs(3);
    })
    .await
}

#[actix_web::test]
async fn a_socket_that_answers_pings_stays_open() {
    let served = serve_impatiently().await;
    let mut socket = served.socket().await;
    for _ in 0..35 {
        socket.pinged().await;
    }
    socket.send(json!({ "op": "ping" })).await;
    assert_eq!(socket.next().await, json!({ "op": "pong" }));
}

#[actix_web::test]
async fn a_socket_that_says_nothing_at_all_is_closed() {
    let served = serve_impatiently().await;
    // A client that reads, and never answers a ping.
    let mut stream = tokio::net::TcpStream::connect(&served.address).await.unwrap();
    let request = format!(
        "GET /ws?api_key={} HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        served.key, served.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut received)).await;
    assert!(end.is_ok(), "the socket was not closed");
    let text = String::from_utf8_lossy(&received);
    assert!(text.contains("nothing was heard for too long"), "{text}");
}

#[actix_web::test]
async fn a_slow_reader_gets_everything_in_the_end_and_pongs_in_between() {
    let served = serve_with(&words(3_000), |_| ()).await;
    let chat = served.chat().await;
    let mut slow = served.socket().await;
    for sub in 0..20 {
        subscribe(&mut slow, sub, &chat, None).await;
    }
    let post = json!({ "type": "PostMessage", "text": "write" });
    let mut other = served.socket().await;
    subscribe(&mut other, 1, &chat, None).await;
    other.send(json!({ "op": "command", "id": "c", "stream": format!("chat/{chat}"), "command": post })).await;
    let expected = revisions(&other.until(|frame| frame["type"] == "TurnFinished").await);
    slow.send(json!({ "op": "ping" })).await;
    let mut seen = vec![Vec::new(); 20];
    let mut pong = false;
    while !pong || seen.iter().any(|seen| seen.len() < expected.len()) {
        let frame = slow.next().await;
        pong |= frame["op"] == "pong";
        if frame["op"] == "event" {
            seen[usize::try_from(frame["sub"].as_u64().unwrap()).unwrap()].push(frame["revision"].as_u64().unwrap());
        }
    }
    assert!(seen.iter().all(|seen| *seen == expected));
}
