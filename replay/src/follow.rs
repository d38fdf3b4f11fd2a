//! Reading and following a log, the same for every implementation: batches are pulled, and a bell says when there is more.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use tokio::sync::watch;

use crate::{
    ids::{Position, Revision, StreamId},
    log::{Delivery, ReadError, Selection, Subscription},
    record::Record,
};

/// The most records that one batch holds.
pub(crate) const BATCH: usize = 256;

/// Where a log's records come from.
pub(crate) trait Source: Send + Sync + 'static {
    /// The next durable records of a selection, at most about [`BATCH`]; none at the head.
    fn batch(self: Arc<Self>, selection: Selection) -> BoxFuture<'static, Batch>;

    /// The end of what a reader can see of a selection now: a revision or a position.
    fn end(&self, selection: &Selection) -> u64;

    /// What rings when there is more.
    fn bell(&self) -> &Arc<Bell>;
}

/// Some records, and perhaps why there are no more.
#[derive(Default)]
pub(crate) struct Batch {
    /// The records, in order.
    pub records: Vec<Record>,
    /// What could not be read behind them, and the number from which reading works again.
    pub stop: Option<(ReadError, u64)>,
}

/// Where a selection begins.
fn start(selection: &Selection) -> u64 {
    match selection {
        Selection::Stream { from, .. } => from.0,
        Selection::All { from } => from.0,
    }
}

/// The same selection from another number on.
fn onwards(selection: &Selection, from: u64) -> Selection {
    match selection {
        Selection::Stream { stream, .. } => Selection::Stream { stream: stream.clone(), from: Revision(from) },
        Selection::All { .. } => Selection::All { from: Position(from) },
    }
}

/// A record's number in a selection.
fn number(selection: &Selection, record: &Record) -> u64 {
    match selection {
        Selection::Stream { .. } => record.revision.0,
        Selection::All { .. } => record.position.0,
    }
}

/// All records of a selection up to the end of the moment of the call.
///
/// A stream ends with its first error, since what follows could not be understood without it. The whole log goes on
/// behind the damage.
pub(crate) fn read<S: Source>(source: Arc<S>, selection: Selection) -> BoxStream<'static, Result<Record, ReadError>> {
    let end = source.end(&selection);
    let whole = matches!(selection, Selection::All { .. });
    stream::unfold(Some(selection), move |at| {
        let source = source.clone();
        async move {
            let at = at?;
            if start(&at) >= end {
                return None;
            }
            let batch = source.batch(at.clone()).await;
            let last = batch.records.last().map(|record| number(&at, record) + 1);
            let mut items: Vec<_> = batch.records.into_iter().filter(|r| number(&at, r) < end).map(Ok).collect();
            let next = match (batch.stop, last) {
                (Some((error, resume)), _) => {
                    items.push(Err(error));
                    whole.then(|| onwards(&at, resume))
                }
                (None, last) => last.map(|from| onwards(&at, from)),
            };
            Some((stream::iter(items), next))
        }
    })
    .flatten()
    .boxed()
}

struct Following<S> {
    source: Arc<S>,
    listening: Listening,
    at: Selection,
    live: bool,
}

/// Catches up, then follows.
pub(crate) fn subscribe<S: Source>(source: Arc<S>, selection: Selection) -> Subscription {
    let stream = match &selection {
        Selection::Stream { stream, .. } => Some(stream.clone()),
        Selection::All { .. } => None,
    };
    // Listening begins before the first read, so that nothing falls between them.
    let listening = Bell::listen(source.bell(), stream);
    let following = Following { source, listening, at: selection, live: false };
    Subscription::new(stream::unfold(Some(following), |f| async move { next(f?).await }).boxed())
}

/// The next delivery, and what follows it.
async fn next<S: Source>(mut f: Following<S>) -> Option<(Result<Delivery, ReadError>, Option<Following<S>>)> {
    loop {
        let open = f.listening.forget_rings();
        let mut batch = f.source.clone().batch(f.at.clone()).await;
        if let Some(last) = batch.records.last() {
            f.at = onwards(&f.at, number(&f.at, last) + 1);
            // What could not be read is met again, in front, by the next read.
            return Some((Ok(Delivery::Records(batch.records)), Some(f)));
        }
        if let Some((error, _)) = batch.stop.take() {
            return Some((Err(error), None));
        }
        if !f.live {
            f.live = true;
            return Some((Ok(Delivery::Live), Some(f)));
        }
        if !open {
            return None;
        }
        f.listening.rung().await;
    }
}

/// Wakes those who follow, each only for what it follows.
#[derive(Debug)]
pub(crate) struct Bell(Mutex<Ropes>);

#[derive(Debug)]
struct Ropes {
    /// `None`: the log is closed.
    all: Option<watch::Sender<()>>,
    streams: HashMap<StreamId, watch::Sender<()>>,
}

impl Bell {
    /// A bell that nobody listens to yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Ropes { all: Some(watch::Sender::new(())), streams: HashMap::new() })))
    }

    fn ropes(&self) -> MutexGuard<'_, Ropes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There are new records in these streams.
    pub fn ring<'a>(&self, streams: impl Iterator<Item = &'a StreamId>) {
        let ropes = self.ropes();
        if let Some(all) = &ropes.all {
            all.send_replace(());
        }
        if ropes.streams.is_empty() {
            return;
        }
        for rope in streams.filter_map(|stream| ropes.streams.get(stream)) {
            rope.send_replace(());
        }
    }

    /// Nothing will be added any more.
    pub fn close(&self) {
        let mut ropes = self.ropes();
        ropes.all = None;
        ropes.streams.clear();
    }

    fn listen(bell: &Arc<Self>, stream: Option<StreamId>) -> Listening {
        let mut ropes = bell.ropes();
        let rope = match (&ropes.all, &stream) {
            (None, _) => None,
            (Some(all), None) => Some(all.subscribe()),
            (Some(_), Some(stream)) => {
                Some(ropes.streams.entry(stream.clone()).or_insert_with(|| watch::Sender::new(())).subscribe())
            }
        };
        drop(ropes);
        Listening { bell: bell.clone(), stream, rope }
    }
}

/// A hand at the bell; taken away when dropped.
struct Listening {
    bell: Arc<Bell>,
    stream: Option<StreamId>,
    rope: Option<watch::Receiver<()>>,
}

impl Listening {
    /// Forgets earlier rings. `false`: the bell will never ring again.
    fn forget_rings(&mut self) -> bool {
        self.rope.as_mut().is_some_and(|rope| {
            rope.mark_unchanged();
            rope.has_changed().is_ok()
        })
    }

    /// Waits for a ring since the last that was forgotten, or for the end.
    async fn rung(&mut self) {
        if let Some(rope) = &mut self.rope {
            // An error says that the log was closed; the caller reads once more and then finds out.
            let _closed = rope.changed().await.is_err();
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.rope.take());
        let Some(stream) = &self.stream else { return };
        let mut ropes = self.bell.ropes();
        if ropes.streams.get(stream).is_some_and(|rope| rope.receiver_count() == 0) {
            ropes.streams.remove(stream);
        }
    }
}
