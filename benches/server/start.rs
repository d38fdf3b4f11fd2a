//! From nothing to an answer, with many chats in the log: started anew, and after `kill -9` in the middle of an answer.

use std::time::Instant;

use serde_json::json;

use super::{
    many,
    process::serve,
    table::{Bar, Table, percentile},
};

/// How often each start is measured; the median counts.
const ROUNDS: usize = 5;
/// How many sleeping chats are woken.
const WAKES: usize = 500;

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Measures.
pub async fn measure(table: &mut Table) {
    let (data, project) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let scenario = data.path().with_extension("scenario.json");
    let endless = json!({"rules": [{"then": [
        {"words_per_second": 200}, {"repeat": {"text": "word{n} ", "times": 100_000}},
    ]}]});
    std::fs::write(&scenario, endless.to_string()).expect("a folder that can be written to");
    let variables = [("REENACT_SCENARIO", scenario.to_string_lossy().into_owned())];

    let server = serve(data.path(), &[]);
    let session = server.session(project.path()).await;
    server.kill();
    let chats = many::fill(data.path()).await;

    let begun = Instant::now();
    let server = serve(data.path(), &variables);
    server.http("GET", "/health", None).await;
    table.row("start, 10,000 streams, lists not yet made: first answer", milliseconds(begun), "ms", Bar::None);
    // The lists catch up with the log before the next start.
    server.http("GET", "/api/chats?limit=1&at_least=40000", None).await;
    server.kill();

    let mut starts = vec![];
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let server = serve(data.path(), &variables);
        server.http("GET", "/health", None).await;
        starts.push(milliseconds(begun));
        server.kill();
    }
    table.row("start, 10,000 streams: first answer", percentile(&mut starts, 50), "ms", Bar::None);

    let mut server = serve(data.path(), &variables);
    let mut wakes = vec![];
    let mut socket = server.socket().await;
    for (sub, chat) in (0..).zip(&chats[..WAKES]) {
        let begun = Instant::now();
        socket.subscribe(sub, chat, true).await;
        socket.until(r#""op":"view""#).await;
        wakes.push(milliseconds(begun));
    }
    table.row("wake of a sleeping chat to its view, median", percentile(&mut wakes, 50), "ms", Bar::None);
    table.row("wake of a sleeping chat to its view, p99", percentile(&mut wakes, 99), "ms", Bar::None);
    drop(socket);

    let stream = server.chat(&session, "offline", Some("count")).await;
    let mut resumed = vec![];
    for attempt in 1..=3 {
        let mut socket = server.socket().await;
        socket.subscribe(1, &stream, false).await;
        let started = format!(r#""attempt":{attempt},"#);
        loop {
            let frame = socket.until(r#""type":"TextAppended""#).await;
            if frame.contains(&started) {
                break;
            }
        }
        drop(socket);
        server.kill();
        let begun = Instant::now();
        server = serve(data.path(), &variables);
        let mut socket = server.socket().await;
        socket.subscribe(1, &stream, false).await;
        let again = format!(r#""attempt":{}"#, attempt + 1);
        loop {
            let frame = socket.until(r#""type":"ModelCallStarted""#).await;
            if frame.contains(&again) {
                break;
            }
        }
        resumed.push(milliseconds(begun));
    }
    let what = "kill -9, start, first event of the resumed turn, 10,000 streams";
    table.row(what, percentile(&mut resumed, 50), "ms", Bar::AtMost(500.0));
    server.kill();
    std::fs::remove_file(&scenario).expect("it was written above");
}
