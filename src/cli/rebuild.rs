//! `reenact rebuild`: everything that is derived from the log, deleted and made anew.

use std::{fs, io, path::Path, sync::Arc};

use clap::Args;
use replay::{
    file::{FileLog, OpenError, Options},
    log::EventLog,
    projection::Derived,
};
use serde_json::json;

use super::{
    backup::at,
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};
use crate::projections::Lists;

/// Deletes the lists and what else is derived from the log, and makes it anew. Needs that no server runs.
#[derive(Debug, Clone, Args)]
pub struct Arguments {}

/// Makes it anew.
pub async fn run(loaded: &Loaded, json: bool) -> Ended {
    let data = &loaded.data;
    if !data.join("log").is_dir() {
        let words = format!("there is no log in {}: name the data folder with --data", data.display());
        return Err(Failure::not_found(words));
    }
    // Holding the log keeps a server from using what is being deleted.
    let (log, report) = FileLog::open(&data.join("log"), &Options::default()).map_err(|error| match error {
        OpenError::Locked { .. } => Failure::refused(error),
        other => other.into(),
    })?;
    if let Some(cut) = &report.tail_cut {
        tracing::warn!("{cut}");
    }
    let log: Arc<dyn EventLog> = Arc::new(log);
    for name in ["index", "index.broken", "wanting.json", "snapshots"] {
        remove(&data.join(name))?;
    }
    let lists = Lists::start(&Derived::open(&data.join("index")), log.clone())?;
    let mut progress = lists.progress();
    let made = progress.wait_for(|p| p.live || p.ended || p.waits.is_some()).await?.clone();
    if !made.live {
        let words = made.waits.unwrap_or_else(|| made.troubles.join("; "));
        return Err(Failure::failed(format!(
            "the lists could not be made anew: {words}. Look at the disk, then try again"
        )));
    }
    let exit = if made.troubles.is_empty() { Exit::Done } else { Exit::Failed };
    if json {
        json_line(&json!({"head": log.head(), "troubles": made.troubles}))?;
        return Ok(exit);
    }
    let mut screen = Screen::new();
    made.troubles.iter().try_for_each(|trouble| screen.line(Tone::Alarm, trouble))?;
    screen.line(Tone::Plain, &format!("made anew from {} events", log.head()))?;
    Ok(exit)
}

/// Removes a file or folder, if it is there.
fn remove(path: &Path) -> Result<(), Failure> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path, &error)),
        _ => Ok(()),
    }
}
