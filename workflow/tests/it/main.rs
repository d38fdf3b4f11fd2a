//! Scripts from outside: what people bring, what a sandbox must bear, and that a replay is the same.

#![expect(missing_docs, clippy::unwrap_used, reason = "what tests share says what it is by its names, and may fail")]

mod escapes;
mod flows;
mod formats;
mod hostile;
mod modules;
mod replays;

use std::{collections::VecDeque, sync::OnceLock};

use serde_json::{Value, json};
use workflow::{Ask, Engine, Failure, Instance, Limits, LoadError, Meta, Outcome, Script, Start, Step};

/// The engine, compiled once for all tests of this process, and kept for the next one.
pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Some(env!("CARGO_TARGET_TMPDIR").as_ref())).expect("an engine"))
}

/// As everywhere, but an endless loop ends after half a second.
pub fn limits() -> Limits {
    Limits { polls: 500, fuel: 3_000_000_000, memory: 32 << 20, ..Limits::default() }
}

/// How a run ended, and what it asked for and said.
#[derive(Debug)]
pub struct Ran {
    pub step: Step,
    pub asks: Vec<Ask>,
}

impl Ran {
    #[track_caller]
    pub fn result(&self) -> Value {
        match &self.step {
            Step::Done { result } => serde_json::from_str(result).expect("a result is JSON"),
            other => panic!("{other:?} after {:?}", self.asks),
        }
    }

    #[track_caller]
    pub fn failure(&self) -> &Failure {
        match &self.step {
            Step::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    pub fn log(&self) -> Vec<String> {
        let line = |ask: &Ask| match ask {
            Ask::Note { kind, payload } if kind == "log" => serde_json::from_str(payload).ok(),
            _ => None,
        };
        self.asks.iter().filter_map(line).collect()
    }

    /// Of each call that says so, the calls that it comes after.
    pub fn after(&self) -> Vec<(u64, Vec<u64>)> {
        let after = |ask: &Ask| match ask {
            Ask::Note { kind, payload } if kind == "after" => {
                let said: Value = serde_json::from_str(payload).expect("JSON");
                let steps = said["steps"].as_array().expect("a list").iter();
                Some((said["step"].as_u64().expect("a number"), steps.filter_map(Value::as_u64).collect()))
            }
            _ => None,
        };
        self.asks.iter().filter_map(after).collect()
    }

    pub fn calls(&self) -> Vec<(String, Value)> {
        let call = |ask: &Ask| match ask {
            Ask::Call { kind, payload, .. } => Some((kind.clone(), serde_json::from_str(payload).expect("JSON"))),
            Ask::Note { .. } => None,
        };
        self.asks.iter().filter_map(call).collect()
    }
}

/// Reads a script, without files beside it.
pub fn read(name: &str, source: &str) -> Result<(Script, Meta), LoadError> {
    let mut script = Script::new(name, source);
    let (meta, _) = engine().read(&mut script, |_| Err("there is no such file".into()))?;
    Ok((script, meta))
}

/// An instance of a body.
pub fn body(source: &str) -> Instance {
    let source = format!("export const meta = {{name: 'test', description: 'A test'}}\n{source}");
    let (script, _) = read("test.js", &source).unwrap_or_else(|error| panic!("{error}: {source}"));
    engine().instance(&script, &limits()).expect("an instance")
}

/// What an agent answers: what it was asked, or an error where the prompt says so.
pub fn echo(kind: &str, payload: &Value) -> Outcome {
    let prompt = payload["prompt"].as_str().unwrap_or_default();
    if let Some(why) = prompt.strip_prefix("fail ") {
        return Outcome::Bad(json!({"name": "AgentError", "message": why}).to_string());
    }
    match kind {
        "agent" => Outcome::Good(json!(format!("<{prompt}>")).to_string()),
        "sleep" => Outcome::Good("null".into()),
        "approve" => Outcome::Good(json!({"approved": true, "by": "owner", "comment": null}).to_string()),
        _ => Outcome::Good(json!({"kind": kind, "of": payload}).to_string()),
    }
}

/// Runs to the end; calls are answered in the order in which they were made, but timers last.
pub fn run(mut instance: Instance, args: Option<Value>) -> Ran {
    run_with(&mut instance, args, echo)
}

pub fn run_with(instance: &mut Instance, args: Option<Value>, answer: impl Fn(&str, &Value) -> Outcome) -> Ran {
    let start = Start { args: args.map(|args| args.to_string()), now_ms: 1_700_000_000_000, seed: 7, budget: None };
    let mut turn = instance.start(&start);
    let (mut asks, mut open, mut timers) = (vec![], VecDeque::new(), VecDeque::new());
    loop {
        for ask in &turn.asks {
            match ask {
                Ask::Call { id, kind, payload } if kind == "sleep" => {
                    let payload: Value = serde_json::from_str(payload).expect("JSON");
                    timers.push_back((payload["ms"].as_u64().expect("a time"), *id));
                }
                Ask::Call { id, kind, payload } => open.push_back((*id, kind.clone(), payload.clone())),
                Ask::Note { kind, payload } if kind == "cancel" => {
                    let id: u64 = payload.parse().expect("a number");
                    timers.retain(|(_, timer)| *timer != id);
                }
                Ask::Note { .. } => {}
            }
        }
        asks.append(&mut turn.asks);
        if !matches!(turn.step, Step::Pending { .. }) {
            return Ran { step: turn.step, asks };
        }
        turn = if let Some((id, kind, payload)) = open.pop_front() {
            let payload: Value = serde_json::from_str(&payload).expect("JSON");
            instance.resume(id, &answer(&kind, &payload), 10)
        } else {
            let first = timers.iter().enumerate().min_by_key(|(_, timer)| **timer).map(|(at, _)| at);
            let (_, id) = timers.remove(first.expect("a pending script waits for something")).expect("it is there");
            instance.resume(id, &Outcome::Good("null".into()), 0)
        };
    }
}
