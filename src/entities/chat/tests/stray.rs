//! Events that do not fit the state: a log that was written by other rules is folded all the same.

use super::*;
use crate::entities::chat::{event::Limit, state::CallState};

/// Folds an event that changes nothing.
#[track_caller]
fn ignores(story: &Story, event: Event) {
    let mut after = story.clone();
    after.fold(event.clone());
    assert_eq!(after.state, story.state, "{event:?}");
}

fn wait_elapsed(turn: u32, ordinal: u32) -> Event {
    Event::WaitElapsed { call: call_id(turn, ordinal) }
}

fn tool_finished(turn: u32, ordinal: u32, index: u32) -> Event {
    let (tool_call, outcome, output) = (tool_id(turn, ordinal, index), ToolOutcome::Succeeded, "x".into());
    Event::ToolFinished { tool_call, outcome, output, latency_ms: 0, truncated: false }
}

fn turn_finished(turn: u32) -> Event {
    let (outcome, digest) = (TurnOutcome::Answered, "".into());
    Event::TurnFinished { turn, outcome, usage: usage(0, 0), digest, decider_version: 1 }
}

fn turn_cancelled(turn: u32) -> Event {
    Event::TurnCancelled { turn, usage: usage(0, 0), digest: "".into(), decider_version: 1 }
}

fn call_failed(turn: u32, ordinal: u32) -> Event {
    let (call, attempt) = (call_id(turn, ordinal), Attempt(1));
    Event::ModelCallFailed { call, attempt, error: error(Retry::Soon), retry_at: None }
}

#[test]
fn a_chat_that_is_open_is_not_opened_anew() {
    let mut story = Story::opened();
    story.fold(Event::ChatRenamed { title: "Ships".into(), by_model: None });
    ignores(&story, opened());
}

#[test]
fn a_turn_does_not_start_within_a_turn() {
    ignores(&Story::calling(), started(2, 1));
}

#[test]
fn no_turn_ends_but_the_open_one() {
    for event in [turn_finished(1), turn_cancelled(1)] {
        ignores(&Story::opened(), event);
    }
    for event in [turn_finished(2), turn_cancelled(2), turn_cancelled(0)] {
        ignores(&Story::calling(), event);
    }
}

#[test]
fn only_a_call_that_waits_is_tried_again() {
    let mut waiting = Story::calling();
    waiting.report("call/1.1", 1, failed(Retry::Soon));
    ignores(&waiting, wait_elapsed(1, 2));
    for story in [Story::opened(), Story::asked(), Story::calling(), Story::tools(&[("read", ToolClass::Repeat)])] {
        ignores(&story, wait_elapsed(1, 1));
    }
}

#[test]
fn a_tool_that_nobody_asked_for_does_not_answer() {
    let mut story = Story::tools(&[("read", ToolClass::Repeat)]);
    ignores(&story, tool_finished(1, 1, 1));
    ignores(&story, Event::ToolStarted { tool_call: tool_id(1, 2, 0), attempt: Attempt(1) });
    story.run("tool/1.1.0", ToolOutcome::Succeeded);
    ignores(&story, tool_finished(1, 1, 0));
}

#[test]
fn a_call_that_ended_does_not_end_or_write_again() {
    let story = Story::tools(&[("read", ToolClass::Repeat)]);
    let (call, attempt) = (call_id(1, 1), Attempt(1));
    ignores(&story, call_failed(1, 1));
    ignores(&story, Event::TextAppended { call, attempt, offset: 0, text: "x".into() });
    ignores(&story, Event::ReasoningAppended { call, attempt, offset: 0, text: "x".into() });
    ignores(&story, Event::ModelCallStarted { call, model: "m".into(), attempt: Attempt(2) });
    assert!(matches!(story.call(1, 1).state, CallState::Finished { .. }));
}

#[test]
fn a_limit_of_another_turn_is_none() {
    let limit = Limit::Steps { calls: 1 };
    ignores(&Story::opened(), Event::LimitReached { turn: 1, limit: limit.clone() });
    ignores(&Story::asked(), Event::LimitReached { turn: 2, limit });
}

#[test]
fn the_largest_numbers_do_not_panic() {
    let mut story = Story::opened();
    story.fold(started(u32::MAX, 1));
    let call = call_id(u32::MAX, 1);
    story.fold(Event::ModelCallStarted { call, model: "m".into(), attempt: Attempt(u32::MAX) });
    let events = story.begin(&format!("call/{call}"));
    assert!(matches!(outcome_in(&events), Some(TurnOutcome::Failed { .. })));
    assert_eq!(story.tell(post(2, "more"))[1], started(u32::MAX, 2));
}
