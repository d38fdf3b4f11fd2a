//! Replay: the state at every revision, what changed between two, step by step, with and without a server.

use std::{collections::HashMap, fs, path::Path};

use reenact::{
    api::{Operation, apply},
    entities::{AnyEntity, Kind},
};
use replay::{digest::digest, ids::StreamId, record::Record, verify::verify_each};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    process::{Ground, reenact},
    served::serve,
};

/// The records of a recorded log, by stream.
fn recorded(dir: &Path) -> HashMap<StreamId, Vec<Record>> {
    let mut streams: HashMap<StreamId, Vec<Record>> = HashMap::new();
    verify_each(dir, |_, _| (), |record, _| streams.entry(record.stream.clone()).or_default().push(record.clone()))
        .unwrap();
    streams
}

#[tokio::test]
async fn the_state_at_every_revision_of_a_recorded_chat_is_the_fold_of_what_came_before() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs/0.1.0");
    let ground = Ground::new("");
    fs::create_dir_all(ground.data.path().join("log")).unwrap();
    fs::copy(dir.join("0000000000.seg"), ground.data.path().join("log/0000000000.seg")).unwrap();
    let server = ground.serve();
    let mut compared = 0;
    for (stream, records) in recorded(&dir) {
        if stream.kind() == "system" {
            continue;
        }
        let mut entity = AnyEntity::new(Kind::of(&stream).unwrap(), stream.clone());
        for record in &records {
            entity.apply(record).unwrap();
            let path = format!("/api/streams/{stream}/state?at={}", record.revision);
            let (status, answer) = server.http("GET", &path, None).await;
            assert_eq!(status, 200, "{answer}");
            let there = digest(&answer["state"]).unwrap();
            assert_eq!(there, entity.digest().unwrap().0, "{stream} at {}", record.revision);
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared}");
}

#[actix_web::test]
async fn the_steps_of_a_stream_lead_from_nothing_to_every_one_of_its_states() {
    let served = serve().await;
    let chat = served.chat().await;
    let stream = served.ask(&chat, "read README.md").await;
    let mut state = Value::Null;
    let (mut cursor, mut seen) = (json!(0), 0);
    while let Some(from) = cursor.as_u64().or_else(|| cursor.as_str()?.parse().ok()) {
        let page = served.get(&format!("/api/streams/{stream}/steps?from={from}&limit=7&state={}", from == 0)).await;
        if from == 0 {
            state = page["before"].clone();
            assert_eq!(state["messages"], json!([]));
        } else {
            assert!(page["before"].is_null());
        }
        for step in page["items"].as_array().unwrap() {
            let patch: Vec<Operation> = serde_json::from_value(step["patch"].clone()).unwrap();
            assert!(patch.iter().all(|operation| apply(&mut state, operation)));
            let at = step["event"]["revision"].as_u64().unwrap();
            assert_eq!(at, seen);
            assert_eq!(state, served.state(&stream, usize::try_from(at).unwrap()).await);
            seen += 1;
        }
        cursor = page["next_cursor"].clone();
    }
    assert_eq!(seen, served.events(&stream).await.len() as u64);
    let first = served.get(&format!("/api/streams/{stream}/diff?to=0")).await;
    assert!(first["from"].is_null() && !first["patch"].as_array().unwrap().is_empty());
    let beyond = served.with(&served.key, &Method::GET, &format!("/api/streams/{stream}/steps?from=9999"));
    assert_eq!(beyond.send().await.unwrap().status(), 404);
}

#[actix_web::test]
async fn events_are_counted_and_found_by_type_by_whom_and_by_words() {
    let served = serve().await;
    let chat = served.chat().await;
    let stream = served.ask(&chat, "read README.md").await;
    let all = served.events(&stream).await;
    let counts = served.get(&format!("/api/streams/{stream}/counts")).await;
    assert_eq!(counts["events"], all.len());
    for (kind, count) in counts["types"].as_object().unwrap() {
        let found = served.get(&format!("/api/streams/{stream}?type={kind}&limit=500")).await;
        let found = found["items"].as_array().unwrap();
        assert_eq!(
            (found.len() as u64, true),
            (count.as_u64().unwrap(), found.iter().all(|event| event["type"] == *kind))
        );
    }
    let by = counts["by"].as_object().unwrap();
    assert!(by.contains_key("agent:default") && by.contains_key("system:host"), "{counts}");
    assert_eq!(by.values().filter_map(Value::as_u64).sum::<u64>(), all.len() as u64);
    let said = served.get(&format!("/api/streams/{stream}?by=key:owner&text=readme.MD")).await;
    let types: Vec<_> = said["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["MessagePosted"]);
    let paged = served.get(&format!("/api/streams/{stream}?by=agent&limit=2")).await;
    let from = &paged["next_cursor"];
    let rest = served.get(&format!("/api/streams/{stream}?by=agent&limit=500&cursor={}", from.as_str().unwrap())).await;
    let of_agent = by["agent:default"].as_u64().unwrap();
    assert_eq!(rest["items"].as_array().unwrap().len() as u64, of_agent - 2);
}

/// What the program printed, which must have gone well.
#[track_caller]
fn said(ground: &Ground, arguments: &[&str]) -> String {
    let output = reenact(ground, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_stream_is_replayed_in_the_terminal_with_and_without_a_server() {
    let ground = Ground::new("");
    let project = ground.project_path();
    said(&ground, &["ask", "-p", &project, "read README.md"]);
    let rows = said(&ground, &["ps", "--all", "--json"]);
    let row: Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    let stream = row["stream"].as_str().unwrap().to_owned();
    let told = |arguments: &[&str]| {
        let arguments: Vec<&str> = ["replay", stream.as_str()].into_iter().chain(arguments.iter().copied()).collect();
        said(&ground, &arguments)
    };
    let views: &[&[&str]] =
        &[&["--at", "2"], &["--at", "2", "--json"], &["--diff", "0..2"], &["--step"], &["--step", "--json"], &[]];
    let without: Vec<String> = views.iter().map(|view| told(view)).collect();
    let server = ground.serve();
    let with: Vec<String> = views.iter().map(|view| told(view)).collect();
    assert_eq!(with, without);

    let [tree, json, diff, steps, steps_json, newest] = &with[..] else { panic!("{with:?}") };
    assert!(tree.starts_with(&format!("{stream} at revision 2 of ")), "{tree}");
    assert!(tree.contains("text: read README.md") && tree.contains("opened_at: 20"), "{tree}");
    let at: Value = serde_json::from_str(json).unwrap();
    let (_, answer) = server.http("GET", &format!("/api/streams/{stream}/state?at=2"), None).await;
    assert_eq!((&at["state"], at["revision"].as_u64()), (&answer["state"], Some(2)));
    assert!(diff.contains("+ messages[0]: ") && diff.contains("~ turns: 0 → 1"), "{diff}");
    let count = server.events(&stream).await.len();
    assert_eq!(steps_json.lines().count(), count);
    assert_eq!(steps.lines().filter(|line| !line.starts_with("        ")).count(), count);
    assert!(steps.contains("ChatOpened") && steps.contains("+ messages[2].text: … "), "{steps}");
    assert!(newest.contains(&format!("at revision {}\n", count - 1)), "{newest}");
    drop(server);

    for (arguments, code) in [
        (&["replay", stream.as_str(), "--at", "9999"][..], 3),
        (&["replay", "chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c"], 3),
        (&["replay", stream.as_str(), "--diff", "3"], 2),
        (&["replay", stream.as_str(), "--diff", "0..1", "--at", "1"], 2),
    ] {
        let output = reenact(&ground, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    }
}

#[tokio::test]
async fn a_chat_is_forked_and_gone_on_with_in_the_terminal() {
    let ground = Ground::new("");
    let project = ground.project_path();
    said(&ground, &["ask", "-p", &project, "read README.md"]);
    let rows = said(&ground, &["ps", "--all", "--json"]);
    let stream =
        serde_json::from_str::<Value>(rows.lines().next().unwrap()).unwrap()["stream"].as_str().unwrap().to_owned();
    let forked = said(&ground, &["fork", &stream, "--after-turn", "1"]);
    assert!(forked.contains(&format!("is {stream} up to revision ")), "{forked}");
    let fork = forked.split_whitespace().next().unwrap().to_owned();
    said(&ground, &["ask", "--chat", fork.strip_prefix("chat/").unwrap(), "list"]);
    let listed = said(&ground, &["ps", "--all"]);
    assert!(listed.contains(&format!("forked from {stream} at ")), "{listed}");

    let on = said(&ground, &["fork", &stream, "--at", "2", "--model", "offline", "--run"]);
    assert!(on.contains("● read_file README.md") && on.contains("It shines."), "{on}");
    let quiet = reenact(&ground, &["fork", &stream, "--after-turn", "1", "--run"]);
    assert!(String::from_utf8(quiet.stderr).unwrap().contains("no turn was open there"));
    let events = said(&ground, &["fork", &stream, "--at", "2", "--run", "--json"]);
    let last: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    assert_eq!(last["type"], "TurnFinished");
    for (arguments, code) in [
        (&["fork", stream.as_str()][..], 2),
        (&["fork", &stream, "--at", "1", "--after-turn", "1"], 2),
        (&["fork", &stream, "--at", "9999"], 3),
        (&["fork", "system/host", "--at", "0"], 4),
        (&["fork", &stream, "--at", "1", "-m", "nobody/x"], 2),
    ] {
        let output = reenact(&ground, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    }
}
