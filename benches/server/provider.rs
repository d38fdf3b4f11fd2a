//! A provider of models that writes the time into every token, so that whoever reads it knows how long it was under way.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What marks a token's time in the text.
const MARK: &str = "@";

/// A provider on a port of its own.
pub struct Provider {
    /// Its address, ending in `/v1`.
    pub address: String,
    start: Instant,
}

impl Provider {
    /// Answers every call with so many tokens, one each `pause`.
    pub async fn start(tokens: u32, pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}/v1", listener.local_addr().expect("it is bound"));
        let start = Instant::now();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answer(socket, start, tokens, pause));
            }
        });
        Self { address, start }
    }

    /// How many ms ago the tokens in a frame were written.
    pub fn ages(&self, frame: &str) -> Vec<f64> {
        let now = self.start.elapsed().as_secs_f64() * 1e3;
        let times = frame.split(MARK).skip(1).filter_map(|rest| rest.split(' ').next()?.parse::<f64>().ok());
        times.map(|micros| now - micros / 1e3).collect()
    }
}

async fn answer(mut socket: TcpStream, start: Instant, tokens: u32, pause: Duration) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    // The request is whole before it is answered, or the client would see its connection break.
    let mut request = vec![];
    while !whole(&request) {
        if socket.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    socket.write_all(head.as_bytes()).await?;
    let mut ticks = tokio::time::interval(pause);
    for _ in 0..tokens {
        ticks.tick().await;
        let token = format!("{MARK}{} ", start.elapsed().as_micros());
        let chunk = format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{token}\"}}}}]}}\n\n");
        socket.write_all(chunk.as_bytes()).await?;
    }
    let end = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    socket.write_all(end.as_bytes()).await?;
    socket.shutdown().await
}

/// Whether a request has come with all of its body.
fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    request.len() >= head.len() + 4 + length.unwrap_or(0)
}
