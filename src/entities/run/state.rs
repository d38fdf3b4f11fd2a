//! What the events of a run amount to, and what a page sees of it.

use std::{collections::BTreeMap, sync::Arc};

use replay::{
    decider::Attempt,
    ids::{Micros, StreamId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    event::{Difference, Refused, Requested, RunError, StepKind, StepOutcome, Worktree},
    reuse::{Basis, CachedFrom, Reason},
};
use crate::entities::{body::Body, chat::brief::Brief, usage::Usage};

/// How many lines of the log a state keeps; all of them stand in the events.
pub const LINES: usize = 500;

/// A run that waits for less than this keeps its turn, in ms: to queue for another would take it longer.
const MOMENT_MS: u64 = 1_000;

/// The state of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// What it is of; `None` before it is requested.
    pub about: Option<Arc<Requested>>,
    /// When it was requested.
    pub requested_at: Micros,
    /// How it stands.
    pub status: Status,
    /// It was paused because the engine of this version asks for something else than what is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// How often it was queued for a turn; never, where it needs none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub turns: u32,
    /// For how long it has worked, in ms, where that is limited.
    #[serde(default, skip_serializing_if = "is_no_time")]
    pub worked_ms: u64,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Micros>,
    /// The parts of its progress, in the order in which they began.
    pub phases: Vec<Arc<str>>,
    /// The one that began last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Arc<str>>,
    /// Its steps, by their numbers.
    /// Shared between states: the effects of a run are handed one each, and a run may have thousands of steps.
    pub steps: BTreeMap<u32, Arc<Step>>,
    /// The steps that have an answer, in the order in which they got it.
    pub settled: Vec<u32>,
    /// How many answers the script has been brought; `None` before it began.
    pub advanced: Option<u32>,
    /// What the script said last.
    pub log: Vec<Line>,
    /// How many lines it said in all.
    pub lines: u64,
    /// What all steps took.
    pub usage: Usage,
}

/// How a run stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Status {
    /// It goes on.
    #[default]
    Running,
    /// It waits for its turn.
    Queued,
    /// No more steps begin.
    Paused,
    /// It came to its result.
    Finished {
        /// The result, as JSON.
        result: Body,
    },
    /// It failed.
    Failed {
        /// Why.
        error: RunError,
    },
    /// Somebody stopped it.
    Cancelled,
    /// A replay asked for something else than what is recorded.
    Diverged {
        /// The step.
        step: u32,
        /// What is recorded.
        recorded: Option<Body>,
        /// What the replay asked for.
        asked: Option<Body>,
    },
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// When it was said.
    pub at: Micros,
    /// The part of the progress in which it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Arc<str>>,
    /// What was said.
    pub text: Arc<str>,
}

/// A try of a step that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// The name of the error.
    pub name: Arc<str>,
    /// What went wrong.
    pub message: Arc<str>,
    /// The stream in which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<StreamId>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// What for.
    pub kind: StepKind,
    /// The SHA-256 of kind and payload.
    pub call: Arc<str>,
    /// What the script gave, as JSON.
    pub payload: Body,
    /// What it is called.
    pub label: Arc<str>,
    /// The part of the progress that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Arc<str>>,
    /// The model that was found for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Arc<str>>,
    /// The agent that it asks for by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Arc<str>>,
    /// What that agent, and the script, say of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<Arc<Brief>>,
    /// It cannot be done, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// Of a timer its time, of a question or an agent how long it may take at most, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_ms: Option<u64>,
    /// How often it may still be tried again.
    pub retries: u32,
    /// The tries that failed, the last one last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Tried>,
    /// Until when it waits for its next try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Micros>,
    /// Under what its answer is kept for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Arc<str>>,
    /// What decides its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Why it is done, or is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The steps from whose answers it was made, as far as a pipeline or a graph says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<u32>,
    /// When it was asked for.
    pub requested_at: Micros,
    /// When it was begun first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Micros>,
    /// The attempt that was begun last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// The stream in which it happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<StreamId>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<StepOutcome>,
    /// The script does not wait for it any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
    /// What it took.
    pub usage: Usage,
    /// From its start to its end, in ms.
    pub latency_ms: u64,
    /// Where its answer was first given, if it was not given here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_from: Option<CachedFrom>,
    /// The worktree that it left, if it changed anything there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worktree: Option<Worktree>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_no_time(ms: &u64) -> bool {
    *ms == 0
}

impl State {
    /// Whether nothing can happen in it any more.
    pub fn is_over(&self) -> bool {
        match self.status {
            Status::Running | Status::Queued | Status::Paused => false,
            Status::Finished { .. } | Status::Failed { .. } | Status::Cancelled | Status::Diverged { .. } => true,
        }
    }

    /// Whether there is something to do for it but to wait for people, or for more than a moment.
    pub fn is_busy(&self) -> bool {
        let works = |step: &Arc<Step>| match step.kind {
            StepKind::Agent | StepKind::Tool | StepKind::Workflow => step.is_open(),
            StepKind::Sleep => step.is_open() && step.limit_ms.is_some_and(|ms| ms < MOMENT_MS),
            StepKind::Approve => false,
        };
        self.unheard() || self.steps.values().any(works)
    }

    /// The answers that the script has not been brought.
    pub fn unheard(&self) -> bool {
        self.advanced.is_none_or(|advanced| (advanced as usize) < self.settled.len())
    }
}

/// So many ms later.
pub fn later(at: Micros, ms: u64) -> Micros {
    Micros(at.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000)))
}

impl Step {
    /// When a timer of the script goes off, or a question of it is asked no more.
    pub(super) fn ends_by(&self) -> Option<Micros> {
        self.limit_ms.map(|ms| later(self.requested_at, ms))
    }

    /// Whether it still takes an answer.
    pub fn is_open(&self) -> bool {
        self.outcome.is_none() && !self.cancelled
    }
}
