//! A server of bare bytes: answers with what a test gives it, then cuts or holds the connection.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// What happens after the last byte.
#[derive(Clone, Copy, Debug)]
pub enum After {
    /// The connection is closed.
    Close,
    /// It stays open until the client leaves.
    Hold,
}

/// A server that answers one request.
#[derive(Debug)]
pub struct BareServer {
    /// The base URL.
    pub url: String,
    /// Comes when the client has left or the server has closed.
    pub over: oneshot::Receiver<()>,
}

/// Serves one request on a free port with these bytes, written and sent one after the other.
pub async fn serve(parts: Vec<String>, after: After) -> BareServer {
    serve_slowly(parts, Duration::ZERO, after).await
}

/// The same with a pause before each part.
pub async fn serve_slowly(parts: Vec<String>, pause: Duration, after: After) -> BareServer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (tell, over) = oneshot::channel();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        read_request(&mut socket).await;
        for part in parts {
            tokio::time::sleep(pause).await;
            // The client may leave at any time; that is then what the test is about.
            if socket.write_all(part.as_bytes()).await.is_err() || socket.flush().await.is_err() {
                break;
            }
        }
        if matches!(after, After::Hold) {
            let mut rest = [0; 64];
            while matches!(socket.read(&mut rest).await, Ok(1..)) {}
        }
        drop(socket);
        // Most tests do not wait for it.
        let _ = tell.send(());
    });
    BareServer { url, over }
}

/// The head of an answer that is a stream without a length.
pub fn stream_head() -> String {
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".to_owned()
}

/// The head of an answer in chunks: closing it without the last chunk is a cut that the client can see.
pub fn chunked_head() -> String {
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_owned()
}

/// One chunk of it.
pub fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// One event of a chat completion.
pub fn event(json: &serde_json::Value) -> String {
    format!("data: {json}\n\n")
}

async fn read_request(socket: &mut TcpStream) {
    let mut seen = Vec::new();
    let mut part = [0; 4096];
    loop {
        let read = socket.read(&mut part).await.unwrap();
        assert!(read > 0, "the client left before its request was whole");
        seen.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&seen);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return;
            }
        }
    }
}
