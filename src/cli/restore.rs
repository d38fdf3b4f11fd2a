//! `reenact restore`: a backup put to use in an empty data folder, as a new epoch of its log.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use clap::Args;
use replay::{
    file::{FileLog, Options, copy},
    log::EventLog as _,
    verify::verify,
};
use serde_json::json;

use super::{
    backup::{Manifest, at, copy_blobs, copy_key, private_folder},
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};

/// Puts a backup into an empty data folder. Pages and programs that knew the log drop what they have.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Never let the original and its restored copy run on as if they were one.

Example:
  reenact restore ~/backups/reenact-2026-01-31 --data ~/restored")]
pub struct Arguments {
    /// The backup.
    #[arg(value_name = "DIR")]
    from: PathBuf,
}

/// What may stand in a data folder that counts as empty: what a person writes.
const SETTINGS: [&str; 2] = ["reenact.toml", ".env"];
/// The log on its way: a data folder has none before it is whole.
const ARRIVING: &str = "log.restoring";

/// Restores a backup.
pub fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let (from, data) = (&arguments.from, &loaded.data);
    let Some(manifest) = Manifest::read(from)? else {
        return Err(Failure::not_found(format!(
            "{} is no backup, or one that was cut off while it was made: name a folder that `reenact backup` has made",
            from.display()
        )));
    };
    if let Some(name) = occupied(data)? {
        return Err(Failure::refused(format!(
            "{} is not empty (there is `{name}`): name another data folder with --data, or move what is there away",
            data.display()
        )));
    }
    check(from, &manifest)?;

    private_folder(data)?;
    let (blobs, damaged) = copy_blobs(&from.join("blobs"), &data.join("blobs"))?;
    if let Some(blob) = damaged.first() {
        return Err(Failure::failed(format!(
            "the backup is damaged: its blob {blob} is not what was stored. Use another"
        )));
    }
    if blobs != manifest.blobs {
        return Err(Failure::failed(format!(
            "the backup is damaged: it has {blobs} blobs, and had {} when it was made. Use another",
            manifest.blobs
        )));
    }
    copy_key(from, data)?;
    let arriving = data.join(ARRIVING);
    copy(&from.join("log"), &arriving, |_, _| {})?;
    let (log, _) = FileLog::open_in_new_epoch(&arriving, &Options::default())?;
    let id = log.id();
    log.close();
    drop(log);
    let place = data.join("log");
    fs::rename(&arriving, &place).map_err(|error| at(&place, &error))?;
    File::open(data).and_then(|dir| dir.sync_all()).map_err(|error| at(data, &error))?;

    if json {
        json_line(&json!({"data": data, "log": id, "head": manifest.head, "chain": manifest.chain, "blobs": blobs}))?;
        return Ok(Exit::Done);
    }
    let mut screen = Screen::new();
    let (head, data) = (manifest.head, data.display());
    screen.line(Tone::Plain, &format!("{data}: {head} events and {blobs} blobs, as log {id}"))?;
    screen.line(Tone::Dim, "open pages and programs that follow the log drop what they have and read it anew")?;
    Ok(Exit::Done)
}

/// The backup is as it was when it was made.
fn check(from: &Path, manifest: &Manifest) -> Result<(), Failure> {
    let report = verify(&from.join("log"), |_, _| {})?;
    let known = |fault: &String| manifest.faults.contains(fault);
    if let Some(fault) = report.faults.iter().map(ToString::to_string).find(|fault| !known(fault)) {
        return Err(Failure::failed(format!("the backup is damaged: {fault}. Use another")));
    }
    if (report.head.0, &report.chain) != (manifest.head, &manifest.chain) {
        return Err(Failure::failed(format!(
            "the backup is not as it was made: it holds {} events with chain {}, and {} says {} with chain {}. Use another",
            report.head, report.chain, "backup.json", manifest.head, manifest.chain
        )));
    }
    Ok(())
}

/// The name of something that a data folder has got already.
fn occupied(data: &Path) -> Result<Option<String>, Failure> {
    let entries = match fs::read_dir(data) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(data, &error)),
    };
    for entry in entries {
        let name = entry.map_err(|error| at(data, &error))?.file_name();
        if !SETTINGS.iter().any(|settings| name == *settings) {
            return Ok(Some(name.to_string_lossy().into_owned()));
        }
    }
    Ok(None)
}
