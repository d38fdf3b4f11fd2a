//! Only so many workflows go on at a time: the others are queued, and one that waits for a person holds nobody up.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::process::{Ground, Server};

struct Desk {
    ground: Ground,
    session: String,
}

/// A server on which one workflow goes on at a time.
fn serve(ground: &Ground) -> Server {
    ground.serve_as(|command| {
        command.env("REENACT_LANES_RUNS", "1").env("REENACT_WORDS_PER_SECOND", "60");
    })
}

async fn desk(server: &Server, ground: Ground, workflows: &[(&str, &str)]) -> Desk {
    let folder = ground.project.path().join(".claude/workflows");
    fs::create_dir_all(&folder).unwrap();
    for (name, body) in workflows {
        let source = format!("export const meta = {{ name: '{name}', description: 'x' }}\n{body}");
        fs::write(folder.join(format!("{name}.js")), source).unwrap();
    }
    let (project, session) = server.desk(&ground).await;
    let path = format!("/api/projects/{project}/trust");
    let (_, shown) = server.http("GET", &path, None).await;
    server.http("POST", &path, Some(json!({"digest": shown["digest"]}))).await;
    Desk { ground, session }
}

impl Desk {
    async fn start(&self, server: &Server, workflow: &str) -> String {
        let (status, run) =
            server.http("POST", "/api/runs", Some(json!({"workflow": workflow, "session": self.session}))).await;
        assert_eq!(status, 200, "{run}");
        run["id"].as_str().unwrap().to_owned()
    }
}

async fn state(server: &Server, run: &str) -> Value {
    server.http("GET", &format!("/api/runs/{run}"), None).await.1["state"].clone()
}

async fn until(server: &Server, run: &str, is: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    for _ in 0..600 {
        let events = server.events(&format!("run/{run}")).await;
        if is(&events) {
            return events;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{run} did not come there: {:?}", server.events(&format!("run/{run}")).await)
}

fn position(events: &[Value], kind: &str) -> u64 {
    events.iter().rev().find(|event| event["type"] == kind).unwrap()["position"].as_u64().unwrap()
}

fn has(events: &[Value], kind: &str) -> bool {
    events.iter().any(|event| event["type"] == kind)
}

#[tokio::test]
async fn a_run_that_waits_for_a_person_lets_another_go_on_and_queues_when_it_is_answered() {
    let ground = Ground::new("");
    let server = serve(&ground);
    let workflows = [
        ("asks", "return (await approve('Go on?')).approved"),
        ("slow", "return await agent('tell a long story')"),
        ("quick", "return 2"),
    ];
    let desk = desk(&server, ground, &workflows).await;
    let asks = desk.start(&server, "asks").await;
    until(&server, &asks, |events| has(events, "StepRequested")).await;
    let slow = desk.start(&server, "slow").await;
    until(&server, &slow, |events| has(events, "StepStarted")).await;
    let quick = desk.start(&server, "quick").await;
    assert_eq!(state(&server, &quick).await, "queued");
    let answer = json!({"approved": true});
    server.http("POST", &format!("/api/runs/{asks}/steps/1/approval"), Some(answer)).await;
    assert_eq!(state(&server, &asks).await, "queued");
    // One that is queued can be stopped before its turn.
    let stopped = desk.start(&server, "quick").await;
    server.http("POST", &format!("/api/runs/{stopped}/cancel"), Some(json!({}))).await;
    let [slow, asks, quick] = [
        until(&server, &slow, |events| has(events, "RunFinished")).await,
        until(&server, &asks, |events| has(events, "RunFinished")).await,
        until(&server, &quick, |events| has(events, "RunFinished")).await,
    ];
    assert_eq!(asks.iter().filter(|event| event["type"] == "RunStarted").count(), 2);
    let free = position(&slow, "RunFinished");
    assert!(free < position(&asks, "RunStarted"), "its turn comes when the slow one is over");
    assert!(
        position(&asks, "RunFinished") < position(&quick, "RunStarted"),
        "the one that was asked for first comes first"
    );
    assert!(!has(&until(&server, &stopped, |events| has(events, "RunCancelled")).await, "RunStarted"));
}

#[tokio::test]
async fn a_killed_server_goes_on_with_what_had_its_turn_and_then_with_what_was_queued() {
    let ground = Ground::new("");
    let server = serve(&ground);
    let workflows =
        [("slow", "await agent('tell a long story')\nreturn await workflow('quick')"), ("quick", "return 2")];
    let desk = desk(&server, ground, &workflows).await;
    let slow = desk.start(&server, "slow").await;
    until(&server, &slow, |events| has(events, "StepStarted")).await;
    let quick = desk.start(&server, "quick").await;
    assert_eq!(state(&server, &quick).await, "queued");
    server.kill();
    let server = serve(&desk.ground);
    // The one within it needs no turn of its own, which would never come.
    let slow = until(&server, &slow, |events| has(events, "RunFinished")).await;
    assert_eq!(slow.last().unwrap()["data"]["result"], "2");
    assert_eq!(slow.iter().filter(|event| event["type"] == "RunStarted").count(), 1, "its turn goes on");
    let quick = until(&server, &quick, |events| has(events, "RunFinished")).await;
    assert_eq!(quick.iter().filter(|event| event["type"] == "RunStarted").count(), 1);
}
