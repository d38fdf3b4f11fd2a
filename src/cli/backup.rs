//! `reenact backup`: a copy of what cannot be made anew — log, blobs, key — also while a server runs, checked once written.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use clap::Args;
use replay::{
    blobs::{BlobError, BlobId, BlobStore},
    file::{CopyError, copy},
    ids::Micros,
    ports::{Clock as _, Machine},
    verify::{Report, verify_each},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    exit::{Ended, Exit, Failure},
    named::Named,
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};

/// Copies log, blobs and key to a folder, also while a server runs, and checks what was written.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
The copy holds the key and what was said in chats: keep it as private as the data folder. The exit code is 1 if the log was
damaged before; then the copy holds what can be read.

Example:
  reenact backup ~/backups/reenact-$(date +%F)")]
pub struct Arguments {
    /// The folder to make; it may be there if it is empty.
    #[arg(value_name = "DIR")]
    to: PathBuf,
}

/// The file that is written last: without it, a folder is no backup.
const MANIFEST: &str = "backup.json";

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of Reenact that made it.
    pub version: String,
    /// When.
    pub at: Micros,
    /// Which log, as `UUID.EPOCH`.
    pub log: Option<String>,
    /// The position after its last event.
    pub head: u64,
    /// The chain over all its events, 64 hexadecimal digits.
    pub chain: String,
    /// How many blobs.
    pub blobs: u64,
    /// What was damaged before it was copied.
    pub faults: Vec<String>,
}

impl Manifest {
    /// Of the backup in a folder; `None` if the folder is none, or not whole.
    pub fn read(dir: &Path) -> Result<Option<Self>, Failure> {
        let path = dir.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(at(&path, &error)),
        };
        let parsed = serde_json::from_str(&text);
        parsed
            .map(Some)
            .map_err(|error| Failure::failed(format!("{} is damaged ({error}): use another backup", path.display())))
    }
}

/// Makes a backup.
pub fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    let to = &arguments.to;
    if !is_empty(to)? {
        return Err(Failure::refused(format!(
            "{} is not empty: name a folder that is empty, or not there yet",
            to.display()
        )));
    }
    let log = loaded.data.join("log");
    if !log.is_dir() {
        return Err(Failure::not_found(format!(
            "there is no log in {}: name the data folder with --data",
            loaded.data.display()
        )));
    }
    private_folder(to)?;
    keep_private(to)?;
    // The log first: a blob is written before the event that names it, so all that the copy names are there afterwards.
    let copied = copy(&log, &to.join("log"), |_, _| {}).map_err(|error| match error {
        CopyError::NoLog(_) => Failure::not_found(error),
        other => other.into(),
    })?;
    let (blobs, damaged) = copy_blobs(&loaded.data.join("blobs"), &to.join("blobs"))?;
    copy_key(&loaded.data, to)?;

    let mut named = Named::default();
    let report = verify_each(&to.join("log"), |_, _| {}, |record, _| named.note(record))?;
    if report.head != copied.head {
        return Err(Failure::failed(format!(
            "{} does not read back as it was written ({} of {} events): the disk loses data; take another",
            to.display(),
            report.head,
            copied.head
        )));
    }
    let mut faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    for mut lost in named.lost(&to.join("blobs"))? {
        // What was damaged is not copied, and so missing here.
        if damaged.contains(&lost.blob) {
            lost.what = "damaged";
        }
        faults.push(lost.to_string());
    }
    let manifest = manifest(&report, blobs, faults);
    write_private(&to.join(MANIFEST), &(serde_json::to_string_pretty(&manifest)? + "\n"))?;
    File::open(to).and_then(|dir| dir.sync_all()).map_err(|error| at(to, &error))?;
    tell(&manifest, &report, to, json)
}

fn manifest(report: &Report, blobs: u64, faults: Vec<String>) -> Manifest {
    Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: Machine.now(),
        log: report.log.map(|log| log.to_string()),
        head: report.head.0,
        chain: report.chain.clone(),
        blobs,
        faults,
    }
}

fn tell(manifest: &Manifest, report: &Report, to: &Path, json: bool) -> Ended {
    let good = manifest.faults.is_empty();
    let exit = if good { Exit::Done } else { Exit::Failed };
    if json {
        let mut object = json!(manifest);
        object["good"] = json!(good);
        object["dir"] = json!(to);
        json_line(&object)?;
        return Ok(exit);
    }
    let mut screen = Screen::new();
    manifest.faults.iter().try_for_each(|fault| screen.line(Tone::Alarm, fault))?;
    let (records, streams, blobs) = (report.records, report.streams, manifest.blobs);
    let made = format!("{}: {records} events in {streams} streams, {blobs} blobs", to.display());
    if good {
        screen.line(Tone::Plain, &made)?;
    } else {
        let advice = "was damaged before it was copied; the backup holds all that can be read. Keep older backups";
        screen.line(Tone::Plain, &format!("{made}; what is named above {advice}"))?;
    }
    Ok(exit)
}

/// Copies all blobs but those that are damaged: how many, and which are.
pub fn copy_blobs(from: &Path, to: &Path) -> Result<(u64, Vec<BlobId>), Failure> {
    let written = BlobStore::open(to)?;
    if !from.is_dir() {
        return Ok((0, vec![]));
    }
    let blobs = BlobStore::open(from)?;
    let (mut count, mut damaged) = (0, vec![]);
    for id in blobs.ids()? {
        match blobs.get(id) {
            Ok(Some(bytes)) => {
                written.put(&bytes)?;
                // Reads it back and compares it with its name.
                written.get(id)?;
                count += 1;
            }
            Ok(None) => {}
            Err(BlobError::Damaged { .. }) => damaged.push(id),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((count, damaged))
}

/// Copies the first key, if there is one.
pub fn copy_key(from: &Path, to: &Path) -> Result<(), Failure> {
    let path = from.join("key");
    match fs::read_to_string(&path) {
        Ok(key) => write_private(&to.join("key"), &key),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(&path, &error)),
    }
}

/// Makes a folder that only its owner can look into.
pub fn private_folder(dir: &Path) -> Result<(), Failure> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| at(dir, &error))
}

/// Closes a folder that was there before to others; on a disk that knows no rights, says so.
fn keep_private(dir: &Path) -> Result<(), Failure> {
    let closed = fs::set_permissions(dir, Permissions::from_mode(0o700));
    let mode = fs::metadata(dir).map_err(|error| at(dir, &error))?.permissions().mode();
    if closed.is_err() || mode & 0o077 != 0 {
        tracing::warn!("others on this machine may read {}: it holds the key and what was said", dir.display());
    }
    Ok(())
}

/// A failure at a file or folder.
pub fn at(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()))
}

fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| at(path, &error))
}

fn is_empty(dir: &Path) -> Result<bool, Failure> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(at(dir, &error)),
    }
}
