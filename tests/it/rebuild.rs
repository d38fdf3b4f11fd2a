//! What is derived from the log comes back: by itself when it is lost or empty, and by `reenact rebuild`.

use std::{fs, time::Instant};

use serde_json::Value;

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
