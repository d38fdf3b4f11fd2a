//! The real server as a process: started on a free port, spoken to over its socket, killed, started again.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _},
};
use uuid::Uuid;

/// Nothing that a test waits for takes longer.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The folders that a server works on; they outlive its processes.
pub struct Ground {
    /// Its data folder.
    pub data: TempDir,
    /// A project with a few files.
    pub project: TempDir,
    scenario: Option<PathBuf>,
}

/// A server process. It is killed when it is dropped.
pub struct Server {
    child: Child,
    /// Where it listens, as `http://127.0.0.1:PORT`.
    pub address: String,
    /// The owner's key.
    pub key: String,
}

/// A client on the server's socket.
pub struct Socket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The first frame that the server sent.
    pub hello: Value,
}

impl Ground {
    /// With a scenario for the offline model; an empty one means none.
    pub fn new(scenario: &str) -> Self {
        let (data, project) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(project.path().join("README.md"), "# Lighthouse\n\nIt shines. TODO: turn it.\n").unwrap();
        let file = data.path().with_extension("scenario.json");
        let scenario = (!scenario.is_empty()).then(|| {
            std::fs::write(&file, scenario).unwrap();
            file
        });
        Self { data, project, scenario }
    }

    /// Starts a server and waits for its address.
    pub fn serve(&self) -> Server {
        self.serve_as(|_| ())
    }

    /// The same with changes to how the program is called.
    pub fn serve_as(&self, change: impl FnOnce(&mut Command)) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reenact"));
        command.args(["serve", "--port", "0", "--data"]).arg(self.data.path());
        command.env("REENACT_MODULE_CACHE", env!("CARGO_TARGET_TMPDIR"));
        if let Some(scenario) = &self.scenario {
            command.arg("--scenario").arg(scenario);
        }
        for (name, _) in std::env::vars().filter(|(name, _)| name.ends_with("_API_KEY") || name.ends_with("_BASE_URL"))
        {
            command.env_remove(name);
        }
        change(&mut command);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            lines.by_ref().map(Result::unwrap).find(|line| line.contains("/?key=")).expect("it prints its address");
        // What it prints later is read too, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        let url = line.split_whitespace().find(|word| word.contains("/?key=")).unwrap();
        let (address, key) = url.split_once("/?key=").unwrap();
        Server { child, address: address.to_owned(), key: key.to_owned() }
    }

    /// The project's folder, as the server names it.
    pub fn project_path(&self) -> String {
        self.project.path().canonicalize().unwrap().to_str().unwrap().to_owned()
    }
}

/// Calls a subcommand on the ground's data folder and waits for its end.
pub fn reenact(ground: &Ground, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reenact"));
    command.args(arguments).arg("--data").arg(ground.data.path()).output().unwrap()
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some(scenario) = &self.scenario {
            let _left_behind = std::fs::remove_file(scenario).is_err();
        }
    }
}

impl Server {
    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How much memory it holds now, in KiB: `VmRSS`.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// All events of a stream, page by page.
    pub async fn events(&self, stream: &str) -> Vec<Value> {
        let mut events: Vec<Value> = vec![];
        loop {
            let path = format!("/api/streams/{stream}?from={}&limit=500", events.len());
            let (status, page) = self.http("GET", &path, None).await;
            assert_eq!(status, 200, "{page}");
            let items = page["items"].as_array().unwrap();
            if items.is_empty() {
                return events;
            }
            events.extend(items.iter().cloned());
        }
    }

    /// All events of a stream, if it is there.
    pub async fn events_or_none(&self, stream: &str) -> Option<Vec<Value>> {
        let there = self.http("GET", &format!("/api/streams/{stream}?limit=1"), None).await.0 == 200;
        if there { Some(self.events(stream).await) } else { None }
    }

    /// Asks it over HTTP and waits for no answer.
    pub fn asking(&self, method: &str, path: &str, body: &Value) -> tokio::task::JoinHandle<()> {
        let request = self.request(method, path).json(body);
        tokio::spawn(async move { drop(request.send().await) })
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        reenact::models::install_crypto();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}{path}", self.address);
        client.request(method.parse().unwrap(), url).bearer_auth(&self.key).timeout(PATIENCE)
    }

    /// Asks it over HTTP; answers with status and JSON.
    pub async fn http(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// Registers a project and opens a session in it: their ids.
    pub async fn desk(&self, ground: &Ground) -> (String, String) {
        let (status, project) = self.http("POST", "/api/projects", Some(json!({"path": ground.project_path()}))).await;
        assert!(status < 300, "{project}");
        let project = project["id"].as_str().unwrap().to_owned();
        let (status, session) = self.http("POST", "/api/sessions", Some(json!({"project": project}))).await;
        assert!(status < 300, "{session}");
        (project, session["id"].as_str().unwrap().to_owned())
    }

    /// Opens a chat with the offline model: its stream.
    pub async fn chat(&self, session: &str) -> String {
        let body = json!({"session": session, "model": "offline"});
        let (status, chat) = self.http("POST", "/api/chats", Some(body)).await;
        assert!(status < 300, "{chat}");
        format!("chat/{}", chat["id"].as_str().unwrap())
    }

    /// Says something in a chat, and waits until that is answered.
    pub async fn turn(&self, chat: &str, text: &str) {
        let mut socket = self.socket().await;
        socket.subscribe(1, chat, None).await;
        let answer = socket.command(chat, json!({"type": "PostMessage", "text": text})).await;
        assert_eq!(answer["op"], "accepted", "{answer}");
        let posted = answer["revision"].as_u64();
        socket.until(|frame| frame["type"] == "TurnFinished" && frame["revision"].as_u64() > posted).await;
    }

    /// A socket, after the server's first frame.
    pub async fn socket(&self) -> Socket {
        let url = format!("{}/ws?api_key={}", self.address.replace("http://", "ws://"), self.key);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "reenact.v1".parse().unwrap());
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let mut socket = Socket { socket, hello: Value::Null };
        socket.hello = socket.next().await.unwrap();
        assert_eq!(socket.hello["op"], "hello");
        socket
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill().is_err();
        let _gone = self.child.wait().is_err();
    }
}

impl Socket {
    /// Sends a frame.
    pub async fn send(&mut self, frame: Value) {
        self.send_text(frame.to_string()).await;
    }

    /// Sends any text as a frame.
    pub async fn send_text(&mut self, text: String) {
        let _cut = self.socket.send(Message::text(text)).await.is_err();
    }

    /// Follows a stream from after a revision, without views.
    pub async fn subscribe(&mut self, sub: u64, stream: &str, after: Option<u64>) {
        let mut frame = json!({"op": "subscribe", "sub": sub, "stream": stream, "view": false});
        if let Some(after) = after {
            frame["after"] = after.into();
        }
        self.send(frame).await;
    }

    /// The next frame; `None` when the server is gone.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a frame comes in time");
            match message? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The first frame that fits, skipping others.
    pub async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await.expect("the server is there");
            if fits(&frame) {
                return frame;
            }
        }
    }

    /// Sends a command and waits for its answer.
    pub async fn command(&mut self, stream: &str, command: Value) -> Value {
        let id = Uuid::now_v7().to_string();
        self.send(json!({"op": "command", "id": id, "stream": stream, "command": command})).await;
        self.until(|frame| frame["id"] == id.as_str() && frame["op"] != "event").await
    }
}
