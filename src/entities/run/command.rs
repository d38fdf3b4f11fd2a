//! What may be asked of a run, and why it may be refused.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::Requested;

/// A request to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Command {
    /// Runs a workflow. The server makes it of `POST /api/runs`; nobody else knows what it pins.
    RequestRun(Box<Requested>),
    /// Lets no more steps begin.
    PauseRun {},
    /// Lets it go on.
    ResumeRun {},
    /// Stops it, with all that it has begun.
    CancelRun {},
    /// Stops one step: the script finds `null`.
    StopStep {
        /// The step.
        step: u32,
    },
    /// Answers a question of the script.
    AnswerApproval {
        /// The step.
        step: u32,
        /// Yes or no.
        approved: bool,
        /// What is to be said to it, at most 10,000 characters.
        #[serde(default)]
        comment: Option<Arc<str>>,
    },
}

/// Why a run refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The run is there already.
    #[error("this run is there already: start another under a new id")]
    AlreadyRequested,
    /// There is no such run.
    #[error("there is no such run: start it first")]
    NoRun,
    /// It is over.
    #[error("this run is over: start another")]
    Over,
    /// There is nothing to resume.
    #[error("this run is not paused: there is nothing to resume")]
    NotPaused,
    /// There is no such step.
    #[error("this run has no step {0}")]
    NoStep(u32),
    /// The step is over.
    #[error("step {0} is over already")]
    StepOver(u32),
    /// The step asks nobody.
    #[error("step {0} is no question: only what `approve()` asks is answered")]
    NoQuestion(u32),
    /// Only people answer.
    #[error("a question of a workflow is answered by a person, not by an agent")]
    NotAPerson,
    /// The comment does not fit.
    #[error("a comment has at most {0} characters")]
    LongComment(usize),
}

impl replay::decider::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRequested => "already_requested",
            Self::NoRun => "no_run",
            Self::Over => "run_over",
            Self::NotPaused => "not_paused",
            Self::NoStep(_) => "no_step",
            Self::StepOver(_) => "step_over",
            Self::NoQuestion(_) => "no_question",
            Self::NotAPerson => "not_a_person",
            Self::LongComment(_) => "long_comment",
        }
    }
}
