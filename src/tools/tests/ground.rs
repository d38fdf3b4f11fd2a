//! A real folder, and the one door to the tools.

use crate::tools::{MAX_TEXT_BYTES, ToolContext, ToolOutcome, ToolOutput, Toolbox};
use crate::workspace::Workspace;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub(super) fn project(files: &[(&str, &str)]) -> TempDir {
    let temp = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = temp.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    temp
}

pub(super) fn context(project: &Path) -> ToolContext {
    let workspace = Arc::new(Workspace::open(project).unwrap());
    ToolContext { workspace, cancel: CancellationToken::new(), workflows: None }
}

pub(super) fn run(project: &TempDir, tool: &str, arguments: &str) -> ToolOutput {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let output = runtime.block_on(Toolbox::reading().run(tool, arguments, &context(project.path())));
    assert!(output.text.len() <= MAX_TEXT_BYTES);
    output
}

#[track_caller]
pub(super) fn text(project: &TempDir, tool: &str, arguments: &str) -> String {
    let output = run(project, tool, arguments);
    assert_eq!(output.outcome, ToolOutcome::Succeeded, "{}", output.text);
    output.text
}

#[track_caller]
pub(super) fn failure(project: &TempDir, tool: &str, arguments: &str) -> String {
    let output = run(project, tool, arguments);
    assert_eq!(output.outcome, ToolOutcome::Failed, "{}", output.text);
    output.text
}

pub(super) fn numbers(count: usize) -> String {
    (1..=count).flat_map(|number| ["line ".to_owned(), number.to_string(), "\n".to_owned()]).collect()
}
