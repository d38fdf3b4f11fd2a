//! The server killed again and again while it streams: what a client saw is there, every turn ends, nothing happens twice.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::process::{Ground, Server};

/// How bad it gets.
struct Storm {
    seed: u64,
    kills: usize,
    chats: usize,
    /// Turns are stopped and messages queued while the model writes.
    meddling: bool,
}

/// What a client saw of a stream, by revision.
type Seen = BTreeMap<u64, Value>;

/// One chat, and what its client knows.
struct Client {
    stream: String,
    seen: Seen,
    /// The command that was sent last, and its id.
    sent: Option<(Value, Uuid)>,
    acknowledged: bool,
    messages: Vec<Uuid>,
    /// How many wishes to stop a turn were accepted.
    stopped: usize,
}

impl Client {
    fn note(&mut self, frame: &Value) {
        let revision = frame["revision"].as_u64().unwrap();
        let next = self.seen.last_key_value().map_or(0, |(last, _)| last + 1);
        assert_eq!(revision, next, "{}: a gap or a double", self.stream);
        self.seen
            .insert(revision, json!({"type": frame["type"], "data": frame["data"], "position": frame["position"]}));
    }

    fn count(&self, kind: &str) -> usize {
        self.seen.values().filter(|event| event["type"] == kind).count()
    }

    fn is_idle(&self) -> bool {
        // A message begins a turn in the append that it comes with: the frame with that one is on its way.
        let begins = self.seen.last_key_value().is_some_and(|(_, event)| event["type"] == "MessagePosted");
        self.acknowledged
            && !begins
            && self.count("TurnStarted") == self.count("TurnFinished") + self.count("TurnCancelled")
            && self.count("MessagePosted") == self.messages.len()
    }

    /// The next thing to be sent, until it is known that it arrived.
    fn wish(&mut self, command: Value) {
        self.sent = Some((command, Uuid::now_v7()));
        self.acknowledged = false;
    }

    fn wish_message(&mut self) {
        let message = Uuid::now_v7();
        self.messages.push(message);
        self.wish(json!({"type": "PostMessage", "message": message, "text": "read README.md, then count"}));
    }

    fn is_cancelling(&self) -> bool {
        self.sent.as_ref().is_some_and(|(command, _)| command["type"] == "CancelTurn")
    }
}

/// A small generator, so that a failing run can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Follows all chats until `enough` events came in this life, or without it until all of them are done. Once in `odds`
/// events a busy chat is meddled with.
async fn follow(server: &Server, clients: &mut [Client], enough: Option<u64>, mut odds: Option<(u64, &mut Dice)>) {
    let mut socket = server.socket().await;
    for (sub, client) in (0..).zip(clients.iter()) {
        socket.subscribe(sub, &client.stream, client.seen.last_key_value().map(|(last, _)| *last)).await;
    }
    let mut live = BTreeSet::new();
    // Whose events are all here that were there when it was asked: a chat looks idle while the rest is on its way.
    let mut caught_up = BTreeSet::new();
    let mut came = 0;
    let mut answered = BTreeSet::new();
    loop {
        // Once it is known how a chat stands, it is told something new, or what it may not have heard is said again.
        for (sub, client) in (0..).zip(clients.iter_mut()) {
            if !live.contains(&sub) || (client.acknowledged && !client.is_idle()) {
                continue;
            }
            if client.acknowledged && enough.is_none() {
                continue;
            }
            if client.acknowledged || client.sent.is_none() {
                client.wish_message();
            }
            let (command, id) = client.sent.clone().unwrap();
            socket.send(json!({"op": "command", "id": id, "stream": client.stream, "command": command})).await;
            live.remove(&sub);
        }
        if enough.is_none() && caught_up.len() == clients.len() && clients.iter().all(Client::is_idle) {
            return;
        }
        let frame = socket.next().await.expect("the server is there");
        match frame["op"].as_str().unwrap() {
            "event" => {
                let sub = frame["sub"].as_u64().unwrap();
                let client = &mut clients[usize::try_from(sub).unwrap()];
                client.note(&frame);
                if client.is_idle() {
                    live.insert(sub);
                } else if let Some((odds, dice)) = &mut odds
                    && client.acknowledged
                    && dice.roll(*odds) == 0
                {
                    if dice.roll(2) == 0 {
                        client.wish_message();
                    } else {
                        client.wish(json!({"type": "CancelTurn"}));
                    }
                    live.insert(sub);
                }
                came += 1;
                if enough.is_some_and(|enough| came >= enough) {
                    return;
                }
            }
            "live" => {
                let sub = frame["sub"].as_u64().unwrap();
                live.insert(sub);
                caught_up.insert(sub);
            }
            answer @ ("accepted" | "rejected") => {
                let id = frame["id"].as_str().unwrap();
                let mine = |client: &&mut Client| client.sent.as_ref().is_some_and(|(_, sent)| sent.to_string() == id);
                let Some((sub, client)) = (0..).zip(clients.iter_mut()).find(|(_, client)| mine(client)) else {
                    // Said twice in one life, because it was not known yet that it had arrived.
                    assert!(answered.contains(id), "nobody sent {frame}");
                    continue;
                };
                answered.insert(id.to_owned());
                if answer == "rejected" {
                    // The turn may have ended before the wish to stop it came.
                    assert!(client.is_cancelling() && frame["code"] == "no_turn", "{frame}");
                }
                client.stopped += usize::from(answer == "accepted" && client.is_cancelling() && !client.acknowledged);
                client.acknowledged = true;
                if client.is_idle() {
                    live.insert(sub);
                }
            }
            "hello" | "pong" => {}
            other => panic!("{other}: {frame}"),
        }
    }
}

#[tokio::test]
async fn twenty_kills_lose_nothing_that_was_seen_and_every_turn_ends_once() {
    rage(Storm { seed: 20_261_120, kills: 20, chats: 3, meddling: false }).await;
}

/// 35 kills; `REENACT_KILLS` makes it more, and `REENACT_SEED` another storm.
#[tokio::test]
async fn kills_among_stopped_turns_and_queued_messages_lose_nothing_either() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seed = number("REENACT_SEED").unwrap_or(11);
    let kills = usize::try_from(number("REENACT_KILLS").unwrap_or(35)).unwrap();
    println!("seed {seed}");
    rage(Storm { seed, kills, chats: 6, meddling: true }).await;
}

async fn rage(storm: Storm) {
    let scenario = json!({"words_per_second": 400, "rules": [
        {"when": {"has_tool_result": false}, "then": [
            {"reasoning": "A file to read first."},
            {"text": "Let me look."},
            {"tool_calls": [{"name": "read_file", "arguments": {"path": "README.md"}}, {"name": "list_directory", "arguments": {}}]},
        ]},
        {"then": [{"repeat": {"text": "{n} ", "times": 60}}]},
    ]});
    let ground = Ground::new(&scenario.to_string());
    let mut dice = Dice(storm.seed);
    let mut server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let mut clients = vec![];
    for _ in 0..storm.chats {
        let stream = server.chat(&session).await;
        clients.push(Client {
            stream,
            seen: Seen::new(),
            sent: None,
            acknowledged: false,
            messages: vec![],
            stopped: 0,
        });
    }
    for _ in 0..storm.kills {
        let enough = 1 + dice.roll(200);
        let meddling = storm.meddling.then_some((30, &mut dice));
        follow(&server, &mut clients, Some(enough), meddling).await;
        server.kill();
        server = ground.serve();
    }
    follow(&server, &mut clients, None, None).await;
    for client in &clients {
        let whole = server.events(&client.stream).await;
        let late: Vec<&str> = whole.iter().skip(client.seen.len()).filter_map(|event| event["type"].as_str()).collect();
        assert!(late.is_empty(), "{}: came after it was idle: {late:?}", client.stream);
        for (event, (revision, seen)) in whole.iter().zip(&client.seen) {
            assert_eq!(
                (&event["type"], &event["data"]),
                (&seen["type"], &seen["data"]),
                "{} {revision}",
                client.stream
            );
        }
        let posted: Vec<_> = whole.iter().filter(|event| event["type"] == "MessagePosted").collect();
        let ids: BTreeSet<_> =
            posted.iter().map(|event| event["data"]["message"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids, client.messages.iter().map(Uuid::to_string).collect(), "each message is there");
        assert_eq!(posted.len(), ids.len(), "no message is there twice");
        assert_eq!(client.count("TurnCancelled"), client.stopped, "{}: each stop once", client.stream);
        let ended = whole.iter().filter(|event| event["type"] == "TurnFinished" || event["type"] == "TurnCancelled");
        let turns: Vec<_> = ended.map(|event| event["data"]["turn"].as_u64().unwrap()).collect();
        assert_eq!(turns, (1..=turns.len() as u64).collect::<Vec<_>>(), "every turn ends once");
        // The one way in which a call may fail here: it was cut off five times.
        let spent = |event: &Value| event["data"]["error"]["code"] == "crashed_repeatedly";
        let failed: Vec<_> = whole.iter().filter(|event| event["type"] == "ModelCallFailed" && !spent(event)).collect();
        assert!(failed.is_empty(), "{}: {failed:?}", client.stream);
    }
    let attempts = clients.iter().flat_map(|client| client.seen.values());
    let restarted =
        attempts.filter(|event| event["type"] == "ModelCallStarted" && event["data"]["attempt"].as_u64() > Some(1));
    assert!(restarted.count() > 0, "no kill met a model call: the test is not testing");
    if storm.meddling {
        for kind in ["TurnCancelled", "MessageQueued"] {
            let times: usize = clients.iter().map(|client| client.count(kind)).sum();
            println!("{kind}: {times}");
            assert!(times > 0, "no {kind}: the test is not testing");
        }
    }
}
