//! A byte of the log flipped under the server: it says what is lost, where, and everything else goes on.

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::json;

use super::process::{Ground, Server};

/// What stands in the event that is damaged, and nowhere else.
const MARK: &str = "a mark that stands nowhere else";

fn verify(ground: &Ground) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reenact")).arg("verify").arg("--data").arg(ground.data.path()).output().unwrap()
}

fn both(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Flips a byte of the mark in the log's files.
fn damage(ground: &Ground) {
    for entry in fs::read_dir(ground.data.path().join("log")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        if let Some(at) = bytes.windows(MARK.len()).position(|window| window == MARK.as_bytes()) {
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            return;
        }
    }
    panic!("the mark is in no file of the log");
}

async fn said(server: &Server, chat: &str, text: &str) {
    let mut socket = server.socket().await;
    socket.subscribe(1, chat, None).await;
    let answer = socket.command(chat, json!({"type": "PostMessage", "text": text})).await;
    assert_eq!(answer["op"], "accepted", "{answer}");
    socket.until(|frame| frame["type"] == "TurnFinished").await;
}

#[tokio::test]
async fn a_flipped_byte_is_named_and_other_streams_go_on() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let (hurt, well) = (server.chat(&session).await, server.chat(&session).await);
    said(&server, &hurt, MARK).await;
    said(&server, &well, "list").await;
    server.kill();
    let good = verify(&ground);
    assert_eq!(good.status.code(), Some(0), "{}", both(&good));

    damage(&ground);
    let bad = verify(&ground);
    let report = both(&bad);
    assert_eq!(bad.status.code(), Some(1), "{report}");
    for word in ["segment", "byte", "revision", &hurt] {
        assert!(report.contains(word), "`{word}` is not in: {report}");
    }

    let server = ground.serve();
    let (status, problem) = server.http("GET", &format!("/api/streams/{hurt}?from=0&limit=500"), None).await;
    assert!(status >= 500, "{status} {problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("segment") && detail.contains(&hurt), "{detail}");
    said(&server, &well, "list").await;
    let fresh = server.chat(&session).await;
    said(&server, &fresh, "read README.md").await;
}
