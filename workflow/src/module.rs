//! A ready module: a workflow from any language, with the interface of `schemas/workflow.wit` as a core module.

use std::collections::BTreeSet;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{
    engine::Engine,
    failure::Failure,
    instance::Instance,
    meta::Meta,
    script::{LARGEST, LoadError, Script},
    turn::Limits,
};

/// A module, as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Its file.
    pub name: String,
    /// Its bytes.
    #[serde(serialize_with = "written", deserialize_with = "read")]
    pub wasm: Vec<u8>,
}

fn written<S: Serializer>(wasm: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64_STANDARD.encode(wasm))
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    BASE64_STANDARD.decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// What a run can pin: a script in JavaScript, or a module of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Program {
    /// A script, which the engine runs.
    Script(Script),
    /// A module, which runs by itself.
    Module(Module),
}

impl Program {
    /// An instance of it.
    ///
    /// # Errors
    /// It is wrong, or the engine failed.
    pub fn instance(&self, engine: &Engine, limits: &Limits) -> Result<Instance, LoadError> {
        match self {
            Self::Script(script) => engine.instance(script, limits),
            Self::Module(module) => engine.module(module, limits),
        }
    }
}

impl Module {
    /// A module of these bytes.
    pub fn new(name: impl Into<String>, wasm: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), wasm: wasm.into() }
    }

    /// What it says of itself. Runs its `meta`, which may call nothing.
    ///
    /// # Errors
    /// It is no module of a workflow, or says nothing of itself.
    pub fn meta(&self, engine: &Engine) -> Result<Meta, LoadError> {
        // A list of workflows waits for it.
        let limits = Limits { fuel: 100_000_000, emergency_s: 5, ..Limits::default() };
        let text = engine.module(self, &limits)?.meta()?;
        let meta: Meta = serde_json::from_str(&text)
            .map_err(|error| Failure::new("InvalidMeta", format!("what `meta` gives is not as it must be: {error}")))?;
        for (key, value) in [("name", &meta.name), ("description", &meta.description)] {
            if value.trim().is_empty() {
                return Err(Failure::new("InvalidMeta", format!("what `meta` gives has no `{key}`")).into());
            }
        }
        Ok(meta)
    }

    /// That it has what a module may have at all.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let wrong = |what: String| Err(Failure::new("InvalidModule", what));
        if self.wasm.len() > LARGEST {
            let what = format!("it has {} bytes; a workflow may have {LARGEST}", self.wasm.len());
            return Err(Failure::new("TooLarge", what));
        }
        match self.wasm.first_chunk::<8>() {
            Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => Ok(()),
            Some([0, b'a', b's', b'm', ..]) => wrong(
                "it is a WebAssembly component, and a core module is needed: docs/workflows.md says how one is made"
                    .into(),
            ),
            _ => wrong("it is no WebAssembly module".into()),
        }
    }
}

/// What the prelude does for scripts, for a module: it counts what is asked for.
pub(crate) struct Guard {
    limits: Limits,
    open: BTreeSet<u64>,
    agents: u32,
    asks: u32,
    text: usize,
}

/// The host does not do what a module asks for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub Failure);

impl Refused {
    pub fn limit(what: String) -> Self {
        Self(Failure::new("LimitReached", what))
    }
}

impl Guard {
    pub fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), open: BTreeSet::new(), agents: 0, asks: 0, text: 0 }
    }

    /// Another answer is brought.
    pub fn turn(&mut self) {
        (self.asks, self.text) = (0, 0);
    }

    pub fn answered(&mut self, id: u64) {
        self.open.remove(&id);
    }

    pub fn open(&self) -> u32 {
        u32::try_from(self.open.len()).unwrap_or(u32::MAX)
    }

    /// Whether a call may be made; `budget` is what may be spent, with what is.
    pub fn call(&mut self, id: u64, kind: &str, payload: &str, budget: (Option<u64>, u64)) -> Result<(), Refused> {
        self.count(kind, payload)?;
        let invalid = |what: String| Err(Refused(Failure::new("InvalidCall", what)));
        let payload: Value = serde_json::from_str(payload).unwrap_or_default();
        let needed = match kind {
            "agent" => "prompt",
            "workflow" | "tool" => "name",
            "approve" => "question",
            "sleep" if payload["ms"].as_i64().is_some_and(|ms| (0..=1 << 40).contains(&ms)) => {
                self.open.insert(id);
                return Ok(());
            }
            "sleep" => return invalid("`sleep` needs {\"ms\": NUMBER}, of at least 0".into()),
            other => return invalid(format!("there is no call `{other}`; schemas/workflow.wit lists them")),
        };
        if !payload[needed].is_string() {
            return invalid(format!("`{kind}` needs an object with the text `{needed}`, as JSON"));
        }
        if kind == "agent" {
            let most = self.limits.agents;
            if self.agents >= most {
                let what = format!("a run may have {most} agents, and this is one more; raise limits.agents");
                return Err(Refused::limit(what));
            }
            if let (Some(total), spent) = budget
                && spent >= total
            {
                let what =
                    format!("the budget of {total} output tokens is spent ({spent}); start the run with a larger one");
                return Err(Refused(Failure::new("BudgetSpent", what)));
            }
            self.agents += 1;
        }
        self.open.insert(id);
        Ok(())
    }

    /// Whether something may be said.
    pub fn note(&mut self, kind: &str, payload: &str) -> Result<(), Refused> {
        self.count(kind, payload)?;
        let invalid = |what: &str| Err(Refused(Failure::new("InvalidCall", what)));
        match kind {
            "phase" | "log" if serde_json::from_str::<String>(payload).is_ok() => Ok(()),
            "phase" | "log" => invalid("a note needs a text, as JSON"),
            "cancel" => match payload.parse::<u64>() {
                Ok(id) if self.open.remove(&id) => Ok(()),
                _ => invalid("`cancel` needs the number of a `sleep` without an answer"),
            },
            "after" => {
                let given: Value = serde_json::from_str(payload).unwrap_or_default();
                let (step, steps) = (given["step"].as_u64(), given["steps"].as_array());
                let before = |of: &Value| of.as_u64().is_some_and(|of| of > 0 && Some(of) < step);
                match steps {
                    Some(steps) if steps.iter().all(before) => Ok(()),
                    _ => invalid("`after` needs {\"step\": NUMBER, \"steps\": [NUMBER, ...]}, all made before it"),
                }
            }
            _ => invalid("there is no such note; `phase`, `log`, `after` and `cancel` are known"),
        }
    }

    fn count(&mut self, kind: &str, payload: &str) -> Result<(), Refused> {
        self.asks += 1;
        self.text += kind.len() + payload.len();
        let Limits { asks, text, .. } = self.limits;
        if self.asks > asks {
            let what = format!(
                "the module asked for or said more than {asks} things without waiting for anything; raise limits.asks, or do less at a time"
            );
            return Err(Refused::limit(what));
        }
        if self.text > text as usize {
            let what = format!(
                "what the module asked for and said without waiting has more than {text} bytes; raise limits.text, or say less"
            );
            return Err(Refused::limit(what));
        }
        Ok(())
    }
}
