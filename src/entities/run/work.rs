//! What a run wants done outside, and what comes back.

use std::{collections::BTreeMap, sync::Arc};

use replay::{
    decider::{Class, EffectKey, Lane, Want},
    ids::Micros,
};

use super::{
    event::{Difference, RunError, StepKind, StepOutcome, StepRequest, Worktree},
    reuse::CachedFrom,
    state::{State, Status},
};
use crate::entities::{body::Body, usage::Usage};

/// What work of a run says while it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// It is the run's turn.
    Turn,
    /// The run has worked for a while.
    Worked {
        /// For how long, in ms.
        ms: u64,
    },
}

/// Outside work of a run. What it needs to know stands in the state at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Keep its place among the runs that go on at a time. It never ends by itself.
    Turn,
    /// Count for how long it works. It never ends by itself.
    Clock,
    /// Bring the script the answers that it has not heard, in their order.
    Drive,
    /// Do a step.
    Perform {
        /// The step.
        step: u32,
    },
    /// Let time pass.
    Wait {
        /// The step.
        step: u32,
        /// Until when.
        until: Micros,
    },
}

/// What work of a run ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The script was driven.
    Driven(Driven),
    /// A step was done.
    Performed {
        /// How it ended.
        outcome: StepOutcome,
        /// What it took.
        usage: Usage,
        /// From start to end, in ms.
        latency_ms: u64,
        /// The files of the project changed while it was done.
        changed: bool,
        /// The worktree that it left.
        worktree: Option<Worktree>,
    },
    /// The time has passed.
    Elapsed,
    /// The server failed while it drove the script.
    Broken {
        /// How.
        message: Arc<str>,
    },
}

/// What a script did when it was driven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driven {
    /// How many answers it has been brought in all.
    pub settled: u32,
    /// What it asked for and said, in order, beyond what is recorded.
    pub asks: Vec<Asked>,
    /// Where it stands.
    pub end: End,
}

/// Something that a script asked for or said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A step.
    Step(Box<StepRequest>),
    /// A step that has been answered before.
    Answered(Box<StepRequest>, Answered),
    /// It does not wait for a step any more.
    Cancelled {
        /// The step.
        step: u32,
    },
    /// Another part of the progress began.
    Phase(Arc<str>),
    /// A line of the log.
    Line(Arc<str>),
}

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The answer.
    pub outcome: StepOutcome,
    /// Where it was first given.
    pub from: CachedFrom,
}

/// Where a script stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It waits for answers.
    Waits,
    /// It came to its result, as JSON.
    Finished(Body),
    /// It failed.
    Failed(RunError),
    /// Under another engine than the one that it began with, it asked for something else than what is recorded.
    EngineChanged(Difference),
    /// It asked for something else than what is recorded.
    Diverged {
        /// The step.
        step: u32,
        /// What is recorded.
        recorded: Option<Body>,
        /// What it asked for.
        asked: Option<Body>,
    },
}

/// What is wanted now.
pub(super) fn wants(state: &State) -> BTreeMap<EffectKey, Want<Work>> {
    let mut wants = BTreeMap::new();
    let Some(about) = &state.about else { return wants };
    if state.is_over() {
        return wants;
    }
    let lane = |name: &str| Lane { name: name.into(), group: about.session.to_string().into() };
    let (paused, runs) = (state.status == Status::Paused, state.status == Status::Running);
    if state.turns > 0 && (state.status == Status::Queued || runs && state.is_busy()) {
        let (key, since) = (EffectKey::new(format!("turn/{}", state.turns)), state.requested_at);
        wants.insert(key, Want { class: Class::Free, begun: None, lane: lane("runs"), since, work: Work::Turn });
    }
    if about.time_limit_ms.is_some() && runs && state.is_busy() {
        let (key, since) = (EffectKey::new("clock"), state.requested_at);
        wants.insert(key, Want { class: Class::Free, begun: None, lane: lane("timers"), since, work: Work::Clock });
    }
    if state.unheard() && runs {
        // Of how much the script has heard, not of how much there is: what comes meanwhile does not stop it.
        let heard = state.advanced.map_or("0".to_owned(), |advanced| (advanced + 1).to_string());
        let key = EffectKey::new(format!("drive/{heard}"));
        let since = state.requested_at;
        wants.insert(key, Want { class: Class::Free, begun: None, lane: lane("scripts"), since, work: Work::Drive });
    }
    for (&number, step) in state.steps.iter().filter(|(_, step)| step.is_open()) {
        let begins = match step.kind {
            StepKind::Agent | StepKind::Tool | StepKind::Workflow => {
                runs || step.attempt.is_some() || step.retry_at.is_some()
            }
            StepKind::Approve => !paused,
            StepKind::Sleep => true,
        };
        if !begins {
            continue;
        }
        let since = step.requested_at;
        let mut wait = |until: Micros| {
            let (lane, work) = (lane("timers"), Work::Wait { step: number, until });
            let key = EffectKey::new(format!("wait/{number}"));
            wants.insert(key, Want { class: Class::Free, begun: None, lane, since, work });
        };
        if let Some(until) = step.retry_at {
            wait(until);
            continue;
        }
        match step.kind {
            StepKind::Agent | StepKind::Tool | StepKind::Workflow => {
                // A new try is other work than the one before; what is begun again after a restart is the same.
                let key = match step.tries.len() {
                    0 => format!("step/{number}"),
                    tries => format!("step/{number}/{tries}"),
                };
                // A workflow waits for its own steps: with a place of theirs it could keep them waiting for ever.
                let lane = lane(if step.kind == StepKind::Agent { "agents" } else { "steps" });
                let (class, begun, work) = (Class::Keyed, step.attempt, Work::Perform { step: number });
                wants.insert(EffectKey::new(key), Want { class, begun, lane, since, work });
            }
            StepKind::Approve | StepKind::Sleep => {
                if let Some(until) = step.ends_by() {
                    wait(until);
                }
            }
        }
    }
    wants
}
