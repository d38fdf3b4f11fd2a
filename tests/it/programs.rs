//! Workflows that are modules of their own, `*.wasm`: listed, run and replayed by a real server like scripts.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::{
    corpus::{is_end, trusted_session},
    process::{Ground, Server},
};

const EXAMPLE: &str = include_str!("../../docs/examples/ask-twice.wat");
/// The second agent takes its time, so that the server can be killed while it is asked.
const SCENARIO: &str = r#"{"words_per_second": 0, "rules": [
    {"when": {"contains": "Say this better"}, "then": [{"delay_ms": 1500}, {"text": "A tower that shines."}]},
    {"when": {"contains": "lighthouse"}, "then": [{"text": "A \"tower\" with a lamp."}]}
]}"#;

fn ground() -> Ground {
    let ground = Ground::new(SCENARIO);
    let folder = ground.project.path().join(".reenact/workflows");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("ask-twice.wasm"), wat::parse_str(EXAMPLE).unwrap()).unwrap();
    let spins = EXAMPLE.replace("\\\"ask-twice\\\"", "\\\"ask-loops\\\"");
    let spins = spins.replace("(drop (call $call", "(loop $l (br $l)) (drop (call $call");
    fs::write(folder.join("ask-loops.wasm"), wat::parse_str(spins).unwrap()).unwrap();
    let without = EXAMPLE.replace("(export \"resume\")", "");
    fs::write(folder.join("broken.wasm"), wat::parse_str(without).unwrap()).unwrap();
    fs::write(folder.join("text.wasm"), "no module").unwrap();
    ground
}

async fn start(server: &Server, session: &str, workflow: &str) -> (u16, Value) {
    server.http("POST", "/api/runs", Some(json!({"workflow": workflow, "session": session}))).await
}

/// The events of a run, once they are as they are to be.
async fn until(server: &Server, stream: &str, is: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    for _ in 0..1_800 {
        let events = server.events(stream).await;
        if is(&events) {
            return events;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{stream} did not come there: {:?}", server.events(stream).await)
}

fn count(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|event| event["type"] == kind).count()
}

#[tokio::test]
async fn a_module_is_listed_runs_and_goes_on_after_a_kill() {
    let ground = ground();
    let server = ground.serve();
    let (project, session) = trusted_session(&server, &ground).await;
    let (_, listed) = server.http("GET", &format!("/api/workflows?project={project}"), None).await;
    let of = |name: &str| listed["items"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
    let ours = of("ask-twice");
    assert_eq!((&ours["description"], &ours["phases"]), (&json!("Asks, and has the answer improved"), &json!(["Ask"])));
    assert!(ours["error"].is_null(), "{ours}");
    for (name, said) in [("broken", "`resume`"), ("text", "no WebAssembly module")] {
        assert!(of(name)["error"]["message"].as_str().unwrap().contains(said), "{}", of(name));
        let (status, refused) = start(&server, &session, name).await;
        assert!(status == 422 && refused.to_string().contains(said.trim_matches('`')), "{refused}");
    }
    let (status, run) = start(&server, &session, "ask-twice").await;
    assert_eq!(status, 200, "{run}");
    let stream = run["stream"].as_str().unwrap();
    until(&server, stream, |events| count(events, "StepStarted") == 2).await;
    server.kill();
    // What a run pinned is what it goes on with.
    fs::remove_file(ground.project.path().join(".reenact/workflows/ask-twice.wasm")).unwrap();
    let server = ground.serve();
    let events = until(&server, stream, |events| events.last().is_some_and(is_end)).await;
    let end = events.last().unwrap();
    assert_eq!(end["data"]["result"], "\"A tower that shines.\"", "{end}");
    assert_eq!((count(&events, "StepRequested"), count(&events, "StepSettled")), (2, 2));
    assert_eq!(count(&events, "PhaseStarted"), 1, "what was said is said once");
    let second = events.iter().filter(|event| event["type"] == "StepRequested").nth(1).unwrap();
    assert!(second["data"]["payload"].to_string().contains("tower"), "{second}");
}

#[tokio::test]
async fn a_module_that_loops_is_stopped_with_the_function_that_it_was_in() {
    let ground = ground();
    let server = ground.serve();
    let (_, session) = trusted_session(&server, &ground).await;
    let (status, run) = start(&server, &session, "ask-loops").await;
    assert_eq!(status, 200, "{run}");
    let events = until(&server, run["stream"].as_str().unwrap(), |events| events.last().is_some_and(is_end)).await;
    let error = &events.last().unwrap()["data"]["error"];
    assert_eq!(error["name"], "LimitReached", "{error}");
    assert!(error["stack"].as_str().unwrap().contains("at start (ask-loops.wasm, byte "), "{error}");
}
