//! `reenact archive` and `reenact unarchive`: puts a chat or a session away, and brings it back.

use clap::Args;
use replay::ids::StreamId;
use serde_json::{Value, json};

use super::{
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};

/// Puts a chat or a session away; lists leave it out, and it stays readable.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The stream, as chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c.
    stream: StreamId,
}

/// Brings a chat or a session back that was put away.
#[derive(Debug, Args)]
pub struct BackArguments {
    /// The stream, as chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c.
    stream: StreamId,
}

/// Puts it away.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    post(&arguments.stream, "archive", "put away", loaded, json).await
}

/// Brings it back.
pub async fn run_back(arguments: &BackArguments, loaded: &Loaded, json: bool) -> Ended {
    post(&arguments.stream, "unarchive", "brought back", loaded, json).await
}

async fn post(stream: &StreamId, verb: &str, done: &str, loaded: &Loaded, json: bool) -> Ended {
    let path = format!("{}/{verb}", address(stream, verb)?);
    let connection = Connection::open(loaded, Purpose::Look).await?;
    let changed = connection.client.post(&path, &json!({})).await;
    connection.close().await?;
    told(stream, changed, done, json)
}

/// The address of a chat or a session; of anything else, what can be done with it.
pub fn address(stream: &StreamId, verb: &str) -> Result<String, Failure> {
    match stream.kind() {
        kind @ ("chat" | "session") => Ok(format!("/api/{kind}s/{}", stream.id())),
        _ => Err(Failure::usage(format!("{stream} is no chat and no session: nothing else has a `{verb}`"))),
    }
}

/// Tells what became of it.
pub fn told(stream: &StreamId, changed: Result<Value, Failure>, done: &str, json: bool) -> Ended {
    let row = changed.map_err(|failure| match failure.code.as_deref() {
        // To a command that opens, the rules say to open it; who changes one mistook its name.
        Some("not_open") => {
            Failure { error: anyhow::anyhow!("there is no {stream}: `reenact log ls` lists what there is"), ..failure }
        }
        _ => failure,
    })?;
    if json {
        json_line(&row)?;
    } else {
        Screen::new().line(Tone::Plain, &format!("{done}: {stream}"))?;
    }
    Ok(Exit::Done)
}
