//! A disk that is really full: commands are refused, reading goes on, and writing resumes once there is room.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    process::{Ground, PATIENCE},
    served::{Served, serve_on},
};

/// A small file system in memory, mounted on a folder.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where one may not mount.
    fn on(path: &Path, mebibytes: u32) -> Option<Self> {
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(path.to_owned()));
        }
        println!("skipped: a small disk cannot be mounted here, which only root may do");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(&self.0).status().is_ok();
    }
}

/// Takes all the room that is left, to the last byte.
fn fill(disk: &Path) {
    let mut ballast = fs::OpenOptions::new().append(true).create(true).open(disk.join("ballast")).unwrap();
    for size in [1024 * 1024, 4096, 1] {
        while ballast.write(&vec![1; size]).is_ok_and(|written| written > 0) {}
    }
}

#[actix_web::test]
async fn a_full_disk_refuses_commands_until_there_is_room_and_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::on(data.path(), 24) else { return };
    let served = serve_on(data.path(), "", |settings| settings.burst = 100_000.try_into().unwrap()).await;
    let chat = served.chat().await;
    let stream = format!("/api/streams/chat/{chat}");
    let path = format!("/api/chats/{chat}");
    let mut socket = served.socket().await;
    socket.send(json!({"op": "subscribe", "sub": 1, "stream": format!("chat/{chat}"), "view": false})).await;
    socket.until(|frame| frame["op"] == "live").await;
    let mut speaker = served.socket().await;
    let stream_id = format!("chat/{chat}");
    let rename = |title: &str| json!({"type": "RenameChat", "title": title});

    fill(data.path());
    // What is allocated already is used up first.
    let mut done = 0;
    let refused = loop {
        let title = format!("{done} {}", "x".repeat(150));
        let answer = speaker.command(&done.to_string(), &stream_id, rename(&title)).await;
        if answer["op"] != "accepted" {
            break answer;
        }
        done += 1;
        fill(data.path());
        assert!(done < 20_000, "a full disk takes everything");
    };
    assert_eq!(refused["code"], "disk_full", "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("make room"), "{refused}");
    for text in ["short".to_owned(), "long ".repeat(20_000)] {
        let body = json!({"text": text});
        let (status, problem) = served.refused(&Method::POST, &format!("{path}/messages"), &body).await;
        assert_eq!((status, &problem["code"]), (507, &json!("disk_full")), "{problem}");
    }

    let health = served.get("/health").await;
    assert_eq!(health["status"], "degraded", "{health}");
    assert!(health["troubles"].to_string().contains("full"), "{health}");
    let state = served.get(&format!("{stream}/state")).await;
    assert!(state.to_string().contains(&format!("{} xxx", done - 1)), "{state}");
    served.get("/api/chats").await;
    served.get("/api/streams").await;
    // What needs to be done on a full machine can be: a key that leaked is taken away.
    served.key("leaked", "viewer").await;
    served.send(&Method::DELETE, "/api/keys/leaked", &json!({})).await;

    fs::remove_file(data.path().join("ballast")).unwrap();
    let since = Instant::now();
    while speaker.command("room", &stream_id, rename("room")).await["op"] != "accepted" {
        assert!(since.elapsed() < Duration::from_secs(20), "it does not write again");
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    // The lists go on too, though they may notice later that they had no room.
    shows(&served, "/health", |health| health["status"] == "ok").await;
    served.send(&Method::POST, &format!("{path}/messages"), &json!({"text": "read README.md"})).await;
    let heard = socket.until(|frame| frame["type"] == "TurnFinished").await;
    let renamed = heard.iter().filter(|frame| frame["type"] == "ChatRenamed").count();
    assert_eq!(renamed, done + 1, "what was accepted is there, and nothing else");
    shows(&served, &path, |chat| chat["title"] == "room").await;
    served.stop().await;
}

/// Waits until an address shows what fits.
async fn shows(served: &Served, path: &str, fits: impl Fn(&Value) -> bool) {
    let since = Instant::now();
    loop {
        let shown = served.get(path).await;
        if fits(&shown) {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "{shown}");
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn lists_without_room_say_that_they_are_old_and_come_back_without_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let index = data.path().join("index");
    fs::create_dir(&index).unwrap();
    let Some(_disk) = SmallDisk::on(&index, 8) else { return };
    let served = serve_on(data.path(), "", |settings| settings.burst = 100_000.try_into().unwrap()).await;
    let (_, session) = served.session().await;
    let opened = served.send(&Method::POST, "/api/chats", &json!({"session": session})).await;
    let chat = opened["id"].as_str().unwrap();
    let mut follower = served.socket().await;
    follower.send(json!({"op": "subscribe", "sub": 1, "list": "chats"})).await;
    follower.until(|frame| frame["op"] == "live").await;

    fill(&index);
    let mut speaker = served.socket().await;
    let mut done = 0;
    let troubles = loop {
        for _ in 0..100 {
            let title = format!("{done} {}", "x".repeat(150));
            let rename = json!({"type": "RenameChat", "title": title});
            let answer = speaker.command(&done.to_string(), &format!("chat/{chat}"), rename).await;
            assert_eq!(answer["op"], "accepted", "the log has room: {answer}");
            done += 1;
        }
        let troubles = served.get("/health").await["troubles"].to_string();
        if troubles.contains("the lists are older than the log") {
            break troubles;
        }
        assert!(done < 50_000, "a full disk takes everything: {troubles}");
    };
    assert!(troubles.contains("make room") && troubles.contains("come back by themselves"), "{troubles}");
    let rows = follower.until(|frame| frame["op"] == "rows" && frame["rebuilding"] == true).await;
    println!("after {done} titles the lists had no room: {troubles}");
    assert_eq!(rows.last().unwrap()["rows"][0]["stream"], format!("chat/{chat}"), "what is old can be read");
    let list = served.get("/api/chats").await;
    assert_eq!((&list["rebuilding"], list["items"].as_array().unwrap().len()), (&json!(true), 1), "{list}");
    // What is written meanwhile is written, and nobody is told that it is not there.
    let (status, problem) = served.refused(&Method::POST, "/api/chats", &json!({"session": session})).await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(status == 503 && detail.contains("was written, only the lists do not show it yet"), "{problem}");
    let fresh = detail.split_whitespace().next().unwrap().trim_start_matches("chat/").to_owned();
    let (status, problem) = served.refused(&Method::GET, &format!("/api/chats/{fresh}"), &json!({})).await;
    assert_eq!((status, &problem["code"]), (503, &json!("rebuilding")), "{problem}");

    fs::remove_file(index.join("ballast")).unwrap();
    shows(&served, "/health", |health| health["status"] == "ok").await;
    let list = served.get("/api/chats").await;
    assert_eq!((&list["items"][0]["id"], &list["rebuilding"]), (&json!(fresh), &Value::Null), "{list}");
    let title = list["items"][1]["title"].as_str().unwrap();
    assert!(title.starts_with(&format!("{} ", done - 1)), "{list}");
    follower.until(|frame| frame["op"] == "rows" && frame["rebuilding"].is_null()).await;
    served.stop().await;
}

#[tokio::test]
async fn a_server_starts_on_a_full_disk_and_what_is_there_can_be_read() {
    let ground = Ground::new("");
    let Some(disk) = SmallDisk::on(ground.data.path(), 200) else { return };
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    let mut socket = server.socket().await;
    socket.subscribe(1, &chat, None).await;
    socket.command(&chat, json!({"type": "PostMessage", "text": "read README.md"})).await;
    socket.until(|frame| frame["type"] == "TurnFinished").await;
    let before = server.events(&chat).await;
    server.kill();
    fill(ground.data.path());

    let server = ground.serve();
    assert!(server.events(&chat).await.starts_with(&before), "what was there is there; a title may have come");
    assert_eq!(server.http("GET", "/health", None).await.0, 200);
    assert_eq!(server.http("GET", "/api/chats", None).await.0, 200);
    let path = format!("/api/chats/{}/messages", chat.trim_start_matches("chat/"));
    let long = json!({"text": "long ".repeat(20_000)});
    let (status, problem) = server.http("POST", &path, Some(long.clone())).await;
    assert_eq!((status, &problem["code"]), (507, &json!("disk_full")), "{problem}");

    fs::remove_file(ground.data.path().join("ballast")).unwrap();
    let since = Instant::now();
    while server.http("POST", &path, Some(long.clone())).await.0 >= 300 {
        assert!(since.elapsed() < PATIENCE, "it does not write again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.kill();
    drop(disk);
}
