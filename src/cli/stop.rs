//! `reenact stop`: cancels what a stream does.

use clap::Args;
use replay::ids::StreamId;
use serde_json::{Value, json};

use super::{
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};

/// Cancels the open turn of a chat, or a run of a workflow; what was written stays.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  reenact stop chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c      `reenact ps` lists what is running")]
pub struct Arguments {
    /// The stream, as chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c.
    stream: StreamId,
}

/// Cancels it.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let stream = &arguments.stream;
    let kind = match stream.kind() {
        "chat" => "chats",
        "run" => "runs",
        _ => {
            return Err(Failure::usage(format!(
                "{stream} is no chat and no run, and only those have something to stop"
            )));
        }
    };
    let connection = Connection::open(loaded, Purpose::Look).await?;
    let cancelled = connection.client.post(&format!("/api/{kind}/{}/cancel", stream.id()), &json!({})).await;
    connection.close().await?;
    let landed: Value = cancelled.map_err(|failure| match failure.code.as_deref() {
        // To a command that opens, the rules say to open it; who stops one mistook its name.
        Some("not_open") => Failure {
            error: anyhow::anyhow!("there is no chat {}: `reenact ps --all` lists them", stream.id()),
            ..failure
        },
        _ => failure,
    })?;
    if json {
        json_line(&landed)?;
    } else {
        Screen::new().line(Tone::Plain, &format!("stopped {stream}"))?;
    }
    Ok(Exit::Done)
}
