//! A host whose log, clock and work do what a test says, when it says so.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use reenact::{
    entities::{
        Command, Outcome, Work,
        chat::{
            self,
            event::{CallError, Retry, Stop},
            work::Answer,
        },
        usage::Usage,
    },
    host::{Accepted, Host, Job, Parts, Perform, SubmitError},
};
use replay::{
    blobs::BlobStore,
    ids::{By, Micros, Position, Revision, StreamId},
    log::{Append, AppendError, Appended, Delivery, EventLog, Link, LogId, ReadError, Selection, Subscription},
    memory::MemoryLog,
    ports::{Clock, Ids, Machine},
    record::Record,
    snapshot::SnapshotStore,
};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Whether, and how, an append is refused.
type Refusal = dyn Fn(&Append) -> Option<AppendError> + Send + Sync;

/// A log that refuses and holds appends as it is told.
pub struct Faulty {
    pub log: Arc<MemoryLog>,
    refusal: Mutex<Arc<Refusal>>,
    /// Appends with an event of this type wait.
    held: watch::Sender<Option<&'static str>>,
    /// How many reads of a chat fail from now on.
    failing_reads: AtomicUsize,
    /// From which revision on a chat was read last.
    read_from: Mutex<Option<Revision>>,
    /// How many chats are read, and how many were at once at most.
    reading: Arc<(AtomicUsize, AtomicUsize)>,
    /// How many appends came to the gate.
    pub tried: watch::Sender<usize>,
}

impl Faulty {
    fn new(log: MemoryLog) -> Self {
        let refusal: Mutex<Arc<Refusal>> = Mutex::new(Arc::new(|_| None));
        Self {
            log: Arc::new(log),
            refusal,
            held: watch::Sender::new(None),
            failing_reads: AtomicUsize::new(0),
            read_from: Mutex::new(None),
            reading: Arc::default(),
            tried: watch::Sender::new(0),
        }
    }

    pub fn refuse(&self, refusal: impl Fn(&Append) -> Option<AppendError> + Send + Sync + 'static) {
        *self.refusal.lock().unwrap() = Arc::new(refusal);
    }

    pub fn hold(&self, kind: &'static str) {
        self.held.send_replace(Some(kind));
    }

    pub fn release(&self) {
        self.held.send_replace(None);
    }

    pub fn fail_reads(&self, times: usize) {
        self.failing_reads.store(times, Ordering::SeqCst);
    }

    /// From which revision on a chat was read last.
    pub fn read_from(&self) -> Option<Revision> {
        *self.read_from.lock().unwrap()
    }

    /// How many chats were read at once at most.
    pub fn most_reading(&self) -> usize {
        self.reading.1.load(Ordering::SeqCst)
    }

    /// Waits until so many appends came since a moment.
    pub async fn tried_since(&self, before: usize, times: usize) {
        let mut tried = self.tried.subscribe();
        let enough = tried.wait_for(|tried| *tried >= before + times);
        tokio::time::timeout(PATIENCE, enough).await.expect("appends are tried").unwrap();
    }
}

impl EventLog for Faulty {
    fn id(&self) -> LogId {
        self.log.id()
    }

    fn append(&self, append: Append) -> BoxFuture<'static, Result<Appended, AppendError>> {
        let refusal = Arc::clone(&self.refusal.lock().unwrap());
        let (log, mut held) = (Arc::clone(&self.log), self.held.subscribe());
        self.tried.send_modify(|tried| *tried += 1);
        async move {
            drop(held.wait_for(|held| held.is_none_or(|kind| !holds(&append, kind))).await.unwrap());
            match refusal(&append) {
                Some(error) => Err(error),
                None => log.append(append).await,
            }
        }
        .boxed()
    }

    fn sync(&self) -> BoxFuture<'static, Result<Position, AppendError>> {
        self.log.sync()
    }

    fn head(&self) -> Position {
        self.log.head()
    }

    fn next_revision(&self, stream: &StreamId) -> Revision {
        self.log.next_revision(stream)
    }

    fn streams(&self) -> Vec<(StreamId, Position)> {
        self.log.streams()
    }

    fn link(&self, stream: StreamId, revision: Revision) -> BoxFuture<'static, Result<Option<Link>, ReadError>> {
        self.log.link(stream, revision)
    }

    fn read_stream(&self, stream: StreamId, from: Revision) -> BoxStream<'static, Result<Record, ReadError>> {
        if stream.kind() != "chat" {
            return self.log.read_stream(stream, from);
        }
        *self.read_from.lock().unwrap() = Some(from);
        let fewer = |times: usize| times.checked_sub(1);
        if self.failing_reads.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer).is_ok() {
            return stream::iter([Err(ReadError::Io("as the test wants".into()))]).boxed();
        }
        let (records, reading) = (self.log.read_stream(stream, from), Reading::new(&self.reading));
        // A read lets others have their turn, as one from a disk does.
        let first = stream::once(tokio::task::yield_now()).filter_map(|()| std::future::ready(None));
        first
            .chain(records)
            .map(move |record| {
                let _held = &reading;
                record
            })
            .boxed()
    }

    fn read_log(&self, from: Position) -> BoxStream<'static, Result<Record, ReadError>> {
        self.log.read_log(from)
    }

    fn subscribe(&self, selection: Selection) -> Subscription {
        self.log.subscribe(selection)
    }

    fn troubles(&self) -> Vec<String> {
        self.log.troubles()
    }
}

/// A read that goes on.
struct Reading(Arc<(AtomicUsize, AtomicUsize)>);

impl Reading {
    fn new(counts: &Arc<(AtomicUsize, AtomicUsize)>) -> Self {
        let now = counts.0.fetch_add(1, Ordering::SeqCst) + 1;
        counts.1.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(counts))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The machine's clock, until an actor looks at it after it was told to fail; and its ids, with a note of who needs them.
#[derive(Default)]
pub struct FailingClock {
    fails: AtomicBool,
    /// The threads on which something was decided.
    deciders: Mutex<BTreeSet<String>>,
}

impl FailingClock {
    /// The next actor that asks for the time panics.
    pub fn fail_once(&self) {
        self.fails.store(true, Ordering::SeqCst);
    }

    /// The threads on which something was decided since this was asked last.
    pub fn deciders(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.deciders.lock().unwrap())
    }
}

fn thread_name() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

impl Ids for FailingClock {
    fn fresh(&self) -> Uuid {
        self.deciders.lock().unwrap().insert(thread_name());
        Machine.fresh()
    }
}

impl Clock for FailingClock {
    fn now(&self) -> Micros {
        let in_actor = thread_name().starts_with("actix-rt");
        assert!(!in_actor || !self.fails.swap(false, Ordering::SeqCst), "the clock fails, as the test wants");
        Machine.now()
    }
}

/// How a piece of work ends.
pub enum End {
    With(Outcome),
    Panic,
}

/// A piece of work that the host had started, and how to end it.
pub struct Started {
    pub job: Job,
    end: oneshot::Sender<End>,
}

impl Started {
    pub fn end(self, end: End) {
        assert!(self.end.send(end).is_ok(), "{} was dropped", self.job.key);
    }

    pub fn answer(self) {
        self.end(End::With(answered(None)));
    }

    /// Waits until the host drops the work.
    pub async fn dropped(mut self) {
        tokio::time::timeout(PATIENCE, self.end.closed()).await.expect("the work is dropped");
    }
}

/// Hands all work to the test.
struct ByHand(mpsc::UnboundedSender<Started>);

impl Perform for ByHand {
    fn perform(&self, job: Job) -> BoxFuture<'static, Outcome> {
        let (end, ended) = oneshot::channel();
        self.0.send(Started { job, end }).ok();
        async move {
            match ended.await {
                Ok(End::With(outcome)) => outcome,
                Ok(End::Panic) => panic!("the work panics, as the test wants"),
                Err(_) => std::future::pending().await,
            }
        }
        .boxed()
    }

    fn panicked(&self, _: &Work, message: &str) -> Outcome {
        failed(message)
    }
}

pub fn failed(message: &str) -> Outcome {
    let (code, retry) = ("internal".into(), Retry::Never);
    Outcome::Chat(chat::Outcome::CallFailed(CallError { code, message: message.into(), retry, retry_after_ms: None }))
}

pub fn answered(raw_usage: Option<serde_json::Value>) -> Outcome {
    let usage = Usage::default();
    Outcome::Chat(chat::Outcome::Answered(Box::new(Answer {
        stop: Stop::End,
        usage,
        raw_usage,
        provider_data: None,
        window: None,
        latency_ms: 1,
        text: None,
        reasoning: None,
        tools: vec![],
        streamed: None,
    })))
}

/// A host, and everything around it.
pub struct Stage {
    pub host: Host,
    pub log: Arc<Faulty>,
    pub clock: Arc<FailingClock>,
    jobs: mpsc::UnboundedReceiver<Started>,
    pub data: TempDir,
}

impl Stage {
    pub fn new(lanes: &[(&str, usize)]) -> Self {
        Self::with(MemoryLog::new(), lanes)
    }

    pub fn with(log: MemoryLog, lanes: &[(&str, usize)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let (log, clock) = (Arc::new(Faulty::new(log)), Arc::new(FailingClock::default()));
        let (host, jobs) = start(log.clone(), clock.clone(), data.path(), lanes);
        Self { host, log, clock, jobs, data }
    }

    /// Opens a chat with a model.
    pub async fn chat(&self, model: &str) -> StreamId {
        let chat = StreamId::new("chat", Uuid::now_v7());
        let open = chat::Command::OpenChat {
            session: Uuid::now_v7(),
            project: Uuid::now_v7(),
            title: "Harbour".into(),
            model: model.into(),
            agent: "default".into(),
            token_budget: 1_000_000,
            origin: None,
            answer: None,
            brief: None,
        };
        self.submit(&chat, open).await.unwrap();
        chat
    }

    pub async fn submit(&self, stream: &StreamId, command: impl Into<Command>) -> Result<Accepted, SubmitError> {
        let submitted = self.host.submit(stream.clone(), command.into(), By::person("owner"), None);
        tokio::time::timeout(PATIENCE, submitted).await.expect("a command is answered")
    }

    pub async fn say(&self, chat: &StreamId) {
        self.submit(chat, chat::Command::PostMessage { message: None, text: "hello".into(), attachments: vec![] })
            .await
            .unwrap();
    }

    /// The next piece of work that the host starts.
    pub async fn job(&mut self) -> Started {
        tokio::time::timeout(PATIENCE, self.jobs.recv()).await.expect("work is started").unwrap()
    }

    /// Whether no work waits to be seen.
    pub fn is_quiet(&self) -> bool {
        self.jobs.is_empty()
    }

    /// The events of a stream, as they come, until one of this type is there so often.
    pub async fn until(&self, stream: &StreamId, kind: &str, times: usize) -> Vec<Record> {
        let mut subscription = self.log.subscribe(Selection::Stream { stream: stream.clone(), from: Revision::ZERO });
        let mut seen: Vec<Record> = vec![];
        let wait = async {
            while seen.iter().filter(|record| &*record.event.kind == kind).count() < times {
                match subscription.next().await.unwrap().unwrap() {
                    Delivery::Records(records) => seen.extend(records),
                    Delivery::Live => {}
                }
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, wait).await.is_ok();
        assert!(in_time, "{kind} came not {times} times in {:?}", kinds(&seen));
        seen
    }
}

/// Another life on a log.
pub fn start(
    log: Arc<dyn EventLog>,
    clock: Arc<FailingClock>,
    data: &Path,
    lanes: &[(&str, usize)],
) -> (Host, mpsc::UnboundedReceiver<Started>) {
    let (sender, jobs) = mpsc::unbounded_channel();
    let lanes: HashMap<_, _> = lanes.iter().map(|(name, places)| ((*name).to_owned(), *places)).collect();
    let host = Host::start(Parts {
        log,
        blobs: Arc::new(BlobStore::open(&data.join("blobs")).unwrap()),
        performer: Arc::new(ByHand(sender)),
        clock: clock.clone(),
        ids: clock,
        lanes,
        wanting: data.join("wanting.json"),
        snapshots: SnapshotStore::new(&data.join("snapshots"), "test"),
    })
    .unwrap();
    (host, jobs)
}

pub fn kinds(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| &*record.event.kind).collect()
}

/// Whether an append holds an event of this type.
pub fn holds(append: &Append, kind: &str) -> bool {
    append.records.iter().any(|record| &*record.kind == kind)
}
