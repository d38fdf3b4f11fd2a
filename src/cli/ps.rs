//! `reenact ps`: what is running.

use clap::Args;
use serde_json::Value;

use super::{
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line, moment, short},
    settings::Loaded,
};
use crate::{
    entities::chat::event::Origin,
    projections::{ChatRow, ChatState, RunRow, RunStatus},
};

/// Lists the chats with an open turn, and the workflows that run.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reenact ps            what is running
  reenact ps --all      every chat and every run, the last changed first")]
pub struct Arguments {
    /// Lists all chats and runs, those that were put away too.
    #[arg(short, long)]
    all: bool,
}

/// What was asked last, and what the chat was forked from.
fn asked(row: &ChatRow) -> String {
    let last = short(&row.last, 60);
    match &row.origin {
        Origin::User => last,
        Origin::Run { run, step } => format!("{last} · step {step} of run/{run}"),
        Origin::Fork { stream, revision } => format!("{last} · forked from {stream} at {revision}"),
    }
}

/// Lists them, the newest first.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let connection = Connection::open(loaded, Purpose::Look).await?;
    let path = if arguments.all { "/api/chats?archived=true" } else { "/api/chats" };
    let rows = connection.client.all(path).await;
    let runs = connection.client.all("/api/runs").await;
    connection.close().await?;
    let shown = of::<ChatRow>(rows?)?.into_iter().filter(|row| arguments.all || row.state == ChatState::Running);
    let shown: Vec<ChatRow> = shown.collect();
    let runs = of::<RunRow>(runs?)?.into_iter().filter(|row| arguments.all || row.ended_at.is_none());
    let runs: Vec<RunRow> = runs.collect();
    if json {
        shown.iter().try_for_each(json_line)?;
        runs.iter().try_for_each(json_line)?;
        return Ok(Exit::Done);
    }
    let mut screen = Screen::new();
    if shown.is_empty() && runs.is_empty() {
        screen.line(Tone::Dim, if arguments.all { "there are no chats and no runs" } else { "nothing is running" })?;
        return Ok(Exit::Done);
    }
    let cells = |row: &ChatRow| {
        let state = match row.state {
            _ if row.archived => "archived",
            ChatState::Idle => "idle",
            ChatState::Running => "running",
            ChatState::Waiting => "waiting",
            ChatState::Failed => "failed",
            ChatState::Cancelled => "cancelled",
        };
        let turns = row.turns.to_string();
        vec![row.stream.to_string(), state.into(), row.model.to_string(), turns, moment(row.updated_at), asked(row)]
    };
    let rows: Vec<_> = shown.iter().map(cells).collect();
    if !rows.is_empty() {
        screen.table(&["stream", "state", "model", "turns", "changed (UTC)", "asked"], &rows)?;
    }
    let rows: Vec<_> = runs.iter().map(of_run).collect();
    if !rows.is_empty() {
        screen.table(&["stream", "state", "model", "steps", "changed (UTC)", "workflow"], &rows)?;
    }
    Ok(Exit::Done)
}

fn of<R: serde::de::DeserializeOwned>(rows: Vec<Value>) -> Result<Vec<R>, Failure> {
    serde_json::from_value(Value::Array(rows))
        .map_err(|error| Failure::failed(format!("the server is of another version: {error}")))
}

fn of_run(row: &RunRow) -> Vec<String> {
    let state = match row.state {
        RunStatus::Running | RunStatus::Paused if row.questions > 0 => "waiting",
        RunStatus::Running => "running",
        RunStatus::Queued => "queued",
        RunStatus::Paused => "paused",
        RunStatus::Finished => "finished",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
    };
    let steps = format!("{}/{}", row.settled, row.steps);
    let changed = moment(row.updated_at);
    vec![row.stream.to_string(), state.into(), row.model.to_string(), steps, changed, row.workflow.to_string()]
}
