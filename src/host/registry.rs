//! Finds the actor of a stream, or wakes it; and what all actors share.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
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
use tokio::{sync::oneshot, task::JoinHandle};

use super::{
    Accepted, Parts,
    actor::EntityActor,
    error::SubmitError,
    fold::{FoldFailure, Folded, fold},
    pause::pause,
    perform::Perform,
    request::{Reply, Request},
    running::Tasks,
    snapshots::Snapshots,
    waking::NoteFile,
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
    pub note_file: Mutex<NoteFile>,
    pub snapshots: Snapshots,
    arbiters: Vec<actix::ArbiterHandle>,
    actors: Mutex<HashMap<StreamId, (u64, Addr<EntityActor>)>>,
    /// Tells actors of one stream that follow each other apart.
    lives: AtomicU64,
    /// Which streams are out of service until the next start, and why.
    quarantined: Mutex<HashMap<StreamId, String>>,
    /// How often the actor of a stream panicked.
    panics: Mutex<HashMap<StreamId, u32>>,
    /// Held while a fork is made: two that make the same stream would be in each other's way.
    pub forking: tokio::sync::Mutex<()>,
    /// What is wrong, in words for a person.
    pub troubles: Mutex<Vec<String>>,
    closing: AtomicBool,
}

/// How often an actor is asked again if it ends before it answers.
const TRIES: usize = 3;
/// After so many panics of its actor, a stream is out of service.
const PANICS: u32 = 5;

impl Inner {
    pub fn start(parts: Parts, lane: usize) -> std::io::Result<Arc<Self>> {
        let Parts { log, blobs, performer, clock, ids, lanes, wanting, snapshots } = parts;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let tasks = Tasks::start(cores)?;
        let arbiters = (0..cores).map(|_| actix::Arbiter::new().handle()).collect();
        let inner = Arc::new(Self {
            log,
            blobs,
            performer,
            clock,
            ids,
            runner: Mutex::new(Runner::new(lane, lanes)),
            tasks,
            wanting: Mutex::new(Wanting::read(&wanting)),
            note_file: Mutex::new(NoteFile(wanting)),
            snapshots: Snapshots::new(snapshots),
            arbiters,
            actors: Mutex::default(),
            lives: AtomicU64::new(0),
            quarantined: Mutex::default(),
            panics: Mutex::default(),
            forking: tokio::sync::Mutex::default(),
            troubles: Mutex::default(),
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

    /// Asks an actor; again, if it ended before it answered.
    pub async fn ask<T>(
        self: &Arc<Self>,
        stream: &StreamId,
        request: impl Fn(Reply<T>) -> Request,
    ) -> Result<T, SubmitError> {
        for _ in 0..TRIES {
            let (reply, answer) = oneshot::channel();
            self.send(stream, request(reply))?;
            if let Ok(answer) = answer.await {
                return answer;
            }
        }
        Err(self.unanswered(stream))
    }

    pub fn unanswered(&self, stream: &StreamId) -> SubmitError {
        if self.is_closing() {
            return SubmitError::Closed;
        }
        SubmitError::Unknown(format!("the actor of {stream} ended before it answered; the server's log says why"))
    }

    fn find_or_wake(self: &Arc<Self>, stream: &StreamId) -> Result<Addr<EntityActor>, SubmitError> {
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

    /// Wakes a stream whose actor panicked, so that what it wants goes on: each time later, and not for ever.
    pub fn revive(self: &Arc<Self>, stream: &StreamId) {
        let panics = {
            let mut panics = self.panics.lock();
            let panics = panics.entry(stream.clone()).or_default();
            *panics += 1;
            *panics
        };
        tracing::error!(%stream, panics, "an actor ended; its entity is folded anew");
        if panics >= PANICS {
            self.quarantine(stream, &format!("its actor panicked {panics} times; the server's log says where"));
        }
        let (host, stream) = (Arc::clone(self), stream.clone());
        self.tasks.spawn(async move {
            tokio::time::sleep(pause(panics)).await;
            if let Err(error) = host.send(&stream, Request::Compare) {
                tracing::error!(%stream, %error, "it could not be woken");
            }
        });
    }

    fn arbiter(&self, stream: &StreamId) -> &actix::ArbiterHandle {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        stream.hash(&mut hasher);
        let arbiters = self.arbiters.len() as u64;
        let index = usize::try_from(hasher.finish() % arbiters).expect("it is below the number of arbiters");
        &self.arbiters[index]
    }

    /// Folds all that is written of a stream, synced or not, off the caller's thread.
    pub fn fold_written(self: &Arc<Self>, stream: StreamId) -> JoinHandle<Result<Folded, FoldFailure>> {
        let host = Arc::clone(self);
        self.tasks.spawn(async move {
            if let Err(error) = host.log.sync().await {
                tracing::warn!(%stream, %error, "the log could not be synced before a fold");
            }
            fold(&host.log, &host.snapshots, &stream, None).await
        })
    }

    /// Answers a command once all that the answer names is durable. It is, but for one that changed nothing behind an event
    /// that is only written.
    pub fn answer(self: &Arc<Self>, stream: &StreamId, accepted: Accepted, reply: Reply<Accepted>) {
        let is_durable = move |log: &dyn EventLog, stream: &StreamId| {
            accepted.revision.is_none_or(|revision| revision < log.next_revision(stream))
        };
        if is_durable(&*self.log, stream) {
            return drop(reply.send(Ok(accepted)));
        }
        let (host, stream) = (Arc::clone(self), stream.clone());
        self.tasks.spawn(async move {
            let answer = match host.log.sync().await {
                Ok(_) if is_durable(&*host.log, &stream) => Ok(accepted),
                // A sync failed since, and the log gave up what it had only written.
                Ok(_) => host.send(&stream, Request::Refold).and_then(|()| {
                    Err(SubmitError::Unknown(format!("{stream} lost its last events with a failed disk")))
                }),
                Err(error) => Err(SubmitError::of_append(&error)),
            };
            drop(reply.send(answer));
        });
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
                self.retire(&stream, reason);
                Ok(())
            }
        };
        if let Err(error) = sent {
            tracing::error!(%error, "the runner named a stream that cannot be reached");
        }
    }

    /// Takes a stream out of service.
    pub fn retire(self: &Arc<Self>, stream: &StreamId, reason: String) {
        self.quarantine(stream, &reason);
        if let Err(error) = self.send(stream, Request::Retire { reason }) {
            tracing::error!(%stream, %error, "it could not be told that it is out of service");
        }
    }

    /// Notes that a stream is out of service, once.
    pub fn quarantine(self: &Arc<Self>, stream: &StreamId, reason: &str) {
        if self.quarantined.lock().insert(stream.clone(), reason.to_owned()).is_some() {
            return;
        }
        tracing::error!(%stream, reason, "a stream is out of service");
        if *stream == system::stream() {
            return;
        }
        self.note(system::Command::Quarantine { stream: stream.clone(), reason: reason.into() });
    }

    /// How many streams are out of service.
    pub fn quarantined(&self) -> usize {
        self.quarantined.lock().len()
    }

    /// How many actors there are, by the kind of their entity.
    pub fn awake(&self) -> BTreeMap<&'static str, usize> {
        let mut awake = BTreeMap::new();
        for kind in self.actors.lock().keys().filter_map(Kind::of) {
            *awake.entry(kind.name()).or_default() += 1;
        }
        awake
    }

    pub fn why_quarantined(&self, stream: &StreamId) -> Option<String> {
        self.quarantined.lock().get(stream).cloned()
    }

    /// Notes a fact in the server's own stream; nobody waits for it.
    pub fn note(self: &Arc<Self>, command: system::Command) {
        let host = Arc::clone(self);
        self.tasks.spawn(async move {
            let noted = host.ask(&system::stream(), |reply| Request::note(command.clone(), reply)).await;
            if let Err(error) = noted {
                tracing::error!(%error, ?command, "it could not be noted");
            }
        });
    }

    /// Takes no more commands. `false`: it was told so before.
    pub fn close(&self) -> bool {
        !self.closing.swap(true, Ordering::AcqRel)
    }

    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Ends all actors, with what still waits for them.
    pub fn stop_actors(&self) {
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        self.actors.lock().clear();
    }
}
