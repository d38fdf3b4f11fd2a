//! Workflows for the tools of a chat: started in the chat's session under a name made of chat and call, so that a crash starts
//! none twice, and looked at.

use std::sync::Arc;

use replay::ids::{By, StreamId, derived};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Effects, desk::folded_of, run::id};
use crate::{
    entities::{
        body::{Body, head},
        chat::{event::Origin, ids::ToolCallId, state::About},
        run::{
            self, Run,
            event::{Requested, StepKind},
            state::Status,
        },
    },
    host::{Host, SubmitError},
    tools::{Answering, ToolOutcome, ToolOutput, Workflows},
};

/// The namespace of the runs that chats start.
const RUN: Uuid = uuid::uuid!("6e0fd3a5-0c1c-4b55-9d35-3d1d2c3c7f42");
/// So much of a result is shown, in bytes of UTF-8: a whole one stands in the run.
const SHOWN: usize = 16 * 1024;

/// The workflows of one tool call.
pub(super) struct Asking {
    pub effects: Effects,
    pub host: Host,
    pub chat: StreamId,
    pub about: About,
    /// The model that asks: agents for which the script names none ask it too.
    pub model: Arc<str>,
    pub call: ToolCallId,
}

/// The workflows that a chat may start; none for an agent that is a step of one: it would start what nobody sees and counts.
pub(super) fn may_start(about: &About) -> bool {
    match about.origin {
        Origin::Run { .. } => false,
        Origin::User | Origin::Fork { .. } => true,
    }
}

impl Workflows for Asking {
    fn start(&self, name: String, args: Option<Value>) -> Answering<'_> {
        Box::pin(async move { self.started(&name, args).await.unwrap_or_else(ToolOutput::failed) })
    }

    fn status(&self, run: String) -> Answering<'_> {
        Box::pin(async move { self.stands(&run).await.unwrap_or_else(ToolOutput::failed) })
    }
}

impl Asking {
    async fn started(&self, name: &str, args: Option<Value>) -> Result<ToolOutput, String> {
        let Self { effects, about, .. } = self;
        let run = derived(RUN, &[&self.chat.to_string(), &self.call.to_string()]);
        let stream = StreamId::new("run", run);
        let known = folded_of::<Run>(&effects.log, stream.clone()).await?;
        if let Some(requested) = &known.state().about {
            return Ok(said(&answer(run, &requested.workflow, known.state())));
        }
        let found = match effects.found(about.project, name).await {
            Ok(found) => found,
            Err(why) => return Err(format!("{why}\n{}", effects.all_there_are(about.project).await)),
        };
        let kept = |error: replay::blobs::BlobError| error.to_string();
        let script = effects.bodies.write(found.pinned()).await.map_err(kept)?;
        let arguments = match args {
            Some(args) => Some(effects.bodies.write(args.to_string()).await.map_err(kept)?),
            None => None,
        };
        let request = found.request(run, about.session, about.project, script, self.model.clone());
        let command = run::Command::RequestRun(Box::new(Requested { arguments, ..request }));
        let by = By::agent(&about.agent);
        match self.host.submit(stream, command.into(), by, id("request")).await {
            Ok(_) => Ok(said(&answer(run, &found.meta.name, &run::State::default()))),
            Err(error) => Err(could_not(&found.meta.name, &error)),
        }
    }

    async fn stands(&self, asked: &str) -> Result<ToolOutput, String> {
        let unknown = || format!("There is no run `{asked}` here. Give the `run` that `run_workflow` answered.");
        let id = asked.trim().trim_start_matches("run/").parse::<Uuid>().map_err(|_| unknown())?;
        let stream = StreamId::new("run", id);
        let folded = folded_of::<Run>(&self.effects.log, stream.clone()).await?;
        let state = folded.state();
        // What runs on other projects is none of this chat's business.
        let about = state.about.as_ref().filter(|of| of.project == self.about.project).ok_or_else(unknown)?;
        let mut told = answer(id, &about.workflow, state);
        let insert =
            |told: &mut Map<String, Value>, name: &str, value: Value| drop(told.insert(name.to_owned(), value));
        insert(&mut told, "phases", json!(state.phases));
        if let Some(phase) = &state.phase {
            insert(&mut told, "phase", json!(phase));
        }
        let done = state.steps.values().filter(|step| !step.is_open()).count();
        insert(&mut told, "steps", json!({"done": done, "total": state.steps.len()}));
        let waits = state.steps.iter().filter(|(_, step)| step.kind == StepKind::Approve && step.is_open());
        let questions: Vec<Value> =
            waits.map(|(number, step)| json!({"step": number, "question": question(&step.payload)})).collect();
        if !state.is_over() && !questions.is_empty() {
            insert(&mut told, "waits_for_a_person", json!(questions));
        }
        match &state.status {
            Status::Running | Status::Queued | Status::Paused | Status::Cancelled => {}
            Status::Finished { result } => {
                let whole = self.effects.bodies.read(&stream, result).await;
                let shown = head(&whole, SHOWN);
                if shown.len() < whole.len() {
                    insert(&mut told, "result", json!(shown));
                    insert(
                        &mut told,
                        "result_cut",
                        json!(format!("these are the first {} of {} bytes", shown.len(), whole.len())),
                    );
                } else {
                    insert(&mut told, "result", serde_json::from_str(&whole).unwrap_or(Value::String(whole)));
                }
            }
            Status::Failed { error } => {
                let place = error.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
                insert(&mut told, "error", json!(format!("{}: {}{place}", error.name, error.message)));
            }
            Status::Diverged { step, .. } => {
                insert(&mut told, "error", json!(format!("step {step} of it is not what it was before")));
            }
        }
        Ok(said(&told))
    }
}

impl Effects {
    /// All workflows of a project that can run, a line each, for a model that named one that there is none of.
    async fn all_there_are(&self, project: Uuid) -> String {
        let Ok(project) = self.project(project).await else { return String::new() };
        let scripts = self.scripts.clone();
        let listed =
            tokio::task::spawn_blocking(move || scripts.list(Some(std::path::Path::new(&*project.path)))).await;
        let Ok(Ok(listed)) = listed else { return String::new() };
        let mut lines = vec!["The workflows are:".to_owned()];
        for one in listed.iter().filter(|one| one.error.is_none() && !one.hidden) {
            let takes = one.args.as_ref().map(|args| format!("; args: {args}")).unwrap_or_default();
            lines.push(format!("- {}: {}{takes}", one.name, one.description));
        }
        lines.join("\n")
    }
}

fn could_not(name: &str, error: &SubmitError) -> String {
    format!("The workflow `{name}` could not be started: {error}")
}

fn question(payload: &Body) -> String {
    let payload: Value = serde_json::from_str(payload.shown()).unwrap_or_default();
    payload["question"].as_str().unwrap_or("a question that is too long to be shown here").to_owned()
}

fn answer(run: Uuid, name: &str, state: &run::State) -> Map<String, Value> {
    let status = match state.status {
        Status::Running => "running",
        Status::Queued => "queued",
        Status::Paused => "paused",
        Status::Finished { .. } => "finished",
        Status::Failed { .. } => "failed",
        Status::Cancelled => "cancelled",
        Status::Diverged { .. } => "diverged",
    };
    let fields = [("run", run.to_string()), ("name", name.to_owned()), ("status", status.to_owned())];
    fields.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

fn said(answer: &Map<String, Value>) -> ToolOutput {
    let text = Value::Object(answer.clone()).to_string();
    ToolOutput {
        outcome: ToolOutcome::Succeeded,
        text,
        truncated: answer.contains_key("result_cut"),
        shown: None,
        total: None,
    }
}
