//! `reenact replay`: the state of a stream at a revision, what changed between two, and step by step what each event changed.

use clap::Args;
use replay::ids::{Revision, StreamId};
use serde::Deserialize;
use serde_json::Value;

use super::{
    changes::{Change, changes},
    client::Client,
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    log::event_line,
    screen::{Screen, Tone, json_line},
    settings::Loaded,
    socket::Event,
    stepping, tree,
};
use crate::api::Operation;

/// Shows the state of a stream as it was at a revision; with --diff or --step, what changed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The stream, as chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c.
    stream: StreamId,
    /// The last revision that is folded in; the newest where absent. With --step, the one to begin at.
    #[arg(long, value_name = "REVISION")]
    at: Option<Revision>,
    /// What changed between two revisions, as 12..40.
    #[arg(long, value_name = "A..B", value_parser = between, conflicts_with_all = ["at", "step"])]
    diff: Option<(Revision, Revision)>,
    /// Goes through the events one by one, with what each of them changed: at a terminal by keys, else all of them.
    #[arg(long)]
    step: bool,
}

fn between(text: &str) -> Result<(Revision, Revision), String> {
    let parsed = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    parsed.ok_or_else(|| "write two revisions with two dots between, as 12..40".to_owned())
}

/// A state as the server answers it.
#[derive(Debug, Deserialize)]
struct State {
    revision: Revision,
    state: Value,
}

#[derive(Debug, Deserialize)]
struct Diff {
    patch: Vec<Operation>,
}

/// An event, and what it changed.
#[derive(Debug, Clone, Deserialize)]
pub struct Step {
    /// The event.
    pub event: Event,
    /// What it changed in the state.
    pub patch: Vec<Operation>,
}

/// Steps that follow each other, and the state before the first.
#[derive(Debug, Deserialize)]
pub struct Steps {
    /// The steps.
    pub items: Vec<Step>,
    /// The state before the first of them.
    #[serde(default)]
    pub before: Value,
}

/// How many steps are read at once.
pub const PAGE: u64 = 100;

/// A stream that is replayed.
pub struct Replayed<'c> {
    client: &'c Client,
    /// Its name.
    pub stream: StreamId,
    /// The revision of its last event.
    pub last: Revision,
}

impl Replayed<'_> {
    /// Its state after the event of a revision.
    pub async fn state(&self, at: Revision) -> Result<Value, Failure> {
        let state: State = self.client.get(&format!("/api/streams/{}/state?at={at}", self.stream)).await?;
        Ok(state.state)
    }

    /// At most [`PAGE`] steps from a revision on, with the state before them.
    pub async fn steps(&self, from: Revision) -> Result<Steps, Failure> {
        self.client.get(&format!("/api/streams/{}/steps?from={from}&limit={PAGE}&state=true", self.stream)).await
    }
}

/// Replays it.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let connection = Connection::open(loaded, Purpose::Look).await?;
    let ended = replay(&connection.client, arguments, json).await;
    connection.close().await?;
    ended
}

async fn replay(client: &Client, arguments: &Arguments, json: bool) -> Ended {
    let Arguments { stream, at, diff, step } = arguments;
    let newest: State = client.get(&format!("/api/streams/{stream}/state")).await?;
    let replayed = Replayed { client, stream: stream.clone(), last: newest.revision };
    match (diff, step) {
        (Some((from, to)), _) => tell_diff(&replayed, *from, *to, json).await,
        (None, true) if json || !stepping::at_terminal() => tell_steps(&replayed, at.unwrap_or_default(), json).await,
        (None, true) => stepping::run(&replayed, at.unwrap_or_default()).await,
        (None, false) => tell_state(&replayed, at.unwrap_or(replayed.last), json).await,
    }
}

async fn tell_state(replayed: &Replayed<'_>, at: Revision, json: bool) -> Ended {
    let state = replayed.state(at).await?;
    if json {
        json_line(&serde_json::json!({"stream": replayed.stream, "revision": at, "state": state}))?;
        return Ok(Exit::Done);
    }
    let mut screen = Screen::new();
    let of = if at == replayed.last { String::new() } else { format!(" of {}", replayed.last) };
    screen.line(Tone::Dim, &format!("{} at revision {at}{of}", replayed.stream))?;
    for line in tree::lines(&state) {
        screen.line(Tone::Plain, &line)?;
    }
    Ok(Exit::Done)
}

async fn tell_diff(replayed: &Replayed<'_>, from: Revision, to: Revision, json: bool) -> Ended {
    let path = format!("/api/streams/{}/diff?from={from}&to={to}", replayed.stream);
    if json {
        json_line(&replayed.client.get::<Value>(&path).await?)?;
        return Ok(Exit::Done);
    }
    let diff: Diff = replayed.client.get(&path).await?;
    let mut state = replayed.state(from).await?;
    let mut screen = Screen::new();
    screen.line(Tone::Dim, &format!("{} from revision {from} to {to}", replayed.stream))?;
    tell_changes(&mut screen, &changes(&mut state, &diff.patch))?;
    Ok(Exit::Done)
}

async fn tell_steps(replayed: &Replayed<'_>, from: Revision, json: bool) -> Ended {
    let mut screen = Screen::new();
    let mut next = from;
    while next <= replayed.last {
        let Steps { items, before: mut state } = replayed.steps(next).await?;
        let Some(last) = items.last() else { break };
        next = last.event.revision().next();
        for step in &items {
            if json {
                json_line(&serde_json::json!({"event": step.event, "patch": step.patch}))?;
                continue;
            }
            screen.line(Tone::Strong, &event_line(&step.event))?;
            tell_changes(&mut screen, &changes(&mut state, &step.patch))?;
        }
    }
    Ok(Exit::Done)
}

fn tell_changes(screen: &mut Screen, changes: &[Change]) -> std::io::Result<()> {
    if changes.is_empty() {
        return screen.line(Tone::Dim, "        changes nothing");
    }
    changes.iter().try_for_each(|change| screen.line(change.tone(), &format!("        {change}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_revisions_have_two_dots_between() {
        assert_eq!(between("12..40"), Ok((Revision(12), Revision(40))));
        for bad in ["12", "12..", "..", "a..b", "12...40"] {
            assert!(between(bad).is_err(), "{bad}");
        }
    }
}
