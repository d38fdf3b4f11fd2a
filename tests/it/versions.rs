//! Logs in which another version wrote: what is unknown is read and left alone, what could not be folded is tried again.

use std::time::Instant;

use replay::file::{FileLog, Options};
use serde_json::{Value, json};

use super::{
    by_hand,
    process::{Ground, PATIENCE, reenact},
};

/// Adds an event to a stream, as another version of the program would while this one does not run.
async fn another_version_wrote(ground: &Ground, stream: &str, kind: &str, version: u16, data: Value) {
    let (log, _) = FileLog::open(&ground.data.path().join("log"), &Options::default()).unwrap();
    by_hand::append(&log, stream, kind, version, &data).await;
    log.close();
}

fn of_type<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["type"] == kind).collect()
}

#[tokio::test]
async fn a_stream_with_an_event_of_a_newer_version_is_read_exported_and_not_written() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let (news, other) = (server.chat(&session).await, server.chat(&session).await);
    server.turn(&news, "list").await;
    // Its title comes after its turn.
    let started = Instant::now();
    let known = loop {
        let known = server.events(&news).await;
        if !of_type(&known, "ChatRenamed").is_empty() {
            break known;
        }
        assert!(started.elapsed() < PATIENCE, "{known:?}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    let last = known.len() - 1;
    let view = server.http("GET", &format!("/api/streams/{news}/view?at={last}"), None).await.1;
    server.kill();
    another_version_wrote(&ground, &news, "ThoughtRead", 1, json!({"of": "owner"})).await;

    for _ in 0..2 {
        let server = ground.serve();
        let events = server.events(&news).await;
        assert_eq!(events[..known.len()], known);
        assert_eq!(
            (&events[last + 1]["type"], &events[last + 1]["data"]),
            (&json!("ThoughtRead"), &json!({"of": "owner"}))
        );
        let mut socket = server.socket().await;
        socket.subscribe(1, &news, None).await;
        socket.until(|frame| frame["type"] == "ThoughtRead").await;

        let then = server.http("GET", &format!("/api/streams/{news}/view?at={last}"), None).await;
        assert_eq!(then, (200, view.clone()), "what came before is folded");
        for path in ["view", "state"] {
            let (status, now) = server.http("GET", &format!("/api/streams/{news}/{path}"), None).await;
            assert_eq!((status, &now["code"]), (409, &json!("needs_newer_version")), "{now}");
        }
        let refused = socket.command(&news, json!({"type": "RenameChat", "title": "x"})).await;
        assert!(refused.to_string().contains("needs_newer_version"), "{refused}");
        assert_eq!(server.events(&news).await.len(), events.len(), "nothing is written to it");
        server.turn(&other, "list").await;
        let host = server.events("system/host").await;
        assert!(of_type(&host, "EntityQuarantined").is_empty(), "a newer server has nothing to mend");
        server.kill();
    }
    let deep = reenact(&ground, &["verify", "--deep"]);
    let said = String::from_utf8_lossy(&deep.stdout).into_owned();
    assert_eq!(deep.status.code(), Some(0), "{said}");
    assert!(said.contains("1 events are of kinds or types that only a newer version knows"), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let backup = reenact(&ground, &["backup", folder.path().to_str().unwrap()]);
    assert_eq!(backup.status.code(), Some(0), "{backup:?}");
}

#[tokio::test]
async fn a_stream_that_another_version_could_not_fold_is_folded_by_this_one_and_released() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let (well, broken) = (server.chat(&session).await, server.chat(&session).await);
    server.turn(&well, "list").await;
    server.kill();
    // What a version whose rules failed over the stream leaves in the log.
    let reason = "revision 3: the rules of this entity failed: index out of bounds";
    for stream in [&well, &broken] {
        let quarantined = json!({"stream": stream, "reason": reason});
        another_version_wrote(&ground, "system/host", "EntityQuarantined", 1, quarantined).await;
    }
    another_version_wrote(&ground, &broken, "MessagePosted", 1, json!({"text": 7})).await;

    for life in 0..2 {
        let server = ground.serve();
        server.turn(&well, "list").await;
        let refused = server.socket().await.command(&broken, json!({"type": "RenameChat", "title": "x"})).await;
        assert!(refused.to_string().contains("quarantined"), "{refused}");
        assert_eq!(server.events(&broken).await.last().unwrap()["data"], json!({"text": 7}), "it is read");
        let started = Instant::now();
        loop {
            let host = server.events("system/host").await;
            let released = of_type(&host, "EntityReleased");
            assert!(released.iter().all(|event| event["data"]["stream"] == json!(well)), "{released:?}");
            if released.len() == 1 {
                let noted = of_type(&host, "EntityQuarantined").len();
                assert_eq!(noted, 3, "life {life}: what this version says of it is noted once");
                break;
            }
            assert!(started.elapsed() < PATIENCE, "{released:?}");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        server.kill();
    }
}
