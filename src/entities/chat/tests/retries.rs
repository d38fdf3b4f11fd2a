//! Model calls that fail, and when they are tried again.

use super::*;
use crate::entities::{chat::settle::FAILURES, chat::state::CallState};
use replay::decider::Class;

/// Fails the open call; the wait in ms until it is tried again, if it is.
#[track_caller]
fn fail(story: &mut Story, error: CallError) -> Option<u64> {
    let call = story.state.current().expect("a call is open").call;
    story.begin(&format!("call/{call}"));
    let now = story.now;
    let events = story.report(&format!("call/{call}"), 1, Outcome::CallFailed(error));
    let Event::ModelCallFailed { retry_at, .. } = &events[0] else { panic!("the call failed: {events:?}") };
    retry_at.map(|at| at.ms_since(now))
}

#[track_caller]
fn elapse(story: &mut Story) {
    let call = story.state.current().expect("a call waits").call;
    story.report(&format!("wait/{call}"), 0, Outcome::Elapsed);
}

fn waits(retry: Retry) -> Vec<Option<u64>> {
    let mut story = Story::asked();
    let mut waits = vec![];
    while story.state.turn.is_some() {
        waits.push(fail(&mut story, error(retry)));
        if story.state.turn.is_some() {
            elapse(&mut story);
        }
    }
    waits
}

#[test]
fn what_is_not_worth_another_try_ends_the_turn_with_its_error() {
    let mut story = Story::calling();
    let events = story.clone().report("call/1.1", 1, failed(Retry::Never));
    let (call, attempt, error) = (call_id(1, 1), Attempt(1), error(Retry::Never));
    let call_failed = Event::ModelCallFailed { call, attempt, error: error.clone(), retry_at: None };
    story.fold(call_failed.clone());
    let (digest, decider_version) = (story.digest(), Chat::VERSION);
    let outcome = TurnOutcome::Failed { error };
    let closed = Event::TurnFinished { turn: 1, outcome, usage: usage(0, 0), digest, decider_version };
    assert_eq!(events, [call_failed, closed]);
}

#[test]
fn what_broke_is_tried_again_soon_and_then_ever_later() {
    assert_eq!(waits(Retry::Soon), [Some(1000), Some(2000), Some(4000), Some(8000), Some(16_000), None]);
}

#[test]
fn what_is_overloaded_is_tried_again_later() {
    assert_eq!(waits(Retry::Later), [Some(15_000), Some(30_000), Some(60_000), Some(120_000), Some(240_000), None]);
}

#[test]
fn so_many_failures_in_a_row_fail_the_turn() {
    assert_eq!(waits(Retry::Later).len(), FAILURES as usize);
}

#[test]
fn an_answer_ends_the_row_of_failures() {
    let mut story = Story::asked();
    for _ in 1..FAILURES {
        fail(&mut story, error(Retry::Soon));
        elapse(&mut story);
    }
    let call = story.state.current().unwrap().call;
    story.begin(&format!("call/{call}"));
    story.report(&format!("call/{call}"), 1, answered(vec![request("read", "{}", ToolClass::Repeat)]));
    story.run(&format!("tool/{call}.0"), ToolOutcome::Succeeded);
    assert_eq!(fail(&mut story, error(Retry::Soon)), Some(1000));
}

#[test]
fn the_provider_says_how_long_to_wait_up_to_an_hour() {
    let asks = |ms| CallError { retry_after_ms: Some(ms), ..error(Retry::Later) };
    assert_eq!(fail(&mut Story::asked(), asks(7_000)), Some(7_000));
    assert_eq!(fail(&mut Story::asked(), asks(0)), Some(0));
    assert_eq!(fail(&mut Story::asked(), asks(u64::MAX)), Some(3_600_000));
    let never = CallError { retry_after_ms: Some(7_000), ..error(Retry::Never) };
    assert_eq!(fail(&mut Story::asked(), never), None);
}

#[test]
fn chance_adds_up_to_a_quarter_so_that_many_do_not_come_back_at_once() {
    let mut story = Story::calling();
    let fresh = Uuid::from_u128(u128::MAX);
    let command = EffectCommand::Report { key: key("call/1.1"), attempt: Attempt(1), outcome: failed(Retry::Later) };
    let context = Context { fresh, ..story.context() };
    let events = Chat::settle(&story.state, command, &context);
    let Event::ModelCallFailed { retry_at: Some(at), .. } = story.fold_all(events).unwrap()[0] else {
        panic!("it is tried again")
    };
    let waited = at.ms_since(context.now);
    assert!((18_700..18_750).contains(&waited), "{waited}");
}

#[test]
fn a_failed_call_wants_a_timer_and_its_end_a_new_call() {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "It i").unwrap();
    let now = story.now;
    story.report("call/1.1", 1, failed(Retry::Soon));
    let wants = story.wants();
    let want = &wants[&key("wait/1.1")];
    let work = Work::Wait { call: call_id(1, 1), until: now.plus_ms(1000) };
    assert_eq!((wants.len(), want.class, want.begun, &want.work), (1, Class::Free, None, &work));
    let events = story.report("wait/1.1", 0, Outcome::Elapsed);
    assert_eq!(events, [Event::WaitElapsed { call: call_id(1, 1) }]);
    assert_eq!(story.wanted(), ["call/1.2"]);
    assert!(matches!(story.call(1, 1).state, CallState::Failed { .. }));
    story.try_report("wait/1.1", 0, Outcome::Elapsed).unwrap_err();
}

#[test]
fn a_timer_does_not_begin_is_not_lost_and_only_elapses() {
    let mut story = Story::calling();
    story.report("call/1.1", 1, failed(Retry::Soon));
    story.effect(EffectCommand::Begin { key: key("wait/1.1") }).unwrap_err();
    story.lose("wait/1.1", 0).unwrap_err();
    story.write("wait/1.1", 0, 0, "x").unwrap_err();
    story.try_report("wait/1.1", 0, answered(vec![])).unwrap_err();
}

#[test]
fn each_waiting_message_gets_its_own_turn_though_the_provider_fails_them_all() {
    let mut story = Story::calling();
    story.tell(post(2, "b"));
    story.tell(post(3, "c"));
    story.report("call/1.1", 1, failed(Retry::Never));
    story.begin("call/2.1");
    story.report("call/2.1", 1, failed(Retry::Never));
    story.begin("call/3.1");
    let events = story.report("call/3.1", 1, failed(Retry::Never));
    assert_eq!(outcome_in(&events), Some(TurnOutcome::Failed { error: error(Retry::Never) }));
    assert_eq!((story.wanted(), story.state.queue.len(), story.state.turns), (vec![], 0, 3));
}
