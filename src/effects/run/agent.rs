//! Steps that happen elsewhere: an agent in a chat of its own, another workflow in a run of its own, a tool without a model.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{
    super::{Effects, desk::folded_of, structured},
    Done,
    drive::AGENT_ERROR,
};
use crate::{
    entities::{
        Command,
        chat::{
            self, Chat,
            answer::{SUBMIT, TRIES, answer, has_answer, misfits},
            command::TOKEN_BUDGET,
            event::{Origin, TurnOutcome},
            state::{Message, TurnEnd},
        },
        run::{
            self, Run, child_of,
            event::{Parent, Requested, StepKind, StepOutcome},
            state::{State, Status, Step},
        },
        usage::Usage,
    },
    host::{Host, Job, SubmitError},
    tools::{self, ToolContext},
};
use replay::{
    ids::{By, CommandId, Revision, StreamId, derived},
    log::{Delivery, Selection},
};
use serde_json::Value;

/// How often an agent is asked for its answer.
const REMINDERS: usize = 4;
/// How long an agent may go without an event of its chat, where the script does not say.
const SILENCE: Duration = Duration::from_mins(5);

impl Effects {
    /// Asks an agent, in a chat of its own, and waits for its answer. After a restart the chat is there, and is waited for.
    pub(super) async fn agent(&self, job: &Job, state: &State, number: u32, step: &Step) -> Done {
        let (Some(about), Some(chat)) =
            (&state.about, state.about.as_ref().and_then(|about| child_of(about.run, number, StepKind::Agent)))
        else {
            return Done::failed("Internal", "the run is of nothing. This is a bug; please report it.");
        };
        let payload: Value =
            serde_json::from_str(&self.bodies.read(&job.stream, &step.payload).await).unwrap_or_default();
        let prompt = payload["prompt"].as_str().unwrap_or_default();
        let silence = payload["timeout_ms"].as_u64().map_or(SILENCE, Duration::from_millis);
        let whole = payload["timeout_ms"].as_u64().is_some();
        let schema = payload.get("schema").filter(|schema| !schema.is_null());
        if let Some(Err(why)) = schema.map(structured::check) {
            return Done::failed("InvalidSchema", why);
        }
        let model = step.model.clone().unwrap_or_else(|| about.model.clone());
        if let Err(error) = self.open_chat(&job.host, about, number, &chat, &step.label, model, prompt, schema).await {
            return Done::failed(AGENT_ERROR, format!("its chat could not be opened: {error}"));
        }
        // A chat whose step nobody wants any more is stopped: its answer would be paid for and not read.
        let stops = StopsChat::new(&job.host, &chat, job);
        let mut ended = self.turn_of(&chat, 1, silence, whole).await;
        // A model that writes its answer down in place of handing it in is told so.
        for reminder in 1..REMINDERS {
            if ended.is_err() || schema.is_none() || !self.is_owed(&chat).await {
                break;
            }
            if let Err(error) = self.remind(&job.host, about, &chat, reminder).await {
                return Done::failed(AGENT_ERROR, format!("it could not be asked again: {error}"));
            }
            ended = self.turn_of(&chat, reminder + 1, silence, whole).await;
        }
        stops.disarm();
        match ended {
            Ok(()) => self.answer_of(&chat).await,
            Err(Waited::Silent) => {
                cancel(&job.host, &chat).await;
                let what = format!("the agent did not end within {} ms", silence.as_millis());
                let mut done = Done::failed("TimedOut", what);
                done.usage = self.usage_of(&chat).await;
                done
            }
            Err(Waited::Failed(why)) => Done::failed(AGENT_ERROR, why),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a chat is opened with")]
    async fn open_chat(
        &self,
        host: &Host,
        about: &Requested,
        number: u32,
        chat: &StreamId,
        label: &Arc<str>,
        model: Arc<str>,
        prompt: &str,
        schema: Option<&Value>,
    ) -> Result<(), SubmitError> {
        let by = By::agent(&about.workflow);
        let title = label.chars().take(200).collect::<String>().into();
        let origin = Some(Origin::Run { run: about.run, step: number });
        let keep = |error: replay::blobs::BlobError| SubmitError::Unknown(error.to_string());
        let answer = match schema {
            Some(schema) => Some(self.bodies.write(schema.to_string()).await.map_err(keep)?),
            None => None,
        };
        let open = chat::Command::OpenChat {
            session: about.session,
            project: about.project,
            title,
            model,
            agent: "default".into(),
            token_budget: TOKEN_BUDGET,
            origin,
            answer,
        };
        host.submit(chat.clone(), open.into(), by.clone(), id("open")).await?;
        let text = self.bodies.write(prompt.to_owned()).await.map_err(keep)?;
        let post = chat::Command::PostMessage { message: chat.uuid(), text, attachments: vec![] };
        host.submit(chat.clone(), post.into(), by, id("prompt")).await?;
        Ok(())
    }

    /// Whether a chat still owes the answer that is wanted of it.
    async fn is_owed(&self, chat: &StreamId) -> bool {
        let Ok(folded) = folded_of::<Chat>(&self.log, chat.clone()).await else { return false };
        let state = folded.state();
        let answered = state.messages.iter().rev().find_map(|message| match message {
            Message::End(end) => Some(matches!(end.outcome, Some(TurnOutcome::Answered))),
            _ => None,
        });
        answered == Some(true) && !has_answer(state) && misfits(state) < TRIES
    }

    async fn remind(
        &self,
        host: &Host,
        about: &Requested,
        chat: &StreamId,
        reminder: usize,
    ) -> Result<(), SubmitError> {
        let name = format!("reminder-{reminder}");
        let message = Some(derived(chat.uuid().unwrap_or_default(), &[&name]));
        let text = format!("Your answer is not handed in yet: call `{SUBMIT}` with it.");
        let post = chat::Command::PostMessage { message, text: text.as_str().into(), attachments: vec![] };
        host.submit(chat.clone(), post.into(), By::agent(&about.workflow), id(&name)).await?;
        Ok(())
    }

    /// Waits until so many turns of a chat are over; `whole`: the time is that of the turns, not of their silence.
    async fn turn_of(&self, chat: &StreamId, turns: usize, patience: Duration, whole: bool) -> Result<(), Waited> {
        let ended = AtomicUsize::new(0);
        let over = |kind: &str| {
            let more = usize::from(matches!(kind, "TurnFinished" | "TurnCancelled"));
            ended.fetch_add(more, Ordering::Relaxed) + more >= turns
        };
        if whole {
            let waiting = self.until(chat, patience.max(SILENCE), over);
            return tokio::time::timeout(patience, waiting).await.unwrap_or(Err(Waited::Silent));
        }
        self.until(chat, patience, over).await
    }

    /// Waits for an event of a stream, as long as other events of it come.
    async fn until(&self, stream: &StreamId, silence: Duration, is: impl Fn(&str) -> bool) -> Result<(), Waited> {
        let selection = Selection::Stream { stream: stream.clone(), from: Revision::ZERO };
        let mut events = self.log.subscribe(selection);
        loop {
            let delivery = tokio::time::timeout(silence, events.next()).await.map_err(|_| Waited::Silent)?;
            match delivery {
                Some(Ok(Delivery::Records(records))) if records.iter().any(|record| is(&record.event.kind)) => {
                    return Ok(());
                }
                Some(Ok(Delivery::Records(_) | Delivery::Live)) => {}
                Some(Err(error)) => return Err(Waited::Failed(error.to_string())),
                // The log closes, and with it the server: this is begun again at the next start.
                None => std::future::pending().await,
            }
        }
    }

    /// How the turn of a chat ended, as the answer of its step.
    async fn answer_of(&self, chat: &StreamId) -> Done {
        let folded = match folded_of::<Chat>(&self.log, chat.clone()).await {
            Ok(folded) => folded,
            Err(why) => return Done::failed(AGENT_ERROR, why),
        };
        let state = folded.state();
        let usage = state.usage;
        if let (Some(tool), Some(schema)) =
            (answer(state), state.about.as_ref().and_then(|about| about.answer.as_ref()))
        {
            let (schema, given) = (self.bodies.read(chat, schema).await, self.bodies.read(chat, &tool.arguments).await);
            return match self.bodies.write(structured::unwrapped(&schema, &given)).await {
                Ok(value) => Done { outcome: StepOutcome::Succeeded { value }, usage },
                Err(error) => Done::failed(AGENT_ERROR, format!("its answer could not be kept: {error}")),
            };
        }
        let wants_shape = state.about.as_ref().is_some_and(|about| about.answer.is_some());
        let end = state.messages.iter().rev().find_map(|message| match message {
            Message::End(end) => Some(end),
            _ => None,
        });
        let text = state.messages.iter().rev().find_map(|message| match message {
            Message::Call(call) if !call.text.is_empty() => Some(call.text.clone()),
            _ => None,
        });
        let outcome = match end {
            Some(TurnEnd { outcome: Some(TurnOutcome::Answered | TurnOutcome::Limited { .. }), .. }) if wants_shape => {
                let message = match misfits(state) {
                    0 => "the agent did not hand in an answer of the shape that was asked for".to_owned(),
                    several => {
                        format!("the agent handed in {several} answers, and none fits the schema that was asked for")
                    }
                };
                StepOutcome::Failed { name: "NoAnswer".into(), message: message.into() }
            }
            Some(TurnEnd { outcome: Some(TurnOutcome::Answered | TurnOutcome::Limited { .. }), .. }) => {
                let text = self.bodies.read(chat, &text.unwrap_or_default()).await;
                return match self.bodies.write(Value::String(text).to_string()).await {
                    Ok(value) => Done { outcome: StepOutcome::Succeeded { value }, usage },
                    Err(error) => Done::failed(AGENT_ERROR, format!("its answer could not be kept: {error}")),
                };
            }
            // It died of something that another try would not mend.
            Some(TurnEnd { outcome: Some(TurnOutcome::Failed { error }), .. }) => {
                StepOutcome::Failed { name: AGENT_ERROR.into(), message: error.message.clone() }
            }
            // Somebody stopped it in its chat.
            _ => StepOutcome::Stopped,
        };
        Done { outcome, usage }
    }

    async fn usage_of(&self, chat: &StreamId) -> Usage {
        folded_of::<Chat>(&self.log, chat.clone()).await.map(|folded| folded.state().usage).unwrap_or_default()
    }

    /// Calls a tool without a model.
    pub(super) async fn tool(&self, job: &Job, state: &State, step: &Step) -> Done {
        let Some(about) = &state.about else {
            return Done::failed("Internal", "the run is of nothing. This is a bug; please report it.");
        };
        let payload: Value =
            serde_json::from_str(&self.bodies.read(&job.stream, &step.payload).await).unwrap_or_default();
        let name = payload["name"].as_str().unwrap_or_default();
        let workspace = match self.workspace(about.project, about.session).await {
            Ok(workspace) => Arc::new(workspace),
            Err(why) => return Done::failed("ToolError", why),
        };
        let context = ToolContext { workspace, cancel: job.cancelled.clone() };
        let output = self.toolbox.run(name, &payload["args"].to_string(), &context).await;
        if output.outcome == tools::ToolOutcome::Failed {
            return Done::failed("ToolError", output.text);
        }
        match self.bodies.write(Value::String(output.text).to_string()).await {
            Ok(value) => Done { outcome: StepOutcome::Succeeded { value }, usage: Usage::default() },
            Err(error) => Done::failed("ToolError", format!("its output could not be kept: {error}")),
        }
    }

    /// Runs another workflow, in a run of its own.
    pub(super) async fn nested(&self, job: &Job, state: &State, number: u32, step: &Step) -> Done {
        let Some(about) = &state.about else {
            return Done::failed("Internal", "the run is of nothing. This is a bug; please report it.");
        };
        if about.parent.is_some() {
            let what = "a workflow that runs within another cannot run a third: call it from the outer one";
            return Done::failed("LimitReached", what);
        }
        let payload: Value =
            serde_json::from_str(&self.bodies.read(&job.stream, &step.payload).await).unwrap_or_default();
        let name = payload["name"].as_str().unwrap_or_default();
        let Some(stream) = child_of(about.run, number, StepKind::Workflow) else {
            return Done::failed("Internal", "a workflow has no stream. This is a bug; please report it.");
        };
        let project = match self.project_path(about.project).await {
            Ok(path) => path,
            Err(why) => return Done::failed("WorkflowError", why),
        };
        let (scripts, name, path) = (self.scripts.clone(), name.to_owned(), project.clone());
        let found = tokio::task::spawn_blocking(move || scripts.find(std::path::Path::new(&*path), &name)).await;
        let found = match found {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return Done::failed("WorkflowError", error.to_string()),
            Err(error) => return Done::failed("WorkflowError", error.to_string()),
        };
        let arguments = match payload.get("args") {
            Some(arguments) => match self.bodies.write(arguments.to_string()).await {
                Ok(body) => Some(body),
                Err(error) => return Done::failed("WorkflowError", error.to_string()),
            },
            None => None,
        };
        let script = match self.bodies.write(found.pinned()).await {
            Ok(script) => script,
            Err(error) => return Done::failed("WorkflowError", error.to_string()),
        };
        let requested = Requested {
            run: stream.uuid().unwrap_or_default(),
            session: about.session,
            project: about.project,
            workflow: found.meta.name.as_str().into(),
            description: found.meta.description.as_str().into(),
            script,
            engine: found.engine(),
            phases: found.meta.phases.iter().map(|phase| phase.title.as_str().into()).collect(),
            arguments,
            model: about.model.clone(),
            budget: about.budget.map(|budget| budget.saturating_sub(state.usage.output)),
            seed: about.seed,
            parent: Some(Parent { run: about.run, step: number }),
        };
        let command = run::Command::RequestRun(Box::new(requested));
        if let Err(error) =
            job.host.submit(stream.clone(), command.into(), By::agent(&about.workflow), id("request")).await
        {
            return Done::failed("WorkflowError", format!("it could not be started: {error}"));
        }
        let stops = StopsChat::new(&job.host, &stream, job);
        let over = |kind: &str| matches!(kind, "RunFinished" | "RunFailed" | "RunCancelled" | "RunDiverged");
        // It has limits of its own; a person may keep it waiting for days.
        let ended = self.until(&stream, Duration::from_hours(24 * 365), over).await;
        stops.disarm();
        if let Err(Waited::Failed(why)) = ended {
            return Done::failed("WorkflowError", why);
        }
        match folded_of::<Run>(&self.log, stream).await {
            Ok(folded) => nested_outcome(folded.state()),
            Err(why) => Done::failed("WorkflowError", why),
        }
    }
}

fn nested_outcome(state: &State) -> Done {
    let outcome = match &state.status {
        Status::Finished { result } => StepOutcome::Succeeded { value: result.clone() },
        Status::Failed { error } => StepOutcome::Failed { name: error.name.clone(), message: error.message.clone() },
        Status::Diverged { step, .. } => StepOutcome::Failed {
            name: "Diverged".into(),
            message: format!("step {step} of it is not what it was before").into(),
        },
        Status::Cancelled | Status::Running | Status::Paused => StepOutcome::Stopped,
    };
    Done { outcome, usage: state.usage }
}

/// Why a wait ended without what it waited for.
enum Waited {
    /// Nothing came for too long.
    Silent,
    /// The log could not be read.
    Failed(String),
}

/// Stops what a step began, if the step is given up before it ends.
struct StopsChat {
    done: tokio_util::sync::DropGuard,
}

impl StopsChat {
    fn new(host: &Host, stream: &StreamId, job: &Job) -> Self {
        let done = tokio_util::sync::CancellationToken::new();
        let (host, stream, ended, cancelled) = (host.clone(), stream.clone(), done.clone(), job.cancelled.clone());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = cancelled.cancelled() => cancel(&host, &stream).await,
                () = ended.cancelled() => {}
            }
        });
        Self { done: done.drop_guard() }
    }

    fn disarm(self) {
        drop(self.done);
    }
}

/// Stops a chat's turn, or a run. That it has ended already is as good.
async fn cancel(host: &Host, stream: &StreamId) {
    let command: Command = match stream.kind() {
        "run" => run::Command::CancelRun {}.into(),
        _ => chat::Command::CancelTurn {}.into(),
    };
    if let Err(error) = host.submit(stream.clone(), command, By::system(), None).await {
        tracing::debug!(%stream, %error, "what a step began could not be stopped");
    }
}

fn id(name: &str) -> Option<CommandId> {
    name.parse().ok()
}
