//! What a simulation may find wrong.

use replay::{decider::EffectKey, ids::StreamId};

/// What a simulation found wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("{stream}: `{key}` may happen once and happened {times} times")]
    OnceTwice { stream: StreamId, key: EffectKey, times: usize },
    #[error("{stream}: `{key}` never happened, yet it ended")]
    NeverDone { stream: StreamId, key: EffectKey },
    #[error("{stream}: `{key}` is said to be unknown, but it was never begun and cut off")]
    UnknownForNoReason { stream: StreamId, key: EffectKey },
    #[error("{stream}: an acknowledged command is not in the log")]
    AcknowledgedLost { stream: StreamId },
    #[error("{stream}: a command that came again got another answer")]
    AnsweredDifferently { stream: StreamId },
    #[error("{stream}: a command was refused: {why}")]
    Refused { stream: StreamId, why: String },
    #[error("what somebody who follows {what} saw is gone, or is another event")]
    SeenLost { what: String },
    #[error("who follows {what} has read {read} events when the next is number {next}")]
    Gap { what: String, read: u64, next: u64 },
    #[error("who follows {what} has not read all of it at the end")]
    NotRead { what: String },
    #[error("the lists differ from those made anew: {difference}")]
    ListsDiffer { difference: String },
    #[error("{stream}: {why}")]
    Unsound { stream: StreamId, why: String },
    #[error("{stream}: still wanted when nothing happens any more: {keys:?}")]
    StillWanted { stream: StreamId, keys: Vec<EffectKey> },
    #[error("{stream}: the state in memory is not the fold of the log")]
    StateIsNotFold { stream: StreamId },
    #[error("{stream}: the end differs from the clean run's:\n{difference}")]
    EndDiffers { stream: StreamId, difference: String },
    #[error("it does not end")]
    Endless,
    #[error("{stream}: {why}")]
    RulesFailed { stream: StreamId, why: String },
    #[error("the same seed went another way the second time")]
    NotDeterministic,
}
