//! `reenact agents`: the agents that workflows ask for by name.

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
use crate::agents::{Agent, AgentSource};

/// Lists the agents that workflows ask for by name: a project's, your own, and those that come with Reenact.
#[derive(Debug, Args)]
#[command(after_help = "\
They are Markdown files with `name`, `description`, `tools` and `model` in their front matter, in `.reenact/agents` and
`.claude/agents` of the project and of your own folder. A workflow asks for one by `agent(prompt, {agentType: 'NAME'})`.

Examples:
  reenact agents
  reenact agents -p ~/code/project --json")]
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
    items: Vec<Agent>,
}

/// Lists them.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let path = folder(&arguments.project)?;
    let connection = Connection::open(loaded, Purpose::Change).await?;
    let listed = async {
        let project: Row = connection.client.post("/api/projects", &json!({"path": path})).await?;
        connection.client.get::<Items>(&format!("/api/agents?project={}", project.id)).await
    };
    let listed = listed.await;
    connection.close().await?;
    let items = listed?.items;
    if json {
        items.iter().try_for_each(json_line)?;
        return Ok(Exit::Done);
    }
    let mut screen = Screen::new();
    let cells = |agent: &Agent| {
        let source = match agent.source {
            AgentSource::Project => "project",
            AgentSource::User => "yours",
            AgentSource::BuiltIn => "built in",
        };
        let about = match &agent.error {
            Some(error) => format!("cannot be used: {error}"),
            None if agent.hidden => format!("hidden by another of this name · {}", agent.description),
            None => agent.description.clone(),
        };
        vec![agent.name.clone(), source.into(), about]
    };
    screen.table(&["name", "from", "what it is for"], &items.iter().map(cells).collect::<Vec<_>>())?;
    for path in items.iter().filter(|agent| agent.error.is_some()).filter_map(|agent| agent.path.as_deref()) {
        screen.line(Tone::Dim, path)?;
    }
    Ok(Exit::Done)
}
