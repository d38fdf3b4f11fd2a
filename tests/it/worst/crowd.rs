//! A thousand chats at once, and two hundred sockets on one.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::process::{Ground, Server};

const CHATS: usize = 1_000;
/// What a chat may cost while it is awake: its state and actor, its last events, its row, and what the build without
/// optimization adds. A chat here has some 30 events of 300 bytes; ten times that is generous.
const KIB_PER_CHAT: u64 = 128;

async fn asked(
    client: &reqwest::Client,
    server: &Server,
    key: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Value {
    let method: reqwest::Method = method.parse().unwrap();
    loop {
        let mut request = client.request(method.clone(), format!("{}{path}", server.address)).bearer_auth(key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        match answer.status().as_u16() {
            429 => tokio::time::sleep(Duration::from_millis(200)).await,
            status => {
                let json: Value = answer.json().await.unwrap();
                assert!(status < 300, "{status} {json}");
                return json;
            }
        }
    }
}

#[tokio::test]
async fn a_thousand_chats_at_once_all_end_and_memory_stays_bounded() {
    let ground = Ground::new("");
    let server = ground.serve_as(|command| {
        command.env("REENACT_WORDS_PER_SECOND", "0");
    });
    let (_, session) = server.desk(&ground).await;
    let before = server.resident_kib();
    let mut keys = vec![];
    for name in ["a", "b", "c", "d"] {
        let (_, key) = server.http("POST", "/api/keys", Some(json!({"name": name, "role": "operator"}))).await;
        keys.push(key["key"].as_str().unwrap().to_owned());
    }
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let since = Instant::now();
    let body = json!({"session": session, "model": "offline", "message": "read README.md"});
    let opened: HashSet<String> = stream::iter(0..CHATS)
        .map(|n| {
            let (client, server, body, key) = (&client, &server, &body, &keys[n % keys.len()]);
            async move {
                let chat = asked(client, server, key, "POST", "/api/chats", Some(body)).await;
                chat["id"].as_str().unwrap().to_owned()
            }
        })
        .buffer_unordered(64)
        .collect()
        .await;
    assert_eq!(opened.len(), CHATS);
    let accepted = since.elapsed();
    let mut most = 0;
    let states = loop {
        most = most.max(server.resident_kib());
        let (mut rows, mut cursor): (Vec<Value>, _) = (vec![], String::new());
        loop {
            let page =
                asked(&client, &server, &server.key, "GET", &format!("/api/chats?limit=500{cursor}"), None).await;
            rows.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let busy = rows.iter().filter(|row| row["state"] != "idle" || row["turns"] != 1).count();
        if busy == 0 {
            break rows;
        }
        assert!(since.elapsed() < Duration::from_mins(4), "{busy} chats are not done");
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    println!(
        "{CHATS} chats: accepted in {accepted:?}, done in {:?}, {} KiB at first, {most} KiB at most",
        since.elapsed(),
        before
    );
    assert_eq!(states.len(), CHATS);
    let bound = before + KIB_PER_CHAT * CHATS as u64;
    assert!(most < bound, "{most} KiB, and {bound} KiB were the bound");
    for id in opened.iter().take(20) {
        let events = server.events(&format!("chat/{id}")).await;
        let ends: Vec<_> = events.iter().filter(|event| event["type"] == "TurnFinished").collect();
        assert_eq!(ends.len(), 1, "{events:?}");
        assert_eq!(ends[0]["data"]["outcome"]["kind"], "answered", "{}", ends[0]);
    }
}

#[tokio::test]
async fn two_hundred_sockets_on_one_streaming_chat_all_get_every_revision() {
    const SOCKETS: usize = 200;
    let scenario =
        json!({"rules": [{"then": [{"words_per_second": 400}, {"repeat": {"text": "word{n} ", "times": 800}}]}]});
    let ground = Ground::new(&scenario.to_string());
    let server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    let mut sockets = vec![];
    for _ in 0..SOCKETS {
        let mut socket = server.socket().await;
        socket.subscribe(1, &chat, None).await;
        sockets.push(socket);
    }
    let mut speaker = server.socket().await;
    speaker.command(&chat, json!({"type": "PostMessage", "text": "count"})).await;
    let since = Instant::now();
    let seen = futures_util::future::join_all(sockets.iter_mut().map(async |socket| {
        let mut seen = vec![];
        loop {
            let frame = socket.next().await.expect("the server is there");
            if frame["op"] == "event" {
                seen.push(frame["revision"].as_u64().unwrap());
                if frame["type"] == "TurnFinished" {
                    return seen;
                }
            }
        }
    }))
    .await;
    // A title may come after the turn.
    let events = server.events(&chat).await;
    let end = events.iter().find(|event| event["type"] == "TurnFinished").unwrap();
    let expected: Vec<u64> = (0..=end["revision"].as_u64().unwrap()).collect();
    println!("{SOCKETS} sockets: {} revisions each, in {:?}", expected.len(), since.elapsed());
    assert!(seen.iter().all(|seen| *seen == expected), "a socket has a gap or a double");
    assert!(expected.len() > 20, "the answer came in one piece: nothing was streamed");
}
