//! One program in flight, a script in the engine or a module of its own: started, then brought one answer after the other.

use serde_json::json;
use wasmtime::{InstancePre, Memory, Store, StoreLimits, StoreLimitsBuilder, Trap, TypedFunc};

use crate::{
    engine::TICK,
    failure::{Failure, failure_of},
    json::well_formed,
    module::{Guard, Module, Refused},
    script::{Format, LoadError, Script, Written},
    turn::{Ask, Limits, Outcome, Start, Step, Turn},
};

/// The host's side of an instance.
#[derive(Default)]
pub(crate) struct Host {
    pub asks: Vec<Ask>,
    pub calls: u64,
    pub budget: Option<u64>,
    pub spent: u64,
    pub limits: StoreLimits,
    /// What counts for a module that has no prelude to do it.
    pub guard: Option<Guard>,
}

/// A program in flight.
pub struct Instance {
    store: Store<Host>,
    memory: Memory,
    exports: Exports,
    name: String,
    limits: Limits,
    over: Option<Step>,
}

/// What both export, the engine and a module; and what each has for itself.
struct Exports {
    alloc: TypedFunc<u32, u32>,
    start: TypedFunc<(u32, u32), i32>,
    resume: TypedFunc<(u64, i32, u32, u32), i32>,
    text: TypedFunc<(), u32>,
    text_length: TypedFunc<(), u32>,
    own: Own,
}

enum Own {
    Engine {
        free: TypedFunc<u32, ()>,
        add: TypedFunc<(u32, u32, u32), ()>,
        load: TypedFunc<(u32, u32, u32), i32>,
        pending: TypedFunc<(), u32>,
        /// How many columns of the script's first line are not its own.
        shift: u32,
        format: Format,
    },
    Module {
        meta: TypedFunc<(), i32>,
    },
}

/// Bytes of the interpreter's stack.
const STACK: u32 = 192 * 1024;
/// What an instance may take in all: the script's memory, and the engine's own.
const MOST_MEMORY: usize = 256 << 20;
/// Instructions of a module between two answers. It is no interpreter: what takes longer than these few seconds does not end.
const MOST_FUEL: u64 = 20_000_000_000;

macro_rules! export {
    ($made:ident, $store:ident, $name:literal) => {
        $made.get_typed_func(&mut $store, $name)?
    };
}

impl Instance {
    /// The engine with a script in it.
    pub(crate) fn load(
        pre: &InstancePre<Host>,
        script: &Script,
        written: &Written,
        limits: &Limits,
    ) -> Result<Self, LoadError> {
        let mut instance = Self::engine(pre, script, written, limits).map_err(crate::EngineError::from)?;
        match instance.compile(script, written) {
            Ok(0) => Ok(instance),
            Ok(_) => Err(instance.failure().into()),
            Err(error) => Err(instance.trapped(&error).into()),
        }
    }

    fn engine(pre: &InstancePre<Host>, script: &Script, written: &Written, limits: &Limits) -> wasmtime::Result<Self> {
        let host_limits = StoreLimitsBuilder::new().memory_size(MOST_MEMORY).instances(1).memories(1).tables(2).build();
        let mut store = Store::new(pre.module().engine(), Host { limits: host_limits, ..Host::default() });
        store.limiter(|host| &mut host.limits);
        store.set_fuel(u64::MAX)?;
        store.set_epoch_deadline(u64::MAX / 2);
        let made = pre.instantiate(&mut store)?;
        let own = Own::Engine {
            free: export!(made, store, "free"),
            add: export!(made, store, "add"),
            load: export!(made, store, "load"),
            pending: export!(made, store, "pending"),
            shift: written.shift,
            format: Format::Body,
        };
        let limit: TypedFunc<(u32, u32, u32), ()> = export!(made, store, "limits");
        limit.call(&mut store, (limits.polls, limits.memory, STACK))?;
        Self::with(&made, store, own, &script.name, limits)
    }

    /// A module of its own. Its failures are those of the module, not of the engine.
    pub(crate) fn module(pre: &InstancePre<Host>, module: &Module, limits: &Limits) -> Result<Self, Failure> {
        let limits = &Limits { fuel: limits.fuel.min(MOST_FUEL), ..limits.clone() };
        let memory = usize::try_from(limits.memory).unwrap_or(MOST_MEMORY).min(MOST_MEMORY);
        let host_limits =
            StoreLimitsBuilder::new().memory_size(memory).table_elements(100_000).instances(1).memories(1).tables(4);
        let guard = Some(Guard::new(limits));
        let mut store =
            Store::new(pre.module().engine(), Host { limits: host_limits.build(), guard, ..Host::default() });
        store.limiter(|host| &mut host.limits);
        let said = |error: &wasmtime::Error| failure_of(error, &module.name, limits, true);
        // What it does while it is made is counted too.
        allow(&mut store, limits).map_err(|error| said(&error))?;
        let made = pre.instantiate(&mut store).map_err(|error| said(&error))?;
        let exports = |mut store: Store<Host>| {
            let meta = export!(made, store, "meta");
            Self::with(&made, store, Own::Module { meta }, &module.name, limits)
        };
        exports(store).map_err(|error| {
            let what = format!("it is no module of a workflow: {error:#}; schemas/workflow.wit says what one exports");
            Failure::new("InvalidModule", what)
        })
    }

    fn with(
        made: &wasmtime::Instance,
        mut store: Store<Host>,
        own: Own,
        name: &str,
        limits: &Limits,
    ) -> wasmtime::Result<Self> {
        let exports = Exports {
            alloc: export!(made, store, "alloc"),
            start: export!(made, store, "start"),
            resume: export!(made, store, "resume"),
            text: export!(made, store, "text"),
            text_length: export!(made, store, "text_length"),
            own,
        };
        let memory = made.get_memory(&mut store, "memory").ok_or_else(|| wasmtime::Error::msg("it has no memory"))?;
        Ok(Self { store, memory, exports, name: name.to_owned(), limits: limits.clone(), over: None })
    }

    fn compile(&mut self, script: &Script, written: &Written) -> wasmtime::Result<i32> {
        let Own::Engine { add, load, .. } = &self.exports.own else { return Ok(0) };
        let (add, load) = (add.clone(), load.clone());
        self.fuel()?;
        for (name, source) in &script.files {
            let (name, _) = self.put(&zeroed(name))?;
            let (source, length) = self.put(source.as_bytes())?;
            add.call(&mut self.store, (name, source, length))?;
            self.free(name)?;
            self.free(source)?;
        }
        let (name, _) = self.put(&zeroed(&script.name))?;
        let (source, length) = self.put(written.source.as_bytes())?;
        let said = load.call(&mut self.store, (name, source, length))?;
        self.free(name)?;
        self.free(source)?;
        Ok(said)
    }

    pub(crate) fn of(mut self, is: Format) -> Self {
        if let Own::Engine { format, .. } = &mut self.exports.own {
            *format = is;
        }
        self
    }

    /// What a module says of itself, as JSON.
    pub(crate) fn meta(&mut self) -> Result<String, Failure> {
        let Own::Module { meta } = &self.exports.own else { return Ok("{}".into()) };
        let meta = meta.clone();
        let ran = self.fuel().and_then(|()| meta.call(&mut self.store, ()));
        match ran {
            Ok(_) if !self.store.data().asks.is_empty() => {
                Err(Failure::new("InvalidModule", "its `meta` calls the host, which only `start` and `resume` may"))
            }
            Ok(0) => self.text().map_err(|error| self.trapped(&error)),
            Ok(_) => Err(self.failure()),
            Err(error) => Err(self.trapped(&error)),
        }
    }

    /// Starts it. To be called once, before any answer.
    pub fn start(&mut self, start: &Start) -> Turn {
        self.store.data_mut().budget = start.budget;
        let function = self.exports.start.clone();
        let with = match &self.exports.own {
            Own::Engine { format, .. } => engine_start(&self.limits, *format, start),
            Own::Module { .. } => start.args.clone().unwrap_or_default(),
        };
        self.run(with.as_bytes(), |store, (at, length)| function.call(store, (at, length)))
    }

    /// Answers a call; `spent` output tokens were used for it.
    pub fn resume(&mut self, id: u64, outcome: &Outcome, spent: u64) -> Turn {
        let host = self.store.data_mut();
        host.spent = host.spent.saturating_add(spent);
        if let Some(guard) = &mut host.guard {
            guard.answered(id);
        }
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
            self.free(at)?;
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
            0 => match self.pending()? {
                0 => {
                    let what = "the workflow awaits a promise that nothing can settle: every call has its answer";
                    Step::Failed(Failure::new("Stuck", what))
                }
                calls => Step::Pending { calls },
            },
            1 => well_formed(self.text()?).map_or_else(
                || {
                    let what =
                        "the result is no JSON that can be read: at most 100 objects and lists may lie in each other";
                    Step::Failed(Failure::new("InvalidResult", what))
                },
                |result| Step::Done { result },
            ),
            _ => Step::Failed(self.failure()),
        })
    }

    /// How many calls have no answer.
    fn pending(&mut self) -> wasmtime::Result<u32> {
        match &self.exports.own {
            Own::Engine { pending, .. } => pending.call(&mut self.store, ()),
            Own::Module { .. } => Ok(self.store.data().guard.as_ref().map_or(0, Guard::open)),
        }
    }

    /// What an instance may use until its next answer.
    fn fuel(&mut self) -> wasmtime::Result<()> {
        if let Some(guard) = &mut self.store.data_mut().guard {
            guard.turn();
        }
        allow(&mut self.store, &self.limits)
    }

    fn put(&mut self, bytes: &[u8]) -> wasmtime::Result<(u32, u32)> {
        let length = u32::try_from(bytes.len())?;
        let at = self.exports.alloc.call(&mut self.store, length)?;
        if at == 0 {
            return Err(wasmtime::Error::msg("its memory is full: `alloc` gave no room"));
        }
        self.memory
            .write(&mut self.store, at as usize, bytes)
            .map_err(|_| wasmtime::Error::msg("`alloc` gave room that lies outside the memory"))?;
        Ok((at, length))
    }

    /// The engine is given back what it was handed; a module owns it.
    fn free(&mut self, at: u32) -> wasmtime::Result<()> {
        match &self.exports.own {
            Own::Engine { free, .. } => free.call(&mut self.store, at),
            Own::Module { .. } => Ok(()),
        }
    }

    fn text(&mut self) -> wasmtime::Result<String> {
        let at = self.exports.text.call(&mut self.store, ())? as usize;
        let length = self.exports.text_length.call(&mut self.store, ())? as usize;
        let bytes = self.memory.data(&self.store).get(at..).and_then(|rest| rest.get(..length));
        let bytes = bytes.ok_or_else(|| wasmtime::Error::msg("its text lies outside the memory"))?;
        let most = self.limits.text as usize;
        if length > most && self.store.data().guard.is_some() {
            let what = format!("its text has {length} bytes, and may have {most}; raise limits.text");
            return Err(Refused::limit(what).into());
        }
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn failure(&mut self) -> Failure {
        let said = match self.text() {
            Ok(said) => said,
            Err(error) => return self.trapped(&error),
        };
        let failure = match &self.exports.own {
            Own::Engine { shift, .. } => Failure::of(&said, &self.name, *shift),
            Own::Module { .. } => return Failure::of_module(&said),
        };
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
        failure_of(error, &self.name, &self.limits, self.store.data().guard.is_some())
    }
}

/// What the engine's `start` is told.
fn engine_start(limits: &Limits, format: Format, start: &Start) -> String {
    let Limits { agents, items, asks, text, .. } = limits;
    let mut with = json!({ "limits": {"agents": agents, "items": items, "asks": asks, "text": text} });
    if format != Format::Body {
        with["clock"] = json!({ "now": start.now_ms, "seed": start.seed });
    }
    let mut with = with.to_string();
    if let Some(args) = &start.args {
        with.truncate(with.len() - 1);
        with = format!("{with},\"args\":{args}}}");
    }
    with
}

fn allow(store: &mut Store<Host>, limits: &Limits) -> wasmtime::Result<()> {
    store.set_fuel(limits.fuel)?;
    let ticks = u64::from(limits.emergency_s) * 1_000 / u64::try_from(TICK.as_millis())?;
    store.set_epoch_deadline(ticks.max(1));
    Ok(())
}

fn zeroed(text: &str) -> Vec<u8> {
    // A zero byte inside would end the name.
    let mut bytes: Vec<u8> = text.bytes().map(|byte| if byte == 0 { b'?' } else { byte }).collect();
    bytes.push(0);
    bytes
}
