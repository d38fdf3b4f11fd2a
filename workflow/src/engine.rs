//! The engine: compiled once, shared by all instances.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use wasmtime::{Caller, Config, Engine as Wasmtime, Extern, InstancePre, Linker, Memory, OptLevel};

use crate::{
    compiled,
    failure::Failure,
    instance::{Host, Instance},
    json::well_formed,
    meta::{self, Meta},
    module::{Module, Refused},
    script::{Format, LARGEST, LoadError, Script, Written},
    turn::{Ask, Limits},
    url,
};

/// How often time is counted. An instance that runs for `Limits::emergency` of these is stopped.
pub(crate) const TICK: Duration = Duration::from_millis(50);
/// How much of the thread's own stack a script may use, in bytes.
const STACK: usize = 1024 * 1024;

/// The engine. Cloning shares it.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    pre: InstancePre<Host>,
    hash: [u8; 32],
    engine: Wasmtime,
    linker: Linker<Host>,
    /// Modules as machine code, by their hashes, the latest last.
    modules: Mutex<Vec<([u8; 32], InstancePre<Host>)>>,
}

/// How many modules are kept as machine code.
const KEPT: usize = 32;

/// The engine itself failed: this is no fault of a script.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(String);

impl EngineError {
    /// One that was said before.
    pub fn new(what: String) -> Self {
        Self(what)
    }
}

impl From<wasmtime::Error> for EngineError {
    fn from(error: wasmtime::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

impl Engine {
    /// Maps the engine from a folder, or compiles it and puts it there. Takes milliseconds the first way, seconds the second.
    pub fn new(folder: Option<&Path>) -> Result<Self, EngineError> {
        let engine = Wasmtime::new(&config())?;
        let linker = linker(&engine)?;
        let module = compiled::module(&engine, &linker, folder)?;
        let pre = linker.instantiate_pre(&module)?;
        let ticking = engine.weak();
        let tick = move || {
            while let Some(engine) = ticking.upgrade() {
                engine.increment_epoch();
                std::thread::sleep(TICK);
            }
        };
        let thread = std::thread::Builder::new().name("workflow-clock".into()).spawn(tick);
        thread.map_err(|error| EngineError(format!("its clock cannot start: {error}")))?;
        let modules = Mutex::default();
        Ok(Self { inner: Arc::new(Inner { pre, hash: compiled::hash(), engine, linker, modules }) })
    }

    /// The SHA-256 of the engine and its prelude: what is recorded under one may run differently under another.
    pub fn hash(&self) -> [u8; 32] {
        self.inner.hash
    }

    /// Reads a script with all that it imports: what it says of itself, and how it is written. Runs nothing.
    /// `read` gives the text of a file by its path from the script's folder.
    pub fn read(
        &self,
        script: &mut Script,
        mut read: impl FnMut(&str) -> Result<String, String>,
    ) -> Result<(Meta, Format), LoadError> {
        loop {
            let (loaded, format) = match self.load(script, &Limits::default()) {
                Ok(loaded) => loaded,
                Err(LoadError::Script(failure)) if failure.name == "ModuleMissing" => {
                    let file = failure.message;
                    let refused =
                        |why: String| LoadError::Import { script: script.name.clone(), file: file.clone(), why };
                    if file.starts_with("..") || file.starts_with('/') || !file.contains('.') || file.contains(':') {
                        return Err(refused("a workflow imports files of its own folder only, as `./NAME.js`".into()));
                    }
                    let text = read(&file).map_err(&refused)?;
                    script.files.insert(file.clone(), text);
                    continue;
                }
                Err(error) => return Err(error),
            };
            drop(loaded);
            return Ok((meta::read(&script.name, &script.source, format)?, format));
        }
    }

    /// Makes an instance of a script that was read.
    pub fn instance(&self, script: &Script, limits: &Limits) -> Result<Instance, LoadError> {
        Ok(self.load(script, limits)?.0)
    }

    /// Makes an instance of a module.
    pub(crate) fn module(&self, module: &Module, limits: &Limits) -> Result<Instance, LoadError> {
        module.check()?;
        Ok(Instance::module(&self.ready(module)?, module, limits)?)
    }

    /// A module as machine code, linked with what it may import.
    fn ready(&self, module: &Module) -> Result<InstancePre<Host>, Failure> {
        let hash: [u8; 32] = Sha256::digest(&module.wasm).into();
        let kept = || self.inner.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pre)) = kept().iter().find(|(known, _)| *known == hash) {
            return Ok(pre.clone());
        }
        let wrong = |error: wasmtime::Error| Failure::new("InvalidModule", format!("it cannot be used: {error:#}"));
        let compiled = wasmtime::Module::from_binary(&self.inner.engine, &module.wasm).map_err(wrong)?;
        let pre = self.inner.linker.instantiate_pre(&compiled).map_err(wrong)?;
        let mut kept = kept();
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((hash, pre.clone()));
        Ok(pre)
    }

    fn load(&self, script: &Script, limits: &Limits) -> Result<(Instance, Format), LoadError> {
        let size = script.size();
        if size > LARGEST {
            let what = format!("it has {size} bytes with what it imports; a workflow may have {LARGEST}");
            return Err(Failure::new("TooLarge", what).into());
        }
        let source = &script.source;
        let (written, format) = match self.compile(script, &Written::module(source), limits) {
            Ok(_) if is_common_js(source) => (Written::common_js(source), Format::CommonJs),
            Ok(instance) => {
                let format = meta::format(source);
                return Ok((instance.of(format), format));
            }
            Err(LoadError::Script(failure)) if is_body(&failure) => (Written::body(source), Format::Body),
            Err(error) => return Err(explained(error, source)),
        };
        let instance = self.compile(script, &written, limits).map_err(|error| explained(error, source))?;
        Ok((instance.of(format), format))
    }

    fn compile(&self, script: &Script, written: &Written, limits: &Limits) -> Result<Instance, LoadError> {
        Instance::load(&self.inner.pre, script, written, limits)
    }
}

/// Whether what was read as a module is a body, which may `return`.
fn is_body(failure: &Failure) -> bool {
    failure.name == "SyntaxError" && failure.message.contains("return not in a function")
}

/// Whether a module that compiles is one of `CommonJS`.
fn is_common_js(source: &str) -> bool {
    (source.contains("module.exports") || source.contains("exports.")) && !meta::exports(source)
}

/// An error of syntax that has a known cause says so.
fn explained(error: LoadError, source: &str) -> LoadError {
    let LoadError::Script(mut failure) = error else { return error };
    let line = failure.place.as_ref().and_then(|place| source.lines().nth(place.line as usize - 1)).unwrap_or_default();
    let starts =
        |words: &[&str]| words.iter().any(|word| line.trim_start().trim_start_matches("export ").starts_with(word));
    let typed = [
        ": string",
        ": number",
        ": boolean",
        ": any",
        ": unknown",
        ": Promise<",
        "[]) ",
        " as const",
        " as any",
        "<string",
        "!:",
    ];
    let typescript = starts(&["interface ", "type ", "enum ", "declare ", "namespace ", "abstract ", "import type "])
        || typed.iter().any(|mark| line.contains(mark));
    if failure.name == "SyntaxError" && typescript {
        failure.message += "; this looks like TypeScript, and a workflow is plain JavaScript: remove the types";
    }
    failure.into()
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .cranelift_opt_level(OptLevel::Speed)
        .max_wasm_stack(STACK);
    config
}

fn linker(engine: &Wasmtime) -> Result<Linker<Host>, EngineError> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(
        "workflow",
        "call",
        |mut caller: Caller<'_, Host>,
         kind: u32,
         kind_length: u32,
         payload: u32,
         length: u32|
         -> wasmtime::Result<u64> {
            let (kind, payload) = (text(&mut caller, kind, kind_length)?, text(&mut caller, payload, length)?);
            // No call has the number 0: the prelude says what is wrong.
            let Some(payload) = well_formed(payload) else {
                return if caller.data().guard.is_some() { Err(no_json(&kind).into()) } else { Ok(0) };
            };
            let host = caller.data_mut();
            let id = host.calls + 1;
            if let Some(guard) = &mut host.guard {
                guard.call(id, &kind, &payload, (host.budget, host.spent))?;
            }
            host.calls = id;
            host.asks.push(Ask::Call { id, kind, payload });
            Ok(id)
        },
    )?;
    linker.func_wrap(
        "workflow",
        "note",
        |mut caller: Caller<'_, Host>,
         kind: u32,
         kind_length: u32,
         payload: u32,
         length: u32|
         -> wasmtime::Result<()> {
            let (kind, payload) = (text(&mut caller, kind, kind_length)?, text(&mut caller, payload, length)?);
            let payload = well_formed(payload);
            let host = caller.data_mut();
            if let Some(guard) = &mut host.guard {
                guard.note(&kind, payload.as_deref().unwrap_or_default())?;
            }
            host.asks.extend(payload.map(|payload| Ask::Note { kind, payload }));
            Ok(())
        },
    )?;
    #[expect(clippy::cast_precision_loss, reason = "JavaScript has no other numbers")]
    linker.func_wrap("workflow", "budget", |caller: Caller<'_, Host>, what: i32| -> f64 {
        let host = caller.data();
        match what {
            0 => host.budget.map_or(-1.0, |total| total as f64),
            _ => host.spent as f64,
        }
    })?;
    linker.func_wrap(
        "workflow",
        "url",
        |mut caller: Caller<'_, Host>, request: u32, length: u32| -> wasmtime::Result<u32> {
            let answer = url::answer(&text(&mut caller, request, length)?);
            let bytes = [answer.as_bytes(), b"\0"].concat();
            let alloc = caller.get_export("alloc").and_then(Extern::into_func).ok_or_else(no_export)?;
            let alloc = alloc.typed::<u32, u32>(&caller)?;
            let at = alloc.call(&mut caller, u32::try_from(bytes.len())?)?;
            if at != 0 {
                memory(&mut caller)?.write(&mut caller, at as usize, &bytes)?;
            }
            Ok(at)
        },
    )?;
    Ok(linker)
}

fn no_json(kind: &str) -> Refused {
    let what = format!(
        "what is given to `{kind}` is no JSON that can be read: at most 100 objects and lists may lie in each other"
    );
    Refused(Failure::new("InvalidCall", what))
}

fn no_export() -> wasmtime::Error {
    wasmtime::Error::msg("the module has not the exports of the interface")
}

fn memory(caller: &mut Caller<'_, Host>) -> wasmtime::Result<Memory> {
    caller.get_export("memory").and_then(Extern::into_memory).ok_or_else(no_export)
}

fn text(caller: &mut Caller<'_, Host>, at: u32, length: u32) -> wasmtime::Result<String> {
    let memory = memory(caller)?;
    let bytes = memory.data(caller).get(at as usize..).and_then(|rest| rest.get(..length as usize));
    let bytes = bytes.ok_or_else(|| wasmtime::Error::msg("a text lies outside the memory"))?;
    Ok(String::from_utf8_lossy(bytes).into_owned())
}
