//! A run: a workflow in flight. Its script asks for steps and is brought their answers; both stand in the log, so that the
//! script can be driven anew to where it stood.

pub mod command;
mod decide;
pub mod event;
mod evolve;
pub mod reuse;
mod settle;
pub mod state;
#[cfg(test)]
mod tests;
pub mod work;

use std::collections::BTreeMap;

use replay::{
    decider::{Context, Decider, EffectCommand, EffectKey, Stale, Want},
    ids::Micros,
    log::Ack,
};

pub use command::{Command, Rejection};
pub use event::Event;
pub use settle::child_of;
pub use state::State;
pub use work::{Outcome, Piece, Work};

/// The rules of runs.
pub enum Run {}

impl Decider for Run {
    const KIND: &'static str = "run";
    const VERSION: u32 = 1;
    type State = State;
    type Event = Event;
    type Command = Command;
    type Rejection = Rejection;
    type Work = Work;
    type Piece = Piece;
    type Outcome = Outcome;
    type View = State;

    fn decide(state: &State, command: Command, context: &Context) -> Result<Vec<Event>, Rejection> {
        decide::decide(state, command, context)
    }

    fn settle(state: &State, command: EffectCommand<Piece, Outcome>, _: &Context) -> Result<Vec<Event>, Stale> {
        settle::settle(state, command)
    }

    fn evolve(state: &mut State, event: &Event, at: Micros) {
        evolve::evolve(state, event, at);
    }

    fn wants(state: &State) -> BTreeMap<EffectKey, Want<Work>> {
        work::wants(state)
    }

    /// What a script asks for must be there before it is done; what comes of it can be had again from where it was done.
    fn ack(event: &Event) -> Ack {
        match event {
            Event::StepStarted { .. }
            | Event::StepTryFailed { .. }
            | Event::StepRetried { .. }
            | Event::StepSettled { .. }
            | Event::ScriptAdvanced { .. }
            | Event::PhaseStarted { .. }
            | Event::LogWritten { .. }
            | Event::RunWorked { .. }
            | Event::StepCancelled { .. }
            | Event::RunStarted {} => Ack::Written,
            Event::RunRequested(_)
            | Event::StepRequested(_)
            | Event::ApprovalAnswered { .. }
            | Event::RunPaused { .. }
            | Event::RunQueued {}
            | Event::RunResumed {}
            | Event::RunFinished { .. }
            | Event::RunFailed { .. }
            | Event::RunCancelled {}
            | Event::RunDiverged { .. } => Ack::Durable,
        }
    }

    fn view(state: &State) -> State {
        state.clone()
    }
}
