//! `reenact audit`: the log as a file that somebody else can verify, and the verification of such a file.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use replay::{
    audit::{self, Verified},
    ports::{Clock as _, Machine},
};
use serde_json::json;

use super::{
    backup::at,
    client::Client,
    connect::Connection,
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};
use crate::api::AuditQuery;

/// Exports the log so that a third party can verify it, and verifies an export.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Export(Export),
    /// Verifies an export by itself: every leaf and the chain, order and counts. Needs no log and no server.
    Verify {
        /// The file; - reads standard input.
        file: PathBuf,
    },
}

/// Writes the log as JSON lines (docs/audit.md). What a filter leaves out is there by its hash, so that the chain can be checked.
#[derive(Debug, Args)]
struct Export {
    /// Where it begins: a position, or a time in UTC, as 2026-11-20 or 2026-11-20T10:00:00.
    #[arg(long, value_name = "WHEN")]
    from: Option<String>,
    /// Where it ends: before this position, or before this time.
    #[arg(long, value_name = "WHEN")]
    to: Option<String>,
    /// Only these streams whole, or all of a kind, as chat/ID or chat.
    #[arg(long, value_name = "STREAM", value_delimiter = ',')]
    stream: Vec<String>,
    /// Only what these did whole, as person:owner or agent.
    #[arg(long, value_name = "WHO", value_delimiter = ',')]
    by: Vec<String>,
    /// Only these types of events whole.
    #[arg(
        long = "type",
        value_name = "TYPE",
        value_delimiter = ',',
        help = "Only these types of events whole, as ToolFinished"
    )]
    types: Vec<String>,
    /// The file to write, which must not be there yet; standard output where absent.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Exports or verifies.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    match &arguments.what {
        What::Export(export) => run_export(export, loaded, json).await,
        What::Verify { file } => run_verify(file, json),
    }
}

async fn run_export(arguments: &Export, loaded: &Loaded, json: bool) -> Ended {
    let list = |values: &[String]| (!values.is_empty()).then(|| values.join(","));
    let Export { from, to, stream, by, types, out } = arguments;
    let (from, to) = (from.clone(), to.clone());
    let query = AuditQuery { from, to, stream: list(stream), by: list(by), types: list(types) };
    // Told before a server is asked or a file made.
    query.wanted().map_err(Failure::usage)?;
    let Some(out) = out else {
        let mut ending = Ending::of(io::stdout().lock());
        write(&query, loaded, &mut ending).await?;
        ending.flush()?;
        return if ending.is_whole() { Ok(Exit::Done) } else { Err(broke_off()) };
    };
    let file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(out).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::refused(format!("{} is there already: name another file, or remove it", out.display()))
            }
            _ => at(out, &error),
        })?;
    let mut buffered = BufWriter::new(file);
    let written = match write(&query, loaded, &mut buffered).await {
        Ok(()) => buffered.into_inner().map_err(|error| at(out, error.error())).and_then(|file| synced(out, &file)),
        Err(failure) => Err(failure),
    };
    if let Err(failure) = written {
        // Half an export is none.
        let _gone = fs::remove_file(out).is_ok();
        return Err(failure);
    }
    tell(&verified(out)?, &format!("{}: ", out.display()), json)
}

fn synced(path: &Path, file: &File) -> Result<(), Failure> {
    file.sync_all().map_err(|error| at(path, &error))
}

/// Has the server that holds the log write it, or, where there is none, reads the log itself.
async fn write(query: &AuditQuery, loaded: &Loaded, out: &mut impl Write) -> Result<(), Failure> {
    if let Some(client) = Connection::to_running(loaded).await? {
        return download(&client, query, out).await;
    }
    let wanted = query.wanted().map_err(Failure::usage)?;
    let by = format!("reenact {}", env!("CARGO_PKG_VERSION"));
    let exported = audit::export(&loaded.data.join("log"), &wanted, None, (Machine.now(), &by), out);
    exported.map(drop).map_err(|error| match error {
        audit::ExportError::BadRange { .. } => Failure::usage(error),
        audit::ExportError::NoLog(_) => Failure::not_found(error),
        audit::ExportError::Out(error) => error.into(),
        other => other.into(),
    })
}

async fn download(client: &Client, query: &AuditQuery, out: &mut impl Write) -> Result<(), Failure> {
    let mut answer = client.open("/api/audit/export", &query.pairs()).await?;
    while let Some(piece) = answer.chunk().await.map_err(|_| broke_off())? {
        out.write_all(&piece)?;
    }
    Ok(())
}

fn broke_off() -> Failure {
    Failure::failed("the export broke off before its last line: ask for it again")
}

fn run_verify(file: &Path, json: bool) -> Ended {
    let verified = if file == Path::new("-") { audit::verify(io::stdin().lock())? } else { verified(file)? };
    tell(&verified, "", json)
}

fn verified(path: &Path) -> Result<Verified, Failure> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::not_found(format!("{}: {error}", path.display())),
        _ => at(path, &error),
    })?;
    audit::verify(BufReader::new(file)).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

fn tell(verified: &Verified, of: &str, json: bool) -> Ended {
    let exit = if verified.is_good() { Exit::Done } else { Exit::Failed };
    if json {
        let mut object = json!(verified);
        object["good"] = json!(verified.is_good());
        json_line(&object)?;
        return Ok(exit);
    }
    let mut screen = Screen::new();
    let Verified { log, from, to, records, left_out, faults, more, chain, .. } = verified;
    let left_out = if *left_out > 0 { format!(" and the leaves of {left_out} others") } else { String::new() };
    let what = format!("{records} records{left_out}, positions {from} to {to} of log {log}");
    if verified.is_good() {
        screen.line(Tone::Plain, &format!("{of}good: {what}"))?;
        if let Some(chain) = chain {
            screen.line(Tone::Dim, &format!("chain {chain}"))?;
            let compare =
                "ask the log's owner for the chain at this position, and compare: it is what binds the file to the log";
            screen.line(Tone::Dim, compare)?;
        }
        return Ok(exit);
    }
    faults.iter().try_for_each(|fault| screen.line(Tone::Alarm, &fault.to_string()))?;
    let count = faults.len() as u64 + more;
    let counted = if count == 1 { "1 fault".to_owned() } else { format!("{count} faults") };
    screen.line(Tone::Plain, &format!("{of}not as it was exported, {counted}; {what}"))?;
    Ok(exit)
}

/// Passes on what is written, and remembers how it ends.
struct Ending<W> {
    out: W,
    tail: Vec<u8>,
}

/// More than the last line of an export has, in bytes.
const TAIL: usize = 4096;

impl<W> Ending<W> {
    fn of(out: W) -> Self {
        Self { out, tail: Vec::new() }
    }

    /// Whether the last line of an export was written.
    fn is_whole(&self) -> bool {
        let lines = self.tail.strip_suffix(b"\n").unwrap_or_default();
        lines.rsplit(|byte| *byte == b'\n').next().is_some_and(|last| last.starts_with(br#"{"line":"end""#))
    }
}

impl<W: Write> Write for Ending<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.tail.extend_from_slice(&bytes[..written]);
        let spare = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..spare);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_without_its_last_line_has_broken_off() {
        let whole = |text: &str| {
            let mut ending = Ending::of(Vec::new());
            ending.write_all(text.as_bytes()).unwrap();
            ending.is_whole()
        };
        assert!(whole("{\"line\":\"record\"}\n{\"line\":\"end\",\"records\":1}\n"));
        for broken in ["", "{\"line\":\"record\"}\n", "{\"line\":\"record\"}\n{\"line\":\"end\",\"rec"] {
            assert!(!whole(broken), "{broken}");
        }
    }
}
