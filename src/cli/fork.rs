//! `reenact fork`: a chat copied up to a place, which goes on by itself.

use clap::Args;
use replay::ids::{Revision, StreamId};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    ask::Told,
    client::Client,
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line},
    settings::Loaded,
    socket::{Following, Said},
};
use crate::entities::chat;

/// Copies a chat up to a place; the copy is a chat of its own, and the original is not touched.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("place").required(true))]
pub struct Arguments {
    /// The chat, as chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c.
    stream: StreamId,
    /// The last revision that is copied.
    #[arg(long, value_name = "REVISION", group = "place")]
    at: Option<Revision>,
    /// Copies everything up to the end of this turn.
    #[arg(long, value_name = "TURN", group = "place")]
    after_turn: Option<u32>,
    /// Copies everything before this message.
    #[arg(long, value_name = "ID", group = "place")]
    before_message: Option<Uuid>,
    /// The model that answers in the fork, as PROVIDER/NAME or `offline`.
    #[arg(short, long, value_name = "MODEL")]
    model: Option<String>,
    /// Goes on with the turn that is open at that place, and shows it.
    #[arg(long)]
    run: bool,
}

#[derive(Debug, Deserialize)]
struct Forked {
    stream: StreamId,
    revision: Revision,
}

#[derive(Debug, Deserialize)]
struct Head {
    view: chat::View,
}

/// Forks it, and follows the turn that goes on.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let purpose = if arguments.run { Purpose::Act } else { Purpose::Look };
    let connection = Connection::open(loaded, purpose).await?;
    let ended = fork(&connection.client, arguments, json).await;
    connection.close().await?;
    ended
}

async fn fork(client: &Client, arguments: &Arguments, json: bool) -> Ended {
    let Arguments { stream, at, after_turn, before_message, model, run } = arguments;
    // Named here, so that asking again after a broken connection makes no second one.
    let mut wanted = json!({"run": run, "id": Uuid::now_v7()});
    let fields = [
        ("at", at.map(|at| json!(at))),
        ("after_turn", after_turn.map(|turn| json!(turn))),
        ("before_message", before_message.map(|message| json!(message))),
        ("model", model.as_ref().map(|model| json!(model))),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            wanted[name] = value;
        }
    }
    let answer: Value = client.post(&format!("/api/streams/{stream}/fork"), &wanted).await?;
    let Forked { stream: fork, revision } = serde_json::from_value(answer.clone())
        .map_err(|error| Failure::failed(format!("the server is of another version: {error}")))?;
    if json {
        json_line(&answer)?;
    } else {
        let at = revision.before().unwrap_or_default();
        Screen::new().line(Tone::Plain, &format!("{fork} is {stream} up to revision {at}"))?;
    }
    let told = if *run { follow(client, &fork, revision, json).await? } else { None };
    if !json {
        let id = fork.id();
        match told {
            None if *run => eprintln!("no turn was open there · go on with: reenact ask --chat {id} \"…\""),
            None | Some(_) => eprintln!("go on with: reenact ask --chat {id} \"…\""),
        }
    }
    Ok(told.unwrap_or(Exit::Done))
}

/// Tells the turn that goes on in a fork, to its end; how it ended, if there is one.
async fn follow(client: &Client, fork: &StreamId, from: Revision, json: bool) -> Result<Option<Exit>, Failure> {
    let at_start: Head = client.get(&format!("/api/streams/{fork}/view?at={from}")).await?;
    let Some(turn) = at_start.view.turn else { return Ok(None) };
    let mut told = Told::of_turn(turn.turn, turn.message, !json);
    let mut following = Following::start(client, fork, Some(from)).await?;
    loop {
        let Said::Event(event) = following.next().await? else { continue };
        if json {
            json_line(&event)?;
        }
        if let Some(chat_event) = event.chat()
            && let Some(exit) = told.hear(&chat_event, event.at())?
        {
            return Ok(Some(exit));
        }
    }
}
