//! Tool calls: asked for, begun, answered, lost.

use super::*;
use crate::entities::chat::settle::ATTEMPTS;
use replay::decider::Class;

const READ: (&str, ToolClass) = ("read", ToolClass::Repeat);
const EDIT: (&str, ToolClass) = ("edit", ToolClass::Once);

#[test]
fn tools_are_asked_for_in_order_with_the_end_of_their_call() {
    let mut story = Story::calling();
    let mut edit = request("edit", r#"{"path":"a"}"#, ToolClass::Once);
    edit.provider_id = "toolu_1".into();
    let events = story.report("call/1.1", 1, answered(vec![request("read", "{}", ToolClass::Repeat), edit]));
    let call = call_id(1, 1);
    let read = Event::ToolCalled {
        call,
        tool_call: tool_id(1, 1, 0),
        provider_id: "".into(),
        name: "read".into(),
        arguments: "{}".into(),
        class: ToolClass::Repeat,
    };
    let edit = Event::ToolCalled {
        call,
        tool_call: tool_id(1, 1, 1),
        provider_id: "toolu_1".into(),
        name: "edit".into(),
        arguments: r#"{"path":"a"}"#.into(),
        class: ToolClass::Once,
    };
    assert_eq!(events[..2], [read, edit]);
    assert!(matches!(events[2..], [Event::ModelCallFinished { stop: Stop::ToolCalls, .. }]), "{events:?}");
}

#[test]
fn all_tools_of_a_call_are_wanted_at_once_each_of_its_class() {
    let story = Story::tools(&[READ, EDIT]);
    let wants = story.wants();
    assert_eq!(story.wanted(), ["tool/1.1.0", "tool/1.1.1"]);
    assert_eq!(wants.values().map(|want| want.class).collect::<Vec<_>>(), [Class::Repeat, Class::Once]);
    assert!(wants.values().all(|want| &*want.lane.name == "tools" && want.begun.is_none()));
}

#[test]
fn tools_answer_in_any_order_and_the_last_answer_asks_the_model_again() {
    let mut story = Story::tools(&[READ, EDIT]);
    let (tool_call, attempt) = (tool_id(1, 1, 1), Attempt(1));
    assert_eq!(story.begin("tool/1.1.1"), [Event::ToolStarted { tool_call, attempt }]);
    story.begin("tool/1.1.0");
    let (outcome, output) = (ToolOutcome::Succeeded, "done".into());
    let finished = Event::ToolFinished { tool_call, outcome, output, latency_ms: 5, truncated: false };
    assert_eq!(story.report("tool/1.1.1", 1, ended(ToolOutcome::Succeeded, "done")), [finished]);
    assert_eq!(story.wanted(), ["tool/1.1.0"]);
    story.report("tool/1.1.0", 1, ended(ToolOutcome::Failed, "no such file"));
    assert_eq!(story.wanted(), ["call/1.2"]);
}

#[test]
fn a_tool_answers_once_and_only_after_it_began() {
    let mut story = Story::tools(&[READ, EDIT]);
    story.try_report("tool/1.1.0", 1, ended(ToolOutcome::Succeeded, "")).unwrap_err();
    story.run("tool/1.1.0", ToolOutcome::Succeeded);
    story.try_report("tool/1.1.0", 1, ended(ToolOutcome::Succeeded, "")).unwrap_err();
    story.effect(EffectCommand::Begin { key: key("tool/1.1.0") }).unwrap_err();
}

#[test]
fn a_tool_streams_nothing_and_ends_as_a_tool_does() {
    let mut story = Story::tools(&[READ]);
    story.begin("tool/1.1.0");
    story.write("tool/1.1.0", 1, 0, "x").unwrap_err();
    story.try_report("tool/1.1.0", 1, answered(vec![])).unwrap_err();
    story.try_report("tool/1.1.0", 1, Outcome::Elapsed).unwrap_err();
    story.try_report("tool/1.1.0", 1, failed(Retry::Soon)).unwrap_err();
}

#[test]
fn a_tool_with_consequences_that_was_lost_is_unknown_and_the_model_is_told() {
    let mut story = Story::tools(&[EDIT]);
    story.begin("tool/1.1.0");
    let events = story.lose("tool/1.1.0", 1).unwrap();
    let [Event::ToolFinished { outcome: ToolOutcome::Unknown, output, .. }] = &events[..] else {
        panic!("it is unknown: {events:?}")
    };
    assert!(output.shown().contains("restarted"), "{output:?}");
    assert_eq!(story.wanted(), ["call/1.2"], "the turn goes on");
    story.lose("tool/1.1.0", 1).unwrap_err();
}

#[test]
fn a_tool_with_consequences_never_begins_twice() {
    let mut story = Story::tools(&[EDIT]);
    story.begin("tool/1.1.0");
    story.effect(EffectCommand::Begin { key: key("tool/1.1.0") }).unwrap_err();
    story.report("tool/1.1.0", 1, ended(ToolOutcome::Succeeded, "done"));
}

#[test]
fn only_what_was_begun_is_lost_and_only_if_it_may_not_be_repeated() {
    let mut story = Story::tools(&[READ, EDIT]);
    story.lose("tool/1.1.1", 1).unwrap_err();
    story.begin("tool/1.1.1");
    story.lose("tool/1.1.1", 2).unwrap_err();
    story.begin("tool/1.1.0");
    story.lose("tool/1.1.0", 1).unwrap_err();
}

#[test]
fn a_reading_tool_begins_again_and_only_its_last_attempt_is_heard() {
    let mut story = Story::tools(&[READ]);
    story.begin("tool/1.1.0");
    let (tool_call, attempt) = (tool_id(1, 1, 0), Attempt(2));
    assert_eq!(story.begin("tool/1.1.0"), [Event::ToolStarted { tool_call, attempt }]);
    story.try_report("tool/1.1.0", 1, ended(ToolOutcome::Succeeded, "")).unwrap_err();
    story.report("tool/1.1.0", 2, ended(ToolOutcome::Succeeded, ""));
}

#[test]
fn a_reading_tool_begun_five_times_has_crashed_repeatedly_and_the_turn_goes_on() {
    let mut story = Story::tools(&[READ]);
    for _ in 0..ATTEMPTS {
        assert!(matches!(story.begin("tool/1.1.0")[..], [Event::ToolStarted { .. }]));
    }
    let events = story.begin("tool/1.1.0");
    let [Event::ToolFinished { outcome: ToolOutcome::Failed, output, .. }] = &events[..] else {
        panic!("it failed: {events:?}")
    };
    assert!(output.shown().contains("crashed repeatedly"), "{output:?}");
    assert_eq!(story.wanted(), ["call/1.2"]);
}
