//! Workflows of the shapes that people have, `tests/workflows/*.js`: all are listed, and each runs to its end on a real server
//! with the offline model, with the arguments and the ends of `tests/workflows/cases.json`.

use std::{fs, path::Path, process::Command};

use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::process::{Ground, Server};

/// How many runs are in flight at a time: they wait more than they work.
const AT_ONCE: usize = 6;

/// One run, and what is to come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    workflow: String,
    #[serde(default, deserialize_with = "some")]
    args: Option<Value>,
    budget: Option<u64>,
    /// What a person says to its questions, in their order; those beyond stay open.
    #[serde(default)]
    answers: Vec<Value>,
    #[serde(default, deserialize_with = "some")]
    result: Option<Value>,
    error: Option<Wrong>,
    /// Stands in a line of the log.
    log: Option<String>,
    phases: Option<Vec<String>>,
}

/// That `null` is given is not the same as that nothing is.
fn some<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// How a run fails; `message` and `place` stand in what it says, and an empty place means that it has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrong {
    name: String,
    message: String,
    place: String,
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            copy(&path, &to.join(entry.file_name()));
        } else if path.extension().is_some_and(|extension| extension != "json") {
            fs::copy(&path, to.join(entry.file_name())).unwrap();
        }
    }
}

/// A project with all of them, a git repository as most are, with an agent of its own.
fn project(ground: &Ground, corpus: &Path) {
    let folder = ground.project.path().join(".claude/workflows");
    copy(corpus, &folder);
    // What git might change on its way, and what is too large to be kept.
    let windows = "\u{feff}// Written on Windows\r\nexport const meta = {\r\n  name: 'windows',\r\n  description: 'Line ends of two characters',\r\n}\r\nconst text = `a\r\nb`\r\nreturn { lines: text.split('\\n').length, said: await agent('Say [say:yes]') }\r\n";
    fs::write(folder.join("windows.js"), windows).unwrap();
    fs::write(folder.join("big.js"), big()).unwrap();
    let agents = ground.project.path().join(".claude/agents");
    fs::create_dir_all(&agents).unwrap();
    let reader =
        "---\nname: reader\ndescription: Reads and changes nothing\ntools: Read, Grep\n---\nYou read with care.\n";
    fs::write(agents.join("reader.md"), reader).unwrap();
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
        let done = Command::new("git").args(who).args(arguments).current_dir(ground.project.path()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "all"]);
}

/// As large as the largest that are known: rules as data, long prompts, hundreds of functions.
fn big() -> String {
    use std::fmt::Write as _;
    let mut source =
        "export const meta = { name: 'big', description: 'Hundreds of kilobytes' }\nconst RULES = [\n".to_owned();
    for n in 0..3_000 {
        let why = "because it was so before, and ".repeat(2);
        writeln!(source, "  {{ id: 'rule-{n}', text: \"Rule {n}: {why}\", level: {}, on: /r{n}/u }},", n % 5).unwrap();
    }
    source.push_str("]\n");
    for n in 0..500 {
        writeln!(source, "function check{n}(rule) {{ return rule.level === {} && rule.on.test(`r{n}`) }}", n % 5)
            .unwrap();
    }
    source.push_str(
        "const said = await agent(`Follow:\\n${RULES.map((r) => r.text).join('\\n')}\\n[say:yes]`, { label: 'all' })\n",
    );
    source.push_str("return { rules: RULES.length, last: RULES.at(-1).id, said: check7(RULES[7]) ? said : '' }\n");
    assert!(source.len() > 200 * 1024, "{}", source.len());
    source
}

#[tokio::test]
async fn every_workflow_of_the_corpus_is_listed_and_runs_to_its_end() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workflows");
    let read = |name: &str| fs::read_to_string(corpus.join(name)).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&read("cases.json")).unwrap();
    let ground = Ground::new(&read("scenario.json"));
    project(&ground, &corpus);
    let server = ground.serve();
    let (project, session) = trusted_session(&server, &ground).await;
    let (_, listed) = server.http("GET", &format!("/api/workflows?project={project}"), None).await;
    let ours: Vec<&Value> =
        listed["items"].as_array().unwrap().iter().filter(|one| one["source"] == "project").collect();
    assert!(ours.len() >= 40, "{}", ours.len());
    let broken: Vec<_> = ours.iter().filter(|one| !one["error"].is_null()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    for one in &ours {
        assert!(cases.iter().any(|case| one["name"] == *case.workflow), "nobody runs {one}");
    }

    let wrong: Vec<String> = stream::iter(&cases)
        .map(|case| {
            let (server, session) = (&server, &session);
            async move { ran(server, session, case).await.err() }
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(|wrong| async { wrong })
        .collect()
        .await;
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// The ground's project, trusted as it is now, and a session in it.
pub async fn trusted_session(server: &Server, ground: &Ground) -> (String, String) {
    let (_, project) = server.http("POST", "/api/projects", Some(json!({"path": ground.project_path()}))).await;
    let project = project["id"].as_str().unwrap().to_owned();
    let (_, trust) = server.http("GET", &format!("/api/projects/{project}/trust"), None).await;
    let trusted = json!({"digest": trust["digest"]});
    let (status, said) = server.http("POST", &format!("/api/projects/{project}/trust"), Some(trusted)).await;
    assert_eq!(status, 200, "{said}");
    let (_, session) = server.http("POST", "/api/sessions", Some(json!({"project": project}))).await;
    (project, session["id"].as_str().unwrap().to_owned())
}

/// Runs a case; an error says what was not as it was to be.
async fn ran(server: &Server, session: &str, case: &Case) -> Result<(), String> {
    let mut new = json!({"workflow": case.workflow, "session": session, "budget": case.budget, "cache": false});
    if let Some(args) = &case.args {
        new["args"] = args.clone();
    }
    let (status, run) = server.http("POST", "/api/runs", Some(new)).await;
    if status != 200 {
        return Err(format!("{}: {run}", case.workflow));
    }
    let stream = run["stream"].as_str().unwrap();
    let mut socket = server.socket().await;
    socket.subscribe(1, stream, None).await;
    let mut answers = case.answers.iter();
    let mut seen: Vec<Value> = vec![];
    while !seen.last().is_some_and(is_end) {
        let frame = socket.until(|frame| frame["op"] == "event" || frame["op"] == "events").await;
        let events = frame["events"].as_array().cloned().unwrap_or_else(|| vec![frame.clone()]);
        for event in events {
            if event["type"] == "StepRequested"
                && event["data"]["kind"] == "approve"
                && let Some(answer) = answers.next()
            {
                let path =
                    format!("/api/runs/{}/steps/{}/approval", stream.trim_start_matches("run/"), event["data"]["step"]);
                let (status, said) = server.http("POST", &path, Some(answer.clone())).await;
                assert_eq!(status, 200, "{said}");
            }
            seen.push(event);
        }
    }
    judged(case, &seen).map_err(|what| format!("{} of {:?}: {what}", case.workflow, case.args))
}

/// Whether a run is over with this event.
pub fn is_end(event: &Value) -> bool {
    ["RunFinished", "RunFailed", "RunCancelled", "RunDiverged"].iter().any(|kind| event["type"] == *kind)
}

fn judged(case: &Case, events: &[Value]) -> Result<(), String> {
    let end = &events.last().unwrap()["data"];
    if let Some(wrong) = &case.error {
        let place = end["error"]["place"].as_str().unwrap_or_default();
        let is = end["error"]["name"] == *wrong.name
            && end["error"]["message"].as_str().is_some_and(|message| message.contains(&wrong.message))
            && if wrong.place.is_empty() { place.is_empty() } else { place.starts_with(&wrong.place) };
        return if is { Ok(()) } else { Err(format!("it is to fail with {wrong:?}, and ended with {end}")) };
    }
    let result: Option<Value> = end["result"].as_str().map(|text| serde_json::from_str(text).unwrap());
    if result.is_none() || result != case.result {
        return Err(format!("it is to come to {:?}, and came to {end}", case.result));
    }
    let texts = |kind: &str, key: &str| -> Vec<String> {
        let of = events.iter().filter(|event| event["type"] == kind);
        of.filter_map(|event| event["data"][key].as_str().map(str::to_owned)).collect()
    };
    if let Some(phases) = &case.phases
        && *phases != texts("PhaseStarted", "title")
    {
        return Err(format!("its phases are {:?}", texts("PhaseStarted", "title")));
    }
    let lines = texts("LogWritten", "text");
    match &case.log {
        Some(words) if !lines.iter().any(|line| line.contains(words.as_str())) => Err(format!("its log is {lines:?}")),
        _ => Ok(()),
    }
}
