//! The engine as machine code: made once, then kept in a folder and mapped.

use std::{
    fs::{self, File, OpenOptions},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{self, Write as _},
    path::{Path, PathBuf},
    pin::pin,
    task::{Context, Poll, Waker},
};

use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, Instance, Linker, Module, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

use crate::{engine::EngineError, instance::Host};

/// The engine as `build.rs` made it.
pub(crate) const WASM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/engine.wasm"));

/// The SHA-256 of the engine and its prelude.
pub(crate) fn hash() -> [u8; 32] {
    Sha256::digest(WASM).into()
}

/// The engine's module: from the folder, else made and put there.
pub(crate) fn module(engine: &Engine, linker: &Linker<Host>, folder: Option<&Path>) -> Result<Module, EngineError> {
    let Some(folder) = folder else {
        return Ok(Module::new(engine, preinitialised(engine, linker)?)?);
    };
    let path = path(engine, folder);
    if let Some(module) = mapped(engine, &path) {
        return Ok(module);
    }
    let code = engine.precompile_module(&preinitialised(engine, linker)?)?;
    // A folder that cannot be written costs time at every start, and nothing else.
    match keep(&path, &code).ok().and_then(|()| mapped(engine, &path)) {
        Some(module) => Ok(module),
        None => Ok(Module::new(engine, preinitialised(engine, linker)?)?),
    }
}

/// One file for each engine and each compiler with its settings.
fn path(engine: &Engine, folder: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let engine = hash().first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
    folder.join(format!("engine-{engine:016x}-{:016x}.cwasm", hasher.finish()))
}

fn keep(path: &Path, code: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(code)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

fn mapped(engine: &Engine, path: &Path) -> Option<Module> {
    if !ours(&File::open(path).ok()?) {
        return None;
    }
    // SAFETY: the file was written whole by `keep` and renamed into its place, belongs to this user, and nobody else may
    // write it; its name has the hashes of the engine and of the compiler with its settings, which wasmtime checks again.
    #[expect(unsafe_code, reason = "mapping machine code that this program compiled itself")]
    let module = unsafe { Module::deserialize_file(engine, path) };
    module.ok()
}

/// Whether nobody but this user can have written a file.
#[cfg(unix)]
fn ours(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(file) = file.metadata() else { return false };
    // What this process makes belongs to the user that it runs as.
    let user = this_user();
    file.is_file() && file.mode() & 0o022 == 0 && user.is_none_or(|user| user == file.uid())
}

#[cfg(unix)]
fn this_user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").ok().map(|own| own.uid())
}

#[cfg(not(unix))]
fn ours(_: &File) -> bool {
    true
}

/// The engine with its prelude evaluated: instances begin there, and share its memory until they write to it.
fn preinitialised(engine: &Engine, linker: &Linker<Host>) -> Result<Vec<u8>, EngineError> {
    let mut wizer = Wizer::new();
    wizer.init_func("initialize");
    let (context, instrumented) = wizer.instrument(WASM)?;
    let module = Module::new(engine, instrumented)?;
    let mut store = Store::new(engine, Host::default());
    store.set_fuel(u64::MAX)?;
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&mut store, "initialize")?.call(&mut store, ())?;
    let mut state = State { store, instance };
    // Nothing in it waits: all that is asked of `State` is there at once.
    match pin!(wizer.snapshot(&context, &mut state)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(made) => Ok(made?),
        Poll::Pending => unreachable!("a snapshot of what is in memory waits for nothing"),
    }
}

struct State {
    store: Store<Host>,
    instance: Instance,
}

impl InstanceState for State {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name).expect("the instrumented module exports it");
        match global.get(&mut self.store) {
            Val::I32(value) => SnapshotVal::I32(value),
            Val::I64(value) => SnapshotVal::I64(value),
            Val::F32(value) => SnapshotVal::F32(value),
            Val::F64(value) => SnapshotVal::F64(value),
            other => unreachable!("the engine has no global of type {:?}", other.ty(&self.store)),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut self.store, name).expect("the instrumented module exports it");
        contents(memory.data(&self.store));
    }
}
