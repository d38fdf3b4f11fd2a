//! One thousand sockets on one streaming chat: how late the slowest is, and whether anything is lost.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;

use super::{
    process::{Socket, serve},
    provider::Provider,
    stream::message,
    table::{Bar, Table, percentile},
};

/// How many sockets follow the chat.
const SOCKETS: usize = 1_000;
/// How many tokens are timed, one each 100 ms: each is a frame to every socket.
const TOKENS: u32 = 100;

/// Measures.
pub async fn measure(table: &mut Table) {
    let (data, project) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let provider = Arc::new(Provider::start(TOKENS, Duration::from_millis(100)).await);
    let variables =
        [("REENACT_OPENAI_BASE_URL", provider.address.clone()), ("REENACT_OPENAI_API_KEY", "measured".to_owned())];
    let server = serve(data.path(), &variables);
    let session = server.session(project.path()).await;
    let stream = server.chat(&session, "openai/timed", None).await;
    let mut sockets = vec![];
    for batch in 0..SOCKETS / 250 {
        // A key may ask 400 times at once.
        let key = server.key(&format!("measured-{batch}")).await;
        for _ in 0..250 {
            let mut socket = server.socket_of(&key).await;
            socket.subscribe(1, &stream, false).await;
            socket.until(r#""op":"live""#).await;
            sockets.push(socket);
        }
    }
    let before = server.cpu_seconds();
    let readers = sockets.into_iter().map(|socket| tokio::spawn(read(socket, provider.clone())));
    let readers: Vec<_> = readers.collect();
    server.http("POST", &format!("/api/{}/messages", stream.replacen("chat", "chats", 1)), Some(message())).await;
    let mut ages = vec![];
    let mut lost = 0;
    for read in join_all(readers).await {
        let (seen, mut gaps) = read.expect("no panic");
        gaps += (TOKENS as usize).abs_diff(seen.len());
        lost += gaps;
        ages.extend(seen);
    }
    let frames = f64::from(TOKENS) * 1_000.0;
    let spent = (server.cpu_seconds() - before) * 1e6 / frames;
    table.row(
        "1,000 sockets on one streaming chat: token to socket, median",
        percentile(&mut ages, 50),
        "ms",
        Bar::None,
    );
    table.row(
        "1,000 sockets on one streaming chat: token to socket, p99",
        percentile(&mut ages, 99),
        "ms",
        Bar::AtMost(100.0),
    );
    let lost = f64::from(u32::try_from(lost).expect("few"));
    table.row("the same: tokens lost, twice or out of order", lost, "", Bar::AtMost(0.0));
    table.row("the same: the server's CPU time per frame", spent, "us", Bar::None);
}

/// Reads until the turn has ended: the ages of all tokens, and how many revisions did not follow the one before.
async fn read(mut socket: Socket, provider: Arc<Provider>) -> (Vec<f64>, usize) {
    let (mut ages, mut gaps, mut last) = (vec![], 0, None);
    loop {
        let frame = socket.next().await;
        let revision =
            frame.split(r#""revision":"#).nth(1).and_then(|rest| rest.split(',').next()?.parse::<u64>().ok());
        if frame.contains(r#""op":"event""#) {
            gaps += usize::from(last.is_some_and(|last| revision != Some(last + 1)));
            last = revision;
        }
        if frame.contains(r#""type":"TextAppended""#) {
            ages.extend(provider.ages(&frame));
        } else if frame.contains(r#""type":"TurnFinished""#) {
            return (ages, gaps);
        }
    }
}
