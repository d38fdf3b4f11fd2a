//! The answers of a run to what its effects say.

use replay::{
    decider::{Attempt, Class, Decider, EffectCommand, EffectKey, Stale, Want},
    ids::{StreamId, derived},
};
use uuid::Uuid;

use super::{
    Run,
    decide::with_a_turn,
    event::{Event, RunError, StepKind, StepOutcome},
    reuse::CachedFrom,
    state::{State, Status},
    work::{Answered, Asked, Driven, End, Outcome, Piece, Work},
};
use crate::entities::usage::Usage;

/// What another try may mend. A wrong key, a schema that is none or a workflow that is not there stay what they are.
const MENDABLE: &[&str] = &["TimedOut", "NoAnswer", "AgentError", "ToolError", "Crashed"];
/// A step that was begun so often without an end is given up: it may be what brings the server down.
pub const ATTEMPTS: u32 = 5;

pub(super) fn settle(state: &State, command: EffectCommand<Piece, Outcome>) -> Result<Vec<Event>, Stale> {
    match command {
        EffectCommand::Begin { key } => {
            let want = wanted(state, &key, None)?;
            begin(state, &want).ok_or(Stale { key, attempt: None })
        }
        EffectCommand::Progress { key, attempt, piece } => {
            let want = wanted(state, &key, Some(attempt))?;
            let events = match (piece, want.work) {
                (Piece::Turn, Work::Turn) if state.status == Status::Queued => Some(vec![Event::RunStarted {}]),
                (Piece::Worked { ms }, Work::Clock) => Some(worked(state, ms)),
                _ => None,
            };
            events.ok_or(Stale { key, attempt: Some(attempt) })
        }
        EffectCommand::Report { key, attempt, outcome } => {
            let want = wanted(state, &key, Some(attempt))?;
            report(state, &want, outcome).ok_or(Stale { key, attempt: Some(attempt) })
        }
        // Whatever a run wants can be begun again.
        EffectCommand::Lost { key, attempt } => Err(Stale { key, attempt: Some(attempt) }),
    }
}

fn wanted(state: &State, key: &EffectKey, attempt: Option<Attempt>) -> Result<Want<Work>, Stale> {
    let want = Run::wants(state).remove(key);
    want.filter(|want| attempt.is_none() || want.class == Class::Free || want.begun == attempt)
        .ok_or_else(|| Stale { key: key.clone(), attempt })
}

fn begin(state: &State, want: &Want<Work>) -> Option<Vec<Event>> {
    let Work::Perform { step } = want.work else { return None };
    let attempt = Attempt::after(want.begun);
    if attempt.0 > ATTEMPTS {
        let message = format!("this step crashed repeatedly: the server went down {ATTEMPTS} times while it ran");
        let outcome = StepOutcome::Failed { name: "Crashed".into(), message: message.into() };
        return Some(vec![answered(step, outcome, None)]);
    }
    let known = state.steps.get(&step)?;
    let child = child_of(state.about.as_ref()?.run, step, known.tries.len(), known.kind);
    Some(vec![Event::StepStarted { step, attempt, child }])
}

fn report(state: &State, want: &Want<Work>, outcome: Outcome) -> Option<Vec<Event>> {
    match (&want.work, outcome) {
        (Work::Drive, Outcome::Driven(driven)) => Some(driven_to(state, driven)),
        (Work::Drive, Outcome::Broken { message }) => {
            let (name, place, stack) = ("Internal".into(), None, "".into());
            Some(vec![Event::RunFailed { error: RunError { name, message, place, stack } }])
        }
        (Work::Perform { step }, Outcome::Performed { outcome, usage, latency_ms, changed, worktree }) => {
            let known = state.steps.get(step)?;
            if let StepOutcome::Failed { name, message } = &outcome
                && known.retries > 0
                && MENDABLE.contains(&&**name)
            {
                let (name, message, wait_ms) = (name.clone(), message.clone(), back_off(known.tries.len()));
                return Some(vec![Event::StepTryFailed { step: *step, name, message, usage, latency_ms, wait_ms }]);
            }
            Some(vec![Event::StepSettled {
                step: *step,
                outcome,
                usage,
                latency_ms,
                cached_from: None,
                changed,
                worktree,
            }])
        }
        (Work::Wait { step, .. }, Outcome::Elapsed) => {
            if state.steps.get(step)?.retry_at.is_some() {
                return Some(vec![Event::StepRetried { step: *step }]);
            }
            let outcome = match state.steps.get(step)?.kind {
                StepKind::Approve => {
                    let message = "nobody answered in time";
                    StepOutcome::Failed { name: "TimedOut".into(), message: message.into() }
                }
                _ => elapsed(),
            };
            Some(with_a_turn(state, vec![answered(*step, outcome, None)]))
        }
        _ => None,
    }
}

/// A run has worked for so long, and may have no more time.
fn worked(state: &State, ms: u64) -> Vec<Event> {
    let mut events = vec![Event::RunWorked { ms }];
    let limit = state.about.as_ref().and_then(|about| about.time_limit_ms);
    if let Some(limit) = limit.filter(|limit| state.worked_ms.saturating_add(ms) >= *limit) {
        let message = format!(
            "it has worked for {}, and may not for longer (its waiting for people and for time not counted): go on from it, \
             or run it again, with a longer `time_limit_ms` (`--time-limit`)",
            words(limit)
        );
        let (name, place, stack) = ("LimitReached".into(), None, "".into());
        events.push(Event::RunFailed { error: RunError { name, message: message.into(), place, stack } });
    }
    events
}

/// A time as people say it, from its ms.
fn words(ms: u64) -> String {
    match ms {
        ..1_000 => format!("{ms} ms"),
        ms if ms % 60_000 == 0 => format!("{} min", ms / 60_000),
        ms => format!("{} s", ms / 1_000),
    }
}

/// How long nothing is done before another try, in ms: a second after the first, and twice as long after each, to a minute.
fn back_off(tries: usize) -> u64 {
    (1_000_u64 << tries.min(6)).min(60_000)
}

/// What a timer ends with.
fn elapsed() -> StepOutcome {
    StepOutcome::Succeeded { value: "null".into() }
}

/// A step has its answer, without anything having been done for it here.
pub(super) fn answered(step: u32, outcome: StepOutcome, cached_from: Option<CachedFrom>) -> Event {
    Event::StepSettled {
        step,
        outcome,
        usage: Usage::default(),
        latency_ms: 0,
        cached_from,
        changed: false,
        worktree: None,
    }
}

/// What a script asked for becomes events in one append. What is recorded of it already is not written again.
fn driven_to(state: &State, driven: Driven) -> Vec<Event> {
    let Driven { settled, asks, end } = driven;
    let mut events = Vec::with_capacity(asks.len() + 2);
    for ask in asks {
        match ask {
            Asked::Step(asked) | Asked::Answered(asked, _) if state.steps.contains_key(&asked.step) => {}
            // A timer of no time has gone off when it is set.
            Asked::Step(asked) if asked.kind == StepKind::Sleep && asked.limit_ms == Some(0) => {
                let step = asked.step;
                events.push(Event::StepRequested(asked));
                events.push(answered(step, elapsed(), None));
            }
            Asked::Step(asked) => events.push(Event::StepRequested(asked)),
            Asked::Answered(asked, Answered { outcome, from }) => {
                let step = asked.step;
                events.push(Event::StepRequested(asked));
                events.push(answered(step, outcome, Some(from)));
            }
            Asked::Cancelled { step } => events.push(Event::StepCancelled { step }),
            Asked::Phase(title) => events.push(Event::PhaseStarted { title }),
            Asked::Line(text) => events.push(Event::LogWritten { text }),
        }
    }
    events.push(Event::ScriptAdvanced { settled });
    match end {
        End::Waits => {}
        End::Finished(result) => events.push(Event::RunFinished { result }),
        End::Failed(error) => events.push(Event::RunFailed { error }),
        End::EngineChanged(difference) => events.push(Event::RunPaused { difference: Some(difference) }),
        End::Diverged { step, recorded, asked } => events.push(Event::RunDiverged { step, recorded, asked }),
    }
    events
}

/// The namespace of the streams in which steps happen.
const STEP: Uuid = uuid::uuid!("b1f0c3a8-52d4-4a27-9c36-0d5f7f1e6a90");

/// The stream in which a try of a step happens, the same after every restart; `None` for a step without one. `tries`: how many
/// failed before.
pub fn child_of(run: Uuid, step: u32, tries: usize, kind: StepKind) -> Option<StreamId> {
    let name = match kind {
        StepKind::Agent => "chat",
        StepKind::Workflow => "run",
        StepKind::Tool | StepKind::Approve | StepKind::Sleep => return None,
    };
    let (run, step, tries) = (run.to_string(), step.to_string(), tries.to_string());
    let named: &[&str] = if tries == "0" { &[&run, &step] } else { &[&run, &step, &tries] };
    Some(StreamId::new(name, derived(STEP, named)))
}
