//! The real chat, with a model and tools that follow a script.

use reenact::{
    entities::{
        are_vital,
        chat::{
            Chat, Command, Event, Outcome, Piece, State, Work,
            event::{CallError, Retry, Stop, ToolClass, ToolOutcome},
            work::{Answer, Streamed, Summed, Titled, ToolRequest},
        },
        usage::Usage,
    },
    projections::Folded,
};
use replay::{decider::EffectKey, ids::StreamId, record::NewRecord};
use uuid::Uuid;

use super::{
    dice::Dice,
    story::{End, Performance, Story},
};

/// What the model does in one call.
#[derive(Debug, Clone)]
pub enum Call {
    Fails(Retry),
    Asks(Vec<(ToolClass, ToolOutcome)>),
}

#[derive(Debug, Clone)]
pub struct Script {
    /// What each client posts: how many messages.
    pub chats: Vec<usize>,
    /// The calls of each turn, in all chats; after them comes one that answers.
    turns: Vec<Vec<Call>>,
    /// How many tokens the model takes: so few that every call is preceded by a summary, or nobody knows.
    window: Option<u64>,
}

const TEXT: [&str; 3] = ["Let me ", "look: grüße", "."];
const MOST_TURNS: usize = 3;

fn call(dice: &mut Dice) -> Call {
    if dice.one_in(4) {
        return Call::Fails(dice.pick(&[Retry::Soon, Retry::Later]));
    }
    let tool = |dice: &mut Dice| match dice.below(3) {
        0 => (ToolClass::Once, ToolOutcome::Succeeded),
        1 => (ToolClass::Repeat, ToolOutcome::Succeeded),
        _ => (ToolClass::Repeat, ToolOutcome::Failed),
    };
    let count = 1 + dice.below(3);
    Call::Asks((0..count).map(|_| tool(dice)).collect())
}

impl Story for Chat {
    type Script = Script;
    type Lists = Folded;

    fn script(dice: &mut Dice) -> Script {
        let chats = (0..2).map(|_| 1 + dice.below(MOST_TURNS)).collect();
        let mut turn = |_| {
            let count = dice.below(4);
            let mut calls: Vec<_> = (0..count).map(|_| call(dice)).collect();
            if dice.one_in(8) {
                calls.push(Call::Fails(Retry::Never));
            }
            calls
        };
        let turns = (0..MOST_TURNS).map(&mut turn).collect();
        Script { chats, turns, window: dice.one_in(3).then_some(12) }
    }

    fn clients(script: &Script) -> Vec<(StreamId, Vec<Command>)> {
        let client = |(n, messages): (u128, &usize)| {
            // The first is named by the model, the second by its client.
            let mut commands = vec![open(n)];
            // Without an id of its own, so that a message that is taken twice stands there twice.
            let post = |m| Command::PostMessage {
                message: None,
                text: format!("message {m}").as_str().into(),
                attachments: vec![],
            };
            commands.extend((0..*messages).map(post));
            commands.extend((n > 0).then(|| Command::RenameChat { title: "Renamed".into() }));
            (StreamId::new("chat", Uuid::from_u128(n + 1)), commands)
        };
        (0..).zip(&script.chats).map(client).collect()
    }

    fn perform(script: &Script, state: &State, work: &Work) -> Performance<Self> {
        match work {
            Work::CallModel { call } => {
                let nth = |n: u32| usize::try_from(n - 1).unwrap();
                let call = script.turns.get(nth(call.turn)).and_then(|turn| turn.get(nth(call.ordinal)));
                ask(call, script.window)
            }
            Work::RunTool { tool_call } => {
                let class = state.tool_call(*tool_call).unwrap().class;
                let outcome = match &*state.tool_call(*tool_call).unwrap().name {
                    "fails" => ToolOutcome::Failed,
                    _ => ToolOutcome::Succeeded,
                };
                assert!(class == ToolClass::Repeat || outcome == ToolOutcome::Succeeded);
                let outcome = Outcome::ToolEnded { outcome, output: "done".into(), latency_ms: 0, truncated: false };
                Performance { not_before: None, pieces: vec![], outcome }
            }
            Work::Compact { .. } => {
                let usage = Usage { input: 9, output: 3, ..Usage::default() };
                let outcome = Outcome::Summed(Summed { summary: "All of it.".into(), usage, latency_ms: 0 });
                Performance { not_before: None, pieces: vec![], outcome }
            }
            Work::GiveTitle { .. } => {
                let usage = Usage { input: 5, output: 1, ..Usage::default() };
                let outcome = Outcome::Titled(Titled { text: "Oil".into(), usage, latency_ms: 0 });
                Performance { not_before: None, pieces: vec![], outcome }
            }
            Work::Wait { until, .. } => {
                Performance { not_before: Some(*until), pieces: vec![], outcome: Outcome::Elapsed }
            }
        }
    }

    fn ended(event: &Event) -> Option<(EffectKey, End)> {
        let (key, end) = match event {
            Event::ToolFinished { tool_call, outcome: ToolOutcome::Unknown, .. } => {
                (format!("tool/{tool_call}"), End::Unknown)
            }
            Event::ToolFinished { tool_call, .. } => (format!("tool/{tool_call}"), End::Known),
            Event::ModelCallFinished { call, .. } | Event::ModelCallFailed { call, .. } => {
                (format!("call/{call}"), End::Known)
            }
            Event::ChatRenamed { by_model: Some(call), .. } => (format!("title/{}", call.number), End::Known),
            Event::Compacted { number, .. } => (format!("compact/{number}"), End::Known),
            Event::WaitElapsed { call } => (format!("wait/{call}"), End::Known),
            _ => return None,
        };
        Some((EffectKey::new(key), end))
    }

    fn is_vital(stream: &StreamId, records: &[NewRecord]) -> bool {
        are_vital(stream, records.iter().map(|record| &*record.kind))
    }
}

/// What the `n`th client says first.
pub fn open(n: u128) -> Command {
    Command::OpenChat {
        session: Uuid::from_u128(n + 10),
        project: Uuid::from_u128(20),
        title: if n == 0 { "" } else { "Named" }.into(),
        model: "lab/small".into(),
        agent: "default".into(),
        token_budget: 1_000_000,
        origin: None,
        answer: None,
        brief: None,
    }
}

fn ask(call: Option<&Call>, window: Option<u64>) -> Performance<Chat> {
    let outcome = match call {
        Some(Call::Fails(retry)) => {
            let (code, message) = ("scripted".into(), "it fails by the script".into());
            Outcome::CallFailed(CallError { code, message, retry: *retry, retry_after_ms: None })
        }
        Some(Call::Asks(tools)) => answered(Stop::ToolCalls, tools, window),
        None => answered(Stop::End, &[], window),
    };
    let mut offset = 0;
    let piece = |text: &&str| {
        let at = offset;
        offset += u64::try_from(text.len()).unwrap();
        Piece::Text { offset: at, text: (*text).into() }
    };
    Performance { not_before: None, pieces: TEXT.iter().map(piece).collect(), outcome }
}

fn answered(stop: Stop, tools: &[(ToolClass, ToolOutcome)], window: Option<u64>) -> Outcome {
    let tool = |(n, (class, outcome)): (usize, &(ToolClass, ToolOutcome))| ToolRequest {
        provider_id: "".into(),
        name: if *outcome == ToolOutcome::Failed { "fails" } else { "works" }.into(),
        arguments: format!("{{\"n\":{n}}}").as_str().into(),
        class: *class,
    };
    let tools = tools.iter().enumerate().map(tool).collect();
    let usage = Usage { input: 10, output: 2, ..Usage::default() };
    let text = TEXT.iter().map(|piece| piece.len() as u64).sum();
    let streamed = Some(Streamed { reasoning: 0, text });
    let answer = Answer {
        stop,
        usage,
        raw_usage: None,
        provider_data: None,
        latency_ms: 70,
        window,
        text: None,
        reasoning: None,
        tools,
        streamed,
    };
    Outcome::Answered(Box::new(answer))
}
