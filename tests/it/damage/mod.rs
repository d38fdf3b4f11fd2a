//! A log damaged under the server: it says what is lost, where, and everything else goes on.

mod words;

use std::{
    fs,
    path::Path,
    process::Output,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::process::{Ground, PATIENCE, reenact};

/// What stands in the event that is damaged, and nowhere else.
const MARK: &str = "a mark that stands nowhere else";

fn both(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Flips a bit of a file.
pub fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// Flips a bit of what stands in an event of a log, and nowhere else.
pub fn flip_mark(log: &Path, mark: &str) {
    for entry in fs::read_dir(log).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if let Some(at) = bytes.windows(mark.len()).position(|window| window == mark.as_bytes()) {
            return flip(&path, at);
        }
    }
    panic!("the mark is in no file of the log");
}

#[tokio::test]
async fn a_flipped_byte_is_named_and_other_streams_go_on() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let (hurt, well) = (server.chat(&session).await, server.chat(&session).await);
    server.turn(&hurt, MARK).await;
    server.turn(&well, "list").await;
    server.kill();
    let good = reenact(&ground, &["verify"]);
    assert_eq!(good.status.code(), Some(0), "{}", both(&good));

    flip_mark(&ground.data.path().join("log"), MARK);
    let bad = reenact(&ground, &["verify"]);
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
    server.turn(&well, "list").await;
    let fresh = server.chat(&session).await;
    server.turn(&fresh, "read README.md").await;
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[tokio::test]
async fn a_log_that_gave_way_to_an_older_copy_of_itself_is_told() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    server.kill();
    let (log, older) = (ground.data.path().join("log"), ground.data.path().join("older"));
    copied(&log, &older);
    let note = || fs::read_to_string(ground.data.path().join("wanting.json")).unwrap_or_default();
    let server = ground.serve();
    server.turn(&chat, "list").await;
    let events = server.events(&chat).await;
    let head = events.last().unwrap()["position"].as_u64().unwrap();
    let noted = || serde_json::from_str::<Value>(&note()).ok()?["position"].as_u64();
    while noted() <= Some(head) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.kill();
    fs::remove_dir_all(&log).unwrap();
    copied(&older, &log);

    let server = ground.serve();
    let since = Instant::now();
    loop {
        let (_, health) = server.http("GET", "/health", None).await;
        if health["status"] == "degraded" {
            let words = health["troubles"].to_string();
            assert!(words.contains("its end is lost") && words.contains("backup"), "{words}");
            break;
        }
        assert!(since.elapsed() < PATIENCE, "{health}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.turn(&chat, "list").await;
}
