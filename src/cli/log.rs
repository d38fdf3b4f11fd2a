//! `reenact log`: the streams, the events of one, and what is added to it.

use clap::{Args, Subcommand};
use replay::ids::{Revision, StreamId};
use serde::Deserialize;
use serde_json::Value;

use super::{
    client::Client,
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line, moment, short},
    settings::Loaded,
    socket::{Event, Following, Said},
};
use crate::entities::Kind;

/// Reads the log: the streams, the events of one, and what is added to it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reenact log ls chat                                        all chats, the last changed first
  reenact log cat chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c --json | jq .type
  reenact log tail system/host                               what the server notes of itself")]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists the streams.
    Ls {
        /// Only those of a kind, as chat.
        kind: Option<String>,
    },
    /// Prints the events of a stream.
    Cat {
        /// The stream, as chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c.
        stream: StreamId,
        /// The first revision.
        #[arg(long, value_name = "REVISION", default_value_t = Revision::ZERO, allow_negative_numbers = true)]
        from: Revision,
    },
    /// Prints the last events of a stream, and each one that is added, until you press Ctrl-C.
    Tail {
        /// The stream, as chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c.
        stream: StreamId,
        /// How many of the last events.
        #[arg(short = 'n', long, value_name = "N", default_value_t = 10, allow_negative_numbers = true)]
        lines: u64,
    },
}

#[derive(Debug, Deserialize)]
struct Head {
    revision: Option<Revision>,
}

/// Reads it.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let connection = Connection::open(loaded, Purpose::Look).await?;
    let client = &connection.client;
    let ended = match &arguments.what {
        What::Ls { kind } => ls(client, kind.as_deref(), json).await,
        What::Cat { stream, from } => cat(client, stream, *from, json).await,
        What::Tail { stream, lines } => tokio::select! {
            ended = tail(client, stream, *lines, json) => ended,
            _ = tokio::signal::ctrl_c() => Ok(Exit::Done),
        },
    };
    connection.close().await?;
    ended
}

async fn ls(client: &Client, kind: Option<&str>, json: bool) -> Ended {
    let of_kind = |row: &Value| {
        let stream = row["stream"].as_str().unwrap_or_default();
        kind.is_none_or(|kind| stream.split('/').next() == Some(kind))
    };
    let rows: Vec<Value> = client.all("/api/streams").await?.into_iter().filter(of_kind).collect();
    // A newer version may have kinds that this one does not know: only what nobody wrote is a mistake.
    if let Some(kind) = kind.filter(|kind| rows.is_empty() && Kind::ALL.iter().all(|known| known.name() != *kind)) {
        let kinds: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        return Err(Failure::usage(format!("`{kind}` is not a kind of stream: there are {}", kinds.join(", "))));
    }
    if json {
        rows.iter().try_for_each(json_line)?;
        return Ok(Exit::Done);
    }
    let cells = |row: &Value| {
        let text =
            |name: &str| row.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        vec![
            text("stream").unwrap_or_default(),
            row["revision"].as_u64().map_or_else(String::new, |last| (last + 1).to_string()),
            text("position").unwrap_or_default(),
        ]
    };
    Screen::new().table(&["stream", "events", "last position"], &rows.iter().map(cells).collect::<Vec<_>>())?;
    Ok(Exit::Done)
}

async fn cat(client: &Client, stream: &StreamId, from: Revision, json: bool) -> Ended {
    known(client, stream).await?;
    let mut screen = Screen::new();
    let mut following = Following::start(client, stream, from.before()).await?;
    while let Said::Event(event) = following.next().await? {
        print(&mut screen, &event, json)?;
    }
    Ok(Exit::Done)
}

async fn tail(client: &Client, stream: &StreamId, lines: u64, json: bool) -> Ended {
    let head = known(client, stream).await?;
    let from = Revision((head.0 + 1).saturating_sub(lines));
    let mut screen = Screen::new();
    let mut following = Following::start(client, stream, from.before()).await?;
    loop {
        if let Said::Event(event) = following.next().await? {
            print(&mut screen, &event, json)?;
        }
    }
}

fn print(screen: &mut Screen, event: &Event, json: bool) -> anyhow::Result<()> {
    if json { json_line(event) } else { Ok(screen.line(Tone::Plain, &event_line(event))?) }
}

/// The last revision of a stream.
///
/// # Errors
/// There is no such stream.
pub async fn known(client: &Client, stream: &StreamId) -> Result<Revision, Failure> {
    let head: Head = client.get(&format!("/api/streams/{stream}/view")).await?;
    head.revision.ok_or_else(|| Failure::not_found(format!("there is no {stream}: `reenact log ls` lists the streams")))
}

/// An event on one line: revision, time, who, what.
pub fn event_line(event: &Event) -> String {
    let by = event.value("by");
    let by = format!("{}:{}", by["kind"].as_str().unwrap_or("?"), by["id"].as_str().unwrap_or("?"));
    let data = short(&event.value("data").to_string(), 160);
    format!("{:>6}  {}  {by:<14}  {:<20}  {data}", event.revision(), moment(event.at()), event.text("type"))
}
