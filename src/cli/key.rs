//! `reenact key`: API keys for programs.

use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    client::Client,
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, aside, json_line, moment},
    settings::Loaded,
};
use crate::entities::system::{KeyInfo, Role};

/// Makes, lists and revokes API keys.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reenact key add ci --role viewer      prints a key for a program, this once
  reenact key revoke ci                 at once, open sockets too")]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Makes a key and prints it, this once.
    Add {
        /// Its name: 1 to 40 lower-case letters, digits and hyphens.
        name: String,
        /// What it may do: viewers read, operators also act, admins also make keys and trust projects.
        #[arg(long, value_enum, default_value_t = May::Operator)]
        role: May,
    },
    /// Lists all keys that ever were.
    Ls,
    /// Revokes a key.
    Revoke {
        /// Its name.
        name: String,
    },
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum May {
    Viewer,
    Operator,
    Admin,
}

impl From<May> for Role {
    fn from(may: May) -> Self {
        match may {
            May::Viewer => Self::Viewer,
            May::Operator => Self::Operator,
            May::Admin => Self::Admin,
        }
    }
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Operator => "operator",
        Role::Admin => "admin",
    }
}

#[derive(Debug, Deserialize)]
struct Made {
    key: String,
}

/// Does what was asked.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let connection = Connection::open(loaded, Purpose::Change).await?;
    let client = &connection.client;
    let ended = match &arguments.what {
        What::Add { name, role } => add(client, name, (*role).into(), json).await,
        What::Ls => ls(client, json).await,
        What::Revoke { name } => revoke(client, name, json).await,
    };
    connection.close().await?;
    ended
}

async fn add(client: &Client, name: &str, role: Role, json: bool) -> Ended {
    let answer: Value = client.post("/api/keys", &json!({"name": name, "role": role})).await?;
    if json {
        json_line(&answer)?;
        return Ok(Exit::Done);
    }
    let made: Made = serde_json::from_value(answer)?;
    Screen::new().line(Tone::Plain, &made.key)?;
    aside(format_args!("this is the key `{name}` ({}): it is shown this once, and only its hash is kept", word(role)));
    Ok(Exit::Done)
}

async fn ls(client: &Client, json: bool) -> Ended {
    let rows = client.all("/api/keys").await?;
    if json {
        rows.iter().try_for_each(json_line)?;
        return Ok(Exit::Done);
    }
    let keys: Vec<KeyInfo> = serde_json::from_value(Value::Array(rows))
        .map_err(|error| Failure::failed(format!("the server is of another version: {error}")))?;
    let cells = |key: &KeyInfo| {
        let revoked = key.revoked_at.map_or_else(String::new, |at| format!("revoked {}", moment(at)));
        vec![key.name.to_string(), word(key.role).into(), moment(key.created_at), revoked]
    };
    let rows: Vec<_> = keys.iter().map(cells).collect();
    Screen::new().table(&["name", "role", "made (UTC)", ""], &rows)?;
    Ok(Exit::Done)
}

async fn revoke(client: &Client, name: &str, json: bool) -> Ended {
    client.delete(&format!("/api/keys/{name}")).await?;
    if !json {
        Screen::new().line(Tone::Plain, &format!("revoked {name}"))?;
    }
    Ok(Exit::Done)
}
