//! A disk that is really full: commands are refused, reading goes on, and writing resumes once there is room.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    process::{Ground, PATIENCE},
    served::serve_on,
};

/// A small file system in memory, mounted on a folder of its own.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where one may not mount.
    fn of(mebibytes: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        Self::on(dir.path(), mebibytes).then_some(Self(dir))
    }

    fn on(path: &Path, mebibytes: u32) -> bool {
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: a small disk cannot be mounted here, which only root may do");
        }
        mounted
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        unmount(self.path());
    }
}

fn unmount(path: &Path) {
    let _gone = Command::new("umount").arg("-l").arg(path).status().is_ok();
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
    let Some(disk) = SmallDisk::of(24) else { return };
    let served = serve_on(disk.path(), "", |settings| settings.burst = 100_000.try_into().unwrap()).await;
    let chat = served.chat().await;
    let stream = format!("/api/streams/chat/{chat}");
    let path = format!("/api/chats/{chat}");
    let mut socket = served.socket().await;
    socket.send(json!({"op": "subscribe", "sub": 1, "stream": format!("chat/{chat}"), "view": false})).await;
    socket.until(|frame| frame["op"] == "live").await;
    let mut speaker = served.socket().await;
    let stream_id = format!("chat/{chat}");
    let rename = |title: &str| json!({"type": "RenameChat", "title": title});

    fill(disk.path());
    // What is allocated already is used up first.
    let mut done = 0;
    let refused = loop {
        let title = format!("{done} {}", "x".repeat(150));
        let answer = speaker.command(&done.to_string(), &stream_id, rename(&title)).await;
        if answer["op"] != "accepted" {
            break answer;
        }
        done += 1;
        fill(disk.path());
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

    fs::remove_file(disk.path().join("ballast")).unwrap();
    let since = Instant::now();
    while speaker.command("room", &stream_id, rename("room")).await["op"] != "accepted" {
        assert!(since.elapsed() < Duration::from_secs(20), "it does not write again");
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    served.send(&Method::POST, &format!("{path}/messages"), &json!({"text": "read README.md"})).await;
    let heard = socket.until(|frame| frame["type"] == "TurnFinished").await;
    let renamed = heard.iter().filter(|frame| frame["type"] == "ChatRenamed").count();
    assert_eq!(renamed, done + 1, "what was accepted is there, and nothing else");
    served.stop().await;
}

#[tokio::test]
async fn a_server_starts_on_a_full_disk_and_what_is_there_can_be_read() {
    let ground = Ground::new("");
    if !SmallDisk::on(ground.data.path(), 200) {
        return;
    }
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
    assert_eq!(server.events(&chat).await, before);
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
    unmount(ground.data.path());
}
