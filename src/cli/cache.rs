//! `reenact cache`: the answers of steps that are given again, and what is to be forgotten of them.

use std::{path::PathBuf, time::SystemTime};

use clap::{Args, Subcommand};
use replay::ids::{Micros, Position};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    client::Client,
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    run::{folder, run_id},
    screen::{Screen, Tone, aside, json_line, moment},
    settings::Loaded,
};
use crate::projections::CachedStep;

/// Lists and forgets the answers of steps that are given again where a workflow asks for the same.
#[derive(Debug, Args)]
#[command(after_help = "\
Answers do not expire by themselves. What is forgotten is only not given again: it stays in the log.

Examples:
  reenact cache ls
  reenact cache forget 3f9a0c                  one answer, by the beginning of its key
  reenact cache forget --run run/ID            all that a run answered
  reenact cache forget --max-age 7d            all that is older than a week
  reenact cache clear                          all of the project's")]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// The folder of the project.
    #[arg(short, long, value_name = "DIR", default_value = ".", global = true)]
    project: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists them, the newest first.
    Ls,
    /// Forgets some.
    Forget {
        /// The key of one, or its beginning.
        #[arg(value_name = "KEY", required_unless_present_any = ["run", "max_age"], conflicts_with_all = ["run", "max_age"])]
        key: Option<String>,
        /// Those of a run.
        #[arg(long, value_name = "RUN", conflicts_with = "max_age")]
        run: Option<String>,
        /// Those that are older: `90m`, `12h`, `7d`.
        #[arg(long, value_name = "AGE")]
        max_age: Option<String>,
    },
    /// Forgets all of the project's.
    Clear,
}

#[derive(Debug, Deserialize)]
struct Project {
    id: Uuid,
}

#[derive(Debug, Deserialize)]
struct Items {
    items: Vec<CachedStep>,
}

#[derive(Debug, Deserialize)]
struct Landed {
    #[serde(default)]
    position: Option<Position>,
}

/// Does what was asked.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let path = folder(&arguments.project)?;
    let connection = Connection::open(loaded, Purpose::Change).await?;
    let client = &connection.client;
    let ended = async {
        let project: Project = client.post("/api/projects", &json!({"path": path})).await?;
        let cache = format!("/api/projects/{}/cache", project.id);
        match &arguments.what {
            What::Ls => ls(client, &cache, json).await,
            What::Forget { key, run, max_age } => {
                let which = which(client, &cache, key.as_deref(), run.as_deref(), max_age.as_deref()).await?;
                forget(client, &cache, &which, json).await
            }
            What::Clear => forget(client, &cache, &json!({"kind": "all"}), json).await,
        }
    };
    let ended = ended.await;
    connection.close().await?;
    ended
}

async fn ls(client: &Client, cache: &str, json: bool) -> Ended {
    let Items { items } = client.get(cache).await?;
    if json {
        items.iter().try_for_each(json_line)?;
        return Ok(Exit::Done);
    }
    let cells = |step: &CachedStep| {
        let label: String = step.label.chars().take(40).collect();
        vec![
            step.key.chars().take(12).collect(),
            step.workflow.to_string(),
            label,
            moment(step.at),
            step.usage.total().to_string(),
            step.hits.to_string(),
        ]
    };
    let mut screen = Screen::new();
    if items.is_empty() {
        screen
            .line(Tone::Dim, "nothing is kept: agents of workflows in a git repository are, once they have answered")?;
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = items.iter().map(cells).collect();
    screen.table(&["key", "workflow", "step", "answered (UTC)", "tokens", "given again"], &rows)?;
    let saved: u64 = items.iter().map(|step| step.usage.total() * u64::from(step.hits)).sum();
    aside(format_args!("{} answers, {saved} tokens saved", items.len()));
    Ok(Exit::Done)
}

/// What is to be forgotten, as the server is told it.
async fn which(
    client: &Client,
    cache: &str,
    key: Option<&str>,
    run: Option<&str>,
    max_age: Option<&str>,
) -> Result<Value, Failure> {
    if let Some(run) = run {
        return Ok(json!({"kind": "run", "run": run_id(run)?}));
    }
    if let Some(age) = max_age {
        let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_micros());
        let at = i64::try_from(now.saturating_sub(u128::from(seconds(age)?) * 1_000_000)).unwrap_or(0);
        return Ok(json!({"kind": "before", "at": Micros(at)}));
    }
    let key = key.unwrap_or_default();
    let Items { items } = client.get(cache).await?;
    let mut found = items.iter().filter(|step| step.key.starts_with(key));
    match (found.next(), found.next()) {
        (Some(step), None) => Ok(json!({"kind": "key", "key": step.key})),
        (Some(_), Some(_)) => Err(Failure::usage(format!("several keys begin with `{key}`: give more of it"))),
        (None, _) => Err(Failure::not_found(format!("no key begins with `{key}`: `reenact cache ls` lists them"))),
    }
}

async fn forget(client: &Client, cache: &str, which: &Value, json: bool) -> Ended {
    let Items { items: before } = client.get(cache).await?;
    let landed: Landed = client.post(&format!("{cache}/forget"), which).await?;
    let at_least = landed.position.map(|position| format!("?at_least={}", position.0)).unwrap_or_default();
    let Items { items } = client.get(&format!("{cache}{at_least}")).await?;
    let forgotten = before.len().saturating_sub(items.len());
    if json {
        json_line(&json!({"forgotten": forgotten, "left": items.len()}))?;
    } else {
        Screen::new().line(Tone::Plain, &format!("forgot {forgotten}, {} left", items.len()))?;
    }
    Ok(Exit::Done)
}

/// An age such as `90s`, `90m`, `12h`, `7d`, in seconds.
fn seconds(age: &str) -> Result<u64, Failure> {
    let wrong = || Failure::usage(format!("`{age}` is no age: write a number and s, m, h or d, as in 7d"));
    let unit = age.chars().last().ok_or_else(wrong)?;
    let number: u64 = age.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    let each = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    number.checked_mul(each).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn an_age_has_a_number_and_a_unit() {
        for (age, is) in [("90s", 90), ("2m", 120), ("12h", 43_200), ("7d", 604_800)] {
            assert_eq!(seconds(age).unwrap(), is);
        }
        for age in ["", "7", "d", "-1d", "7w", "99999999999999999999d", "7é"] {
            assert!(seconds(age).is_err(), "{age}");
        }
    }
}
