//! What the host does in the background: it wakes at start who may want something, keeps the note of them, and looks after
//! what no event brings about.

use std::{cmp::Reverse, collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use replay::ids::{Position, StreamId};

use super::{fold::fold, registry::Inner, request::Request};
use crate::entities::{AnyEntity, system};

/// How many streams are folded at once in the background, so that people who ask for theirs need not wait.
const WAKING: usize = 8;
/// How often the host looks after its note, and work that waits after a strike.
const ROUND: Duration = Duration::from_secs(1);

/// Where the note of who wants something is kept. Whoever writes it holds this.
pub(super) struct NoteFile(pub PathBuf);

impl Inner {
    /// Wakes who may want something, and who was out of service before this start.
    pub fn wake_wanting(self: &Arc<Self>) {
        let host = Arc::clone(self);
        self.tasks.spawn(async move {
            let doubtful = host.quarantined_before().await;
            let mut streams = host.log.streams();
            // Where something happened last, somebody is most likely waiting.
            streams.sort_unstable_by_key(|(_, last)| Reverse(*last));
            let head = host.log.head();
            let (mut streams, had) = {
                let mut wanting = host.wanting.lock();
                (wanting.wake(host.log.id(), head, streams), wanting.had())
            };
            if let Some(had) = had {
                host.lost_end(head, had);
            }
            let named: BTreeSet<_> = streams.iter().collect();
            let unnamed: Vec<_> = doubtful.iter().filter(|stream| !named.contains(stream)).cloned().collect();
            streams.extend(unnamed);
            tracing::debug!(streams = streams.len(), "waking what may want something");
            let woken = futures_util::stream::iter(streams).for_each_concurrent(WAKING, |stream| {
                let doubtful = doubtful.contains(&stream);
                host.wake_one(stream, doubtful)
            });
            woken.await;
        });
    }

    /// The log is shorter than it was.
    fn lost_end(&self, head: Position, had: Position) {
        let words = format!(
            "the log has {head} events, and had {had} when this server last noted it: its end is lost, or an older copy was put in its \
             place. What came after is gone from here; if a backup has it, restore that into a fresh data folder before you go on"
        );
        tracing::error!("{words}");
        self.troubles.lock().push(words);
    }

    async fn wake_one(self: &Arc<Self>, stream: StreamId, doubtful: bool) {
        match self.ask(&stream, |reply| Request::Wake { reply }).await {
            Ok(()) if doubtful => {
                tracing::info!(%stream, "a stream can be folded again and is back in service");
                self.note(system::Command::Release { stream });
            }
            Ok(()) => {}
            Err(error) => tracing::debug!(%stream, %error, "not woken"),
        }
    }

    /// The streams that the server took out of service in an earlier life.
    async fn quarantined_before(&self) -> BTreeSet<StreamId> {
        let folded = fold(&self.log, &self.snapshots, &system::stream(), None).await;
        match folded.map(|folded| folded.entity) {
            Ok(AnyEntity::System(system)) => system.state().quarantined.keys().cloned().collect(),
            Ok(AnyEntity::Chat(_) | AnyEntity::Session(_) | AnyEntity::Project(_) | AnyEntity::Run(_)) => {
                BTreeSet::new()
            }
            Err(error) => {
                tracing::error!(%error, "the server's own stream cannot be folded");
                BTreeSet::new()
            }
        }
    }

    /// Notes who wants something. Blocks while it writes.
    pub fn note_wanting(&self) {
        let file = self.note_file.lock();
        // The head is read first: what is appended while the note is made is woken because it is after the head.
        let head = self.log.head();
        let note = self.wanting.lock().note(self.log.id(), head);
        let Some(note) = note else { return };
        if let Err(error) = note.write(&file.0) {
            tracing::warn!(%error, file = %file.0.display(), "the note of what wants something could not be written");
            self.wanting.lock().not_noted();
        }
    }

    pub fn look_after(self: &Arc<Self>) {
        let host = Arc::downgrade(self);
        self.tasks.spawn(async move {
            loop {
                tokio::time::sleep(ROUND).await;
                let Some(host) = host.upgrade() else { return };
                let noting = Arc::clone(&host);
                if let Err(error) = tokio::task::spawn_blocking(move || noting.note_wanting()).await {
                    tracing::error!(%error, "the note of what wants something was not written");
                }
                let due = host.runner.lock().due(host.clock.now());
                for stream in due {
                    if let Err(error) = host.send(&stream, Request::Compare) {
                        tracing::warn!(%stream, %error, "not compared");
                    }
                }
            }
        });
    }
}
