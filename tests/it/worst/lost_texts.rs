//! Long texts whose blobs are gone or damaged: the chat goes on, and everybody is told what is missing.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use crate::{
    bare_server::event,
    process::{Ground, Server, reenact},
};

fn blob_files(ground: &Ground) -> Vec<PathBuf> {
    let folders = fs::read_dir(ground.data.path().join("blobs")).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path()).collect()
}

/// A provider that answers with one word.
async fn provider() -> MockServer {
    let server = MockServer::start().await;
    let text = event(&json!({"choices": [{"index": 0, "delta": {"content": "Well."}}]}));
    let stop = event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}));
    let answer = ResponseTemplate::new(200).set_body_raw(format!("{text}{stop}data: [DONE]\n\n"), "text/event-stream");
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    server
}

/// The first event of a type.
async fn event_of(server: &Server, chat: &str, kind: &str) -> Value {
    server.events(chat).await.into_iter().find(|event| event["type"] == kind).unwrap()
}

#[tokio::test]
async fn a_chat_whose_long_message_is_lost_goes_on_and_says_what_is_missing() {
    for damage in ["missing", "damaged"] {
        let provider = provider().await;
        let ground = Ground::new("");
        let serve = || {
            ground.serve_as(|command| {
                command.env("OPENAI_BASE_URL", format!("{}/v1", provider.uri()));
            })
        };
        let server = serve();
        let (_, session) = server.desk(&ground).await;
        let chat = server.chat(&session).await;
        let long = format!("Once upon a time {}", "and on ".repeat(10_000));
        let messages = format!("/api/chats/{}/messages", chat.trim_start_matches("chat/"));
        let mut socket = server.socket().await;
        socket.subscribe(1, &chat, None).await;
        let (status, posted) = server.http("POST", &messages, Some(json!({"text": long}))).await;
        assert!(status < 300, "{posted}");
        socket.until(|frame| frame["type"] == "TurnFinished").await;
        let reference = event_of(&server, &chat, "MessagePosted").await["data"]["text"].clone();
        server.kill();
        for file in blob_files(&ground) {
            match damage {
                "missing" => fs::remove_file(file).unwrap(),
                _ => fs::write(file, "something else").unwrap(),
            }
        }

        let verified = reenact(&ground, &["verify"]);
        let said = String::from_utf8_lossy(&verified.stdout);
        assert_eq!(verified.status.code(), Some(1), "{said}");
        for word in [reference["blob"].as_str().unwrap(), &chat, "revision 1", damage, "from a backup"] {
            assert!(said.contains(word), "`{word}` is not in: {said}");
        }
        let folder = tempfile::tempdir().unwrap();
        let backup = reenact(&ground, &["backup", folder.path().to_str().unwrap()]);
        let said = String::from_utf8_lossy(&backup.stdout);
        assert!(backup.status.code() == Some(1) && said.contains(damage), "{said}");

        let server = serve();
        let state = server.http("GET", &format!("/api/streams/{chat}/state"), None).await;
        assert_eq!(state.0, 200, "{}", state.1);
        let path = format!("/api/blobs/{}", reference["blob"].as_str().unwrap());
        let (status, problem) = server.http("GET", &path, None).await;
        assert!(status >= 400 && problem["detail"].as_str().unwrap().contains("backup"), "{status} {problem}");
        let mut socket = server.socket().await;
        socket.subscribe(1, &chat, None).await;
        let configured = json!({"type": "ConfigureChat", "model": "openai/any"});
        assert_eq!(socket.command(&chat, configured).await["op"], "accepted");
        assert_eq!(socket.command(&chat, json!({"type": "PostMessage", "text": "and?"})).await["op"], "accepted");
        socket.until(|frame| frame["type"] == "TurnFinished" && frame["data"]["turn"] == 2).await;
        let asked = String::from_utf8(provider.received_requests().await.unwrap()[0].body.clone()).unwrap();
        assert!(asked.contains("Once upon a time") && asked.contains("The rest of this text"), "{asked}");

        // Whoever has the text can have it kept again: it is the same blob.
        let (status, posted) = server.http("POST", &messages, Some(json!({"text": long}))).await;
        assert!(status < 300, "{posted}");
        assert_eq!(reenact(&ground, &["verify"]).status.code(), Some(0));
    }
}
