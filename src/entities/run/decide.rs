//! The answers of a run to commands from outside.

use replay::{decider::Context, ids::ByKind};
use serde_json::json;

use super::{
    command::{Command, Rejection},
    event::{Event, StepKind, StepOutcome},
    settle::answered,
    state::{State, Status},
};
use crate::entities::body::Body;

/// How long a comment may be, in characters.
const COMMENT: usize = 10_000;

pub(super) fn decide(state: &State, command: Command, context: &Context) -> Result<Vec<Event>, Rejection> {
    if let Command::RequestRun(requested) = command {
        return match state.about {
            Some(_) => Err(Rejection::AlreadyRequested),
            // One within another goes on in the other's turn: waiting for its own it could keep both waiting for ever.
            None if requested.parent.is_some() => Ok(vec![Event::RunRequested(requested)]),
            None => Ok(vec![Event::RunRequested(requested), Event::RunQueued {}]),
        };
    }
    if state.about.is_none() {
        return Err(Rejection::NoRun);
    }
    if state.is_over() {
        return match command {
            // Whoever stops what has just ended has what they want.
            Command::CancelRun {} => Ok(vec![]),
            _ => Err(Rejection::Over),
        };
    }
    let paused = state.status == Status::Paused;
    Ok(match command {
        Command::RequestRun(_) => return Err(Rejection::AlreadyRequested),
        Command::PauseRun {} if paused => vec![],
        Command::PauseRun {} => vec![Event::RunPaused { difference: None }],
        Command::ResumeRun {} if paused && state.turns > 0 && state.is_busy() => {
            vec![Event::RunResumed {}, Event::RunQueued {}]
        }
        Command::ResumeRun {} if paused => vec![Event::RunResumed {}],
        Command::ResumeRun {} => return Err(Rejection::NotPaused),
        Command::CancelRun {} => vec![Event::RunCancelled {}],
        Command::StopStep { step } => {
            open(state, step)?;
            with_a_turn(state, vec![answered(step, StepOutcome::Stopped, None)])
        }
        Command::AnswerApproval { step, approved, comment } => {
            let kind = open(state, step)?;
            if kind != StepKind::Approve {
                return Err(Rejection::NoQuestion(step));
            }
            if matches!(context.by.kind, ByKind::Agent | ByKind::System) {
                return Err(Rejection::NotAPerson);
            }
            if comment.as_ref().is_some_and(|comment| comment.chars().count() > COMMENT) {
                return Err(Rejection::LongComment(COMMENT));
            }
            let value = json!({"approved": approved, "by": &*context.by.id, "comment": comment.as_deref()});
            let value = Body::from(value.to_string().as_str());
            let settled = answered(step, StepOutcome::Succeeded { value }, None);
            with_a_turn(state, vec![Event::ApprovalAnswered { step, approved, comment }, settled])
        }
    })
}

/// What brings a run that only waited something to do has it queue for a turn.
pub(super) fn with_a_turn(state: &State, mut events: Vec<Event>) -> Vec<Event> {
    if state.status == Status::Running && state.turns > 0 && !state.is_busy() {
        events.push(Event::RunQueued {});
    }
    events
}

fn open(state: &State, step: u32) -> Result<StepKind, Rejection> {
    let known = state.steps.get(&step).ok_or(Rejection::NoStep(step))?;
    if known.is_open() { Ok(known.kind) } else { Err(Rejection::StepOver(step)) }
}
