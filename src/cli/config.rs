//! `reenact config`: every setting, its value, and where it came from.

use std::io;

use clap::Args;
use serde_json::Value;

use super::{
    exit::{Ended, Exit},
    screen::{Screen, json_line, short},
    settings::{self, Loaded, Setting},
};

/// Lists every setting, its value, and where it came from.
#[derive(Debug, Args)]
#[command(after_help = "\
Each value comes from the last of these that sets it: default, reenact.toml, .env, environment, flag.

Examples:
  reenact config                              what holds now
  reenact config --example > reenact.toml     a settings file with every key, for the data folder")]
pub struct Arguments {
    /// Prints a settings file with every key, commented out.
    #[arg(long)]
    pub example: bool,
}

/// Prints the example of a settings file.
pub fn example() -> Ended {
    io::Write::write_all(&mut io::stdout(), settings::example().as_bytes())?;
    Ok(Exit::Done)
}

/// Lists the settings; what is secret is masked.
pub fn run(loaded: &Loaded, json: bool) -> Ended {
    if json {
        loaded.list.iter().try_for_each(json_line)?;
        return Ok(Exit::Done);
    }
    let cells = |setting: &Setting| {
        let value = match &setting.value {
            Value::Null => "–".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        vec![setting.key.clone(), short(&value, 120), setting.origin.to_string()]
    };
    let rows: Vec<_> = loaded.list.iter().map(cells).collect();
    Screen::new().table(&["setting", "value", "from"], &rows)?;
    Ok(Exit::Done)
}
