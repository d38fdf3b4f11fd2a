//! What the model is sent.

use super::*;
use crate::entities::chat::{
    event::ProviderData,
    prompt::{MISTAKES_BEFORE_HINT, Part, prompt},
};

fn user(text: &str) -> Part {
    Part::User { text: text.into(), attachments: vec![] }
}

fn assistant(text: &str) -> Part {
    Part::Assistant { reasoning: Body::default(), text: text.into(), tools: vec![], provider_data: None }
}

/// The open call answers with a text; its turn ends.
fn say(story: &mut Story, text: &str) {
    let name = format!("call/{}", story.state.current().expect("a call is open").call);
    story.begin(&name);
    story.write(&name, 1, 0, text).unwrap();
    story.report(&name, 1, answered(vec![]));
}

#[test]
fn a_conversation_is_sent_in_order() {
    let mut story = Story::asked();
    say(&mut story, "There.");
    story.tell(post(2, "And then?"));
    assert_eq!(prompt(&story.state), [user("Where is it?"), assistant("There."), user("And then?")]);
}

#[test]
fn a_message_that_waits_is_not_sent() {
    let mut story = Story::asked();
    story.tell(post(2, "And then?"));
    assert_eq!(prompt(&story.state), [user("Where is it?")]);
}

#[test]
fn tools_are_sent_under_the_ids_of_the_provider_or_else_our_own() {
    let mut story = Story::calling();
    let mut tools = vec![request("read", "{}", ToolClass::Repeat), request("edit", "{}", ToolClass::Once)];
    tools[1].provider_id = "toolu_1".into();
    story.reason("call/1.1", 1, 0, "hm").unwrap();
    story.report("call/1.1", 1, answered(tools));
    story.run("tool/1.1.1", ToolOutcome::Failed);
    story.run("tool/1.1.0", ToolOutcome::Succeeded);
    let parts = prompt(&story.state);
    let Part::Assistant { reasoning, tools, .. } = &parts[1] else { panic!("the model spoke: {parts:?}") };
    assert_eq!(reasoning.shown(), "hm");
    assert_eq!(tools.iter().map(|asked| &*asked.id).collect::<Vec<_>>(), ["1.1.0", "toolu_1"]);
    let tool = |id: &str, name: &str, failed| {
        let (id, name, output) = (id.into(), name.into(), "done".into());
        Part::Tool { id, name, output, note: None, failed }
    };
    assert_eq!(parts[2..], [tool("1.1.0", "read", false), tool("toolu_1", "edit", true)]);
}

#[test]
fn what_a_provider_gave_goes_back_with_its_answer_and_stands_in_no_view() {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "It is.").unwrap();
    let data = ProviderData { provider: "anthropic".into(), data: "[]".into() };
    let given = Answer { provider_data: Some(data.clone()), ..answer(vec![]) };
    story.report("call/1.1", 1, Outcome::Answered(Box::new(given)));
    let parts = prompt(&story.state);
    assert!(matches!(&parts[1], Part::Assistant { provider_data: Some(kept), .. } if *kept == data), "{parts:?}");
    let view = serde_json::to_string(&Chat::view(&story.state)).unwrap();
    assert!(view.contains("It is.") && !view.contains("provider_data"), "{view}");
}

#[test]
fn what_a_cut_off_attempt_wrote_is_never_sent() {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "It i").unwrap();
    story.begin("call/1.1");
    story.write("call/1.1", 2, 0, "There.").unwrap();
    assert_eq!(prompt(&story.state), [user("Where is it?")]);
    story.report("call/1.1", 2, answered(vec![]));
    assert_eq!(prompt(&story.state), [user("Where is it?"), assistant("There.")]);
}

#[test]
fn what_a_failed_call_wrote_is_never_sent_not_even_when_the_turn_is_stopped() {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "It i").unwrap();
    story.report("call/1.1", 1, failed(Retry::Later));
    story.tell(cancel());
    assert_eq!(story.call(1, 1).text.shown(), "It i", "people see it");
    assert_eq!(prompt(&story.state), [user("Where is it?")]);
}

#[test]
fn what_the_user_stopped_is_sent_as_far_as_it_came() {
    let mut story = Story::calling();
    story.write("call/1.1", 1, 0, "It is").unwrap();
    story.tell(cancel());
    assert_eq!(prompt(&story.state), [user("Where is it?"), assistant("It is")]);
}

#[test]
fn a_call_stopped_before_it_wrote_is_not_sent() {
    let mut story = Story::calling();
    story.reason("call/1.1", 1, 0, "hm").unwrap();
    story.tell(cancel());
    assert_eq!(prompt(&story.state), [user("Where is it?")]);
}

#[test]
fn every_tool_that_was_asked_for_is_answered_though_the_turn_was_stopped() {
    let mut story = Story::tools(&[("read", ToolClass::Repeat), ("edit", ToolClass::Once)]);
    story.begin("tool/1.1.1");
    story.tell(cancel());
    let parts = prompt(&story.state);
    let answers = parts.iter().filter(|part| matches!(part, Part::Tool { failed: true, .. })).count();
    assert_eq!(answers, 2, "{parts:?}");
}

#[test]
fn the_third_mistake_in_a_row_earns_a_hint_once() {
    let mut story = Story::asked();
    for n in 1..=MISTAKES_BEFORE_HINT + 1 {
        let call = story.state.current().unwrap().call;
        story.begin(&format!("call/{call}"));
        let tools = vec![request("read", &n.to_string(), ToolClass::Repeat)];
        story.report(&format!("call/{call}"), 1, answered(tools));
        story.run(&format!("tool/{call}.0"), ToolOutcome::Failed);
    }
    let hinted: Vec<_> = prompt(&story.state)
        .into_iter()
        .filter_map(|part| if let Part::Tool { note, .. } = part { Some(note.is_some()) } else { None })
        .collect();
    assert_eq!(hinted, [false, false, true, false]);
}

#[test]
fn at_a_limit_the_model_is_asked_to_sum_up_and_only_then() {
    let mut story = super::limits::at_doom();
    let asked = prompt(&story.state);
    let Some(Part::User { text, .. }) = asked.last() else { panic!("the last part asks: {asked:?}") };
    assert!(text.shown().contains("`read` 3 times in a row"), "{text:?}");
    say(&mut story, "In short: nothing.");
    story.tell(post(2, "Go on"));
    let later = prompt(&story.state);
    assert!(later.starts_with(&asked[..asked.len() - 1]));
    assert_eq!(later[asked.len() - 1..], [assistant("In short: nothing."), user("Go on")]);
}

#[test]
fn over_ten_turns_each_prompt_begins_with_the_former_one() {
    let mut story = Story::opened();
    let mut former = vec![];
    let mut check = |story: &Story| {
        let now = prompt(&story.state);
        assert!(now.starts_with(&former) && now.len() > former.len(), "{former:#?}\n{now:#?}");
        former = now;
    };
    for turn in 1..=10_u32 {
        story.tell(post(turn.into(), &format!("question {turn}")));
        check(&story);
        let call = format!("call/{turn}.1");
        story.begin(&call);
        story.write(&call, 1, 0, "let me look").unwrap();
        if turn == 4 {
            story.tell(cancel());
            continue;
        }
        let attempt = if turn == 7 {
            story.begin(&call);
            2
        } else {
            1
        };
        let tools = vec![request("read", "{}", ToolClass::Repeat), request("edit", "{}", ToolClass::Once)];
        story.report(&call, attempt, answered(tools));
        story.run(&format!("tool/{turn}.1.1"), ToolOutcome::Failed);
        if turn == 5 {
            story.tell(cancel());
            continue;
        }
        story.run(&format!("tool/{turn}.1.0"), ToolOutcome::Failed);
        check(&story);
        say(&mut story, &format!("answer {turn}"));
    }
    assert_eq!(story.state.turns, 10);
}
