//! Clients that never read, and clients that never stop sending: the server's memory stays bounded, and others go on.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::process::{Ground, Server, Socket};

/// A chat with a long answer in many events.
async fn long_chat(ground: &Ground, server: &Server, socket: &mut Socket) -> String {
    let (_, session) = server.desk(ground).await;
    let chat = server.chat(&session).await;
    socket.subscribe(1, &chat, None).await;
    for _ in 0..8 {
        socket.command(&chat, json!({"type": "PostMessage", "text": "write"})).await;
        socket.until(|frame| frame["type"] == "TurnFinished").await;
    }
    chat
}

fn scenario() -> String {
    json!({"rules": [{"then": [{"words_per_second": 0}, {"repeat": {"text": "many words and no end {n} ", "times": 20_000}}]}]})
        .to_string()
}

/// A socket whose client never reads again; the small window makes its buffers count little.
async fn dead(server: &Server, frames: &[String]) -> TcpStream {
    let address = server.address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /ws?api_key={} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: reenact.v1\r\n\r\n",
        server.key
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 64];
    let read = stream.read(&mut head).await.unwrap();
    assert!(read > 0);
    for frame in frames {
        stream.write_all(&masked(frame)).await.unwrap();
    }
    stream
}

/// A text frame as a client sends it, masked with zeros.
fn masked(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81];
    let length = u16::try_from(text.len()).expect("a longer frame is not needed here");
    if length < 126 {
        bytes.push(0x80 | u8::try_from(length).unwrap());
    } else {
        bytes.push(0xfe);
        bytes.extend(length.to_be_bytes());
    }
    bytes.extend([0; 4]);
    bytes.extend(text.as_bytes());
    bytes
}

#[tokio::test]
async fn readers_that_are_dead_cost_a_bounded_amount_and_others_go_on() {
    const DEAD: u64 = 200;
    const SUBSCRIPTIONS: u64 = 5;
    /// For each subscription a batch of its stream's events (128 KiB, and as much again for what they weigh beyond their bytes); for each
    /// socket the frames that wait in it and the buffers of its connection.
    const KIB_EACH: u64 = SUBSCRIPTIONS * 256 + 512;
    let ground = Ground::new(&scenario());
    let server = ground.serve();
    let mut socket = server.socket().await;
    let chat = long_chat(&ground, &server, &mut socket).await;
    let bytes: usize = server.events(&chat).await.iter().map(|event| event.to_string().len()).sum();
    let before = server.resident_kib();
    let subscribe = |sub: u64| json!({"op": "subscribe", "sub": sub, "stream": chat, "view": false}).to_string();
    let wishes: Vec<String> = (0..SUBSCRIPTIONS).map(subscribe).collect();
    let mut readers = vec![];
    for _ in 0..DEAD {
        readers.push(dead(&server, &wishes).await);
    }
    // It is still answering all others, at once and often, while the dead do nothing.
    for _ in 0..3 {
        socket.command(&chat, json!({"type": "PostMessage", "text": "write"})).await;
        socket.until(|frame| frame["type"] == "TurnFinished").await;
    }
    let after = server.resident_kib();
    println!("{DEAD} dead readers of {bytes} bytes each, five times: {before} KiB before, {after} KiB after");
    assert!(
        u64::try_from(bytes).unwrap() / 1024 * SUBSCRIPTIONS > 4 * KIB_EACH,
        "the stream is too short to show anything"
    );
    assert!(after.saturating_sub(before) < DEAD * KIB_EACH, "{before} KiB became {after} KiB");
    drop(readers);
    socket.send(json!({"op": "ping"})).await;
    socket.until(|frame| frame["op"] == "pong").await;
}

#[tokio::test]
async fn a_flood_of_frames_from_one_who_does_not_read_is_held_back() {
    const ROOM_KIB: u64 = 64 * 1024;
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    let before = server.resident_kib();
    let mut flood = dead(&server, &[]).await;
    let frames = json!({"op": "batch", "frames": vec![json!({"op": "sing"}); 2_000]}).to_string();
    let frame = masked(&frames);
    let mut sent = 0;
    // Once nothing is taken for a second, the server holds back; a server that takes all this without end does not.
    while tokio::time::timeout(Duration::from_secs(1), flood.write_all(&frame)).await.is_ok_and(|sent| sent.is_ok()) {
        sent += frame.len();
        assert!(sent < 256 * 1024 * 1024, "everything is taken");
    }
    let after = server.resident_kib();
    println!("{sent} bytes were taken of the flood: {before} KiB before, {after} KiB after");
    assert!(after.saturating_sub(before) < ROOM_KIB, "{before} KiB became {after} KiB");
    let mut socket = server.socket().await;
    assert_eq!(socket.command(&chat, json!({"type": "RenameChat", "title": "Calm"})).await["op"], "accepted");
}

#[tokio::test]
async fn a_flood_of_commands_is_answered_one_by_one_and_others_go_on() {
    const COMMANDS: usize = 3_000;
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    let (status, key) = server.http("POST", "/api/keys", Some(json!({"name": "other", "role": "operator"}))).await;
    assert!(status < 300, "{key}");
    let mut flood = server.socket().await;
    for n in 0..COMMANDS {
        let rename = json!({"type": "RenameChat", "title": format!("title {n}")});
        flood.send(json!({"op": "command", "id": n.to_string(), "stream": chat, "command": rename})).await;
    }
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let health = client.get(format!("{}/health", server.address)).bearer_auth(key["key"].as_str().unwrap());
    assert_eq!(health.send().await.unwrap().status(), 200, "another key is not held up");
    let mut answers = vec![None; COMMANDS];
    for _ in 0..COMMANDS {
        let frame = flood.until(|frame| frame["id"].is_string()).await;
        let n: usize = frame["id"].as_str().unwrap().parse().unwrap();
        let answer = if frame["op"] == "accepted" { "accepted" } else { frame["code"].as_str().unwrap() };
        assert!(["accepted", "busy", "rate_limited"].contains(&answer), "{frame}");
        assert!(answers[n].replace(answer.to_owned()).is_none(), "{n} was answered twice");
    }
    let accepted: Vec<String> =
        (0..COMMANDS).filter(|n| answers[*n].as_deref() == Some("accepted")).map(|n| format!("title {n}")).collect();
    let events = server.events(&chat).await;
    let renamed: Vec<&str> = events
        .iter()
        .filter(|event| event["type"] == "ChatRenamed")
        .map(|event| event["data"]["title"].as_str().unwrap())
        .collect();
    println!("of {COMMANDS} commands {} were accepted", accepted.len());
    assert_eq!(renamed, accepted, "in the order in which they were sent, and only those");
    assert!(accepted.len() < COMMANDS, "nobody was held back");
}
