//! Workflows: those that there are, and their runs.

use std::{path::Path, sync::Arc};

use actix_web::{http::StatusCode, web};
use replay::ids::StreamId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    app::Shared,
    commands::{blocking, known_model, open_session, stored, submit, view},
    default_model,
    identity::Identity,
    problem::Problem,
    reading::{Answer, AtLeast, Idempotency, Items, Landed, PageQuery, answer, page, row, row_after, stream},
    trust,
};
use crate::{
    entities::{
        body::Body,
        chat, project,
        run::{self, Command, event::Requested, reuse::Resume},
        session,
    },
    projections::{Filter, List, Row, RunRow},
    scripts::{FindError, Found, Listed, Source},
};

/// The longest arguments, in bytes of UTF-8.
const LONGEST_ARGUMENTS: usize = 1024 * 1024;

/// Whose workflows are asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowsQuery {
    /// The project; without one, the user's own and the built-in ones.
    pub project: Option<Uuid>,
}

/// The workflows that there are.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Workflows {
    /// In the order in which a name is looked for.
    pub items: Vec<Listed>,
}

/// The workflows that a name means, as clients of `BooCode` read them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OrchestratorWorkflows {
    /// Each name once; what cannot run says why in `error`.
    pub workflows: Vec<Listed>,
}

/// A workflow to run.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    /// The workflow's name; `builtin:NAME` always means ours.
    pub workflow: String,
    /// The session it belongs to.
    pub session: Uuid,
    /// Its arguments, any JSON, handed to it as they are; none where absent.
    #[serde(default, deserialize_with = "some")]
    pub args: Option<Value>,
    /// The model of agents for which the workflow names none; the session's, or else the server's default, where absent.
    pub model: Option<Arc<str>>,
    /// How many output tokens it may take; no limit where absent.
    pub budget: Option<u64>,
    /// For how long it may work, in ms, at least one second: what it waits for its turn, for people and for time does not
    /// count. As the server is set, where absent.
    pub time_limit_ms: Option<u64>,
    /// A run of the same project that it goes on from: its answers are taken, as long as nothing before them is new. Where
    /// no arguments are given, those of that run are.
    pub resume_from: Option<Uuid>,
    /// The first step of that run that is done again; all that can be reused is, where absent.
    pub from_step: Option<u32>,
    /// `false`: what was answered before is asked again.
    pub cache: Option<bool>,
}

/// That `null` is given is not the same as that nothing is.
fn some<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// Words to an agent of a workflow that works.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStepMessage {
    /// What is said.
    pub text: String,
}

/// An answer to a question of a workflow.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApproval {
    /// Yes or no.
    pub approved: bool,
    /// What is to be said to it.
    pub comment: Option<Arc<str>>,
}

fn of_row(row: Row) -> Option<RunRow> {
    match row {
        Row::Run(row) => Some(row),
        Row::Chat(_) | Row::Project(_) | Row::Session(_) => None,
    }
}

fn run_row(row: Row) -> Result<RunRow, Problem> {
    of_row(row).ok_or_else(|| Problem::internal("a run's row is of another kind"))
}

/// `GET /api/workflows`
pub async fn workflows(shared: web::Data<Shared>, query: web::Query<WorkflowsQuery>) -> Answer<Workflows> {
    answer(Workflows { items: listed(&shared, &query).await? })
}

/// `GET /api/orchestrator/workflows`
pub async fn of_the_orchestrator(
    shared: web::Data<Shared>,
    query: web::Query<WorkflowsQuery>,
) -> Answer<OrchestratorWorkflows> {
    let mut workflows = listed(&shared, &query).await?;
    // Its clients start what they list by name: what another one of the name hides could not be started.
    workflows.retain(|listed| !listed.hidden);
    answer(OrchestratorWorkflows { workflows })
}

async fn listed(shared: &Shared, query: &WorkflowsQuery) -> Result<Vec<Listed>, Problem> {
    let folder = match query.project {
        Some(project) => Some(folder(shared, project).await?.path),
        None => None,
    };
    let scripts = shared.app.scripts.clone();
    blocking(move || scripts.list(folder.as_deref().map(Path::new))).await?.map_err(Problem::internal)
}

/// The folder of a project that is under care.
pub(super) async fn folder(shared: &Shared, project: Uuid) -> Result<project::State, Problem> {
    let state: project::State = view(shared, &StreamId::new("project", project)).await?;
    if !state.registered {
        let detail = format!("there is no project {project}: register its folder first");
        return Err(Problem::not_found("no_project", detail));
    }
    Ok(state)
}

/// `GET /api/runs`
pub async fn list(shared: web::Data<Shared>, query: web::Query<PageQuery>) -> Answer<Items<RunRow>> {
    let filter = Filter { list: List::Runs, project: query.project, session: query.session, archived: query.archived };
    answer(page(&shared, filter, &query, of_row).await?)
}

/// `GET /api/runs/{id}`
pub async fn show(shared: web::Data<Shared>, id: web::Path<String>, query: web::Query<AtLeast>) -> Answer<RunRow> {
    shared.listed(query.at_least).await?;
    answer(run_row(row(&shared, &stream("run", &id)?)?)?)
}

/// `POST /api/runs`
pub async fn start(
    shared: web::Data<Shared>,
    who: Identity,
    body: web::Json<NewRun>,
    key: Idempotency,
) -> Answer<RunRow> {
    let NewRun { workflow, session, args, model, budget, time_limit_ms, resume_from, from_step, cache } =
        body.into_inner();
    let desk: session::State = view(&shared, &StreamId::new("session", session)).await?;
    let Some(project) = desk.project else {
        let detail = format!("there is no session {session}: POST /api/sessions opens one");
        return Err(Problem::not_found("no_session", detail));
    };
    open_session(&shared, session, project).await?;
    let model = match model.or(desk.model) {
        Some(model) => model,
        None => default_model::meant(&shared).await?.model,
    };
    known_model(&shared, Some(&model))?;
    let folder = folder(&shared, project).await?;
    let found = found(&shared, &folder.path, workflow).await?;
    trusted(&found, &folder).await?;
    let id = key.id(&who.key, "run");
    let earlier = match (resume_from, from_step) {
        (Some(run), _) => Some(earlier(&shared, project, run, from_step).await?),
        (None, Some(_)) => return Err(bad("`from_step` is a step of the run in `resume_from`: name that run, too")),
        (None, None) => None,
    };
    if earlier.is_some() && cache == Some(false) {
        return Err(bad(
            "`cache: false` asks everything again, and `resume_from` takes what was answered: leave one out",
        ));
    }
    let arguments = match (args, &earlier) {
        (Some(args), _) => Some(kept(&shared, "the arguments", args.to_string()).await?),
        (None, earlier) => earlier.as_ref().and_then(|earlier| earlier.arguments.clone()),
    };
    let resume = resume_from.map(|run| Resume { run, from_step });
    let script = kept(&shared, "the workflow", found.pinned()).await?;
    let anew = cache == Some(false);
    if time_limit_ms.is_some_and(|ms| ms < 1_000) {
        return Err(bad("`time_limit_ms` is below 1000: in less than a second no workflow comes far"));
    }
    let usual = found.request(id, session, project, script, model);
    let time_limit_ms = time_limit_ms.or(usual.time_limit_ms);
    let requested = Requested { arguments, budget, time_limit_ms, resume, anew, ..usual };
    let stream = StreamId::new("run", id);
    let command = Command::RequestRun(Box::new(requested));
    let accepted = submit(&shared, &who, stream.clone(), command, key.command()).await?;
    answer(run_row(row_after(&shared, &stream, accepted).await?)?)
}

fn bad(detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_run", detail)
}

/// What a run was of that another is to go on from.
async fn earlier(shared: &Shared, project: Uuid, run: Uuid, from_step: Option<u32>) -> Result<Arc<Requested>, Problem> {
    let state: run::State = view(shared, &StreamId::new("run", run)).await?;
    let about = state.about.clone().filter(|about| about.project == project).ok_or_else(|| {
        Problem::not_found("no_run", format!("this project has no run {run}: GET /api/runs lists them"))
    })?;
    if !state.is_over() {
        let detail = format!("run {run} still goes on: stop it first, or wait for its end");
        return Err(Problem::conflict("run_goes_on", detail));
    }
    if state.settled.is_empty() {
        let detail = format!("nothing to resume: no step of run {run} has an answer. Run the workflow anew");
        return Err(Problem::conflict("nothing_to_resume", detail));
    }
    if let Some(step) = from_step.filter(|step| !state.steps.contains_key(step)) {
        return Err(Problem::not_found("no_step", format!("run {run} has no step {step}")));
    }
    Ok(about)
}

/// That a workflow was not found, or cannot be used.
pub(super) fn find_problem(error: &FindError) -> Problem {
    match error {
        FindError::Unknown { .. } => Problem::not_found("no_workflow", error.to_string()),
        FindError::Broken { .. } => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_workflow", error.to_string()),
        FindError::Engine(_) => Problem::internal(error),
    }
}

async fn found(shared: &Shared, folder: &Arc<str>, workflow: String) -> Result<Found, Problem> {
    let (scripts, folder) = (shared.app.scripts.clone(), folder.clone());
    blocking(move || scripts.find(Path::new(&*folder), &workflow)).await?.map_err(|error| find_problem(&error))
}

/// What a project brings runs once the project is trusted as it is now.
async fn trusted(found: &Found, folder: &project::State) -> Result<(), Problem> {
    if found.source != Source::Project {
        return Ok(());
    }
    let shown = trust::survey(folder.path.clone()).await?;
    if folder.trusted.as_deref() == Some(&*shown.digest) {
        return Ok(());
    }
    Err(Problem::forbidden("not_trusted", found.untrusted()))
}

async fn kept(shared: &Shared, what: &str, text: String) -> Result<Body, Problem> {
    if text.len() > LONGEST_ARGUMENTS {
        let detail =
            format!("{what} has {} bytes, and at most {LONGEST_ARGUMENTS} fit: put it into a file", text.len());
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_long", detail));
    }
    stored(shared, Body::from(text.as_str())).await
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident => $command:expr;)+) => {$(
        $(#[$doc])*
        pub async fn $name(shared: web::Data<Shared>, who: Identity, id: web::Path<String>, key: Idempotency) -> Answer<Landed> {
            answer(submit(&shared, &who, stream("run", &id)?, $command, key.command()).await?.into())
        }
    )+};
}

acts! {
    /// `POST /api/runs/{id}/pause`
    pause => Command::PauseRun {};
    /// `POST /api/runs/{id}/resume`
    resume => Command::ResumeRun {};
    /// `POST /api/runs/{id}/cancel`
    cancel => Command::CancelRun {};
}

/// `POST /api/runs/{id}/steps/{step}/stop`
pub async fn stop_step(
    shared: web::Data<Shared>,
    who: Identity,
    path: web::Path<(String, u32)>,
    key: Idempotency,
) -> Answer<Landed> {
    let (id, step) = path.into_inner();
    let command = Command::StopStep { step };
    answer(submit(&shared, &who, stream("run", &id)?, command, key.command()).await?.into())
}

/// `POST /api/runs/{id}/steps/{step}/message`
pub async fn tell(
    shared: web::Data<Shared>,
    who: Identity,
    path: web::Path<(String, u32)>,
    body: web::Json<NewStepMessage>,
    key: Idempotency,
) -> Answer<Landed> {
    let (id, number) = path.into_inner();
    let state: run::State = view(&shared, &stream("run", &id)?).await?;
    let step = state
        .steps
        .get(&number)
        .ok_or_else(|| Problem::not_found("no_step", format!("run {id} has no step {number}")))?;
    if !step.is_open() || state.is_over() {
        return Err(Problem::conflict("step_over", format!("step {number} is over: nobody would read it")));
    }
    let chat = step.child.clone().filter(|child| child.kind() == "chat").ok_or_else(|| {
        let detail = format!("step {number} is no agent that has begun: only those can be spoken to");
        Problem::conflict("no_agent", detail)
    })?;
    let message = Some(key.id(&who.key, "message"));
    let text = body.into_inner().text.as_str().into();
    let command = chat::Command::PostMessage { message, text, attachments: vec![] };
    answer(submit(&shared, &who, chat, command, key.command()).await?.into())
}

/// `POST /api/runs/{id}/steps/{step}/approval`
pub async fn approve(
    shared: web::Data<Shared>,
    who: Identity,
    path: web::Path<(String, u32)>,
    body: web::Json<NewApproval>,
    key: Idempotency,
) -> Answer<Landed> {
    let (id, step) = path.into_inner();
    let NewApproval { approved, comment } = body.into_inner();
    let command = Command::AnswerApproval { step, approved, comment };
    answer(submit(&shared, &who, stream("run", &id)?, command, key.command()).await?.into())
}
