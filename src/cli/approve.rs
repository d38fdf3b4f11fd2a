//! `reenact approve`: answers a question of a workflow.

use clap::Args;
use replay::ids::StreamId;
use serde_json::{Value, json};

use super::{
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};

/// Answers a question that a workflow asks with `approve()`; it waits for one, also over restarts.
#[derive(Debug, Args)]
#[command(after_help = "\
`reenact ps` lists the runs that wait, `reenact watch run/ID` their questions.

Examples:
  reenact approve run/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c 3
  reenact approve run/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c 3 --refuse --comment \"not before Monday\"")]
pub struct Arguments {
    /// The run, as run/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c.
    run: StreamId,
    /// The number of the step that asks.
    step: u32,
    /// Says no.
    #[arg(long)]
    refuse: bool,
    /// What is to be said to it.
    #[arg(short, long, value_name = "TEXT")]
    comment: Option<String>,
}

/// Answers it.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let Arguments { run, step, refuse, comment } = arguments;
    if run.kind() != "run" {
        return Err(Failure::usage(format!("{run} is no run, and only runs ask questions")));
    }
    let connection = Connection::open(loaded, Purpose::Look).await?;
    let path = format!("/api/runs/{}/steps/{step}/approval", run.id());
    let answered = connection.client.post(&path, &json!({"approved": !refuse, "comment": comment})).await;
    connection.close().await?;
    let landed: Value = answered?;
    if json {
        json_line(&landed)?;
    } else {
        let said = if *refuse { "refused" } else { "approved" };
        Screen::new().line(Tone::Plain, &format!("{said} step {step} of {run}"))?;
    }
    Ok(Exit::Done)
}
