//! The rules of runs, as sentences.

use replay::{
    decider::{Attempt, Class, EffectCommand, EffectKey},
    ids::{Micros, Revision, StreamId},
};
use uuid::Uuid;

use super::{
    Command, Event, Rejection, Run, child_of,
    event::{Difference, Parent, Requested, RunError, StepKind, StepOutcome, StepRequest},
    reuse::CachedFrom,
    settle::answered,
    work::{Answered, Asked, Driven, End, Outcome, Piece, Work},
};
use crate::entities::{given::given, usage::Usage};

fn requested() -> Event {
    Event::RunRequested(Box::new(Requested {
        run: Uuid::from_u128(9),
        session: Uuid::nil(),
        project: Uuid::nil(),
        workflow: "review".into(),
        description: "Reviews".into(),
        script: "{}".into(),
        engine: "e".into(),
        phases: vec!["Look".into()],
        arguments: None,
        model: "offline".into(),
        budget: None,
        time_limit_ms: None,
        seed: 1,
        parent: None,
        resume: None,
        anew: false,
    }))
}

fn request(step: u32, kind: StepKind, payload: &str) -> Box<StepRequest> {
    let (call, label) = (format!("hash-{step}").into(), format!("step {step}").into());
    let payload: crate::entities::body::Body = payload.into();
    let given: serde_json::Value = serde_json::from_str(payload.shown()).unwrap();
    let limit_ms = given["ms"].as_u64().or(given["timeout_ms"].as_u64());
    let retries = given["retries"].as_u64().map_or(0, |retries| u32::try_from(retries).unwrap());
    let (phase, model, key, basis, reason) = (None, None, None, None, None);
    let (agent, brief, refused) = (None, None, None);
    Box::new(StepRequest {
        step,
        kind,
        call,
        payload,
        label,
        phase,
        model,
        agent,
        brief,
        refused,
        limit_ms,
        retries,
        key,
        basis,
        reason,
        after: vec![],
    })
}

fn step(step: u32, kind: StepKind, payload: &str) -> Event {
    Event::StepRequested(request(step, kind, payload))
}

fn asked(step: u32, kind: StepKind, payload: &str) -> Asked {
    Asked::Step(request(step, kind, payload))
}

fn settled(step: u32) -> Event {
    let outcome = StepOutcome::Succeeded { value: "\"x\"".into() };
    let usage = Usage { output: 5, ..Usage::default() };
    Event::StepSettled { step, outcome, usage, latency_ms: 1, cached_from: None, changed: false, worktree: None }
}

fn started(step: u32, attempt: u32) -> Event {
    let child = child_of(Uuid::from_u128(9), step, 0, StepKind::Agent);
    Event::StepStarted { step, attempt: Attempt(attempt), child }
}

fn advanced(settled: u32) -> Event {
    Event::ScriptAdvanced { settled }
}

fn driven(settled: u32, asks: Vec<Asked>, end: End) -> Outcome {
    Outcome::Driven(Driven { settled, asks, end })
}

fn report(key: &str, outcome: Outcome) -> EffectCommand<Piece, Outcome> {
    EffectCommand::Report { key: EffectKey::new(key), attempt: Attempt(0), outcome }
}

fn keys(events: Vec<Event>) -> Vec<String> {
    given::<Run>(events).wants().into_keys().map(|key| key.as_str().to_owned()).collect()
}

#[test]
fn a_run_is_requested_once_and_wants_its_script_driven() {
    let Event::RunRequested(of) = requested() else { panic!("it is") };
    given::<Run>([]).when(Command::RequestRun(of.clone())).then([requested(), Event::RunQueued {}]);
    given::<Run>([requested()]).when(Command::RequestRun(of)).then_rejected(Rejection::AlreadyRequested);
    given::<Run>([]).when(Command::CancelRun {}).then_rejected(Rejection::NoRun);
    assert_eq!(keys(vec![requested()]), ["drive/0"]);
}

#[test]
fn what_a_script_asks_for_is_one_append_and_is_not_written_twice() {
    let asks = vec![
        Asked::Phase("Look".into()),
        asked(1, StepKind::Agent, "{}"),
        asked(2, StepKind::Agent, "{}"),
        Asked::Line("hm".into()),
    ];
    given::<Run>([requested()]).when_effect(report("drive/0", driven(0, asks, End::Waits))).then([
        Event::PhaseStarted { title: "Look".into() },
        step(1, StepKind::Agent, "{}"),
        step(2, StepKind::Agent, "{}"),
        Event::LogWritten { text: "hm".into() },
        advanced(0),
    ]);
    let history = [requested(), step(1, StepKind::Agent, "{}"), advanced(0), settled(1)];
    let again = vec![asked(1, StepKind::Agent, "{}"), asked(2, StepKind::Sleep, r#"{"ms":5}"#)];
    given::<Run>(history)
        .when_effect(report("drive/1", driven(1, again, End::Waits)))
        .then([step(2, StepKind::Sleep, r#"{"ms":5}"#), advanced(1)]);
}

#[test]
fn a_script_is_driven_when_there_is_something_that_it_has_not_heard() {
    let waiting = vec![requested(), step(1, StepKind::Agent, "{}"), advanced(0)];
    assert_eq!(keys(waiting.clone()), ["step/1"]);
    let heard = [waiting.clone(), vec![settled(1)]].concat();
    assert_eq!(keys(heard.clone()), ["drive/1"]);
    assert_eq!(keys([heard, vec![advanced(1)]].concat()), Vec::<String>::new());
}

#[test]
fn a_step_is_begun_under_the_same_stream_after_every_restart() {
    let history = vec![requested(), step(1, StepKind::Agent, "{}"), advanced(0)];
    let begin = || EffectCommand::Begin { key: EffectKey::new("step/1") };
    given::<Run>(history.clone()).when_effect(begin()).then([started(1, 1)]);
    let begun = [history, vec![started(1, 1)]].concat();
    let run = given::<Run>(begun.clone());
    let want = run.wants().remove(&EffectKey::new("step/1")).unwrap();
    assert_eq!((want.class, want.begun, want.work), (Class::Keyed, Some(Attempt(1)), Work::Perform { step: 1 }));
    run.when_effect(begin()).then([started(1, 2)]);
    let crashed = [begun, (2..=5).map(|attempt| started(1, attempt)).collect()].concat();
    let Ok(events) = given::<Run>(crashed).when_effect(begin()).0 else { panic!("it is wanted") };
    assert!(
        matches!(&events[..], [Event::StepSettled { outcome: StepOutcome::Failed { name, .. }, .. }] if &**name == "Crashed"),
        "{events:?}"
    );
}

#[test]
fn a_paused_run_begins_nothing_and_lets_what_runs_end() {
    let history = vec![
        requested(),
        step(1, StepKind::Agent, "{}"),
        step(2, StepKind::Agent, "{}"),
        advanced(0),
        started(1, 1),
        Event::RunPaused { difference: None },
    ];
    assert_eq!(keys(history.clone()), ["step/1"]);
    let ended = [history.clone(), vec![settled(1)]].concat();
    assert_eq!(keys(ended.clone()), Vec::<String>::new());
    given::<Run>(ended.clone()).when(Command::ResumeRun {}).then([Event::RunResumed {}]);
    assert_eq!(keys([ended, vec![Event::RunResumed {}]].concat()), ["drive/1", "step/2"]);
    given::<Run>(history).when(Command::PauseRun {}).then([]);
    given::<Run>([requested()]).when(Command::ResumeRun {}).then_rejected(Rejection::NotPaused);
}

#[test]
fn one_step_can_be_stopped_and_the_script_finds_null() {
    let history = [requested(), step(1, StepKind::Agent, "{}"), advanced(0), started(1, 1)];
    let stopped = answered(1, StepOutcome::Stopped, None);
    given::<Run>(history.clone()).when(Command::StopStep { step: 1 }).then([stopped.clone()]);
    given::<Run>(history.clone()).when(Command::StopStep { step: 7 }).then_rejected(Rejection::NoStep(7));
    given::<Run>(history.into_iter().chain([stopped]))
        .when(Command::StopStep { step: 1 })
        .then_rejected(Rejection::StepOver(1));
}

#[test]
fn a_question_is_answered_once_by_a_person_or_ends_with_its_time() {
    let history = vec![
        requested(),
        step(1, StepKind::Approve, r#"{"question":"ok?","timeout_ms":2000}"#),
        step(2, StepKind::Agent, "{}"),
        advanced(0),
    ];
    let answer = |step| Command::AnswerApproval { step, approved: true, comment: Some("fine".into()) };
    let Ok(events) = given::<Run>(history.clone()).when(answer(1)).0 else { panic!("it is answered") };
    assert!(
        matches!(&events[..], [Event::ApprovalAnswered { step: 1, approved: true, .. }, Event::StepSettled { outcome: StepOutcome::Succeeded { value }, .. }] if value.shown().contains(r#""approved":true"#)),
        "{events:?}"
    );
    given::<Run>(history.clone()).when(answer(2)).then_rejected(Rejection::NoQuestion(2));
    let wants = given::<Run>(history.clone()).wants();
    let wait = &wants[&EffectKey::new("wait/1")];
    // Asked in the second second.
    assert_eq!((wait.class, &wait.work), (Class::Free, &Work::Wait { step: 1, until: Micros(3_000_000) }));
    let Ok(events) = given::<Run>(history).when_effect(report("wait/1", Outcome::Elapsed)).0 else {
        panic!("it is wanted")
    };
    assert!(
        matches!(&events[..], [Event::StepSettled { outcome: StepOutcome::Failed { name, .. }, .. }] if &**name == "TimedOut"),
        "{events:?}"
    );
}

#[test]
fn a_timer_that_the_script_gave_up_is_wanted_no_more() {
    let history = vec![requested(), step(1, StepKind::Sleep, r#"{"ms":60000}"#), advanced(0)];
    assert_eq!(keys(history.clone()), ["wait/1"]);
    assert_eq!(keys([history, vec![Event::StepCancelled { step: 1 }]].concat()), Vec::<String>::new());
}

#[test]
fn a_run_that_is_over_wants_nothing_and_takes_nothing() {
    let error =
        RunError { name: "Error".into(), message: "no".into(), place: Some("a.js:1:2".into()), stack: "".into() };
    for end in [
        Event::RunFinished { result: "1".into() },
        Event::RunFailed { error },
        Event::RunCancelled {},
        Event::RunDiverged { step: 1, recorded: Some("a".into()), asked: None },
    ] {
        let history = vec![requested(), step(1, StepKind::Agent, "{}"), advanced(0), started(1, 1), end];
        assert_eq!(keys(history.clone()), Vec::<String>::new());
        let over = given::<Run>(history);
        over.when(Command::CancelRun {}).then([]);
        over.when(Command::PauseRun {}).then_rejected(Rejection::Over);
        assert!(over.when_effect(report("step/1", Outcome::Elapsed)).0.is_err());
    }
}

#[test]
fn a_run_waits_for_its_turn_and_keeps_it_while_there_is_something_to_do() {
    let queued = vec![requested(), Event::RunQueued {}];
    assert_eq!(keys(queued.clone()), ["turn/1"]);
    let key = || EffectKey::new("turn/1");
    let turn = || EffectCommand::Progress { key: key(), attempt: Attempt(0), piece: Piece::Turn };
    given::<Run>(queued.clone()).when_effect(turn()).then([Event::RunStarted {}]);
    let started = [queued.clone(), vec![Event::RunStarted {}]].concat();
    assert_eq!(keys(started.clone()), ["drive/0", "turn/1"]);
    assert!(given::<Run>(started.clone()).when_effect(turn()).0.is_err(), "it has it already");
    let works = [started, vec![step(1, StepKind::Agent, "{}"), advanced(0)]].concat();
    assert_eq!(keys(works), ["step/1", "turn/1"]);
    // Within another it goes on in that one's turn; one of an earlier version has none.
    let Event::RunRequested(of) = requested() else { panic!("it is") };
    let parent = Some(Parent { run: Uuid::nil(), step: 1 });
    let within = Event::RunRequested(Box::new(Requested { parent, ..*of }));
    let Event::RunRequested(of) = within.clone() else { panic!("it is") };
    given::<Run>([]).when(Command::RequestRun(of)).then([within]);
    assert_eq!(keys(vec![requested()]), ["drive/0"]);
}

#[test]
fn a_run_that_only_waits_gives_its_turn_up_and_queues_when_something_comes() {
    let asks = vec![
        requested(),
        Event::RunQueued {},
        Event::RunStarted {},
        step(1, StepKind::Approve, r#"{"question":"ok?","timeout_ms":2000}"#),
        step(2, StepKind::Sleep, r#"{"ms":5000}"#),
        advanced(0),
    ];
    assert_eq!(keys(asks.clone()), ["wait/1", "wait/2"]);
    let answer = Command::AnswerApproval { step: 1, approved: true, comment: None };
    let Ok(events) = given::<Run>(asks.clone()).when(answer.clone()).0 else { panic!("it is answered") };
    assert_eq!(events.last(), Some(&Event::RunQueued {}));
    let again = [asks.clone(), events].concat();
    assert_eq!(keys(again.clone()), ["turn/2", "wait/2"]);
    let Ok(events) = given::<Run>(asks.clone()).when_effect(report("wait/2", Outcome::Elapsed)).0 else {
        panic!("it is wanted")
    };
    assert_eq!(events.last(), Some(&Event::RunQueued {}));
    // While it queues already, or is paused, nothing more is needed.
    let Ok(events) = given::<Run>(again).when_effect(report("wait/2", Outcome::Elapsed)).0 else {
        panic!("it is wanted")
    };
    assert_eq!(events.len(), 1);
    let paused = [asks, vec![Event::RunPaused { difference: None }]].concat();
    let Ok(events) = given::<Run>(paused.clone()).when(answer).0 else { panic!("it is answered") };
    assert_eq!(events.len(), 2);
    let resume = Command::ResumeRun {};
    given::<Run>(paused.clone()).when(resume.clone()).then([Event::RunResumed {}]);
    given::<Run>([paused, events].concat()).when(resume).then([Event::RunResumed {}, Event::RunQueued {}]);
}

#[test]
fn a_run_keeps_its_turn_over_a_moment_and_a_timer_of_no_time_is_not_waited_for() {
    let begun = vec![requested(), Event::RunQueued {}, Event::RunStarted {}];
    let waits = [begun.clone(), vec![step(1, StepKind::Sleep, r#"{"ms":999}"#), advanced(0)]].concat();
    assert_eq!(keys(waits.clone()), ["turn/1", "wait/1"]);
    let Ok(events) = given::<Run>(waits).when_effect(report("wait/1", Outcome::Elapsed)).0 else {
        panic!("it is wanted")
    };
    assert!(matches!(&events[..], [Event::StepSettled { step: 1, .. }]), "{events:?}");
    let now = driven(0, vec![asked(1, StepKind::Sleep, r#"{"ms":0}"#)], End::Waits);
    let Ok(events) = given::<Run>(begun.clone()).when_effect(report("drive/0", now)).0 else { panic!("it is wanted") };
    assert!(matches!(&events[..], [Event::StepRequested(_), Event::StepSettled { step: 1, .. }, _]), "{events:?}");
    assert_eq!(keys([begun, events].concat()), ["drive/1", "turn/1"]);
}

#[test]
fn a_run_whose_time_is_limited_ends_once_it_has_worked_for_so_long() {
    let Event::RunRequested(of) = requested() else { panic!("it is") };
    let limited = Event::RunRequested(Box::new(Requested { time_limit_ms: Some(60_000), ..*of }));
    let works = vec![limited, Event::RunQueued {}, Event::RunStarted {}, step(1, StepKind::Agent, "{}"), advanced(0)];
    assert_eq!(keys(works.clone()), ["clock", "step/1", "turn/1"]);
    let worked =
        |ms| EffectCommand::Progress { key: EffectKey::new("clock"), attempt: Attempt(0), piece: Piece::Worked { ms } };
    let beat = Event::RunWorked { ms: 59_999 };
    given::<Run>(works.clone()).when_effect(worked(59_999)).then([beat.clone()]);
    let Ok(events) = given::<Run>([works.clone(), vec![beat]].concat()).when_effect(worked(1)).0 else {
        panic!("it is wanted")
    };
    assert!(
        matches!(&events[..], [Event::RunWorked { ms: 1 }, Event::RunFailed { error }] if error.message.contains("1 min") && error.message.contains("--time-limit")),
        "{events:?}"
    );
    // Neither the wait for a person counts, nor that of one who paused it.
    let asks = [works[..3].to_vec(), vec![step(1, StepKind::Approve, "{}"), advanced(0)]].concat();
    assert_eq!(keys(asks), Vec::<String>::new());
    let paused = [works, vec![Event::RunPaused { difference: None }]].concat();
    assert!(given::<Run>(paused).when_effect(worked(1)).0.is_err());
}

#[test]
fn what_has_begun_ends_while_a_run_queues_again() {
    let history = vec![
        requested(),
        Event::RunQueued {},
        Event::RunStarted {},
        step(1, StepKind::Agent, "{}"),
        step(2, StepKind::Agent, "{}"),
        advanced(0),
        started(1, 1),
        Event::RunPaused { difference: None },
    ];
    assert_eq!(keys(history.clone()), ["step/1"]);
    assert_eq!(keys([history, vec![Event::RunResumed {}, Event::RunQueued {}]].concat()), ["step/1", "turn/2"]);
}

#[test]
fn the_end_of_a_script_is_the_end_of_its_run() {
    let history = [requested(), step(1, StepKind::Agent, "{}"), advanced(0), settled(1)];
    let run = given::<Run>(history);
    run.when_effect(report("drive/1", driven(1, vec![], End::Finished("2".into()))))
        .then([advanced(1), Event::RunFinished { result: "2".into() }]);
    assert_eq!(run.state().usage.output, 5);
}

#[test]
fn what_was_answered_before_is_asked_and_settled_in_one_append_and_begins_nothing() {
    let from = CachedFrom { stream: StreamId::new("run", Uuid::from_u128(3)), revision: Revision(7) };
    let outcome = StepOutcome::Succeeded { value: "1".into() };
    let ask = || {
        let answer = Answered { outcome: outcome.clone(), from: from.clone() };
        vec![Asked::Answered(request(1, StepKind::Agent, "{}"), answer), asked(2, StepKind::Agent, "{}")]
    };
    let events = [
        step(1, StepKind::Agent, "{}"),
        answered(1, outcome.clone(), Some(from.clone())),
        step(2, StepKind::Agent, "{}"),
        advanced(0),
    ];
    given::<Run>([requested()]).when_effect(report("drive/0", driven(0, ask(), End::Waits))).then(events.clone());
    let after: Vec<Event> = [requested()].into_iter().chain(events).collect();
    assert_eq!(keys(after.clone()), ["drive/1", "step/2"]);
    let run = given::<Run>(after.clone());
    assert_eq!((&run.state().steps[&1].cached_from, run.state().usage), (&Some(from.clone()), Usage::default()));
    given::<Run>(after).when_effect(report("drive/1", driven(1, ask(), End::Waits))).then([advanced(1)]);
}

#[test]
fn a_step_that_fails_is_tried_again_after_a_while_in_a_stream_of_its_own_until_its_tries_are_used_up() {
    let failed = |name: &str, attempt| EffectCommand::Report {
        key: EffectKey::new(if attempt == 1 { "step/1" } else { "step/1/1" }),
        attempt: Attempt(1),
        outcome: Outcome::Performed {
            outcome: StepOutcome::Failed { name: name.into(), message: "slow".into() },
            usage: Usage { output: 2, ..Usage::default() },
            latency_ms: 7,
            changed: false,
            worktree: None,
        },
    };
    let history = vec![requested(), step(1, StepKind::Agent, r#"{"retries":1}"#), advanced(0), started(1, 1)];
    let try_failed = Event::StepTryFailed {
        step: 1,
        name: "TimedOut".into(),
        message: "slow".into(),
        usage: Usage { output: 2, ..Usage::default() },
        latency_ms: 7,
        wait_ms: 1_000,
    };
    given::<Run>(history.clone()).when_effect(failed("TimedOut", 1)).then([try_failed.clone()]);
    let Ok(events) = given::<Run>(history.clone()).when_effect(failed("InvalidSchema", 1)).0 else {
        panic!("it is wanted")
    };
    assert!(matches!(&events[..], [Event::StepSettled { .. }]), "what another try would not mend: {events:?}");

    let waits = [history, vec![try_failed]].concat();
    assert_eq!(keys(waits.clone()), ["wait/1"]);
    given::<Run>(waits.clone()).when_effect(report("wait/1", Outcome::Elapsed)).then([Event::StepRetried { step: 1 }]);
    let again = [waits, vec![Event::StepRetried { step: 1 }]].concat();
    assert_eq!(keys(again.clone()), ["step/1/1"]);
    let child = child_of(Uuid::from_u128(9), 1, 1, StepKind::Agent);
    assert_ne!(child, child_of(Uuid::from_u128(9), 1, 0, StepKind::Agent));
    let begun = Event::StepStarted { step: 1, attempt: Attempt(1), child };
    given::<Run>(again.clone())
        .when_effect(EffectCommand::Begin { key: EffectKey::new("step/1/1") })
        .then([begun.clone()]);
    let last = given::<Run>([again, vec![begun]].concat());
    let Ok(events) = last.when_effect(failed("TimedOut", 2)).0 else { panic!("it is wanted") };
    assert!(matches!(&events[..], [Event::StepSettled { .. }]), "its tries are used up: {events:?}");
}

#[test]
fn another_engine_that_asks_for_something_else_pauses_a_run_and_a_person_chooses() {
    let history = [requested(), step(1, StepKind::Agent, "{}"), advanced(0), settled(1)];
    let apart = Difference { step: 1, recorded: Some("agent {}".into()), asked: None };
    let paused = Event::RunPaused { difference: Some(apart.clone()) };
    let end = End::EngineChanged(apart.clone());
    given::<Run>(history.clone())
        .when_effect(report("drive/1", driven(0, vec![], end)))
        .then([advanced(0), paused.clone()]);
    let waits: Vec<Event> = history.into_iter().chain([advanced(0), paused]).collect();
    assert_eq!(keys(waits.clone()), Vec::<String>::new());
    let run = given::<Run>(waits.clone());
    assert_eq!(run.state().difference, Some(apart));
    run.when(Command::CancelRun {}).then([Event::RunCancelled {}]);
    // Under the engine that it began with it can go on.
    let again = [waits, vec![Event::RunResumed {}]].concat();
    assert_eq!(keys(again.clone()), ["drive/1"]);
    assert_eq!(given::<Run>(again).state().difference, None);
}
