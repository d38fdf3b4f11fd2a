//! A run that crashes after every single append of it, of its agents' chats and of the run within it: started again on what the
//! log holds by then, it ends as the run without a crash does, and does nothing twice.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use reenact::{
    effects::Effects,
    entities::{
        Command, project,
        run::{self, Event, event::StepKind},
        session,
    },
    host::{Host, Parts},
    models::{OfflineSettings, Providers, ProvidersSettings},
    scripts::Scripts,
    tools::Toolbox,
};
use replay::{
    blobs::BlobStore,
    event::decode,
    ids::{By, Position, Revision, StreamId},
    log::{Append, AppendError, Appended, Delivery, EventLog, Link, LogId, ReadError, Selection, Subscription},
    memory::MemoryLog,
    ports::Machine,
    record::Record,
    snapshot::SnapshotStore,
};
use tempfile::TempDir;
use uuid::Uuid;

const SCRIPT: &str =
    "export const meta = { name: 'all', description: 'All that a script does', phases: [{title: 'Look'}] }
phase('Look')
const both = await parallel(['list', 'read README.md'].map((what) => () => agent(what, {label: what})))
const piped = await pipeline([1, 2], (n) => agent(`search ${n}`), (text, n) => agent(`find **/*.${n}`))
log(`${both.length} and ${piped.length}`)
const said = await approve('Go on?')
const late = await approve('Nobody?', {timeout_ms: 1}).catch((error) => error.name)
await sleep(1)
const inner = await workflow('inner', {n: 20})
const files = await tool('list_directory', {})
return {both: both.map(String), piped: piped.map(String), said: said.comment, late, inner, files}";

const INNER: &str = "export const meta = { name: 'inner', description: 'x' }
const shape = await agent('count', {schema: {type: 'integer', minimum: 7}})
return shape + args.n";

/// A log in memory that keeps what was handed to it, append by append.
struct Kept {
    log: MemoryLog,
    appends: Mutex<Vec<Append>>,
}

impl EventLog for Kept {
    fn id(&self) -> LogId {
        self.log.id()
    }

    fn append(&self, append: Append) -> BoxFuture<'static, Result<Appended, AppendError>> {
        // Noted in the order in which the log takes them: it takes them when it is called.
        let mut appends = self.appends.lock().unwrap();
        let appending = self.log.append(append.clone());
        let taken = appending.now_or_never().expect("a log in memory takes what it is given at once");
        if taken.is_ok() {
            appends.push(append);
        }
        std::future::ready(taken).boxed()
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
        self.log.read_stream(stream, from)
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

/// What all lives share: the project, the blobs, the compiled engine.
struct Ground {
    project: TempDir,
    data: TempDir,
    scripts: Scripts,
}

impl Ground {
    fn new() -> Self {
        let (project, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(project.path().join("README.md"), "# Lighthouse\n\nIt shines.\n").unwrap();
        let own = data.path().join("workflows");
        fs::create_dir(&own).unwrap();
        fs::write(own.join("all.js"), SCRIPT).unwrap();
        fs::write(own.join("inner.js"), INNER).unwrap();
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned();
        Self { project, data, scripts: Scripts::new(Some(cache), vec![own]) }
    }

    /// A server on what a log holds.
    fn live(&self, appends: &[Append]) -> Life {
        let log = Kept { log: MemoryLog::new(), appends: Mutex::default() };
        for append in appends {
            log.append(append.clone()).now_or_never().unwrap().unwrap();
        }
        let log = Arc::new(log);
        let dynamic: Arc<dyn EventLog> = log.clone();
        let blobs = Arc::new(BlobStore::open(&self.data.path().join("blobs")).unwrap());
        let offline = OfflineSettings { words_per_second: 0, scenario: None };
        let providers = Providers::new(ProvidersSettings { offline, ..ProvidersSettings::default() }).unwrap();
        let clock = Arc::new(Machine);
        let toolbox = Arc::new(Toolbox::reading());
        let effects = Effects::new(Arc::new(providers), toolbox, blobs.clone(), dynamic.clone(), clock.clone());
        let rest = tempfile::tempdir().unwrap();
        let host = Host::start(Parts {
            log: dynamic,
            blobs,
            performer: Arc::new(effects.with_scripts(self.scripts.clone())),
            clock,
            ids: Arc::new(Machine),
            lanes: [("timers".to_owned(), usize::MAX), ("steps".to_owned(), usize::MAX)].into(),
            wanting: rest.path().join("wanting.json"),
            snapshots: SnapshotStore::new(&rest.path().join("snapshots"), "test"),
        })
        .unwrap();
        host.wake();
        Life { host, log, _rest: rest }
    }
}

/// A server, from its start to its end.
struct Life {
    host: Host,
    log: Arc<Kept>,
    _rest: TempDir,
}

impl Life {
    async fn submit(&self, stream: &StreamId, command: impl Into<Command>) {
        self.host.submit(stream.clone(), command.into(), By::person("owner"), None).await.unwrap();
    }

    /// Asks for the run.
    async fn request(&self, ground: &Ground) -> StreamId {
        let path: Arc<str> = ground.project.path().canonicalize().unwrap().to_str().unwrap().into();
        let (project, session, id) = (project::id_of(&path), Uuid::now_v7(), Uuid::now_v7());
        let register = project::Command::RegisterProject { path, name: None };
        self.submit(&StreamId::new("project", project), register).await;
        let open = session::Command::OpenSession { project, title: "".into(), model: None };
        self.submit(&StreamId::new("session", session), open).await;
        let found = ground.scripts.find(ground.project.path(), "all").unwrap();
        let script = found.pinned().as_str().into();
        let requested = found.request(id, session, project, script, "offline".into());
        let run = StreamId::new("run", id);
        self.submit(&run, run::Command::RequestRun(Box::new(requested))).await;
        run
    }

    /// The events of a run up to its end. A question that has no limit is answered, as often as it is asked.
    async fn to_the_end(&self, run: &StreamId) -> Vec<Event> {
        let mut subscription = self.log.subscribe(Selection::Stream { stream: run.clone(), from: Revision::ZERO });
        let mut events = vec![];
        let all = async {
            loop {
                let Delivery::Records(records) = subscription.next().await.unwrap().unwrap() else { continue };
                for record in &records {
                    events.extend(decode::<Event>(record).unwrap());
                }
                for event in &events {
                    let Event::StepRequested(asked) = event else { continue };
                    let open = |event: &Event| !matches!(event, Event::StepSettled { step, .. } if *step == asked.step);
                    if asked.kind == StepKind::Approve && asked.limit_ms.is_none() && events.iter().all(open) {
                        let answer = run::Command::AnswerApproval {
                            step: asked.step,
                            approved: true,
                            comment: Some("go".into()),
                        };
                        // It may have been answered by now, in what this has not read yet.
                        let _late = self.host.submit(run.clone(), answer.into(), By::person("owner"), None).await;
                    }
                }
                if events.iter().any(is_end) {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(Duration::from_mins(1), all).await.is_ok();
        assert!(in_time, "{run} does not end: {events:?}");
        events
    }
}

fn is_end(event: &Event) -> bool {
    matches!(
        event,
        Event::RunFinished { .. } | Event::RunFailed { .. } | Event::RunCancelled {} | Event::RunDiverged { .. }
    )
}

fn result(events: &[Event]) -> String {
    match events.last() {
        Some(Event::RunFinished { result }) => result.shown().to_owned(),
        other => panic!("it did not finish: {other:?}"),
    }
}

/// How often each step was asked for, begun and settled.
fn counts(events: &[Event]) -> BTreeMap<u32, (usize, usize, usize)> {
    let mut counts: BTreeMap<u32, (usize, usize, usize)> = BTreeMap::new();
    for event in events {
        match event {
            Event::StepRequested(asked) => counts.entry(asked.step).or_default().0 += 1,
            Event::StepStarted { step, .. } => counts.entry(*step).or_default().1 += 1,
            Event::StepSettled { step, .. } => counts.entry(*step).or_default().2 += 1,
            _ => {}
        }
    }
    counts
}

#[actix_web::test]
async fn a_run_that_crashes_at_any_append_ends_as_it_would_have() {
    let ground = Ground::new();
    let first = ground.live(&[]);
    let run = first.request(&ground).await;
    let whole = first.to_the_end(&run).await;
    let appends = first.log.appends.lock().unwrap().clone();
    first.host.shutdown().await;
    let clean = result(&whole);
    assert!(clean.contains(r#""late":"TimedOut""#) && clean.contains(r#""inner":27"#), "{clean}");
    let begins = appends.iter().position(|append| append.stream == run).unwrap() + 1;
    let run_appends = appends.iter().filter(|append| append.stream.kind() == "run").count();
    assert!(appends.len() - begins > 60 && run_appends > 20, "{} appends, {run_appends} of runs", appends.len());

    let crashes = (begins..appends.len()).map(|cut| {
        let (ground, appends, run, clean, whole) = (&ground, &appends, &run, &clean, &whole);
        async move {
            let life = ground.live(&appends[..cut]);
            let events = life.to_the_end(run).await;
            let what = format!("cut after append {cut} of {}, {:?}", appends.len(), appends[cut - 1].stream);
            assert_eq!(result(&events), *clean, "{what}");
            let before: Vec<Event> = {
                let kept = |append: &&Append| append.stream == *run;
                let records = appends[..cut].iter().filter(kept).map(|append| append.records.len()).sum();
                events[..records].to_vec()
            };
            let (before, after, whole) = (counts(&before), counts(&events), counts(whole));
            assert_eq!(after.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>(), "{what}");
            for (step, (asked, begun, settled)) in after {
                assert_eq!((asked, settled), (1, 1), "{what}: step {step}");
                if let Some((_, known, 1)) = before.get(&step) {
                    assert_eq!(begun, *known, "{what}: step {step} was over, and is begun again");
                }
            }
            life.host.shutdown().await;
        }
    });
    let done = stream::iter(crashes).buffer_unordered(4).count().await;
    println!("{done} crashes, each at another append");
}
