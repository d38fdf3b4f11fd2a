//! What the pane of a chat asks of the server besides the conversation itself.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::served::{Served, problem, serve, status};

const ANY: &str = "00000000-0000-7000-8000-000000000000";

fn paths(found: &Value) -> Vec<&str> {
    found["items"].as_array().unwrap().iter().map(|item| item["path"].as_str().unwrap()).collect()
}

fn write(served: &Served, path: &str, text: &str) {
    let path = served.project.path().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[actix_web::test]
async fn a_file_is_found_by_letters_of_its_path() {
    let served = serve().await;
    for path in ["src/lamp/beam.rs", "src/lamp/mod.rs", "target/beam.rs", ".ssh/beam"] {
        write(&served, path, "");
    }
    write(&served, ".gitignore", "target/\n");
    let (project, _) = served.session().await;
    let files = format!("/api/projects/{project}/files");
    let found = served.get(&format!("{files}?query=lambeam")).await;
    assert_eq!(found, json!({ "items": [{ "path": "src/lamp/beam.rs", "kind": "file" }], "truncated": false }));
    let nearest = served.get(&format!("{files}?limit=2")).await;
    assert_eq!((paths(&nearest), &nearest["truncated"]), (vec!["src", ".gitignore"], &json!(true)));
    assert_eq!(nearest["items"][0]["kind"], "folder");
    assert_eq!(paths(&served.get(&format!("{files}?query=./SRC/mod")).await), ["src/lamp/mod.rs"]);
    assert_eq!(paths(&served.get(&format!("{files}?query=target")).await), Vec::<&str>::new());
    let unknown = served.with(&served.key, &Method::GET, &format!("/api/projects/{ANY}/files")).send().await.unwrap();
    let (status, body) = problem(unknown).await;
    assert_eq!((status, &body["code"]), (404, &json!("no_project")));
}

#[actix_web::test]
async fn a_project_whose_folder_is_gone_says_so() {
    let served = serve().await;
    let (project, _) = served.session().await;
    std::fs::remove_dir_all(served.project.path()).unwrap();
    let gone = served.with(&served.key, &Method::GET, &format!("/api/projects/{project}/files"));
    assert_eq!(status(gone).await, StatusCode::NOT_FOUND);
}

fn ids(rows: &Value) -> Vec<&str> {
    rows["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_chat_is_put_away_and_a_message_brings_it_back() {
    let served = serve().await;
    let id = served.chat().await;
    let post = |path: &str| served.send(&Method::POST, &format!("/api/chats/{id}/{path}"), &json!({}));
    let mut socket = served.socket().await;
    socket.send(json!({ "op": "subscribe", "sub": 1, "list": "chats" })).await;
    socket.send(json!({ "op": "subscribe", "sub": 2, "list": "chats", "archived": true })).await;
    let mut live = 0;
    socket.until(|frame| (frame["op"] == "live").then(|| live += 1).is_some() && live == 2).await;
    assert_eq!(post("archive").await["archived"], true);
    let frames = socket.until(|frame| frame["sub"] == 1 && frame["op"] == "gone").await;
    assert_eq!(frames.last().unwrap()["stream"], format!("chat/{id}"));
    assert_eq!(ids(&served.get("/api/chats").await), Vec::<&str>::new());
    assert_eq!(ids(&served.get("/api/chats?archived=true").await), [&id]);
    assert_eq!(served.get(&format!("/api/chats/{id}")).await["archived"], true);
    assert_eq!(post("archive").await["archived"], true, "once more changes nothing");
    assert_eq!(post("unarchive").await["archived"], false);
    post("archive").await;
    served.send(&Method::POST, &format!("/api/chats/{id}/messages"), &json!({ "text": "list" })).await;
    socket.until(|frame| frame["sub"] == 1 && frame["op"] == "row").await;
    assert_eq!(ids(&served.get("/api/chats").await), [&id]);
    let refused = served.refused(&Method::POST, &format!("/api/chats/{ANY}/archive"), &json!({})).await;
    assert_eq!((refused.0, &refused.1["code"]), (404, &json!("not_open")));
}

#[actix_web::test]
async fn a_session_is_put_away_and_brought_back() {
    let served = serve().await;
    let (project, id) = served.session().await;
    let path = format!("/api/sessions/{id}");
    assert_eq!(served.send(&Method::POST, &format!("{path}/archive"), &json!({})).await["archived"], true);
    let list = format!("/api/sessions?project={project}");
    assert_eq!(ids(&served.get(&list).await), Vec::<&str>::new());
    assert_eq!(ids(&served.get(&format!("{list}&archived=true")).await), [&id]);
    assert_eq!(served.send(&Method::POST, &format!("{path}/unarchive"), &json!({})).await["archived"], false);
    assert_eq!(ids(&served.get(&list).await), [&id]);
    served.send(&Method::POST, "/api/chats", &json!({ "session": id })).await;
}
