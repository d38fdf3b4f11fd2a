//! `/metrics`: what it says is well formed, moves with what happens, stands in the documents, and does not grow for ever.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{
    exposition::Scrape,
    served::{Served, serve, serve_with, status},
};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0";

async fn scrape(served: &Served) -> Scrape {
    let asked = served.with(&served.key, &Method::GET, "/metrics").header("accept", OPEN_METRICS);
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    Scrape::read(&answer.text().await.unwrap())
}

/// Scrapes until it says what it must: what is counted from the log is counted a moment later.
async fn until(served: &Served, what: &str, fits: impl Fn(&Scrape) -> bool) -> Scrape {
    let waited = async {
        loop {
            let scraped = scrape(served).await;
            if fits(&scraped) {
                return scraped;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waited).await.unwrap_or_else(|_| panic!("never {what}"))
}

/// A server on which a turn with a tool was done, something was refused, and a socket follows a stream and a list.
async fn busy() -> (Served, crate::served::Socket) {
    let served = serve_with("", |settings| settings.tools = vec!["read_file".into()]).await;
    let chat = served.chat().await;
    assert_eq!(status(served.with(&served.key, &Method::GET, "/api/nothing")).await, StatusCode::NOT_FOUND);
    let mut socket = served.socket().await;
    let stream = format!("chat/{chat}");
    socket.send(json!({"op": "subscribe", "sub": 1, "stream": stream, "view": false})).await;
    socket.send(json!({"op": "subscribe", "sub": 2, "list": "chats"})).await;
    served.send(&Method::POST, &format!("/api/chats/{chat}/messages"), &json!({"text": "read README.md"})).await;
    socket.until(|frame| frame["type"] == "TurnFinished").await;
    let refused = socket.command("again", &stream, json!({"type": "CancelTurn"})).await;
    assert_eq!(refused["op"], "rejected");
    (served, socket)
}

#[actix_web::test]
async fn numbers_move_with_what_happens() {
    let (served, socket) = busy().await;
    let answered = |now: &Scrape| now.sum("reenact_turns_total", &[("outcome", "answered")]) > 0.0;
    let now = until(&served, "counted the turn", answered).await;
    let is = |name: &str, labels: &[(&str, &str)]| now.sum(name, labels);
    let some = |name: &str, labels: &[(&str, &str)]| assert!(is(name, labels) > 0.0, "{name}{labels:?} did not move");
    let exactly = |name: &str, labels: &[(&str, &str)], value: f64| {
        assert!((is(name, labels) - value).abs() < f64::EPSILON, "{name}{labels:?}: {}, not {value}", is(name, labels));
    };
    let posted = [("route", "/api/chats/{id}/messages"), ("method", "POST")];
    exactly("reenact_http_requests_total", &[posted[0], posted[1], ("status", "200")], 1.0);
    exactly("reenact_http_request_duration_seconds_count", &posted, 1.0);
    exactly("reenact_http_requests_total", &[("route", "none"), ("status", "404")], 1.0);
    exactly("reenact_problems_total", &[("code", "no_route")], 1.0);
    exactly("reenact_problems_total", &[("code", "no_turn")], 1.0);
    exactly("reenact_commands_total", &[("kind", "chat"), ("outcome", "rejected")], 1.0);
    some("reenact_commands_total", &[("kind", "chat"), ("outcome", "accepted")]);
    exactly("reenact_sockets", &[], 1.0);
    exactly("reenact_sockets_opened_total", &[], 1.0);
    exactly("reenact_subscriptions", &[("of", "stream")], 1.0);
    exactly("reenact_subscriptions", &[("of", "list")], 1.0);
    some("reenact_frames_sent_total", &[]);
    exactly("reenact_turns_total", &[], 1.0);
    exactly("reenact_model_calls_total", &[("provider", "offline"), ("outcome", "finished")], 2.0);
    exactly("reenact_model_call_duration_seconds_count", &[("provider", "offline")], 2.0);
    some("reenact_model_tokens_total", &[("kind", "input")]);
    some("reenact_model_tokens_total", &[("kind", "output")]);
    exactly("reenact_tool_calls_total", &[("tool", "read_file"), ("outcome", "succeeded")], 1.0);
    exactly("reenact_entities_awake", &[("kind", "chat")], 1.0);
    exactly("reenact_effects", &[("state", "running")], 0.0);
    exactly("reenact_entities_quarantined", &[], 0.0);
    exactly("reenact_log_failures_total", &[], 0.0);
    exactly("reenact_log_events_total", &[], is("reenact_log_head", &[]));
    for name in [
        "reenact_log_head",
        "reenact_log_appends_total",
        "reenact_log_written_bytes_total",
        "reenact_log_sync_duration_seconds_count",
        "reenact_log_sync_duration_seconds_sum",
        "reenact_log_size_bytes",
        "reenact_log_segments",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_threads",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        some(name, &[]);
    }
    drop(socket);
    let gone = |now: &Scrape| now.sum("reenact_sockets", &[]) + now.sum("reenact_subscriptions", &[]) < 0.5;
    until(&served, "forgot the socket", gone).await;
    until(&served, "caught up", |now| now.sum("reenact_lists_lag_events", &[]) < 0.5).await;
}

/// The table of `docs/operations.md`: by name as it is asked for, type, labels and unit.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>, String)> {
    let page = include_str!("../../docs/operations.md");
    let table = page.split("\n## Numbers\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.trim_end_matches('`').to_owned();
        let kind = cells.next()?.to_owned();
        let labels =
            cells.next()?.split(", ").filter(|label| *label != "–").map(|label| label.replace('`', "")).collect();
        Some((name, (kind, labels, cells.next()?.replace('–', ""))))
    };
    table.lines().filter_map(row).collect()
}

#[actix_web::test]
async fn every_name_stands_in_the_documents_with_its_type_labels_and_unit() {
    let (served, _socket) = busy().await;
    let now = until(&served, "counted the turn", |now| now.sum("reenact_turns_total", &[]) > 0.0).await;
    let asked_for = |name: &str, kind: &str| match kind {
        "counter" => format!("{name}_total"),
        "info" => format!("{name}_info"),
        _ => name.to_owned(),
    };
    let found: BTreeMap<_, _> = now
        .0
        .iter()
        .map(|(name, family)| {
            let labels = family.samples.iter().flat_map(|sample| sample.labels.keys().cloned());
            let labels: BTreeSet<String> = labels.filter(|label| label != "le").collect();
            (asked_for(name, &family.kind), (family.kind.clone(), labels, family.unit.clone()))
        })
        .collect();
    assert!(found.len() > 25, "{}", found.len());
    let mut documented = documented();
    // Whether something waits or runs at this very moment is chance.
    for (name, (_, labels, _)) in &mut documented {
        if name == "reenact_effects" && now.0[name].samples.is_empty() {
            labels.clear();
        }
    }
    assert_eq!(found, documented);
}

#[actix_web::test]
async fn whoever_may_read_may_read_the_numbers_in_either_form() {
    let served = serve().await;
    assert_eq!(status(served.bare(&Method::GET, "/metrics")).await, StatusCode::UNAUTHORIZED);
    let viewer = served.key("prometheus", "viewer").await;
    let plain = served.with(&viewer, &Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(plain.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = plain.text().await.unwrap();
    assert!(text.contains("# TYPE reenact_http_requests_total counter") && !text.contains("# EOF"), "{text}");
}

#[actix_web::test]
async fn nothing_that_somebody_makes_up_makes_the_numbers_grow() {
    let served = serve().await;
    let strange = |n: usize| served.with(&served.key, &Method::GET, &format!("/api/made-up-{n}/{n}"));
    let page = |n: usize| served.bare(&Method::GET, &format!("/made/up/{n}"));
    let chat = |n: usize| served.with(&served.key, &Method::GET, &format!("/api/chats/{n}"));
    let method = |n: usize| {
        let method = Method::from_bytes(format!("SING{n}").as_bytes()).unwrap();
        served.with(&served.key, &method, "/api/chats")
    };
    let mut sizes = Vec::new();
    for round in 0..2 {
        for n in round * 10..round * 10 + 10 {
            for request in [strange(n), page(n), chat(n), method(n)] {
                request.send().await.unwrap();
            }
        }
        sizes.push(scrape(&served).await.len());
        sizes.push(scrape(&served).await.len());
    }
    // The first scrape is the one that the later ones count.
    assert_eq!(sizes[1], sizes[3], "{sizes:?}");
}
