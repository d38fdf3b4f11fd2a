//! What every log promises, and what reopening keeps.

use std::sync::Arc;

use futures_util::StreamExt;
use tempfile::tempdir;

use super::{super::OpenError, *};
use crate::{
    conformance::{self, append, record, stream},
    ids::{Position, Revision},
    log::{Ack, Append, AppendError, EventLog, Expected},
    record::Record,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_promise_of_a_log() {
    let dirs = tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    conformance::all(|| {
        number.set(number.get() + 1);
        Arc::new(open(&dirs.path().join(number.get().to_string())).0)
    })
    .await;
}

async fn all(log: &FileLog) -> Vec<Record> {
    log.read_log(Position(0)).map(Result::unwrap).collect().await
}

#[tokio::test]
async fn everything_is_there_after_reopening_however_many_segments() {
    let dir = tempdir().unwrap();
    let mut before = Vec::new();
    for round in 0..4_u64 {
        let (log, report) = open(dir.path());
        assert_eq!(report, OpenReport { created: round == 0, ..OpenReport::default() });
        let found = all(&log).await;
        assert_eq!(format!("{found:?}"), format!("{before:?}"));
        for n in 0..200_u64 {
            let text = format!("\"{}\"", "z".repeat(700));
            let request = Append {
                stream: stream(n % 7),
                expected: Expected::Any,
                records: vec![record(&text)],
                ack: Ack::Written,
            };
            log.append(request).await.unwrap();
        }
        log.sync().await.unwrap();
        before = all(&log).await;
        assert_eq!(before.len(), usize::try_from((round + 1) * 200).unwrap());
        for n in 0..7 {
            let records: Vec<_> = log.read_stream(stream(n), Revision(0)).map(Result::unwrap).collect().await;
            assert_eq!(Revision(records.len().try_into().unwrap()), log.next_revision(&stream(n)));
            assert!(records.iter().zip(0..).all(|(r, n)| r.revision.0 == n));
        }
    }
    assert!(super::super::segment::numbers(dir.path()).unwrap().len() > 8);
}

#[tokio::test]
async fn a_frame_larger_than_a_segment_gets_one_of_its_own() {
    let dir = tempdir().unwrap();
    let (log, _) = open(dir.path());
    log.append(append(1, Expected::Any, 1, Ack::Durable)).await.unwrap();
    let text = format!("\"{}\"", "z".repeat(60_000));
    let large =
        Append { stream: stream(2), expected: Expected::Any, records: vec![record(&text); 5], ack: Ack::Durable };
    log.append(large).await.unwrap();
    log.append(append(1, Expected::Any, 1, Ack::Durable)).await.unwrap();
    drop(log);
    let (log, report) = open(dir.path());
    assert_eq!(report, OpenReport::default());
    assert_eq!(all(&log).await.len(), 7);
    assert_eq!(super::super::segment::numbers(dir.path()).unwrap().len(), 3);
}

#[tokio::test]
async fn a_second_opener_is_told_who_holds_the_log() {
    let dir = tempdir().unwrap();
    assert_eq!(super::super::holder(dir.path()).unwrap(), None);
    let (log, _) = open(dir.path());
    log.note("http://127.0.0.1:4000").unwrap();
    let error = FileLog::open(dir.path(), &options()).unwrap_err();
    assert!(matches!(&error, OpenError::Locked { holder: Some(holder), .. } if holder.pid == std::process::id()));
    assert!(error.to_string().contains("http://127.0.0.1:4000"), "{error}");
    assert_eq!(super::super::holder(dir.path()).unwrap().unwrap().note, "http://127.0.0.1:4000");
    drop(log);
    assert_eq!(super::super::holder(dir.path()).unwrap(), None);
    open(dir.path());
}

#[tokio::test]
async fn a_closed_log_takes_no_more_and_ends_its_subscriptions() {
    let dir = tempdir().unwrap();
    let (log, _) = open(dir.path());
    let mut subscription = log.subscribe(crate::log::Selection::All { from: Position(0) });
    let written = log.append(append(1, Expected::Any, 1, Ack::Written));
    log.close();
    written.await.unwrap();
    let mut seen = 0;
    while let Some(delivery) = subscription.next().await {
        if let crate::log::Delivery::Records(records) = delivery.unwrap() {
            seen += records.len();
        }
    }
    assert_eq!(seen, 1, "what was written before is made durable and handed out");
    assert_eq!(log.append(append(1, Expected::Any, 1, Ack::Written)).await, Err(AppendError::Closed));
    assert_eq!(log.sync().await, Err(AppendError::Closed));
}

/// Counts how often it is woken.
#[derive(Default)]
struct Wakes(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

#[tokio::test]
async fn an_append_wakes_only_those_who_follow_its_stream() {
    let dir = tempdir().unwrap();
    let (log, _) = open(dir.path());
    let mut followers: Vec<_> = (0..1000)
        .map(|n| log.subscribe(crate::log::Selection::Stream { stream: stream(n), from: Revision(0) }))
        .collect();
    for follower in &mut followers {
        assert!(matches!(follower.next().await, Some(Ok(crate::log::Delivery::Live))));
    }
    let counters: Vec<_> = followers.iter().map(|_| Arc::new(Wakes::default())).collect();
    let mut pending: Vec<_> = followers.iter_mut().map(|follower| Box::pin(follower.next())).collect();
    for (wait, counter) in pending.iter_mut().zip(&counters) {
        let waker = counter.clone().into();
        assert!(wait.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending());
    }
    log.append(append(7, Expected::Any, 1, Ack::Durable)).await.unwrap();
    log.append(append(5000, Expected::Any, 1, Ack::Durable)).await.unwrap();
    // The first append had rung its bell before the second was answered.
    let woken: Vec<_> = counters.iter().map(|counter| counter.0.load(std::sync::atomic::Ordering::SeqCst)).collect();
    assert_eq!(woken.iter().sum::<usize>(), 1);
    assert_eq!(woken[7], 1);
}
