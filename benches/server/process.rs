//! The server as a process, and what the kernel says about it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _},
};

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server process. It is killed when it is dropped.
pub struct Server {
    child: Child,
    address: String,
    key: String,
    http: reqwest::Client,
}

/// A client on the server's socket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Starts a server on a data folder with these variables and waits until it has printed its address.
pub fn serve(data: &Path, variables: &[(&str, String)]) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reenact"));
    command.args(["serve", "--port", "0", "--data"]).arg(data).env("REENACT_LOG", "error");
    for (name, _) in std::env::vars().filter(|(name, _)| name.ends_with("_API_KEY") || name.ends_with("_BASE_URL")) {
        command.env_remove(name);
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the binary was just built");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("/?key=")).expect("it prints its address");
    // What it prints later is read too, so that it never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    let (address, key) = line.trim().split_once("/?key=").expect("it was found by this");
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client without options");
    Server { address: address.to_owned(), key: key.to_owned(), child, http }
}

impl Server {
    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was killed");
    }

    /// Asks it over HTTP.
    pub async fn http(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}{path}", self.address);
        let request = self.http.request(method.parse().expect("a method"), url).bearer_auth(&self.key);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.expect("the server answers");
        let status = answer.status();
        let body = answer.json().await.expect("it answers in JSON");
        assert!(status.is_success(), "{method} {path}: {status} {body}");
        body
    }

    /// Registers a project and opens a session in it: its id.
    pub async fn session(&self, project: &Path) -> String {
        let path = project.canonicalize().expect("it is there");
        let project = self.http("POST", "/api/projects", Some(json!({"path": path}))).await;
        let session = self.http("POST", "/api/sessions", Some(json!({"project": project["id"]}))).await;
        session["id"].as_str().expect("a session has an id").to_owned()
    }

    /// Opens a chat with a model and says something: its stream.
    pub async fn chat(&self, session: &str, model: &str, message: Option<&str>) -> String {
        let body = json!({"session": session, "model": model, "message": message});
        let chat = self.http("POST", "/api/chats", Some(body)).await;
        format!("chat/{}", chat["id"].as_str().expect("a chat has an id"))
    }

    /// Another key, which may ask as often as the first.
    pub async fn key(&self, name: &str) -> String {
        let made = self.http("POST", "/api/keys", Some(json!({"name": name, "role": "operator"}))).await;
        made["key"].as_str().expect("a key is shown once").to_owned()
    }

    /// A socket of the owner.
    pub async fn socket(&self) -> Socket {
        self.socket_of(&self.key).await
    }

    /// A socket, after the server's first frame.
    pub async fn socket_of(&self, key: &str) -> Socket {
        let url = format!("{}/ws?api_key={key}", self.address.replace("http://", "ws://"));
        let mut request = url.into_client_request().expect("a good address");
        request.headers_mut().insert("Sec-WebSocket-Protocol", "reenact.v1".parse().expect("a good name"));
        let (socket, _) = tokio_tungstenite::connect_async(request).await.expect("the server takes sockets");
        let mut socket = Socket(socket);
        socket.until(r#""op":"hello""#).await;
        socket
    }

    /// Resident memory in MB (1,000,000 bytes).
    pub fn resident_mb(&self) -> f64 {
        self.status("VmRSS:") * 1.024e-3
    }

    /// Resident memory without the pages of the program's own file, in MB.
    pub fn anonymous_mb(&self) -> f64 {
        self.status("RssAnon:") * 1.024e-3
    }

    fn status(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|kb| kb.parse().ok()).unwrap_or(f64::NAN)
    }

    /// CPU time so far, of all its threads, in seconds.
    pub fn cpu_seconds(&self) -> f64 {
        let folder = format!("/proc/{}/task", self.child.id());
        let tasks = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        // The first number is the time on a CPU in ns; the clock ticks of `stat` would be too coarse.
        let spent = tasks.filter_map(|task| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<f64>().ok()
        });
        spent.sum::<f64>() / 1e9
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
        self.0.send(Message::text(frame.to_string())).await.expect("the server is there");
    }

    /// Follows a stream.
    pub async fn subscribe(&mut self, sub: u64, stream: &str, view: bool) {
        self.send(json!({"op": "subscribe", "sub": sub, "stream": stream, "view": view})).await;
    }

    /// The next frame, as text.
    pub async fn next(&mut self) -> String {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a frame comes in time");
            match message.expect("the socket stays open").expect("the socket is not broken") {
                Message::Text(text) => return text.as_str().to_owned(),
                Message::Close(reason) => panic!("the server closed the socket: {reason:?}"),
                _ => {}
            }
        }
    }

    /// The first frame with these words in it, skipping others.
    pub async fn until(&mut self, words: &str) -> String {
        loop {
            let frame = self.next().await;
            if frame.contains(words) {
                return frame;
            }
            assert!(!frame.contains(r#""op":"error""#), "waiting for {words}: {frame}");
        }
    }
}
