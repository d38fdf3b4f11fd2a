//! A conversation that outgrows the window of its model goes on from a summary.

use super::*;
use crate::entities::chat::{
    context::{Reason, TOO_LONG},
    prompt::{Part, past, prompt},
    state::CallState,
};

/// What a model that takes so many tokens answered.
fn answered_within(window: u64, used: u64, tools: Vec<ToolRequest>) -> Outcome {
    Outcome::Answered(Box::new(Answer { usage: usage(used, 0), window: Some(window), ..answer(tools) }))
}

fn too_long() -> Outcome {
    let (code, message) = (TOO_LONG.into(), "too long".into());
    Outcome::CallFailed(CallError { code, message, retry: Retry::Never, retry_after_ms: None })
}

fn said(text: &str) -> Part {
    Part::User { text: text.into(), attachments: vec![] }
}

/// A chat whose first turn was answered and took so much of a window of 1,000 tokens.
fn used(tokens: u64) -> Story {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "In the cellar.").unwrap();
    story.report("call/1.1", 1, answered_within(1000, tokens, vec![]));
    story
}

fn read() -> Vec<ToolRequest> {
    vec![request("read", "{}", ToolClass::Repeat)]
}

#[test]
fn what_fits_is_not_summed_up() {
    let mut story = used(700);
    assert_eq!((story.state.context.used, story.state.context.window), (700, Some(1000)));
    story.tell(post(2, "And the wick?"));
    assert_eq!(story.wanted(), ["call/2.1"]);
}

#[test]
fn before_a_call_that_would_nearly_fill_the_window_comes_a_summary() {
    let mut story = used(700);
    story.tell(post(2, &"x".repeat(400)));
    assert_eq!(story.wanted(), ["compact/1"], "no call begins meanwhile");
    let started = Event::CompactionStarted { number: 1, model: "lab/small".into(), attempt: Attempt(1), upto: 3 };
    assert_eq!(story.begin("compact/1"), [started]);
    assert_eq!(past(&story.state, 3).len(), 2, "the question and its answer, and not the new message");
    let compacted = Event::Compacted {
        number: 1,
        attempt: Attempt(1),
        summary: "The oil is in the cellar.".into(),
        upto: 3,
        usage: usage(50, 5),
        latency_ms: 9,
    };
    assert_eq!(story.report("compact/1", 1, summed("The oil is in the cellar.")), [compacted]);
    assert_eq!(story.wanted(), ["call/2.1"]);
    let sent = prompt(&story.state);
    assert_eq!(sent, [Part::Summary("The oil is in the cellar.".into()), said(&"x".repeat(400))]);
    let view = Chat::view(&story.state);
    assert_eq!((view.messages.len(), view.context.used), (5, 0), "people still see everything");
    assert_eq!(view.turn.unwrap().usage, usage(50, 5), "it counts for the turn");
}

#[test]
fn within_a_turn_the_message_that_is_worked_on_stays_whole() {
    let mut story = Story::calling();
    story.report("call/1.1", 1, answered_within(1000, 900, read()));
    story.run("tool/1.1.0", ToolOutcome::Succeeded);
    assert_eq!(story.wanted(), ["compact/1"]);
    story.begin("compact/1");
    story.report("compact/1", 1, summed("One file was read."));
    let expected = [Part::Summary("One file was read.".into()), said("Where is it?")];
    assert_eq!(prompt(&story.state), expected);
    story.begin("call/1.2");
    story.report("call/1.2", 1, answered_within(1000, 100, read()));
    story.run("tool/1.2.0", ToolOutcome::Succeeded);
    assert_eq!(story.wanted(), ["call/1.3"]);
    assert_eq!(prompt(&story.state)[..2], expected, "later prompts begin with it");
    assert_eq!(prompt(&story.state).len(), 4);
    story.begin("call/1.3");
    story.report("call/1.3", 1, answered_within(1000, 100, vec![]));
    story.tell(post(2, "Thanks."));
    assert_eq!(prompt(&story.state)[..2], expected, "in the next turn too");
}

#[test]
fn a_later_summary_holds_the_earlier_one() {
    let mut story = used(900);
    for (turn, name) in [(2, "compact/1"), (3, "compact/2")] {
        story.tell(post(turn, "Again."));
        story.begin(name);
        story.report(name, 1, summed(name));
        story.begin(&format!("call/{turn}.1"));
        story.write(&format!("call/{turn}.1"), 1, 0, "Yes.").unwrap();
        story.report(&format!("call/{turn}.1"), 1, answered_within(1000, 900, vec![]));
    }
    story.tell(post(4, "Once more."));
    story.begin("compact/3");
    let upto = usize::try_from(story.state.context.compaction.as_ref().unwrap().upto.unwrap()).unwrap();
    let sent = past(&story.state, upto);
    assert_eq!(sent[0], Part::Summary("compact/2".into()));
    assert_eq!(sent.len(), 3, "the summary, and the turn that it does not hold: {sent:?}");
}

#[test]
fn where_nothing_is_known_of_the_window_nothing_is_summed_up() {
    let mut story = Story::calling();
    let huge = Outcome::Answered(Box::new(Answer { usage: usage(u64::MAX, 1), ..answer(vec![]) }));
    story.report("call/1.1", 1, huge);
    story.tell(post(2, "And?"));
    assert_eq!(story.wanted(), ["call/2.1"]);
}

#[test]
fn what_is_too_long_for_a_provider_is_summed_up_and_tried_again_once_a_turn() {
    let mut story = used(10);
    story.tell(post(2, "And the wick?"));
    story.begin("call/2.1");
    let events = story.report("call/2.1", 1, too_long());
    assert!(matches!(events[..], [Event::ModelCallFailed { retry_at: Some(_), .. }]), "{events:?}");
    story.report("wait/2.1", 0, Outcome::Elapsed);
    assert_eq!(story.wanted(), ["compact/1"]);
    assert_eq!(story.state.context.compaction.as_ref().unwrap().reason, Reason::TooLong);
    story.begin("compact/1");
    story.report("compact/1", 1, summed("In the cellar."));
    assert_eq!(story.wanted(), ["call/2.2"]);
    story.begin("call/2.2");
    let events = story.report("call/2.2", 1, too_long());
    let Some(TurnOutcome::Failed { error }) = outcome_in(&events) else { panic!("{events:?}") };
    assert_eq!(&*error.code, TOO_LONG);
}

#[test]
fn a_first_message_that_is_too_long_cannot_be_summed_up() {
    let mut story = Story::calling();
    let events = story.report("call/1.1", 1, too_long());
    assert!(matches!(outcome_in(&events), Some(TurnOutcome::Failed { .. })));
}

#[test]
fn a_turn_that_is_too_long_and_cannot_be_summed_up_fails_with_both_reasons() {
    let mut story = used(10);
    story.tell(post(2, "And the wick?"));
    story.begin("call/2.1");
    story.report("call/2.1", 1, too_long());
    story.report("wait/2.1", 0, Outcome::Elapsed);
    story.begin("compact/1");
    let events = story.report("compact/1", 1, failed(Retry::Soon));
    let Some(TurnOutcome::Failed { error }) = outcome_in(&events) else { panic!("{events:?}") };
    assert!(&*error.code == TOO_LONG && error.message.contains("the stream broke"), "{error:?}");
    assert_eq!(story.wanted(), Vec::<String>::new());
    assert!(matches!(story.call(2, 2).state, CallState::Failed { retry_at: None, .. }));
}

#[test]
fn a_summary_that_fails_lets_the_call_begin_and_is_not_tried_for_ever() {
    let mut story = used(900);
    for turn in 2..=4 {
        story.tell(post(turn, "Again."));
        let name = format!("compact/{}", turn - 1);
        story.begin(&name);
        let outcome = if turn == 2 { summed(" ") } else { failed(Retry::Soon) };
        assert!(matches!(story.report(&name, 1, outcome)[..], [Event::CompactionFailed { .. }]));
        story.begin(&format!("call/{turn}.1"));
        story.report(&format!("call/{turn}.1"), 1, answered_within(1000, 900, vec![]));
    }
    story.tell(post(5, "Again."));
    assert_eq!(story.wanted(), ["call/5.1"]);
    story.tell(cancel());
    story.tell(configure("lab/big"));
    assert_eq!((story.state.context.failures, story.state.context.window), (0, None), "another model, another chance");
}

#[test]
fn a_person_may_ask_for_it_at_rest() {
    let mut story = Story::opened();
    assert_eq!(story.refused(Command::CompactChat {}), Rejection::NothingToCompact);
    story = used(10);
    assert_eq!(story.tell(Command::CompactChat {}), [Event::CompactionRequested {}]);
    assert_eq!(story.tell(Command::CompactChat {}), []);
    story.begin("compact/1");
    story.tell(post(2, "Wait."));
    assert_eq!(story.wanted(), ["compact/1"], "a message waits for it");
    story.report("compact/1", 1, summed("In the cellar."));
    assert_eq!(story.wanted(), ["call/2.1"]);
    assert_eq!(prompt(&story.state), [Part::Summary("In the cellar.".into()), said("Wait.")]);
    story.tell(cancel());
    story.tell(Command::CompactChat {});
    story.begin("compact/2");
    story.report("compact/2", 1, summed("All."));
    assert_eq!(prompt(&story.state), [Part::Summary("All.".into())]);
    assert_eq!(story.refused(Command::CompactChat {}), Rejection::NothingToCompact);
}

#[test]
fn asked_for_in_mid_turn_it_is_made_before_the_next_call() {
    let mut story = Story::tools(&[("read", ToolClass::Repeat)]);
    story.tell(Command::CompactChat {});
    assert_eq!(story.wanted(), ["tool/1.1.0"], "what runs is not disturbed");
    story.run("tool/1.1.0", ToolOutcome::Succeeded);
    assert_eq!(story.wanted(), ["compact/1"]);
    let mut story = Story::calling();
    story.tell(post(2, "And?"));
    story.state.context.requested = true;
    story.report("call/1.1", 1, answered(vec![]));
    assert_eq!(story.wanted(), ["compact/1"], "before the turn that waited");
}

#[test]
fn who_stops_the_turn_calls_the_summary_off_unless_they_asked_for_it() {
    let mut story = used(900);
    story.tell(post(2, "Again."));
    story.begin("compact/1");
    story.tell(cancel());
    assert_eq!(story.wanted(), Vec::<String>::new());
    assert!(story.try_report("compact/1", 1, summed("Late.")).is_err());
    story.tell(Command::CompactChat {});
    story.tell(post(3, "Again."));
    story.tell(cancel());
    assert_eq!(story.wanted(), ["compact/2"]);
}

#[test]
fn a_crash_in_mid_summary_begins_it_again_for_the_same_messages() {
    let mut story = used(10);
    story.tell(Command::CompactChat {});
    story.begin("compact/1");
    story.tell(post(2, "Wait."));
    assert!(story.lose("compact/1", 1).is_err());
    let events = story.begin("compact/1");
    assert!(matches!(events[..], [Event::CompactionStarted { attempt: Attempt(2), upto: 3, .. }]), "{events:?}");
}
