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
            None => Ok(vec![Event::RunRequested(requested)]),
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
        Command::PauseRun {} => vec![Event::RunPaused {}],
        Command::ResumeRun {} if paused => vec![Event::RunResumed {}],
        Command::ResumeRun {} => return Err(Rejection::NotPaused),
        Command::CancelRun {} => vec![Event::RunCancelled {}],
        Command::StopStep { step } => {
            open(state, step)?;
            vec![answered(step, StepOutcome::Stopped, None)]
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
            vec![Event::ApprovalAnswered { step, approved, comment }, settled]
        }
    })
}

fn open(state: &State, step: u32) -> Result<StepKind, Rejection> {
    let known = state.steps.get(&step).ok_or(Rejection::NoStep(step))?;
    if known.is_open() { Ok(known.kind) } else { Err(Rejection::StepOver(step)) }
}
