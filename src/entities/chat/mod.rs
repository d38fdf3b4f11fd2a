//! A chat: a conversation with an agent, in turns of model calls and tool calls.

pub mod answer;
pub mod brief;
pub mod command;
pub mod context;
mod decide;
pub mod event;
mod evolve;
pub mod fork;
pub mod ids;
pub mod prompt;
mod settle;
pub mod state;
#[cfg(test)]
mod tests;
pub mod title;
pub mod view;
pub mod work;
pub mod written;

use std::collections::BTreeMap;

use replay::{
    decider::{Context, Decider, EffectCommand, EffectKey, Stale, Want},
    ids::Micros,
    log::Ack,
};

pub use command::{Command, Rejection};
pub use decide::ATTACHMENTS;
pub use event::Event;
pub use fork::Fork;
pub use state::State;
pub use view::View;
pub use work::{Outcome, Piece, Work};

/// The rules of chats.
pub enum Chat {}

impl Decider for Chat {
    const KIND: &'static str = "chat";
    const VERSION: u32 = 6;
    type State = State;
    type Event = Event;
    type Command = Command;
    type Rejection = Rejection;
    type Work = Work;
    type Piece = Piece;
    type Outcome = Outcome;
    type View = View;

    fn decide(state: &State, command: Command, context: &Context) -> Result<Vec<Event>, Rejection> {
        decide::decide(state, command, context)
    }

    fn settle(state: &State, command: EffectCommand<Piece, Outcome>, context: &Context) -> Result<Vec<Event>, Stale> {
        settle::settle(state, command, context)
    }

    fn evolve(state: &mut State, event: &Event, at: Micros) {
        evolve::evolve(state, event, at);
    }

    fn wants(state: &State) -> BTreeMap<EffectKey, Want<Work>> {
        work::wants(state)
    }

    /// What a model or a reading tool says can be had again; everything a person or a tool with consequences did cannot.
    fn ack(event: &Event) -> Ack {
        match event {
            Event::TitleStarted { .. }
            | Event::CompactionStarted { .. }
            | Event::CompactionFailed { .. }
            | Event::TitleFailed { .. }
            | Event::ModelCallStarted { .. }
            | Event::ReasoningAppended { .. }
            | Event::TextAppended { .. } => Ack::Written,
            Event::ChatOpened { .. }
            | Event::ChatRenamed { .. }
            | Event::ChatConfigured { .. }
            | Event::ChatArchived {}
            | Event::CompactionRequested {}
            | Event::Compacted { .. }
            | Event::ChatUnarchived {}
            | Event::MessageQueued { .. }
            | Event::MessageUnqueued { .. }
            | Event::MessagePosted { .. }
            | Event::TurnStarted { .. }
            | Event::ToolCalled { .. }
            | Event::ModelCallFinished { .. }
            | Event::ModelCallFailed { .. }
            | Event::WaitElapsed { .. }
            | Event::ToolStarted { .. }
            | Event::ToolFinished { .. }
            | Event::LimitReached { .. }
            | Event::TurnFinished { .. }
            | Event::TurnCancelled { .. }
            | Event::Forked { .. } => Ack::Durable,
        }
    }

    fn view(state: &State) -> View {
        view::view(state)
    }
}
