//! Agents that have workflows run: `run_workflow` and `workflow_status` in a chat of the real server, with the offline model.

use std::fs;

use serde_json::{Value, json};

use crate::process::{Ground, Server};

const SCENARIO: &str = r#"{"rules": [
    {"when": {"contains": "tidy up", "has_tool_result": false},
     "then": [{"tool_calls": [{"name": "run_workflow", "arguments": {"name": "tidy", "args": {"what": "desk"}}}]}]},
    {"when": {"contains": "dream", "has_tool_result": false},
     "then": [{"tool_calls": [{"name": "run_workflow", "arguments": {"name": "tidi"}}]}]},
    {"when": {"contains": "how is", "has_tool_result": false},
     "then": [{"tool_calls": [{"name": "workflow_status", "arguments": {"run": "RUN"}}]}]},
    {"when": {"contains": "start another", "has_tool_result": false},
     "then": [{"tool_calls": [{"name": "run_workflow", "arguments": {"name": "tidy"}}]}]}
]}"#;

fn ground(body: &str) -> Ground {
    let ground = Ground::new(SCENARIO);
    let folder = ground.project.path().join(".claude/workflows");
    fs::create_dir_all(&folder).unwrap();
    let source = format!("export const meta = {{ name: 'tidy', description: 'Tidies up' }}\n{body}");
    fs::write(folder.join("tidy.js"), source).unwrap();
    ground
}

async fn trust(server: &Server, project: &str) {
    let path = format!("/api/projects/{project}/trust");
    let (_, shown) = server.http("GET", &path, None).await;
    let (status, given) = server.http("POST", &path, Some(json!({"digest": shown["digest"]}))).await;
    assert_eq!(status, 200, "{given}");
}

/// The output of the last tool call of a chat, and how it ended.
async fn output(server: &Server, chat: &str) -> (String, String) {
    let events = server.events(chat).await;
    let ended = events.iter().rev().find(|event| event["type"] == "ToolFinished").unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&ended["data"]["output"]), text(&ended["data"]["outcome"]))
}

async fn over(server: &Server, run: &str) -> Vec<Value> {
    for _ in 0..600 {
        let events = server.events(&format!("run/{run}")).await;
        if events.last().is_some_and(|last| last["type"] == "RunFinished" || last["type"] == "RunFailed") {
            return events;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the run does not end: {:?}", server.events(&format!("run/{run}")).await)
}

#[tokio::test]
async fn an_agent_starts_a_workflow_in_its_session_and_is_told_how_it_stands() {
    let ground = ground("await agent('look at the desk')\nreturn { tidied: args.what }");
    let server = ground.serve();
    let (project, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    let stream = chat.clone();
    // What the project brings waits for trust.
    server.turn(&chat, "please tidy up").await;
    let (refused, outcome) = output(&server, &stream).await;
    assert!(outcome == "failed" && refused.contains("not trusted"), "{refused}");
    trust(&server, &project).await;
    server.turn(&chat, "now tidy up").await;
    let (started, _) = output(&server, &stream).await;
    let started: Value = serde_json::from_str(&started).unwrap();
    assert_eq!((&started["name"], &started["status"]), (&json!("tidy"), &json!("running")));
    let run = started["run"].as_str().unwrap();
    let events = over(&server, run).await;
    let requested = &events[0];
    assert_eq!(requested["data"]["session"], session.as_str());
    assert_eq!(requested["by"]["kind"], "agent", "{requested}");
    assert_eq!(events.last().unwrap()["data"]["result"], r#"{"tidied":"desk"}"#);
    // A name that there is none of is answered with what there is.
    server.turn(&chat, "dream").await;
    let (unknown, outcome) = output(&server, &stream).await;
    assert!(
        outcome == "failed" && unknown.contains("did you mean `tidy`") && unknown.contains("- tidy: Tidies up"),
        "{unknown}"
    );
    // The scenario knows no ids: a status of nothing says so.
    server.turn(&chat, "how is it?").await;
    let (status, outcome) = output(&server, &stream).await;
    assert!(outcome == "failed" && status.contains("There is no run `RUN`"), "{status}");
}

#[tokio::test]
async fn a_status_says_what_is_done_what_is_waited_for_and_what_came_of_it() {
    let ground =
        ground("phase('Ask')\nawait agent('look at the desk')\nreturn (await approve('Throw it away?')).approved");
    let server = ground.serve();
    let (project, session) = server.desk(&ground).await;
    trust(&server, &project).await;
    let (_, started) = server.http("POST", "/api/runs", Some(json!({"workflow": "tidy", "session": session}))).await;
    let run = started["id"].as_str().unwrap().to_owned();
    for _ in 0..600 {
        let events = server.events(&format!("run/{run}")).await;
        if events.iter().any(|event| event["type"] == "StepRequested" && event["data"]["kind"] == "approve") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    server.kill();
    // The same data, with a model that asks for this run.
    fs::write(ground.data.path().with_extension("scenario.json"), SCENARIO.replace("RUN", &run)).unwrap();
    let server = ground.serve();
    let chat = server.chat(&session).await;
    server.turn(&chat, "how is it?").await;
    let (status, _) = output(&server, &chat).await;
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(
        (&status["status"], &status["steps"], &status["phase"]),
        (&json!("running"), &json!({"done": 1, "total": 2}), &json!("Ask"))
    );
    assert_eq!(status["waits_for_a_person"], json!([{"step": 2, "question": "Throw it away?"}]));
    let path = format!("/api/runs/{run}/steps/2/approval");
    server.http("POST", &path, Some(json!({"approved": true}))).await;
    over(&server, &run).await;
    server.turn(&chat, "how is it now?").await;
    let (status, _) = output(&server, &chat).await;
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!((&status["status"], &status["result"]), (&json!("finished"), &json!(true)), "{status}");
}

#[tokio::test]
async fn the_agent_of_a_step_starts_no_workflow() {
    let ground = ground("return await agent('start another')");
    let server = ground.serve();
    let (project, session) = server.desk(&ground).await;
    trust(&server, &project).await;
    let (_, started) = server.http("POST", "/api/runs", Some(json!({"workflow": "tidy", "session": session}))).await;
    let events = over(&server, started["id"].as_str().unwrap()).await;
    let begun = events.iter().find(|event| event["type"] == "StepStarted").unwrap();
    let (refused, outcome) = output(&server, begun["data"]["child"].as_str().unwrap()).await;
    assert!(outcome == "failed" && refused.contains("does its own step"), "{refused}");
    let (_, runs) = server.http("GET", "/api/runs", None).await;
    assert_eq!(runs["items"].as_array().unwrap().len(), 1, "{runs}");
}
