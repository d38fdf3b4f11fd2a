//! What an agent may do: one file per tool, and the [`Toolbox`] that finds a tool by name, reads the arguments a model
//! wrote, and runs it.
//!
//! A tool answers with text made for a model: compact, with the path and line of everything, and honest about what was
//! left out and how to get it. A tool never fails as a call: what goes wrong is an output, too, whose outcome is
//! `failed` and whose text says what to do.
//!
//! ```text
//! Toolbox::run("read_file", r#"{"path": "src/main.rs"}"#, &context) -> ToolOutput { outcome, text, truncated, … }
//! ```

mod arguments;
mod find_files;
mod globs;
mod json;
mod list_directory;
mod matches;
mod output;
mod read_file;
mod search_text;
#[cfg(test)]
mod tests;
mod text;
mod tool;
mod toolbox;
mod workflows;

pub use find_files::FindFiles;
pub use list_directory::ListDirectory;
pub use output::{MAX_TEXT_BYTES, ToolOutcome, ToolOutput};
pub use read_file::ReadFile;
pub use search_text::SearchText;
pub use tool::{Running, Tool, ToolClass, ToolContext, ToolDescription};
pub use toolbox::Toolbox;
pub use workflows::{Answering, RunWorkflow, WorkflowStatus, Workflows};
