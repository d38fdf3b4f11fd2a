//! JSON nested deeper than any stack: refused or recorded, never the end of the server.

use serde_json::{Value, json};

use crate::{
    bare_server::{After, event, serve, stream_head},
    process::{Ground, Server},
};

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

async fn posted(server: &Server, path: &str, body: String) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("{}{path}", server.address)).bearer_auth(&server.key);
    let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn deep_frames_and_bodies_are_refused_and_the_server_goes_on() {
    let ground = Ground::new("");
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    let mut socket = server.socket().await;
    for depth in [120, 126, 127, 128, 10_000, 400_000] {
        let deep = nested(depth);
        for frame in [
            deep.clone(),
            format!(
                r#"{{"op":"command","id":"c","stream":"{chat}","command":{{"type":"PostMessage","text":{deep}}}}}"#
            ),
            format!(r#"{{"op":"command","id":"c","stream":"{chat}","command":{deep}}}"#),
            format!(r#"{{"op":"batch","frames":[{{"op":"batch","frames":{deep}}}]}}"#),
            r#"{"op":"batch","frames":["#.repeat(depth.min(20_000)),
        ] {
            socket.send_text(frame).await;
            let answer = socket.until(|frame| frame["op"] == "error" || frame["op"] == "rejected").await;
            assert!(!answer["message"].as_str().unwrap().is_empty(), "{answer}");
        }
        for (path, body) in [
            ("/api/chats", deep.clone()),
            ("/api/chats", format!(r#"{{"session":{deep}}}"#)),
            ("/api/projects", format!(r#"{{"path":{deep}}}"#)),
            ("/api/sign-in", format!(r#"{{"key":{deep}}}"#)),
        ] {
            let (status, problem) = posted(&server, path, body).await;
            assert!((400..500).contains(&status), "{depth} {path}: {status} {problem}");
        }
    }
    socket.send(json!({"op": "ping"})).await;
    socket.until(|frame| frame["op"] == "pong").await;
}

/// An answer that calls a tool with these arguments.
fn calling(arguments: &str) -> String {
    let call = json!({"index": 0, "id": "call_1", "type": "function", "function": {"name": "read_file", "arguments": arguments}});
    let delta = event(&json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}));
    let stop = event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}));
    format!("{delta}{stop}data: [DONE]\n\n")
}

#[tokio::test]
async fn deep_arguments_of_a_tool_are_a_failed_call_and_their_stream_is_read_again_after_a_kill() {
    for depth in [60, 100, 115, 118, 120, 121, 122, 123, 124, 125, 126, 127, 128, 10_000] {
        let arguments = format!(r#"{{"path":{}}}"#, nested(depth));
        let provider = serve(vec![stream_head(), calling(&arguments)], After::Close).await;
        let ground = Ground::new("");
        let server = ground.serve_as(|command| {
            command.env("OPENAI_BASE_URL", &provider.url);
        });
        let (_, session) = server.desk(&ground).await;
        let body = json!({"session": session, "model": "openai/any", "message": "read"});
        let (status, chat) = server.http("POST", "/api/chats", Some(body)).await;
        assert!(status < 300, "{chat}");
        let chat = format!("chat/{}", chat["id"].as_str().unwrap());
        let mut socket = server.socket().await;
        socket.subscribe(1, &chat, None).await;
        let called = socket
            .until(|frame| ["ToolFinished", "ModelCallFailed"].contains(&frame["type"].as_str().unwrap_or_default()))
            .await;
        if called["type"] == "ToolFinished" {
            assert_eq!(called["data"]["outcome"], "failed", "{depth}: {called}");
        }
        assert_eq!(socket.command(&chat, json!({"type": "CancelTurn"})).await["op"], "accepted");
        let before = server.events(&chat).await;
        server.kill();
        let server = ground.serve();
        assert_eq!(server.events(&chat).await, before, "{depth}");
        for read in ["state", "view", "diff?from=1&to=3"] {
            let (status, answer) = server.http("GET", &format!("/api/streams/{chat}/{read}"), None).await;
            assert_eq!(status, 200, "{depth} {read}: {answer}");
        }
        let mut socket = server.socket().await;
        socket.send(json!({"op": "subscribe", "sub": 1, "stream": chat})).await;
        socket.until(|frame| frame["op"] == "live").await;
        let renamed = socket.command(&chat, json!({"type": "RenameChat", "title": "Deep"})).await;
        assert_eq!(renamed["op"], "accepted", "{depth}: {renamed}");
    }
}
