//! How events change the state of a run.

use std::sync::Arc;

use replay::ids::Micros;

use super::{
    event::{Event, StepRequest},
    state::{LINES, Line, State, Status, Step, Tried, later},
};
use crate::entities::usage::Usage;

pub(super) fn evolve(state: &mut State, event: &Event, at: Micros) {
    let mut end = |status: Status| {
        state.status = status;
        state.ended_at = Some(at);
    };
    match event {
        Event::RunRequested(requested) => {
            state.phases.clone_from(&requested.phases);
            state.about = Some(Arc::new((**requested).clone()));
            state.requested_at = at;
        }
        Event::PhaseStarted { title } => {
            if !state.phases.contains(title) {
                state.phases.push(title.clone());
            }
            state.phase = Some(title.clone());
        }
        Event::LogWritten { text } => {
            if state.log.len() == LINES {
                state.log.remove(0);
            }
            state.log.push(Line { at, phase: state.phase.clone(), text: text.clone() });
            state.lines += 1;
        }
        Event::StepRequested(asked) => {
            let asked = (**asked).clone();
            let StepRequest { step, kind, call, payload, label, phase, model, agent, brief, refused, .. } = asked;
            let StepRequest { limit_ms, retries, key, basis, reason, after, .. } = asked;
            if let Some(phase) = phase.as_ref().filter(|phase| !state.phases.contains(phase)) {
                state.phases.push(phase.clone());
            }
            let added = Step {
                kind,
                call,
                payload,
                label,
                phase,
                model,
                agent,
                brief,
                refused,
                limit_ms,
                retries,
                tries: vec![],
                retry_at: None,
                key,
                basis,
                reason,
                after,
                requested_at: at,
                started_at: None,
                attempt: None,
                child: None,
                outcome: None,
                cancelled: false,
                usage: Usage::default(),
                latency_ms: 0,
                cached_from: None,
                worktree: None,
            };
            state.steps.insert(step, Arc::new(added));
        }
        Event::StepStarted { step, attempt, child } => {
            if let Some(step) = step_of(state, *step) {
                step.attempt = Some(*attempt);
                step.started_at = step.started_at.or(Some(at));
                step.child.clone_from(child);
            }
        }
        Event::StepTryFailed { step, name, message, usage, latency_ms, wait_ms } => {
            if let Some(step) = step_of(state, *step) {
                step.tries.push(Tried { name: name.clone(), message: message.clone(), child: step.child.take() });
                step.retries = step.retries.saturating_sub(1);
                step.attempt = None;
                step.retry_at = Some(later(at, *wait_ms));
                step.usage += *usage;
                step.latency_ms += latency_ms;
                state.usage += *usage;
            }
        }
        Event::StepRetried { step } => {
            if let Some(step) = step_of(state, *step) {
                step.retry_at = None;
            }
        }
        Event::StepSettled { step: number, outcome, usage, latency_ms, cached_from, changed: _, worktree } => {
            if let Some(step) = step_of(state, *number) {
                step.outcome = Some(outcome.clone());
                step.usage += *usage;
                step.latency_ms += latency_ms;
                step.retry_at = None;
                step.cached_from.clone_from(cached_from);
                step.worktree.clone_from(worktree);
                state.settled.push(*number);
                state.usage += *usage;
            }
        }
        Event::StepCancelled { step } => {
            if let Some(step) = step_of(state, *step) {
                step.cancelled = true;
            }
        }
        Event::ApprovalAnswered { .. } => {}
        Event::ScriptAdvanced { settled } => state.advanced = Some(*settled),
        Event::RunQueued {} => {
            state.status = Status::Queued;
            state.turns += 1;
        }
        Event::RunPaused { difference } => {
            state.status = Status::Paused;
            state.difference.clone_from(difference);
        }
        Event::RunStarted {} => state.status = Status::Running,
        Event::RunResumed {} => {
            state.status = Status::Running;
            state.difference = None;
        }
        Event::RunFinished { result } => end(Status::Finished { result: result.clone() }),
        Event::RunFailed { error } => end(Status::Failed { error: error.clone() }),
        Event::RunWorked { ms } => state.worked_ms = state.worked_ms.saturating_add(*ms),
        Event::RunCancelled {} => end(Status::Cancelled),
        Event::RunDiverged { step, recorded, asked } => {
            end(Status::Diverged { step: *step, recorded: recorded.clone(), asked: asked.clone() });
        }
    }
}

/// A step, to be changed. Who was handed the state before keeps it as it was.
fn step_of(state: &mut State, step: u32) -> Option<&mut Step> {
    state.steps.get_mut(&step).map(Arc::make_mut)
}
