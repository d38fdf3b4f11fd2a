//! One script in flight: started, then brought one answer after the other.

use serde::{Deserialize, Serialize};
use serde_json::json;
use wasmtime::{InstancePre, Memory, Store, StoreLimits, StoreLimitsBuilder, Trap, TypedFunc};

use crate::{
    engine::TICK,
    failure::Failure,
    script::{Format, LoadError, Script, Written},
};

/// What a script may use. All of it is counted, and so the same in every replay, but for `emergency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Polls of the interpreter between two answers, one for every 10,000 turns of a loop or calls.
    pub polls: u32,
    /// Instructions between two answers, for what the interpreter does without a poll; about 2e9 are a second.
    pub fuel: u64,
    /// Bytes of the script's memory, at most 256 MiB.
    pub memory: u32,
    /// Agents in one run.
    pub agents: u32,
    /// Items of one list.
    pub items: u32,
    /// Seconds of the clock between two answers, the last resort on a slow machine. It depends on the machine: no result.
    pub emergency_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        let emergency_s = 120;
        Self { polls: 40_000, fuel: 120_000_000_000, memory: 128 << 20, agents: 1_000, items: 4_096, emergency_s }
    }
}

/// What a run begins with.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The arguments, as JSON; `None`: there are none, and the script finds `undefined`.
    pub args: Option<String>,
    /// When the run began, in milliseconds since 1970.
    pub now_ms: i64,
    /// What random numbers grow from.
    pub seed: u32,
    /// How many output tokens it may spend.
    pub budget: Option<u64>,
}

/// Something that a script asks for, or says, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// It wants an answer.
    Call {
        /// Its number, from 1, in the order of the calls.
        id: u64,
        /// What for: `agent`, `workflow`, `tool`, `approve`, `sleep`.
        kind: String,
        /// With what, as JSON.
        payload: String,
    },
    /// It wants none.
    Note {
        /// What sort: `phase`, `log`, `cancel`, `floating`.
        kind: String,
        /// What it says, as JSON.
        payload: String,
    },
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With a value, as JSON.
    Good(String),
    /// With an error: `{name, message}` as JSON.
    Bad(String),
}

/// Where a script stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It waits for this many calls.
    Pending {
        /// How many have no answer; never 0.
        calls: u32,
    },
    /// It has come to its result, as JSON.
    Done {
        /// The result.
        result: String,
    },
    /// It has failed, and would so again.
    Failed(Failure),
    /// It was stopped for the time it took on this machine. This is not its result.
    Stopped,
}

/// What a script did until nothing in it could run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// What it asked for and said, in order.
    pub asks: Vec<Ask>,
    /// Where it stands.
    pub step: Step,
}

/// The host's side of an instance.
#[derive(Default)]
pub(crate) struct Host {
    pub asks: Vec<Ask>,
    pub calls: u64,
    pub budget: Option<u64>,
    pub spent: u64,
    limits: StoreLimits,
}

/// A script in flight.
pub struct Instance {
    store: Store<Host>,
    memory: Memory,
    exports: Exports,
    script: String,
    shift: u32,
    format: Format,
    limits: Limits,
    over: Option<Step>,
}

struct Exports {
    alloc: TypedFunc<u32, u32>,
    free: TypedFunc<u32, ()>,
    limits: TypedFunc<(u32, u32, u32), ()>,
    add: TypedFunc<(u32, u32, u32), ()>,
    load: TypedFunc<(u32, u32, u32), i32>,
    start: TypedFunc<(u32, u32), i32>,
    resume: TypedFunc<(u64, i32, u32, u32), i32>,
    pending: TypedFunc<(), u32>,
    text: TypedFunc<(), u32>,
    text_length: TypedFunc<(), u32>,
}

/// Bytes of the interpreter's stack.
const STACK: u32 = 192 * 1024;
/// What an instance may take in all: the script's memory, and the engine's own.
const MOST_MEMORY: usize = 256 << 20;

impl Instance {
    pub(crate) fn load(
        pre: &InstancePre<Host>,
        script: &Script,
        written: &Written,
        limits: &Limits,
    ) -> Result<Self, LoadError> {
        let mut instance = Self::new(pre, script, written, limits).map_err(crate::EngineError::from)?;
        match instance.compile(script, written) {
            Ok(0) => Ok(instance),
            Ok(_) => Err(instance.failure().into()),
            Err(error) => Err(instance.trapped(&error).into()),
        }
    }

    fn new(pre: &InstancePre<Host>, script: &Script, written: &Written, limits: &Limits) -> wasmtime::Result<Self> {
        let host_limits = StoreLimitsBuilder::new().memory_size(MOST_MEMORY).instances(1).memories(1).tables(2).build();
        let mut store = Store::new(pre.module().engine(), Host { limits: host_limits, ..Host::default() });
        store.limiter(|host| &mut host.limits);
        store.set_fuel(u64::MAX)?;
        store.set_epoch_deadline(u64::MAX / 2);
        let made = pre.instantiate(&mut store)?;
        macro_rules! export {
            ($name:literal) => {
                made.get_typed_func(&mut store, $name)?
            };
        }
        let exports = Exports {
            alloc: export!("alloc"),
            free: export!("free"),
            limits: export!("limits"),
            add: export!("add"),
            load: export!("load"),
            start: export!("start"),
            resume: export!("resume"),
            pending: export!("pending"),
            text: export!("text"),
            text_length: export!("text_length"),
        };
        let memory = made.get_memory(&mut store, "memory").ok_or_else(|| wasmtime::Error::msg("it has no memory"))?;
        exports.limits.call(&mut store, (limits.polls, limits.memory, STACK))?;
        Ok(Self {
            store,
            memory,
            exports,
            script: script.name.clone(),
            shift: written.shift,
            format: Format::Body,
            limits: limits.clone(),
            over: None,
        })
    }

    fn compile(&mut self, script: &Script, written: &Written) -> wasmtime::Result<i32> {
        self.fuel()?;
        for (name, source) in &script.files {
            let (name, _) = self.put(&zeroed(name))?;
            let (source, length) = self.put(source.as_bytes())?;
            self.exports.add.call(&mut self.store, (name, source, length))?;
            self.exports.free.call(&mut self.store, name)?;
            self.exports.free.call(&mut self.store, source)?;
        }
        let (name, _) = self.put(&zeroed(&script.name))?;
        let (source, length) = self.put(written.source.as_bytes())?;
        let said = self.exports.load.call(&mut self.store, (name, source, length))?;
        self.exports.free.call(&mut self.store, name)?;
        self.exports.free.call(&mut self.store, source)?;
        Ok(said)
    }

    pub(crate) fn of(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Starts the script. To be called once, before any answer.
    pub fn start(&mut self, start: &Start) -> Turn {
        self.store.data_mut().budget = start.budget;
        let mut with = json!({ "limits": {"agents": self.limits.agents, "items": self.limits.items} });
        if self.format != Format::Body {
            with["clock"] = json!({ "now": start.now_ms, "seed": start.seed });
        }
        let mut with = with.to_string();
        if let Some(args) = &start.args {
            with.truncate(with.len() - 1);
            with = format!("{with},\"args\":{args}}}");
        }
        let function = self.exports.start.clone();
        self.run(with.as_bytes(), |store, (at, length)| function.call(store, (at, length)))
    }

    /// Answers a call; `spent` output tokens were used for it.
    pub fn resume(&mut self, id: u64, outcome: &Outcome, spent: u64) -> Turn {
        let host = self.store.data_mut();
        host.spent = host.spent.saturating_add(spent);
        let (good, value) = match outcome {
            Outcome::Good(value) => (1, value),
            Outcome::Bad(value) => (0, value),
        };
        let function = self.exports.resume.clone();
        self.run(value.as_bytes(), |store, (at, length)| function.call(store, (id, good, at, length)))
    }

    /// A SHA-256 of all its memory: two replays of one run have the same.
    pub fn digest(&self) -> [u8; 32] {
        use sha2::{Digest as _, Sha256};
        Sha256::digest(self.memory.data(&self.store)).into()
    }

    /// How many bytes of memory it has.
    pub fn memory(&self) -> usize {
        self.memory.data_size(&self.store)
    }

    fn run(&mut self, given: &[u8], call: impl FnOnce(&mut Store<Host>, (u32, u32)) -> wasmtime::Result<i32>) -> Turn {
        if let Some(over) = &self.over {
            return Turn { asks: vec![], step: over.clone() };
        }
        let ran = self.fuel().and_then(|()| {
            let (at, length) = self.put(given)?;
            let said = call(&mut self.store, (at, length))?;
            self.exports.free.call(&mut self.store, at)?;
            self.step(said)
        });
        let step = ran.unwrap_or_else(|error| match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Step::Stopped,
            _ => Step::Failed(self.trapped(&error)),
        });
        if !matches!(step, Step::Pending { .. }) {
            self.over = Some(step.clone());
        }
        Turn { asks: std::mem::take(&mut self.store.data_mut().asks), step }
    }

    fn step(&mut self, said: i32) -> wasmtime::Result<Step> {
        Ok(match said {
            0 => match self.exports.pending.call(&mut self.store, ())? {
                0 => {
                    let what = "the workflow awaits a promise that nothing can settle: every call has its answer";
                    Step::Failed(Failure::new("Stuck", what))
                }
                calls => Step::Pending { calls },
            },
            1 => Step::Done { result: self.text() },
            _ => Step::Failed(self.failure()),
        })
    }

    /// What an instance may use until its next answer.
    fn fuel(&mut self) -> wasmtime::Result<()> {
        self.store.set_fuel(self.limits.fuel)?;
        let ticks = u64::from(self.limits.emergency_s) * 1_000 / u64::try_from(TICK.as_millis())?;
        self.store.set_epoch_deadline(ticks.max(1));
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> wasmtime::Result<(u32, u32)> {
        let length = u32::try_from(bytes.len())?;
        let at = self.exports.alloc.call(&mut self.store, length)?;
        if at == 0 {
            return Err(wasmtime::Error::msg("its memory is full"));
        }
        self.memory.write(&mut self.store, at as usize, bytes)?;
        Ok((at, length))
    }

    fn text(&mut self) -> String {
        let at = self.exports.text.call(&mut self.store, ()).unwrap_or(0) as usize;
        let length = self.exports.text_length.call(&mut self.store, ()).unwrap_or(0) as usize;
        let bytes = self.memory.data(&self.store).get(at..).and_then(|rest| rest.get(..length)).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }

    fn failure(&mut self) -> Failure {
        let said = self.text();
        let failure = Failure::of(&said, &self.script, self.shift);
        let over = |what: String| Failure { name: "LimitReached".into(), message: what, ..failure.clone() };
        match (failure.name.as_str(), failure.message.as_str()) {
            ("InternalError", "interrupted") => {
                let polls = self.limits.polls;
                over(format!(
                    "the script ran for {polls} polls without waiting for anything; raise limits.polls if it has so much to do"
                ))
            }
            ("InternalError", "out of memory") => {
                let mebibytes = self.limits.memory >> 20;
                over(format!("the script needs more than {mebibytes} MiB of memory; raise limits.memory, or keep less"))
            }
            _ => failure,
        }
    }

    fn trapped(&self, error: &wasmtime::Error) -> Failure {
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => {
                let fuel = self.limits.fuel;
                Failure::new(
                    "LimitReached",
                    format!(
                        "the script ran for {fuel} instructions without waiting for anything; raise limits.fuel if it has so much to do"
                    ),
                )
            }
            Some(Trap::StackOverflow) => Failure::new("RangeError", "Maximum call stack size exceeded"),
            _ => Failure::new("EngineError", format!("{error:#}")),
        }
    }
}

fn zeroed(text: &str) -> Vec<u8> {
    // A zero byte inside would end the name.
    let mut bytes: Vec<u8> = text.bytes().map(|byte| if byte == 0 { b'?' } else { byte }).collect();
    bytes.push(0);
    bytes
}
