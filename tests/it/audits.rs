//! The audit export as its users meet it: over HTTP and at the command line, with and without a server, true and tampered with.

use std::{fs, path::PathBuf, process::Output};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    process::{Ground, reenact},
    served::{problem, serve},
};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn out(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[actix_web::test]
async fn an_export_over_http_verifies_and_holds_what_happened() {
    let served = serve().await;
    let chat = served.chat().await;
    let stream = served.ask(&chat, "read README.md").await;
    let head = served.log.head();
    let get = |query: &str| served.with(&served.key, &Method::GET, &format!("/api/audit/export{query}")).send();
    let answer = get("").await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("audit.jsonl"));
    let whole = answer.text().await.unwrap();
    let verified = replay::audit::verify(whole.as_bytes()).unwrap();
    assert!(verified.is_good(), "{verified:?}");
    assert_eq!((verified.to, verified.log.clone()), (head, served.log.id().to_string()));
    let of_chat = lines(&get(&format!("?stream={stream}&by=agent,person,key")).await.unwrap().text().await.unwrap());
    let kept: Vec<_> = of_chat.iter().filter(|line| line["line"] == "record").collect();
    assert!(kept.len() > 5 && kept.iter().all(|line| line["event"]["stream"] == *stream));
    let said = kept.iter().find(|line| line["event"]["type"] == "MessagePosted").unwrap();
    assert!(said["data"].as_str().unwrap().contains("\"text\":\"read README.md\""), "data is a string, byte for byte");
    let end = of_chat.last().unwrap();
    assert_eq!(end["left_out"].as_u64().unwrap() + kept.len() as u64, head.0);
    assert_eq!(end["chain"].as_str(), verified.chain.as_deref(), "a filter changes nothing of the chain");

    for query in ["?from=yesterday", "?by=root", "?stream=Chat", "?from=9&to=3"] {
        let (status, problem) = problem(get(query).await.unwrap()).await;
        assert_eq!((status, &problem["code"]), (422, &json!("bad_range")), "{query}");
    }
    let operator = served.key("ops", "operator").await;
    let (status, _) = problem(served.with(&operator, &Method::GET, "/api/audit/export").send().await.unwrap()).await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn an_export_is_the_same_with_and_without_a_server_and_needs_neither_to_be_verified() {
    let ground = Ground::new("");
    let project = ground.project_path();
    out(&reenact(&ground, &["ask", "-p", &project, "read README.md"]));
    let without = out(&reenact(&ground, &["audit", "export"]));
    assert!(lines(&without).iter().any(|line| line["event"]["type"] == "ServerStopped"), "asking changed nothing");
    assert_eq!(lines(&without)[1..], lines(&out(&reenact(&ground, &["audit", "export"])))[1..], "nor did exporting");
    let server = ground.serve();
    let with = out(&reenact(&ground, &["audit", "export", "--to", &(lines(&without).len() - 2).to_string()]));
    let records = |text: &str| lines(text).into_iter().filter(|line| line["line"] == "record").collect::<Vec<_>>();
    assert_eq!(records(&with), records(&without));
    drop(server);

    let file = ground.project.path().join("export.jsonl");
    let name = file.to_str().unwrap();
    let told = out(&reenact(&ground, &["audit", "export", "--type", "ToolFinished,MessagePosted", "--out", name]));
    assert!(told.contains("good: 2 records and the leaves of "), "{told}");
    assert_eq!(
        reenact(&ground, &["audit", "export", "--out", name]).status.code(),
        Some(4),
        "a file that is there stays"
    );
    let elsewhere = Ground::new("");
    let told = out(&reenact(&elsewhere, &["audit", "verify", name]));
    assert!(told.contains("chain "), "{told}");
    assert!(!elsewhere.data.path().join("log").exists(), "a verification touches no log");
    let verified: Value =
        serde_json::from_str(&out(&reenact(&elsewhere, &["audit", "verify", name, "--json"]))).unwrap();
    assert_eq!((&verified["good"], &verified["records"]), (&json!(true), &json!(2)));
}

fn tampered(ground: &Ground, change: impl Fn(&mut Vec<String>)) -> (PathBuf, Output) {
    let whole = out(&reenact(ground, &["audit", "export"]));
    let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    change(&mut lines);
    let file = ground.project.path().join("tampered.jsonl");
    fs::write(&file, lines.join("\n") + "\n").unwrap();
    let output = reenact(ground, &["audit", "verify", file.to_str().unwrap()]);
    (file, output)
}

#[test]
fn whoever_tampers_is_found_and_the_place_is_named() {
    let ground = Ground::new("");
    let project = ground.project_path();
    out(&reenact(&ground, &["ask", "-p", &project, "read README.md"]));
    let at = |lines: &[String], words: &str| lines.iter().position(|line| line.contains(words)).unwrap();
    let told = |change: &dyn Fn(&mut Vec<String>)| {
        let (_, output) = tampered(&ground, change);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let changed = told(&|lines| {
        let n = at(lines, "MessagePosted");
        lines[n] = lines[n].replace("read README.md", "read /etc/passwd");
    });
    assert!(
        changed.contains("position ") && changed.contains("data was changed") && changed.contains("1 fault"),
        "{changed}"
    );
    let dropped = told(&|lines| {
        let n = at(lines, "ToolFinished");
        drop(lines.remove(n));
    });
    assert!(dropped.contains("this record is missing"), "{dropped}");
    let swapped = told(&|lines| lines.swap(3, 4));
    assert!(swapped.contains("should stand before it"), "{swapped}");
    let cut = told(&|lines| lines.truncate(9));
    assert!(cut.contains("nothing follows position 7"), "{cut}");
    let (_, none) = tampered(&ground, |lines| *lines = vec!["hello".into()]);
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8(none.stderr).unwrap().contains("no export"));
    assert_eq!(reenact(&ground, &["audit", "verify", "/nowhere"]).status.code(), Some(3));
    assert_eq!(reenact(&ground, &["audit", "export", "--from", "yesterday"]).status.code(), Some(2));
    let empty = Ground::new("");
    assert_eq!(reenact(&empty, &["audit", "export"]).status.code(), Some(3), "there is no log");
}
