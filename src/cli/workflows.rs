//! `reenact workflows`: the workflows that there are.

use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    connect::{Connection, Purpose},
    exit::{Ended, Exit},
    run::folder,
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};
use crate::scripts::{Listed, Source};

/// Lists the workflows of a project, your own, and those that come with Reenact, with what is wrong with them.
#[derive(Debug, Args)]
#[command(after_help = "\
They lie in `.reenact/workflows`, `.claude/workflows` and `.boocode/workflows` of the project and of your own folder.

Examples:
  reenact workflows
  reenact workflows -p ~/code/project --json")]
pub struct Arguments {
    /// The folder of the project.
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    project: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: Uuid,
}

#[derive(Debug, Deserialize)]
struct Items {
    items: Vec<Listed>,
}

/// Lists them.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let path = folder(&arguments.project)?;
    let connection = Connection::open(loaded, Purpose::Change).await?;
    let listed = async {
        let project: Row = connection.client.post("/api/projects", &json!({"path": path})).await?;
        connection.client.get::<Items>(&format!("/api/workflows?project={}", project.id)).await
    };
    let listed = listed.await;
    connection.close().await?;
    let items = listed?.items;
    if json {
        items.iter().try_for_each(json_line)?;
        return Ok(Exit::Done);
    }
    let mut screen = Screen::new();
    let cells = |item: &Listed| {
        let source = match item.source {
            Source::Project => "project",
            Source::User => "yours",
            Source::BuiltIn => "built in",
        };
        let about = match &item.error {
            Some(wrong) => format!("cannot run: {}", wrong.message),
            None if item.hidden => format!("hidden by another of this name · {}", item.description),
            None => item.description.clone(),
        };
        vec![item.name.clone(), source.into(), about]
    };
    screen.table(&["name", "from", "what it does"], &items.iter().map(cells).collect::<Vec<_>>())?;
    for item in items.iter().filter(|item| item.error.is_some()) {
        let path = item.path.as_deref().unwrap_or(&item.name);
        let wrong = item.error.as_ref().and_then(|wrong| wrong.place.clone()).unwrap_or_default();
        screen.line(Tone::Dim, &format!("{path} {wrong}"))?;
    }
    Ok(Exit::Done)
}
