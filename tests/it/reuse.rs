//! Steps that are not paid for twice: answers given again across runs and restarts, runs that go on from others, and what is
//! forgotten.

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::{
    cli::Home,
    process::{Ground, Server},
    runs::{count, object, run, start, until, write},
};

/// Makes a folder a git repository with all that is in it.
fn git(folder: &std::path::Path) {
    let commit = ["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "all"];
    for arguments in [&["init", "-q"][..], &["add", "-A"], &commit] {
        assert!(Command::new("git").arg("-C").arg(folder).args(arguments).status().unwrap().success(), "{arguments:?}");
    }
}

fn repository() -> Home {
    let home = Home::new();
    git(home.project.path());
    home
}

/// What is said of each step: its label, why it was done or was not, and whether its answer is an earlier one.
fn steps(ran: &Value) -> Vec<(&str, &str, bool)> {
    let of = |step: &'_ Value| step["cached_from"].is_object();
    let steps = ran["steps"].as_array().unwrap().iter();
    steps.map(|step| (step["label"].as_str().unwrap(), step["reason"].as_str().unwrap_or("-"), of(step))).collect()
}

fn workflow(body: &str) -> String {
    format!("export const meta = {{ name: 'two', description: 'x' }}\n{body}")
}

const TWO: &str = "const a = await agent('Say one', {label: 'one'})
const b = await agent('Say two', {label: 'two'})
return [a, b]";

#[test]
fn the_same_run_again_is_answered_from_the_cache_and_takes_nothing() {
    let home = repository();
    write(&home, "two.js", &workflow(TWO));
    let first = object(&run(&home, &["run", "two", "--json"]));
    assert_eq!(steps(&first), [("one", "new", false), ("two", "new", false)]);
    // Another process, so another server: what it knows comes from the log.
    let again = object(&run(&home, &["run", "two", "--json"]));
    assert_eq!(steps(&again), [("one", "hit", true), ("two", "hit", true)], "{again}");
    assert_eq!((&again["result"], &again["usage"]["output"]), (&first["result"], &json!(0)));
    assert_eq!(again["steps"][0]["cached_from"]["stream"], first["run"]);
    assert!(again["steps"][0]["child"].is_null(), "nobody was asked: {again}");
    // What it is called and how long it may take decide nothing.
    write(&home, "two.js", &workflow(&TWO.replace("label: 'one'", "label: 'eins', timeout_ms: 90000")));
    let renamed = object(&run(&home, &["run", "two", "--json"]));
    assert_eq!(steps(&renamed), [("eins", "hit", true), ("two", "hit", true)]);
    let told = run(&home, &["run", "two"]);
    assert!(told.out.contains("two  from the cache"), "{told:?}");
}

#[test]
fn what_changed_is_done_again_and_says_why() {
    let home = repository();
    let ran = |body: &str, more: &[&str]| {
        write(&home, "two.js", &workflow(body));
        object(&run(&home, &[&["run", "two", "--json"], more].concat()))
    };
    ran(TWO, &[]);
    let prompt = ran(&TWO.replace("Say two", "Say three"), &[]);
    assert_eq!(steps(&prompt), [("one", "hit", true), ("two", "prompt_changed", false)]);
    let options = ran(&TWO.replace("label: 'one'", "label: 'one', schema: {type: 'string'}"), &[]);
    assert_eq!(steps(&options)[0], ("one", "options_changed", false));
    fs::write(home.project.path().join("README.md"), "# Another\n").unwrap();
    let files = ran(TWO, &[]);
    assert_eq!(steps(&files), [("one", "options_changed", false), ("two", "project_changed", false)]);
    fs::write(home.project.path().join("NEW.md"), "untracked\n").unwrap();
    let untracked = ran(TWO, &[]);
    assert_eq!(steps(&untracked), [("one", "project_changed", false), ("two", "project_changed", false)]);
    fs::remove_file(home.project.path().join("NEW.md")).unwrap();
    assert_eq!(steps(&ran(TWO, &[])), [("one", "hit", true), ("two", "hit", true)], "as it was before");
    assert_eq!(steps(&ran(TWO, &["--no-cache"])), [("one", "cache_off", false), ("two", "cache_off", false)]);
    let off = ran(&TWO.replace("label: 'one'", "label: 'one', cache: false"), &[]);
    assert_eq!(steps(&off), [("one", "cache_off", false), ("two", "hit", true)]);
}

#[test]
fn equal_votes_stay_as_many_as_they_are_and_failures_are_tried_again() {
    let home = repository();
    let votes =
        "const votes = await parallel([1, 2, 3].map(() => () => agent('Vote', {label: 'vote'})))\nreturn votes.length";
    write(&home, "two.js", &workflow(votes));
    let first = object(&run(&home, &["run", "two", "--json"]));
    assert_eq!(steps(&first), [("vote", "new", false); 3]);
    let again = object(&run(&home, &["run", "two", "--json"]));
    assert_eq!(steps(&again), [("vote", "hit", true); 3]);
    let from: std::collections::BTreeSet<String> =
        again["steps"].as_array().unwrap().iter().map(|step| step["cached_from"]["revision"].to_string()).collect();
    assert_eq!(from.len(), 3, "three answers, not one three times: {again}");
    write(
        &home,
        "two.js",
        &workflow("try { await agent('x', {label: 'bad', schema: {type: 'nonsense'}}) } catch {}\nreturn 1"),
    );
    assert_eq!(steps(&object(&run(&home, &["run", "two", "--json"]))), [("bad", "new", false)]);
    assert_eq!(steps(&object(&run(&home, &["run", "two", "--json"]))), [("bad", "earlier_failed", false)]);
}

#[test]
fn without_git_nothing_tells_what_the_files_were_and_nothing_is_given_again() {
    let home = Home::new();
    write(&home, "two.js", &workflow(TWO));
    run(&home, &["run", "two", "--json"]);
    assert_eq!(
        steps(&object(&run(&home, &["run", "two", "--json"]))),
        [("one", "no_git", false), ("two", "no_git", false)]
    );
}

#[test]
fn answers_are_listed_and_forgotten_by_key_by_run_by_age_and_all() {
    let home = repository();
    write(&home, "two.js", &workflow(TWO));
    let empty = home.run(&["cache", "ls"]);
    assert!(empty.code == Some(0) && empty.out.contains("nothing is kept"), "{empty:?}");
    let ran = || object(&run(&home, &["run", "two", "--json"]));
    ran();
    ran();
    let listed = home.json(&["cache", "ls"]);
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!((&listed[0]["label"], &listed[0]["hits"]), (&json!("two"), &json!(1)));
    let shown = home.run(&["cache", "ls"]);
    assert!(shown.out.contains("given again") && shown.err.contains("2 answers"), "{shown:?}");
    let key = listed[0]["key"].as_str().unwrap();
    let forgot = home.run(&["cache", "forget", &key[..8]]);
    assert_eq!((forgot.code, forgot.out.trim()), (Some(0), "forgot 1, 1 left"), "{forgot:?}");
    let third = ran();
    assert_eq!(steps(&third), [("one", "hit", true), ("two", "forgotten", false)]);
    let by_run = home.run(&["cache", "forget", "--run", third["run"].as_str().unwrap()]);
    assert_eq!(by_run.out.trim(), "forgot 1, 1 left", "{by_run:?}");
    assert_eq!(home.run(&["cache", "forget", "--max-age", "1d"]).out.trim(), "forgot 0, 1 left");
    assert_eq!(home.run(&["cache", "forget", "--max-age", "0s"]).out.trim(), "forgot 1, 0 left");
    ran();
    assert_eq!(home.json(&["cache", "clear"]), [json!({"forgotten": 2, "left": 0})]);
    assert_eq!(steps(&ran()), [("one", "forgotten", false), ("two", "forgotten", false)]);
    assert_eq!(steps(&ran()), [("one", "hit", true), ("two", "hit", true)]);
    for (arguments, code, said) in [
        (&["cache", "forget"][..], 2, "KEY"),
        (&["cache", "forget", "zzz"], 3, "no key begins with"),
        (&["cache", "forget", ""], 2, "several keys"),
        (&["cache", "forget", "--max-age", "soon"], 2, "is no age"),
        (&["cache", "forget", "--run", "nothing"], 2, "is no run"),
    ] {
        let wrong = home.run(arguments);
        assert!(wrong.code == Some(code) && wrong.err.contains(said), "{arguments:?}: {wrong:?}");
    }
}

#[test]
fn a_run_goes_on_from_another_with_its_script_mended() {
    // Without git, so that nothing comes from the cache: what is taken is taken from that run.
    let home = Home::new();
    let body = "const first = await agent('Say one', {label: 'one'})
const answers = await parallel(['a', 'b'].map((name) => () => agent(`Say ${name}`, {label: name})))
const end = await agent('Say end', {label: 'end'})
return {given: args.given, answers: answers.length, end}";
    write(&home, "two.js", &workflow(&body.replace("const end =", "throw new Error('broken here')\nconst end =")));
    let broken = object(&run(&home, &["run", "two", "--arg", "given=yes", "--json"]));
    assert_eq!((&broken["status"], broken["steps"].as_array().unwrap().len()), (&json!("failed"), 3));
    let id = broken["run"].as_str().unwrap();
    write(&home, "two.js", &workflow(body));
    let mended = object(&run(&home, &["run", "two", "--resume", id, "--json"]));
    assert_eq!(
        steps(&mended),
        [("one", "hit", true), ("a", "hit", true), ("b", "hit", true), ("end", "new", false)],
        "{mended}"
    );
    assert_eq!(mended["result"]["given"], "yes", "its arguments are those of the earlier run");
    // A step in the middle is changed: what comes before and beside it is kept, what comes after it is not.
    let id = mended["run"].as_str().unwrap();
    write(&home, "two.js", &workflow(&body.replace("Say ${name}", "Say ${name === 'a' ? 'x' : name}")));
    let changed = object(&run(&home, &["run", "two", "--resume", id, "--json"]));
    assert_eq!(
        steps(&changed),
        [("one", "hit", true), ("a", "prompt_changed", false), ("b", "hit", true), ("end", "after_a_miss", false)]
    );
    // From a step on, by hand.
    write(&home, "two.js", &workflow(body));
    let retried = object(&run(&home, &["run", "two", "--resume", id, "--from-step", "2", "--json"]));
    let retried = steps(&retried);
    assert_eq!((retried[0], retried[1]), (("one", "hit", true), ("a", "retried", false)));
    assert_eq!(retried.len(), 4);
}

#[test]
fn what_cannot_be_gone_on_from_says_why() {
    let home = Home::new();
    write(&home, "two.js", &workflow("throw new Error('at once')"));
    let nothing = object(&run(&home, &["run", "two", "--json"]));
    let id = nothing["run"].as_str().unwrap();
    let unknown = "run/018f0000-0000-7000-8000-000000000000";
    for (arguments, code, said) in [
        (&["run", "two", "--resume", id][..], 4, "nothing to resume"),
        (&["run", "two", "--resume", unknown], 3, "has no run"),
        (&["run", "two", "--resume", "x"], 2, "is no run"),
        (&["run", "two", "--from-step", "2"], 2, "--resume"),
        (&["run", "two", "--resume", id, "--no-cache"], 2, "cannot be used with"),
    ] {
        let wrong = home.run(arguments);
        assert!(wrong.code == Some(code) && wrong.err.contains(said), "{arguments:?}: {wrong:?}");
    }
}

async fn resume(server: &Server, run: &str) -> String {
    let id = run.trim_start_matches("run/");
    let (_, row) = server.http("GET", &format!("/api/runs/{id}"), None).await;
    let new = json!({"workflow": row["workflow"], "session": row["session"], "resume_from": id});
    let (status, run) = server.http("POST", "/api/runs", Some(new)).await;
    assert_eq!(status, 200, "{run}");
    run["stream"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_question_is_asked_again_only_if_something_before_it_is_new() {
    let ground = Ground::new("");
    let folder = ground.project.path().join(".reenact/workflows");
    fs::create_dir_all(&folder).unwrap();
    let inner = "export const meta = { name: 'inner', description: 'x' }\nreturn await agent('Say inner')";
    fs::write(folder.join("inner.js"), inner).unwrap();
    let body = "const a = await agent('Say one', {label: 'one'})
const b = await workflow('inner')
const said = await approve('Ship it?')
return said.comment";
    fs::write(folder.join("two.js"), workflow(body)).unwrap();
    let server = ground.serve();
    let first = start(&server, &ground, "two").await;
    until(&server, &first, |events| count(events, "StepRequested") == 3).await;
    let path = format!("/api/runs/{}/steps/3/approval", first.trim_start_matches("run/"));
    server.http("POST", &path, Some(json!({"approved": true, "comment": "go"}))).await;
    until(&server, &first, |events| count(events, "RunFinished") == 1).await;
    // The nested workflow is a run of its own, which goes on from its own earlier one: its answer is the same.
    let second = resume(&server, &first).await;
    let events = until(&server, &second, |events| count(events, "RunFinished") == 1).await;
    assert_eq!(events.last().unwrap()["data"]["result"], "\"go\"");
    let asked = |events: &[Value], label: &str| {
        let of = events.iter().find(|event| event["type"] == "StepRequested" && event["data"]["label"] == label);
        of.map(|event| event["data"]["reason"].clone())
    };
    assert_eq!(asked(&events, "Ship it?"), Some(json!("hit")), "{events:?}");
    // What comes before it is another question now.
    fs::write(folder.join("two.js"), workflow(&body.replace("Say one", "Say something else"))).unwrap();
    let (_, row) = server.http("GET", &format!("/api/runs/{}", first.trim_start_matches("run/")), None).await;
    let trust = format!("/api/projects/{}/trust", row["project"].as_str().unwrap());
    let (_, shown) = server.http("GET", &trust, None).await;
    server.http("POST", &trust, Some(json!({"digest": shown["digest"]}))).await;
    let third = resume(&server, &first).await;
    let events = until(&server, &third, |events| count(events, "StepRequested") == 3).await;
    assert_eq!(asked(&events, "Ship it?"), Some(json!("after_a_miss")));
    assert_eq!(count(&events, "ApprovalAnswered"), 0);
}

#[tokio::test]
async fn an_answer_during_which_the_files_changed_is_not_given_again() {
    let ground = Ground::new("");
    let folder = ground.project.path().join(".reenact/workflows");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("two.js"), workflow("return await agent('tell a long story', {label: 'one'})")).unwrap();
    git(ground.project.path());
    let server = ground.serve_as(|command| {
        command.env("REENACT_WORDS_PER_SECOND", "100");
    });
    let first = start(&server, &ground, "two").await;
    until(&server, &first, |events| count(events, "StepStarted") == 1).await;
    let readme = ground.project.path().join("README.md");
    let before = fs::read_to_string(&readme).unwrap();
    fs::write(&readme, "changed\n").unwrap();
    let events = until(&server, &first, |events| count(events, "RunFinished") == 1).await;
    let settled = events.iter().find(|event| event["type"] == "StepSettled").unwrap();
    assert_eq!(settled["data"]["changed"], true, "{settled}");
    fs::write(&readme, before).unwrap();
    let again = start(&server, &ground, "two").await;
    let events = until(&server, &again, |events| count(events, "RunFinished") == 1).await;
    let asked = events.iter().find(|event| event["type"] == "StepRequested").unwrap();
    assert_ne!(asked["data"]["reason"], "hit", "{asked}");
}
