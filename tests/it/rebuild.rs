//! What is derived from the log comes back: by itself when it is lost or empty, and by `reenact rebuild`.

use std::{fs, time::Instant};

use serde_json::{Value, json};
use sha2::Digest as _;

use super::process::{Ground, PATIENCE, Server, reenact};

async fn chats(server: &Server) -> Value {
    server.http("GET", "/api/chats", None).await.1
}

/// The list, once a chat is in it.
async fn with(server: &Server, chat: &str) -> Value {
    let started = Instant::now();
    loop {
        let list = chats(server).await;
        if list.to_string().contains(chat) {
            return list;
        }
        assert!(started.elapsed() < PATIENCE, "{chat} is not in {list}");
    }
}

/// The list becomes what it was: it may lag behind while it is made anew.
async fn comes_back(server: &Server, list: &Value) {
    let started = Instant::now();
    while chats(server).await != *list {
        assert!(started.elapsed() < PATIENCE, "{} is not {list}", chats(server).await);
    }
}

#[tokio::test]
async fn lists_that_are_gone_or_open_without_rows_are_made_anew_at_the_next_start() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    let before = with(&server, &chat).await;
    server.kill();
    let index = ground.data.path().join("index");
    fs::remove_dir_all(&index).unwrap();
    let server = ground.serve();
    comes_back(&server, &before).await;
    server.kill();

    // A database that opens without error, and has nothing in it.
    fs::remove_dir_all(&index).unwrap();
    drop(replay::projection::Derived::open(&index));
    assert!(index.is_dir());
    let server = ground.serve();
    comes_back(&server, &before).await;
}

#[tokio::test]
async fn rebuild_makes_the_lists_anew_and_leaves_those_of_a_running_server_alone() {
    let ground = Ground::new("");
    assert_eq!(reenact(&ground, &["rebuild"]).status.code(), Some(3), "there is no log yet");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    let before = with(&server, &chat).await;
    let beside = reenact(&ground, &["rebuild"]);
    assert_eq!(beside.status.code(), Some(4), "{beside:?}");
    assert!(String::from_utf8_lossy(&beside.stderr).contains("in use by process"), "{beside:?}");
    server.kill();

    for name in fs::read_dir(ground.data.path().join("index")).unwrap() {
        let path = name.unwrap().path();
        if path.is_file() {
            fs::write(path, [0x5A; 4096]).unwrap();
        }
    }
    fs::write(ground.data.path().join("wanting.json"), "noise").unwrap();
    let rebuilt = reenact(&ground, &["rebuild", "--json"]);
    assert_eq!(rebuilt.status.code(), Some(0), "{rebuilt:?}");
    let said: Value = serde_json::from_slice(&rebuilt.stdout).unwrap();
    assert!(said["head"].as_u64().unwrap() > 0, "{said}");
    let server = ground.serve();
    comes_back(&server, &before).await;
}

/// A chat that has a snapshot, and its file.
async fn long_chat(ground: &Ground, server: &Server) -> (String, std::path::PathBuf) {
    let (_, session) = server.desk(ground).await;
    let chat = server.chat(&session).await;
    let mut socket = server.socket().await;
    for n in 0..replay::snapshot::LEAST {
        let rename = json!({"type": "RenameChat", "title": format!("title {n}")});
        let mut answer = socket.command(&chat, rename.clone()).await;
        // On a quick machine these are more than a key may ask in a second, and it is told to wait for one.
        while answer["code"] == "rate_limited" {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            answer = socket.command(&chat, rename.clone()).await;
        }
        assert_eq!(answer["op"], "accepted", "{answer}");
    }
    let file = ground.data.path().join("snapshots").join(&chat);
    let started = Instant::now();
    while !file.exists() {
        assert!(started.elapsed() < PATIENCE, "{} is not there", file.display());
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    (chat, file)
}

fn deep(ground: &Ground) -> (Option<i32>, Value) {
    let output = reenact(ground, &["verify", "--deep", "--json"]);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

#[tokio::test]
async fn snapshots_are_compared_by_verify_deleted_by_rebuild_and_no_part_of_a_backup() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (chat, file) = long_chat(&ground, &server).await;
    let before = server.http("GET", &format!("/api/streams/{chat}/view"), None).await.1;
    server.kill();
    let (code, report) = deep(&ground);
    assert_eq!((code, &report["deep"]["snapshots"]), (Some(0), &json!(1)), "{report}");

    // One that fits in everything and says something else: nothing but a bug can make it.
    let text = fs::read_to_string(&file).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    let wrong = rest.replace("\"turns\":0", "\"turns\":7");
    assert_ne!(wrong, rest);
    let sum = replay::digest::hex(&sha2::Sha256::digest(wrong.as_bytes()));
    fs::write(&file, format!("{sum}\n{wrong}")).unwrap();
    let (code, report) = deep(&ground);
    let difference = &report["deep"]["differences"][0];
    assert_eq!((code, &difference["stream"]), (Some(1), &json!(chat)), "{report}");
    assert!(difference["what"].as_str().unwrap().contains("snapshot"), "{report}");

    // A damaged one is no fault: whoever wakes the chat passes it over.
    fs::write(&file, &text.as_bytes()[..text.len() / 2]).unwrap();
    let (code, report) = deep(&ground);
    assert_eq!((code, &report["deep"]["snapshots"]), (Some(0), &json!(0)), "{report}");
    assert!(report["deep"]["snapshots_passed_over"][0].as_str().unwrap().contains(&chat), "{report}");
    let server = ground.serve();
    assert_eq!(server.http("GET", &format!("/api/streams/{chat}/view"), None).await.1, before);
    server.kill();

    let backup = tempfile::tempdir().unwrap();
    let made = reenact(&ground, &["backup", backup.path().to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    assert!(!backup.path().join("snapshots").exists());
    assert_eq!(reenact(&ground, &["rebuild"]).status.code(), Some(0));
    assert!(!ground.data.path().join("snapshots").exists());
    let server = ground.serve();
    assert_eq!(server.http("GET", &format!("/api/streams/{chat}/view"), None).await.1, before);
}
