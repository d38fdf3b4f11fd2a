//! Entities as actors: found or woken by name, never waiting, their effects run by a table that outlives them.
//!
//! The host knows no kind's rules and performs no work itself: rules are in `entities`, work is done by a [`Perform`].

mod actor;
mod batch;
mod decide;
mod error;
mod fold;
mod fork;
mod pause;
mod perform;
mod registry;
mod request;
mod running;
mod snapshots;
mod steer;
mod timers;
mod waking;
mod wanting;

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use replay::{
    blobs::BlobStore,
    ids::{By, CommandId, Position, Revision, StreamId},
    log::EventLog,
    ports::{Clock, Ids},
    snapshot::SnapshotStore,
};
use serde_json::value::RawValue;

pub use error::SubmitError;
pub use fold::FoldFailure;
pub use perform::{Job, Perform, Progress, Stopped};
pub use replay::runner::{Load, Place};
pub use running::Running;
pub use timers::sleep_until;

use crate::entities::{AnyEntity, Command, chat::Fork, system};
use registry::Inner;
use request::Request;

/// All entities of one log, and their effects. Cheap to clone.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

/// What a host is made of.
pub struct Parts {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The blobs.
    pub blobs: Arc<BlobStore>,
    /// Who performs effects.
    pub performer: Arc<dyn Perform>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// How many pieces of work run at once, by lane or family of lanes.
    pub lanes: HashMap<String, usize>,
    /// Where the host notes which streams want something; the file may be deleted at any time.
    pub wanting: PathBuf,
    /// Where it keeps snapshots; they may be deleted at any time.
    pub snapshots: SnapshotStore,
}

/// An accepted command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The revision of its last event; of the stream's last event if nothing had to change.
    pub revision: Option<Revision>,
    /// The position of that event.
    pub position: Option<Position>,
}

/// How many pieces of work run at once in a lane that nobody configured.
const LANE: usize = 8;
/// How long running effects may take to end at a shutdown.
const GRACE: Duration = Duration::from_secs(5);

impl Host {
    /// Starts a host within the current actix system. Nothing is woken before [`Host::wake`].
    ///
    /// # Errors
    /// The threads for effects cannot be started.
    pub fn start(parts: Parts) -> std::io::Result<Self> {
        Ok(Self(Inner::start(parts, LANE)?))
    }

    /// Wakes every stream that may want something, in the background: what was begun goes on.
    pub fn wake(&self) {
        self.0.wake_wanting();
    }

    /// Sends a command to an entity. A command id that was accepted before is answered the same and done once.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit(
        &self,
        stream: StreamId,
        command: Command,
        by: By,
        id: Option<CommandId>,
    ) -> Result<Accepted, SubmitError> {
        if self.0.is_closing() {
            return Err(SubmitError::Closed);
        }
        let id = id.unwrap_or_else(CommandId::fresh);
        self.0
            .ask(&stream, |reply| Request::Command {
                command: Box::new(command.clone()),
                by: by.clone(),
                id: id.clone(),
                reply,
            })
            .await
    }

    /// Forks a chat: copies its events up to a revision to another stream, which goes on by itself. Asked again with the same
    /// id, it completes what was begun and is answered the same; a fork that is not complete wants nothing and is in no list.
    ///
    /// # Errors
    /// See [`SubmitError`]; `occupied` where something else stands under the name of the fork.
    pub async fn fork(&self, fork: Fork, to: StreamId, by: By, id: CommandId) -> Result<Accepted, SubmitError> {
        if self.0.is_closing() {
            return Err(SubmitError::Closed);
        }
        self.0.fork(fork, to, by, id).await
    }

    /// What a page needs of an entity, with the revision of the last event in it. All of it is durable.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn view(&self, stream: &StreamId) -> Result<(Option<Revision>, Box<RawValue>), SubmitError> {
        const TRIES: usize = 3;
        let is_durable = |next| self.0.log.next_revision(stream) >= next;
        for _ in 0..TRIES {
            let (next, view) = self.0.ask(stream, |reply| Request::View { reply }).await?;
            if !is_durable(next) {
                self.0.log.sync().await.map_err(|error| SubmitError::of_append(&error))?;
            }
            if is_durable(next) {
                return Ok((next.before(), view));
            }
            // A sync failed since, and the log gave up what it had only written.
            self.0.send(stream, Request::Refold)?;
        }
        Err(SubmitError::Unknown(format!("{stream} is ahead of the log")))
    }

    /// An entity folded from the log, or from a snapshot on, up to a revision (all of it, where absent), beside the living one.
    ///
    /// # Errors
    /// See [`FoldFailure`].
    pub async fn fold(&self, stream: &StreamId, upto: Option<Revision>) -> Result<AnyEntity, FoldFailure> {
        let (host, stream) = (Arc::clone(&self.0), stream.clone());
        let folded = self.0.tasks.spawn(async move { fold::fold(&host.log, &host.snapshots, &stream, upto).await });
        let folded = folded.await.unwrap_or_else(|error| Err(FoldFailure::Stopped(error.to_string())));
        folded.map(|folded| folded.entity)
    }

    /// The log.
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.0.log
    }

    /// The blobs.
    pub fn blobs(&self) -> &Arc<BlobStore> {
        &self.0.blobs
    }

    /// The clock that everything here goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// What is wrong with the log beyond what it says itself, in words for a person.
    pub fn troubles(&self) -> Vec<String> {
        self.0.troubles.lock().clone()
    }

    /// What runs at the moment.
    pub fn running(&self) -> Vec<Running> {
        self.0.tasks.list()
    }

    /// How much work waits for its lane, and how much runs.
    pub fn load(&self) -> BTreeMap<Place, Load> {
        self.0.runner.lock().load()
    }

    /// How many entities are in memory, by kind.
    pub fn awake(&self) -> BTreeMap<&'static str, usize> {
        self.0.awake()
    }

    /// How many streams are out of service.
    pub fn quarantined(&self) -> usize {
        self.0.quarantined()
    }

    /// Notes a fact about the server in its own stream.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn note(&self, command: system::Command) -> Result<Accepted, SubmitError> {
        self.submit(system::stream(), command.into(), By::system(), None).await
    }

    /// Ends: takes no more commands, gives what was begun 5 s, keeps its reports, and syncs the log, which can be closed after
    /// this. Killing the process instead is equally safe.
    pub async fn shutdown(&self) {
        if !self.0.close() {
            return;
        }
        if tokio::time::timeout(GRACE, self.0.tasks.ended()).await.is_err() {
            tracing::info!("effects that still run are cut off; they go on at the next start");
        }
        self.0.tasks.stop_all();
        let note = |reply| Request::note(system::Command::NoteStop {}, reply);
        match tokio::time::timeout(GRACE, self.0.ask(&system::stream(), note)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the stop could not be noted"),
            Err(_) => tracing::warn!("the stop could not be noted in time"),
        }
        if let Err(error) = self.0.log.sync().await {
            tracing::error!(%error, "the log could not be synced");
        }
        self.0.note_wanting();
        self.0.stop_actors();
    }
}
