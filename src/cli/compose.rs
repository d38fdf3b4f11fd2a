//! Puts the server together: log, models, tools, host, lists, interfaces. The only place that knows all rooms.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    net::{SocketAddr, TcpListener, ToSocketAddrs as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::UNIX_EPOCH,
};

use replay::{
    blobs::{BlobError, BlobStore},
    file::{FileLog, OpenError, OpenReport, Options},
    log::EventLog,
    ports::{Clock, Ids, Machine},
    projection::Derived,
    snapshot::SnapshotStore,
};
use tokio::task::JoinHandle;

use super::settings::{Loaded, ModelSettingsError, Settings};
use crate::{
    agents::Agents,
    api::{self, App, Stopper, Tickets, keys},
    effects::Effects,
    entities::{self, AnyEntity, system},
    host::{FoldFailure, Host, Parts, SubmitError},
    models::{BadSettings, ErrorKind, Providers},
    projections::{Lists, StepCache},
    scripts::Scripts,
    tools::Toolbox,
};

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// Where the settings say.
    AsSet,
    /// At a free port of the loopback address.
    Loopback,
}

/// Why a server could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A file or folder cannot be used.
    #[error("{} cannot be used", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The data folder cannot be made.
    #[error("the data folder {} cannot be made ({source}): name one that you may write to with --data DIR", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The blobs cannot be used.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// A provider's settings are wrong.
    #[error(transparent)]
    Models(#[from] BadSettings),
    /// The model where nobody names one is none that can be asked.
    #[error("{0} It stands in `--model`, `REENACT_MODEL` or `models.default`")]
    DefaultModel(crate::models::ModelError),
    /// The models cannot be set up.
    #[error(transparent)]
    ModelSettings(#[from] ModelSettingsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {host}:{port}: {problem}")]
    Listen {
        /// The address.
        host: String,
        /// The port.
        port: u16,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The server's own stream did not take a fact.
    #[error("the start could not be noted: {0}")]
    Note(#[from] SubmitError),
    /// The server's own stream cannot be folded, so nobody could sign in.
    #[error("the keys cannot be read: {0}")]
    Keys(#[from] FoldFailure),
    /// A thread cannot be started.
    #[error("the server cannot start its threads: {0}")]
    Thread(io::Error),
    /// The server inside this process ended without a word.
    #[error("the server inside this program failed while it started; --log debug says more")]
    Died,
}

impl ComposeError {
    /// Whether another process holds the data folder.
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Log(OpenError::Locked { .. }))
    }
}

/// A server that runs.
pub struct Running {
    /// Where it is, as `http://HOST:PORT`.
    pub base: String,
    /// The first key.
    pub key: String,
    tickets: Tickets,
    host: Host,
    log: Arc<FileLog>,
    stopper: Stopper,
    serving: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Has what was begun go on.
    pub fn wake(&self) {
        self.host.wake();
    }

    /// An address that signs the first browser in that opens it within a minute.
    pub fn address_for_once(&self) -> String {
        format!("{}/?ticket={}", self.base, self.tickets.issue())
    }

    /// Serves until the listener fails.
    pub async fn failed(&mut self) -> io::Error {
        match (&mut self.serving).await {
            Ok(Ok(())) => io::Error::other("the server ended"),
            Ok(Err(error)) => error,
            Err(error) => io::Error::other(error),
        }
    }

    /// Ends in good order; everything is durable afterwards.
    pub async fn stop(self) {
        let Self { host, log, stopper, .. } = self;
        stopper.stop().await;
        host.shutdown().await;
        let closed = tokio::task::spawn_blocking(move || log.close()).await;
        if let Err(error) = closed {
            tracing::error!(%error, "the log could not be closed");
        }
    }
}

/// What the server is called: its version, and which build of it this is. A page of another one reloads itself.
pub fn version() -> String {
    let changed = || fs::metadata(std::env::current_exe().ok()?).ok()?.modified().ok();
    let since = changed().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{}+{:x}", env!("CARGO_PKG_VERSION"), since.as_millis())
}

/// The providers of models, with the keys that were set while a server ran.
pub fn providers(loaded: &Loaded) -> Result<Providers, ComposeError> {
    Ok(Providers::new(loaded.models()?)?.keeping(Arc::new(loaded.keys())))
}

/// Starts a server in the current actix system. What was begun waits for [`Running::wake`].
pub async fn compose(loaded: &Loaded, listen: &Listen) -> Result<Running, ComposeError> {
    let Loaded { data, settings, .. } = loaded;
    let providers = Arc::new(providers(loaded)?);
    // Told at the start, and not to whoever asks first.
    if *listen == Listen::AsSet {
        match providers.resolve(providers.default_model()).map(drop) {
            // Keys can be set while it runs.
            Err(error) if error.kind == ErrorKind::BadKey => tracing::warn!("{error}"),
            found => found.map_err(ComposeError::DefaultModel)?,
        }
    }
    private_folder(data)?;
    // The data folder may be one that was there before, open to others: what is in it is still only the owner's.
    for room in ["log", "blobs", "index", "snapshots"] {
        private_folder(&data.join(room))?;
    }
    let options = Options {
        reserve: Arc::new(|append| {
            entities::are_vital(&append.stream, append.records.iter().map(|record| &*record.kind))
        }),
        ..Options::default()
    };
    let (log, report) = FileLog::open(&data.join("log"), &options)?;
    // Behind the lock, so that a second server on the same data is told who holds it and not that the port is taken.
    let listener = bind(settings, listen)?;
    let file_log = Arc::new(log);
    let log: Arc<dyn EventLog> = file_log.clone();
    let blobs = Arc::new(BlobStore::open(&data.join("blobs"))?);
    let derived = Derived::open(&data.join("index"));
    let lists = Lists::start(&derived, log.clone()).map_err(ComposeError::Thread)?;
    let cache = StepCache::start(&derived, log.clone()).map_err(ComposeError::Thread)?;
    let clock: Arc<dyn Clock> = Arc::new(Machine);
    let toolbox = Arc::new(Toolbox::usual());
    let tools = toolbox.names();
    let minutes = settings.workflows.time_limit_minutes;
    let scripts = scripts(settings).with_time_limit(minutes.map(|minutes| minutes.saturating_mul(60_000)));
    let agents = agents();
    let performer = Effects::new(providers.clone(), toolbox, blobs.clone(), log.clone(), clock.clone())
        .guarding(data)
        .with_context_window(settings.models.context_window)
        .with_scripts(scripts.clone())
        .with_cache(cache.clone())
        .with_agents(agents.clone());
    let parts = Parts {
        log: log.clone(),
        blobs,
        performer: Arc::new(performer),
        clock,
        ids: Arc::new(Machine) as Arc<dyn Ids>,
        lanes: [
            ("model".to_owned(), settings.lanes.model.max(1)),
            ("tools".to_owned(), settings.lanes.tools.max(1)),
            ("agents".to_owned(), settings.lanes.agents.max(1)),
            ("runs".to_owned(), settings.lanes.runs.max(1)),
            // These wait for others: agents, and people.
            ("steps".to_owned(), usize::MAX),
            // A script that is driven takes a processor.
            ("scripts".to_owned(), std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get)),
            // A timer is no work: all of them may run.
            ("timers".to_owned(), usize::MAX),
        ]
        .into(),
        wanting: data.join("wanting.json"),
        snapshots: SnapshotStore::new(&data.join("snapshots"), &version()),
    };
    let host = Host::start(parts).map_err(ComposeError::Thread)?;
    note_start(&host, &report).await?;
    let key = first_key(&host, data).await?;
    let looking = providers.clone();
    actix_rt::spawn(async move { looking.look_around().await });

    let mut api = api::Settings::new(version(), key.clone());
    api.hosts = settings.server.allowed_hosts.clone();
    api.largest_attachment = settings.attachments.max_size_mb.saturating_mul(1024 * 1024);
    api.data = Some(data.canonicalize().unwrap_or_else(|_| data.clone()));
    api.tools = tools;
    if *listen == Listen::AsSet {
        api.hosts.push(settings.server.host.clone());
    }
    let tickets = api.tickets.clone();
    let app = App { host: host.clone(), lists, cache, providers, scripts, agents, settings: api };
    let serve = api::serve(app, listener).await.map_err(ComposeError::Thread)?;
    let base = base(serve.address());
    file_log.note(&base).map_err(|source| ComposeError::Io { path: data.join("log/lock"), source })?;
    let stopper = serve.stopper();
    let serving = actix_rt::spawn(serve.run());
    Ok(Running { base, key, tickets, host, log: file_log, stopper, serving })
}

/// Finds agents: the user's own folders, the first match first.
fn agents() -> Agents {
    use etcetera::BaseStrategy as _;
    match etcetera::choose_base_strategy() {
        Ok(user) => Agents::new(vec![user.config_dir().join("reenact/agents"), user.home_dir().join(".claude/agents")]),
        Err(_) => Agents::default(),
    }
}

/// Finds workflows: where the compiled engine is kept, and the user's own folders, first match first.
fn scripts(settings: &Settings) -> Scripts {
    use etcetera::BaseStrategy as _;
    let set = settings.workflows.module_cache.clone();
    let Ok(user) = etcetera::choose_base_strategy() else { return Scripts::new(set, vec![]) };
    let (config, home) = (user.config_dir(), user.home_dir());
    let folders =
        vec![config.join("reenact/workflows"), home.join(".claude/workflows"), home.join(".boocode/workflows")];
    Scripts::new(set.or_else(|| Some(user.cache_dir().join("reenact/modules"))), folders)
}

/// The address as programs on this machine reach it.
fn base(address: SocketAddr) -> String {
    let port = address.port();
    match address {
        address if address.ip().is_unspecified() => format!("http://127.0.0.1:{port}"),
        address => format!("http://{address}"),
    }
}

fn bind(settings: &Settings, listen: &Listen) -> Result<TcpListener, ComposeError> {
    let (host, port) = match listen {
        Listen::AsSet => (settings.server.host.as_str(), settings.server.port),
        Listen::Loopback => ("127.0.0.1", 0),
    };
    let failed = |problem: String| ComposeError::Listen { host: host.to_owned(), port, problem };
    let addresses: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|error| failed(format!("{error}. Name an address of this machine with --host")))?
        .collect();
    TcpListener::bind(&*addresses).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => failed(format!(
            "port {port} is in use. Take another with --port N (0 takes a free one), or stop what holds it"
        )),
        io::ErrorKind::PermissionDenied => {
            failed(format!("{error}. Ports below 1024 need rights: take another with --port N"))
        }
        io::ErrorKind::AddrNotAvailable => failed(format!("{error}. Name an address of this machine with --host")),
        _ => failed(error.to_string()),
    })
}

fn private_folder(path: &Path) -> Result<(), ComposeError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| ComposeError::Folder { path: path.to_owned(), source })
}

/// Notes the start, and what opening the log found.
async fn note_start(host: &Host, report: &OpenReport) -> Result<(), ComposeError> {
    if let Some(cut) = &report.tail_cut {
        tracing::warn!("{cut}");
        let (segment, offset, bytes) = (cut.segment, cut.offset, cut.bytes);
        host.note(system::Command::NoteTailCut { segment, offset, bytes }).await?;
    }
    for damage in &report.damage {
        tracing::error!("the log is damaged: {damage}");
        let what = damage.to_string().into();
        host.note(system::Command::NoteDamage { segment: damage.segment, offset: damage.offset, what }).await?;
    }
    for note in &report.notes {
        tracing::warn!("{note}");
    }
    host.note(system::Command::NoteStart { version: version().into() }).await?;
    Ok(())
}

/// The key in the data folder's file `key`, which the log knows afterwards.
///
/// The file is written first: a crash in between leaves a key that the log learns at the next start.
async fn first_key(host: &Host, data: &Path) -> Result<String, ComposeError> {
    let path = data.join("key");
    let key = match fs::read_to_string(&path) {
        Ok(key) if !key.trim().is_empty() => key.trim().to_owned(),
        Ok(_) => written_key(&path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => written_key(&path)?,
        Err(source) => return Err(ComposeError::Io { path, source }),
    };
    let AnyEntity::System(entity) = host.fold(&system::stream(), None).await? else {
        return Err(FoldFailure::UnknownKind("system".into()).into());
    };
    let known = &entity.state().keys;
    let sha256 = keys::hash(&key);
    if known.values().any(|known| known.is_good() && *known.sha256 == *sha256) {
        return Ok(key);
    }
    // A name is given once: a folder whose file was lost gets a key of another name.
    let free = (2..).map(|number| format!("{}-{number}", keys::OWNER));
    let mut names = std::iter::once(keys::OWNER.to_owned()).chain(free);
    let name = names.find(|name| !known.contains_key(name.as_str())).expect("numbers do not end");
    if name != keys::OWNER {
        tracing::warn!("the file {} is not the one that the log knows: its key is now named {name}", path.display());
    }
    host.note(system::Command::CreateKey { name: name.into(), role: system::Role::Admin, sha256: sha256.into() })
        .await?;
    Ok(key)
}

/// A fresh key, in a file that its owner alone can read.
fn written_key(path: &Path) -> Result<String, ComposeError> {
    let key = keys::fresh();
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        // An empty file that was there keeps its own mode otherwise.
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        writeln!(file, "{key}")?;
        file.sync_all()
    };
    write().map_err(|source| ComposeError::Io { path: path.to_owned(), source })?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_for_all_addresses_is_reached_by_loopback_from_here() {
        assert_eq!(base("0.0.0.0:7717".parse().unwrap()), "http://127.0.0.1:7717");
        assert_eq!(base("127.0.0.1:1".parse().unwrap()), "http://127.0.0.1:1");
        assert_eq!(base("[::1]:1".parse().unwrap()), "http://[::1]:1");
    }

    #[test]
    fn the_version_says_which_build_it_is() {
        assert!(version().starts_with(concat!(env!("CARGO_PKG_VERSION"), "+")));
        assert_eq!(version(), version());
    }

    #[test]
    fn a_key_is_its_owners_alone_even_where_an_empty_file_stood_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        written_key(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
