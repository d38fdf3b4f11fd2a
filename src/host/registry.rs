//! Finds the actor of a stream, or wakes it; and what all actors share.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use actix::{Actor as _, Addr};
use parking_lot::Mutex;
use replay::{
    blobs::BlobStore,
    ids::StreamId,
    log::EventLog,
    ports::{Clock, Ids},
    runner::{Action, Runner},
};

use super::{
    Parts,
    actor::{EntityActor, Request},
    error::SubmitError,
    perform::Perform,
    running::Tasks,
    wanting::Wanting,
};
use crate::entities::{Kind, Work, system};

/// What all actors of a host share.
pub(super) struct Inner {
    pub log: Arc<dyn EventLog>,
    pub blobs: Arc<BlobStore>,
    pub performer: Arc<dyn Perform>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub runner: Mutex<Runner<Work>>,
    pub tasks: Tasks,
    pub wanting: Mutex<Wanting>,
    wanting_file: PathBuf,
    arbiters: Vec<actix::ArbiterHandle>,
    actors: Mutex<HashMap<StreamId, (u64, Addr<EntityActor>)>>,
    /// Tells actors of one stream that follow each other apart.
    lives: AtomicU64,
    closing: AtomicBool,
}

/// How often the host looks after what no event brings about: its note, and work that waits after a strike.
const ROUND: Duration = Duration::from_secs(1);

impl Inner {
    pub fn start(parts: Parts, lane: usize) -> std::io::Result<Arc<Self>> {
        let Parts { log, blobs, performer, clock, ids, lanes, wanting } = parts;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let arbiters = (0..cores).map(|_| actix::Arbiter::new().handle()).collect();
        let inner = Arc::new(Self {
            log,
            blobs,
            performer,
            clock,
            ids,
            runner: Mutex::new(Runner::new(lane, lanes)),
            tasks: Tasks::start(cores)?,
            wanting: Mutex::new(Wanting::read(&wanting)),
            wanting_file: wanting,
            arbiters,
            actors: Mutex::default(),
            lives: AtomicU64::new(0),
            closing: AtomicBool::new(false),
        });
        inner.look_after();
        Ok(inner)
    }

    /// Hands a request to the actor of a stream, which is woken if it sleeps.
    pub fn send(self: &Arc<Self>, stream: &StreamId, request: Request) -> Result<(), SubmitError> {
        self.find_or_wake(stream)?.do_send(request);
        Ok(())
    }

    pub fn find_or_wake(self: &Arc<Self>, stream: &StreamId) -> Result<Addr<EntityActor>, SubmitError> {
        let mut actors = self.actors.lock();
        if let Some((_, actor)) = actors.get(stream).filter(|(_, actor)| actor.connected()) {
            return Ok(actor.clone());
        }
        let kind = Kind::of(stream).ok_or_else(|| SubmitError::UnknownKind(stream.kind().to_owned()))?;
        let (host, name) = (Arc::clone(self), stream.clone());
        let life = self.lives.fetch_add(1, Ordering::Relaxed);
        let actor =
            EntityActor::start_in_arbiter(self.arbiter(stream), move |_| EntityActor::new(host, kind, name, life));
        actors.insert(stream.clone(), (life, actor.clone()));
        Ok(actor)
    }

    /// Forgets an actor that ended, unless another has taken its place.
    pub fn forget(&self, stream: &StreamId, life: u64) {
        let mut actors = self.actors.lock();
        if actors.get(stream).is_some_and(|(of, _)| *of == life) {
            actors.remove(stream);
        }
    }

    fn arbiter(&self, stream: &StreamId) -> &actix::ArbiterHandle {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        stream.hash(&mut hasher);
        let arbiters = self.arbiters.len() as u64;
        let index = usize::try_from(hasher.finish() % arbiters).expect("it is below the number of arbiters");
        &self.arbiters[index]
    }

    /// Does what the runner says, for streams whose actor is not the caller.
    pub fn act(self: &Arc<Self>, action: Action<Work>) {
        let sent = match action {
            Action::Begin { stream, key } => self.send(&stream, Request::begin(key)),
            Action::Lose { stream, key, attempt } => self.send(&stream, Request::lose(key, attempt)),
            Action::Start { stream, key, attempt, work } => self.send(&stream, Request::Start { key, attempt, work }),
            Action::Cancel { stream, key, attempt } => {
                self.tasks.cancel(&stream, &key, attempt);
                Ok(())
            }
            Action::Quarantine { stream, reason } => {
                self.quarantine(&stream, &reason);
                self.send(&stream, Request::Retire { reason })
            }
        };
        if let Err(error) = sent {
            tracing::error!(%error, "the runner named a stream that cannot be reached");
        }
    }

    /// Notes that a stream is out of service.
    pub fn quarantine(self: &Arc<Self>, stream: &StreamId, reason: &str) {
        tracing::error!(%stream, reason, "a stream is out of service");
        if *stream == system::stream() {
            return;
        }
        let (stream, reason) = (stream.clone(), reason.into());
        let note = Request::note(system::Command::Quarantine { stream, reason });
        if let Err(error) = self.send(&system::stream(), note) {
            tracing::error!(%error, "and it could not be noted");
        }
    }

    pub fn wake_wanting(self: &Arc<Self>) {
        let streams = self.wanting.lock().to_wake(self.log.streams());
        tracing::debug!(streams = streams.len(), "waking what may want something");
        for stream in streams {
            if let Err(error) = self.find_or_wake(&stream) {
                tracing::debug!(%stream, %error, "not woken");
            }
        }
        self.wanting.lock().complete();
    }

    pub fn note_wanting(&self) {
        // The head is read first: what is appended while the note is written is woken because it is after the head.
        let head = self.log.head();
        let written = self.wanting.lock().write(&self.wanting_file, head);
        if let Err(error) = written {
            tracing::warn!(%error, file = %self.wanting_file.display(), "the note of what wants something could not be written");
        }
    }

    fn look_after(self: &Arc<Self>) {
        let host = Arc::downgrade(self);
        self.tasks.spawn(async move {
            loop {
                tokio::time::sleep(ROUND).await;
                let Some(host) = host.upgrade() else { return };
                host.note_wanting();
                let due = host.runner.lock().due(host.clock.now());
                for stream in due {
                    if let Err(error) = host.send(&stream, Request::Compare) {
                        tracing::warn!(%stream, %error, "not compared");
                    }
                }
            }
        });
    }

    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}
