//! What happens in a run.

use std::sync::Arc;

use replay::{decider::Attempt, ids::StreamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::reuse::{Basis, CachedFrom, Reason, Resume};
use crate::entities::{body::Body, chat::brief::Brief, usage::Usage};

/// A fact in the stream of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// Somebody asked for a workflow to run. All that decides what it does is pinned here.
    RunRequested(Box<Requested>),
    /// The script began another part of its progress.
    PhaseStarted {
        /// Its heading.
        title: Arc<str>,
    },
    /// The script said something.
    LogWritten {
        /// What.
        text: Arc<str>,
    },
    /// The script asked for something that takes an answer.
    StepRequested(Box<StepRequest>),
    /// It is about to be done.
    StepStarted {
        /// The step.
        step: u32,
        /// Which attempt; a restart of the server makes another.
        attempt: Attempt,
        /// The stream in which it happens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        child: Option<StreamId>,
    },
    /// It failed, and is tried again after a while.
    StepTryFailed {
        /// The step.
        step: u32,
        /// The name of the error.
        name: Arc<str>,
        /// What went wrong.
        message: Arc<str>,
        /// What the try took.
        #[serde(default)]
        usage: Usage,
        /// How long it took, in ms.
        latency_ms: u64,
        /// How long nothing is done, in ms.
        wait_ms: u64,
    },
    /// It is tried again now.
    StepRetried {
        /// The step.
        step: u32,
    },
    /// It has its answer.
    StepSettled {
        /// The step.
        step: u32,
        /// How it ended.
        outcome: StepOutcome,
        /// What it took.
        #[serde(default)]
        usage: Usage,
        /// From its start to its end, in ms.
        latency_ms: u64,
        /// Where the answer was first given, if it was not given here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cached_from: Option<CachedFrom>,
        /// The files of the project changed while it was done: it is an answer to no state of them, and is not given again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        changed: bool,
        /// The worktree that it left, if it changed anything there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worktree: Option<Worktree>,
    },
    /// The script does not wait for it any more.
    StepCancelled {
        /// The step.
        step: u32,
    },
    /// A person answered a question of the script; the step is settled with it.
    ApprovalAnswered {
        /// The step.
        step: u32,
        /// Yes or no.
        approved: bool,
        /// What was said to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Arc<str>>,
    },
    /// The script was brought the answers so far, in their order, and waits for more.
    ScriptAdvanced {
        /// How many answers it has been brought in all.
        settled: u32,
    },
    /// It waits for its turn: only so many runs go on at a time. A run of an earlier version, or within another, has no turns.
    RunQueued {},
    /// It has its turn: it goes on until there is nothing to do but to wait for people or for time.
    RunStarted {},
    /// No step begins until it is resumed.
    RunPaused {
        /// The engine of this version asks for something else than what is recorded: a person chooses what becomes of it. Where
        /// absent, a person paused it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        difference: Option<Difference>,
    },
    /// It goes on.
    RunResumed {},
    /// The script came to its result.
    RunFinished {
        /// The result, as JSON.
        result: Body,
    },
    /// The script failed.
    RunFailed {
        /// Why.
        error: RunError,
    },
    /// It has worked for a while: its turn had come, and it waited neither for people nor for time. Only of a run whose time is
    /// limited.
    RunWorked {
        /// For how long since the last such event, in ms.
        ms: u64,
    },
    /// Somebody stopped it.
    RunCancelled {},
    /// A replay asked for something else than what is recorded.
    RunDiverged {
        /// The step.
        step: u32,
        /// What is recorded, as KIND PAYLOAD; nothing where the replay asks for more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recorded: Option<Body>,
        /// What the replay asked for; nothing where it asks for less.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<Body>,
    },
}

impl replay::event::Event for Event {}

/// The events that end a step or a run.
pub const ENDS: &[&str] = &["StepSettled", "RunFinished", "RunFailed", "RunCancelled", "RunDiverged"];

/// What a run is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requested {
    /// Its own id, which its steps' streams are named after.
    pub run: Uuid,
    /// The session it belongs to.
    pub session: Uuid,
    /// The project that the session works on.
    pub project: Uuid,
    /// The workflow's name.
    pub workflow: Arc<str>,
    /// What it does, in its own words.
    pub description: Arc<str>,
    /// The script with all that it imports, as JSON, by the SHA-256 of its blob.
    pub script: Body,
    /// The SHA-256 of the engine, in lower-case hexadecimal.
    pub engine: Arc<str>,
    /// The parts of its progress that it announces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Arc<str>>,
    /// The arguments, as JSON; none where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Body>,
    /// The model of agents for which the script names none.
    pub model: Arc<str>,
    /// How many output tokens it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<u64>,
    /// For how long it may work, in ms: what it waits for its turn, for people and for time does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit_ms: Option<u64>,
    /// What random numbers of the script grow from.
    pub seed: u32,
    /// The step of another run that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The run whose answers it takes, as long as nothing before them is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
    /// What was answered before is asked again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
}

/// What a script asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepRequest {
    /// The number of the call in the script, from 1.
    pub step: u32,
    /// What for.
    pub kind: StepKind,
    /// The SHA-256 of kind and payload, in lower-case hexadecimal: a replay must ask the same.
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
    /// What that agent, and the script, say of it: as it was when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<Arc<Brief>>,
    /// It cannot be done, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// Of a timer its time, of a question or an agent how long it may take at most, in ms; where nothing is said, nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_ms: Option<u64>,
    /// How often it is tried again if it fails of something that another try may mend.
    #[serde(default, skip_serializing_if = "is_none")]
    pub retries: u32,
    /// Under what its answer is kept for others; nothing where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Arc<str>>,
    /// What decides its answer; of agents only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Why it is done, or is not; nothing where the question does not arise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The steps from whose answers it was made, as far as a pipeline or a graph says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "so serde calls it")]
fn is_none(retries: &u32) -> bool {
    *retries == 0
}

/// Where a replay under another engine asks for something else than what is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The step.
    pub step: u32,
    /// What is recorded, as KIND PAYLOAD; nothing where the replay asks for more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Body>,
    /// What the replay asked for; nothing where it asks for less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Body>,
}

/// Why a step cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// The name of the error.
    pub name: Arc<str>,
    /// What is wrong, and what to do.
    pub message: Arc<str>,
}

/// A git worktree that a step worked in and left changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Worktree {
    /// Its folder.
    pub path: Arc<str>,
    /// Its branch.
    pub branch: Arc<str>,
    /// How many files it changed.
    pub files: u32,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parent {
    /// The run.
    pub run: Uuid,
    /// The step.
    pub step: u32,
}

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// An agent works on a prompt, in a chat of its own.
    Agent,
    /// A tool is called, without a model.
    Tool,
    /// Another workflow runs.
    Workflow,
    /// A person is asked.
    Approve,
    /// Time passes.
    Sleep,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepOutcome {
    /// With a value.
    Succeeded {
        /// The value, as JSON.
        value: Body,
    },
    /// With an error, which the script is thrown.
    Failed {
        /// Its name, as `Error`, `TimedOut`.
        name: Arc<str>,
        /// What went wrong.
        message: Arc<str>,
    },
    /// A person stopped it: the script finds `null`.
    Stopped,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunError {
    /// The name of the error.
    pub name: Arc<str>,
    /// What it says.
    pub message: Arc<str>,
    /// Where in the script, as `FILE:LINE:COLUMN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Arc<str>>,
    /// The calls that led there, a line each.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub stack: Arc<str>,
}
