//! How long a model's token takes to the browser: from the provider's write to the frame on the socket.

use std::time::Duration;

use super::{
    process::serve,
    provider::Provider,
    table::{Bar, Table, percentile},
};

/// How many tokens are timed, one each 20 ms.
const TOKENS: u32 = 500;

/// Measures.
pub async fn measure(table: &mut Table) {
    let (data, project) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let provider = Provider::start(TOKENS, Duration::from_millis(20)).await;
    let variables =
        [("REENACT_OPENAI_BASE_URL", provider.address.clone()), ("REENACT_OPENAI_API_KEY", "measured".to_owned())];
    let server = serve(data.path(), &variables);
    let session = server.session(project.path()).await;
    let stream = server.chat(&session, "openai/timed", None).await;
    let mut socket = server.socket().await;
    socket.subscribe(1, &stream, false).await;
    let before = server.cpu_seconds();
    server.http("POST", &format!("/api/{}/messages", stream.replacen("chat", "chats", 1)), Some(message())).await;
    let mut ages = vec![];
    loop {
        let frame = socket.next().await;
        if frame.contains(r#""type":"TextAppended""#) {
            ages.extend(provider.ages(&frame));
        } else if frame.contains(r#""type":"TurnFinished""#) {
            break;
        }
    }
    let spent = (server.cpu_seconds() - before) * 1e3 / f64::from(TOKENS);
    assert_eq!(ages.len(), TOKENS as usize, "every token comes once");
    table.row("a model's token to the browser, median", percentile(&mut ages, 50), "ms", Bar::None);
    table.row("a model's token to the browser, p99", percentile(&mut ages, 99), "ms", Bar::AtMost(40.0));
    table.row("the server's CPU time per token", spent, "ms", Bar::None);
}

/// A message to say.
pub fn message() -> serde_json::Value {
    serde_json::json!({"text": "go on"})
}
