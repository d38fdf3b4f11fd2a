//! Requests that come a byte at a time, never come whole, or have no end of headers.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::served::{Served, serve_with};

/// Longer than anything here may take.
const LATE: Duration = Duration::from_secs(20);

async fn connect(served: &Served) -> TcpStream {
    TcpStream::connect(&served.address).await.unwrap()
}

fn head(served: &Served, path: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{",
        served.address, served.key
    )
}

#[actix_web::test]
async fn a_body_that_drips_is_given_up_after_a_while_also_where_nobody_need_be_known() {
    let served = serve_with("", |settings| settings.body_within = Duration::from_secs(1)).await;
    for path in ["/api/sign-in", "/api/projects"] {
        let mut stream = connect(&served).await;
        stream.write_all(head(&served, path).as_bytes()).await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        let drip = actix_web::rt::spawn(async move {
            while writing.write_all(b" ").await.is_ok() {
                actix_web::rt::time::sleep(Duration::from_millis(100)).await;
            }
        });
        let mut answer = Vec::new();
        // A client that goes on dripping may see the connection reset behind the answer.
        let ended = timeout(LATE, reading.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "{path}: the connection is held for as long as the client likes");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("body_too_slow"), "{path}: {answer}");
        drip.abort();
    }
    served.get("/health").await;
}

#[actix_web::test]
async fn a_head_that_drips_and_one_without_end_are_given_up() {
    let served = serve_with("", |_| ()).await;
    let mut slow = connect(&served).await;
    slow.write_all(b"GET /health HTTP/1.1\r\nhost: ").await.unwrap();
    let since = Instant::now();
    let mut endless = connect(&served).await;
    endless.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
    let header = format!("x-more: {}\r\n", "y".repeat(8 * 1024));
    let mut sent = 0;
    while endless.write_all(header.as_bytes()).await.is_ok() {
        sent += header.len();
        assert!(sent < 64 * 1024 * 1024, "headers are taken without end");
    }
    let mut answer = Vec::new();
    assert!(timeout(LATE, slow.read_to_end(&mut answer)).await.is_ok(), "a head may take for ever");
    assert!(since.elapsed() < LATE);
    served.get("/health").await;
}
