//! The work of runs: their scripts driven, their steps done, each kind of step in a file of its own.

mod agent;
mod apart;
mod asked;
mod child;
mod drive;
mod kept;
mod nested;
mod reuse;
mod tool;

use std::{sync::Arc, time::Duration};

pub(super) use child::id;
pub use kept::Kept;

use super::Effects;
use crate::{
    entities::{
        Piece,
        run::{
            self,
            event::{Refused, StepKind, StepOutcome, Worktree},
            state::Step,
        },
        usage::Usage,
    },
    host::Job,
};

/// How a step went.
struct Done {
    outcome: StepOutcome,
    usage: Usage,
    /// The files of the project are not those that its answer would be kept for.
    changed: bool,
    /// The worktree that it left.
    worktree: Option<Worktree>,
}

impl Done {
    /// It failed, before it took anything.
    fn failed(name: &str, message: impl Into<Arc<str>>) -> Self {
        Self::ended(StepOutcome::Failed { name: name.into(), message: message.into() }, Usage::default())
    }

    /// It ended so, and left nothing behind.
    fn ended(outcome: StepOutcome, usage: Usage) -> Self {
        Self { outcome, usage, changed: false, worktree: None }
    }
}

impl Effects {
    pub(super) async fn run(&self, job: &Job, state: &Arc<run::State>, work: &run::Work) -> run::Outcome {
        match work {
            run::Work::Turn => turn(job, state).await,
            run::Work::Clock => clock(job, state).await,
            run::Work::Drive => self.drive(&job.stream, state).await,
            run::Work::Wait { until, .. } => {
                crate::host::sleep_until(&*self.clock, *until).await;
                run::Outcome::Elapsed
            }
            run::Work::Perform { step } => {
                let began = self.clock.now();
                let done = match state.steps.get(step).map(|known| &**known) {
                    Some(Step { refused: Some(Refused { name, message }), .. }) => Done::failed(name, message.clone()),
                    Some(known) => self.step(job, state, *step, known).await,
                    None => Done::failed("Internal", "the run has no such step. This is a bug; please report it."),
                };
                let Done { outcome, usage, changed, worktree } = done;
                let latency_ms = self.clock.now().ms_since(began);
                run::Outcome::Performed { outcome, usage, latency_ms, changed, worktree }
            }
        }
    }

    async fn step(&self, job: &Job, state: &run::State, number: u32, step: &Step) -> Done {
        match step.kind {
            StepKind::Agent => {
                let before = self.are_other_files(state, step).await;
                let done = self.agent(job, state, number, step).await;
                let kept = matches!(done.outcome, StepOutcome::Succeeded { .. });
                Done { changed: before || (kept && self.are_other_files(state, step).await), ..done }
            }
            StepKind::Tool => self.tool(job, state, step).await,
            StepKind::Workflow => self.nested(job, state, number, step).await,
            StepKind::Approve | StepKind::Sleep => {
                Done::failed("Internal", "a step that waits is not performed. This is a bug; please report it.")
            }
        }
    }

    /// Whether the files of the project are not those that a step's answer would be kept for.
    async fn are_other_files(&self, state: &run::State, step: &Step) -> bool {
        match (&state.about, &step.basis) {
            (Some(about), Some(basis)) if step.key.is_some() && basis.files.is_some() => {
                !basis.is_of(self.files_of(about).await.as_deref())
            }
            _ => false,
        }
    }
}

/// Says that the turn of a run has come, and keeps its place until the run is over, or only waits, and nobody wants it any more.
async fn turn(job: &Job, state: &run::State) -> run::Outcome {
    // After a restart it goes on: it was said before.
    if state.status == run::state::Status::Queued {
        let _gone = job.progress.send(Piece::Run(run::Piece::Turn)).await.is_err();
    }
    std::future::pending().await
}

/// After so long it is said again that a run has worked: so much of its time a crash may forget.
const BEAT: Duration = Duration::from_secs(10);

/// Says how long a run works, until it is over, or only waits.
async fn clock(job: &Job, state: &run::State) -> run::Outcome {
    let limit = state.about.as_ref().and_then(|about| about.time_limit_ms).unwrap_or(u64::MAX);
    let mut left = Duration::from_millis(limit.saturating_sub(state.worked_ms).max(1));
    while !left.is_zero() {
        let beat = left.min(BEAT);
        tokio::time::sleep(beat).await;
        let ms = u64::try_from(beat.as_millis()).unwrap_or(u64::MAX);
        if job.progress.send(Piece::Run(run::Piece::Worked { ms })).await.is_err() {
            break;
        }
        left = left.saturating_sub(beat);
    }
    std::future::pending().await
}

/// What becomes of work whose performance panicked.
pub(super) fn panicked(work: &run::Work, message: &str) -> run::Outcome {
    match work {
        run::Work::Drive => {
            let message =
                format!("the server failed while it drove the script: {message}. This is a bug; please report it.");
            run::Outcome::Broken { message: message.into() }
        }
        run::Work::Turn | run::Work::Clock | run::Work::Wait { .. } => run::Outcome::Elapsed,
        run::Work::Perform { .. } => {
            let what = format!("the server failed while it did this step: {message}. This is a bug; please report it.");
            let Done { outcome, usage, changed, worktree } = Done::failed("Internal", what);
            run::Outcome::Performed { outcome, usage, latency_ms: 0, changed, worktree }
        }
    }
}
