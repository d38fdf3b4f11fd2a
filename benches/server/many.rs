//! A data folder with many chats in its log.

use std::path::Path;

use futures_util::future::join_all;
use reenact::entities::{chat::Event, usage::Usage};
use replay::{
    file::{FileLog, Options},
    ids::StreamId,
    log::{Ack, Append, EventLog as _, Expected},
};
use uuid::Uuid;

use super::fold::{beginning, new};

/// How many chats.
pub const STREAMS: usize = 10_000;

/// Writes chats into the log of a data folder that no server uses; answers with their names.
pub async fn fill(data: &Path) -> Vec<String> {
    let (log, _) = FileLog::open(&data.join("log"), &Options::default()).expect("nobody uses it");
    let mut names = Vec::with_capacity(STREAMS);
    for _ in 0..STREAMS / 100 {
        let appends = (0..100).map(|_| {
            let stream = StreamId::new("chat", Uuid::now_v7());
            names.push(stream.to_string());
            let mut events = beginning();
            events.truncate(3);
            events.push(Event::TurnCancelled {
                turn: 1,
                usage: Usage::default(),
                digest: "0".repeat(64).into(),
                decider_version: 1,
            });
            let records = events.iter().map(new).collect();
            log.append(Append { stream, expected: Expected::Any, records, ack: Ack::Written })
        });
        for answer in join_all(appends).await {
            answer.expect("a working disk");
        }
    }
    names
}
