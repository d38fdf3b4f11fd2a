//! Workflows at the command line: what is told while they run, wrong arguments, exit codes, questions, and `ask "/name …"`.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::cli::{Home, Run};

fn home() -> Home {
    let home = Home::new();
    let folder = home.project.path().join(".claude/workflows");
    fs::create_dir_all(&folder).unwrap();
    for (name, body) in [
        ("say", "phase('Say')\nawait agent('hello', { label: 'greet' })\nlog('done')\nreturn { got: args ?? null }"),
        (
            "two",
            "const [a, b] = await Promise.all([approve('Ship it?', { detail: 'to all' }), approve('Tell them?')])\nreturn [a.approved, b.approved]",
        ),
        ("broken", "const a = ;"),
    ] {
        let source = format!("export const meta = {{ name: '{name}', description: 'x' }}\n{body}");
        fs::write(folder.join(format!("{name}.js")), source).unwrap();
    }
    let trusted = home.run(&["trust", ".", "--yes"]);
    assert_eq!(trusted.code, Some(0), "{trusted:?}");
    home
}

fn object(run: &Run) -> Value {
    assert_eq!(run.out.lines().count(), 1, "{run:?}");
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn a_slash_and_a_name_run_a_workflow_and_two_slashes_are_a_message() {
    let home = home();
    let told = home.run(&["ask", "/say to", "the world"]);
    assert!(told.code == Some(0) && told.out.contains("✓ greet") && told.out.contains("to the world"), "{told:?}");
    assert!(told.out.contains("Say\n") && !told.err.contains('\x1b'), "{told:?}");
    let ran = object(&home.run(&["ask", "/say {\"n\": 1}", "--json"]));
    assert_eq!((&ran["status"], &ran["result"]), (&json!("finished"), &json!({"got": {"n": 1}})), "{ran}");
    let unknown = home.run(&["ask", "/sayy"]);
    assert_eq!(unknown.code, Some(3), "{unknown:?}");
    assert!(unknown.err.contains("did you mean `say`") && unknown.err.contains("two slashes"), "{unknown:?}");
    // It leaves no chat behind, and a message is one.
    assert!(!home.run(&["ps", "--all"]).out.contains("chat/"), "a run is no chat");
    let said = home.json(&["ask", "//say it"]);
    let posted = said.iter().find(|event| event["type"] == "MessagePosted").unwrap();
    assert_eq!(posted["data"]["text"], "/say it");
    // In the session of a chat.
    let rows = home.json(&["ps", "--all"]);
    let chat = rows.iter().find(|row| row["stream"].as_str().unwrap().starts_with("chat/")).unwrap();
    let ran = home.run(&["ask", "--chat", chat["id"].as_str().unwrap(), "/say here"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let runs = home.json(&["ps", "--all"]);
    assert!(
        runs.iter().any(|row| row["workflow"] == "say" && row["session"] == chat["session"]),
        "it runs in the chat's session: {runs:?}"
    );
    let again = home.run(&["run", "say", "--session", chat["session"].as_str().unwrap()]);
    assert_eq!(again.code, Some(0), "{again:?}");
}

#[test]
fn wrong_arguments_and_what_is_not_there_have_their_exit_codes() {
    let home = home();
    let nobody = "00000000-0000-7000-8000-000000000000";
    let run_of_nobody = format!("run/{nobody}");
    for (arguments, code, said) in [
        (&["run", "say", "--arg", "x"][..], 2, "--arg NAME=VALUE"),
        (&["run", "say", "--args", "1", "--arg", "a=b"], 2, "cannot be used with"),
        (&["run", "say", "--session", "desk"], 2, "not the id of a session"),
        (&["run", "say", "--session", nobody], 3, "no session"),
        (&["run", "say", "-p", "nowhere"], 3, "nowhere"),
        (&["run", "say", "-m", "nobody/knows"], 2, "nobody"),
        (&["run", "broken"], 1, "broken.js:2:11"),
        (&["run", "sayy"], 3, "did you mean `say`"),
        (&["ask", "/say", "--attach", "README.md"], 2, "takes no files"),
        (&["approve", &run_of_nobody], 3, "there is no stream run/"),
        (&["approve", &run_of_nobody, "1"], 3, "no such run"),
        (&["stop", &run_of_nobody], 3, "no such run"),
        (&["watch", &run_of_nobody], 3, nobody),
        (&["stop", "project/x"], 2, "no chat and no run"),
    ] {
        let ran = home.run(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(said), "{arguments:?}: {ran:?}");
        let as_json = home.run(&[arguments, &["--json"]].concat());
        assert_eq!((as_json.code, as_json.out.as_str()), (Some(code), ""), "{arguments:?}: {as_json:?}");
        let error: Value = serde_json::from_str(&as_json.err).unwrap();
        assert!(error["error"]["message"].is_string(), "{as_json:?}");
    }
}

#[test]
fn a_run_is_watched_to_its_end_and_its_questions_are_found() {
    let home = home();
    let serving = home.serve("0");
    let stream = home.run(&["run", "two", "--detach"]).out.trim().to_owned();
    for _ in 0..200 {
        if home.run(&["ps"]).out.contains("waiting") {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let which = home.run(&["approve", &stream]);
    assert!(which.code == Some(2) && which.err.contains("one of 1 (") && which.err.contains(", 2 ("), "{which:?}");
    assert_eq!(home.run(&["approve", &stream, "1", "--comment", "go"]).code, Some(0));
    // One is left: it need not be named.
    let refused = home.run(&["approve", &stream, "--refuse"]);
    assert!(refused.code == Some(0) && refused.out.contains("refused step 2"), "{refused:?}");
    let watched = home.run(&["watch", &stream]);
    assert_eq!(watched.code, Some(0), "{watched:?}");
    for words in
        ["? Ship it?", "to all", "! step 1 was answered with yes: go", "! step 2 was answered with no", "true,"]
    {
        assert!(watched.out.contains(words), "{words}: {watched:?}");
    }
    let events = home.run(&["watch", &stream, "--json"]);
    assert_eq!(
        (events.code, events.out.lines().last().unwrap().contains("RunFinished")),
        (Some(0), true),
        "{events:?}"
    );
    let nothing = home.run(&["approve", &stream]);
    assert!(nothing.code == Some(4) && nothing.err.contains("asks nothing"), "{nothing:?}");
    drop(serving);
}
