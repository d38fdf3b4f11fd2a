//! A step that is an agent, in a chat of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use replay::ids::{By, StreamId, derived};
use serde_json::Value;
use uuid::Uuid;

use super::{
    super::{Effects, desk::folded_of, structured},
    Done,
    child::{StopsChild, Waited, cancel, id},
    drive::AGENT_ERROR,
};
use crate::{
    entities::{
        chat::{
            self, Chat,
            answer::{SUBMIT, TRIES, answer, has_answer, misfits},
            brief::Brief,
            command::TOKEN_BUDGET,
            event::{Origin, TurnOutcome},
            state::{Message, TurnEnd},
        },
        run::{
            child_of,
            event::{Requested, StepKind, StepOutcome},
            state::{State, Step},
        },
        usage::Usage,
    },
    host::{Host, Job, SubmitError},
};

/// How often an agent is asked for its answer.
const REMINDERS: usize = 4;
/// How long an agent may go without an event of its chat, where the script does not say.
const SILENCE: Duration = Duration::from_mins(5);

impl Effects {
    /// Asks an agent, in a chat of its own, and waits for its answer. After a restart the chat is there, and is waited for.
    pub(super) async fn agent(&self, job: &Job, state: &State, number: u32, step: &Step) -> Done {
        let (Some(about), Some(chat)) = (
            &state.about,
            state.about.as_ref().and_then(|about| child_of(about.run, number, step.tries.len(), StepKind::Agent)),
        ) else {
            return Done::failed("Internal", "the run is of nothing. This is a bug; please report it.");
        };
        let payload: Value =
            serde_json::from_str(&self.bodies.read(&job.stream, &step.payload).await).unwrap_or_default();
        let prompt = payload["prompt"].as_str().unwrap_or_default();
        let whole = step.limit_ms.is_some();
        let silence = step.limit_ms.or(payload["stallMs"].as_u64()).map_or(SILENCE, Duration::from_millis);
        let schema = payload.get("schema").filter(|schema| !schema.is_null());
        if let Some(Err(why)) = schema.map(structured::check) {
            return Done::failed("InvalidSchema", why);
        }
        let apart = match payload["isolation"].as_str() {
            Some("worktree") => match self.apart(about, &chat).await {
                Ok(apart) => Some(apart),
                Err(why) => return Done::failed("WorktreeError", why),
            },
            Some(other) => {
                let what = format!("`isolation` can be 'worktree', and not '{other}'");
                return Done::failed("WorktreeError", what);
            }
            None => None,
        };
        let folder = apart.as_ref().map(|apart| apart.folder.clone());
        if let Err(error) = self.open_chat(&job.host, about, number, &chat, step, folder, prompt, schema).await {
            return Done::failed(AGENT_ERROR, format!("its chat could not be opened: {error}"));
        }
        // A chat whose step nobody wants any more is stopped: its answer would be paid for and not read.
        let stops = StopsChild::new(&job.host, &chat, job);
        let ended = self.to_the_end(&job.host, about, &chat, silence, whole, schema.is_some()).await;
        stops.disarm();
        let mut done = match ended {
            Ok(()) => self.answer_of(&chat).await,
            Err(Waited::Silent) => {
                cancel(&job.host, &chat).await;
                let what = format!("the agent did not end within {} ms", silence.as_millis());
                let mut done = Done::failed("TimedOut", what);
                done.usage = self.usage_of(&chat).await;
                done
            }
            Err(Waited::Failed(why)) => Done::failed(AGENT_ERROR, why),
        };
        if let Some(apart) = apart {
            done.worktree = apart.leave().await;
        }
        done
    }

    /// Waits until nothing more comes of a chat: people may speak to it meanwhile, and a model that writes its answer down in
    /// place of handing it in is told so.
    async fn to_the_end(
        &self,
        host: &Host,
        about: &Requested,
        chat: &StreamId,
        silence: Duration,
        whole: bool,
        has_shape: bool,
    ) -> Result<(), Waited> {
        let mut turns = 1;
        loop {
            self.turn_of(chat, turns, silence, whole).await?;
            let folded = folded_of::<Chat>(&self.log, chat.clone()).await.map_err(Waited::Failed)?;
            let state = folded.state();
            let begun = state.turns as usize;
            if state.turn.is_some() || !state.queue.is_empty() {
                turns = begun + state.queue.len();
                continue;
            }
            // Counted in the log: after a restart, those before it count too.
            let reminded = (1..REMINDERS).take_while(|reminder| was_reminded(state, chat, *reminder)).count();
            if !has_shape || !is_owed(state) || reminded + 1 >= REMINDERS {
                return Ok(());
            }
            let asked = self.remind(host, about, chat, reminded + 1).await;
            asked.map_err(|error| Waited::Failed(format!("it could not be asked again: {error}")))?;
            turns = begun + 1;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a chat is opened with")]
    async fn open_chat(
        &self,
        host: &Host,
        about: &Requested,
        number: u32,
        chat: &StreamId,
        step: &Step,
        folder: Option<Arc<str>>,
        prompt: &str,
        schema: Option<&Value>,
    ) -> Result<(), SubmitError> {
        let by = By::agent(&about.workflow);
        let title = step.label.chars().take(200).collect::<String>().into();
        let mut brief = step.brief.clone();
        if let Some(folder) = folder {
            let known = brief.as_deref().cloned().unwrap_or_default();
            brief = Some(Arc::new(Brief { folder: Some(folder), ..known }));
        }
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
            model: step.model.clone().unwrap_or_else(|| about.model.clone()),
            agent: step.agent.clone().unwrap_or_else(|| "default".into()),
            token_budget: TOKEN_BUDGET,
            origin,
            answer,
            brief,
        };
        host.submit(chat.clone(), open.into(), by.clone(), id("open")).await?;
        let text = self.bodies.write(prompt.to_owned()).await.map_err(keep)?;
        let post = chat::Command::PostMessage { message: chat.uuid(), text, attachments: vec![] };
        host.submit(chat.clone(), post.into(), by, id("prompt")).await?;
        Ok(())
    }

    async fn remind(
        &self,
        host: &Host,
        about: &Requested,
        chat: &StreamId,
        reminder: usize,
    ) -> Result<(), SubmitError> {
        let (name, message) = (reminder_name(reminder), Some(reminder_id(chat, reminder)));
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
                Ok(value) => Done::ended(StepOutcome::Succeeded { value }, usage),
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
                    Ok(value) => Done::ended(StepOutcome::Succeeded { value }, usage),
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
        Done::ended(outcome, usage)
    }

    async fn usage_of(&self, chat: &StreamId) -> Usage {
        folded_of::<Chat>(&self.log, chat.clone()).await.map(|folded| folded.state().usage).unwrap_or_default()
    }
}

fn reminder_name(reminder: usize) -> String {
    format!("reminder-{reminder}")
}

fn reminder_id(chat: &StreamId, reminder: usize) -> Uuid {
    derived(chat.uuid().unwrap_or_default(), &[&reminder_name(reminder)])
}

fn was_reminded(state: &chat::State, chat: &StreamId, reminder: usize) -> bool {
    let id = reminder_id(chat, reminder);
    state.messages.iter().any(|message| matches!(message, Message::User(posted) if posted.message == id))
}

/// Whether a chat still owes the answer that is wanted of it.
fn is_owed(state: &chat::State) -> bool {
    let answered = state.messages.iter().rev().find_map(|message| match message {
        Message::End(end) => Some(matches!(end.outcome, Some(TurnOutcome::Answered))),
        _ => None,
    });
    answered == Some(true) && !has_answer(state) && misfits(state) < TRIES
}
