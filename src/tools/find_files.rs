//! `find_files`: files by glob.

use super::arguments::{schema_of, typed};
use super::globs::Globs;
use super::output::{Page, ToolOutput, counted, grouped};
use super::tool::{Running, Tool, ToolClass, ToolContext, on_disk};
use crate::workspace::{Kind, Walk, Workspace};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::time::SystemTime;
use tokio_util::sync::CancellationToken;

/// Files shown at most.
const LIMIT: usize = 200;

/// Finds files by their names.
#[derive(Clone, Copy, Debug)]
pub struct FindFiles;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// A glob, or several: `*.rs` (at any depth), `src/**/*.ts`, `*.{md,txt}`; one that begins with `!` excludes.
    pattern: Globs,
    /// The folder to search, relative to the project.
    #[serde(default = "project")]
    path: String,
    /// `modified`: the latest changed first; `path`: in the order of their paths.
    #[serde(default)]
    sort: Sort,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    #[default]
    Modified,
    Path,
}

fn project() -> String {
    ".".to_owned()
}

impl Tool for FindFiles {
    fn name(&self) -> &'static str {
        "find_files"
    }

    fn description(&self) -> &'static str {
        "Finds files of the project by glob and shows their paths, the latest changed first. Files that ignore files \
         (.gitignore) hide are left out. Shows 200 files at most. To find files by their content, use search_text."
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
                Ok(arguments) => on_disk(context, move |workspace, cancel| find(workspace, cancel, &arguments)).await,
                Err(refused) => ToolOutput::failed(refused),
            }
        })
    }
}

fn find(workspace: &Workspace, cancel: &CancellationToken, wanted: &Arguments) -> ToolOutput {
    let pattern = match wanted.pattern.compile(workspace.root()) {
        Ok(pattern) => pattern,
        Err(refused) => return ToolOutput::failed(refused),
    };
    let start = match workspace.open_directory(&wanted.path) {
        Ok(start) => start,
        Err(error) => return ToolOutput::failed(error.to_string()),
    };
    // The best of all that match, however many match: the heap's greatest is the first to go.
    let mut best: BinaryHeap<(Reverse<Option<SystemTime>>, String, bool)> = BinaryHeap::new();
    let (mut total, mut looked_at) = (0, 0);
    let report = Walk::new(&start, cancel).run(&mut |entry| {
        if entry.kind != Kind::File {
            return ControlFlow::Continue(());
        }
        looked_at += 1;
        if pattern.matches(&entry.path, entry.beneath) {
            total += 1;
            let modified = match wanted.sort {
                Sort::Modified => entry.facts().and_then(|(_, modified)| modified),
                Sort::Path => None,
            };
            best.push((Reverse(modified), entry.path.clone(), entry.lossy));
            if best.len() > LIMIT {
                best.pop();
            }
        }
        ControlFlow::Continue(())
    });

    let mut page = Page::default();
    page.line(&match total {
        0 => format!("no file of {} matches", counted(looked_at, "file", "files")),
        _ => counted(total, "file", "files"),
    });
    let mut listed = 0;
    for (_, path, lossy) in best.into_sorted_vec() {
        if !page.line(&format!("{path}{}", if lossy { "  [name is not UTF-8]" } else { "" })) {
            break;
        }
        listed += 1;
    }
    if listed < total {
        let which = if wanted.sort == Sort::Modified { " (the latest changed)" } else { "" };
        page.note(&format!(
            "{} of {} files are shown{which}; use a narrower pattern or a path",
            grouped(listed),
            grouped(total)
        ));
    }
    if total == 0 && report.ignored > 0 {
        let hidden = counted(report.ignored, "entry was", "entries were");
        page.note(&format!("{hidden} left out by ignore files; to look into a hidden folder, give it as path"));
    }
    if report.unreadable + report.cut > 0 {
        page.note(&format!(
            "{} could not be searched whole",
            counted(report.unreadable + report.cut, "folder", "folders")
        ));
    }
    page.finish(listed < total || report.cut > 0, listed, total)
}
