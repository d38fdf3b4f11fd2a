//! A whole server in this process, on a free port of loopback and a folder of its own, and clients for it.

use std::{net::TcpListener, path::Path, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use reenact::{
    agents::Agents,
    api::{self, App, Settings, Stopper, keys},
    effects::Effects,
    entities::system::{self, Role},
    host::{Host, Parts},
    models::{
        ApiKey, OfflineSettings, ProviderSettings, Providers, ProvidersSettings, Scenario, SetKey, keys::KeyFile,
    },
    projections::{Lists, StepCache},
    scripts::Scripts,
    tools::Toolbox,
};
use replay::{
    blobs::BlobStore,
    file::{FileLog, Options},
    log::EventLog,
    ports::Machine,
    projection::Derived,
    snapshot::SnapshotStore,
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};

/// A server and its folders.
pub struct Served {
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// The owner's key.
    pub key: String,
    /// A folder to work on.
    pub project: TempDir,
    stopper: Stopper,
    client: Client,
    host: Host,
    /// Its log.
    pub log: Arc<dyn EventLog>,
    _data: Option<TempDir>,
}

/// Serves with the usual settings.
pub async fn serve() -> Served {
    serve_with("", |_| ()).await
}

/// Serves with a scenario of the offline model and other settings.
pub async fn serve_with(scenario: &str, change: impl FnOnce(&mut Settings)) -> Served {
    let data = tempfile::tempdir().unwrap();
    let served = serve_on(data.path(), scenario, change).await;
    Served { _data: Some(data), ..served }
}

/// Serves with models that take so many tokens.
pub async fn serve_within(window: u64) -> Served {
    let data = tempfile::tempdir().unwrap();
    let how = |effects: Effects| effects.with_context_window(Some(window));
    let served = serve_how(data.path(), "", Toolbox::reading(), |_| (), how).await;
    Served { _data: Some(data), ..served }
}

/// Serves with other tools.
pub async fn serve_with_tools(scenario: &str, tools: Toolbox) -> Served {
    let data = tempfile::tempdir().unwrap();
    let served = serve_how(data.path(), scenario, tools, |_| (), |effects| effects).await;
    Served { _data: Some(data), ..served }
}

/// Serves on a data folder that outlives the server.
pub async fn serve_on(data: &Path, scenario: &str, change: impl FnOnce(&mut Settings)) -> Served {
    serve_how(data, scenario, Toolbox::reading(), change, |effects| effects).await
}

async fn serve_how(
    data: &Path,
    scenario: &str,
    tools: Toolbox,
    change: impl FnOnce(&mut Settings),
    how: impl FnOnce(Effects) -> Effects,
) -> Served {
    let project = tempfile::tempdir().unwrap();
    std::fs::write(project.path().join("README.md"), "# Lighthouse\n\nIt shines.\n").unwrap();
    let (log, _) =
        FileLog::open(&data.join("log"), &Options { segment_size: 256 * 1024, ..Options::default() }).unwrap();
    let log: Arc<dyn EventLog> = Arc::new(log);
    let blobs = Arc::new(BlobStore::open(&data.join("blobs")).unwrap());
    let scenario = (!scenario.is_empty()).then(|| Scenario::parse(scenario).unwrap());
    let offline = OfflineSettings { words_per_second: 0, scenario };
    let elsewhere = SetKey::new(ApiKey::new("sk-of-the-environment"), "DEEPSEEK_API_KEY in the environment");
    let known = vec![ProviderSettings::openai(None, None), ProviderSettings::deepseek(elsewhere, None)];
    let models = ProvidersSettings { providers: known, offline, ..ProvidersSettings::default() };
    let keys_kept = Arc::new(KeyFile::new(data.join("secrets")));
    let providers = Arc::new(Providers::new(models).unwrap().keeping(keys_kept));
    let clock = Arc::new(Machine);
    let effects = Effects::new(providers.clone(), Arc::new(tools), blobs.clone(), log.clone(), clock.clone());
    let performer = Arc::new(how(effects));
    let wanting = data.join("wanting.json");
    let lanes = [("timers".to_owned(), usize::MAX)].into();
    let (ids, snapshots) = (Arc::new(Machine), SnapshotStore::new(&data.join("snapshots"), "test"));
    let parts = Parts { log: log.clone(), blobs, performer, clock, ids, lanes, wanting, snapshots };
    let host = Host::start(parts).unwrap();
    let key = keys::fresh();
    let sha256 = keys::hash(&key).into();
    host.note(system::Command::CreateKey { name: keys::OWNER.into(), role: Role::Admin, sha256 }).await.unwrap();
    let derived = Derived::open(&data.join("index"));
    let lists = Lists::start(&derived, log.clone()).unwrap();
    let cache = StepCache::start(&derived, log.clone()).unwrap();
    let mut settings = Settings::new("0.1.0+test", &key);
    change(&mut settings);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = api::serve(
        App {
            host: host.clone(),
            lists,
            cache,
            providers,
            scripts: Scripts::new(None, vec![]),
            agents: Agents::default(),
            settings,
        },
        listener,
    )
    .await
    .unwrap();
    let (address, stopper) = (server.address().to_string(), server.stopper());
    actix_web::rt::spawn(server.run());
    let redirect = reqwest::redirect::Policy::none();
    let client = Client::builder().redirect(redirect).timeout(Duration::from_secs(20)).build().unwrap();
    Served { address, key, project, stopper, client, host, log, _data: None }
}

/// A socket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Served {
    /// A request without a key.
    pub fn bare(&self, method: &Method, path: &str) -> RequestBuilder {
        self.client.request(method.clone(), format!("http://{}{path}", self.address))
    }

    /// A request with a key.
    pub fn with(&self, key: &str, method: &Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(key)
    }

    /// What a GET with the owner's key answers, which must be good.
    #[track_caller]
    pub fn get(&self, path: &str) -> impl Future<Output = Value> + use<> {
        good(self.with(&self.key, &Method::GET, path))
    }

    /// What a write with the owner's key answers, which must be good.
    pub fn send(&self, method: &Method, path: &str, body: &Value) -> impl Future<Output = Value> + use<> {
        good(self.with(&self.key, method, path).json(body))
    }

    /// What a write of the owner is refused with: status and problem.
    pub async fn refused(&self, method: &Method, path: &str, body: &Value) -> (u16, Value) {
        problem(self.with(&self.key, method, path).json(body).send().await.unwrap()).await
    }

    /// A key of a role.
    pub async fn key(&self, name: &str, role: &str) -> String {
        let made = self.send(&Method::POST, "/api/keys", &json!({ "name": name, "role": role })).await;
        made["key"].as_str().unwrap().to_owned()
    }

    /// A registered project, an open session, and their ids.
    pub async fn session(&self) -> (String, String) {
        let path = self.project.path().to_str().unwrap();
        let project = self.send(&Method::POST, "/api/projects", &json!({ "path": path })).await;
        let project = project["id"].as_str().unwrap().to_owned();
        let session = self.send(&Method::POST, "/api/sessions", &json!({ "project": project, "title": "Desk" })).await;
        (project, session["id"].as_str().unwrap().to_owned())
    }

    /// An open chat, and its id.
    pub async fn chat(&self) -> String {
        let (_, session) = self.session().await;
        let chat = self.send(&Method::POST, "/api/chats", &json!({ "session": session, "title": "Talk" })).await;
        chat["id"].as_str().unwrap().to_owned()
    }

    /// Says something in a chat and waits until its turn has ended; the stream of the chat.
    pub async fn ask(&self, chat: &str, text: &str) -> String {
        let stream = format!("chat/{chat}");
        let before = self.get(&format!("/api/chats/{chat}")).await["turns"].as_u64().unwrap();
        self.send(&Method::POST, &format!("/api/chats/{chat}/messages"), &json!({ "text": text })).await;
        self.ended(&stream, before + 1).await;
        stream
    }

    /// Waits until a turn has ended, and the rows know of it.
    pub async fn ended(&self, stream: &str, turn: u64) {
        let mut socket = self.socket().await;
        socket.send(json!({ "op": "subscribe", "sub": 1, "stream": stream, "view": false })).await;
        let end = |frame: &Value| {
            matches!(frame["type"].as_str(), Some("TurnFinished" | "TurnCancelled")) && frame["data"]["turn"] == turn
        };
        let position = socket.until(end).await.last().unwrap()["position"].clone();
        self.get(&format!("/api/{}?at_least={position}", stream.replace("chat/", "chats/"))).await;
    }

    /// All events of a stream, which must fit into a page.
    pub async fn events(&self, stream: &str) -> Vec<Value> {
        let page = self.get(&format!("/api/streams/{stream}?limit=500")).await;
        assert!(page["next_cursor"].is_null(), "more than a page");
        page["items"].as_array().unwrap().clone()
    }

    /// The state of a stream at a revision.
    pub async fn state(&self, stream: &str, at: usize) -> Value {
        self.get(&format!("/api/streams/{stream}/state?at={at}")).await["state"].clone()
    }

    /// A socket of the owner's, its `hello` read.
    pub async fn socket(&self) -> Socket {
        let mut socket = self.socket_of(&self.key).await;
        assert_eq!(socket.next().await["op"], "hello");
        socket
    }

    /// A socket of a key's.
    pub async fn socket_of(&self, key: &str) -> Socket {
        let mut request = format!("ws://{}/ws?api_key={key}", self.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("reenact.v1"));
        let (socket, response) = tokio_tungstenite::connect_async(request).await.unwrap();
        assert_eq!(response.headers().get("sec-websocket-protocol").unwrap(), "reenact.v1");
        Socket(socket)
    }

    /// Has what was begun go on.
    pub fn wake(&self) {
        self.host.wake();
    }

    /// Stops the server, as a good end does.
    pub async fn stop(&self) {
        self.stopper.stop().await;
    }
}

#[track_caller]
fn good(request: RequestBuilder) -> impl Future<Output = Value> + use<> {
    let caller = std::panic::Location::caller();
    async move {
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{caller}: {status}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}

/// Status and problem of a response that is one.
pub async fn problem(response: Response) -> (u16, Value) {
    let status = response.status();
    assert!(status.is_client_error() || status.is_server_error(), "{status}");
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{status}");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status.as_u16());
    for field in ["type", "title", "code", "detail"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {problem}");
    }
    (status.as_u16(), problem)
}

/// The status of a response.
pub async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

impl Socket {
    /// Sends a frame.
    pub async fn send(&mut self, frame: Value) {
        self.raw(Message::text(frame.to_string())).await;
    }

    /// Sends anything.
    pub async fn raw(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// The next frame.
    pub async fn next(&mut self) -> Value {
        match self.message().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("no frame: {other:?}"),
        }
    }

    /// Waits for a ping of the server, which is answered.
    pub async fn pinged(&mut self) {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(20), self.0.next()).await.expect("a ping within 20 s");
            if matches!(next.unwrap().unwrap(), Message::Ping(_)) {
                // Its answer waits in the socket until something is sent or flushed.
                return self.0.flush().await.unwrap();
            }
        }
    }

    /// The next message that is no ping; `None` at the end.
    pub async fn message(&mut self) -> Option<Message> {
        loop {
            let next =
                tokio::time::timeout(Duration::from_secs(20), self.0.next()).await.expect("an answer within 20 s");
            match next {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The frames up to and with the first that fits.
    pub async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            frames.push(self.next().await);
            if frames.last().is_some_and(&fits) {
                return frames;
            }
        }
    }

    /// Sends a command and answers with what it was answered.
    pub async fn command(&mut self, id: &str, stream: &str, command: Value) -> Value {
        self.send(json!({ "op": "command", "id": id, "stream": stream, "command": command })).await;
        self.until(|frame| frame["id"] == id && (frame["op"] == "accepted" || frame["op"] == "rejected"))
            .await
            .pop()
            .unwrap()
    }
}
