//! Drives a script: brings it the answers that it has not heard, in the order of the log, and gathers what it asks for.
//! What was recorded before is compared with what it asks for now.

use std::sync::Arc;

use replay::{digest::hex, ids::StreamId};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use workflow::{Ask, Failure, Instance, Limits, LoadError, Program, Start, Step as Stand};

use super::{super::Effects, kept::Waiting};
use crate::entities::{
    body::{Body, head},
    run::{
        Outcome,
        event::{Difference, RunError, StepKind, StepOutcome},
        state::State,
        work::{Asked, Driven, End},
    },
};

/// What an agent is said to have died of.
pub(super) const AGENT_ERROR: &str = "AgentError";
/// How much of a line of the log is kept, in bytes of UTF-8.
const LINE: usize = 4 * 1024;
/// How much of a label is kept, in bytes of UTF-8.
pub(super) const LABEL: usize = 200;

/// An answer, as the script is brought it.
struct Answer {
    step: u32,
    outcome: workflow::Outcome,
    spent: u64,
}

/// A script driven to where nothing in it can run.
struct Stood {
    /// What it asked for, and how many answers it had heard by then.
    asks: Vec<(u32, Ask)>,
    heard: u32,
    stand: Stand,
    instance: Option<Instance>,
    /// It began anew, and asked for everything again.
    anew: bool,
}

impl Effects {
    pub(super) async fn drive(&self, stream: &StreamId, state: &Arc<State>) -> Outcome {
        let Some(about) = &state.about else { return broken("the run is of nothing") };
        let kept = self.kept.take(stream, state.advanced);
        // Kept, it goes on from what it has heard; else it begins anew and hears everything again.
        let from = if kept.is_some() { state.advanced.unwrap_or(0) } else { 0 };
        let mut answers = vec![];
        for &step in state.settled.iter().skip(from as usize) {
            answers.push(self.heard(stream, state, step).await);
        }
        let script = match kept {
            Some(_) => String::new(),
            None => self.bodies.read(stream, &about.script).await,
        };
        let arguments = match (&kept, &about.arguments) {
            (None, Some(arguments)) => Some(self.bodies.read(stream, arguments).await),
            _ => None,
        };
        let (about, scripts) = (about.clone(), self.scripts.clone());
        let (budget, seed) = (about.budget, about.seed);
        let now_ms = state.requested_at.0 / 1_000;
        let drive = move || {
            if let Some(instance) = kept {
                return Ok(go_on(instance, from, &answers));
            }
            let engine = scripts.engine().map_err(LoadError::Engine)?;
            let program: Program = serde_json::from_str(&script).map_err(|error| {
                let what = format!("the script that this run pinned cannot be read any more: {error}");
                LoadError::Script(Failure::new("ScriptLost", what))
            })?;
            let mut instance = program.instance(&engine, &Limits::default())?;
            let turn = instance.start(&Start { args: arguments, now_ms, seed, budget });
            let asks = turn.asks.into_iter().map(|ask| (0, ask)).collect();
            Ok(heard_all(Stood { asks, heard: 0, stand: turn.step, instance: Some(instance), anew: true }, &answers))
        };
        // It takes microseconds, or, of a script that means harm, half a minute: its lane sees to it that few are driven at once.
        match tokio::task::block_in_place(drive) {
            Ok(stood) => self.stood(stream, state, stood).await,
            Err(error) => {
                let error = match error {
                    LoadError::Script(failure) => failed(&failure),
                    other => failed(&Failure::new("LoadError", other.to_string())),
                };
                Outcome::Driven(Driven { settled: state.advanced.unwrap_or(0), asks: vec![], end: End::Failed(error) })
            }
        }
    }

    async fn heard(&self, stream: &StreamId, state: &State, number: u32) -> Answer {
        let step = state.steps.get(&number);
        let spent = step.map_or(0, |step| step.usage.output);
        let outcome = match step.and_then(|step| step.outcome.as_ref()) {
            Some(StepOutcome::Succeeded { value }) => workflow::Outcome::Good(self.bodies.read(stream, value).await),
            // An agent that died of what another try would not mend: the script finds nothing, the step says why.
            Some(StepOutcome::Failed { name, .. }) if &**name == AGENT_ERROR => workflow::Outcome::Good("null".into()),
            Some(StepOutcome::Failed { name, message }) => {
                workflow::Outcome::Bad(serde_json::json!({"name": &**name, "message": &**message}).to_string())
            }
            Some(StepOutcome::Stopped) | None => workflow::Outcome::Good("null".into()),
        };
        Answer { step: number, outcome, spent }
    }

    /// What becomes of the run by where its script stands.
    async fn stood(&self, stream: &StreamId, state: &State, stood: Stood) -> Outcome {
        let Stood { asks, heard, stand, instance, anew } = stood;
        let Some(about) = state.about.clone() else { return broken("the run is of nothing") };
        let mut calls = 0;
        let mut asked = vec![];
        let mut known_before = None;
        for (when, ask) in asks {
            // What it did before it had heard this much is recorded.
            let known = state.advanced.is_some_and(|advanced| when <= advanced);
            match ask {
                Ask::Call { id, kind, payload } => {
                    let step = u32::try_from(id).unwrap_or(u32::MAX);
                    calls = calls.max(step);
                    let call = call_hash(&kind, &payload);
                    match state.steps.get(&step) {
                        Some(recorded) if *recorded.call == *call => {}
                        Some(recorded) => {
                            let before = format!(
                                "{} {}",
                                name(recorded.kind),
                                self.bodies.read(stream, &recorded.payload).await
                            );
                            return self.diverged(state, step, Some(before), Some(format!("{kind} {payload}")));
                        }
                        None if known => return self.diverged(state, step, None, Some(format!("{kind} {payload}"))),
                        None => match self.requested(&about, step, &kind, payload, call, &mut asked).await {
                            // What cannot have been answered before is not looked for.
                            Ok((request, _)) if request.kind != StepKind::Agent && about.resume.is_none() => {
                                asked.push(Asked::Step(Box::new(request)));
                            }
                            Ok((request, given)) => {
                                let known = match &mut known_before {
                                    Some(known) => known,
                                    none => none.insert(self.known(&about, state).await),
                                };
                                asked.push(known.asked(request, &given, when).await);
                            }
                            Err(error) => {
                                return Outcome::Driven(Driven {
                                    settled: heard,
                                    asks: asked,
                                    end: End::Failed(error),
                                });
                            }
                        },
                    }
                }
                Ask::Note { .. } if known => {}
                Ask::Note { kind, payload } if kind == "after" => comes_after(&mut asked, &payload),
                Ask::Note { kind, payload } => asked.extend(noted(&kind, &payload)),
            }
        }
        if let Some((&step, recorded)) = state.steps.range(calls + 1..).next().filter(|_| anew) {
            let before = format!("{} {}", name(recorded.kind), self.bodies.read(stream, &recorded.payload).await);
            return self.diverged(state, step, Some(before), None);
        }
        let end = match stand {
            Stand::Pending { .. } => {
                if let Some(instance) = instance {
                    self.kept.keep(stream, Waiting { instance, heard });
                }
                End::Waits
            }
            Stand::Done { result } => match self.bodies.write(result).await {
                Ok(result) => End::Finished(result),
                Err(error) => {
                    End::Failed(failed(&Failure::new("ResultLost", format!("the result could not be kept: {error}"))))
                }
            },
            Stand::Failed(failure) => End::Failed(failed(&failure)),
            Stand::Stopped => {
                let what = "the script ran for minutes without waiting for anything, and this machine stopped it";
                End::Failed(failed(&Failure::new("Stopped", what)))
            }
        };
        Outcome::Driven(Driven { settled: heard, asks: asked, end })
    }

    /// What becomes of a run that asks for something else than what is recorded: under the engine that it began with there is
    /// nothing that could be done; under another one a person chooses.
    fn diverged(&self, state: &State, step: u32, recorded: Option<String>, asked: Option<String>) -> Outcome {
        let body = |text: String| Body::from(head(&text, 8 * 1024));
        let (recorded, asked) = (recorded.map(body), asked.map(body));
        let now = self.scripts.engine().map(|engine| hex(&engine.hash()));
        let began = state.about.as_ref().map(|about| &*about.engine);
        let end = match now {
            Ok(now) if began.is_some_and(|began| *began != *now) => {
                End::EngineChanged(Difference { step, recorded, asked })
            }
            Ok(_) | Err(_) => End::Diverged { step, recorded, asked },
        };
        Outcome::Driven(Driven { settled: state.advanced.unwrap_or(0), asks: vec![], end })
    }
}

fn go_on(instance: Instance, heard: u32, answers: &[Answer]) -> Stood {
    heard_all(
        Stood { asks: vec![], heard, stand: Stand::Pending { calls: 1 }, instance: Some(instance), anew: false },
        answers,
    )
}

fn heard_all(mut stood: Stood, answers: &[Answer]) -> Stood {
    for answer in answers {
        let (Stand::Pending { .. }, Some(instance)) = (&stood.stand, &mut stood.instance) else { break };
        let turn = instance.resume(u64::from(answer.step), &answer.outcome, answer.spent);
        stood.heard += 1;
        let heard = stood.heard;
        stood.asks.extend(turn.asks.into_iter().map(|ask| (heard, ask)));
        stood.stand = turn.step;
    }
    stood
}

fn broken(what: &str) -> Outcome {
    Outcome::Broken { message: format!("{what}. This is a bug; please report it.").into() }
}

fn name(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Agent => "agent",
        StepKind::Tool => "tool",
        StepKind::Workflow => "workflow",
        StepKind::Approve => "approve",
        StepKind::Sleep => "sleep",
    }
}

/// The SHA-256 of what a script asks for, exactly as it does.
fn call_hash(kind: &str, payload: &str) -> String {
    let hash: [u8; 32] = Sha256::new().chain_update(kind).chain_update([0]).chain_update(payload).finalize().into();
    hex(&hash)
}

/// A script says from whose answers the step was made that it has just asked for.
fn comes_after(asked: &mut [Asked], payload: &str) {
    #[derive(serde::Deserialize)]
    struct After {
        step: u32,
        steps: Vec<u32>,
    }
    if let Ok(After { step, steps }) = serde_json::from_str(payload)
        && let Some(Asked::Step(of) | Asked::Answered(of, _)) = asked.last_mut()
        && of.step == step
    {
        of.after = steps.into_iter().filter(|before| *before < step).collect();
    }
}

fn noted(kind: &str, payload: &str) -> Option<Asked> {
    let given: Value = serde_json::from_str(payload).ok()?;
    match kind {
        "phase" => Some(Asked::Phase(head(given.as_str()?, LABEL).into())),
        "log" => Some(Asked::Line(head(given.as_str()?, LINE).into())),
        "cancel" => Some(Asked::Cancelled { step: u32::try_from(given.as_u64()?).ok()? }),
        "floating" => {
            let names: Vec<&str> = given.as_array()?.iter().filter_map(Value::as_str).collect();
            let said = format!("never awaited, and cancelled: {}", names.join(", "));
            Some(Asked::Line(head(&said, LINE).into()))
        }
        _ => None,
    }
}

pub(super) fn failed(failure: &Failure) -> RunError {
    RunError {
        name: failure.name.as_str().into(),
        message: head(&failure.message, 8 * 1024).into(),
        place: failure.place.as_ref().map(|place| place.to_string().into()),
        stack: head(&failure.stack, 8 * 1024).into(),
    }
}
