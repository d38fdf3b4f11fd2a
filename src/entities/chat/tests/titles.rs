//! A chat that nobody has named gets a title by a model.

use super::*;
use crate::entities::chat::{event::TitleCall, title::TRIES};

/// An untitled chat whose first turn was answered.
fn answered_once() -> Story {
    let mut story = Story::unopened();
    story.tell(open_titled(""));
    answered_turn(&mut story, 1);
    story
}

fn answered_turn(story: &mut Story, turn: u32) {
    story.tell(post(turn.into(), "Where is the oil?"));
    story.begin(&format!("call/{turn}.1"));
    story.write(&format!("call/{turn}.1"), 1, 0, "In the cellar.").unwrap();
    story.report(&format!("call/{turn}.1"), 1, answered(vec![]));
}

#[test]
fn a_title_is_wanted_once_a_turn_was_answered() {
    let mut story = Story::unopened();
    story.tell(open_titled(""));
    story.tell(post(1, "Where?"));
    assert_eq!(story.wanted(), ["call/1.1"]);
    let story = answered_once();
    assert_eq!(story.wanted(), ["title/1"]);
    assert_eq!(&*story.wants()[&key("title/1")].lane.name, "model/lab");
    let (asked, answer) = crate::entities::chat::title::source(&story.state).unwrap();
    assert_eq!((asked.text.shown(), answer.shown()), ("Where is the oil?", "In the cellar."));
}

#[test]
fn a_model_names_the_chat_and_what_it_took_is_counted() {
    let mut story = answered_once();
    let before = story.state.usage;
    assert_eq!(
        story.begin("title/1"),
        [Event::TitleStarted { number: 1, model: "lab/small".into(), attempt: Attempt(1) }]
    );
    let by_model = Some(TitleCall { number: 1, usage: usage(5, 1), latency_ms: 9 });
    let events = story.report("title/1", 1, titled("\"Oil in the cellar.\""));
    assert_eq!(events, [Event::ChatRenamed { title: "Oil in the cellar".into(), by_model }]);
    assert_eq!(story.wanted(), Vec::<String>::new());
    assert_eq!(story.state.usage.total(), before.total() + 6);
    assert!(story.state.titling.is_default(), "nothing is left to remember");
}

#[test]
fn what_a_person_calls_it_stands() {
    let mut story = answered_once();
    story.begin("title/1");
    story.tell(Command::RenameChat { title: "Mine".into() });
    assert_eq!(story.wanted(), Vec::<String>::new(), "nobody waits for a title any more");
    assert!(story.try_report("title/1", 1, titled("Theirs")).is_err());
    answered_turn(&mut story, 2);
    assert_eq!((story.wanted(), &*story.state.about.unwrap().title), (vec![], "Mine"));
}

#[test]
fn a_failure_is_quiet_and_after_a_few_it_is_left_at_that() {
    let mut story = answered_once();
    for number in 1..=TRIES {
        let name = format!("title/{number}");
        story.begin(&name);
        let outcome = if number == 1 { failed(Retry::Soon) } else { titled("\n") };
        assert!(matches!(story.report(&name, 1, outcome)[..], [Event::TitleFailed { .. }]));
        assert_eq!(story.wanted(), Vec::<String>::new(), "not before another turn");
        answered_turn(&mut story, number + 1);
    }
    assert_eq!(story.wanted(), Vec::<String>::new());
}

#[test]
fn a_turn_that_failed_or_was_stopped_asks_for_no_title() {
    let mut story = Story::unopened();
    story.tell(open_titled(""));
    story.tell(post(1, "Where?"));
    story.begin("call/1.1");
    story.report("call/1.1", 1, failed(Retry::Never));
    story.tell(post(2, "Where?"));
    story.tell(cancel());
    assert_eq!(story.wanted(), Vec::<String>::new());
}

#[test]
fn turns_that_ended_before_chats_were_named_ask_for_no_title() {
    let mut story = Story::unopened();
    story.tell(open_titled(""));
    story.tell(post(1, "Where?"));
    story.begin("call/1.1");
    let (outcome, digest) = (TurnOutcome::Answered, "".into());
    story.fold(Event::TurnFinished { turn: 1, outcome, usage: usage(1, 1), digest, decider_version: 1 });
    assert_eq!(story.wanted(), Vec::<String>::new());
}

#[test]
fn a_crash_in_mid_title_begins_it_again_and_not_for_ever() {
    let mut story = answered_once();
    for attempt in 1..=5 {
        story.begin("title/1");
        assert_eq!(story.wants()[&key("title/1")].begun, Some(Attempt(attempt)));
        assert!(story.lose("title/1", attempt).is_err());
    }
    let events = story.begin("title/1");
    assert!(
        matches!(&events[..], [Event::TitleFailed { error, .. }] if &*error.code == "crashed_repeatedly"),
        "{events:?}"
    );
}

#[test]
fn a_title_is_asked_for_beside_the_next_turn() {
    let mut story = answered_once();
    story.tell(post(2, "And the wick?"));
    assert_eq!(story.wanted(), ["call/2.1", "title/1"]);
    story.begin("title/1");
    story.report("title/1", 1, titled("Oil"));
    assert_eq!(story.wanted(), ["call/2.1"]);
}
