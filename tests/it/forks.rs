//! Forks: a copy has the state of its original at every place and leaves it alone, is made once, survives every crash, and
//! goes its own way.

use std::sync::Arc;

use futures_util::StreamExt as _;
use replay::{
    digest::digest,
    fork::Copies,
    ids::{Revision, StreamId},
    log::{Ack, Append, EventLog, Expected},
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    process::{Ground, Server},
    served::{Served, serve},
};

impl Served {
    async fn fork(&self, stream: &str, wanted: Value) -> String {
        let forked = self.send(&Method::POST, &format!("/api/streams/{stream}/fork"), &wanted).await;
        forked["stream"].as_str().unwrap().to_owned()
    }
}

#[actix_web::test]
async fn a_fork_has_the_state_of_its_original_at_every_revision_and_leaves_it_alone() {
    let served = serve().await;
    let chat = served.chat().await;
    served.ask(&chat, "read README.md").await;
    let original = served.ask(&chat, "list").await;
    let before = served.events(&original).await;
    assert!(before.len() > 20, "{}", before.len());
    for at in 0..before.len() {
        let fork = served.fork(&original, json!({ "at": at })).await;
        let copied = served.events(&fork).await;
        assert_eq!(copied.len(), at + 2, "the copies, and what makes a chat of its own of them");
        assert_eq!(copied[at + 1]["type"], "Forked");
        for (copy, event) in copied.iter().zip(&before[..=at]) {
            assert_eq!(copy["copy_of"], event["id"]);
            assert_ne!(copy["id"], event["id"]);
            for same in ["type", "version", "data", "at", "by", "revision"] {
                assert_eq!(copy[same], event[same], "{same}");
            }
            assert!(copy["cmd"].is_null(), "no command was sent to the fork");
            let inside = |name: &str| copied.iter().any(|other| other["id"] == copy[name]);
            assert!(copy["cause"].is_null() || inside("cause"), "a cause is an event of the fork");
            assert!(inside("corr"));
        }
        let (here, there) = (served.state(&fork, at).await, served.state(&original, at).await);
        assert_eq!(digest(&here).unwrap(), digest(&there).unwrap(), "at {at}");
        let now = served.state(&fork, at + 1).await;
        assert!(now["turn"].is_null(), "nothing is open");
    }
    assert_eq!(served.events(&original).await, before, "the original is untouched");
}

#[actix_web::test]
async fn a_fork_is_a_chat_of_its_own_with_what_it_came_from_and_took_itself() {
    let served = serve().await;
    let chat = served.chat().await;
    let original = served.ask(&chat, "read README.md").await;
    let taken = served.get(&format!("/api/chats/{chat}")).await["usage"]["input"].as_u64().unwrap();
    let fork = served.fork(&original, json!({ "after_turn": 1, "model": "offline" })).await;
    let id = fork.strip_prefix("chat/").unwrap().to_owned();
    let row = served.get(&format!("/api/chats/{id}")).await;
    let at = served.events(&fork).await.len() - 2;
    assert_eq!(row["origin"], json!({ "kind": "fork", "stream": original, "revision": at }));
    assert_eq!((&row["title"], &row["state"], &row["turns"]), (&json!("Talk (fork)"), &json!("idle"), &json!(1)));
    assert_eq!(row["usage"]["input"], 0, "what the copied turns took was taken elsewhere");
    let session = row["session"].as_str().unwrap().to_owned();
    assert_eq!(served.get(&format!("/api/sessions/{session}")).await["chats"], 2);
    let chats = served.get(&format!("/api/chats?session={session}")).await;
    let listed: Vec<_> = chats["items"].as_array().unwrap().iter().map(|row| row["stream"].clone()).collect();
    assert_eq!(listed, [json!(fork), json!(original)], "the newest first");

    served.ask(&id, "list").await;
    let row = served.get(&format!("/api/chats/{id}")).await;
    assert_eq!(row["turns"], 2);
    assert!(row["usage"]["input"].as_u64().unwrap() > 0);
    assert_eq!(served.get(&format!("/api/chats/{chat}")).await["usage"]["input"], taken);
    let again = served.fork(&fork, json!({ "after_turn": 2 })).await;
    let row = served.get(&format!("/api/chats/{}", again.strip_prefix("chat/").unwrap())).await;
    assert_eq!((&row["origin"]["stream"], &row["title"]), (&json!(fork), &json!("Talk (fork)")));
    assert_eq!(row["usage"]["input"], 0);
}

#[actix_web::test]
async fn an_open_turn_goes_on_in_a_fork_that_runs() {
    let served = serve().await;
    let chat = served.chat().await;
    let original = served.ask(&chat, "read README.md").await;
    let events = served.events(&original).await;
    let place = |kind: &str| events.iter().position(|event| event["type"] == kind).unwrap();
    for at in [place("MessagePosted"), place("TurnStarted"), place("ModelCallStarted"), place("ToolStarted")] {
        let fork = served.fork(&original, json!({ "at": at, "run": true, "model": "offline" })).await;
        let row = served.get(&format!("/api/chats/{}", fork.replace("chat/", ""))).await;
        assert!(row["turns"] == 1, "{row}");
        served.ended(&fork, 1).await;
        let row = served.get(&format!("/api/chats/{}", fork.replace("chat/", ""))).await;
        assert_eq!(row["state"], "idle");
        let ended = served.events(&fork).await;
        assert_eq!(ended.last().unwrap()["type"], "TurnFinished", "forked at {at}");
        let text = |events: &[Value]| -> String {
            let own = events.iter().filter(|event| event["type"] == "TextAppended");
            own.map(|event| event["data"]["text"].as_str().unwrap()).collect()
        };
        assert!(text(&ended[at..]).contains("It shines."), "forked at {at}");
    }
}

#[actix_web::test]
async fn a_place_is_named_by_a_message_or_a_turn_too() {
    let served = serve().await;
    let chat = served.chat().await;
    served.ask(&chat, "list").await;
    let original = served.ask(&chat, "read README.md").await;
    let events = served.events(&original).await;
    let posted: Vec<_> = events.iter().filter(|event| event["type"] == "MessagePosted").collect();
    let (first, second) = (&posted[0]["data"]["message"], &posted[1]["data"]["message"]);
    let fork = served.fork(&original, json!({ "before_message": first })).await;
    assert_eq!(served.events(&fork).await.len(), 2, "the chat is open, and nothing was said");
    let by_message = served.fork(&original, json!({ "before_message": second })).await;
    let by_turn = served.fork(&original, json!({ "after_turn": 1 })).await;
    assert_eq!(served.events(&by_message).await.len(), served.events(&by_turn).await.len());
    served.ask(by_message.strip_prefix("chat/").unwrap(), "read README.md 1-1").await;

    let path = format!("/api/streams/{original}/fork");
    for (wanted, status, code) in [
        (json!({}), 422, "bad_place"),
        (json!({ "at": 1, "after_turn": 1 }), 422, "bad_place"),
        (json!({ "at": 9_999 }), 404, "no_revision"),
        (json!({ "before_message": Uuid::now_v7() }), 404, "no_message"),
        (json!({ "after_turn": 7 }), 404, "no_such_turn"),
        (json!({ "at": 1, "model": "nobody/x" }), 422, "unknown_model"),
        (json!({ "at": 1, "id": chat }), 409, "occupied"),
    ] {
        let (got, problem) = served.refused(&Method::POST, &path, &wanted).await;
        assert_eq!((got, problem["code"].as_str().unwrap()), (status, code), "{wanted}: {problem}");
    }
    let session = served.get(&format!("/api/chats/{chat}")).await["session"].as_str().unwrap().to_owned();
    let (status, problem) =
        served.refused(&Method::POST, &format!("/api/streams/session/{session}/fork"), &json!({ "at": 0 })).await;
    assert_eq!((status, &problem["code"]), (409, &json!("not_forked")));
    served.send(&Method::POST, &format!("/api/sessions/{session}/archive"), &json!({})).await;
    let (status, problem) = served.refused(&Method::POST, &path, &json!({ "at": 1 })).await;
    assert_eq!((status, &problem["code"]), (409, &json!("archived")));
}

#[actix_web::test]
async fn a_fork_asked_for_twice_is_made_once() {
    let served = serve().await;
    let chat = served.chat().await;
    let original = served.ask(&chat, "list").await;
    let path = format!("/api/streams/{original}/fork");
    let named = json!({ "after_turn": 1, "id": Uuid::now_v7() });
    let first = served.send(&Method::POST, &path, &named).await;
    assert_eq!(served.send(&Method::POST, &path, &named).await, first, "by its name");
    let by_key = || {
        let request = served.with(&served.key, &Method::POST, &path).header("idempotency-key", "once");
        request.json(&json!({ "after_turn": 1 })).send()
    };
    let both = futures_util::future::join(by_key(), by_key()).await;
    let (one, other): (Value, Value) = (both.0.unwrap().json().await.unwrap(), both.1.unwrap().json().await.unwrap());
    assert_eq!(one, other, "by its key, at the same time too");
    assert_ne!(one["stream"], first["stream"]);
    assert_eq!(served.get("/api/chats").await["items"].as_array().unwrap().len(), 3);
    let elsewhere = json!({ "at": 0, "id": named["id"] });
    assert_eq!(served.refused(&Method::POST, &path, &elsewhere).await.1["code"], "occupied");
}

/// Copies the first events of a chat as a crash in the middle of a fork leaves them.
async fn half_copied(log: &Arc<dyn EventLog>, original: &str, fork: &StreamId, count: usize) {
    let mut copies = Copies::to(fork.clone());
    let originals: Vec<_> = log.read_stream(original.parse().unwrap(), Revision::ZERO).take(count).collect().await;
    let records = originals.into_iter().map(|original| copies.copy(&original.unwrap())).collect();
    let append = Append { stream: fork.clone(), expected: Expected::NoStream, records, ack: Ack::Durable };
    log.append(append).await.unwrap();
}

#[actix_web::test]
async fn a_fork_that_was_cut_off_wants_nothing_shows_nowhere_and_is_completed_by_the_same_request() {
    let served = serve().await;
    let chat = served.chat().await;
    let original = served.ask(&chat, "read README.md").await;
    let begun = served.events(&original).await.iter().position(|event| event["type"] == "ModelCallStarted").unwrap();
    let id = Uuid::now_v7();
    let fork = StreamId::new("chat", id);
    half_copied(&served.log, &original, &fork, begun + 1).await;
    served.wake();
    let chats = served.get("/api/chats").await;
    assert_eq!(chats["items"].as_array().unwrap().len(), 1, "{chats}");
    let say = served.refused(&Method::POST, &format!("/api/chats/{id}/messages"), &json!({ "text": "hello" })).await;
    assert_eq!((say.0, &say.1["code"]), (409, &json!("unfinished_fork")));
    let last = served.events(&original).await.len() - 1;
    let path = format!("/api/streams/{original}/fork");
    let shorter = served.refused(&Method::POST, &path, &json!({ "at": begun - 1, "id": id })).await;
    assert_eq!(shorter.1["code"], "occupied", "it has more already");
    let forked = served.fork(&original, json!({ "at": last, "id": id })).await;
    assert_eq!(forked, fork.as_str());
    assert_eq!(served.state(&forked, last).await, served.state(&original, last).await);
    let events = served.events(&forked).await;
    assert_eq!(events.len(), last + 2, "nothing came between: {events:?}");
    assert_eq!(served.get("/api/chats").await["items"].as_array().unwrap().len(), 2);
    served.ask(&id.to_string(), "list").await;
}

/// A chat whose copies take several appends.
async fn long_chat(ground: &Ground, server: &Server) -> String {
    let (_, session) = server.desk(ground).await;
    let stream = server.chat(&session).await;
    let path = format!("/api/chats/{}/messages", stream.strip_prefix("chat/").unwrap());
    let text = "x".repeat(16_000);
    let mut socket = server.socket().await;
    socket.subscribe(1, &stream, None).await;
    for turn in 1..=300_u64 {
        assert_eq!(server.http("POST", &path, Some(json!({ "text": text }))).await.0, 200);
        socket.until(|frame| frame["type"] == "TurnFinished" && frame["data"]["turn"] == turn).await;
    }
    stream
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_fork_leaves_nothing_half_that_shows_and_the_same_request_completes_it() {
    let scenario = json!({ "words_per_second": 0, "rules": [{ "then": [{ "text": "Yes." }] }] });
    let ground = Ground::new(&scenario.to_string());
    let mut server = ground.serve();
    let original = long_chat(&ground, &server).await;
    let before = server.events(&original).await;
    let last = before.len() - 1;
    let path = format!("/api/streams/{original}/fork");
    let mut cut = 0;
    for _ in 0..5 {
        let id = Uuid::now_v7();
        let fork = format!("chat/{id}");
        let wanted = json!({ "at": last, "id": id });
        let mut socket = server.socket().await;
        socket.subscribe(1, &fork, None).await;
        socket.until(|frame| frame["op"] == "live").await;
        let asking = server.asking("POST", &path, &wanted);
        socket.until(|frame| frame["op"] == "event").await;
        server.kill();
        drop(asking);
        server = ground.serve();
        let there = server.events_or_none(&fork).await.map_or(0, |events| events.len());
        let shown = server.http("GET", &format!("/api/chats/{id}"), None).await.0;
        assert_eq!(shown, if there == last + 2 { 200 } else { 404 }, "{there} events are there");
        cut += usize::from((1..last + 2).contains(&there));
        let (status, forked) = server.http("POST", &path, Some(wanted)).await;
        assert_eq!((status, &forked["revision"]), (200, &json!(last + 1)), "{forked}");
        let copied = server.events(&fork).await;
        assert_eq!(copied.len(), last + 2);
        for (copy, event) in copied.iter().zip(&before) {
            assert_eq!((&copy["copy_of"], &copy["data"]), (&event["id"], &event["data"]));
        }
    }
    println!("{cut} of 5 forks were cut in the middle");
    assert_eq!(server.events(&original).await, before, "the original is untouched");
}
