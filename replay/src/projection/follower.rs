//! One projection that follows the log, in a thread of its own because the database blocks.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, JoinHandle, Thread},
    time::Duration,
};

use futures_util::{
    FutureExt, StreamExt,
    future::{Either, select},
};
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use super::{
    Derived, DerivedError, Projection, Rows, Table,
    rows::{Changes, RESERVED},
};
use crate::{
    ids::Position,
    log::{Delivery, EventLog, LogId, ReadError, Selection, Subscription},
    record::Record,
};

/// How long to wait before a batch is tried again that the database refused, as when the disk is full.
const RETRY: Duration = Duration::from_secs(1);
/// Where the checkpoint stands.
const CHECKPOINT: &[u8] = &[RESERVED];
/// Its length in bytes: version, log, epoch, position, last event.
const CHECKPOINT_LEN: usize = 4 + 16 + 4 + 8 + 16;

/// How far a projection has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Every record before this position is in the rows.
    pub position: Position,
    /// Whether it has caught up with the log once; before, its rows tell an older state.
    pub live: bool,
    /// Whether it was folded anew from the first event, because its rows were missing, of another version or of another log.
    pub rebuilt: bool,
    /// What went wrong, in words: records left out, a database that refuses.
    pub troubles: Vec<String>,
    /// Whether it has ended: the log is closed, or the database cannot be used any more.
    pub ended: bool,
}

/// A projection at work. Dropping it ends its thread after the batch at hand.
#[derive(Debug)]
pub struct Projected {
    table: Table,
    progress: watch::Receiver<Progress>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Projected {
    /// Begins to follow the log from the checkpoint, or from the first event where there is none that fits.
    pub fn start<P: Projection>(
        derived: &Derived,
        log: Arc<dyn EventLog>,
        projection: P,
    ) -> Result<Self, DerivedError> {
        let tree = derived.tree(P::NAME)?;
        let (report, progress) = watch::channel(Progress::default());
        let (stop, stopped) = oneshot::channel();
        let table = Table { tree: tree.clone() };
        let (derived, error_path) = (derived.clone(), P::NAME);
        let follower = Follower { tree, derived, log, projection, report };
        let thread = thread::Builder::new()
            .name(format!("project-{}", P::NAME))
            .spawn(move || block_on(follower.run(stopped)))
            .map_err(|error: io::Error| DerivedError { path: error_path.into(), what: error.to_string() })?;
        Ok(Self { table, progress, stop: Some(stop), thread: Some(thread) })
    }

    /// The rows.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Every record before this position is in the rows.
    pub fn caught_up_to(&self) -> Position {
        self.progress.borrow().position
    }

    /// How far it has come, and how it fares.
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// How far it has come, and every change of that.
    pub fn watch(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Waits until every record before `position` is in the rows. `false`: not in time, or it has ended before.
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> bool {
        let mut progress = self.progress.clone();
        let there = progress.wait_for(|p| p.position >= position || p.ended);
        let reached = tokio::time::timeout(timeout, there).await;
        reached.is_ok_and(|seen| seen.is_ok_and(|p| p.position >= position))
    }
}

impl Drop for Projected {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Its panic was reported by the thread; the rows can be made anew.
            let _panicked = thread.join().is_err();
        }
    }
}

/// The rows cannot be used any more in this process.
struct Unusable;

struct Follower<P> {
    tree: sled::Tree,
    derived: Derived,
    log: Arc<dyn EventLog>,
    projection: P,
    report: watch::Sender<Progress>,
}

impl<P: Projection> Follower<P> {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let ended = self.follow(&mut stopped).await;
        if ended.is_err() {
            self.derived.give_up();
            self.trouble(format!("the rows of `{}` are damaged and are made anew with the next start", P::NAME));
        }
        self.report.send_modify(|p| p.ended = true);
    }

    async fn follow(&mut self, stopped: &mut oneshot::Receiver<()>) -> Result<(), Unusable> {
        let mut at = self.resume().await?;
        self.report.send_modify(|p| p.position = at);
        let mut subscription = self.log.subscribe(Selection::All { from: at });
        loop {
            let Some(Some(delivery)) = next_or_stop(&mut subscription, stopped).await else {
                return Ok(());
            };
            match delivery {
                Ok(Delivery::Records(records)) => {
                    if !self.batch(&records, stopped)? {
                        return Ok(());
                    }
                    at = records.last().map_or(at, |record| record.position.next());
                    self.report.send_modify(|p| p.position = at);
                }
                Ok(Delivery::Live) => self.report.send_modify(|p| p.live = true),
                Err(error @ ReadError::Damaged { .. }) => {
                    at = self.behind(at).await;
                    self.trouble(format!("left out: {error}"));
                    subscription = self.log.subscribe(Selection::All { from: at });
                    self.report.send_modify(|p| p.position = at);
                }
                Err(error @ ReadError::Io(_)) => {
                    self.trouble(error.to_string());
                    return Ok(());
                }
            }
        }
    }

    fn trouble(&self, words: String) {
        tracing::warn!(projection = P::NAME, words);
        self.report.send_modify(|p| p.troubles.push(words));
    }

    /// Where to go on: the checkpoint, if it fits the log and this version; else the first event, and no rows.
    async fn resume(&mut self) -> Result<Position, Unusable> {
        let found = guarded(|| self.tree.get(CHECKPOINT))?.ok().flatten();
        if let Some((position, last)) = found.and_then(|bytes| checkpoint::<P>(&bytes, self.log.id()))
            && position <= self.log.head()
            && self.stands_at(position, last).await
        {
            return Ok(position);
        }
        self.report.send_modify(|p| p.rebuilt = true);
        while let Err(error) = guarded(|| self.tree.clear())? {
            self.trouble(error.to_string());
            thread::sleep(RETRY);
        }
        Ok(Position::ZERO)
    }

    /// Whether the log's record before `position` is the one that was projected last.
    async fn stands_at(&self, position: Position, last: Uuid) -> bool {
        let Some(before) = position.before() else {
            return true;
        };
        match self.log.read_log(before).next().await {
            Some(Ok(record)) => record.event.id == last,
            // What cannot be read was readable once; the rows are better than none.
            Some(Err(_)) => true,
            None => false,
        }
    }

    /// The first position that can be read behind damage.
    async fn behind(&self, at: Position) -> Position {
        let mut records = self.log.read_log(at);
        while let Some(record) = records.next().await {
            if let Ok(record) = record {
                return record.position;
            }
        }
        self.log.head().max(at)
    }

    /// Projects records and commits them with the checkpoint. `false`: told to stop while the database refused.
    fn batch(&mut self, records: &[Record], stopped: &mut oneshot::Receiver<()>) -> Result<bool, Unusable> {
        loop {
            match self.attempt(records)? {
                Ok(()) => return Ok(true),
                Err(error) => {
                    let words = format!(
                        "the rows of `{}` cannot be written and wait: {error}. If that does not pass, make room and restart",
                        P::NAME
                    );
                    if !self.report.borrow().troubles.contains(&words) {
                        self.trouble(words);
                    }
                }
            }
            thread::sleep(RETRY);
            if !matches!(stopped.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
                return Ok(false);
            }
        }
    }

    fn attempt(&mut self, records: &[Record]) -> Result<Result<(), sled::Error>, Unusable> {
        let Some(last) = records.last() else {
            return Ok(Ok(()));
        };
        let mut changes = Changes::new();
        for record in records {
            let mut rows = Rows::new(&self.tree, &changes);
            let projection = &mut self.projection;
            let projected = catch_unwind(AssertUnwindSafe(|| projection.project(&mut rows, record)));
            let Rows { changes: fresh, failed, .. } = rows;
            if let Some(error) = failed {
                return Ok(Err(error));
            }
            match projected {
                Ok(()) => changes.extend(fresh),
                Err(_) => self.trouble(format!(
                    "left out, because it could not be projected: {} of {}, revision {}",
                    record.event.kind, record.stream, record.revision
                )),
            }
        }
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        batch.insert(CHECKPOINT, checkpoint_bytes::<P>(self.log.id(), last));
        guarded(|| self.tree.apply_batch(batch))
    }
}

/// Keeps a panic of the database from ending more than its rows.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Unusable> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Unusable)
}

fn checkpoint_bytes<P: Projection>(log: LogId, last: &Record) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(CHECKPOINT_LEN);
    bytes.extend_from_slice(&P::VERSION.to_le_bytes());
    bytes.extend_from_slice(log.id.as_bytes());
    bytes.extend_from_slice(&log.epoch.to_le_bytes());
    bytes.extend_from_slice(&last.position.next().0.to_le_bytes());
    bytes.extend_from_slice(last.event.id.as_bytes());
    bytes
}

/// Position and last event of a checkpoint of this version and log.
fn checkpoint<P: Projection>(bytes: &[u8], log: LogId) -> Option<(Position, Uuid)> {
    let (version, rest) = bytes.split_first_chunk::<4>()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let (epoch, rest) = rest.split_first_chunk::<4>()?;
    let (position, last) = rest.split_first_chunk::<8>()?;
    let fits = u32::from_le_bytes(*version) == P::VERSION
        && Uuid::from_bytes(*id) == log.id
        && u32::from_le_bytes(*epoch) == log.epoch;
    fits.then_some((Position(u64::from_le_bytes(*position)), Uuid::from_bytes(last.try_into().ok()?)))
}

/// The next delivery, or `None` when told to stop.
async fn next_or_stop(
    subscription: &mut Subscription,
    stopped: &mut oneshot::Receiver<()>,
) -> Option<Option<Result<Delivery, ReadError>>> {
    match select(stopped, subscription.next().boxed()).await {
        Either::Left(_) => None,
        Either::Right((delivery, _)) => Some(delivery),
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Drives a future in this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
