//! What bounds a turn: steps, repetition, mistakes, tokens; and the call that sums up.

use super::*;
use crate::entities::chat::{
    event::Limit,
    settle::{CALLS, DOOM, MISTAKES},
    state::CallState,
};

/// Has the open call ask for one tool, and answers it.
#[track_caller]
fn step(story: &mut Story, arguments: &str, outcome: ToolOutcome) -> Vec<Event> {
    let call = story.state.current().expect("a call is open").call;
    story.begin(&format!("call/{call}"));
    story.report(&format!("call/{call}"), 1, answered(vec![request("read", arguments, ToolClass::Repeat)]));
    story.run(&format!("tool/{call}.0"), outcome)
}

#[track_caller]
fn limit_in(events: &[Event]) -> Option<Limit> {
    events.iter().find_map(|event| match event {
        Event::LimitReached { limit, .. } => Some(limit.clone()),
        _ => None,
    })
}

/// A chat whose first turn has just met its doom: the same tool call three times in a row.
pub(super) fn at_doom() -> Story {
    let mut story = Story::asked();
    for _ in 1..DOOM {
        assert_eq!(limit_in(&step(&mut story, "{}", ToolOutcome::Succeeded)), None);
    }
    let limit = Limit::DoomLoop { tool: "read".into(), times: DOOM };
    assert_eq!(limit_in(&step(&mut story, "{}", ToolOutcome::Succeeded)), Some(limit));
    story
}

#[test]
fn the_same_tool_call_three_times_in_a_row_is_a_doom_loop() {
    let story = at_doom();
    assert_eq!(story.wanted(), ["call/1.4"]);
    assert!(story.call(1, 4).closing);
}

#[test]
fn another_call_in_between_breaks_the_row() {
    let mut story = Story::asked();
    for arguments in ["{}", "{}", r#"{"path":"a"}"#, "{}", "{}"] {
        assert_eq!(limit_in(&step(&mut story, arguments, ToolOutcome::Succeeded)), None);
    }
}

#[test]
fn a_new_turn_begins_a_new_row() {
    let mut story = Story::asked();
    for _ in 1..DOOM {
        step(&mut story, "{}", ToolOutcome::Succeeded);
    }
    story.tell(cancel());
    story.tell(post(2, "again"));
    assert_eq!(limit_in(&step(&mut story, "{}", ToolOutcome::Succeeded)), None);
}

#[test]
fn the_call_that_sums_up_gets_no_tools_and_its_turn_names_the_limit() {
    let mut story = at_doom();
    story.begin("call/1.4");
    story.write("call/1.4", 1, 0, "In short: nothing.").unwrap();
    let events = story.report("call/1.4", 1, answered(vec![request("read", "{}", ToolClass::Repeat)]));
    assert!(!events.iter().any(|event| matches!(event, Event::ToolCalled { .. })), "{events:?}");
    let limit = Limit::DoomLoop { tool: "read".into(), times: DOOM };
    assert_eq!(outcome_in(&events), Some(TurnOutcome::Limited { limit }));
}

#[test]
fn a_summary_that_fails_is_tried_again_as_a_summary() {
    let mut story = at_doom();
    story.begin("call/1.4");
    story.report("call/1.4", 1, failed(Retry::Soon));
    story.report("wait/1.4", 0, Outcome::Elapsed);
    assert!(story.call(1, 5).closing);
    story.begin("call/1.5");
    let events = story.report("call/1.5", 1, answered(vec![]));
    assert!(matches!(outcome_in(&events), Some(TurnOutcome::Limited { .. })), "{events:?}");
}

#[test]
fn a_summary_that_cannot_be_had_fails_the_turn() {
    let mut story = at_doom();
    story.begin("call/1.4");
    let events = story.report("call/1.4", 1, failed(Retry::Never));
    assert_eq!(outcome_in(&events), Some(TurnOutcome::Failed { error: error(Retry::Never) }));
    assert!(matches!(story.call(1, 4).state, CallState::Failed { .. }));
}

#[test]
fn so_many_model_calls_are_the_most_of_a_turn() {
    let mut story = Story::asked();
    for n in 1..CALLS {
        let events = step(&mut story, &n.to_string(), ToolOutcome::Succeeded);
        assert_eq!(limit_in(&events), None, "after {n} calls");
    }
    let events = step(&mut story, "last", ToolOutcome::Succeeded);
    assert_eq!(limit_in(&events), Some(Limit::Steps { calls: CALLS }));
    assert_eq!(story.wanted(), [format!("call/1.{}", CALLS + 1)]);
}

#[test]
fn so_many_failed_tools_in_a_row_end_the_turn() {
    let mut story = Story::asked();
    for n in 1..MISTAKES {
        assert_eq!(limit_in(&step(&mut story, &n.to_string(), ToolOutcome::Failed)), None);
    }
    let events = step(&mut story, "last", ToolOutcome::Failed);
    assert_eq!(limit_in(&events), Some(Limit::ToolMistakes { times: MISTAKES }));
}

#[test]
fn a_tool_that_succeeds_ends_the_row_of_mistakes() {
    let mut story = Story::asked();
    for n in 1..MISTAKES {
        step(&mut story, &n.to_string(), ToolOutcome::Failed);
    }
    step(&mut story, "good", ToolOutcome::Succeeded);
    assert_eq!(limit_in(&step(&mut story, "bad", ToolOutcome::Failed)), None);
}

#[test]
fn a_turn_takes_no_more_tokens_than_its_budget() {
    let mut story = Story::unopened();
    let Command::OpenChat { session, project, title, model, agent, .. } = open_chat() else { unreachable!() };
    story.tell(Command::OpenChat {
        session,
        project,
        title,
        model,
        agent,
        token_budget: 24,
        origin: None,
        answer: None,
        brief: None,
    });
    story.tell(post(1, "Where?"));
    assert_eq!(limit_in(&step(&mut story, "a", ToolOutcome::Succeeded)), None, "12 tokens");
    let events = step(&mut story, "b", ToolOutcome::Succeeded);
    assert_eq!(limit_in(&events), Some(Limit::Tokens { budget: 24 }), "24 tokens");
}

#[test]
fn a_limit_waits_for_the_last_of_the_tools_that_run() {
    let mut story = Story::calling();
    let tools = (0..DOOM).map(|_| request("read", "{}", ToolClass::Repeat)).collect();
    story.report("call/1.1", 1, answered(tools));
    assert_eq!(limit_in(&story.run("tool/1.1.2", ToolOutcome::Succeeded)), None);
    assert_eq!(limit_in(&story.run("tool/1.1.0", ToolOutcome::Succeeded)), None);
    let limit = Limit::DoomLoop { tool: "read".into(), times: DOOM };
    assert_eq!(limit_in(&story.run("tool/1.1.1", ToolOutcome::Succeeded)), Some(limit));
}

#[test]
fn a_row_of_the_same_call_counts_though_another_follows_it_at_once() {
    let mut story = Story::calling();
    let mut tools: Vec<_> = (0..DOOM).map(|_| request("read", "{}", ToolClass::Repeat)).collect();
    tools.push(request("list", "{}", ToolClass::Repeat));
    story.report("call/1.1", 1, answered(tools));
    for index in 0..DOOM {
        story.run(&format!("tool/1.1.{index}"), ToolOutcome::Succeeded);
    }
    let limit = Limit::DoomLoop { tool: "read".into(), times: DOOM };
    assert_eq!(limit_in(&story.run("tool/1.1.3", ToolOutcome::Succeeded)), Some(limit));
}
