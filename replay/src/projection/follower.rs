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
    pace::Pace,
    rows::{Changes, RESERVED},
};
use crate::{
    ids::Position,
    log::{Delivery, EventLog, LogId, ReadError, Selection, Subscription},
    record::Record,
};

/// How long to wait before a database that refused, as when the disk is full, is opened anew.
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
    /// Whether it has caught up with the log since the database was opened; before, its rows tell an older state.
    pub live: bool,
    /// Whether it was folded anew from the first event, because its rows were missing, of another version or of another log.
    pub rebuilt: bool,
    /// What went wrong for good, in words: records left out.
    pub troubles: Vec<String>,
    /// Why nothing goes on at the moment, in words: a database that refuses, a log that cannot be read. The rows are older
    /// than the log until that is over.
    pub waits: Option<String>,
    /// Whether it has ended: the log is closed.
    pub ended: bool,
}

/// A projection at work. Dropping it ends its thread after the batch at hand.
#[derive(Debug)]
pub struct Projected {
    table: Table,
    progress: watch::Receiver<Progress>,
    pace: Arc<Pace>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Projected {
    /// Begins to follow the log from the checkpoint, or from the first event where there is none that fits.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start<P: Projection>(derived: &Derived, log: Arc<dyn EventLog>, projection: P) -> io::Result<Self> {
        let waits = derived.closed().map(|closed| closed.to_string());
        let (report, progress) = watch::channel(Progress { waits, ..Progress::default() });
        let (stop, stopped) = oneshot::channel();
        let table = Table { derived: derived.clone(), name: P::NAME };
        let pace = Arc::new(Pace::default());
        let follower = Follower { derived: derived.clone(), life: 0, log, projection, report, pace: pace.clone() };
        let thread = thread::Builder::new()
            .name(format!("project-{}", P::NAME))
            .spawn(move || block_on(follower.run(stopped)))?;
        Ok(Self { table, progress, pace, stop: Some(stop), thread: Some(thread) })
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
        self.pace.want(position);
        let mut progress = self.progress.clone();
        let there = progress.wait_for(|p| p.position >= position || p.ended);
        let reached = tokio::time::timeout(timeout, there).await;
        reached.is_ok_and(|seen| seen.is_ok_and(|p| p.position >= position))
    }
}

impl Drop for Projected {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.pace.end();
        if let Some(thread) = self.thread.take() {
            // Its panic was reported by the thread; the rows can be made anew.
            let _panicked = thread.join().is_err();
        }
    }
}

struct Follower<P> {
    derived: Derived,
    /// Which life of the database the rows are in.
    life: u64,
    log: Arc<dyn EventLog>,
    projection: P,
    report: watch::Sender<Progress>,
    pace: Arc<Pace>,
}

impl<P: Projection> Follower<P> {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        while let Err(refusal) = self.follow(&mut stopped).await {
            if !self.wait(refusal.to_string(), &mut stopped) {
                break;
            }
        }
        self.report.send_modify(|p| p.ended = true);
    }

    /// Follows the log in one life of the database, until it refuses.
    async fn follow(&mut self, stopped: &mut oneshot::Receiver<()>) -> Result<(), DerivedError> {
        self.life = self.derived.open_anew(self.life)?;
        let (mut at, rebuilt) = self.resume().await?;
        self.report.send_modify(|p| (p.position, p.rebuilt, p.live) = (at, rebuilt, false));
        let mut subscription = self.log.subscribe(Selection::All { from: at });
        let mut live = false;
        loop {
            let delivery = match self.next(&mut subscription, stopped).await {
                Next::Delivered(delivery) => delivery,
                Next::Distrusted(why) => return Err(why),
                Next::Over => return Ok(()),
            };
            match delivery {
                Ok(Delivery::Records(records)) => {
                    self.batch(&records)?;
                    at = records.last().map_or(at, |record| record.position.next());
                    self.report.send_modify(|p| (p.position, p.waits) = (at, None));
                    if live {
                        self.pace.gather(records.len(), at);
                    }
                }
                Ok(Delivery::Live) => {
                    live = true;
                    self.report.send_modify(|p| (p.live, p.waits) = (true, None));
                }
                Err(error @ ReadError::Damaged { .. }) => {
                    at = self.behind(at).await;
                    self.trouble(format!("left out: {error}"));
                    subscription = self.log.subscribe(Selection::All { from: at });
                    self.report.send_modify(|p| p.position = at);
                }
                Err(error @ ReadError::Io(_)) => {
                    if !self.wait(error.to_string(), stopped) {
                        return Ok(());
                    }
                    subscription = self.log.subscribe(Selection::All { from: at });
                }
            }
        }
    }

    /// What is left out is left out again when the rows are folded anew, and said once.
    fn trouble(&self, words: String) {
        if self.report.borrow().troubles.contains(&words) {
            return;
        }
        tracing::warn!(projection = P::NAME, words);
        self.report.send_modify(|p| p.troubles.push(words));
    }

    /// Says why nothing goes on, and waits a little. `false`: told to stop.
    fn wait(&self, words: String, stopped: &mut oneshot::Receiver<()>) -> bool {
        self.report.send_if_modified(|p| {
            let news = p.waits.as_ref() != Some(&words);
            if news {
                tracing::warn!(projection = P::NAME, words);
                p.waits = Some(words);
            }
            news
        });
        thread::sleep(RETRY);
        matches!(stopped.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }

    /// Where to go on: the checkpoint, if it fits the log and this version; else the first event, and no rows. And whether
    /// the rows are made anew.
    async fn resume(&mut self) -> Result<(Position, bool), DerivedError> {
        let tree = self.derived.tree(P::NAME)?;
        let found = self.derived.guarded(|| tree.get(CHECKPOINT))?;
        if let Some((position, last)) = found.and_then(|bytes| checkpoint::<P>(&bytes, self.log.id()))
            && position <= self.log.head()
            && self.stands_at(position, last).await
        {
            return Ok((position, false));
        }
        self.derived.guarded(|| tree.clear())?;
        Ok((Position::ZERO, true))
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

    /// Projects records and commits them with the checkpoint.
    fn batch(&mut self, records: &[Record]) -> Result<(), DerivedError> {
        let Some(last) = records.last() else {
            return Ok(());
        };
        let tree = self.derived.tree(P::NAME)?;
        let mut changes = Changes::new();
        for record in records {
            let mut rows = Rows::new(&tree, &self.derived, &changes);
            let projection = &mut self.projection;
            let projected = catch_unwind(AssertUnwindSafe(|| projection.project(&mut rows, record)));
            let Rows { changes: fresh, failed, .. } = rows;
            if let Some(error) = failed {
                return Err(error);
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
        self.derived.guarded(|| tree.apply_batch(batch))
    }

    /// The next delivery.
    async fn next(&self, subscription: &mut Subscription, stopped: &mut oneshot::Receiver<()>) -> Next {
        let told = select(stopped, self.derived.distrusted().boxed());
        match select(told, subscription.next().boxed()).await {
            Either::Left((Either::Left(_), _)) | Either::Right((None, _)) => Next::Over,
            Either::Left((Either::Right((why, _)), _)) => Next::Distrusted(why),
            Either::Right((Some(delivery), _)) => Next::Delivered(delivery),
        }
    }
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

/// What a follower hears.
enum Next {
    Delivered(Result<Delivery, ReadError>),
    /// The rows cannot be trusted any more.
    Distrusted(DerivedError),
    /// Told to stop, or the log has ended.
    Over,
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
