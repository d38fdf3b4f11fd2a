//! Turns of a chat through the host: log, rules, effects, models and tools together, in one process.

use std::{path::Path, sync::Arc, time::Duration};

use reenact::{
    effects::Effects,
    entities::{AnyEntity, chat, project, session},
    host::{Host, Parts, SubmitError},
    models::{OfflineSettings, Providers, ProvidersSettings, Scenario},
    tools::Toolbox,
};
use replay::{
    blobs::BlobStore,
    file::{FileLog, Options},
    ids::{By, CommandId, Revision, StreamId},
    log::{Delivery, EventLog, Selection},
    ports::Machine,
    record::Record,
    snapshot::SnapshotStore,
};
use tempfile::TempDir;
use uuid::Uuid;

/// A data folder and a project folder, on which a host can live again and again.
struct Desk {
    data: TempDir,
    project: TempDir,
    scenario: String,
}

/// One life of a host.
struct Life {
    host: Host,
    log: Arc<FileLog>,
}

impl Desk {
    fn new(scenario: &str) -> Self {
        let project = tempfile::tempdir().unwrap();
        std::fs::write(project.path().join("README.md"), "# Lighthouse\n\nIt shines.\n").unwrap();
        Self { data: tempfile::tempdir().unwrap(), project, scenario: scenario.to_owned() }
    }

    fn live(&self) -> Life {
        let options = Options { segment_size: 64 * 1024, ..Options::default() };
        let (log, _) = FileLog::open(&self.data.path().join("log"), &options).unwrap();
        let log = Arc::new(log);
        let blobs = Arc::new(BlobStore::open(&self.data.path().join("blobs")).unwrap());
        let scenario = (!self.scenario.is_empty()).then(|| Scenario::parse(&self.scenario).unwrap());
        let offline = OfflineSettings { words_per_second: 0, scenario };
        let providers = Providers::new(ProvidersSettings { offline, ..ProvidersSettings::default() }).unwrap();
        let clock = Arc::new(Machine);
        let dynamic: Arc<dyn EventLog> = log.clone();
        let toolbox = Arc::new(Toolbox::reading());
        let performer = Effects::new(Arc::new(providers), toolbox, blobs.clone(), dynamic.clone(), clock.clone());
        let host = Host::start(Parts {
            log: dynamic,
            blobs,
            performer: Arc::new(performer),
            clock,
            ids: Arc::new(Machine),
            lanes: [("timers".to_owned(), usize::MAX)].into(),
            wanting: self.data.path().join("wanting.json"),
            snapshots: SnapshotStore::new(&self.data.path().join("snapshots"), "test"),
        })
        .unwrap();
        host.wake();
        Life { host, log }
    }

    /// The desk as a crash at this moment would leave it: what is in the files now, with whatever is half written.
    fn crashed_here(&self) -> Self {
        let image = Self::new(&self.scenario);
        copy(self.data.path(), image.data.path());
        copy(self.project.path(), image.project.path());
        image
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Life {
    /// Registers the project, opens a session and a chat in it, and answers with the chat's stream.
    async fn chat(&self, project: &Path) -> StreamId {
        let path: Arc<str> = project.canonicalize().unwrap().to_str().unwrap().into();
        let project = project::id_of(&path);
        let session = Uuid::now_v7();
        let register = project::Command::RegisterProject { path, name: None };
        self.submit(&StreamId::new("project", project), register).await;
        let open = session::Command::OpenSession { project, title: "".into(), model: None };
        self.submit(&StreamId::new("session", session), open).await;
        let chat = StreamId::new("chat", Uuid::now_v7());
        let open = chat::Command::OpenChat {
            session,
            project,
            title: "Harbour".into(),
            model: "offline".into(),
            agent: "default".into(),
            token_budget: 1_000_000,
            origin: None,
            answer: None,
            brief: None,
        };
        self.submit(&chat, open).await;
        chat
    }

    async fn submit(&self, stream: &StreamId, command: impl Into<reenact::entities::Command>) {
        self.host.submit(stream.clone(), command.into(), By::person("owner"), None).await.unwrap();
    }

    async fn say(&self, chat: &StreamId, text: &str) {
        self.submit(chat, chat::Command::PostMessage { message: None, text: text.into(), attachments: vec![] }).await;
    }

    /// The events of a stream, as they come, until one of this type is there so often.
    async fn until(&self, stream: &StreamId, kind: &str, times: usize) -> Vec<Record> {
        let selection = Selection::Stream { stream: stream.clone(), from: Revision::ZERO };
        let mut subscription = self.log.subscribe(selection);
        let mut seen: Vec<Record> = vec![];
        let wait = async {
            while seen.iter().filter(|record| &*record.event.kind == kind).count() < times {
                match subscription.next().await.unwrap().unwrap() {
                    Delivery::Records(records) => seen.extend(records),
                    Delivery::Live => {}
                }
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(30), wait).await.is_ok();
        assert!(in_time, "{kind} came not {times} times in {:?}", kinds(&seen));
        seen
    }

    async fn state(&self, chat: &StreamId) -> chat::State {
        match self.host.fold(chat, None).await.unwrap() {
            AnyEntity::Chat(chat) => chat.state().clone(),
            AnyEntity::Session(_) | AnyEntity::Project(_) | AnyEntity::Run(_) | AnyEntity::System(_) => {
                panic!("{chat} is no chat")
            }
        }
    }
}

fn kinds(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| &*record.event.kind).collect()
}

fn texts(state: &chat::State) -> Vec<&str> {
    let text = |message: &chat::state::Message| match message {
        chat::state::Message::Call(call) => Some(call.text.shown().to_owned()),
        chat::state::Message::User(_) | chat::state::Message::End(_) => None,
    };
    state.messages.iter().filter_map(text).map(|text| &*text.leak()).filter(|text| !text.is_empty()).collect()
}

#[actix_web::test]
async fn a_question_about_a_file_is_answered_from_the_file() {
    let desk = Desk::new("");
    let life = desk.live();
    let chat = life.chat(desk.project.path()).await;
    life.say(&chat, "read README.md").await;
    let records = life.until(&chat, "TurnFinished", 1).await;
    let kinds = kinds(&records);
    for expected in ["ModelCallStarted", "ToolCalled", "ToolStarted", "ToolFinished", "TextAppended"] {
        assert!(kinds.contains(&expected), "{expected} is missing in {kinds:?}");
    }
    let finished = records.iter().find(|record| &*record.event.kind == "ToolFinished").unwrap();
    assert!(finished.event.data.json().contains("It shines."));
    assert!(life.state(&chat).await.turn.is_none());
}

#[actix_web::test]
async fn a_command_sent_twice_is_done_once_and_answered_the_same() {
    let desk = Desk::new("");
    let life = desk.live();
    let chat = life.chat(desk.project.path()).await;
    let id = CommandId::fresh();
    let rename = || chat::Command::RenameChat { title: "Harbour".into() }.into();
    let by = By::person("owner");
    let first = life.host.submit(chat.clone(), rename(), by.clone(), Some(id.clone())).await.unwrap();
    let second = life.host.submit(chat.clone(), rename(), by, Some(id)).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(life.log.next_revision(&chat), Revision(2));
}

#[actix_web::test]
async fn a_command_that_the_rules_forbid_is_refused_with_a_code() {
    let desk = Desk::new("");
    let life = desk.live();
    let nobody = StreamId::new("chat", Uuid::now_v7());
    let say = chat::Command::PostMessage { message: None, text: "hello".into(), attachments: vec![] };
    let refused = life.host.submit(nobody, say.into(), By::person("owner"), None).await.unwrap_err();
    assert_eq!(refused.code(), "not_open");
    let stream: StreamId = "ship/1".parse().unwrap();
    let refused = life.host.submit(stream, chat::Command::CancelTurn {}.into(), By::person("owner"), None).await;
    assert!(matches!(refused, Err(SubmitError::UnknownKind(kind)) if kind == "ship"));
}

#[actix_web::test]
async fn a_turn_that_was_cut_off_goes_on_in_the_next_life() {
    let scenario =
        r#"{"rules": [{"then": [{"words_per_second": 30}, {"repeat": {"text": "word{n} ", "times": 30}}]}]}"#;
    let desk = Desk::new(scenario);
    let first = desk.live();
    let chat = first.chat(desk.project.path()).await;
    first.say(&chat, "count").await;
    first.until(&chat, "TextAppended", 3).await;
    let second = desk.crashed_here().live();
    second.until(&chat, "TurnFinished", 1).await;
    let state = second.state(&chat).await;
    let chat::state::Message::Call(call) = &state.messages[1] else { panic!("a call follows the message") };
    assert_eq!(call.attempt.unwrap().0, 2);
    assert!(call.interrupted[0].text.shown().starts_with("word1 "), "{:?}", call.interrupted);
    assert_eq!(texts(&state).len(), 1);
    assert!(call.text.shown().trim_end().ends_with("word30"), "{:?}", call.text);
}

#[actix_web::test]
async fn messages_wait_their_turn_and_a_stopped_turn_makes_way() {
    let scenario = r#"{"rules": [
        {"when": {"contains": "long"}, "then": [{"words_per_second": 20}, {"repeat": {"text": "on and on ", "times": 1000}}]},
        {"then": [{"text": "short answer"}]}
    ]}"#;
    let desk = Desk::new(scenario);
    let life = desk.live();
    let chat = life.chat(desk.project.path()).await;
    life.say(&chat, "a long one").await;
    life.until(&chat, "TextAppended", 1).await;
    life.say(&chat, "and then?").await;
    assert_eq!(life.state(&chat).await.queue.len(), 1);
    life.submit(&chat, chat::Command::CancelTurn {}).await;
    life.until(&chat, "TurnFinished", 1).await;
    let state = life.state(&chat).await;
    assert_eq!(texts(&state).last(), Some(&"short answer"));
    assert!(texts(&state)[0].starts_with("on"));
    assert!(state.queue.is_empty() && state.turn.is_none());
}

#[actix_web::test]
async fn a_provider_that_is_overloaded_is_asked_again_when_it_said() {
    let scenario = r#"{"rules": [
        {"when": {"times": 2}, "then": [{"error": {"kind": "overloaded", "status": 503, "retry_after_ms": 1}}]},
        {"then": [{"text": "here I am"}]}
    ]}"#;
    let desk = Desk::new(scenario);
    let life = desk.live();
    let chat = life.chat(desk.project.path()).await;
    life.say(&chat, "hello").await;
    let records = life.until(&chat, "TurnFinished", 1).await;
    assert_eq!(kinds(&records).iter().filter(|kind| **kind == "ModelCallFailed").count(), 2);
    assert_eq!(texts(&life.state(&chat).await), ["here I am"]);
}

#[actix_web::test]
async fn a_model_that_is_not_there_ends_the_turn_with_what_to_do() {
    let desk = Desk::new("");
    let life = desk.live();
    let chat = life.chat(desk.project.path()).await;
    life.submit(&chat, chat::Command::ConfigureChat { model: "nobody/x".into() }).await;
    life.say(&chat, "hello").await;
    let records = life.until(&chat, "TurnFinished", 1).await;
    let end = records.last().unwrap().event.data.json();
    assert!(end.contains("unknown_model") && end.contains("offline"), "{end}");
}
