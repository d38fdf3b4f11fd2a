//! A log in memory, for tests and simulations: the same rules as the log in files, and power cuts on demand.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc},
    thread,
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
    stream::BoxStream,
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    admission::{check, expect},
    follow::{self, BATCH, Batch, Bell, Source},
    ids::{Position, Revision, StreamId},
    log::{Ack, Append, AppendError, Appended, Chain, EventLog, Link, LogId, ReadError, Selection, Subscription},
    record::{NewRecord, Record},
};

/// How long a written record may wait to become durable.
const WRITTEN_AT_MOST: Duration = Duration::from_millis(10);

/// An append-only log in memory.
#[derive(Debug)]
pub struct MemoryLog {
    id: LogId,
    shared: Arc<Shared>,
    /// Asks the thread that makes written records durable in time; `None` where only the owner decides when.
    flusher: Option<mpsc::Sender<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    bell: Arc<Bell>,
}

#[derive(Debug, Default)]
struct State {
    records: Vec<Record>,
    /// The chain up to and with each record.
    chains: Vec<Chain>,
    /// Each stream's records, as indices into `records`.
    streams: HashMap<StreamId, Vec<usize>>,
    /// How many of the records are durable.
    durable: usize,
    closed: bool,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryLog {
    /// An empty log. What is only written becomes durable with the next durable append, after 10 ms at the latest.
    pub fn new() -> Self {
        let mut log = Self::manual();
        let (flusher, wishes) = mpsc::channel();
        let shared = Arc::downgrade(&log.shared);
        thread::spawn(move || flush_in_time(&shared, &wishes));
        log.flusher = Some(flusher);
        log
    }

    /// An empty log in which nothing happens by itself: what is only written becomes durable with the next durable
    /// append or [`EventLog::sync`], and never by the passing of time.
    pub fn manual() -> Self {
        let shared = Arc::new(Shared { state: Mutex::default(), bell: Bell::new() });
        Self { id: LogId { id: Uuid::now_v7(), epoch: 0 }, shared, flusher: None }
    }

    /// What a power cut does: everything that is not durable is gone.
    pub fn cut_power(&self) {
        let mut state = self.shared.state();
        let durable = state.durable;
        state.records.truncate(durable);
        state.chains.truncate(durable);
        for numbers in state.streams.values_mut() {
            numbers.truncate(numbers.partition_point(|n| *n < durable));
        }
        state.streams.retain(|_, numbers| !numbers.is_empty());
    }

    /// Makes what is written durable and takes no more; subscriptions end once they have handed out everything.
    pub fn close(&self) {
        self.shared.make_durable();
        self.shared.state().closed = true;
        self.shared.bell.close();
    }
}

impl Drop for MemoryLog {
    fn drop(&mut self) {
        self.close();
    }
}

/// Ends when the log is dropped.
fn flush_in_time(shared: &Weak<Shared>, wishes: &mpsc::Receiver<()>) {
    while wishes.recv().is_ok() {
        thread::sleep(WRITTEN_AT_MOST);
        while wishes.try_recv().is_ok() {}
        let Some(shared) = shared.upgrade() else {
            return;
        };
        shared.make_durable();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make_durable(&self) -> Position {
        let mut state = self.state();
        let fresh: Vec<StreamId> = state.records[state.durable..].iter().map(|r| r.stream.clone()).collect();
        state.durable = state.records.len();
        let head = position(state.durable);
        drop(state);
        if !fresh.is_empty() {
            self.bell.ring(fresh.iter());
        }
        head
    }

    fn append(&self, append: Append) -> Result<Appended, AppendError> {
        check(&append)?;
        let mut state = self.state();
        if state.closed {
            return Err(AppendError::Closed);
        }
        let length = state.streams.get(&append.stream).map_or(0, Vec::len);
        let revision = Revision(length.try_into().unwrap_or(u64::MAX));
        expect(&append.stream, append.expected, revision)?;
        let first = state.records.len();
        let count = append.records.len();
        for (n, event) in append.records.into_iter().enumerate() {
            let revision = revision.plus(n.try_into().unwrap_or(u64::MAX));
            let stream = append.stream.clone();
            let chain = linked(state.chains.last(), &event);
            state.chains.push(chain);
            state.records.push(Record { position: position(first + n), revision, stream, event });
        }
        state.streams.entry(append.stream).or_default().extend(first..first + count);
        drop(state);
        if append.ack == Ack::Durable {
            self.make_durable();
        }
        Ok(Appended { position: position(first), revision, count: count.try_into().unwrap_or(u64::MAX) })
    }
}

/// The chain up to and with a record. Its id and its data stand for it: nothing here is written down and read again.
fn linked(before: Option<&Chain>, event: &NewRecord) -> Chain {
    let before = before.map_or([0; 32], |chain| chain.0);
    Chain(Sha256::new().chain_update(before).chain_update(event.id).chain_update(event.data.json()).finalize().into())
}

fn position(n: usize) -> Position {
    Position(n.try_into().unwrap_or(u64::MAX))
}

impl Source for Shared {
    fn batch(self: Arc<Self>, selection: Selection) -> BoxFuture<'static, Batch> {
        let state = self.state();
        let durable = &state.records[..state.durable];
        let from = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let records = match &selection {
            Selection::All { from: position } => durable.iter().skip(from(position.0)).take(BATCH).cloned().collect(),
            Selection::Stream { stream, from: revision } => {
                let numbers = state.streams.get(stream).map_or(&[][..], Vec::as_slice);
                numbers.iter().skip(from(revision.0)).map_while(|n| durable.get(*n)).take(BATCH).cloned().collect()
            }
        };
        future::ready(Batch { records, stop: None }).boxed()
    }

    fn end(&self, selection: &Selection) -> u64 {
        let state = self.state();
        match selection {
            Selection::All { .. } => position(state.durable).0,
            Selection::Stream { stream, .. } => state.next_revision(stream).0,
        }
    }

    fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }
}

impl State {
    fn link(&self, stream: &StreamId, revision: Revision) -> Option<Link> {
        let n = *self.streams.get(stream)?.get(usize::try_from(revision.0).ok()?)?;
        (n < self.durable).then(|| Link { position: position(n), chain: self.chains[n] })
    }

    fn next_revision(&self, stream: &StreamId) -> Revision {
        let numbers = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        Revision(numbers.partition_point(|n| *n < self.durable).try_into().unwrap_or(u64::MAX))
    }
}

impl EventLog for MemoryLog {
    fn id(&self) -> LogId {
        self.id
    }

    fn append(&self, append: Append) -> BoxFuture<'static, Result<Appended, AppendError>> {
        let ack = append.ack;
        let answer = self.shared.append(append);
        if let (Ack::Written, Ok(_), Some(flusher)) = (ack, &answer, &self.flusher) {
            // The thread lives as long as this sender.
            let _gone = flusher.send(()).is_err();
        }
        future::ready(answer).boxed()
    }

    fn sync(&self) -> BoxFuture<'static, Result<Position, AppendError>> {
        future::ready(Ok(self.shared.make_durable())).boxed()
    }

    fn head(&self) -> Position {
        position(self.shared.state().durable)
    }

    fn next_revision(&self, stream: &StreamId) -> Revision {
        self.shared.state().next_revision(stream)
    }

    fn streams(&self) -> Vec<(StreamId, Position)> {
        let state = self.shared.state();
        let last = |numbers: &[usize]| {
            let durable = numbers.partition_point(|n| *n < state.durable);
            durable.checked_sub(1).map(|n| position(numbers[n]))
        };
        state.streams.iter().filter_map(|(stream, numbers)| Some((stream.clone(), last(numbers)?))).collect()
    }

    fn link(&self, stream: StreamId, revision: Revision) -> BoxFuture<'static, Result<Option<Link>, ReadError>> {
        future::ready(Ok(self.shared.state().link(&stream, revision))).boxed()
    }

    fn read_stream(&self, stream: StreamId, from: Revision) -> BoxStream<'static, Result<Record, ReadError>> {
        follow::read(self.shared.clone(), Selection::Stream { stream, from })
    }

    fn read_log(&self, from: Position) -> BoxStream<'static, Result<Record, ReadError>> {
        follow::read(self.shared.clone(), Selection::All { from })
    }

    fn subscribe(&self, selection: Selection) -> Subscription {
        follow::subscribe(self.shared.clone(), selection)
    }

    fn troubles(&self) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{conformance, log::Expected};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn keeps_every_promise_of_a_log() {
        conformance::all(|| Arc::new(MemoryLog::new())).await;
    }

    #[tokio::test]
    async fn a_power_cut_takes_what_was_only_written() {
        let log = MemoryLog::manual();
        log.append(conformance::append(1, Expected::Any, 2, Ack::Durable)).await.unwrap();
        log.append(conformance::append(1, Expected::Any, 1, Ack::Written)).await.unwrap();
        log.append(conformance::append(2, Expected::Any, 1, Ack::Written)).await.unwrap();
        assert_eq!((log.head(), log.next_revision(&conformance::stream(2))), (Position(2), Revision(0)));
        log.cut_power();
        let again = conformance::append(1, Expected::Revision(Revision(1)), 1, Ack::Durable);
        assert_eq!(log.append(again).await.unwrap().position, Position(2));
        assert_eq!(log.streams().len(), 1);
    }

    #[tokio::test]
    async fn a_subscription_ends_when_the_log_is_closed() {
        let log = MemoryLog::manual();
        let mut subscription = log.subscribe(Selection::All { from: Position(0) });
        log.append(conformance::append(1, Expected::Any, 1, Ack::Written)).await.unwrap();
        log.close();
        assert!(matches!(subscription.next().await, Some(Ok(crate::log::Delivery::Records(_)))));
        assert!(matches!(subscription.next().await, Some(Ok(crate::log::Delivery::Live))));
        assert!(subscription.next().await.is_none());
        let refused = log.append(conformance::append(1, Expected::Any, 1, Ack::Written)).await;
        assert_eq!(refused, Err(AppendError::Closed));
    }
}
