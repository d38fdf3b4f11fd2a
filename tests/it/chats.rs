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
