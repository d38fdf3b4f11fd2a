//! `reenact backup` while the server works, and `reenact restore` into an empty folder: the chats go on there, in a new epoch.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::{Value, json};
use tempfile::tempdir;

use super::{
    damage::{flip, flip_mark},
    process::{Ground, Server, reenact},
};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn events(server: &Server, stream: &str) -> Value {
    let (status, page) = server.http("GET", &format!("/api/streams/{stream}?from=0&limit=500"), None).await;
    assert_eq!(status, 200, "{page}");
    page
}

#[tokio::test]
async fn a_backup_made_beside_a_server_goes_on_elsewhere_in_a_new_epoch() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    server.turn(&chat, "list").await;
    // Longer than an event may be: it stands in a blob.
    server.turn(&chat, &"long ".repeat(20_000)).await;
    let (before, old) = (events(&server, &chat).await, server.socket().await.hello["log"].clone());

    let folder = tempdir().unwrap();
    let backup = folder.path().join("monday");
    let made = reenact(&ground, &["backup", text(&backup), "--json"]);
    let said: Value = serde_json::from_slice(&made.stdout).unwrap_or_else(|_| panic!("{made:?}"));
    assert_eq!((made.status.code(), &said["good"]), (Some(0), &json!(true)), "{said}");
    assert!(said["blobs"].as_u64().unwrap() >= 1, "{said}");
    server.turn(&chat, "what comes later is not in it").await;
    server.kill();

    let other = Ground::new("");
    let restored = reenact(&other, &["restore", text(&backup)]);
    assert_eq!(restored.status.code(), Some(0), "{restored:?}");
    let server = other.serve();
    assert_eq!(events(&server, &chat).await, before);
    let new = server.socket().await.hello["log"].clone();
    let (old, new) = (old.as_str().unwrap(), new.as_str().unwrap());
    assert_eq!((old.strip_suffix(".0"), new.strip_suffix(".1")), (new.strip_suffix(".1"), old.strip_suffix(".0")));
    server.turn(&chat, "read README.md").await;
    server.kill();
    let deep = reenact(&other, &["verify", "--deep"]);
    assert_eq!(deep.status.code(), Some(0), "{deep:?}");
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_damaged_is_restored() {
    let ground = Ground::new("");
    let folder = tempdir().unwrap();
    let nowhere = reenact(&ground, &["backup", text(&folder.path().join("none"))]);
    assert_eq!(nowhere.status.code(), Some(3), "there is no log yet: {nowhere:?}");

    let server = ground.serve();
    server.desk(&ground).await;
    server.kill();
    let backup = folder.path().join("tuesday");
    assert_eq!(reenact(&ground, &["backup", text(&backup)]).status.code(), Some(0));
    let twice = reenact(&ground, &["backup", text(&backup)]);
    assert_eq!(twice.status.code(), Some(4), "{twice:?}");
    let over = reenact(&ground, &["restore", text(&backup)]);
    assert_eq!(over.status.code(), Some(4), "{over:?}");
    let none = reenact(&Ground::new(""), &["restore", text(folder.path())]);
    assert_eq!(none.status.code(), Some(3), "{none:?}");

    let segment = backup.join("log/0000000000.seg");
    let middle = fs::metadata(&segment).unwrap().len() / 2;
    flip(&segment, usize::try_from(middle).unwrap());
    let empty = Ground::new("");
    let damaged = reenact(&empty, &["restore", text(&backup)]);
    assert_eq!(damaged.status.code(), Some(1), "{damaged:?}");
    assert!(String::from_utf8_lossy(&damaged.stderr).contains("segment 0"), "{damaged:?}");
    assert_eq!(fs::read_dir(empty.data.path()).unwrap().count(), 0, "nothing was begun");
}

#[tokio::test]
async fn what_was_damaged_before_is_named_and_the_rest_is_kept_and_can_be_restored() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let (hurt, well) = (server.chat(&session).await, server.chat(&session).await);
    let mark = "a mark that stands nowhere else";
    server.turn(&hurt, mark).await;
    server.turn(&well, "list").await;
    let before = events(&server, &well).await;
    server.kill();
    flip_mark(&ground.data.path().join("log"), mark);

    let folder = tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let made = reenact(&ground, &["backup", text(folder.path())]);
    let said = String::from_utf8(made.stdout).unwrap();
    assert_eq!(made.status.code(), Some(1), "{said}");
    assert!(said.contains(&hurt) && said.contains("Keep older backups"), "{said}");
    let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "nobody else looks into it");

    let other = Ground::new("");
    let restored = reenact(&other, &["restore", text(folder.path())]);
    assert_eq!(restored.status.code(), Some(0), "{restored:?}");
    let server = other.serve();
    let (before, after) = (before["items"].as_array().unwrap(), events(&server, &well).await);
    // A title may have come after they were read.
    assert_eq!(&after["items"].as_array().unwrap()[..before.len()], before);
    server.turn(&well, "list").await;
}
