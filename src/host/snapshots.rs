//! Snapshots as the host keeps them: looked at before a fold, made behind an entity's back, never in anybody's way.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use replay::{
    ids::{Revision, StreamId},
    log::EventLog,
    snapshot::{LEAST, Misfit, Snapshot, SnapshotStore},
};
use tokio::{sync::Semaphore, task::JoinHandle};

use super::{fold::fold, registry::Inner};
use crate::entities::{AnyEntity, Kind};

/// The snapshots of all entities.
pub(super) struct Snapshots {
    store: Arc<SnapshotStore>,
    /// One is made at a time: none is urgent, and people wait for other things.
    turn: Semaphore,
    /// It was told that they cannot be kept, and has not worked since.
    told: AtomicBool,
}

impl Snapshots {
    pub fn new(store: SnapshotStore) -> Self {
        Self { store: Arc::new(store), turn: Semaphore::new(1), told: AtomicBool::new(false) }
    }

    /// The entity as it was when its snapshot was made, and how large that is, if there is one that helps and can be believed.
    pub async fn nearest(
        &self,
        log: &Arc<dyn EventLog>,
        (kind, stream): (Kind, &StreamId),
        upto: Option<Revision>,
    ) -> Option<(AnyEntity, u64)> {
        // A short stream has none.
        if log.next_revision(stream).0 < LEAST {
            return None;
        }
        let (store, name) = (Arc::clone(&self.store), stream.clone());
        let read = move || -> Result<Option<(AnyEntity, Snapshot)>, Unread> {
            let Some(bytes) = store.get(&name)? else { return Ok(None) };
            let snapshot = Snapshot::read(bytes)?;
            if upto.is_some_and(|upto| snapshot.head().revision > upto) {
                return Ok(None);
            }
            let entity = AnyEntity::of_snapshot(kind, &snapshot, store.program(), name)?;
            Ok(Some((entity, snapshot)))
        };
        let read = tokio::task::spawn_blocking(read).await;
        let believed = match read {
            Ok(Ok(None)) => return None,
            Ok(Ok(Some((entity, snapshot)))) => {
                snapshot.stands_in(&**log).await.map(|()| (entity, snapshot.size())).map_err(Unread::Misfit)
            }
            Ok(Err(unread)) => Err(unread),
            Err(stopped) => Err(Unread::Io(io::Error::other(stopped))),
        };
        match believed {
            Ok(found) => Some(found),
            Err(why) => {
                tracing::debug!(%stream, %why, "a snapshot is passed over");
                None
            }
        }
    }

    fn could_not(&self, stream: &StreamId, why: &dyn std::fmt::Display) {
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(%stream, %why, "a snapshot could not be kept: nothing is lost, but waking long chats takes longer");
        }
    }
}

/// Why a snapshot could not be had.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

impl Inner {
    /// Makes a snapshot of all that is durable of a stream, folded from the log: what lives may be ahead of that. The size of
    /// it; `None` if there is none.
    pub fn snapshot(self: &Arc<Self>, stream: StreamId) -> JoinHandle<Option<u64>> {
        let host = Arc::clone(self);
        self.tasks.spawn(async move {
            let _turn = host.snapshots.turn.acquire().await.ok()?;
            match host.make_snapshot(&stream).await {
                Ok(size) => {
                    host.snapshots.told.store(false, Ordering::Relaxed);
                    size
                }
                Err(why) => {
                    host.snapshots.could_not(&stream, &why);
                    None
                }
            }
        })
    }

    async fn make_snapshot(&self, stream: &StreamId) -> io::Result<Option<u64>> {
        let other = |error: &dyn std::fmt::Display| io::Error::other(error.to_string());
        let folded = fold(&self.log, &self.snapshots, stream, None).await.map_err(|error| other(&error))?;
        let Some(revision) = folded.entity.next_revision().before() else { return Ok(None) };
        let link = self.log.link(stream.clone(), revision).await.map_err(|error| other(&error))?;
        let Some(link) = link else { return Ok(None) };
        let (store, log, stream) = (Arc::clone(&self.snapshots.store), self.log.id(), stream.clone());
        let write = move || -> io::Result<Option<u64>> {
            let Some(bytes) = folded.entity.snapshot(store.program(), log, link)? else { return Ok(None) };
            store.put(&stream, &bytes)?;
            Ok(Some(bytes.len() as u64))
        };
        tokio::task::spawn_blocking(write).await.map_err(io::Error::other)?
    }
}
