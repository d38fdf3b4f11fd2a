//! `reenact verify --deep`: the whole log folded anew, beside a running server and without one.

use reenact::entities::system::System;
use replay::{
    decider::Decider as _,
    file::{FileLog, Options},
};
use serde_json::{Value, json};

use super::{
    by_hand,
    process::{Ground, reenact},
};

/// Calls `reenact verify --deep --json`: its exit code, and what it says.
fn deep(ground: &Ground) -> (Option<i32>, Value) {
    let output = reenact(ground, &["verify", "--deep", "--json"]);
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}")))
}

#[tokio::test]
async fn every_recorded_state_comes_out_again_beside_a_server_and_without_one() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    server.turn(&chat, "list").await;
    server.turn(&chat, "read README.md").await;
    let (code, beside) = deep(&ground);
    assert_eq!((code, &beside["good"]), (Some(0), &json!(true)), "{beside}");
    server.kill();
    let (code, after) = deep(&ground);
    assert_eq!((code, &after["good"]), (Some(0), &json!(true)), "{after}");
    assert_eq!(after["deep"]["compared"], 2, "{after}");
    assert_eq!(after["deep"]["folded"], after["records"]);
}

#[tokio::test]
async fn a_recorded_state_that_does_not_come_out_again_is_named_by_stream_and_revision() {
    let ground = Ground::new("");
    let (log, _) = FileLog::open(&ground.data.path().join("log"), &Options::default()).unwrap();
    let zeros = "0".repeat(64);
    let data = json!({"version": "1", "digest": zeros, "decider_version": System::VERSION});
    by_hand::append(&log, "system/host", "ServerStarted", 1, &data).await;
    log.close();
    drop(log);

    let (code, report) = deep(&ground);
    assert_eq!((code, &report["good"]), (Some(1), &json!(false)), "{report}");
    assert_eq!(report["faults"], json!([]), "its bytes are as they were written");
    let difference = &report["deep"]["differences"][0];
    assert_eq!((&difference["stream"], &difference["revision"]), (&json!("system/host"), &json!(0)), "{report}");
    let plain = reenact(&ground, &["verify", "--deep"]);
    let words = String::from_utf8(plain.stdout).unwrap();
    assert!(words.contains("system/host, revision 0") && words.contains("1 differ"), "{words}");
}
