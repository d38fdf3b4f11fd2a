//! What a simulation needs to know of a kind of entity: who asks for what, and how the work goes.

use replay::{
    decider::{Decider, EffectKey},
    ids::{Micros, StreamId},
    projection::Projection,
    record::{NewRecord, Record},
};

use super::dice::Dice;

/// A kind of entity with people who ask it for something and work that follows a script.
pub trait Story: Decider<Piece: Clone, Outcome: Clone> {
    /// What the seed decides: the same for a run with faults and the clean run it is compared with.
    type Script: Clone;

    /// A read model of such entities.
    type Lists: Projection + Default;

    /// Whether a run with faults must end as the clean one: not where the end depends on when somebody says something.
    const COMPARED: bool = true;

    fn script(dice: &mut Dice) -> Self::Script;

    /// Who asks: one client per stream, each sending its commands one after another.
    fn clients(script: &Self::Script) -> Vec<(StreamId, Vec<Self::Command>)>;

    /// How a piece of work goes, given the state at its start.
    fn perform(script: &Self::Script, state: &Self::State, work: &Self::Work) -> Performance<Self>;

    /// Which work an event ends, and how.
    fn ended(event: &Self::Event) -> Option<(EffectKey, End)>;

    /// Whether an append may use the room that is kept for a full disk.
    fn is_vital(stream: &StreamId, records: &[NewRecord]) -> bool {
        let _ = (stream, records);
        false
    }

    /// Whether a client may hear this: it came at the wrong moment.
    fn may_refuse(why: &Self::Rejection) -> bool {
        let _ = why;
        false
    }

    /// How a piece of work ends that panics; `None` where a run is compared with one in which it does not.
    fn panicked(work: &Self::Work) -> Option<Self::Outcome> {
        let _ = work;
        None
    }

    /// What is wrong with a stream at the end, apart from what holds for every kind. `accepted` are the commands that were.
    fn unsound(state: &Self::State, records: &[Record], accepted: &[&Self::Command]) -> Option<String> {
        let _ = (state, records, accepted);
        None
    }
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
