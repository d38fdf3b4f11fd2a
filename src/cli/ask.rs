//! `reenact ask`: one turn in the terminal, streamed.

use std::path::{Path, PathBuf};

use clap::Args;
use replay::ids::{Micros, Revision, StreamId};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    client::Client,
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    run,
    screen::{aside, json_line, short},
    settings::Loaded,
    slash,
    socket::{Following, Said},
    story::Story,
};
use crate::entities::{
    attachment::Attachment,
    chat::{Event, event::TurnOutcome},
};

/// Asks an agent about a folder, in one turn, and streams the answer.
#[derive(Debug, Args)]
#[command(after_help = "\
Works with and without a running server; what it began and could not finish goes on in the next one. Ctrl-C stops the turn,
and what was written stays. The exit code is 1 if the turn failed or was stopped. A text that begins with two slashes is sent
without the first.

Examples:
  reenact ask \"what is this?\"                        about the folder that you are in
  reenact ask -p ~/code/project -m openai/gpt-5 \"where are the tests?\"
  reenact ask --chat 0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c \"and now?\"
  reenact ask \"/review-code src\"                    runs a workflow, as `reenact run` does: what follows is its `args`
  reenact ask --json \"search TODO\"                   every event of the turn, one JSON object a line")]
pub struct Arguments {
    /// What to ask.
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// The folder of the project.
    #[arg(short, long, value_name = "DIR", default_value = ".", conflicts_with = "chat")]
    project: PathBuf,
    /// The model that answers, as PROVIDER/NAME or `offline`.
    #[arg(short, long, value_name = "MODEL")]
    model: Option<String>,
    /// Goes on with a chat.
    #[arg(long, value_name = "ID")]
    chat: Option<String>,
    /// Sends a file along, an image or a text; may stand several times.
    #[arg(short, long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: Uuid,
}

#[derive(Debug, Deserialize)]
struct Posted {
    message: Uuid,
}

#[derive(Debug, Deserialize)]
struct Stored {
    sha256: String,
    bytes: u64,
    #[serde(rename = "type")]
    media_type: String,
}

#[derive(Debug, Deserialize)]
struct OfChat {
    session: Uuid,
}

#[derive(Debug, Deserialize)]
struct OpenChat {
    stream: StreamId,
}

#[derive(Debug, Deserialize)]
struct Head {
    revision: Option<Revision>,
}

/// Asks, tells what happens, and ends as the turn does.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    if arguments.text.iter().all(|part| part.trim().is_empty()) {
        return Err(Failure::usage("the message is empty: write something"));
    }
    let text = arguments.text.join(" ");
    let workflow = slash::asked(&text);
    if workflow.is_some() && !arguments.attach.is_empty() {
        return Err(Failure::usage("a workflow takes no files: name them behind its name"));
    }
    let connection = Connection::open(loaded, Purpose::Act).await?;
    let ended = match workflow {
        Some(workflow) => direct(&connection.client, arguments, workflow, json).await,
        None => turn(&connection.client, arguments, slash::message(&text), json).await,
    };
    connection.close().await?;
    ended
}

/// Runs a workflow in the session of the chat, or in a new one, and tells of it.
async fn direct(client: &Client, arguments: &Arguments, workflow: slash::Asked, json: bool) -> Ended {
    let slash::Asked { name, args } = workflow;
    let session = match &arguments.chat {
        Some(chat) => client.get::<OfChat>(&format!("/api/chats/{}", chat_id(chat)?)).await?.session,
        None => desk(client, &arguments.project, arguments.model.as_deref(), &format!("/{name}")).await?,
    };
    let mut wish = json!({"workflow": name, "session": session, "model": arguments.model});
    if let Some(args) = args {
        wish["args"] = args;
    }
    let begun = run::begin(client, &wish, &arguments.project, json).await;
    let stream = begun.map_err(|failure| match failure.code.as_deref() {
        Some("no_workflow") => {
            let error = anyhow::anyhow!("{}. To say just that, begin with two slashes", failure.error);
            Failure { error, ..failure }
        }
        _ => failure,
    })?;
    run::to_the_end(client, &stream, json).await
}

async fn turn(client: &Client, arguments: &Arguments, text: &str, json: bool) -> Ended {
    // First, so that a file that is not there leaves no chat behind.
    let attachments = attach(client, &arguments.attach).await?;
    let chat = match &arguments.chat {
        Some(chat) => go_on(client, chat, arguments.model.as_deref()).await?,
        None => open(client, &arguments.project, arguments.model.as_deref(), text).await?,
    };
    let path = format!("/api/streams/{chat}/view");
    let head: Head = client.get(&path).await?;
    let mut following = Following::start(client, &chat, head.revision).await?;
    let message = Uuid::now_v7();
    let said = json!({"text": text, "message": message, "attachments": attachments});
    let posted: Posted = client.post(&format!("/api/chats/{}/messages", chat.id()), &said).await?;
    let mut told = Told { message: posted.message, turn: None, story: (!json).then(|| Story::new(false)) };
    let mut stopping = false;
    loop {
        let said = tokio::select! {
            said = following.next() => said?,
            () = interrupted() => {
                if stopping {
                    return Err(Failure::failed(format!("left while the turn is being stopped: reenact watch {chat}")));
                }
                stopping = true;
                cancel(client, &chat).await?;
                continue;
            }
        };
        let Said::Event(event) = said else { continue };
        if json {
            json_line(&event)?;
        }
        if let Some(chat_event) = event.chat()
            && let Some(exit) = told.hear(&chat_event, event.at())?
        {
            if !json {
                let id = chat.id();
                aside(format_args!("chat {id} · go on with: reenact ask --chat {id} \"…\""));
            }
            return Ok(exit);
        }
    }
}

/// Stores files, and how the message names them.
async fn attach(client: &Client, files: &[PathBuf]) -> Result<Vec<Attachment>, Failure> {
    let mut attachments = Vec::with_capacity(files.len());
    for file in files {
        let shown = file.display();
        let bytes = tokio::fs::read(file).await.map_err(|error| Failure::not_found(format!("{shown}: {error}")))?;
        let stored = client.upload("/api/attachments", bytes).await.map_err(|failure| Failure {
            error: failure.error.context(format!("{shown} cannot be attached")),
            ..failure
        })?;
        let Stored { sha256, bytes, media_type } = stored;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        attachments.push(Attachment { blob: sha256.into(), bytes, media_type: media_type.into(), name: name.into() });
    }
    Ok(attachments)
}

/// What was told of the turn so far.
pub struct Told {
    message: Uuid,
    turn: Option<u32>,
    story: Option<Story>,
}

impl Told {
    /// Of a turn that is open already.
    pub fn of_turn(turn: u32, message: Uuid, as_story: bool) -> Self {
        Self { message, turn: Some(turn), story: as_story.then(|| Story::new(false)) }
    }

    /// Tells an event of our turn; the exit code, if it is the last.
    pub fn hear(&mut self, event: &Event, at: Micros) -> std::io::Result<Option<Exit>> {
        if let Event::TurnStarted { turn, message } = event
            && *message == self.message
        {
            self.turn = Some(*turn);
        }
        // What comes before our message is still the turn of another.
        let Some(ours) = self.turn else { return Ok(None) };
        if let Some(story) = &mut self.story {
            story.tell(event, at)?;
        }
        Ok(match event {
            Event::TurnFinished { turn, outcome, .. } if *turn == ours => Some(match outcome {
                TurnOutcome::Answered | TurnOutcome::Limited { .. } => Exit::Done,
                TurnOutcome::Failed { .. } => Exit::Failed,
            }),
            Event::TurnCancelled { turn, .. } if *turn == ours => Some(Exit::Failed),
            _ => None,
        })
    }
}

/// Registers the folder and opens a session.
async fn desk(client: &Client, project: &Path, model: Option<&str>, title: &str) -> Result<Uuid, Failure> {
    let path = project.canonicalize().map_err(|error| {
        Failure::not_found(format!("{}: {error}: name a folder that is there with -p DIR", project.display()))
    })?;
    let project: Row = client.post("/api/projects", &json!({"path": path})).await?;
    // With the model, so that one that there is none of is refused before anything is opened.
    let mut session = json!({"project": project.id, "title": title});
    if let Some(model) = model {
        session["model"] = model.into();
    }
    let session: Row = client.post("/api/sessions", &session).await?;
    Ok(session.id)
}

/// Registers the folder, opens a session and a chat in it.
async fn open(client: &Client, project: &Path, model: Option<&str>, text: &str) -> Result<StreamId, Failure> {
    let title = short(text, 60);
    let session = desk(client, project, model, &title).await?;
    let mut chat = json!({"session": session, "title": title});
    if let Some(model) = model {
        chat["model"] = model.into();
    }
    let chat: OpenChat = client.post("/api/chats", &chat).await?;
    Ok(chat.stream)
}

/// Goes on with a chat, with another model if one is named.
async fn go_on(client: &Client, chat: &str, model: Option<&str>) -> Result<StreamId, Failure> {
    let id = chat_id(chat)?;
    let row: OpenChat = match model {
        Some(model) => client.patch(&format!("/api/chats/{id}"), &json!({"model": model})).await?,
        None => client.get(&format!("/api/chats/{id}")).await?,
    };
    Ok(row.stream)
}

fn chat_id(chat: &str) -> Result<Uuid, Failure> {
    let id = chat.strip_prefix("chat/").unwrap_or(chat);
    id.parse().map_err(|_| Failure::usage(format!("`{chat}` is not the id of a chat: `reenact ps --all` lists them")))
}

async fn cancel(client: &Client, chat: &StreamId) -> Result<(), Failure> {
    let cancelled: Result<Value, Failure> = client.post(&format!("/api/chats/{}/cancel", chat.id()), &json!({})).await;
    match cancelled {
        // It ended in this very moment: its end is on the way to us.
        Err(failure) if failure.code.as_deref() == Some("no_turn") => Ok(()),
        Err(failure) => Err(failure),
        Ok(_) => Ok(()),
    }
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without signals there is nothing to wait for.
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::usage::Usage;

    fn finished(turn: u32) -> Event {
        Event::TurnFinished {
            turn,
            outcome: TurnOutcome::Answered,
            usage: Usage::default(),
            digest: "".into(),
            decider_version: 1,
        }
    }

    #[test]
    fn the_turn_of_an_earlier_message_is_waited_for_and_not_taken_for_ours() {
        let message = Uuid::now_v7();
        let mut told = Told { message, turn: None, story: None };
        assert_eq!(told.hear(&finished(1), Micros(0)).unwrap(), None);
        assert_eq!(told.hear(&Event::TurnStarted { turn: 2, message }, Micros(0)).unwrap(), None);
        assert_eq!(told.hear(&finished(2), Micros(0)).unwrap(), Some(Exit::Done));
    }

    #[test]
    fn a_turn_that_was_stopped_is_not_done() {
        let message = Uuid::now_v7();
        let mut told = Told { message, turn: Some(1), story: None };
        let stopped = Event::TurnCancelled { turn: 1, usage: Usage::default(), digest: "".into(), decider_version: 1 };
        assert_eq!(told.hear(&stopped, Micros(0)).unwrap(), Some(Exit::Failed));
    }
}
