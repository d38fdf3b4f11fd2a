//! `reenact trust`: lets what a project's files name run, after showing it.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    client::Client,
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};

/// Shows what the files of a project name that could run, and lets it.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing that a project's files name is run before this. If the files change, it asks again.

Examples:
  reenact trust .               shows it, and asks
  reenact trust --yes .         for scripts: look at it first
  reenact trust --withdraw .    takes it back")]
pub struct Arguments {
    /// The project's folder.
    path: PathBuf,
    /// Does not ask.
    #[arg(short, long)]
    yes: bool,
    /// Takes trust back.
    #[arg(long, conflicts_with = "yes")]
    withdraw: bool,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: Uuid,
}

#[derive(Debug, Serialize, Deserialize)]
struct Trust {
    digest: String,
    trusted: bool,
    items: Vec<Item>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Item {
    path: String,
    kind: String,
    bytes: u64,
}

/// Shows, asks, trusts.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let path = arguments.path.canonicalize().map_err(|error| {
        Failure::not_found(format!("{}: {error}: name a folder that is there", arguments.path.display()))
    })?;
    let connection = Connection::open(loaded, Purpose::Change).await?;
    let ended = decide(&connection.client, arguments, &path, json).await;
    connection.close().await?;
    ended
}

/// Shows it to whoever sits at the terminal and asks.
///
/// # Errors
/// They say no.
pub async fn asked(client: &Client, path: &std::path::Path) -> Result<(), Failure> {
    let arguments = Arguments { path: path.to_owned(), yes: false, withdraw: false };
    decide(client, &arguments, path, false).await.map(drop)
}

async fn decide(client: &Client, arguments: &Arguments, path: &std::path::Path, json: bool) -> Ended {
    let project: Row = client.post("/api/projects", &json!({"path": path})).await?;
    let route = format!("/api/projects/{}/trust", project.id);
    let mut screen = Screen::new();
    if arguments.withdraw {
        client.delete(&route).await?;
        if !json {
            screen.line(Tone::Plain, &format!("{} is trusted no more", path.display()))?;
        }
        return Ok(Exit::Done);
    }
    let shown: Trust = client.get(&route).await?;
    if !json {
        show(&mut screen, path, &shown)?;
    }
    if shown.trusted {
        if json {
            json_line(&shown)?;
        } else {
            screen.line(Tone::Plain, "this is trusted already")?;
        }
        return Ok(Exit::Done);
    }
    if !arguments.yes && !agreed(path)? {
        return Err(Failure::refused("not trusted: nothing of it will run"));
    }
    let trusted: Value = client.post(&route, &json!({"digest": shown.digest})).await?;
    if json {
        json_line(&trusted)?;
    } else {
        screen.line(Tone::Plain, &format!("{} is trusted", path.display()))?;
    }
    Ok(Exit::Done)
}

fn show(screen: &mut Screen, path: &std::path::Path, trust: &Trust) -> io::Result<()> {
    if trust.items.is_empty() {
        return screen.line(Tone::Plain, &format!("the files in {} name nothing that could run", path.display()));
    }
    screen.line(Tone::Plain, &format!("the files in {} name what could run:", path.display()))?;
    let cells = |item: &Item| vec![item.path.clone(), item.kind.clone(), item.bytes.to_string()];
    screen.table(&["file", "what", "bytes"], &trust.items.iter().map(cells).collect::<Vec<_>>())?;
    screen.line(Tone::Dim, &format!("digest {}", trust.digest))
}

/// Asks whoever sits at the terminal.
fn agreed(path: &std::path::Path) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::refused(format!(
            "nobody is here to answer: look at it and run `reenact trust --yes {}`",
            path.display()
        )));
    }
    write!(io::stderr(), "trust it? [y/N] ")?;
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
