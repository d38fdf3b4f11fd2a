//! Streams in and out of service, starts and stops.

use std::time::Duration;

use reenact::{
    entities::{Outcome, chat, system},
    host::SubmitError,
};
use replay::{
    ids::{By, CommandId, StreamId},
    log::{Ack, Append, AppendError, EventLog, Expected},
    ports::{Clock as _, Machine},
    record::{Data, NewRecord},
};
use uuid::Uuid;

use super::stage::{End, FailingClock, PATIENCE, Stage, answered, failed, kinds, start};

fn record(kind: &str, data: &serde_json::Value) -> NewRecord {
    NewRecord {
        id: Uuid::now_v7(),
        at: Machine.now(),
        kind: kind.into(),
        version: 1,
        by: By::system(),
        cause: None,
        corr: None,
        cmd: Some(CommandId::fresh()),
        copy_of: None,
        data: Data::of(data).unwrap(),
    }
}

async fn append(log: &dyn EventLog, stream: &StreamId, kind: &str) {
    let records = vec![record(kind, &serde_json::json!({}))];
    log.append(Append { stream: stream.clone(), expected: Expected::Any, records, ack: Ack::Durable }).await.unwrap();
}

#[actix_web::test]
async fn a_stream_that_cannot_be_folded_is_out_of_service_and_noted_once() {
    let stage = Stage::new(&[]);
    let broken: StreamId = "chat/broken".parse().unwrap();
    append(&*stage.log, &broken, "MessagePosted").await;
    for _ in 0..2 {
        let refused = stage.submit(&broken, chat::Command::CancelTurn {}).await.unwrap_err();
        assert!(matches!(refused, SubmitError::Quarantined(_)), "{refused}");
    }
    let records = stage.until(&system::stream(), "EntityQuarantined", 1).await;
    assert_eq!(records.len(), 1);
    assert_eq!(stage.host.view(&broken).await.unwrap_err().code(), "quarantined");
}

#[actix_web::test]
async fn a_stream_that_can_be_folded_again_is_released_at_the_next_start() {
    let stage = Stage::new(&[]);
    let (good, broken) = (stage.chat("a/x").await, "chat/broken".parse::<StreamId>().unwrap());
    append(&*stage.log, &broken, "MessagePosted").await;
    append(&*stage.log, &"ship/1".parse().unwrap(), "Launched").await;
    for stream in [good.clone(), broken, "ship/1".parse().unwrap()] {
        let command = system::Command::Quarantine { stream, reason: "as the test wants".into() };
        stage.host.note(command).await.unwrap();
    }
    let data = tempfile::tempdir().unwrap();
    let (next, _jobs) = start(stage.log.clone(), FailingClock::default().into(), data.path(), &[]);
    next.wake();
    let records = stage.until(&system::stream(), "EntityReleased", 1).await;
    assert!(records.iter().any(|record| record.event.data.json().contains(good.as_str())));
}

#[actix_web::test]
async fn what_runs_for_a_stream_out_of_service_ends_and_its_place_is_free() {
    let mut stage = Stage::new(&[("model", 1)]);
    let (chat, other) = (stage.chat("a/x").await, stage.chat("a/x").await);
    stage.say(&chat).await;
    let job = stage.job().await;
    let damaged = chat.clone();
    stage.log.refuse(move |append| (append.stream == damaged).then(|| AppendError::Damaged(damaged.clone())));
    let refused = stage.submit(&chat, chat::Command::RenameChat { title: "x".into() }).await.unwrap_err();
    assert_eq!(refused.code(), "damaged");
    job.dropped().await;
    stage.say(&other).await;
    assert_eq!(stage.job().await.job.stream, other);
}

#[actix_web::test]
async fn an_open_turn_goes_on_in_the_next_life_beside_streams_that_nobody_knows() {
    let mut stage = Stage::new(&[]);
    let chat = stage.chat("a/x").await;
    for _ in 0..200 {
        stage.chat("a/x").await;
    }
    stage.say(&chat).await;
    stage.job().await;
    append(&*stage.log, &"ship/1".parse().unwrap(), "Launched").await;
    stage.log.sync().await.unwrap();
    let data = tempfile::tempdir().unwrap();
    let (next, mut jobs) = start(stage.log.clone(), FailingClock::default().into(), data.path(), &[]);
    next.wake();
    let job = tokio::time::timeout(PATIENCE, jobs.recv()).await.unwrap().unwrap();
    assert_eq!((job.job.stream, job.job.attempt.0), (chat, 2));
    assert!((1..=8).contains(&stage.log.most_reading()), "{}", stage.log.most_reading());
}

#[actix_web::test]
async fn a_stop_keeps_reports_begins_nothing_new_and_is_noted_last() {
    let mut stage = Stage::new(&[]);
    let chat = stage.chat("a/x").await;
    stage.say(&chat).await;
    stage.say(&chat).await;
    let job = stage.job().await;
    let began = std::time::Instant::now();
    let end = async {
        tokio::task::yield_now().await;
        job.end(End::With(answered(None)));
    };
    tokio::join!(stage.host.shutdown(), end);
    assert!(began.elapsed() < Duration::from_secs(5));
    let records = stage.until(&chat, "TurnFinished", 1).await;
    assert_eq!(kinds(&records).iter().filter(|kind| **kind == "ModelCallStarted").count(), 1, "{:?}", kinds(&records));
    assert_eq!(kinds(&stage.until(&system::stream(), "ServerStopped", 1).await), ["ServerStopped"]);
    assert_eq!(stage.submit(&chat, chat::Command::CancelTurn {}).await.unwrap_err().code(), "closed");
    assert_eq!(stage.host.view(&chat).await.unwrap_err().code(), "closed");
    assert!(stage.is_quiet());
}

#[actix_web::test]
async fn a_stop_does_not_wait_for_timers() {
    let mut stage = Stage::new(&[]);
    let chat = stage.chat("a/x").await;
    stage.say(&chat).await;
    let Outcome::Chat(chat::Outcome::CallFailed(mut error)) = failed("busy") else { panic!("a failed call") };
    error.retry = chat::event::Retry::Later;
    stage.job().await.end(End::With(Outcome::Chat(chat::Outcome::CallFailed(error))));
    let timer = stage.job().await;
    assert!(timer.job.key.as_str().starts_with("wait/"));
    let began = std::time::Instant::now();
    stage.host.shutdown().await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[actix_web::test]
async fn a_stream_whose_actor_panics_again_and_again_is_out_of_service() {
    let stage = Stage::new(&[]);
    let (chat, other) = (stage.chat("a/x").await, stage.chat("a/x").await);
    let mut times = 0;
    loop {
        stage.clock.fail_once();
        match stage.submit(&chat, chat::Command::RenameChat { title: times.to_string().as_str().into() }).await {
            Ok(_) => times += 1,
            Err(error) => {
                assert_eq!(error.code(), "quarantined");
                break;
            }
        }
    }
    assert!((3..6).contains(&times), "{times}");
    stage.until(&system::stream(), "EntityQuarantined", 1).await;
    assert_eq!(stage.host.view(&chat).await.unwrap_err().code(), "quarantined");
    assert!(stage.host.view(&other).await.is_ok());
}

#[actix_web::test]
async fn a_host_that_was_stopped_lets_its_log_go() {
    let mut stage = Stage::new(&[]);
    let chat = stage.chat("a/x").await;
    stage.say(&chat).await;
    drop(stage.job().await);
    let Stage { host, log, .. } = stage;
    let cut_off = tokio::time::timeout(PATIENCE, host.shutdown());
    cut_off.await.unwrap();
    drop(host);
    let gone = async {
        while std::sync::Arc::strong_count(&log) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("nothing holds the log");
}
