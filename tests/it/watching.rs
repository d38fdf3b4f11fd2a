//! Files of workflows, followed over a socket of the real server: what is written shows at once, broken or not.

use std::fs;

use serde_json::{Value, json};

use crate::process::{Ground, Server};

async fn listed(server: &Server, path: &str) -> Value {
    let (status, answer) = server.http("GET", path, None).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn named<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    list.as_array().unwrap().iter().find(|item| item["name"] == name)
}

const GOOD: &str = "export const meta = { name: 'tidy', description: 'Tidies up' }\nreturn 1";

#[tokio::test]
async fn a_workflow_that_is_written_or_broken_shows_without_a_reload() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (project, _) = server.desk(&ground).await;
    let path = format!("/api/workflows?project={project}");
    let mut socket = server.socket().await;
    socket.send(json!({"op": "subscribe", "sub": 7, "files": "workflows", "project": project})).await;
    socket.until(|frame| frame["op"] == "live" && frame["sub"] == 7).await;
    assert!(named(&listed(&server, &path).await["items"], "tidy").is_none());
    // The folder itself is not there yet.
    let folder = ground.project.path().join(".claude/workflows");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("tidy.js");
    fs::write(&file, GOOD).unwrap();
    let mut found = None;
    while found.is_none() {
        socket.until(|frame| frame["op"] == "changed" && frame["sub"] == 7).await;
        found = named(&listed(&server, &path).await["items"], "tidy").cloned();
    }
    assert_eq!(found.unwrap()["description"], "Tidies up");
    // As an editor writes it: beside, then in its place.
    fs::write(folder.join("tidy.js.tmp"), "export const meta = { name: 'tidy', description: 'x' }\nconst a = ;")
        .unwrap();
    fs::rename(folder.join("tidy.js.tmp"), &file).unwrap();
    let mut wrong = Value::Null;
    while wrong.is_null() {
        socket.until(|frame| frame["op"] == "changed").await;
        wrong = named(&listed(&server, &path).await["items"], "tidy").unwrap()["error"].clone();
    }
    assert_eq!(wrong["place"], "tidy.js:2:11", "{wrong}");
    socket.send(json!({"op": "subscribe", "sub": 8, "files": "workflows", "session": project})).await;
    assert_eq!(socket.until(|frame| frame["sub"] == 8).await["code"], "bad_frame");
    socket.send(json!({"op": "subscribe", "sub": 9, "files": "workflows", "project": uuid::Uuid::nil()})).await;
    assert_eq!(socket.until(|frame| frame["sub"] == 9).await["code"], "no_project");
}

#[tokio::test]
async fn the_list_for_other_clients_has_each_name_once() {
    let ground = Ground::new("");
    let folder = ground.project.path().join(".boocode/workflows");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("tidy.js"), GOOD).unwrap();
    fs::write(folder.join("review-code.js"), "export const meta = { name: 'review-code', description: 'Ours' }")
        .unwrap();
    let server = ground.serve();
    let (project, _) = server.desk(&ground).await;
    let all = listed(&server, &format!("/api/orchestrator/workflows?project={project}")).await;
    assert_eq!(named(&all["workflows"], "tidy").unwrap()["description"], "Tidies up");
    let reviews: Vec<&Value> =
        all["workflows"].as_array().unwrap().iter().filter(|item| item["name"] == "review-code").collect();
    assert_eq!((reviews.len(), &reviews[0]["description"]), (1, &json!("Ours")));
    let built_in = listed(&server, "/api/orchestrator/workflows").await;
    assert!(named(&built_in["workflows"], "tidy").is_none() && named(&built_in["workflows"], "review-code").is_some());
}
