//! What a server costs that has nothing to do: memory and CPU, of its own, of entities that are awake, and of idle sockets.

use std::{fs, time::Duration};

use serde_json::json;

use super::{
    many,
    process::serve,
    table::{Bar, Table},
};

/// How many idle sockets, as far as the limit of open files allows.
const SOCKETS: usize = 10_000;
/// How often one key asks or opens a socket: no more than it may at once.
const PER_KEY: usize = 350;
/// How many chats are woken to weigh one.
const AWAKE: usize = 5_000;

/// Measures.
pub async fn measure(table: &mut Table) {
    page(table).await;
    entities(table).await;
    sockets(table).await;
}

/// With a page open: the lists and one chat are followed.
async fn page(table: &mut Table) {
    let (data, project) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let server = serve(data.path(), &[]);
    let session = server.session(project.path()).await;
    let stream = server.chat(&session, "offline", None).await;
    let mut socket = server.socket().await;
    for (sub, list) in (1..).zip(["projects", "sessions", "chats"]) {
        socket.send(json!({"op": "subscribe", "sub": sub, "list": list})).await;
        socket.until(r#""op":"live""#).await;
    }
    socket.subscribe(4, &stream, true).await;
    socket.until(r#""op":"live""#).await;
    // What starting left behind is done.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = server.cpu_seconds();
    tokio::time::sleep(Duration::from_secs(20)).await;
    let share = (server.cpu_seconds() - before) / 20.0 * 100.0;
    table.row("server idle, page open: resident", server.resident_mb(), "MB", Bar::AtMost(40.0));
    table.row("server idle, page open: of that, not the program's file", server.anonymous_mb(), "MB", Bar::None);
    table.row("server idle, page open: CPU", share, "%", Bar::AtMost(0.5));
}

/// Many small chats awake at once.
async fn entities(table: &mut Table) {
    let data = tempfile::tempdir().expect("a folder");
    let chats = many::fill(data.path()).await;
    let server = serve(data.path(), &[]);
    server.http("GET", "/api/chats?limit=1&at_least=40000", None).await;
    table.row("10,000 sleeping chats: resident", server.resident_mb(), "MB", Bar::None);
    // All of them are looked at once, since there is no note yet of who wants something.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let awake = async |from: usize, count: usize| {
        for (batch, chats) in chats[from..from + count].chunks(PER_KEY).enumerate() {
            let key = server.key(&format!("measured-{from}-{batch}")).await;
            let mut socket = server.socket_of(&key).await;
            for (sub, chat) in (0..).zip(chats) {
                socket.subscribe(sub, chat, true).await;
                socket.until(r#""op":"live""#).await;
            }
        }
    };
    // What is paid once is paid before.
    awake(0, 1_000).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = server.anonymous_mb();
    awake(1_000, AWAKE).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let each = (server.anonymous_mb() - before) * 1e3 / f64::from(u32::try_from(AWAKE).expect("few"));
    table.row("an idle chat awake, with its own text of 200 bytes", each, "KB", Bar::AtMost(8.0));
}

/// Sockets that say and hear nothing.
async fn sockets(table: &mut Table) {
    let data = tempfile::tempdir().expect("a folder");
    let server = serve(data.path(), &[]);
    let count = SOCKETS.min(open_files().saturating_sub(500));
    let before = server.resident_mb();
    let mut open = Vec::with_capacity(count);
    while open.len() < count {
        let key = server.key(&format!("measured-{}", open.len())).await;
        for _ in 0..PER_KEY.min(count - open.len()) {
            open.push(server.socket_of(&key).await);
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let what = format!("{count} idle sockets: resident in all ({before:.0} MB before)");
    table.row(&what, server.resident_mb(), "MB", Bar::AtMost(200.0));
    let before = server.cpu_seconds();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let share = (server.cpu_seconds() - before) / 5.0 * 100.0;
    table.row(&format!("{count} idle sockets: CPU"), share, "%", Bar::None);
}

/// How many files a process may have open.
fn open_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap_or_default();
    line.split_whitespace().next().and_then(|count| count.parse().ok()).unwrap_or(1_024)
}
