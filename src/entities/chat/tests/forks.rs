//! A chat that goes on as another one: what is kept, what is interrupted, what goes on.

use replay::ids::{Revision, StreamId};

use super::*;
use crate::entities::chat::{
    fork::{Fork, Place, forked},
    state::{CallState, Interrupted, ToolState},
};

fn original() -> StreamId {
    StreamId::new("chat", id(77))
}

impl Story {
    /// The story told as another chat from here on.
    fn fork(&self, model: Option<&str>, run: bool) -> Self {
        let at = Revision(self.events.len() as u64 - 1);
        let mut fork = self.clone();
        let event = forked(&self.state, Fork { from: original(), at, model: model.map(Into::into), run });
        fork.fold(event);
        fork.now = fork.now.plus_ms(1000);
        fork
    }
}

#[track_caller]
fn tool(story: &Story, index: u32) -> (ToolOutcome, String) {
    let call = story.call(1, 1);
    match &call.tool_calls[usize::try_from(index).unwrap()].state {
        ToolState::Finished { outcome, output, .. } => (*outcome, output.shown().to_owned()),
        other => panic!("it has its answer: {other:?}"),
    }
}

fn outcome(story: &Story) -> Option<TurnOutcome> {
    let Some(Message::End(end)) = story.state.messages.last() else { panic!("the turn has ended") };
    end.outcome.clone()
}

fn answered_once() -> Story {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "There.").unwrap();
    story.report("call/1.1", 1, answered(vec![]));
    story
}

#[test]
fn a_fork_says_where_it_comes_from_and_is_named_after_it() {
    let mut story = answered_once();
    story.tell(Command::RenameChat { title: "The attic".into() });
    let fork = story.fork(None, false);
    let about = fork.state.about.as_ref().unwrap();
    let revision = Revision(story.events.len() as u64 - 1);
    assert_eq!((&*about.title, &about.origin), ("The attic (fork)", &Origin::Fork { stream: original(), revision }));
    assert_eq!((&*about.model, about.opened_at), ("lab/small", story.now));
    assert_eq!(&*fork.fork(None, false).state.about.unwrap().title, "The attic (fork)", "it is said once");
    story.tell(Command::RenameChat { title: "é".repeat(200).into() });
    assert_eq!(story.fork(None, false).state.about.unwrap().title.chars().count(), 200);
}

#[test]
fn a_fork_of_what_was_put_away_is_not_put_away() {
    let mut story = answered_once();
    story.tell(Command::ArchiveChat {});
    assert!(!story.fork(None, false).state.about.unwrap().archived);
}

#[test]
fn between_turns_a_fork_is_the_conversation_and_goes_its_own_way() {
    let story = answered_once();
    let mut fork = story.fork(Some("lab/big"), true);
    assert_eq!(fork.state.messages, story.state.messages);
    assert_eq!((fork.wanted(), fork.state.usage), (vec![], usage(0, 0)), "what was taken was taken elsewhere");
    fork.tell(post(2, "And why?"));
    assert_eq!(fork.wanted(), ["call/2.1"]);
    assert_eq!(&*fork.call(2, 1).model, "lab/big");
    fork.begin("call/2.1");
    fork.report("call/2.1", 1, answered(vec![]));
    assert_eq!(fork.state.usage, usage(10, 2));
}

#[test]
fn without_run_nothing_is_wanted_wherever_a_chat_is_forked() {
    let mut story = Story::tools(&[("read", ToolClass::Repeat), ("edit", ToolClass::Once)]);
    story.tell(post(2, "And why?"));
    story.begin("tool/1.1.0");
    let fork = story.fork(None, false);
    assert_eq!((fork.wanted(), fork.state.queue.len()), (vec![], 0), "what waited waits there");
    assert_eq!(outcome(&fork), None);
    assert_eq!((tool(&fork, 0).0, tool(&fork, 1).0), (ToolOutcome::Cancelled, ToolOutcome::Cancelled));
}

#[test]
fn with_run_an_open_turn_goes_on_with_the_model_that_is_named() {
    let story = Story::asked();
    let fork = story.fork(Some("lab/big"), true);
    assert_eq!(fork.wanted(), ["call/1.1"]);
    assert_eq!((&*fork.call(1, 1).model, fork.call(1, 1).since), ("lab/big", story.now));
    assert_eq!(&*story.fork(None, true).call(1, 1).model, "lab/small");
}

#[test]
fn what_an_open_call_wrote_is_marked_interrupted_and_it_begins_again() {
    let mut story = Story::calling();
    story.reason("call/1.1", 1, 0, "hm").unwrap();
    story.write("call/1.1", 1, 0, "It i").unwrap();
    let cut = Interrupted { attempt: Attempt(1), reasoning: "hm".into(), text: "It i".into() };
    let mut fork = story.fork(Some("lab/big"), true);
    assert_eq!((&fork.call(1, 1).interrupted[..], fork.call(1, 1).text.shown()), (&[cut.clone()][..], ""));
    let begun = fork.begin("call/1.1");
    let (call, model, attempt) = (call_id(1, 1), "lab/big".into(), Attempt(2));
    assert_eq!(begun, [Event::ModelCallStarted { call, model, attempt }]);
    let ended = story.fork(None, false);
    assert_eq!((&ended.call(1, 1).interrupted[..], &ended.call(1, 1).state), (&[cut][..], &CallState::Cancelled));
}

#[test]
fn a_tool_with_consequences_that_had_begun_is_unknown_and_one_that_reads_runs_again() {
    let mut story = Story::tools(&[("read", ToolClass::Repeat), ("edit", ToolClass::Once), ("edit", ToolClass::Once)]);
    story.begin("tool/1.1.0");
    story.begin("tool/1.1.1");
    for run in [true, false] {
        let fork = story.fork(None, run);
        let (outcome, output) = tool(&fork, 1);
        assert_eq!(outcome, ToolOutcome::Unknown);
        assert!(output.contains("forked while this tool ran"), "{output}");
    }
    let mut fork = story.fork(None, true);
    assert_eq!(fork.wanted(), ["tool/1.1.0", "tool/1.1.2"]);
    assert!(fork.wants().values().all(|want| want.begun.is_none()), "nothing has begun here");
    fork.run("tool/1.1.0", ToolOutcome::Succeeded);
    fork.run("tool/1.1.2", ToolOutcome::Succeeded);
    assert_eq!(fork.wanted(), ["call/1.2"]);
}

#[test]
fn where_the_last_open_tool_is_unknown_the_model_is_asked_next() {
    let mut story = Story::tools(&[("edit", ToolClass::Once)]);
    story.begin("tool/1.1.0");
    assert_eq!(story.fork(None, true).wanted(), ["call/1.2"]);
}

#[test]
fn a_wait_for_another_try_is_over() {
    let mut story = Story::calling();
    story.report("call/1.1", 1, failed(Retry::Later));
    assert_eq!(story.wanted(), ["wait/1.1"]);
    let fork = story.fork(Some("lab/big"), true);
    assert_eq!((fork.wanted(), &*fork.call(1, 2).model), (vec!["call/1.2".to_owned()], "lab/big"));
    assert_eq!(story.fork(None, false).wanted(), Vec::<String>::new());
}

#[test]
fn a_message_without_a_turn_yet_gets_one_if_the_fork_runs() {
    let mut story = Story::opened();
    story.fold(posted(1, "Where?"));
    assert_eq!(story.fork(None, true).wanted(), ["call/1.1"]);
    assert_eq!(story.fork(None, false).wanted(), Vec::<String>::new());
}

#[test]
fn a_turn_of_which_only_the_end_is_missing_ends_as_it_would_have() {
    let story = answered_once();
    let mut cut = Story::opened();
    story.events[1..story.events.len() - 1].iter().for_each(|event| cut.fold(event.clone()));
    for run in [true, false] {
        assert_eq!(outcome(&cut.fork(None, run)), Some(TurnOutcome::Answered));
    }
    let mut story = Story::calling();
    story.report("call/1.1", 1, failed(Retry::Never));
    let mut cut = Story::opened();
    story.events[1..story.events.len() - 1].iter().for_each(|event| cut.fold(event.clone()));
    assert_eq!(outcome(&cut.fork(None, false)), Some(TurnOutcome::Failed { error: error(Retry::Never) }));
    assert_eq!(cut.fork(Some("lab/big"), true).wanted(), ["call/1.2"], "another model is asked");
}

#[test]
fn half_of_what_a_call_asked_for_is_not_asked_for() {
    let mut story = Story::calling();
    let asked = Event::ToolCalled {
        call: call_id(1, 1),
        tool_call: tool_id(1, 1, 0),
        provider_id: "".into(),
        name: "read".into(),
        arguments: "{}".into(),
        class: ToolClass::Repeat,
    };
    story.fold(asked);
    let mut fork = story.fork(None, true);
    assert!(fork.call(1, 1).tool_calls.is_empty());
    fork.begin("call/1.1");
    fork.report("call/1.1", 2, answered(vec![request("read", "{}", ToolClass::Repeat)]));
    assert_eq!(fork.wanted(), ["tool/1.1.0"]);
}

#[test]
fn a_place_is_found_by_the_message_behind_it_or_the_turn_before_it() {
    let mut story = answered_once();
    story.tell(post(2, "And why?"));
    let place =
        |place: Place| (0..).zip(&story.events).find_map(|(revision, event)| place.shown_by(event, Revision(revision)));
    let kind = |at: Option<Revision>| story.events[usize::try_from(at.unwrap().0).unwrap()].clone();
    assert!(matches!(kind(place(Place::BeforeMessage(id(2)))), Event::TurnFinished { turn: 1, .. }));
    assert_eq!(place(Place::BeforeMessage(id(1))), Some(Revision(0)));
    assert!(matches!(kind(place(Place::AfterTurn(1))), Event::TurnFinished { turn: 1, .. }));
    assert_eq!((place(Place::AfterTurn(2)), place(Place::BeforeMessage(id(3)))), (None, None));
}
