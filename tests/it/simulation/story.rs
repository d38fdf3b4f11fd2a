//! What a simulation needs to know of a kind of entity: who asks for what, and how the work goes.

use replay::{
    decider::{Decider, EffectKey},
    ids::{Micros, StreamId},
};

use super::dice::Dice;

/// A kind of entity with people who ask it for something and work that follows a script.
pub trait Story: Decider<Piece: Clone, Outcome: Clone> {
    /// What the seed decides: the same for a run with faults and the clean run it is compared with.
    type Script: Clone;

    fn script(dice: &mut Dice) -> Self::Script;

    /// Who asks: one client per stream, each sending its commands one after another.
    fn clients(script: &Self::Script) -> Vec<(StreamId, Vec<Self::Command>)>;

    /// How a piece of work goes, given the state at its start.
    fn perform(script: &Self::Script, state: &Self::State, work: &Self::Work) -> Performance<Self>;

    /// Which work an event ends, and how.
    fn ended(event: &Self::Event) -> Option<(EffectKey, End)>;
}

/// How a piece of work goes.
pub struct Performance<S: Decider + ?Sized> {
    /// It does not happen earlier.
    pub not_before: Option<Micros>,
    /// What it says on the way.
    pub pieces: Vec<S::Piece>,
    /// What it ends with.
    pub outcome: S::Outcome,
}

/// How a piece of work ended, as its entity sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Known,
    Unknown,
}
