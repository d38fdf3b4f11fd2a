//! How fast a chat comes back from its events, in one thread and without a disk.

use std::time::Instant;

use reenact::entities::{
    AnyEntity, Kind,
    chat::{self, event::Origin, ids::CallId},
};
use replay::{
    decider::Attempt,
    event::{Event, encode},
    ids::{By, Micros, Position, Revision, StreamId},
    record::{NewRecord, Record},
};
use uuid::Uuid;

use super::table::{Bar, Table};

/// How many pieces of text the chat has.
const PIECES: u64 = 200_000;
/// How often it is folded; the best counts, since others use the machine too.
const ROUNDS: usize = 5;

/// A record of a stream.
pub fn record<E: Event>(stream: &StreamId, revision: u64, event: &E) -> Record {
    Record { position: Position(revision), revision: Revision(revision), stream: stream.clone(), event: new(event) }
}

/// An event as it is handed to the log.
pub fn new<E: Event>(event: &E) -> NewRecord {
    let encoded = encode(event).expect("it is one of ours");
    NewRecord {
        id: Uuid::now_v7(),
        at: Micros(1_760_000_000_000_000),
        kind: encoded.kind,
        version: encoded.version,
        by: By::system(),
        cause: None,
        corr: Some(Uuid::now_v7()),
        cmd: None,
        copy_of: None,
        data: encoded.data,
    }
}

/// The first events of a chat: opened, a message, a turn, a model call.
pub fn beginning() -> Vec<chat::Event> {
    let (message, call) = (Uuid::now_v7(), CallId { turn: 1, ordinal: 1 });
    vec![
        chat::Event::ChatOpened {
            session: Uuid::from_u128(1),
            project: Uuid::from_u128(2),
            title: "measured".into(),
            model: "offline".into(),
            agent: "default".into(),
            origin: Origin::User,
            token_budget: 1_000_000,
            answer: None,
            brief: None,
        },
        chat::Event::MessagePosted { message, text: "count".into(), attachments: vec![] },
        chat::Event::TurnStarted { turn: 1, message },
        chat::Event::ModelCallStarted { call, model: "offline".into(), attempt: Attempt(1) },
    ]
}

/// Measures.
pub fn measure(table: &mut Table) {
    let stream = StreamId::new("chat", Uuid::now_v7());
    let call = CallId { turn: 1, ordinal: 1 };
    let pieces = (0..PIECES).map(|n| {
        let text = "a few words of an answer".into();
        chat::Event::TextAppended { call, attempt: Attempt(1), offset: n * 24, text }
    });
    let events = beginning().into_iter().chain(pieces);
    let records: Vec<_> = events.zip(0..).map(|(event, revision)| record(&stream, revision, &event)).collect();
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut entity = AnyEntity::new(Kind::Chat, stream.clone());
        for record in &records {
            entity.apply(record).expect("a chat as it is written");
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(u32::try_from(records.len()).expect("few")));
    }
    table.row("fold of chat events, decoding and rules", 1.0 / best, "events/s", Bar::AtLeast(500_000.0));
}
