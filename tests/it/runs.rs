//! Workflows as people run them: the real program, their scripts in a project, the server killed in the middle.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::{
    cli::{Home, Run},
    process::{Ground, Server},
};

/// Puts a workflow into a folder of a project.
pub fn write(home: &Home, name: &str, source: &str) {
    let folder = home.project.path().join(".claude/workflows");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), source).unwrap();
}

/// Runs `reenact` on a project that is trusted as it is.
pub fn run(home: &Home, arguments: &[&str]) -> Run {
    let trusted = home.run(&["trust", ".", "--yes"]);
    assert_eq!(trusted.code, Some(0), "{trusted:?}");
    home.run(arguments)
}

/// The one object that it printed.
pub fn object(run: &Run) -> Value {
    assert_eq!(run.out.lines().count(), 1, "{run:?}");
    serde_json::from_str(&run.out).unwrap()
}

const SUM: &str = "export const meta = { name: 'sum-up', description: 'Sums up', phases: [{title: 'Read'}] }
phase('Read')
const parts = await parallel(['one', 'two'].map((name) => () => agent(`Say ${name}`, { label: name })))
log(`${parts.length} parts`)
return { ok: true, parts: parts.length, topic: args?.topic ?? 'none' }";

#[test]
fn a_workflow_that_somebody_brought_runs_to_its_end_and_says_what_it_did() {
    let home = Home::new();
    write(&home, "sum.js", SUM);
    let ran = run(&home, &["run", "sum-up", "--arg", "topic=light", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = object(&ran);
    assert_eq!(
        (&ran["status"], &ran["result"]),
        (&json!("finished"), &json!({"ok": true, "parts": 2, "topic": "light"}))
    );
    assert_eq!((ran["steps"].as_array().unwrap().len(), &ran["phases"]), (2, &json!(["Read"])));
    assert_eq!((&ran["steps"][0]["label"], &ran["steps"][0]["outcome"]["kind"]), (&json!("one"), &json!("succeeded")));
    assert_eq!(ran["logs"][0]["text"], "2 parts");
    assert!(ran["usage"]["output"].as_u64().unwrap() > 0, "{ran}");
    let told = home.run(&["run", "sum-up"]);
    assert!(told.out.contains("✓ one") && told.out.contains("\"parts\": 2"), "{told:?}");
    // What it came from stands in the log, and a chat of a step in no list of chats.
    let chats = home.run(&["ps", "--all"]);
    assert!(!chats.out.contains("chat/") && chats.out.contains("sum-up"), "{chats:?}");
}

#[test]
fn an_answer_with_a_shape_comes_as_an_object() {
    let home = Home::new();
    let schema = "{type: 'object', properties: {findings: {type: 'array', items: {type: 'object', properties: {file: {type: 'string'}, level: {enum: ['high', 'low']}}, required: ['file', 'level']}}}, required: ['findings']}";
    let body = format!(
        "const a = await agent('look', {{schema: {schema}}})\nconst b = await agent('count', {{schema: {{type: 'integer', minimum: 7}}}})\nlet c; try {{ await agent('x', {{schema: {{type: 'nonsense'}}}}) }} catch (e) {{ c = e.name }}\nreturn {{ level: a.findings[0].level, b, c }}"
    );
    write(&home, "shape.js", &format!("export const meta = {{ name: 'shape', description: 'x' }}\n{body}"));
    let ran = object(&run(&home, &["run", "shape", "--json"]));
    assert_eq!(ran["result"], json!({"level": "high", "b": 7, "c": "InvalidSchema"}), "{ran}");
}

#[tokio::test]
async fn an_agent_that_dies_is_null_to_its_script_and_its_step_says_why() {
    let scenario =
        r#"{"rules": [{"when": {"contains": "fail"}, "then": [{"error": {"kind": "bad_request", "message": "no"}}]}]}"#;
    let ground = Ground::new(scenario);
    let folder = ground.project.path().join(".reenact/workflows");
    fs::create_dir_all(&folder).unwrap();
    let source = "export const meta = { name: 'dies', description: 'x' }\nreturn [await agent('fail'), 1]";
    fs::write(folder.join("dies.js"), source).unwrap();
    let server = ground.serve();
    let run = start(&server, &ground, "dies").await;
    let events = until(&server, &run, |events| count(events, "RunFinished") == 1).await;
    assert_eq!(events.last().unwrap()["data"]["result"], "[null,1]");
    let settled = events.iter().find(|event| event["type"] == "StepSettled").unwrap();
    assert_eq!(settled["data"]["outcome"]["name"], "AgentError", "{settled}");
}

#[test]
fn workflows_are_listed_with_what_is_wrong_with_them() {
    let home = Home::new();
    write(&home, "sum.js", SUM);
    write(&home, "broken.js", "export const meta = { name: 'broken', description: 'B' }\nconst a = ;\nreturn 1");
    write(&home, "review-code.js", "export const meta = { name: 'review-code', description: 'Ours' }\nreturn 'ours'");
    let listed = home.run(&["workflows"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    for words in ["sum-up", "cannot run: SyntaxError", "broken.js:2:11", "hidden by another", "built in"] {
        assert!(listed.out.contains(words), "{words}: {}", listed.out);
    }
    let ours = run(&home, &["run", "review-code"]);
    assert!(ours.out.contains("ours"), "{ours:?}");
    let theirs = run(&home, &["run", "builtin:review-code", "--json"]);
    assert_eq!(object(&theirs)["steps"].as_array().unwrap().len(), 4, "{theirs:?}");
}

#[test]
fn every_built_in_workflow_runs_to_its_end_offline() {
    let home = Home::new();
    let built_in: Vec<String> = home
        .json(&["workflows"])
        .iter()
        .filter(|listed| listed["source"] == "built_in")
        .map(|listed| listed["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(built_in, ["bounty-hunt", "deep-research", "find-issues", "multi-review", "plan-verify", "review-code"]);
    for name in built_in {
        let args = r#"{"target":"README.md","query":"what is it?","task":"paint it"}"#;
        let ran = home.run(&["run", &format!("builtin:{name}"), "--args", args, "--json"]);
        assert_eq!(ran.code, Some(0), "{name}: {ran:?}");
        let ran = object(&ran);
        assert_eq!((&ran["result"]["ok"], ran["result"]["output"].is_string()), (&json!(true), true), "{name}: {ran}");
        assert!(ran["steps"].as_array().unwrap().len() > 2, "{name}: {ran}");
    }
}

#[test]
fn what_cannot_run_says_why_and_what_to_do() {
    let home = Home::new();
    write(&home, "sum.js", SUM);
    let unknown = home.run(&["run", "sum-upp"]);
    assert!(unknown.code == Some(3) && unknown.err.contains("did you mean `sum-up`"), "{unknown:?}");
    let untrusted = home.run(&["run", "sum-up"]);
    assert!(untrusted.code == Some(4) && untrusted.err.contains("trust"), "{untrusted:?}");
    let bad = home.run(&["run", "sum-up", "--args", "{"]);
    assert!(bad.code == Some(2) && bad.err.contains("not JSON"), "{bad:?}");
    for (name, body, said) in [
        ("throws", "throw new Error('the target is missing')", "the target is missing (throws.js:2:"),
        ("clock", "return Date.now()", "pass the value in args"),
        ("stuck", "await new Promise(() => {})", "nothing can settle"),
        ("many", "return await parallel(new Array(4097).fill(() => 1))", "4097"),
        ("nobody", "return await workflow('nobody-knows')", "there is no workflow `nobody-knows`"),
        ("deep", "return await workflow('deeper')", "cannot run a third"),
    ] {
        write(
            &home,
            &format!("{name}.js"),
            &format!("export const meta = {{ name: '{name}', description: 'x' }}\n{body}"),
        );
        write(
            &home,
            "deeper.js",
            "export const meta = { name: 'deeper', description: 'x' }\nreturn await workflow('sum-up')",
        );
        let failed = run(&home, &["run", name]);
        assert!(failed.code == Some(1) && failed.out.contains(said), "{name}: {failed:?}");
    }
}

#[test]
fn a_nested_workflow_of_a_project_that_nobody_trusts_does_not_run() {
    let home = Home::new();
    write(&home, "sum.js", SUM);
    let own = home.data.path().join(".claude/workflows");
    fs::create_dir_all(&own).unwrap();
    let outer = "export const meta = { name: 'outer', description: 'x' }\nreturn await workflow('sum-up')";
    fs::write(own.join("outer.js"), outer).unwrap();
    let refused = home.run(&["run", "outer"]);
    assert!(refused.code == Some(1) && refused.out.contains("is not trusted as it is now"), "{refused:?}");
    let trusted = run(&home, &["run", "outer", "--json"]);
    assert_eq!(object(&trusted)["status"], "finished", "{trusted:?}");
}

#[test]
fn a_question_is_answered_from_the_terminal() {
    let home = Home::new();
    write(
        &home,
        "ask.js",
        "export const meta = { name: 'ask', description: 'x' }\nreturn (await approve('Ship it?')).comment",
    );
    let started = run(&home, &["run", "ask", "--detach"]);
    let stream = started.out.trim().to_owned();
    let serving = home.serve("0");
    for _ in 0..100 {
        if home.run(&["ps"]).out.contains("waiting") {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let answered = home.run(&["approve", &stream, "1", "--comment", "yes"]);
    assert_eq!(
        (answered.code, answered.out.trim()),
        (Some(0), &*format!("approved step 1 of {stream}")),
        "{answered:?}"
    );
    let again = home.run(&["approve", &stream, "1", "--refuse"]);
    assert!(again.code == Some(4) || again.code == Some(1), "{again:?}");
    let wrong = home.run(&["approve", "chat/x", "1"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    drop(serving);
}

/// The events of a stream once they are so.
pub async fn until(server: &Server, stream: &str, is: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    for _ in 0..600 {
        let events = server.events(stream).await;
        if is(&events) {
            return events;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{stream} did not come there: {:?}", server.events(stream).await)
}

/// How many events of a kind there are.
pub fn count(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|event| event["type"] == kind).count()
}

/// Runs a workflow of a project, which is trusted as it is now.
pub async fn start(server: &Server, ground: &Ground, workflow: &str) -> String {
    let (_, project) = server.http("POST", "/api/projects", Some(json!({"path": ground.project_path()}))).await;
    let project = project["id"].as_str().unwrap().to_owned();
    let (_, trust) = server.http("GET", &format!("/api/projects/{project}/trust"), None).await;
    let (status, trusted) =
        server.http("POST", &format!("/api/projects/{project}/trust"), Some(json!({"digest": trust["digest"]}))).await;
    assert_eq!(status, 200, "{trusted}");
    let (_, session) = server.http("POST", "/api/sessions", Some(json!({"project": project}))).await;
    let new = json!({"workflow": workflow, "session": session["id"]});
    let (status, run) = server.http("POST", "/api/runs", Some(new)).await;
    assert_eq!(status, 200, "{run}");
    run["stream"].as_str().unwrap().to_owned()
}

fn ground(name: &str, body: &str) -> Ground {
    let ground = Ground::new("");
    let folder = ground.project.path().join(".reenact/workflows");
    fs::create_dir_all(&folder).unwrap();
    let source = format!("export const meta = {{ name: '{name}', description: 'x' }}\n{body}");
    fs::write(folder.join(format!("{name}.js")), source).unwrap();
    ground
}

#[tokio::test]
async fn a_server_that_is_killed_with_ten_agents_in_flight_goes_on_and_does_nothing_twice() {
    let body = "const first = await agent('hello')\nconst all = await parallel(Array.from({length: 10}, (_, n) => () => agent(`tell a long story ${n}`, {label: `a${n}`})))\nreturn all.length";
    let ground = ground("ten", body);
    let server = ground.serve();
    let run = start(&server, &ground, "ten").await;
    until(&server, &run, |events| count(events, "StepStarted") >= 11).await;
    server.kill();
    let server = ground.serve();
    let events = until(&server, &run, |events| count(events, "RunFinished") == 1).await;
    let finished = events.iter().find(|event| event["type"] == "RunFinished").unwrap();
    assert_eq!(finished["data"]["result"], "10");
    assert_eq!(
        (count(&events, "StepRequested"), count(&events, "StepSettled")),
        (11, 11),
        "nothing is asked or settled twice"
    );
    let starts = |step: u64| {
        events.iter().filter(|event| event["type"] == "StepStarted" && event["data"]["step"] == step).count()
    };
    assert_eq!(starts(1), 1, "a step that was over does not run again");
    let child = events.iter().find(|event| event["type"] == "StepStarted" && event["data"]["step"] == 2).unwrap();
    let chat = server.events(child["data"]["child"].as_str().unwrap()).await;
    assert_eq!((count(&chat, "ChatOpened"), count(&chat, "TurnStarted"), count(&chat, "TurnFinished")), (1, 1, 1));
}

#[tokio::test]
async fn a_question_waits_over_a_restart_and_its_answer_goes_on() {
    let ground = ground(
        "ask",
        "const said = await approve('Ship it?', {detail: 'all of it'})\nreturn said.approved ? said.comment : 'no'",
    );
    let server = ground.serve();
    let run = start(&server, &ground, "ask").await;
    until(&server, &run, |events| count(events, "StepRequested") == 1).await;
    server.kill();
    let server = ground.serve();
    let (_, row) = server.http("GET", &format!("/api/runs/{}", run.trim_start_matches("run/")), None).await;
    assert_eq!((&row["state"], &row["questions"]), (&json!("running"), &json!(1)), "{row}");
    let path = format!("/api/runs/{}/steps/1/approval", run.trim_start_matches("run/"));
    let (status, said) = server.http("POST", &path, Some(json!({"approved": true, "comment": "go"}))).await;
    assert_eq!(status, 200, "{said}");
    let events = until(&server, &run, |events| count(events, "RunFinished") == 1).await;
    assert_eq!(events.last().unwrap()["data"]["result"], "\"go\"");
    let (status, again) = server.http("POST", &path, Some(json!({"approved": false}))).await;
    assert_eq!((status, &again["code"]), (409, &json!("run_over")));
}

#[tokio::test]
async fn a_run_is_paused_resumed_and_stopped_with_what_it_began() {
    let ground = ground("long", "await sleep(600)\nawait agent('tell a long story')\nreturn 1");
    let server = ground.serve();
    let run = start(&server, &ground, "long").await;
    let act = async |deed: &str| {
        let path = format!("/api/runs/{}/{deed}", run.trim_start_matches("run/"));
        let (status, said) = server.http("POST", &path, Some(json!({}))).await;
        assert_eq!(status, 200, "{deed}: {said}");
    };
    // It has asked for its timer: a run that is paused before asks for nothing at all.
    until(&server, &run, |events| count(events, "StepRequested") == 1).await;
    act("pause").await;
    until(&server, &run, |events| count(events, "StepSettled") == 1).await;
    act("resume").await;
    let events = until(&server, &run, |events| count(events, "StepStarted") == 1).await;
    let at = |is: &dyn Fn(&Value) -> bool| events.iter().position(is).unwrap();
    let resumed = at(&|event| event["type"] == "RunResumed");
    let asked = at(&|event| event["type"] == "StepRequested" && event["data"]["step"] == 2);
    assert!(resumed < asked, "a paused run asks for nothing: {events:?}");
    let started = events.iter().find(|event| event["type"] == "StepStarted").unwrap();
    let chat = started["data"]["child"].as_str().unwrap().to_owned();
    until(&server, &chat, |events| count(events, "ModelCallStarted") == 1).await;
    act("cancel").await;
    until(&server, &chat, |events| count(events, "TurnCancelled") == 1).await;
    assert_eq!(count(&server.events(&run).await, "RunCancelled"), 1);
}

#[tokio::test]
async fn an_agent_that_takes_too_long_is_tried_again_in_a_chat_of_its_own() {
    let ground = ground(
        "slow",
        "try { await agent('tell a long story', {timeout_ms: 200, retries: 1}) } catch (e) { return e.name }",
    );
    let server = ground.serve();
    let run = start(&server, &ground, "slow").await;
    let events = until(&server, &run, |events| count(events, "RunFinished") == 1).await;
    assert_eq!(events.last().unwrap()["data"]["result"], "\"TimedOut\"");
    let kinds = ["StepTryFailed", "StepRetried", "StepStarted", "StepSettled"].map(|kind| count(&events, kind));
    assert_eq!(kinds, [1, 1, 2, 1], "{events:?}");
    let chats: std::collections::BTreeSet<&str> = events
        .iter()
        .filter(|event| event["type"] == "StepStarted")
        .map(|event| event["data"]["child"].as_str().unwrap())
        .collect();
    assert_eq!(chats.len(), 2, "{events:?}");
}

#[tokio::test]
async fn an_agent_that_works_can_be_spoken_to_and_answers_with_what_it_says_last() {
    let ground = ground("talk", "return await agent('tell a long story')");
    let server = ground.serve();
    let run = start(&server, &ground, "talk").await;
    let events = until(&server, &run, |events| count(events, "StepStarted") == 1).await;
    let chat = events.iter().find(|event| event["type"] == "StepStarted").unwrap()["data"]["child"].clone();
    let chat = chat.as_str().unwrap().to_owned();
    until(&server, &chat, |events| count(events, "TextAppended") > 0).await;
    let path = format!("/api/runs/{}/steps/1/message", run.trim_start_matches("run/"));
    let (status, said) = server.http("POST", &path, Some(json!({"text": "list"}))).await;
    assert_eq!(status, 200, "{said}");
    let events = until(&server, &run, |events| count(events, "RunFinished") == 1).await;
    let result = events.last().unwrap()["data"]["result"].as_str().unwrap();
    assert!(result.contains("README.md"), "{result}");
    let (status, late) = server.http("POST", &path, Some(json!({"text": "more"}))).await;
    assert_eq!((status, &late["code"]), (409, &json!("step_over")), "{late}");
    let (status, none) = server.http("POST", &path.replace("/1/", "/9/"), Some(json!({"text": "more"}))).await;
    assert_eq!((status, &none["code"]), (404, &json!("no_step")), "{none}");
}

#[test]
fn a_run_ends_once_it_has_worked_for_its_time_and_waiting_does_not_count() {
    let home = Home::new();
    let slow = "export const meta = { name: 'slow', description: 'x' }\nawait sleep(1200)\nawait agent('tell a long story')\nreturn 1";
    write(&home, "slow.js", slow);
    let _serving = home.serve("10");
    let ran = run(&home, &["run", "slow", "--time-limit", "1s", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let ran = object(&ran);
    let said = ran["error"]["message"].as_str().unwrap();
    assert_eq!((&ran["status"], &ran["error"]["name"]), (&json!("failed"), &json!("LimitReached")), "{ran}");
    assert!(said.contains("1 s") && said.contains("--time-limit"), "{said}");
    assert_eq!(ran["steps"][0]["outcome"]["kind"], "succeeded", "the timer alone is longer than the limit: {ran}");
    // What ends the run ends its agent.
    let left = || home.run(&["ps"]).out;
    assert!((0..100).any(|_| left() == "nothing is running\n"), "{}", left());
    for (wrong, why) in [("soon", "is no time"), ("0s", "`time_limit_ms` is below 1000")] {
        let refused = home.run(&["run", "slow", "--time-limit", wrong]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains(why), "{refused:?}");
    }
}

#[tokio::test]
async fn what_a_run_has_worked_is_kept_over_a_restart_and_the_usual_limit_is_a_setting() {
    let ground = ground("two", "await agent('tell a long story')\nawait agent('tell a long story')\nreturn 1");
    let serve = || {
        ground.serve_as(|command| {
            command.env("REENACT_WORKFLOWS_TIME_LIMIT_MINUTES", "1");
        })
    };
    let server = serve();
    let run = start(&server, &ground, "two").await;
    let events = until(&server, &run, |events| count(events, "StepStarted") == 1).await;
    assert_eq!(events[0]["data"]["time_limit_ms"], 60_000, "{events:?}");
    server.kill();
    let server = serve();
    // A restart begins the clock anew from what was counted, and the run goes on: the time without a server is not its own.
    let events = until(&server, &run, |events| count(events, "RunFinished") == 1).await;
    assert_eq!(count(&events, "RunFailed"), 0);
}
