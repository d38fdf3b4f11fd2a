//! Model calls: begin, pieces, end, attempts.

use super::*;
use crate::entities::{
    chat::{settle::ATTEMPTS, state::CallState, state::Interrupted},
    given::given,
};

#[test]
fn a_call_begins_as_attempt_1() {
    let mut story = Story::asked();
    let begun = story.begin("call/1.1");
    let (call, attempt) = (call_id(1, 1), Attempt(1));
    assert_eq!(begun, [Event::ModelCallStarted { call, model: "lab/small".into(), attempt }]);
    assert_eq!(story.wants()[&key("call/1.1")].begun, Some(attempt), "it stays wanted while it runs");
}

#[test]
fn what_is_not_wanted_does_not_begin() {
    let asked = given::<Chat>([opened(), posted(1, "Where?"), started(1, 1)]);
    for name in ["call/1.2", "call/2.1", "tool/1.1.0", "wait/1.1", "nonsense"] {
        let stale = Stale { key: key(name), attempt: None };
        asked.when_effect(EffectCommand::Begin { key: key(name) }).then_rejected(stale);
    }
}

#[test]
fn before_it_begins_a_call_says_nothing() {
    let mut story = Story::asked();
    story.write("call/1.1", 0, 0, "x").unwrap_err();
    story.write("call/1.1", 1, 0, "x").unwrap_err();
    story.try_report("call/1.1", 1, answered(vec![])).unwrap_err();
    story.lose("call/1.1", 1).unwrap_err();
}

#[test]
fn text_and_reasoning_come_in_pieces_each_with_its_own_offset() {
    let mut story = Story::calling();
    story.reason("call/1.1", 1, 0, "hm").unwrap();
    let (call, attempt) = (call_id(1, 1), Attempt(1));
    let piece = Event::TextAppended { call, attempt, offset: 0, text: "né".into() };
    assert_eq!(story.write("call/1.1", 1, 0, "né").unwrap(), [piece]);
    let piece = Event::TextAppended { call, attempt, offset: 3, text: "e".into() };
    assert_eq!(story.write("call/1.1", 1, 3, "e").unwrap(), [piece]);
    assert_eq!((story.call(1, 1).text.shown(), story.call(1, 1).reasoning.shown()), ("née", "hm"));
}

#[test]
fn a_piece_that_comes_twice_or_after_a_gap_is_stale() {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "Hello").unwrap();
    story.write("call/1.1", 1, 0, "Hello").unwrap_err();
    story.write("call/1.1", 1, 6, "world").unwrap_err();
    story.reason("call/1.1", 1, 5, "hm").unwrap_err();
    assert_eq!(story.call(1, 1).text.shown(), "Hello");
}

#[test]
fn an_answer_without_tools_ends_the_turn() {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "There.").unwrap();
    let events = story.clone().report("call/1.1", 1, answered(vec![]));
    let (call, attempt) = (call_id(1, 1), Attempt(1));
    let (text, reasoning, latency_ms, usage) = (None, None, 70, usage(10, 2));
    let finished = Event::ModelCallFinished {
        call,
        attempt,
        stop: Stop::End,
        usage,
        raw_usage: None,
        provider_data: None,
        latency_ms,
        window: None,
        text,
        reasoning,
    };
    story.fold(finished.clone());
    let (digest, decider_version) = (story.digest(), Chat::VERSION);
    let closed = Event::TurnFinished { turn: 1, outcome: TurnOutcome::Answered, usage, digest, decider_version };
    assert_eq!(events, [finished, closed]);
}

#[test]
fn an_answered_call_counts_for_the_turn_and_for_the_chat() {
    let mut story = Story::calling();
    story.report("call/1.1", 1, answered(vec![]));
    assert_eq!((story.call(1, 1).usage, story.state.usage), (usage(10, 2), usage(10, 2)));
    story.tell(post(2, "And then?"));
    assert_eq!(story.state.turn.as_ref().unwrap().usage, usage(0, 0));
    story.begin("call/2.1");
    story.report("call/2.1", 1, answered(vec![]));
    assert_eq!(story.state.usage, usage(20, 4));
    let Some(Message::End(end)) = story.state.messages.last() else { panic!("the turn has ended") };
    assert_eq!((end.turn, end.usage), (2, usage(10, 2)));
    assert!(end.started_at < end.ended_at);
}

#[test]
fn usage_beyond_any_number_does_not_panic() {
    let mut story = Story::tools(&[("read", ToolClass::Repeat)]);
    story.run("tool/1.1.0", ToolOutcome::Succeeded);
    story.begin("call/1.2");
    let most = Usage { input: u64::MAX, output: u64::MAX, ..Usage::default() };
    let tools = vec![request("read", "{}", ToolClass::Repeat)];
    story.report("call/1.2", 1, Outcome::Answered(Box::new(Answer { usage: most, ..answer(tools) })));
    let events = story.run("tool/1.2.0", ToolOutcome::Succeeded);
    assert!(matches!(events[1], Event::LimitReached { .. }), "{events:?}");
    assert_eq!(story.state.usage.total(), u64::MAX);
}

#[test]
fn a_long_answer_stands_as_a_blob_in_place_of_its_pieces() {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, &"x".repeat(20_000)).unwrap();
    let long = Answer { text: Some(blob(20_000)), reasoning: Some(blob(30_000)), ..answer(vec![]) };
    story.report("call/1.1", 1, Outcome::Answered(Box::new(long)));
    assert_eq!((&story.call(1, 1).text, &story.call(1, 1).reasoning), (&blob(20_000), &blob(30_000)));
}

#[test]
fn after_a_crash_a_call_begins_as_the_next_attempt_and_keeps_what_was_cut_off() {
    let mut story = Story::calling();
    story.reason("call/1.1", 1, 0, "hm").unwrap();
    story.write("call/1.1", 1, 0, "It i").unwrap();
    story.begin("call/1.1");
    story.write("call/1.1", 2, 0, "Here").unwrap();
    let call = story.call(1, 1);
    assert_eq!(call.interrupted, [Interrupted { attempt: Attempt(1), reasoning: "hm".into(), text: "It i".into() }]);
    assert_eq!((call.text.shown(), call.reasoning.shown()), ("Here", ""));
    assert_eq!(story.wants()[&key("call/1.1")].begun, Some(Attempt(2)));
}

#[test]
fn an_attempt_that_wrote_nothing_leaves_nothing() {
    let mut story = Story::calling();
    story.begin("call/1.1");
    assert_eq!(story.call(1, 1).interrupted, []);
}

#[test]
fn a_superseded_attempt_is_not_heard() {
    let mut story = Story::calling();
    story.begin("call/1.1");
    story.write("call/1.1", 1, 0, "x").unwrap_err();
    let stale = story.try_report("call/1.1", 1, answered(vec![])).unwrap_err();
    assert_eq!(stale, Stale { key: key("call/1.1"), attempt: Some(Attempt(1)) });
    story.report("call/1.1", 2, answered(vec![]));
}

#[test]
fn a_report_is_heard_once() {
    let mut story = Story::calling();
    story.report("call/1.1", 1, answered(vec![]));
    story.try_report("call/1.1", 1, answered(vec![])).unwrap_err();
    story.try_report("call/1.1", 1, failed(Retry::Soon)).unwrap_err();
}

#[test]
fn a_call_is_never_lost_but_begins_again() {
    let mut story = Story::calling();
    story.lose("call/1.1", 1).unwrap_err();
    assert_eq!(story.wanted(), ["call/1.1"]);
}

#[test]
fn a_call_does_not_end_as_a_tool_or_a_timer_does() {
    let mut story = Story::calling();
    story.try_report("call/1.1", 1, ended(ToolOutcome::Succeeded, "")).unwrap_err();
    story.try_report("call/1.1", 1, Outcome::Elapsed).unwrap_err();
}

#[test]
fn a_call_begun_five_times_without_an_end_has_crashed_repeatedly_and_fails_the_turn() {
    let mut story = Story::asked();
    for attempt in 1..=ATTEMPTS {
        let begun = story.begin("call/1.1");
        assert!(matches!(begun[..], [Event::ModelCallStarted { attempt: begun, .. }] if begun == Attempt(attempt)));
    }
    let events = story.begin("call/1.1");
    assert!(matches!(&events[0], Event::ModelCallFailed { retry_at: None, attempt: Attempt(5), .. }), "{events:?}");
    let Some(TurnOutcome::Failed { error }) = outcome_in(&events) else { panic!("the turn failed: {events:?}") };
    assert_eq!((&*error.code, error.retry), ("crashed_repeatedly", Retry::Never));
    assert_eq!(story.wanted(), Vec::<String>::new());
    assert!(matches!(story.call(1, 1).state, CallState::Failed { .. }));
}

#[test]
fn an_answer_of_which_a_piece_was_lost_begins_again() {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "It is in the ").unwrap();
    let streamed = |text| {
        Outcome::Answered(Box::new(Answer { streamed: Some(Streamed { reasoning: 0, text }), ..answer(vec![]) }))
    };
    assert!(story.try_report("call/1.1", 1, streamed(19)).is_err());
    story.begin("call/1.1");
    story.write("call/1.1", 2, 0, "It is in the attic.").unwrap();
    story.try_report("call/1.1", 2, streamed(19)).unwrap();
    assert!(story.state.turn.is_none());
}
