//! The suite that every implementation of [`EventLog`] passes. Each function is one promise; [`all`] checks them in turn.
//!
//! A test gives it a way to make an empty log: `conformance::all(|| Arc::new(MemoryLog::new())).await`.

use std::{collections::BTreeSet, fmt::Debug, sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    ids::{By, Micros, Position, Revision, StreamId},
    log::{Ack, Append, AppendError, Delivery, EventLog, Expected, MAX_DATA, Selection, Subscription},
    record::{Data, NewRecord, Record},
};

/// How long anything may take before the suite gives it up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Checks every promise, each on a fresh, empty log.
pub async fn all<L: Fn() -> Arc<dyn EventLog>>(make: L) {
    numbers_are_dense(make()).await;
    everything_that_was_said_is_read_again(make()).await;
    expectations_are_checked(make()).await;
    an_append_is_all_or_nothing(make()).await;
    what_cannot_be_kept_is_refused(make()).await;
    written_becomes_visible_once_durable(make()).await;
    a_later_durable_append_covers_earlier_written_ones(make()).await;
    reading_ends_at_the_head_of_the_call(make()).await;
    a_subscription_catches_up_then_follows(make()).await;
    a_subscription_may_begin_before_its_stream(make()).await;
    dropping_a_wait_loses_nothing(make()).await;
    many_writers_and_readers_agree(make()).await;
    large_appends_come_back_whole(make()).await;
    a_link_names_a_place_and_all_before_it(make()).await;
}

/// The name of a stream for tests.
pub fn stream(n: u64) -> StreamId {
    StreamId::new("test", Uuid::from_u128(u128::from(n)))
}

/// A record for tests whose data is the given JSON text.
pub fn record(json: &str) -> NewRecord {
    let raw = serde_json::value::RawValue::from_string(json.to_owned()).expect("the suite passes valid JSON");
    NewRecord {
        id: Uuid::now_v7(),
        at: Micros(1_700_000_000_000_000),
        kind: "SomethingHappened".into(),
        version: 1,
        by: By::system(),
        cause: None,
        corr: None,
        cmd: None,
        copy_of: None,
        data: Data::Json(raw.into()),
    }
}

/// An append of `count` small records to stream `n`.
pub fn append(n: u64, expected: Expected, count: usize, ack: Ack) -> Append {
    let records = (0..count).map(|i| record(&format!("{{\"stream\":{n},\"i\":{i}}}"))).collect();
    Append { stream: stream(n), expected, records, ack }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("the log answers within 20 s")
}

fn good<T, E: Debug>(result: Result<T, E>) -> T {
    result.expect("this is accepted by every log")
}

async fn durable(log: &dyn EventLog, n: u64, count: usize) {
    good(soon(log.append(append(n, Expected::Any, count, Ack::Durable))).await);
}

async fn read_stream(log: &dyn EventLog, n: u64, from: u64) -> Vec<Record> {
    soon(log.read_stream(stream(n), Revision(from)).map(good).collect()).await
}

async fn read_log(log: &dyn EventLog, from: u64) -> Vec<Record> {
    soon(log.read_log(Position(from)).map(good).collect()).await
}

/// The next records of a subscription until there are `count`, and whether `Live` came among them.
async fn collect(subscription: &mut Subscription, count: usize) -> (Vec<Record>, bool) {
    let (mut records, mut live) = (Vec::new(), false);
    while records.len() < count {
        match good(soon(subscription.next()).await.expect("the log is open")) {
            Delivery::Records(more) => records.extend(more),
            Delivery::Live => live = true,
        }
    }
    (records, live)
}

/// Positions count all records from 0, revisions those of a stream, both without gap.
pub async fn numbers_are_dense(log: Arc<dyn EventLog>) {
    assert_eq!(log.head(), Position(0));
    assert_eq!(log.next_revision(&stream(1)), Revision(0));
    for round in 0..5_u64 {
        let first = good(soon(log.append(append(1, Expected::next(Revision(round * 2)), 2, Ack::Durable))).await);
        assert_eq!((first.position, first.revision, first.count), (Position(round * 3), Revision(round * 2), 2));
        let second = good(soon(log.append(append(2, Expected::next(Revision(round)), 1, Ack::Durable))).await);
        assert_eq!((second.position, second.revision), (Position(round * 3 + 2), Revision(round)));
    }
    assert_eq!(log.head(), Position(15), "who was answered sees what was appended");
    assert_eq!(log.next_revision(&stream(1)), Revision(10));
    let positions: Vec<u64> = read_log(&*log, 0).await.iter().map(|r| r.position.0).collect();
    assert_eq!(positions, (0..15).collect::<Vec<_>>());
    let revisions: Vec<u64> = read_stream(&*log, 1, 0).await.iter().map(|r| r.revision.0).collect();
    assert_eq!(revisions, (0..10).collect::<Vec<_>>());
    assert_eq!(read_stream(&*log, 1, 7).await.len(), 3);
    assert_eq!(read_log(&*log, 14).await.len(), 1);
    assert!(read_stream(&*log, 3, 0).await.is_empty(), "a stream that is not there is empty");
    assert!(read_log(&*log, 99).await.is_empty(), "behind the head there is nothing");
    let streams: BTreeSet<_> = log.streams().into_iter().collect();
    assert_eq!(streams, BTreeSet::from([(stream(1), Position(13)), (stream(2), Position(14))]));
}

/// Every field of the envelope and the exact text of the data come back.
pub async fn everything_that_was_said_is_read_again(log: Arc<dyn EventLog>) {
    let full = NewRecord {
        id: Uuid::now_v7(),
        at: Micros(-5),
        kind: "EverythingFilled".into(),
        version: 7,
        by: By { on_behalf_of: Some("owner".into()), ..By::agent("reviewer ✓") },
        cause: Some(Uuid::from_u128(1)),
        corr: Some(Uuid::from_u128(2)),
        cmd: Some("command-1".parse().expect("a good id")),
        copy_of: Some(Uuid::from_u128(3)),
        data: record(" { \"b\" : 1.0,  \"a\": [\"é\\u0000\"] }").data,
    };
    let redacted = NewRecord { data: Data::Redacted, by: By::key("ci"), ..record("0") };
    let said = vec![full, record("null"), redacted];
    let request = Append {
        stream: "system/host".parse().expect("a good name"),
        expected: Expected::NoStream,
        records: said.clone(),
        ack: Ack::Durable,
    };
    good(soon(log.append(request)).await);
    let heard = read_log(&*log, 0).await;
    assert_eq!(heard.len(), said.len());
    for (heard, said) in heard.iter().zip(&said) {
        assert_eq!(heard.stream.as_str(), "system/host");
        assert_eq!(format!("{:?}", heard.event), format!("{said:?}"));
    }
}

/// A mismatch names what stands there and adds nothing.
pub async fn expectations_are_checked(log: Arc<dyn EventLog>) {
    durable(&*log, 1, 3).await;
    for wrong in [Expected::NoStream, Expected::Revision(Revision(1)), Expected::Revision(Revision(3))] {
        let error = soon(log.append(append(1, wrong, 1, Ack::Durable))).await.expect_err("a wrong expectation");
        assert_eq!(error, AppendError::WrongRevision { stream: stream(1), expected: wrong, actual: Revision(3) });
    }
    let early = soon(log.append(append(2, Expected::Revision(Revision(0)), 1, Ack::Durable))).await;
    assert!(matches!(early, Err(AppendError::WrongRevision { actual: Revision(0), .. })));
    assert_eq!(log.head(), Position(3));
    good(soon(log.append(append(1, Expected::Revision(Revision(2)), 1, Ack::Durable))).await);
    // What is written, though not yet visible, counts.
    good(soon(log.append(append(1, Expected::Revision(Revision(3)), 1, Ack::Written))).await);
    let error = soon(log.append(append(1, Expected::Revision(Revision(3)), 1, Ack::Durable))).await;
    assert!(matches!(error, Err(AppendError::WrongRevision { actual: Revision(5), .. })));
}

/// One record that cannot be kept refuses the whole append.
pub async fn an_append_is_all_or_nothing(log: Arc<dyn EventLog>) {
    let mut request = append(1, Expected::Any, 3, Ack::Durable);
    request.records[2] = record(&format!("\"{}\"", "x".repeat(MAX_DATA)));
    assert_eq!(soon(log.append(request)).await, Err(AppendError::DataTooLarge { bytes: MAX_DATA + 2 }));
    assert_eq!(log.head(), Position(0));
    assert!(read_stream(&*log, 1, 0).await.is_empty());
}

/// Types, versions, names and sizes outside the format are refused with a reason.
pub async fn what_cannot_be_kept_is_refused(log: Arc<dyn EventLog>) {
    let refused = |records| {
        let request = Append { stream: stream(1), expected: Expected::Any, records, ack: Ack::Durable };
        log.append(request)
    };
    let endless: Arc<str> = "x".repeat(256).into();
    for bad in [
        NewRecord { kind: "".into(), ..record("0") },
        NewRecord { kind: "no spaces".into(), ..record("0") },
        NewRecord { kind: "x".repeat(65).into(), ..record("0") },
        NewRecord { version: 0, ..record("0") },
        NewRecord { by: By { on_behalf_of: Some(endless), ..By::system() }, ..record("0") },
    ] {
        assert!(matches!(soon(refused(vec![bad])).await, Err(AppendError::BadRecord(_))));
    }
    assert!(matches!(soon(refused(Vec::new())).await, Err(AppendError::BadRecord(_))));
    let large = record(&format!("\"{}\"", "x".repeat(MAX_DATA - 2)));
    assert!(matches!(soon(refused(vec![large.clone(); 130])).await, Err(AppendError::FrameTooLarge { .. })));
    good(soon(refused(vec![large])).await);
    assert_eq!(log.head(), Position(1));
}

/// A written record becomes visible without any further append.
pub async fn written_becomes_visible_once_durable(log: Arc<dyn EventLog>) {
    let mut subscription = log.subscribe(Selection::All { from: Position(0) });
    good(soon(log.append(append(1, Expected::Any, 2, Ack::Written))).await);
    let (records, _) = collect(&mut subscription, 2).await;
    assert_eq!(records.len(), 2);
    assert_eq!(log.head(), Position(2), "what a subscriber saw is durable");
    good(soon(log.append(append(1, Expected::Any, 1, Ack::Written))).await);
    assert_eq!(good(soon(log.sync()).await), Position(3));
    assert_eq!(log.head(), Position(3), "a sync makes everything durable");
}

/// Durability is a prefix of the log.
pub async fn a_later_durable_append_covers_earlier_written_ones(log: Arc<dyn EventLog>) {
    good(soon(log.append(append(1, Expected::Any, 2, Ack::Written))).await);
    durable(&*log, 2, 1).await;
    assert_eq!(log.head(), Position(3));
    assert_eq!(read_stream(&*log, 1, 0).await.len(), 2);
}

/// A read that is under way is not prolonged by what is appended meanwhile.
pub async fn reading_ends_at_the_head_of_the_call(log: Arc<dyn EventLog>) {
    durable(&*log, 1, 3).await;
    let (of_stream, of_log) = (log.read_stream(stream(1), Revision(1)), log.read_log(Position(0)));
    durable(&*log, 1, 3).await;
    assert_eq!(soon(of_stream.count()).await, 2);
    assert_eq!(soon(of_log.count()).await, 3);
}

/// First what is there, then `Live` once, then what comes: no gap, no double.
pub async fn a_subscription_catches_up_then_follows(log: Arc<dyn EventLog>) {
    for _ in 0..700 {
        good(soon(log.append(append(1, Expected::Any, 1, Ack::Written))).await);
    }
    durable(&*log, 2, 1).await;
    let mut subscription = log.subscribe(Selection::Stream { stream: stream(1), from: Revision(10) });
    let (records, live) = collect(&mut subscription, 690).await;
    assert!(!live, "`Live` is said after what was there");
    assert!(records.iter().map(|r| r.revision.0).eq(10..700));
    assert!(matches!(soon(subscription.next()).await, Some(Ok(Delivery::Live))));
    durable(&*log, 2, 1).await;
    durable(&*log, 1, 2).await;
    let (records, live) = collect(&mut subscription, 2).await;
    assert!(!live, "`Live` is said once");
    assert!(records.iter().all(|r| r.stream == stream(1)));
    assert!(records.iter().map(|r| r.revision.0).eq(700..702));
}

/// Following a stream that does not exist yet delivers its first record.
pub async fn a_subscription_may_begin_before_its_stream(log: Arc<dyn EventLog>) {
    let mut subscription = log.subscribe(Selection::Stream { stream: stream(9), from: Revision(0) });
    assert!(matches!(soon(subscription.next()).await, Some(Ok(Delivery::Live))));
    durable(&*log, 1, 1).await;
    durable(&*log, 9, 1).await;
    let (records, _) = collect(&mut subscription, 1).await;
    assert_eq!(records[0].stream, stream(9));
}

/// A future of `next` that is dropped half-way takes nothing with it.
pub async fn dropping_a_wait_loses_nothing(log: Arc<dyn EventLog>) {
    let mut subscription = log.subscribe(Selection::All { from: Position(0) });
    let mut seen = Vec::new();
    for round in 0..50_u64 {
        good(soon(log.append(append(round % 3, Expected::Any, 1, Ack::Durable))).await);
        // Polled once, then dropped, whatever it was doing.
        if let Some(Some(Ok(Delivery::Records(records)))) = futures_util::FutureExt::now_or_never(subscription.next()) {
            seen.extend(records);
        }
    }
    while seen.len() < 50 {
        if let Delivery::Records(records) = good(soon(subscription.next()).await.expect("the log is open")) {
            seen.extend(records);
        }
    }
    assert!(seen.iter().map(|r| r.position.0).eq(0..50));
}

/// Sixteen appenders and four followers at once: everyone sees the same order, nothing is lost or doubled.
pub async fn many_writers_and_readers_agree(log: Arc<dyn EventLog>) {
    let followers: Vec<_> = (0..4_u64)
        .map(|_| {
            let mut subscription = log.subscribe(Selection::All { from: Position(0) });
            tokio::spawn(async move { collect(&mut subscription, 16 * 25).await.0 })
        })
        .collect();
    let writers: Vec<_> = (0..16_u64)
        .map(|n| {
            let log = log.clone();
            tokio::spawn(async move {
                for i in 0..25_u64 {
                    let ack = if i % 3 == 0 { Ack::Durable } else { Ack::Written };
                    good(soon(log.append(append(n, Expected::next(Revision(i)), 1, ack))).await);
                }
            })
        })
        .collect();
    for writer in writers {
        good(writer.await);
    }
    good(soon(log.sync()).await);
    let all: Vec<_> = read_log(&*log, 0).await.iter().map(|r| r.event.id).collect();
    assert_eq!(all.len(), 400);
    for follower in followers {
        let seen = good(follower.await);
        assert!(seen.iter().map(|r| r.event.id).eq(all.iter().copied()));
    }
    for n in 0..16 {
        let revisions = read_stream(&*log, n, 0).await;
        assert!(revisions.iter().map(|r| r.revision.0).eq(0..25));
    }
}

/// Appends far larger than a small segment come back whole, among small ones.
pub async fn large_appends_come_back_whole(log: Arc<dyn EventLog>) {
    let text = format!("\"{}\"", "y".repeat(30_000));
    for n in 0..4 {
        durable(&*log, 1, 1).await;
        let records = vec![record(&text); 3 * (n + 1)];
        let request = Append { stream: stream(2), expected: Expected::Any, records, ack: Ack::Durable };
        good(soon(log.append(request)).await);
    }
    let large = read_stream(&*log, 2, 0).await;
    assert_eq!(large.len(), 30);
    assert!(large.iter().all(|r| r.event.data.json() == text));
    assert!(read_log(&*log, 0).await.iter().map(|r| r.position.0).eq(0..34));
}

/// The place of a record in the chain: the same for ever, another for every record, and none for what is not durable.
pub async fn a_link_names_a_place_and_all_before_it(log: Arc<dyn EventLog>) {
    let link = async |n, revision| good(soon(log.link(stream(n), Revision(revision))).await);
    assert_eq!(link(1, 0).await, None);
    durable(&*log, 1, 3).await;
    durable(&*log, 2, 2).await;
    durable(&*log, 1, 1).await;
    let mut links = Vec::new();
    for (n, revision, position) in [(1, 0, 0), (1, 1, 1), (1, 2, 2), (2, 0, 3), (2, 1, 4), (1, 3, 5)] {
        let found = link(n, revision).await.expect("every durable record has a place");
        assert_eq!(found.position, Position(position));
        assert!(links.iter().all(|(_, other)| *other != found.chain), "each has a chain of its own");
        links.push(((n, revision), found.chain));
    }
    assert_eq!((link(1, 4).await, link(3, 0).await, link(1, u64::MAX).await), (None, None, None));
    durable(&*log, 1, 1).await;
    for ((n, revision), chain) in links {
        assert_eq!(link(n, revision).await.map(|found| found.chain), Some(chain), "what comes later changes nothing");
    }
}
