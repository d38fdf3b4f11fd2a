//! What the pane of a chat asks of the server besides the conversation itself.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::served::{Served, problem, serve, serve_with, serve_within, status};

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
    socket.until(|frame| frame["op"] == "live").await;
    assert_eq!(post("archive").await["archived"], true);
    let frames = socket.until(|frame| frame["sub"] == 1 && frame["op"] == "gone").await;
    assert_eq!(frames.last().unwrap()["stream"], format!("chat/{id}"));
    assert_eq!(ids(&served.get("/api/chats").await), Vec::<&str>::new());
    assert_eq!(ids(&served.get("/api/chats?archived=true").await), [&id]);
    assert_eq!(served.get(&format!("/api/chats/{id}")).await["archived"], true);
    assert_eq!(post("archive").await["archived"], true, "once more changes nothing");
    assert_eq!(post("unarchive").await["archived"], false);
    post("archive").await;
    let posted = served.send(&Method::POST, &format!("/api/chats/{id}/messages"), &json!({ "text": "list" })).await;
    let listed = served.get(&format!("/api/chats?at_least={}", posted["position"])).await;
    assert_eq!(ids(&listed), [&id]);
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

/// The smallest picture there is: one dark dot.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\x02\0\x01H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82";

async fn upload(served: &Served, bytes: &'static [u8], claimed: &str) -> (u16, Value) {
    let request = served.with(&served.key, &Method::POST, "/api/attachments").header("content-type", claimed);
    let response = request.body(bytes).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[actix_web::test]
async fn a_picture_goes_with_a_message_and_is_shown() {
    let served = serve().await;
    let id = served.chat().await;
    let (_, stored) = upload(&served, PNG, "image/png").await;
    assert_eq!((&stored["type"], &stored["bytes"]), (&json!("image/png"), &json!(PNG.len())));
    let mut socket = served.socket().await;
    socket.send(json!({ "op": "subscribe", "sub": 1, "stream": format!("chat/{id}"), "view": false })).await;
    let attachment =
        json!({ "blob": stored["sha256"], "bytes": stored["bytes"], "type": "image/png", "name": "dot.png" });
    let message = json!({ "text": "", "attachments": [attachment] });
    served.send(&Method::POST, &format!("/api/chats/{id}/messages"), &message).await;
    let events = socket.until(|frame| frame["type"] == "TurnFinished").await;
    let posted = events.iter().find(|frame| frame["type"] == "MessagePosted").unwrap();
    assert_eq!(posted["data"]["attachments"], json!([attachment]));
    let row = served.get(&format!("/api/chats/{id}?at_least={}", events.last().unwrap()["position"])).await;
    assert_eq!(row["last"], "dot.png");
    let blob = format!("/api/blobs/{}", stored["sha256"].as_str().unwrap());
    let shown = served.with(&served.key, &Method::GET, &blob).send().await.unwrap();
    assert_eq!(
        (&shown.headers()["content-type"], &shown.headers()["x-content-type-options"]),
        (&"image/png".parse().unwrap(), &"nosniff".parse().unwrap())
    );
    assert!(shown.headers().get("content-disposition").is_none());
    assert_eq!(shown.bytes().await.unwrap(), PNG);
}

#[actix_web::test]
async fn what_a_browser_could_run_is_kept_and_not_shown() {
    let served = serve().await;
    let (status, stored) =
        upload(&served, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/html").await;
    assert_eq!((status, &stored["type"]), (200, &json!("text/plain; charset=utf-8")));
    let blob = served.with(&served.key, &Method::GET, &format!("/api/blobs/{}", stored["sha256"].as_str().unwrap()));
    let blob = blob.send().await.unwrap();
    assert_eq!(blob.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(blob.headers()["content-disposition"], "attachment");
}

#[actix_web::test]
async fn what_cannot_be_attached_is_refused_with_what_can() {
    let served = serve_with("", |settings| settings.largest_attachment = 100).await;
    for (bytes, claimed, status, code) in [
        (&b"<html>"[..], "image/png", 415, "attachment_type"),
        (b"%PDF-1.7\0", "application/pdf", 415, "attachment_type"),
        (b"", "text/plain", 422, "empty_attachment"),
        (&[b'x'; 101], "text/plain", 413, "attachment_too_large"),
    ] {
        let (found, problem) = upload(&served, bytes, claimed).await;
        assert_eq!((found, problem["code"].as_str().unwrap()), (status, code));
    }
    let id = served.chat().await;
    let (_, stored) = upload(&served, b"notes", "text/plain").await;
    let sha256 = stored["sha256"].as_str().unwrap();
    let text = "text/plain; charset=utf-8";
    for (attachment, code) in [
        (json!({ "blob": "0".repeat(64), "bytes": 5, "type": text, "name": "a" }), "unknown_attachment"),
        (json!({ "blob": "../key", "bytes": 5, "type": text, "name": "a" }), "unknown_attachment"),
        (json!({ "blob": sha256, "bytes": 6, "type": text, "name": "a" }), "wrong_attachment"),
        (json!({ "blob": sha256, "bytes": 5, "type": "image/png", "name": "a" }), "wrong_attachment"),
        (json!({ "blob": sha256, "bytes": 5, "type": text, "name": "a\nb" }), "bad_attachment"),
        (json!({ "blob": sha256 }), "bad_body"),
    ] {
        let message = json!({ "text": "look", "attachments": [attachment] });
        let (status, problem) = served.refused(&Method::POST, &format!("/api/chats/{id}/messages"), &message).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (422, code), "{attachment}");
    }
}

#[actix_web::test]
async fn words_are_found_in_what_was_said_asked_and_given() {
    let served = serve().await;
    write(&served, "oil.txt", &format!("{}The LAMP burns whale oil.\n", "line\n".repeat(6_000)));
    let id = served.chat().await;
    let mut socket = served.socket().await;
    socket.send(json!({ "op": "subscribe", "sub": 1, "stream": format!("chat/{id}"), "view": false })).await;
    let say = |text: String| served.send(&Method::POST, &format!("/api/chats/{id}/messages"), &json!({ "text": text }));
    say("search burns whale".into()).await;
    socket.until(|frame| frame["type"] == "TurnFinished").await;
    say(format!("{} and of the lamp", "so much of the whale ".repeat(2_000))).await;
    socket.until(|frame| frame["type"] == "TurnFinished").await;
    let search = |query: &str| served.get(&format!("/api/chats/{id}/search?{query}"));
    let kinds = |found: &Value| {
        let items = found["items"].as_array().unwrap().clone();
        items.into_iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let found = search("q=BURNS%20%20whale").await;
    assert_eq!(kinds(&found), ["answer", "output", "arguments", "said"], "{found}");
    assert_eq!((&found["items"][1]["tool_call"], &found["truncated"]), (&json!("1.1.0"), &json!(false)));
    let last = &found["items"][3];
    assert_eq!(
        last,
        &json!({ "index": 0, "kind": "said", "snippet": "search burns whale", "marks": [{ "from": 7, "to": 18 }] })
    );
    let found = search("q=and+of+the+lamp").await;
    assert!(found["items"][0]["snippet"].as_str().unwrap().ends_with("and of the lamp"), "far in a long text: {found}");
    let index = found["items"][0]["index"].as_u64().unwrap();
    let page = served.get(&format!("/api/chats/{id}/messages?before={}&limit=1", index + 1)).await;
    assert_eq!((&page["messages"][0]["kind"], &page["first"]), (&json!("user"), &json!(index)));
    let first = search("q=whale&limit=1").await;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["truncated"]), (1, &json!(true)));
    assert_eq!(search("q=nowhere").await, json!({ "items": [], "truncated": false }));
    for (path, status, code) in [
        (format!("/api/chats/{id}/search?q=%20"), 400, "bad_query"),
        (format!("/api/chats/{id}/search"), 400, "bad_query"),
        (format!("/api/chats/{ANY}/search?q=x"), 404, "no_chat"),
    ] {
        let refused = problem(served.with(&served.key, &Method::GET, &path).send().await.unwrap()).await;
        assert_eq!((refused.0, refused.1["code"].as_str().unwrap()), (status, code), "{path}");
    }
}

/// The events of a chat up to the first of a type.
async fn events_until(served: &Served, id: &str, kind: &str) -> Vec<Value> {
    let mut socket = served.socket().await;
    socket.send(json!({ "op": "subscribe", "sub": 1, "stream": format!("chat/{id}"), "view": false })).await;
    let mut frames = socket.until(|frame| frame["type"] == kind).await;
    frames.retain(|frame| frame["op"] == "event");
    frames
}

#[actix_web::test]
async fn a_chat_that_nobody_has_named_is_named_by_its_model_and_its_session_with_it() {
    let served = serve().await;
    let (project, _) = served.session().await;
    let session = served.send(&Method::POST, "/api/sessions", &json!({ "project": project })).await;
    let body = json!({ "session": session["id"], "message": "read README.md, please" });
    let chat = served.send(&Method::POST, "/api/chats", &body).await;
    let id = chat["id"].as_str().unwrap();
    let events = events_until(&served, id, "ChatRenamed").await;
    let renamed = events.last().unwrap();
    assert_eq!(
        (&renamed["data"]["title"], &renamed["by"]["kind"]),
        (&json!("Read README.md, please"), &json!("agent"))
    );
    let taken = renamed["data"]["by_model"]["usage"]["output"].as_u64().unwrap();
    let finished = events.iter().find(|frame| frame["type"] == "TurnFinished").unwrap();
    let row = served.get(&format!("/api/chats/{id}?at_least={}", renamed["position"])).await;
    let counted = finished["data"]["usage"]["output"].as_u64().unwrap() + taken;
    assert_eq!((&row["title"], row["usage"]["output"].as_u64()), (&renamed["data"]["title"], Some(counted)));
    let session = served.get(&format!("/api/sessions/{}", session["id"].as_str().unwrap())).await;
    assert_eq!((&session["title"], &session["named"]), (&renamed["data"]["title"], &json!(false)));
}

#[actix_web::test]
async fn a_title_that_fails_is_nobodys_trouble() {
    let scenario = r#"{"rules": [{"when": {"purpose": "title"}, "then": [{"error": {"kind": "bad_request"}}]}]}"#;
    let served = serve_with(scenario, |_| ()).await;
    let (_, session) = served.session().await;
    let chat = served.send(&Method::POST, "/api/chats", &json!({ "session": session, "message": "list" })).await;
    let id = chat["id"].as_str().unwrap();
    let failed = events_until(&served, id, "TitleFailed").await.pop().unwrap();
    assert_eq!(failed["data"]["error"]["code"], "bad_request");
    let row = served.get(&format!("/api/chats/{id}?at_least={}", failed["position"])).await;
    assert_eq!((&row["title"], &row["state"]), (&json!(""), &json!("idle")));
}

#[actix_web::test]
async fn on_request_a_chat_goes_on_from_a_summary_and_shows_everything() {
    let served = serve().await;
    let id = served.chat().await;
    let path = format!("/api/chats/{id}");
    let (status, problem) = served.refused(&Method::POST, &format!("{path}/compact"), &json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("nothing_to_compact")));
    let say = |text: &str| served.send(&Method::POST, &format!("{path}/messages"), &json!({ "text": text }));
    let taken = |events: &[Value]| {
        let call = events.iter().rev().find(|event| event["type"] == "ModelCallFinished").unwrap();
        call["data"]["usage"]["input"].as_u64().unwrap()
    };
    let question = format!("read README.md {}", "and again ".repeat(2_000));
    say(&question).await;
    let long = taken(&events_until(&served, &id, "TurnFinished").await);
    let view = served.get(&format!("/api/streams/{}/view", format_args!("chat/{id}"))).await;
    assert!(view["view"]["context"]["used"].as_u64().unwrap() > long, "{}", view["view"]["context"]);
    served.send(&Method::POST, &format!("{path}/compact"), &json!({})).await;
    let compacted = events_until(&served, &id, "Compacted").await.pop().unwrap();
    assert!(compacted["data"]["summary"].as_str().unwrap().contains("asked: read README.md"), "{compacted}");
    say("list").await;
    let mut socket = served.socket().await;
    let after = json!({ "op": "subscribe", "sub": 1, "stream": format!("chat/{id}"), "after": compacted["revision"] });
    socket.send(after).await;
    let events = socket.until(|frame| frame["type"] == "TurnFinished").await;
    assert!(taken(&events) < long / 2, "{} after {long}", taken(&events));
    let page = served.get(&format!("{path}/messages")).await;
    assert!(page["messages"][0]["text"].to_string().contains("and again"), "what was said is all there");
}

#[actix_web::test]
async fn a_chat_that_nearly_fills_the_window_of_its_model_is_summed_up_unasked() {
    let served = serve_within(4_000).await;
    let id = served.chat().await;
    let say = |text: String| served.send(&Method::POST, &format!("/api/chats/{id}/messages"), &json!({ "text": text }));
    say(format!("hello {}", "word ".repeat(3_000))).await;
    events_until(&served, &id, "TurnFinished").await;
    say("read README.md".into()).await;
    let events = events_until(&served, &id, "Compacted").await;
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let place = |kind: &str| kinds.iter().rposition(|known| *known == kind).unwrap();
    assert!(place("TurnStarted") < place("CompactionStarted"), "{kinds:?}");
    assert_eq!(events.last().unwrap()["data"]["upto"], 3);
}

#[actix_web::test]
async fn a_tool_call_that_was_written_as_text_is_made_and_leaves_the_text() {
    let markup =
        r#"I look.\n<tool_call>\n{\"name\": \"read_file\", \"arguments\": {\"path\": \"README.md\"}}\n</tool_call>"#;
    let scenario = format!(
        r#"{{"rules": [{{"when": {{"has_tool_result": false}}, "then": [{{"text": "{markup}"}}]}}, {{"then": [{{"text": "It shines."}}]}}]}}"#
    );
    let served = serve_with(&scenario, |_| ()).await;
    let id = served.chat().await;
    served.send(&Method::POST, &format!("/api/chats/{id}/messages"), &json!({ "text": "What is it?" })).await;
    let events = events_until(&served, &id, "TurnFinished").await;
    let finished = events.iter().find(|event| event["type"] == "ToolFinished").unwrap();
    assert!(finished["data"]["output"].as_str().unwrap().contains("It shines."), "{finished}");
    let page = served.get(&format!("/api/chats/{id}/messages")).await;
    assert_eq!(
        (&page["messages"][1]["text"], &page["messages"][1]["state"]["stop"]),
        (&json!("I look."), &json!("tool_calls"))
    );
}
