//! Whatever fails, work is done as often as its class allows, is reported, and gives its place back.

use std::time::Instant;

use futures_util::future::{Either, select};
use reenact::{
    entities::chat,
    host::{Accepted, SubmitError},
};
use replay::{
    decider::Attempt,
    ids::By,
    log::{AppendError, EventLog as _},
    memory::MemoryLog,
};
use uuid::Uuid;

use super::stage::{End, Stage, answered, holds, kinds, start};

fn rename(title: &str) -> chat::Command {
    chat::Command::RenameChat { title: title.into() }
}

#[actix_web::test]
async fn a_chat_that_waits_and_changes_its_model_waits_in_the_lane_of_the_new_one() {
    let mut stage = Stage::new(&[("model", 1)]);
    let (first, second, third) = (stage.chat("a/x").await, stage.chat("a/x").await, stage.chat("b/x").await);
    stage.say(&first).await;
    let one = stage.job().await;
    stage.say(&second).await;
    stage.submit(&second, chat::Command::ConfigureChat { model: "b/x".into() }).await.unwrap();
    let two = stage.job().await;
    assert_eq!(two.job.stream, second);
    // Both lanes give back each place once: whoever waits in one gets it when it is free, and not before.
    stage.say(&third).await;
    one.answer();
    stage.until(&first, "TurnFinished", 1).await;
    assert!(stage.is_quiet());
    two.answer();
    let three = stage.job().await;
    assert_eq!(three.job.stream, third);
    stage.say(&first).await;
    assert_eq!(stage.job().await.job.stream, first);
}

#[actix_web::test]
async fn work_whose_start_is_lost_with_its_actor_is_begun_again() {
    let mut stage = Stage::new(&[("model", 1)]);
    let chat = stage.chat("a/x").await;
    let before = *stage.log.tried.borrow();
    stage.log.hold("ModelCallStarted");
    stage.say(&chat).await;
    stage.log.tried_since(before, 2).await;
    // The actor looks at the clock once the begin is appended, before it starts the work.
    stage.clock.fail_once();
    stage.log.release();
    let job = stage.job().await;
    assert_eq!(job.job.attempt, Attempt(2));
    job.answer();
    stage.until(&chat, "TurnFinished", 1).await;
    let other = stage.chat("a/x").await;
    stage.say(&other).await;
    assert_eq!(stage.job().await.job.stream, other);
}

#[actix_web::test]
async fn an_actor_that_panics_is_folded_anew_and_what_runs_goes_on() {
    let mut stage = Stage::new(&[]);
    let chat = stage.chat("a/x").await;
    stage.say(&chat).await;
    let job = stage.job().await;
    stage.clock.fail_once();
    stage.submit(&chat, rename("after the panic")).await.unwrap();
    job.answer();
    let records = stage.until(&chat, "TurnFinished", 1).await;
    assert_eq!(kinds(&records).iter().filter(|kind| **kind == "ModelCallStarted").count(), 1);
    assert!(stage.is_quiet());
}

#[actix_web::test]
async fn a_panic_of_work_is_reported_as_its_failure() {
    let mut stage = Stage::new(&[]);
    let chat = stage.chat("a/x").await;
    stage.say(&chat).await;
    stage.job().await.end(End::Panic);
    let records = stage.until(&chat, "TurnFinished", 1).await;
    let failed = records.iter().find(|record| &*record.event.kind == "ModelCallFailed").unwrap();
    assert!(failed.event.data.json().contains("as the test wants"));
    assert!(stage.is_quiet());
}

#[actix_web::test]
async fn a_report_that_finds_the_disk_full_is_kept_and_appended_later() {
    let mut stage = Stage::new(&[("model", 1)]);
    let (chat, other) = (stage.chat("a/x").await, stage.chat("a/x").await);
    stage.say(&chat).await;
    let job = stage.job().await;
    stage.log.refuse(|_| Some(AppendError::Full));
    let before = *stage.log.tried.borrow();
    job.answer();
    stage.log.tried_since(before, 3).await;
    assert_eq!(stage.submit(&other, rename("x")).await.unwrap_err().code(), "disk_full");
    stage.log.refuse(|_| None);
    stage.until(&chat, "TurnFinished", 1).await;
    assert!(stage.is_quiet());
    stage.say(&other).await;
    assert_eq!(stage.job().await.job.stream, other);
}

#[actix_web::test]
async fn a_begin_that_cannot_be_appended_is_tried_again_with_pauses() {
    let mut stage = Stage::new(&[("model", 1)]);
    let chat = stage.chat("a/x").await;
    stage.log.refuse(|append| holds(append, "ModelCallStarted").then_some(AppendError::Full));
    let before = *stage.log.tried.borrow();
    stage.say(&chat).await;
    stage.log.tried_since(before, 2).await;
    let first = Instant::now();
    // The message, and four begins with pauses of 100, 200 and 400 ms between them.
    stage.log.tried_since(before, 5).await;
    assert!(first.elapsed().as_millis() >= 650, "{:?}", first.elapsed());
    stage.log.refuse(|_| None);
    stage.job().await.answer();
    stage.until(&chat, "TurnFinished", 1).await;
}

#[actix_web::test]
async fn a_report_that_can_never_be_appended_counts_as_a_failure() {
    let mut stage = Stage::new(&[("model", 1)]);
    let chat = stage.chat("a/x").await;
    stage.say(&chat).await;
    stage.job().await.end(End::With(answered(Some("x".repeat(100_000).into()))));
    let records = stage.until(&chat, "TurnFinished", 1).await;
    assert!(kinds(&records).contains(&"ModelCallFailed"));
    stage.say(&chat).await;
    stage.job().await.answer();
    stage.until(&chat, "TurnFinished", 2).await;
}

#[actix_web::test]
async fn a_command_that_is_too_large_is_refused_and_its_neighbours_are_not() {
    let stage = Stage::new(&[]);
    let chat = stage.chat("a/x").await;
    stage.log.hold("ChatRenamed");
    let before = *stage.log.tried.borrow();
    let first = stage.submit(&chat, rename("first"));
    let rest = async {
        // All of these wait for the first append, and are decided together.
        stage.log.tried_since(before, 1).await;
        let large = chat::Command::RenameChat { title: "é".repeat(150).into() };
        let text = "x".repeat(100_000).as_str().into();
        let post = chat::Command::PostMessage { message: None, text, attachments: vec![] };
        let release = async {
            tokio::task::yield_now().await;
            stage.log.release();
        };
        tokio::join!(
            stage.submit(&chat, large),
            stage.submit(&chat, post),
            stage.submit(&chat, rename("last")),
            release
        )
    };
    let (first, (before, large, after, ())) = tokio::join!(first, rest);
    assert!(first.is_ok() && before.is_ok() && after.is_ok(), "{first:?} {before:?} {after:?}");
    assert_eq!(large.unwrap_err().code(), "too_large");
    let records = stage.until(&chat, "ChatRenamed", 3).await;
    assert!(!kinds(&records).contains(&"MessagePosted"));
}

/// Two messages of one id on their way into one append: the second is refused because of the first. What both are answered
/// when that append ends so, and whether the second was answered before.
async fn same_message_twice(stage: &Stage, refusal: Option<AppendError>) -> [Result<Accepted, SubmitError>; 2] {
    let chat = stage.chat("a/x").await;
    stage.log.refuse(move |append| refusal.clone().filter(|_| holds(append, "MessagePosted")));
    stage.log.hold("ChatRenamed");
    let before = *stage.log.tried.borrow();
    let message = Some(Uuid::now_v7());
    let post =
        || stage.submit(&chat, chat::Command::PostMessage { message, text: "hello".into(), attachments: vec![] });
    let first = stage.submit(&chat, rename("first"));
    let rest = async {
        // Both wait for the append under way, and are decided together.
        stage.log.tried_since(before, 1).await;
        let mut second = Box::pin(post());
        let watch = async {
            stage.log.hold("MessagePosted");
            stage.log.tried_since(before, 2).await;
        };
        let watched = select(&mut second, Box::pin(watch)).await;
        assert!(
            matches!(watched, Either::Right(_)),
            "refused before it was known whether its reason would be appended"
        );
        drop(watched);
        stage.log.release();
        second.await
    };
    let (first, of_first, of_second) = tokio::join!(first, post(), rest);
    assert!(first.is_ok(), "{first:?}");
    [of_first, of_second]
}

#[actix_web::test]
async fn a_command_that_is_refused_is_told_so_once_the_reason_is_appended() {
    let stage = Stage::new(&[]);
    let [first, second] = same_message_twice(&stage, None).await;
    assert!(first.is_ok(), "{first:?}");
    assert_eq!(second.unwrap_err().code(), "message_known");
}

#[actix_web::test]
async fn a_command_is_not_refused_for_a_reason_that_could_not_be_appended() {
    let stage = Stage::new(&[]);
    for answer in same_message_twice(&stage, Some(AppendError::Full)).await {
        assert_eq!(answer.unwrap_err().code(), "disk_full");
    }
}

#[actix_web::test]
async fn work_that_nobody_wants_any_more_is_dropped_and_its_place_is_free() {
    let mut stage = Stage::new(&[("model", 1)]);
    let (chat, other) = (stage.chat("a/x").await, stage.chat("a/x").await);
    stage.say(&chat).await;
    stage.say(&other).await;
    let job = stage.job().await;
    let progress = job.job.progress.clone();
    let (running, next) = if job.job.stream == chat { (&chat, &other) } else { (&other, &chat) };
    stage.submit(running, chat::Command::CancelTurn {}).await.unwrap();
    job.dropped().await;
    let piece = chat::Piece::Text { offset: 0, text: "late".into() };
    assert!(progress.send(reenact::entities::Piece::Chat(piece)).await.is_err());
    assert_eq!(&stage.job().await.job.stream, next);
}

#[actix_web::test]
async fn what_the_log_gave_up_is_not_shown_and_its_work_begins_again() {
    let mut stage = Stage::with(MemoryLog::manual(), &[("model", 1)]);
    let chat = stage.chat("a/x").await;
    stage.say(&chat).await;
    let job = stage.job().await;
    // The begin was only written.
    stage.log.log.cut_power();
    let (revision, _) = stage.host.view(&chat).await.unwrap();
    assert!(revision.unwrap() < stage.log.next_revision(&chat));
    job.dropped().await;
    stage.job().await.answer();
    stage.until(&chat, "TurnFinished", 1).await;
}

#[actix_web::test]
async fn a_stream_that_could_not_be_read_is_read_again_and_what_runs_goes_on() {
    let mut stage = Stage::new(&[]);
    let chat = stage.chat("a/x").await;
    stage.say(&chat).await;
    let job = stage.job().await;
    stage.log.fail_reads(2);
    stage.clock.fail_once();
    let refused = stage.submit(&chat, rename("x")).await.unwrap_err();
    assert_eq!(refused.code(), "unknown_outcome", "{refused}");
    job.answer();
    let records = stage.until(&chat, "TurnFinished", 1).await;
    assert_eq!(kinds(&records).iter().filter(|kind| **kind == "ModelCallStarted").count(), 1);
    assert!(stage.is_quiet());
}

#[actix_web::test]
async fn what_a_large_chat_is_asked_is_decided_beside_its_arbiter_and_in_order() {
    let mut stage = Stage::new(&[]);
    let (small, large) = (stage.chat("a/x").await, stage.chat("a/x").await);
    stage.submit(&small, rename("small")).await.unwrap();
    assert!(stage.clock.deciders().iter().all(|thread| thread.starts_with("actix-rt")));
    stage.say(&large).await;
    let job = stage.job().await;
    for _ in 0..6 {
        let text = "x".repeat(60_000).as_str().into();
        let post = chat::Command::PostMessage { message: None, text, attachments: vec![] };
        stage.submit(&large, post).await.unwrap();
    }
    stage.clock.deciders();
    let titles = ["a", "b", "c", "d"].map(|title| stage.submit(&large, rename(title)));
    for accepted in futures_util::future::join_all(titles).await {
        accepted.unwrap();
    }
    let refused = stage.submit(&large, rename("")).await;
    assert_eq!(refused.unwrap_err().code(), "bad_title");
    job.answer();
    stage.until(&large, "TurnFinished", 1).await;
    let beside = stage.clock.deciders();
    assert!(!beside.is_empty() && beside.iter().all(|thread| !thread.starts_with("actix-rt")), "{beside:?}");
    let (_, view) = stage.host.view(&large).await.unwrap();
    assert!(view.get().contains("\"title\":\"d\""), "they are decided in the order in which they came");

    // Its next life finds it as large.
    let _goes_on = stage.job().await;
    let (next, mut jobs) = start(stage.log.clone(), stage.clock.clone(), stage.data.path(), &[]);
    stage.clock.deciders();
    next.submit(large.clone(), rename("e").into(), By::person("owner"), None).await.unwrap();
    assert!(stage.clock.deciders().iter().all(|thread| !thread.starts_with("actix-rt")));
    drop(jobs.try_recv());
}

#[actix_web::test]
async fn what_an_answer_names_is_durable_even_if_the_command_changed_nothing() {
    let mut stage = Stage::with(MemoryLog::manual(), &[]);
    let chat = stage.chat("a/x").await;
    stage.say(&chat).await;
    // Its begin is only written.
    let _runs = stage.job().await;
    let before = stage.log.next_revision(&chat);
    let accepted = stage.submit(&chat, chat::Command::ConfigureChat { model: "a/x".into() }).await.unwrap();
    assert_eq!(accepted.revision, Some(before), "the last event is the begin");
    assert!(stage.log.next_revision(&chat) > before);
}

#[actix_web::test]
async fn nothing_is_answered_that_names_what_a_failed_disk_took() {
    let mut stage = Stage::with(MemoryLog::manual(), &[]);
    let chat = stage.chat("a/x").await;
    stage.say(&chat).await;
    let job = stage.job().await;
    let last = stage.log.next_revision(&chat).before();
    stage.log.log.cut_power();
    let configure = || chat::Command::ConfigureChat { model: "a/x".into() };
    assert_eq!(stage.submit(&chat, configure()).await.unwrap_err().code(), "unknown_outcome");
    // It is folded anew: the begin is gone, and made again.
    let again = stage.job().await;
    assert_eq!((again.job.key, again.job.attempt), (job.job.key.clone(), Attempt(1)));
    assert!(stage.submit(&chat, configure()).await.unwrap().revision > last);
}
