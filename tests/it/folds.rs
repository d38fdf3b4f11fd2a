//! The page folds events as the server does: stories with the server's view after every event, which the page's tests fold too.
//!
//! `REENACT_WRITE=1 cargo nextest run --test it folds` writes `tests/folds/chat.json` anew.

use std::path::Path;

use reenact::entities::{
    attachment::Attachment,
    body::{BlobRef, Body},
    chat::{
        Chat, Command, Event, Fork, Outcome, Piece, State,
        event::{CallError, ProviderData, Retry, Stop, ToolClass, ToolOutcome},
        fork::forked,
        work::{Answer, Summed, Titled, ToolRequest},
    },
    usage::Usage,
};
use replay::{
    decider::{Attempt, Context, Decider, EffectCommand, EffectKey},
    ids::{By, Micros, Revision, StreamId},
};
use serde_json::{Value, json};
use uuid::Uuid;

const FILE: &str = "tests/folds/chat.json";

/// A chat as it goes on, with every event and the view after it.
#[derive(Clone)]
struct Story {
    state: State,
    now: Micros,
    steps: Vec<Value>,
}

impl Story {
    fn begun() -> Self {
        let mut story = Self { state: State::default(), now: Micros(1_795_000_000_000_000), steps: vec![] };
        story.tell(Command::OpenChat {
            session: id(1),
            project: id(2),
            title: "".into(),
            model: "openai/gpt-5".into(),
            agent: "default".into(),
            token_budget: 1_000_000,
            origin: None,
            answer: None,
            brief: None,
        });
        story
    }

    fn context(&self) -> Context {
        Context { now: self.now, by: By::person("owner"), fresh: id(99) }
    }

    fn fold(&mut self, events: Vec<Event>) {
        for event in events {
            Chat::evolve(&mut self.state, &event, self.now);
            let mut step = serde_json::to_value(&event).unwrap();
            step["at"] = self.now.0.into();
            step["view"] = serde_json::to_value(Chat::view(&self.state)).unwrap();
            self.steps.push(step);
        }
        self.now = self.now.plus_ms(250);
    }

    fn tell(&mut self, command: Command) {
        let events = Chat::decide(&self.state, command, &self.context()).unwrap();
        self.fold(events);
    }

    fn effect(&mut self, command: EffectCommand<Piece, Outcome>) {
        let events = Chat::settle(&self.state, command, &self.context()).unwrap();
        self.fold(events);
    }

    fn say(&mut self, message: u128, text: &str) {
        self.tell(Command::PostMessage { message: Some(id(message)), text: text.into(), attachments: vec![] });
    }

    fn begin(&mut self, name: &str) {
        self.effect(EffectCommand::Begin { key: EffectKey::new(name) });
    }

    fn write(&mut self, name: &str, attempt: u32, offset: u64, text: &str) {
        let piece = Piece::Text { offset, text: text.into() };
        self.effect(EffectCommand::Progress { key: EffectKey::new(name), attempt: Attempt(attempt), piece });
    }

    fn report(&mut self, name: &str, attempt: u32, outcome: Outcome) {
        self.effect(EffectCommand::Report { key: EffectKey::new(name), attempt: Attempt(attempt), outcome });
    }

    fn uses_tool(&mut self, call: &str, outcome: ToolOutcome) {
        self.begin(&format!("call/{call}"));
        self.report(&format!("call/{call}"), 1, answered(vec![tool("read_file", ToolClass::Repeat)], None));
        self.begin(&format!("tool/{call}.0"));
        self.report(&format!("tool/{call}.0"), 1, ended(outcome));
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn tool(name: &str, class: ToolClass) -> ToolRequest {
    let arguments = r#"{"path":"a.rs"}"#.into();
    ToolRequest { provider_id: "p".into(), name: name.into(), arguments, class }
}

fn answered(tools: Vec<ToolRequest>, text: Option<Body>) -> Outcome {
    let stop = if tools.is_empty() { Stop::End } else { Stop::ToolCalls };
    let usage = Usage { input: 100, output: 20, reasoning: 5, cache_read: 64, cache_write: 3, estimated: false };
    Outcome::Answered(Box::new(Answer {
        stop,
        usage,
        raw_usage: None,
        // The page is not shown it.
        provider_data: Some(ProviderData { provider: "openai".into(), data: "[]".into() }),
        latency_ms: 70,
        window: None,
        text,
        reasoning: None,
        tools,
        streamed: None,
    }))
}

fn ended(outcome: ToolOutcome) -> Outcome {
    Outcome::ToolEnded { outcome, output: "12 lines".into(), latency_ms: 8, truncated: false }
}

fn failed(retry: Retry) -> Outcome {
    let error = CallError { code: "broken_stream".into(), message: "it broke".into(), retry, retry_after_ms: None };
    Outcome::CallFailed(error)
}

/// Tools of both classes, a lost one, a crash in mid-answer, a long text, a queue, a new name and a new model.
fn a_whole_turn() -> Story {
    let mut story = Story::begun();
    story.say(10, "Where is it?");
    story.begin("call/1.1");
    let piece = Piece::Reasoning { offset: 0, text: "Hm.".into() };
    story.effect(EffectCommand::Progress { key: EffectKey::new("call/1.1"), attempt: Attempt(1), piece });
    story.write("call/1.1", 1, 0, "Let me ");
    story.write("call/1.1", 1, 7, "look.");
    let blob = "cd".repeat(32).into();
    let picture = Attachment { blob, bytes: 70, media_type: "image/png".into(), name: "attic.png".into() };
    let attachments = vec![picture];
    story.tell(Command::PostMessage { message: Some(id(11)), text: "And why?".into(), attachments });
    story.say(12, "Never mind.");
    story.tell(Command::UnqueueMessage { message: id(12) });
    let tools = vec![tool("read_file", ToolClass::Repeat), tool("edit_file", ToolClass::Once)];
    story.report("call/1.1", 1, answered(tools, None));
    story.begin("tool/1.1.0");
    story.begin("tool/1.1.1");
    story.report("tool/1.1.0", 1, ended(ToolOutcome::Succeeded));
    story.effect(EffectCommand::Lost { key: EffectKey::new("tool/1.1.1"), attempt: Attempt(1) });
    story.tell(Command::ConfigureChat { model: "offline".into() });
    story.begin("call/1.2");
    story.write("call/1.2", 1, 0, "It is in");
    story.begin("call/1.2");
    story.write("call/1.2", 2, 0, "It is in the attic.");
    story.tell(Command::RenameChat { title: "The attic".into() });
    let long = BlobRef {
        blob: "ab".repeat(32).into(),
        bytes: 70_000,
        media_type: "text/plain; charset=utf-8".into(),
        head: "It is in the attic.".into(),
    };
    story.report("call/1.2", 2, answered(vec![], Some(Body::Blob(long))));
    story.begin("call/2.1");
    story.report("call/2.1", 1, answered(vec![], None));
    story.tell(Command::ArchiveChat {});
    story.tell(Command::UnarchiveChat {});
    story.tell(Command::ArchiveChat {});
    story.say(13, "One thing more.");
    story.tell(Command::CancelTurn {});
    story
}

/// A chat that fills the window of its model, is summed up unasked, asked for, in vain, and because it is too long.
fn summaries() -> Story {
    let mut story = Story::begun();
    let within = |tools: Vec<ToolRequest>| match answered(tools, None) {
        Outcome::Answered(answer) => Outcome::Answered(Box::new(Answer { window: Some(150), ..*answer })),
        other => other,
    };
    let summed = |text: &str| {
        let usage = Usage { input: 90, output: 9, ..Usage::default() };
        Outcome::Summed(Summed { summary: text.into(), usage, latency_ms: 9 })
    };
    story.say(10, "Wo ist das Öl?");
    story.begin("call/1.1");
    story.report("call/1.1", 1, within(vec![tool("read_file", ToolClass::Repeat)]));
    story.begin("tool/1.1.0");
    story.report("tool/1.1.0", 1, ended(ToolOutcome::Succeeded));
    story.begin("compact/1");
    story.report("compact/1", 1, summed("One file was read."));
    story.begin("call/1.2");
    story.report("call/1.2", 1, within(vec![]));
    story.say(11, "And the wick?");
    story.begin("compact/2");
    story.report("compact/2", 1, failed(Retry::Soon));
    story.begin("call/2.1");
    story.tell(Command::CompactChat {});
    story.report("call/2.1", 1, within(vec![]));
    story.begin("compact/3");
    story.report("compact/3", 1, summed("Oil and wick."));
    story.tell(Command::ConfigureChat { model: "offline".into() });
    story.say(12, "And the glass?");
    story.begin("call/3.1");
    story.report("call/3.1", 1, within(vec![]));
    story.say(13, "And the lens?");
    story.begin("compact/4");
    story.tell(Command::CancelTurn {});
    story.tell(Command::CompactChat {});
    story.begin("compact/5");
    story.report("compact/5", 1, summed("Everything but the lens."));
    let attachments = vec![];
    story.tell(Command::PostMessage { message: Some(id(14)), text: "The lens!".into(), attachments });
    story.begin("call/5.1");
    story.report("call/5.1", 1, answered(vec![tool("read_file", ToolClass::Repeat)], None));
    story.begin("tool/5.1.0");
    story.report("tool/5.1.0", 1, ended(ToolOutcome::Failed));
    story.begin("call/5.2");
    let (code, message) = ("context_too_long".into(), "too long".into());
    let error = CallError { code, message, retry: Retry::Never, retry_after_ms: None };
    story.report("call/5.2", 1, Outcome::CallFailed(error));
    story.report("wait/5.2", 0, Outcome::Elapsed);
    story.begin("compact/6");
    story.report("compact/6", 1, failed(Retry::Never));
    story
}

/// A chat that a model names at the second try, beside a turn.
fn a_title() -> Story {
    let mut story = Story::begun();
    story.say(10, "Where is the oil?");
    story.begin("call/1.1");
    story.write("call/1.1", 1, 0, "In the cellar.");
    story.report("call/1.1", 1, answered(vec![], None));
    let titled = |text: &str| {
        let usage = Usage { input: 30, output: 4, ..Usage::default() };
        Outcome::Titled(Titled { text: text.into(), usage, latency_ms: 9 })
    };
    story.begin("title/1");
    story.report("title/1", 1, titled(""));
    story.say(11, "And the wick?");
    story.begin("call/2.1");
    story.report("call/2.1", 1, answered(vec![], None));
    story.begin("title/2");
    story.report("title/2", 1, titled("Oil and wick"));
    story
}

/// A call that broke and was tried again, and one that was stopped with its tools under way.
fn failures_and_stops() -> Story {
    let mut story = Story::begun();
    story.say(10, "Try.");
    story.begin("call/1.1");
    story.write("call/1.1", 1, 0, "Half");
    story.report("call/1.1", 1, failed(Retry::Soon));
    story.report("wait/1.1", 0, Outcome::Elapsed);
    story.begin("call/1.2");
    let tools = vec![tool("read_file", ToolClass::Repeat), tool("search_text", ToolClass::Repeat)];
    story.report("call/1.2", 1, answered(tools, None));
    story.begin("tool/1.2.0");
    story.tell(Command::CancelTurn {});
    story.say(11, "Again.");
    story.begin("call/2.1");
    // Longer than a state holds, and cut in the middle of a character.
    let long = "é, and so on; ".repeat(1_300);
    story.write("call/2.1", 1, 0, &long);
    story.begin("call/2.1");
    story.write("call/2.1", 2, 0, &long);
    story.tell(Command::CancelTurn {});
    story.say(12, "Once more.");
    story.report_failure_while_waiting();
    story.say(13, "And now?");
    story.begin("call/4.1");
    story.report("call/4.1", 1, failed(Retry::Never));
    story
}

impl Story {
    fn report_failure_while_waiting(&mut self) {
        self.begin("call/3.1");
        self.report("call/3.1", 1, failed(Retry::Later));
        self.tell(Command::CancelTurn {});
    }
}

/// The same tool call again and again, until the turn is closed with a summary.
fn a_limit() -> Story {
    let mut story = Story::begun();
    story.say(10, "Look harder.");
    story.uses_tool("1.1", ToolOutcome::Failed);
    story.uses_tool("1.2", ToolOutcome::Failed);
    story.uses_tool("1.3", ToolOutcome::Succeeded);
    story.begin("call/1.4");
    story.write("call/1.4", 1, 0, "I went in circles.");
    story.report("call/1.4", 1, answered(vec![], None));
    story
}

impl Story {
    /// The story told as another chat from here on; the copies are the same events at the same times.
    fn fork(mut self, model: Option<&str>, run: bool) -> Self {
        let at = Revision(self.steps.len() as u64 - 1);
        let fork = Fork { from: StreamId::new("chat", id(77)), at, model: model.map(Into::into), run };
        let event = forked(&self.state, fork);
        self.fold(vec![event]);
        self
    }
}

/// Forked in the middle of an answer, among tools, in a pause before another try, and behind the end of a turn.
fn forks() -> Vec<(String, Story)> {
    let mut answering = Story::begun();
    answering.tell(Command::RenameChat { title: "The attic".into() });
    answering.say(10, "Where is it?");
    answering.begin("call/1.1");
    answering.write("call/1.1", 1, 0, "It is");
    answering.say(11, "And why?");
    let mut at_tools = Story::begun();
    at_tools.say(10, "Where is it?");
    at_tools.begin("call/1.1");
    let tools = ["read_file", "edit_file", "edit_file"];
    let class = |name: &str| if name == "read_file" { ToolClass::Repeat } else { ToolClass::Once };
    at_tools.report("call/1.1", 1, answered(tools.iter().map(|name| tool(name, class(name))).collect(), None));
    at_tools.begin("tool/1.1.0");
    at_tools.begin("tool/1.1.1");
    let mut at_unknown = Story::begun();
    at_unknown.say(10, "Change it.");
    at_unknown.begin("call/1.1");
    at_unknown.report("call/1.1", 1, answered(vec![tool("edit_file", ToolClass::Once)], None));
    at_unknown.begin("tool/1.1.0");
    let mut waiting = Story::begun();
    waiting.say(10, "Try.");
    waiting.begin("call/1.1");
    waiting.report("call/1.1", 1, failed(Retry::Later));
    let mut ended = Story::begun();
    ended.say(10, "Where is it?");
    ended.begin("call/1.1");
    ended.report("call/1.1", 1, answered(vec![], None));
    ended.tell(Command::ArchiveChat {});
    let mut unanswered = Story::begun();
    unanswered.fold(vec![Event::MessagePosted { message: id(10), text: "Where is it?".into(), attachments: vec![] }]);
    let cases = [
        ("an answer", answering),
        ("tools", at_tools),
        ("a tool that nobody knows the end of", at_unknown),
        ("a pause", waiting),
        ("an end", ended),
        ("a message without a turn", unanswered),
    ];
    let mut stories = vec![];
    for (name, story) in cases {
        stories.push((format!("forked at {name}"), story.clone().fork(None, false)));
        stories.push((format!("forked at {name}, and on"), story.fork(Some("offline"), true)));
    }
    stories
}

#[test]
fn what_the_page_folds_is_what_the_rules_say() {
    let mut stories = vec![
        ("a whole turn".to_owned(), a_whole_turn()),
        ("failures and stops".to_owned(), failures_and_stops()),
        ("a limit".to_owned(), a_limit()),
        ("a title".to_owned(), a_title()),
        ("summaries".to_owned(), summaries()),
    ];
    stories.extend(forks());
    let stories: Value = stories.iter().map(|(name, story)| json!({"name": name, "steps": story.steps})).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("REENACT_WRITE").is_some() {
        // One step a line, so that a change of the rules is a change that can be read.
        std::fs::write(&file, format!("{stories}\n").replace("{\"at\":", "\n{\"at\":")).unwrap();
    }
    let recorded: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(recorded, stories, "{FILE} is not what the rules say: see the head of this test's file");
}
