//! `list_directory`: the entries of a folder, as a tree.

use super::arguments::{schema_of, typed};
use super::output::{Page, ToolOutput, counted, grouped, size};
use super::tool::{Running, Tool, ToolClass, ToolContext, on_disk};
use crate::workspace::{Entry, Kind, Order, Walk, Workspace, shown};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Entries shown at most.
const LIMIT: u64 = 500;

/// Lists a folder.
#[derive(Clone, Copy, Debug)]
pub struct ListDirectory;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The folder, relative to the project.
    #[serde(default = "project")]
    path: String,
    /// How many levels to show; 1 is the folder's own entries.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 20))]
    depth: usize,
}

fn project() -> String {
    ".".to_owned()
}

fn one() -> usize {
    1
}

impl Tool for ListDirectory {
    fn name(&self) -> &'static str {
        "list_directory"
    }

    fn description(&self) -> &'static str {
        "Lists a folder of the project: folders first (their names end with `/`), then files with their sizes. With \
         `depth` over 1 it shows a tree. Entries that ignore files (.gitignore) hide are left out, unless the hidden \
         folder itself is the path. Shows 500 entries at most. To find files by name anywhere, use find_files."
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
                Ok(arguments) => on_disk(context, move |workspace, cancel| list(workspace, cancel, &arguments)).await,
                Err(refused) => ToolOutput::failed(refused),
            }
        })
    }
}

/// Where an entry stands in the tree: for each level whether it is no folder, and the name.
type Place = Vec<(bool, OsString)>;

fn list(workspace: &Workspace, cancel: &CancellationToken, wanted: &Arguments) -> ToolOutput {
    let start = match workspace.open_directory(&wanted.path) {
        Ok(start) => start,
        Err(error) => return ToolOutput::failed(error.to_string()),
    };
    let mut total = 0;
    let mut rows: Vec<(Place, String)> = Vec::new();
    // Level by level, so that what is cut is what lies deepest.
    let report = Walk::new(&start, cancel).order(Order::Breadth).max_depth(wanted.depth).run(&mut |entry| {
        total += 1;
        if total <= LIMIT {
            rows.push((place(entry), row(entry)));
        }
        ControlFlow::Continue(())
    });
    rows.sort_unstable();

    let mut page = Page::default();
    page.line(&match total {
        0 => format!("{}: empty", start.path),
        _ => format!("{}: {}", start.path, counted(total, "entry", "entries")),
    });
    let mut listed = 0;
    for (_, row) in &rows {
        if !page.line(row) {
            break;
        }
        listed += 1;
    }
    if listed < total {
        page.note(&format!(
            "{} of {} entries are shown; list one of the folders, use a smaller depth, or use find_files",
            grouped(listed),
            grouped(total)
        ));
    }
    if report.ignored > 0 {
        let hidden = counted(report.ignored, "entry is", "entries are");
        page.note(&format!("{hidden} hidden by ignore files; to look into a hidden folder, give it as path"));
    }
    if report.unreadable > 0 {
        page.note(&format!("{} could not be read", counted(report.unreadable, "folder", "folders")));
    }
    if report.cut > 0 {
        page.note(&format!(
            "{} too large or too deep to be listed whole",
            counted(report.cut, "folder is", "folders are")
        ));
    }
    page.finish(listed < total || report.cut > 0, listed, total)
}

fn place(entry: &Entry<'_>) -> Place {
    let mut place: Place = entry.beneath.iter().map(|name| (false, name.to_os_string())).collect();
    if let Some((is_no_folder, _)) = place.last_mut() {
        *is_no_folder = entry.kind != Kind::Directory;
    }
    place
}

fn row(entry: &Entry<'_>) -> String {
    let indent = "  ".repeat(entry.depth - 1);
    let name = entry.beneath.file_name().map(|name| shown(Path::new(name)).0).unwrap_or_default();
    let mark = if entry.lossy { "  [name is not UTF-8]" } else { "" };
    match entry.kind {
        Kind::Directory => format!("{indent}{name}/{mark}"),
        Kind::File => {
            let bytes = entry.facts().map(|(bytes, _)| format!("  {}", size(bytes))).unwrap_or_default();
            format!("{indent}{name}{bytes}{mark}")
        }
        Kind::Link => {
            let target = entry.target().map(|target| format!(" -> {}", shown(&target).0)).unwrap_or_default();
            format!("{indent}{name}{target}{mark}")
        }
        Kind::Other => format!("{indent}{name}  [pipe, socket or device]{mark}"),
    }
}
