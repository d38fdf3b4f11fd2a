//! The texts of workflows: read, checked while they are written, and saved into a project.

use std::fs;

use serde_json::{Value, json};

use crate::process::{Ground, Server};

async fn project(server: &Server, ground: &Ground) -> String {
    let (_, project) = server.http("POST", "/api/projects", Some(json!({"path": ground.project_path()}))).await;
    project["id"].as_str().unwrap().to_owned()
}

async fn source(server: &Server, project: &str, name: &str) -> (u16, Value) {
    server.http("GET", &format!("/api/workflows/source?project={project}&name={name}"), None).await
}

const GOOD: &str = "export const meta = { name: 'mine', description: 'Mine' }\nreturn 1";

#[tokio::test]
async fn a_text_is_checked_with_the_place_of_what_is_wrong_saved_and_read_back() {
    let ground = Ground::new("");
    let server = ground.serve();
    let project = project(&server, &ground).await;
    let check = async |text: &str| {
        let body = json!({"project": project, "file": "mine.js", "text": text});
        let (status, checked) = server.http("POST", "/api/workflows/check", Some(body)).await;
        assert_eq!(status, 200, "{checked}");
        checked
    };
    let wrong = check("export const meta = { name: 'mine', description: 'x' }\nconst = 1").await;
    assert!(wrong["error"]["place"].as_str().unwrap().starts_with("mine.js:2:"), "{wrong}");
    assert_eq!(check(GOOD).await["description"], "Mine");
    assert!(!ground.project.path().join(".reenact").exists(), "a check writes nothing");

    let body = json!({"project": project, "file": "mine.js", "text": GOOD});
    let (status, saved) = server.http("PUT", "/api/workflows/source", Some(body)).await;
    assert_eq!((status, &saved["name"]), (200, &json!("mine")), "{saved}");
    let written = ground.project.path().join(".reenact/workflows/mine.js");
    assert_eq!(fs::read_to_string(&written).unwrap(), GOOD);
    let (_, read) = source(&server, &project, "mine").await;
    assert_eq!((&read["text"], &read["folder"]), (&json!(GOOD), &json!(".reenact/workflows")));
    // What is wrong is saved too: it is listed with its error, and mended later.
    let body = json!({"project": project, "file": "mine.js", "text": "const = 1"});
    let (status, saved) = server.http("PUT", "/api/workflows/source", Some(body)).await;
    assert!(status == 200 && saved["error"]["message"].is_string(), "{saved}");
    assert_eq!(source(&server, &project, "mine").await.1["text"], "const = 1");
}

#[tokio::test]
async fn what_cannot_be_read_or_saved_says_why() {
    let ground = Ground::new("");
    let server = ground.serve();
    let project = project(&server, &ground).await;
    let (_, ours) = source(&server, &project, "builtin:review-code").await;
    assert!(ours["folder"].is_null() && ours["text"].as_str().unwrap().contains("export const meta"), "{ours}");
    assert_eq!(source(&server, &project, "nobody").await.0, 404);
    for (change, status, code) in [
        (json!({"file": "../a.js"}), 422, "invalid_path"),
        (json!({"file": "a.txt"}), 422, "bad_file_name"),
        (json!({"folder": "src"}), 422, "bad_folder"),
        (json!({"text": "x".repeat(600 * 1024)}), 413, "too_long"),
        (json!({"project": "018f0000-0000-7000-8000-000000000000"}), 404, "no_project"),
    ] {
        let mut body = json!({"project": project, "file": "mine.js", "text": GOOD});
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let (is, said) = server.http("PUT", "/api/workflows/source", Some(body)).await;
        assert_eq!((is, &said["code"]), (status, &json!(code)), "{said}");
    }
}
