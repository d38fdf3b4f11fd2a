//! Opening, saying, queueing, stopping, renaming, configuring.

use super::*;
use crate::entities::chat::{decide::QUEUE, state::CallState};
use crate::entities::given::given;

#[test]
fn a_chat_is_opened_once() {
    given::<Chat>([]).when(open_chat()).then([opened()]);
    given::<Chat>([opened()]).when(open_chat()).then_rejected(Rejection::AlreadyOpen);
}

#[test]
fn a_chat_opens_without_a_title_and_with_defaults() {
    let json = format!(r#"{{"type":"OpenChat","session":"{}","project":"{}","model":"lab/small"}}"#, id(100), id(200));
    assert_eq!(serde_json::from_str::<Command>(&json).unwrap(), open_titled(""));
}

#[test]
fn a_command_with_a_field_that_it_does_not_have_is_refused() {
    assert_eq!(serde_json::from_str::<Command>(r#"{"type":"CancelTurn"}"#).unwrap(), cancel());
    let error = serde_json::from_str::<Command>(r#"{"type":"CancelTurn","turn":1}"#).unwrap_err();
    assert!(error.to_string().contains("turn"), "{error}");
}

#[test]
fn names_have_1_to_200_characters() {
    let long = "é".repeat(201);
    let open = |title: &str, model: &str, agent: &str| {
        let (session, project, token_budget) = (id(100), id(200), 1);
        Command::OpenChat {
            session,
            project,
            title: title.into(),
            model: model.into(),
            agent: agent.into(),
            token_budget,
            origin: None,
            answer: None,
            brief: None,
        }
    };
    let unopened = given::<Chat>([]);
    assert_eq!(unopened.when(open(&"é".repeat(200), "m", "a")).events().len(), 1);
    unopened.when(open(&long, "m", "a")).then_rejected(Rejection::BadTitle);
    unopened.when(open("", " ", "a")).then_rejected(Rejection::BadModel);
    unopened.when(open("", &long, "a")).then_rejected(Rejection::BadModel);
    unopened.when(open("", "m", "")).then_rejected(Rejection::BadAgent);
    unopened.when(open("", "m", &long)).then_rejected(Rejection::BadAgent);
}

#[test]
fn nothing_happens_in_a_chat_that_is_not_there() {
    let unqueue = Command::UnqueueMessage { message: id(1) };
    let rename = Command::RenameChat { title: "x".into() };
    let others = [Command::ArchiveChat {}, Command::UnarchiveChat {}];
    for command in [post(1, "hello"), unqueue, cancel(), rename, configure("lab/big")].into_iter().chain(others) {
        given::<Chat>([]).when(command).then_rejected(Rejection::NotOpen);
    }
}

#[test]
fn a_message_begins_a_turn_that_wants_a_model_call() {
    given::<Chat>([opened()]).when(post(1, "Where?")).then([posted(1, "Where?"), started(1, 1)]);
    let wants = given::<Chat>([opened(), posted(1, "Where?"), started(1, 1)]).wants();
    let want = &wants[&key("call/1.1")];
    assert_eq!((wants.len(), &want.work, want.begun), (1, &Work::CallModel { call: call_id(1, 1) }, None));
    assert_eq!((&*want.lane.name, &*want.lane.group), ("model/lab", &*id(100).to_string()));
}

#[test]
fn a_message_without_an_id_gets_the_fresh_one() {
    let command = Command::PostMessage { message: None, text: "Where?".into(), attachments: vec![] };
    given::<Chat>([opened()]).when(command).then([posted(0, "Where?"), started(1, 0)]);
}

#[test]
fn an_empty_message_is_refused() {
    for text in ["", " \n\t"] {
        given::<Chat>([opened()]).when(post(1, text)).then_rejected(Rejection::EmptyMessage);
    }
}

#[test]
fn a_long_message_that_begins_with_blanks_is_not_empty() {
    let media_type = "text/plain".into();
    let text = Body::Blob(BlobRef { blob: "ab".into(), bytes: 70_000, media_type, head: "   ".into() });
    let command = Command::PostMessage { message: Some(id(1)), text: text.clone(), attachments: vec![] };
    given::<Chat>([opened()])
        .when(command)
        .then([Event::MessagePosted { message: id(1), text, attachments: vec![] }, started(1, 1)]);
}

#[test]
fn a_message_during_a_turn_waits_and_is_posted_when_the_turn_ends() {
    let mut story = Story::calling();
    assert_eq!(story.tell(post(2, "And then?")), [queued(2, "And then?")]);
    assert_eq!(story.tell(post(3, "And last?")), [queued(3, "And last?")]);
    let events = story.report("call/1.1", 1, answered(vec![]));
    assert_eq!(events[2..], [posted(2, "And then?"), started(2, 2)]);
    assert_eq!(story.state.queue.iter().map(|queued| queued.message).collect::<Vec<_>>(), [id(3)]);
    assert_eq!(story.wanted(), ["call/2.1"]);
}

#[test]
fn at_most_so_many_messages_wait() {
    let mut story = Story::asked();
    for n in 2..2 + QUEUE as u128 {
        story.tell(post(n, "more"));
    }
    assert_eq!(story.refused(post(1000, "more")), Rejection::QueueFull(QUEUE));
    story.tell(Command::UnqueueMessage { message: id(2) });
    assert_eq!(story.tell(post(1000, "more")), [queued(1000, "more")]);
}

#[test]
fn a_waiting_message_is_taken_back_once() {
    let mut story = Story::asked();
    story.tell(post(2, "And then?"));
    let unqueue = Command::UnqueueMessage { message: id(2) };
    assert_eq!(story.tell(unqueue.clone()), [Event::MessageUnqueued { message: id(2) }]);
    assert_eq!(story.refused(unqueue), Rejection::NotQueued(id(2)));
    let events = {
        story.begin("call/1.1");
        story.report("call/1.1", 1, answered(vec![]))
    };
    assert_eq!(events.len(), 2, "no turn follows: {events:?}");
}

#[test]
fn what_was_sent_cannot_be_taken_back() {
    let story = Story::asked();
    assert_eq!(story.refused(Command::UnqueueMessage { message: id(1) }), Rejection::NotQueued(id(1)));
}

#[test]
fn an_id_names_one_message_whether_it_waits_or_was_sent() {
    let mut story = Story::asked();
    assert_eq!(story.refused(post(1, "again")), Rejection::MessageKnown(id(1)));
    story.tell(post(2, "waits"));
    assert_eq!(story.refused(post(2, "again")), Rejection::MessageKnown(id(2)));
    story.tell(cancel());
    assert_eq!(story.refused(post(2, "again")), Rejection::MessageKnown(id(2)));
}

#[test]
fn without_a_turn_there_is_nothing_to_stop() {
    given::<Chat>([opened()]).when(cancel()).then_rejected(Rejection::NoTurn);
    let mut story = Story::asked();
    story.tell(cancel());
    assert_eq!(story.refused(cancel()), Rejection::NoTurn);
}

/// Stops the turn; the event is whole, nothing is wanted any more, and whatever ran is told that it is stale.
#[track_caller]
fn stops(mut story: Story, took: Usage) -> Story {
    let before: Vec<_> = story.wants().into_iter().collect();
    assert!(!before.is_empty());
    let digest = story.digest();
    let stopped = Event::TurnCancelled { turn: 1, usage: took, digest, decider_version: Chat::VERSION };
    assert_eq!(story.tell(cancel()), [stopped]);
    assert_eq!(story.wanted(), Vec::<String>::new());
    assert!(story.state.turn.is_none());
    for (key, want) in before {
        let attempt = want.begun.unwrap_or_default();
        for outcome in [answered(vec![]), ended(ToolOutcome::Succeeded, ""), Outcome::Elapsed] {
            story.effect(EffectCommand::Report { key: key.clone(), attempt, outcome }).unwrap_err();
        }
        story.effect(EffectCommand::Begin { key }).unwrap_err();
    }
    story
}

#[test]
fn a_turn_is_stopped_before_its_call_begins() {
    let story = stops(Story::asked(), usage(0, 0));
    assert_eq!(story.call(1, 1).state, CallState::Cancelled);
}

#[test]
fn a_turn_is_stopped_while_the_model_writes_and_keeps_what_was_written() {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "It is").unwrap();
    let story = stops(story, usage(0, 0));
    assert_eq!((story.call(1, 1).text.shown(), &story.call(1, 1).state), ("It is", &CallState::Cancelled));
}

#[test]
fn a_turn_is_stopped_while_tools_run_and_those_are_answered_as_stopped() {
    let mut story =
        Story::tools(&[("read", ToolClass::Repeat), ("edit", ToolClass::Once), ("look", ToolClass::Repeat)]);
    story.run("tool/1.1.0", ToolOutcome::Succeeded);
    story.begin("tool/1.1.1");
    let story = stops(story, usage(10, 2));
    let outcomes: Vec<_> = story.call(1, 1).tool_calls.iter().map(outcome_of).collect();
    assert_eq!(outcomes, [ToolOutcome::Succeeded, ToolOutcome::Cancelled, ToolOutcome::Cancelled]);
}

#[track_caller]
fn outcome_of(tool: &crate::entities::chat::state::ToolCall) -> ToolOutcome {
    match tool.state {
        crate::entities::chat::state::ToolState::Finished { outcome, .. } => outcome,
        _ => panic!("{tool:?} has no answer"),
    }
}

#[test]
fn a_turn_is_stopped_while_it_waits_for_another_try() {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "It is").unwrap();
    story.report("call/1.1", 1, failed(Retry::Later));
    let story = stops(story, usage(0, 0));
    assert_eq!(story.call(1, 1).state, CallState::Failed { error: error(Retry::Later), retry_at: None });
}

#[test]
fn a_turn_is_stopped_while_it_sums_up() {
    let mut story = super::limits::at_doom();
    story.begin("call/1.4");
    story.write("call/1.4", 1, 0, "In short").unwrap();
    let events = story.tell(cancel());
    assert_eq!(outcome_in(&events), None);
    assert_eq!(story.wanted(), Vec::<String>::new());
    story.tell(post(2, "Go on"));
    story.begin("call/2.1");
    assert!(!story.call(2, 1).closing, "the next turn has its own limits");
}

#[test]
fn the_next_message_begins_its_turn_when_one_is_stopped() {
    let mut story = Story::calling();
    story.tell(post(2, "Never mind, look here"));
    let events = story.tell(cancel());
    assert_eq!(events[1..], [posted(2, "Never mind, look here"), started(2, 2)]);
    assert_eq!(story.wanted(), ["call/2.1"]);
    story.try_report("call/1.1", 1, answered(vec![])).unwrap_err();
}

#[test]
fn a_chat_is_renamed() {
    let rename = |title: &str| Command::RenameChat { title: title.into() };
    let open = given::<Chat>([opened()]);
    open.when(rename("Ships")).then([Event::ChatRenamed { title: "Ships".into(), by_model: None }]);
    open.when(rename(" ")).then_rejected(Rejection::BadTitle);
    open.when(rename(&"x".repeat(201))).then_rejected(Rejection::BadTitle);
    let named = given::<Chat>([opened(), Event::ChatRenamed { title: "Ships".into(), by_model: None }]);
    assert_eq!(&*named.state().about.as_ref().unwrap().title, "Ships");
}

#[test]
fn another_model_answers_and_the_same_one_is_no_change() {
    let open = given::<Chat>([opened()]);
    open.when(configure("big/one")).then([Event::ChatConfigured { model: "big/one".into() }]);
    open.when(configure("lab/small")).then([]);
    open.when(configure("")).then_rejected(Rejection::BadModel);
}

#[test]
fn a_call_that_has_not_begun_asks_the_model_configured_last() {
    let mut story = Story::asked();
    story.tell(configure("big/one"));
    assert_eq!(&*story.wants()[&key("call/1.1")].lane.name, "model/big");
    let begun = story.begin("call/1.1");
    let (call, attempt) = (call_id(1, 1), Attempt(1));
    assert_eq!(begun, [Event::ModelCallStarted { call, model: "big/one".into(), attempt }]);
}

#[test]
fn a_call_that_has_begun_stays_with_its_model_after_a_crash_too() {
    let mut story = Story::calling();
    story.tell(configure("big/one"));
    let begun = story.begin("call/1.1");
    let (call, attempt) = (call_id(1, 1), Attempt(2));
    assert_eq!(begun, [Event::ModelCallStarted { call, model: "lab/small".into(), attempt }]);
}

#[test]
fn the_next_call_of_the_turn_asks_the_new_model_after_tools_and_after_a_failure() {
    let mut after_tools = Story::tools(&[("read", ToolClass::Repeat)]);
    after_tools.tell(configure("big/one"));
    assert_eq!(&*after_tools.wants()[&key("tool/1.1.0")].lane.name, "tools");
    after_tools.run("tool/1.1.0", ToolOutcome::Succeeded);
    let mut after_failure = Story::calling();
    after_failure.report("call/1.1", 1, failed(Retry::Soon));
    after_failure.tell(configure("big/one"));
    after_failure.report("wait/1.1", 0, Outcome::Elapsed);
    for story in [after_tools, after_failure] {
        assert_eq!(&*story.call(1, 1).model, "lab/small");
        assert_eq!(&*story.call(1, 2).model, "big/one");
    }
}

#[test]
fn a_chat_is_put_away_and_brought_back_each_once() {
    let (archive, unarchive) = (|| Command::ArchiveChat {}, || Command::UnarchiveChat {});
    given::<Chat>([opened()]).when(archive()).then([Event::ChatArchived {}]);
    given::<Chat>([opened()]).when(unarchive()).then([]);
    let away = [opened(), Event::ChatArchived {}];
    assert!(given::<Chat>(away.clone()).view().about.unwrap().archived);
    given::<Chat>(away.clone()).when(archive()).then([]);
    given::<Chat>(away).when(unarchive()).then([Event::ChatUnarchived {}]);
    let back = given::<Chat>([opened(), Event::ChatArchived {}, Event::ChatUnarchived {}]);
    assert!(!back.view().about.unwrap().archived);
}

#[test]
fn a_chat_that_works_is_not_put_away() {
    let mut story = Story::asked();
    assert_eq!(story.refused(Command::ArchiveChat {}), Rejection::TurnOpen);
    story.tell(cancel());
    assert_eq!(story.tell(Command::ArchiveChat {}), [Event::ChatArchived {}]);
}

#[test]
fn a_message_brings_an_archived_chat_back() {
    let away = given::<Chat>([opened(), Event::ChatArchived {}]);
    away.when(post(1, "Where?")).then([Event::ChatUnarchived {}, posted(1, "Where?"), started(1, 1)]);
    away.when(post(1, " ")).then_rejected(Rejection::EmptyMessage);
    let rename = Command::RenameChat { title: "Old".into() };
    away.when(rename).then([Event::ChatRenamed { title: "Old".into(), by_model: None }]);
}

#[test]
fn files_go_with_a_message_and_may_be_all_of_it() {
    let files = vec![attachment("lamp.png"), attachment("notes.txt")];
    let posted = Event::MessagePosted { message: id(1), text: "".into(), attachments: files.clone() };
    given::<Chat>([opened()]).when(post_with(1, "", files.clone())).then([posted, started(1, 1)]);
    let mut story = Story::asked();
    story.tell(post_with(2, "And this?", files.clone()));
    assert_eq!(story.state.queue[0].attachments, files);
    let events = story.tell(cancel());
    let posted = Event::MessagePosted { message: id(2), text: "And this?".into(), attachments: files };
    assert!(events.contains(&posted), "a message that waited keeps its files: {events:?}");
}

#[test]
fn files_have_names_and_are_not_too_many() {
    let chat = given::<Chat>([opened()]);
    let twenty_one = vec![attachment("a.png"); 21];
    chat.when(post_with(1, "x", twenty_one)).then_rejected(Rejection::TooManyAttachments(20));
    chat.when(post_with(1, "x", vec![attachment("a\nb")])).then_rejected(Rejection::BadAttachment);
}
