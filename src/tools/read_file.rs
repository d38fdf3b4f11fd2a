//! `read_file`: lines of a text file, numbered.

use super::arguments::{schema_of, typed};
use super::output::{Page, ToolOutput, counted, grouped, size};
use super::text::{Lines, Opened, open};
use super::tool::{Running, Tool, ToolClass, ToolContext, on_disk};
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Write;
use std::io;
use tokio_util::sync::CancellationToken;

/// Characters of a line that are shown.
const LINE_CHARACTERS: usize = 2_000;
/// The lines of a file are counted until so many bytes are read; then their number is "at least".
const COUNTED_BYTES: u64 = 64 * 1024 * 1024;

/// Reads lines of a text file.
#[derive(Clone, Copy, Debug)]
pub struct ReadFile;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The file, relative to the project.
    path: String,
    /// The first line to read, from 1.
    #[serde(default = "first_line")]
    #[schemars(range(min = 1))]
    offset: u64,
    /// How many lines to read.
    #[serde(default = "default_limit")]
    #[schemars(range(min = 1, max = 10_000))]
    limit: u64,
}

fn first_line() -> u64 {
    1
}

fn default_limit() -> u64 {
    2_000
}

impl Tool for ReadFile {
    fn name(&self) -> &'static str {
        "read_file"
    }

    fn description(&self) -> &'static str {
        "Reads a text file of the project. Each line is shown as its number, a tab and its text; the number is not part \
         of the file. Reads 2,000 lines or 28 KiB at most at a time: go on with `offset`. Lines over 2,000 characters \
         are cut. To find something in a large file, use search_text first."
    }

    fn parameters(&self) -> Value {
        schema_of::<Arguments>()
    }

    fn class(&self) -> ToolClass {
        ToolClass::Reading
    }

    fn run<'a>(&'a self, arguments: Value, context: &'a ToolContext) -> Running<'a> {
        Box::pin(async move {
            match typed::<Arguments>(arguments) {
                Ok(arguments) => on_disk(context, move |workspace, cancel| read(workspace, cancel, &arguments)).await,
                Err(refused) => ToolOutput::failed(refused),
            }
        })
    }
}

fn read(workspace: &Workspace, cancel: &CancellationToken, wanted: &Arguments) -> ToolOutput {
    let file = match workspace.open_file(&wanted.path) {
        Ok(file) => file,
        Err(error) => return ToolOutput::failed(error.to_string()),
    };
    let path = file.path;
    let failed =
        |error: io::Error| ToolOutput::failed(format!("`{path}` could not be read to its end: {error}. Try again."));
    match open(file.file) {
        Ok(Opened::Text(lines)) => show(&path, lines, cancel, wanted).unwrap_or_else(failed),
        Ok(Opened::Binary(kind)) => ToolOutput::failed(format!(
            "`{path}` is not text but a {kind} of {}; its content is not shown.",
            size(file.bytes)
        )),
        Err(error) => failed(error),
    }
}

fn show(path: &str, mut lines: Lines, cancel: &CancellationToken, wanted: &Arguments) -> io::Result<ToolOutput> {
    let (skipped, ended) = lines.skip(wanted.offset - 1, |_| cancel.is_cancelled())?;
    let mut body: Vec<String> = Vec::new();
    let (mut room, mut full, mut cut, mut lossy, mut carriage_returns) = (Page::default(), false, 0_u64, false, false);
    // The heading is written last, when the number of lines is known; this keeps its place.
    room.line(&format!("{path}: lines {0}-{0} of at least {0}", u64::MAX));
    let mut shown = 0;
    while shown < wanted.limit && !ended && !cancel.is_cancelled() {
        let Some(line) = lines.next(LINE_CHARACTERS, || cancel.is_cancelled())? else {
            break;
        };
        let mut text = format!("{}\t{}", wanted.offset + shown, line.text);
        if let Some(bytes) = line.cut {
            // Writing to a string cannot fail.
            let _ = write!(text, " … [cut: this line has {} bytes]", grouped(bytes));
        }
        if !room.line(&text) {
            full = true;
            break;
        }
        body.push(text);
        shown += 1;
        cut += u64::from(line.cut.is_some());
        lossy |= line.lossy;
        carriage_returns |= line.carriage_return;
    }
    // A line that found no room is passed already.
    let beyond = u64::from(full);
    let (rest, complete) =
        if ended { (0, true) } else { lines.skip(u64::MAX, |bytes| bytes > COUNTED_BYTES || cancel.is_cancelled())? };
    let total = skipped + shown + beyond + rest;
    let count = format!("{}{}", if complete { "" } else { "at least " }, grouped(total));

    if shown == 0 && wanted.offset > 1 {
        return Ok(ToolOutput::failed(format!(
            "`{path}` has {count} {}, so there is nothing at offset {}. Use a smaller offset.",
            if total == 1 { "line" } else { "lines" },
            grouped(wanted.offset)
        )));
    }
    let mut page = Page::default();
    if total == 0 {
        page.line(&format!("{path}: empty file"));
        return Ok(page.finish(false, 0, 0));
    }
    let last = wanted.offset + shown - 1;
    page.line(&format!("{path}: lines {}-{} of {count}", grouped(wanted.offset), grouped(last)));
    for line in &body {
        page.line(line);
    }
    let more = total - last;
    if more > 0 {
        let left = if complete {
            counted(more, "more line", "more lines")
        } else {
            format!("at least {} more lines", grouped(more))
        };
        page.note(&format!("{left}; go on with offset={}", last + 1));
    }
    if cut > 0 {
        page.note(&format!(
            "{} cut after {} characters",
            counted(cut, "line", "lines"),
            grouped(LINE_CHARACTERS as u64)
        ));
    }
    if lossy {
        page.note("some bytes are not UTF-8 and are shown as \u{fffd}");
    }
    if lines.utf16 {
        page.note("the file is UTF-16");
    }
    if carriage_returns {
        page.note("lines end with CR LF");
    }
    Ok(page.finish(more > 0 || cut > 0, shown, total))
}
