//! `reenact doctor`: it finds what is wrong, its commands mend it, and it leaves everything as it was.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{FileExt as _, PermissionsExt as _},
    process::Command,
};

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use crate::cli::{Home, Run};

/// What it finds, without what this build of the program lacks: its page, where the tests run without one.
fn findings(run: &Run) -> Vec<Value> {
    let all = run.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{run:?}")));
    all.filter(|finding: &Value| finding["area"] != "browser").collect()
}

fn doctor(home: &Home, more: &[&str]) -> Vec<Value> {
    let arguments: Vec<&str> = ["doctor", "--json"].iter().chain(more).copied().collect();
    findings(&home.run(&arguments))
}

fn of<'f>(findings: &'f [Value], area: &str, status: &str) -> Vec<&'f Value> {
    findings.iter().filter(|finding| finding["area"] == area && finding["status"] == status).collect()
}

/// The one problem there is, which says what it means and what to do.
#[track_caller]
fn only_problem(findings: &[Value], area: &str) -> Value {
    let problems: Vec<&Value> = findings.iter().filter(|finding| finding["status"] == "problem").collect();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["area"], area, "{problems:?}");
    assert!(problems[0]["means"].is_string() && problems[0]["do"].is_string(), "{problems:?}");
    problems[0].clone()
}

#[track_caller]
fn no_problem(findings: &[Value]) {
    let problems: Vec<&Value> = findings.iter().filter(|finding| finding["status"] == "problem").collect();
    assert!(problems.is_empty(), "{problems:?}");
}

/// Does what a finding says, as a person would who copies it.
fn do_it(finding: &Value) {
    assert!(Command::new("sh").args(["-c", finding["do"].as_str().unwrap()]).status().unwrap().success(), "{finding}");
}

#[test]
fn a_machine_that_never_saw_it_is_looked_at_and_left_as_it_was() {
    let home = Home::new();
    let found = doctor(&home, &["--data", home.data.path().join("none").to_str().unwrap()]);
    no_problem(&found);
    for area in ["settings", "toolchain", "kernel", "disk", "ports", "data", "keys", "clock"] {
        assert!(found.iter().any(|finding| finding["area"] == area), "nothing on {area}");
    }
    assert!(of(&found, "data", "note")[0]["found"].as_str().unwrap().contains("not there yet"));
    assert_eq!(of(&found, "keys", "note")[0]["do"], "reenact provider set-key openai");
    assert!(!home.data.path().join("none").exists(), "looking made the data folder");
}

#[test]
fn what_others_can_read_is_a_problem_whose_command_mends_it() {
    let home = Home::new();
    assert_eq!(home.run(&["ask", "list"]).code, Some(0));
    no_problem(&doctor(&home, &[]));
    let data = home.data.path().join("data");
    fs::write(data.join("reenact.toml"), "[openai]\nkey = \"sk-1\"\n").unwrap();
    for (name, mode, area) in [("key", 0o644, "keys"), ("log", 0o755, "data"), ("reenact.toml", 0o640, "settings")] {
        let path = data.join(name);
        if name != "reenact.toml" {
            fs::set_permissions(data.join("reenact.toml"), fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let run = home.run(&["doctor", "--json"]);
        assert_eq!(run.code, Some(1), "{run:?}");
        let problem = only_problem(&findings(&run), area);
        assert!(problem["found"].as_str().unwrap().contains(path.to_str().unwrap()), "{problem}");
        do_it(&problem);
        no_problem(&doctor(&home, &[]));
    }
}

#[test]
fn beside_a_running_server_it_says_how_that_is() {
    let home = Home::new();
    let serving = home.serve("0");
    assert_eq!(home.run(&["ask", "list"]).code, Some(0));
    let before = home.json(&["log", "cat", "system/host"]).len();
    let port = serving.base.rsplit(':').next().unwrap().to_owned();
    let run = home.command(&["doctor", "--json"]).env("REENACT_PORT", &port).output().unwrap();
    let run = Run { code: run.status.code(), out: String::from_utf8(run.stdout).unwrap(), err: String::new() };
    let found = findings(&run);
    no_problem(&found);
    let told = |area: &str, words: &str| {
        let says = |finding: &&Value| finding["found"].as_str().unwrap().contains(words);
        assert!(of(&found, area, "ok").iter().any(says), "{area} does not say `{words}`: {found:?}");
    };
    told("ports", &serving.base);
    told("data", &serving.child.id().to_string());
    told("server", "is well");
    told("log", "events");
    assert_eq!(home.json(&["log", "cat", "system/host"]).len(), before, "looking left a trace in the log");
    assert_eq!(home.run(&["ps"]).code, Some(0), "and the server goes on");
}

#[test]
fn settings_that_are_wrong_are_a_problem_among_others_that_are_looked_at_all_the_same() {
    let home = Home::new();
    let data = home.data.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("reenact.toml"), "[server]\nprot = 1\n").unwrap();
    let found = doctor(&home, &[]);
    let problem = only_problem(&found, "settings");
    let words = problem["found"].as_str().unwrap();
    assert!(words.contains("reenact.toml") && words.contains("prot"), "{words}");
    assert!(!of(&found, "kernel", "ok").is_empty());
}

#[test]
fn a_port_in_use_is_a_problem_with_its_holder() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let home = Home::new();
    let output = home.command(&["doctor", "--json"]).env("REENACT_PORT", &port).output().unwrap();
    let run = Run { code: output.status.code(), out: String::from_utf8(output.stdout).unwrap(), err: String::new() };
    let problem = only_problem(&findings(&run), "ports");
    let words = problem["found"].as_str().unwrap();
    assert!(words.contains(&port) && words.contains(&std::process::id().to_string()), "{words}");
}

#[test]
fn a_log_that_lost_something_is_a_problem() {
    let home = Home::new();
    assert_eq!(home.run(&["ask", "list"]).code, Some(0));
    let segment = home.data.path().join("data/log/0000000000.seg");
    let file = fs::OpenOptions::new().write(true).open(&segment).unwrap();
    // The first frame stands behind the header of 4 KiB.
    file.write_all_at(&[0xff; 8], 4096 + 64).unwrap();
    let problem = only_problem(&doctor(&home, &[]), "log");
    assert!(problem["found"].as_str().unwrap().contains("segment 0"), "{problem}");
    assert!(problem["do"].as_str().unwrap().contains("reenact verify"));
    assert_eq!(home.run(&["verify"]).code, Some(1), "verify agrees");
}

#[tokio::test]
async fn providers_are_asked_when_it_may_go_online_and_not_before() {
    let provider = MockServer::start().await;
    let refusal = json!({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}});
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(401).set_body_json(refusal)).mount(&provider).await;
    let base = format!("{}/v1", provider.uri());
    let asked = tokio::task::spawn_blocking(move || {
        let home = Home::new();
        let asked = |arguments: &[&str]| {
            let mut command = home.command(arguments);
            let output = command.env("OPENAI_BASE_URL", &base).env("OPENAI_API_KEY", "sk-secret").output().unwrap();
            Run { code: output.status.code(), out: String::from_utf8(output.stdout).unwrap(), err: String::new() }
        };
        [asked(&["doctor", "--json"]), asked(&["doctor", "--json", "--online"])]
    });
    let [offline, online] = asked.await.unwrap();
    let told = findings(&offline);
    no_problem(&told);
    let key = of(&told, "keys", "ok");
    assert!(
        key.iter().any(|finding| finding["found"].as_str().unwrap().contains("OPENAI_API_KEY in the environment")),
        "{key:?}"
    );
    let problem = only_problem(&findings(&online), "keys");
    assert_eq!(problem["do"], "reenact provider test openai");
    assert_eq!(provider.received_requests().await.unwrap().len(), 1, "only --online asks");
    assert!(!format!("{offline:?}{online:?}").contains("sk-secret"));
}

#[test]
fn for_people_each_finding_is_a_line_and_what_to_do_stands_below() {
    let home = Home::new();
    assert_eq!(home.run(&["ask", "list"]).code, Some(0));
    let key = home.data.path().join("data/key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let run = home.run(&["doctor"]);
    assert_eq!(run.code, Some(1));
    let lines: Vec<&str> = run.out.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("  problem") && line.contains("mode 644")).unwrap();
    assert_eq!(lines[at + 2].trim(), format!("→ chmod 600 {}", key.display()));
    assert!(lines.last().unwrap().contains("1 problem") || lines.last().unwrap().contains("2 problems"), "{run:?}");
    assert!(!run.out.contains('\u{1b}'), "colour where nobody sees it");
}
