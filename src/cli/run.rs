//! `reenact run`: a workflow in the terminal, from its start to its result.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use clap::Args;
use replay::ids::{Revision, StreamId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    client::Client,
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    run_story::{RunStory, shown},
    screen::{Screen, Tone, aside, json_line},
    settings::Loaded,
    socket::{Following, Said},
    trust,
};
use crate::entities::{
    body::Body,
    run::{
        event::StepOutcome,
        state::{State, Status},
    },
};

/// Runs a workflow, tells what it does, and prints its result.
#[derive(Debug, Args)]
#[command(after_help = "\
Works with and without a running server; what is cut off goes on when the server starts again. Ctrl-C stops the run, with all
that it has begun; pressed again, it leaves at once. To leave a run to itself, start it with --detach. At most 3 workflows go on
at a time (lanes.runs), the others are queued. A question that it asks is answered with `reenact approve`, or on the page.

Exit codes: 0 it came to its result, 1 it failed or was stopped, 2 wrong arguments, 3 no such workflow, folder or session, 4 refused,
as where the project is not trusted. `reenact workflows` lists what there is.

Examples:
  reenact run review-code --arg target=src/lib.rs
  reenact run deep-research --args '{\"query\": \"how do leases work?\"}' -m openai/gpt-5
  reenact run my-flow --json                   the run as one JSON object, when it is over
  reenact run my-flow --resume run/ID          goes on from that run, with the script as it is now
  reenact run my-flow --detach                 starts it and leaves: `reenact watch run/ID` tells what it does")]
pub struct Arguments {
    /// The workflow's name; `builtin:NAME` always means the one that comes with Reenact.
    #[arg(value_name = "NAME")]
    workflow: String,
    /// The folder of the project.
    #[arg(short, long, value_name = "DIR", default_value = ".", conflicts_with = "session")]
    project: PathBuf,
    /// The session in which it runs; a new one where absent.
    #[arg(short, long, value_name = "ID")]
    session: Option<String>,
    /// Its arguments, as JSON, handed to it as they are.
    #[arg(long, value_name = "JSON", conflicts_with = "arg")]
    args: Option<String>,
    /// One of its arguments, as text; may stand several times.
    #[arg(long, value_name = "NAME=VALUE")]
    arg: Vec<String>,
    /// The model of agents for which it names none, as PROVIDER/NAME or `offline`.
    #[arg(short, long, value_name = "MODEL")]
    model: Option<String>,
    /// How many output tokens it may take.
    #[arg(long, value_name = "TOKENS")]
    budget: Option<u64>,
    /// For how long it may work, as `90s`, `30m` or `2h`: what it waits for its turn, for people and for time does not count.
    #[arg(long, value_name = "TIME", value_parser = time)]
    time_limit: Option<std::time::Duration>,
    /// Goes on from a run that is over: its answers are taken, as long as nothing before them is new.
    #[arg(long, value_name = "RUN")]
    resume: Option<String>,
    /// With --resume: the first step of that run that is done again.
    #[arg(long, value_name = "STEP", requires = "resume")]
    from_step: Option<u32>,
    /// Asks again what was answered before.
    #[arg(long, conflicts_with = "resume")]
    no_cache: bool,
    /// Starts it and leaves; only a running server goes on with it then.
    #[arg(short, long)]
    detach: bool,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: Uuid,
}

#[derive(Debug, Deserialize)]
struct Seen {
    view: State,
}

/// Runs it.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let args = args_of(arguments)?;
    let connection = Connection::open(loaded, Purpose::Act).await?;
    let ended = started(&connection.client, arguments, args, json).await;
    connection.close().await?;
    ended
}

fn args_of(arguments: &Arguments) -> Result<Option<Value>, Failure> {
    if let Some(args) = &arguments.args {
        let parsed = serde_json::from_str(args)
            .map_err(|error| Failure::usage(format!("--args is not JSON: {error}. A text alone is '\"text\"'")))?;
        return Ok(Some(parsed));
    }
    let mut members = Map::new();
    for pair in &arguments.arg {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("`{pair}` is no argument: write --arg NAME=VALUE")))?;
        members.insert(name.to_owned(), value.into());
    }
    Ok((!members.is_empty()).then_some(Value::Object(members)))
}

async fn started(client: &Client, arguments: &Arguments, args: Option<Value>, json: bool) -> Ended {
    let stream = begin(client, &wish(client, arguments, args).await?, &arguments.project, json).await?;
    if arguments.detach {
        if json {
            json_line(&json!({"run": stream}))?;
        } else {
            Screen::new().line(Tone::Plain, &stream.to_string())?;
        }
        return Ok(Exit::Done);
    }
    to_the_end(client, &stream, json).await
}

/// Tells of a run until it is over, and what came of it. Ctrl-C stops it.
pub async fn to_the_end(client: &Client, stream: &StreamId, json: bool) -> Ended {
    let mut following = Following::start(client, stream, Revision::ZERO.before()).await?;
    let mut story = RunStory::new(stream, json);
    let mut stopping = false;
    loop {
        let said = tokio::select! {
            said = story.next(&mut following) => said?,
            _ = tokio::signal::ctrl_c() => {
                if stopping {
                    return Err(Failure::failed(format!("left while the run is being stopped: reenact watch {stream}")));
                }
                stopping = true;
                let _landed: Value = client.post(&format!("/api/runs/{}/cancel", stream.id()), &json!({})).await?;
                continue;
            }
        };
        let Said::Event(event) = said else { continue };
        if let Some(told) = event.run()
            && story.hear(&told, event.at())?
        {
            break;
        }
    }
    end(client, stream, seen(client, stream).await?, json).await
}

/// A run as it is; an empty one where there is none.
pub async fn seen(client: &Client, stream: &StreamId) -> Result<State, Failure> {
    let Seen { view } = client.get(&format!("/api/streams/{stream}/view")).await?;
    Ok(view)
}

/// Starts a run. Whoever sits at the terminal is shown what the project's files name, and asked, where nobody trusts it yet.
pub async fn begin(client: &Client, wish: &Value, project: &Path, json: bool) -> Result<StreamId, Failure> {
    match start(client, wish).await {
        Err(failure) if failure.code.as_deref() == Some("not_trusted") && !json && std::io::stdin().is_terminal() => {
            aside(&failure.error);
            trust::asked(client, &folder(project)?).await?;
            start(client, wish).await
        }
        started => started,
    }
}

async fn start(client: &Client, wish: &Value) -> Result<StreamId, Failure> {
    let run: Result<Row, Failure> = client.post("/api/runs", wish).await;
    let run = run.map_err(|failure| match failure.code.as_deref() {
        // It is the script that is wrong, not how it was asked for.
        Some("bad_workflow") => Failure { exit: Exit::Failed, ..failure },
        _ => failure,
    })?;
    Ok(StreamId::new("run", run.id))
}

/// A time in words, as `1h 30m`.
fn time(words: &str) -> Result<std::time::Duration, String> {
    let parsed = words.parse::<jiff::SignedDuration>().ok().and_then(|time| std::time::Duration::try_from(time).ok());
    parsed.ok_or_else(|| format!("`{words}` is no time: write `90s`, `30m` or `2h`"))
}

/// What is asked of the server: in a session that is there, or in a new one of the folder.
async fn wish(client: &Client, arguments: &Arguments, args: Option<Value>) -> Result<Value, Failure> {
    let Arguments { workflow, model, budget, .. } = arguments;
    let session = match &arguments.session {
        Some(session) => session_id(session)?,
        None => open(client, arguments).await?,
    };
    let mut new = json!({"workflow": workflow, "session": session, "budget": budget, "model": model});
    if let Some(args) = args {
        new["args"] = args;
    }
    if let Some(limit) = arguments.time_limit {
        new["time_limit_ms"] = json!(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
    }
    if let Some(run) = &arguments.resume {
        new["resume_from"] = run_id(run)?.to_string().into();
        new["from_step"] = json!(arguments.from_step);
    }
    if arguments.no_cache {
        new["cache"] = false.into();
    }
    Ok(new)
}

/// Registers the folder and opens a session in it.
async fn open(client: &Client, arguments: &Arguments) -> Result<Uuid, Failure> {
    let path = folder(&arguments.project)?;
    let project: Row = client.post("/api/projects", &json!({"path": path})).await?;
    let mut session = json!({"project": project.id, "title": arguments.workflow});
    if let Some(model) = &arguments.model {
        session["model"] = model.as_str().into();
    }
    let session: Row = client.post("/api/sessions", &session).await?;
    Ok(session.id)
}

fn session_id(text: &str) -> Result<Uuid, Failure> {
    let id = text.strip_prefix("session/").unwrap_or(text);
    id.parse().map_err(|_| Failure::usage(format!("`{text}` is not the id of a session: the page's address has it")))
}

/// The id of a run, given as `run/ID` or as the id alone.
pub fn run_id(text: &str) -> Result<Uuid, Failure> {
    let id = text.strip_prefix("run/").unwrap_or(text);
    id.parse().map_err(|_| Failure::usage(format!("`{text}` is no run: write run/ID, as `reenact ps --all` shows it")))
}

/// A folder, as the server knows it.
pub fn folder(project: &Path) -> Result<PathBuf, Failure> {
    project.canonicalize().map_err(|error| {
        Failure::not_found(format!("{}: {error}: name a folder that is there with -p DIR", project.display()))
    })
}

/// Says what came of a run.
pub async fn end(client: &Client, stream: &StreamId, state: State, json: bool) -> Ended {
    let exit = if matches!(state.status, Status::Finished { .. }) { Exit::Done } else { Exit::Failed };
    if json {
        json_line(&summary(client, stream, &state).await?)?;
        return Ok(exit);
    }
    let mut screen = Screen::new();
    match &state.status {
        Status::Finished { result } => {
            let result = value(client, result).await?;
            let text = match &result {
                Value::String(text) => text.clone(),
                Value::Object(members) if members.get("output").is_some_and(Value::is_string) => {
                    members["output"].as_str().unwrap_or_default().to_owned()
                }
                other => serde_json::to_string_pretty(other)?,
            };
            screen.line(Tone::Plain, &text)?;
        }
        Status::Failed { error } => {
            let place = error.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
            screen.line(Tone::Alarm, &format!("{}: {}{place}", error.name, error.message))?;
        }
        Status::Diverged { step, recorded, asked } => {
            screen.line(Tone::Alarm, &format!("step {step} is not what it was before"))?;
            screen.line(Tone::Plain, &format!("- {}\n+ {}", shown(recorded.as_ref()), shown(asked.as_ref())))?;
        }
        Status::Cancelled => screen.line(Tone::Alarm, "stopped")?,
        Status::Running | Status::Queued | Status::Paused => {}
    }
    aside(format_args!("{stream} · {} steps, {} tokens", state.steps.len(), state.usage.total()));
    Ok(exit)
}

/// A run as one object.
async fn summary(client: &Client, stream: &StreamId, state: &State) -> Result<Value, Failure> {
    let (status, result, error) = match &state.status {
        Status::Running => ("running", Value::Null, Value::Null),
        Status::Queued => ("queued", Value::Null, Value::Null),
        Status::Paused => ("paused", Value::Null, Value::Null),
        Status::Finished { result } => ("finished", value(client, result).await?, Value::Null),
        Status::Failed { error } => ("failed", Value::Null, serde_json::to_value(error)?),
        Status::Cancelled => ("cancelled", Value::Null, Value::Null),
        Status::Diverged { step, recorded, asked } => {
            ("diverged", Value::Null, json!({"step": step, "recorded": recorded, "asked": asked}))
        }
    };
    let mut steps = vec![];
    for (number, step) in &state.steps {
        let mut shown = serde_json::to_value(step)?;
        shown["step"] = (*number).into();
        if let Some(StepOutcome::Succeeded { value: of }) = &step.outcome {
            shown["outcome"]["value"] = value(client, of).await?;
        }
        steps.push(shown);
    }
    Ok(json!({
        "run": stream,
        "workflow": state.about.as_ref().map(|about| &about.workflow),
        "status": status,
        "result": result,
        "steps": steps,
        "phases": state.phases,
        "logs": state.log,
        "usage": state.usage,
        "error": error,
    }))
}

/// What a body holds, as JSON.
async fn value(client: &Client, body: &Body) -> Result<Value, Failure> {
    let text = match body {
        Body::Text(text) => text.to_string(),
        Body::Blob(blob) => client.open(&format!("/api/blobs/{}", blob.blob), &[]).await?.text().await?,
        Body::Written(written) => written.head.to_string(),
    };
    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
