//! Chats whose people stop turns and take messages back at any moment. How such a run ends depends on the moments, so it is
//! not compared with the clean one; what must hold of every chat all the same is checked for itself.

use std::collections::{BTreeMap, BTreeSet};

use reenact::entities::chat::{
    Chat, Command, Event, Outcome, Piece, Rejection, State, View, Work,
    event::{CallError, Retry, ToolOutcome},
    state::Message,
};
use replay::{
    decider::{Context, Decider, EffectCommand, EffectKey, Stale, Want},
    event::decode,
    ids::{Micros, StreamId},
    log::Ack,
    record::{NewRecord, Record},
};
use uuid::Uuid;

use super::{
    chat::{self, Script},
    dice::Dice,
    story::{End, Performance, Story},
};

/// A chat, by its own rules.
pub enum Stopping {}

impl Decider for Stopping {
    const KIND: &'static str = Chat::KIND;
    const VERSION: u32 = Chat::VERSION;
    type State = State;
    type Event = Event;
    type Command = Command;
    type Rejection = Rejection;
    type Work = Work;
    type Piece = Piece;
    type Outcome = Outcome;
    type View = View;

    fn decide(state: &State, command: Command, context: &Context) -> Result<Vec<Event>, Rejection> {
        Chat::decide(state, command, context)
    }

    fn settle(state: &State, command: EffectCommand<Piece, Outcome>, context: &Context) -> Result<Vec<Event>, Stale> {
        Chat::settle(state, command, context)
    }

    fn evolve(state: &mut State, event: &Event, at: Micros) {
        Chat::evolve(state, event, at);
    }

    fn wants(state: &State) -> BTreeMap<EffectKey, Want<Work>> {
        Chat::wants(state)
    }

    fn ack(event: &Event) -> Ack {
        Chat::ack(event)
    }

    fn view(state: &State) -> View {
        Chat::view(state)
    }
}

/// What each person says, and how the work goes.
#[derive(Debug, Clone)]
pub struct Stops {
    chats: Vec<Vec<Command>>,
    script: Script,
}

fn message(n: usize) -> Uuid {
    Uuid::from_u128(0x1000 + n as u128)
}

fn post(n: usize) -> Command {
    let text = format!("message {n}").as_str().into();
    Command::PostMessage { message: Some(message(n)), text, attachments: vec![] }
}

fn said(dice: &mut Dice, n: usize) -> Command {
    match dice.below(7) {
        0 | 1 => Command::CancelTurn {},
        2 => Command::UnqueueMessage { message: message(dice.below(n.max(1))) },
        3 => Command::ConfigureChat { model: dice.pick(&["lab/large", "lab/small"]).into() },
        _ => post(n),
    }
}

impl Story for Stopping {
    type Script = Stops;
    type Lists = <Chat as Story>::Lists;

    const COMPARED: bool = false;

    fn script(dice: &mut Dice) -> Stops {
        let script = Chat::script(dice);
        let mut client = |n: u128| {
            let count = 3 + dice.below(4);
            let rest = (1..count).map(|n| said(dice, n));
            [chat::open(n), post(0)].into_iter().chain(rest).collect()
        };
        Stops { chats: vec![client(0), client(1)], script }
    }

    fn clients(stops: &Stops) -> Vec<(StreamId, Vec<Command>)> {
        let client =
            |(n, commands): (u128, &Vec<Command>)| (StreamId::new("chat", Uuid::from_u128(n + 1)), commands.clone());
        (0..).zip(&stops.chats).map(client).collect()
    }

    fn perform(stops: &Stops, state: &State, work: &Work) -> Performance<Self> {
        let Performance { not_before, pieces, outcome } = Chat::perform(&stops.script, state, work);
        Performance { not_before, pieces, outcome }
    }

    fn ended(event: &Event) -> Option<(EffectKey, End)> {
        Chat::ended(event)
    }

    fn is_vital(stream: &StreamId, records: &[NewRecord]) -> bool {
        Chat::is_vital(stream, records)
    }

    fn may_refuse(why: &Rejection) -> bool {
        matches!(why, Rejection::NoTurn | Rejection::NotQueued(_))
    }

    fn panicked(work: &Work) -> Option<Outcome> {
        match work {
            Work::CallModel { .. } | Work::Compact { .. } | Work::GiveTitle { .. } => {
                let (code, message, retry) = ("internal".into(), "it panicked".into(), Retry::Soon);
                Some(Outcome::CallFailed(CallError { code, message, retry, retry_after_ms: None }))
            }
            Work::RunTool { .. } => {
                let (outcome, output) = (ToolOutcome::Failed, "it panicked".into());
                Some(Outcome::ToolEnded { outcome, output, latency_ms: 0, truncated: false })
            }
            Work::Wait { .. } => None,
        }
    }

    fn unsound(state: &State, records: &[Record], accepted: &[&Command]) -> Option<String> {
        if state.turn.is_some() || !state.queue.is_empty() {
            return Some("a turn is open, or a message waits, with nothing wanted".into());
        }
        let count = |is: fn(&Command) -> bool| accepted.iter().filter(|command| is(command)).count();
        let (stops, opened) = (count(|c| matches!(c, Command::CancelTurn {})), state.turns);
        let ends = |stopped: bool| {
            let is = |message: &&Message| matches!(message, Message::End(end) if end.outcome.is_none() == stopped);
            state.messages.iter().filter(is).count()
        };
        if ends(true) != stops {
            return Some(format!("{stops} times a turn was stopped, and {} were", ends(true)));
        }
        if ends(true) + ends(false) != usize::try_from(opened).unwrap() {
            return Some(format!("{opened} turns began, {} ended", ends(true) + ends(false)));
        }
        posted_once(state, accepted).or_else(|| silent_once_stopped(records))
    }
}

/// Every message that was accepted and not taken back stands in the conversation, once.
fn posted_once(state: &State, accepted: &[&Command]) -> Option<String> {
    let mut expected = BTreeSet::new();
    for command in accepted {
        match command {
            Command::PostMessage { message: Some(message), .. } => drop(expected.insert(*message)),
            Command::UnqueueMessage { message } => drop(expected.remove(message)),
            _ => {}
        }
    }
    let posted = |message: &Message| if let Message::User(posted) = message { Some(posted.message) } else { None };
    let posted: Vec<_> = state.messages.iter().filter_map(posted).collect();
    let there: BTreeSet<_> = posted.iter().copied().collect();
    (there != expected || there.len() != posted.len())
        .then(|| format!("these messages stand in the conversation: {posted:?}, and should: {expected:?}"))
}

/// Nothing that belongs to a turn comes after its end.
fn silent_once_stopped(records: &[Record]) -> Option<String> {
    let mut ended = 0;
    for record in records {
        let event = decode::<Event>(record).unwrap().unwrap();
        let turn = match &event {
            Event::TurnFinished { turn, .. } | Event::TurnCancelled { turn, .. } => {
                ended = *turn;
                continue;
            }
            Event::ModelCallStarted { call, .. }
            | Event::TextAppended { call, .. }
            | Event::ReasoningAppended { call, .. }
            | Event::ToolCalled { call, .. }
            | Event::ModelCallFinished { call, .. }
            | Event::ModelCallFailed { call, .. }
            | Event::WaitElapsed { call } => call.turn,
            Event::ToolStarted { tool_call, .. } | Event::ToolFinished { tool_call, .. } => tool_call.turn,
            Event::LimitReached { turn, .. } => *turn,
            _ => continue,
        };
        if turn <= ended {
            return Some(format!(
                "{} at revision {} belongs to turn {turn}, which had ended",
                record.event.kind, record.revision
            ));
        }
    }
    None
}
