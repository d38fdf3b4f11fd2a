//! `reenact approve`: answers a question of a workflow.

use clap::Args;
use replay::ids::StreamId;
use serde_json::{Value, json};

use super::{
    client::Client,
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    run::seen,
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};
use crate::entities::run::{event::StepKind, state::Step};

/// Answers a question that a workflow asks with `approve()`; it waits for one, also over restarts.
#[derive(Debug, Args)]
#[command(after_help = "\
`reenact ps` lists the runs that wait, `reenact watch run/ID` their questions.

Examples:
  reenact approve run/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c       where it asks one thing
  reenact approve run/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c 3
  reenact approve run/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c 3 --refuse --comment \"not before Monday\"")]
pub struct Arguments {
    /// The run, as run/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c.
    run: StreamId,
    /// The number of the step that asks; the one that does, where absent.
    step: Option<u32>,
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
    let answered = async {
        let step = match step {
            Some(step) => *step,
            None => the_one(&connection.client, run).await?,
        };
        let path = format!("/api/runs/{}/steps/{step}/approval", run.id());
        let body = json!({"approved": !refuse, "comment": comment});
        let landed: Value = connection.client.post(&path, &body).await?;
        Ok::<_, Failure>((step, landed))
    };
    let answered = answered.await;
    connection.close().await?;
    let (step, landed) = answered?;
    if json {
        json_line(&landed)?;
    } else {
        let said = if *refuse { "refused" } else { "approved" };
        Screen::new().line(Tone::Plain, &format!("{said} step {step} of {run}"))?;
    }
    Ok(Exit::Done)
}

/// The step of the only question that a run asks.
async fn the_one(client: &Client, run: &StreamId) -> Result<u32, Failure> {
    let state = seen(client, run).await?;
    let asks = |step: &Step| step.kind == StepKind::Approve && step.is_open() && !state.is_over();
    let asking: Vec<(u32, &Step)> =
        state.steps.iter().filter(|(_, step)| asks(step)).map(|(number, step)| (*number, &**step)).collect();
    match asking[..] {
        [(number, _)] => Ok(number),
        [] => Err(Failure::refused(format!("{run} asks nothing now"))),
        _ => {
            let all: Vec<String> = asking.iter().map(|(number, step)| format!("{number} ({})", step.label)).collect();
            Err(Failure::usage(format!("{run} asks several things: name the step, one of {}", all.join(", "))))
        }
    }
}
