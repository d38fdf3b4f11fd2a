//! `reenact rename`: gives a chat or a session another title.

use clap::Args;
use replay::ids::StreamId;
use serde_json::json;

use super::{
    archive::{address, told},
    connect::{Connection, Purpose},
    exit::Ended,
    settings::Loaded,
};

/// Gives a chat or a session another title.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The stream, as chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c.
    stream: StreamId,
    /// The title, of 1 to 200 characters.
    #[arg(required = true, value_name = "TITLE")]
    title: Vec<String>,
}

/// Renames it.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let Arguments { stream, title } = arguments;
    let path = address(stream, "title")?;
    let connection = Connection::open(loaded, Purpose::Look).await?;
    let changed = connection.client.patch(&path, &json!({"title": title.join(" ")})).await;
    connection.close().await?;
    told(stream, changed, "renamed", json)
}
