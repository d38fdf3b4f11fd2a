//! The step cache: answers of agents, by project and key, each where the log has it. Folded from the events of all runs, so
//! that it is warm after a restart, and may be deleted at any time.

use std::{io, sync::Arc, time::Duration};

use replay::{
    event::decode,
    ids::{Micros, Position, Revision},
    log::EventLog,
    projection::{Derived, DerivedError, Projected, Projection, Rows},
    record::Record,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::entities::{
    project::{self, Forget},
    run::{
        self,
        event::{StepOutcome, StepRequest},
        reuse::Basis,
    },
    usage::Usage,
};

/// An answer that can be given again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CachedStep {
    /// The SHA-256 of all that decided it, in lower-case hexadecimal.
    pub key: Arc<str>,
    /// The run that gave it.
    pub run: Uuid,
    /// The workflow.
    pub workflow: Arc<str>,
    /// The step.
    pub step: u32,
    /// What it was called.
    pub label: Arc<str>,
    /// The model that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Arc<str>>,
    /// The event with the answer, in the run's stream.
    pub revision: Revision,
    /// When it was given.
    pub at: Micros,
    /// What it took, and saves.
    pub usage: Usage,
    /// How often it was given again.
    pub hits: u32,
    /// When it was given last.
    pub used_at: Micros,
    /// The position of the event with the answer.
    pub position: Position,
}

/// The step of an earlier run that a step is the like of: it has the same phase and label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Like {
    /// What decided its answer.
    pub basis: Basis,
    /// It succeeded.
    pub good: bool,
}

/// What is known of a run that goes on.
#[derive(Debug, Serialize, Deserialize)]
struct Going {
    project: Uuid,
    workflow: Arc<str>,
}

/// What a project forgot.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Forgotten {
    /// All that was answered before this position.
    until: Position,
    /// All that was answered before this time.
    before: Micros,
}

/// The projection of the step cache.
#[derive(Debug, Default)]
pub struct Answers;

impl Projection for Answers {
    const NAME: &'static str = "step_cache";
    const VERSION: u32 = 1;

    fn project(&mut self, rows: &mut Rows<'_>, record: &Record) {
        match record.stream.kind() {
            "run" => drop(run(rows, record)),
            "project" => drop(project(rows, record)),
            _ => {}
        }
    }
}

fn run(rows: &mut Rows<'_>, record: &Record) -> Option<()> {
    let id = record.stream.uuid()?;
    match decode::<run::Event>(record).ok()?? {
        run::Event::RunRequested(of) => put(rows, going(id), &Going { project: of.project, workflow: of.workflow }),
        run::Event::StepRequested(asked) if asked.basis.is_some() => {
            // Without what the script gave: that may be long.
            let asked = StepRequest { payload: "".into(), ..*asked };
            put(rows, pending(id, asked.step), &asked);
        }
        run::Event::StepSettled { step, outcome, usage, cached_from, changed, worktree, .. } => {
            let asked: StepRequest = get(rows, pending(id, step))?;
            rows.remove(pending(id, step));
            let of: Going = get(rows, going(id))?;
            let good = matches!(outcome, StepOutcome::Succeeded { .. });
            if let Some(basis) = asked.basis.clone() {
                put(rows, like(of.project, &of.workflow, &asked, basis.nth), &Like { basis, good });
            }
            let key = answer(of.project, &asked.key.clone()?);
            if cached_from.is_some() {
                let mut known: CachedStep = get(rows, key.clone())?;
                known.hits = known.hits.saturating_add(1);
                known.used_at = record.event.at;
                put(rows, key, &known);
            // What it left in a worktree is not given with its answer.
            } else if good && !changed && worktree.is_none() {
                put(
                    rows,
                    key,
                    &CachedStep {
                        key: asked.key?,
                        run: id,
                        workflow: of.workflow,
                        step,
                        label: asked.label,
                        model: asked.model,
                        revision: record.revision,
                        at: record.event.at,
                        usage,
                        hits: 0,
                        used_at: record.event.at,
                        position: record.position,
                    },
                );
            }
        }
        run::Event::StepCancelled { step } => rows.remove(pending(id, step)),
        run::Event::RunFinished { .. }
        | run::Event::RunFailed { .. }
        | run::Event::RunCancelled {}
        | run::Event::RunDiverged { .. } => rows.remove(going(id)),
        run::Event::StepRequested(_)
        | run::Event::StepTryFailed { .. }
        | run::Event::StepRetried { .. }
        | run::Event::RunWorked { .. }
        | run::Event::PhaseStarted { .. }
        | run::Event::LogWritten { .. }
        | run::Event::StepStarted { .. }
        | run::Event::ApprovalAnswered { .. }
        | run::Event::ScriptAdvanced { .. }
        | run::Event::RunQueued {}
        | run::Event::RunStarted {}
        | run::Event::RunPaused { .. }
        | run::Event::RunResumed {} => {}
    }
    Some(())
}

fn project(rows: &mut Rows<'_>, record: &Record) -> Option<()> {
    let id = record.stream.uuid()?;
    let project::Event::AnswersForgotten { which } = decode::<project::Event>(record).ok()?? else { return None };
    match which {
        Forget::Key { key } => rows.remove(answer(id, &key)),
        Forget::Run { run } => put(rows, forgotten_run(id, run), &record.position),
        Forget::Before { at } => {
            let known: Forgotten = get(rows, forgotten(id)).unwrap_or_default();
            put(rows, forgotten(id), &Forgotten { before: known.before.max(at), ..known });
        }
        Forget::All {} => {
            let known: Forgotten = get(rows, forgotten(id)).unwrap_or_default();
            put(rows, forgotten(id), &Forgotten { until: record.position, ..known });
        }
    }
    Some(())
}

fn get<T: DeserializeOwned>(rows: &mut Rows<'_>, key: Vec<u8>) -> Option<T> {
    serde_json::from_slice(&rows.get(key)?).ok()
}

fn put<T: Serialize>(rows: &mut Rows<'_>, key: Vec<u8>, value: &T) {
    // Made of texts and numbers: it can always be written.
    if let Ok(json) = serde_json::to_vec(value) {
        rows.insert(key, json);
    }
}

/// `a` project key: an answer.
fn answer(project: Uuid, key: &str) -> Vec<u8> {
    [b"a", &project.as_bytes()[..], key.as_bytes()].concat()
}

/// `l` project digest: the last step of a workflow with this phase, label and place among its like.
fn like(project: Uuid, workflow: &str, asked: &StepRequest, nth: u32) -> Vec<u8> {
    let phase = asked.phase.as_deref().unwrap_or_default();
    let name = Sha256::digest(format!("{workflow}\0{phase}\0{}\0{nth}", asked.label));
    [b"l", &project.as_bytes()[..], &name[..16]].concat()
}

/// `g` run: what is known of a run that goes on.
fn going(run: Uuid) -> Vec<u8> {
    [b"g", &run.as_bytes()[..]].concat()
}

/// `s` run step: a step that has no answer yet.
fn pending(run: Uuid, step: u32) -> Vec<u8> {
    [b"s", &run.as_bytes()[..], &step.to_be_bytes()].concat()
}

/// `x` project: what it forgot.
fn forgotten(project: Uuid) -> Vec<u8> {
    [b"x", &project.as_bytes()[..]].concat()
}

/// `y` project run: where it forgot the answers of a run.
fn forgotten_run(project: Uuid, run: Uuid) -> Vec<u8> {
    [b"y", &project.as_bytes()[..], run.as_bytes()].concat()
}

/// The step cache, for those who look something up. Cheap to clone.
#[derive(Clone)]
pub struct StepCache {
    rows: Arc<Projected>,
}

impl StepCache {
    /// Begins to keep it up with the log, in a thread of its own that ends with the last clone.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(derived: &Derived, log: Arc<dyn EventLog>) -> io::Result<Self> {
        Ok(Self { rows: Arc::new(Projected::start(derived, log, Answers)?) })
    }

    /// Waits until the event at a position is folded in. `false`: not in time.
    pub async fn reach(&self, position: Position, timeout: Duration) -> bool {
        self.rows.wait_for(Position(position.0.saturating_add(1)), timeout).await
    }

    /// The answer under a key, unless it was forgotten.
    pub fn hit(&self, project: Uuid, key: &str) -> Option<CachedStep> {
        let known: CachedStep = self.row(&answer(project, key))?;
        self.is_known(project, &known).then_some(known)
    }

    /// The last step of a workflow that had this phase and label, and was the same of them.
    pub fn like(&self, project: Uuid, workflow: &str, asked: &StepRequest) -> Option<Like> {
        self.row(&like(project, workflow, asked, asked.basis.as_ref()?.nth))
    }

    /// The answers of a project, the newest first.
    pub fn of(&self, project: Uuid) -> Vec<CachedStep> {
        let (from, to) = (answer(project, ""), answer(project, "\u{7f}"));
        let rows = readable(self.rows.table().range(&from, &to)).into_iter().flatten().map_while(readable);
        let answers = rows.filter_map(|(_, json)| serde_json::from_slice::<CachedStep>(&json).ok());
        let mut known: Vec<CachedStep> = answers.filter(|known| self.is_known(project, known)).collect();
        known.sort_by_key(|known| std::cmp::Reverse(known.position));
        known
    }

    fn is_known(&self, project: Uuid, known: &CachedStep) -> bool {
        let Forgotten { until, before } = self.row(&forgotten(project)).unwrap_or_default();
        let of_run: Position = self.row(&forgotten_run(project, known.run)).unwrap_or_default();
        known.position >= until && known.at >= before && known.position >= of_run
    }

    fn row<T: DeserializeOwned>(&self, key: &[u8]) -> Option<T> {
        serde_json::from_slice(&readable(self.rows.table().get(key))??).ok()
    }
}

/// What can be read. Where the database cannot be read it is being opened anew, and nothing is known for a moment.
fn readable<T>(read: Result<T, DerivedError>) -> Option<T> {
    read.inspect_err(|error| tracing::warn!(%error, "the step cache cannot be read, and steps are done anew")).ok()
}
