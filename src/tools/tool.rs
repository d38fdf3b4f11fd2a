//! What a tool is.

use super::output::ToolOutput;
use super::workflows::Workflows;
use crate::workspace::Workspace;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::pin::Pin;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What running a tool does to the world; decides whether it may be run again after a crash, and whether it needs to
/// be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolClass {
    /// Only looks; may be run again at any time.
    Reading,
    /// Changes something; runs at most once.
    Writing,
    /// Starts something that is named after the call: run again, it is there already.
    Starting,
}

/// What a model is told about a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolDescription {
    /// Lower case with underscores.
    pub name: String,
    /// What it does and when to use it, for the model.
    pub description: String,
    /// JSON Schema of the arguments, an object.
    pub parameters: Value,
}

/// What a call may use.
#[derive(Clone)]
pub struct ToolContext {
    /// The project's files.
    pub workspace: Arc<Workspace>,
    /// Cancelled when the call is to stop; the tool then answers soon that it was cancelled.
    pub cancel: CancellationToken,
    /// What runs workflows; `None` where none may be run.
    pub workflows: Option<Arc<dyn Workflows>>,
}

/// A call that runs. Dropping it stops the work soon.
pub type Running<'a> = Pin<Box<dyn Future<Output = ToolOutput> + Send + 'a>>;

/// Something an agent may do.
pub trait Tool: Send + Sync {
    /// The name that a model calls it by; lower case with underscores.
    fn name(&self) -> &str;
    /// What it does and when to use it, for the model.
    fn description(&self) -> &str;
    /// JSON Schema of its arguments: an object with `properties`. The same at every call.
    fn parameters(&self) -> Value;
    /// What running it does to the world.
    fn class(&self) -> ToolClass;
    /// Runs it with arguments that satisfy its schema. What goes wrong is told in the output.
    fn run<'a>(&'a self, arguments: Value, context: &'a ToolContext) -> Running<'a>;
}

/// Runs `work`, which waits for the disk, on a thread that may wait. When the future is dropped or the context
/// cancelled, the token that `work` gets is cancelled.
pub(super) async fn on_disk<W>(context: &ToolContext, work: W) -> ToolOutput
where
    W: FnOnce(&Workspace, &CancellationToken) -> ToolOutput + Send + 'static,
{
    let workspace = Arc::clone(&context.workspace);
    let cancel = context.cancel.child_token();
    let _stops_when_dropped = cancel.clone().drop_guard();
    let done = tokio::task::spawn_blocking(move || {
        let output = work(&workspace, &cancel);
        if cancel.is_cancelled() { ToolOutput::cancelled() } else { output }
    });
    done.await.unwrap_or_else(|error| {
        ToolOutput::failed(format!("The tool broke off inside: {error}. Try another way, and report this as a bug."))
    })
}
