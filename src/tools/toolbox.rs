//! All tools of a chat: their list for the model, and the one door through which calls go.

use super::arguments::{check, list};
use super::output::ToolOutput;
use super::tool::{Tool, ToolClass, ToolContext, ToolDescription};
use super::{FindFiles, ListDirectory, ReadFile, RunWorkflow, SearchText, WorkflowStatus, json};
use crate::workspace::nearest;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Tools by name. The list is sorted and its bytes are always the same, so that providers can cache it.
#[derive(Clone, Default)]
pub struct Toolbox {
    tools: BTreeMap<String, Arc<dyn Tool>>,
}

impl fmt::Debug for Toolbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.tools.keys()).finish()
    }
}

impl FromIterator<Arc<dyn Tool>> for Toolbox {
    /// Of two tools with one name the later stays.
    fn from_iter<I: IntoIterator<Item = Arc<dyn Tool>>>(tools: I) -> Self {
        Self { tools: tools.into_iter().map(|tool| (tool.name().to_owned(), tool)).collect() }
    }
}

impl Toolbox {
    /// The tools that only look at the project: `find_files`, `list_directory`, `read_file`, `search_text`.
    pub fn reading() -> Self {
        let tools: [Arc<dyn Tool>; 4] =
            [Arc::new(FindFiles), Arc::new(ListDirectory), Arc::new(ReadFile), Arc::new(SearchText)];
        tools.into_iter().collect()
    }

    /// All tools that there are: those that look, `run_workflow` and `workflow_status`.
    pub fn usual() -> Self {
        let mut toolbox = Self::reading();
        let more: [Arc<dyn Tool>; 2] = [Arc::new(RunWorkflow), Arc::new(WorkflowStatus)];
        toolbox.tools.extend(more.into_iter().map(|tool| (tool.name().to_owned(), tool)));
        toolbox
    }

    /// What the agent of a workflow's step is told: it does the step itself, and starts no workflow.
    pub fn descriptions_of_a_step(&self) -> Vec<ToolDescription> {
        let workflows = [RunWorkflow.name(), WorkflowStatus.name()];
        self.descriptions().into_iter().filter(|tool| !workflows.contains(&tool.name.as_str())).collect()
    }

    /// What a model is told, sorted by name.
    pub fn descriptions(&self) -> Vec<ToolDescription> {
        self.tools
            .values()
            .map(|tool| ToolDescription {
                name: tool.name().to_owned(),
                description: tool.description().to_owned(),
                parameters: tool.parameters(),
            })
            .collect()
    }

    /// The names of all tools, sorted.
    pub fn names(&self) -> Vec<String> {
        self.tools.keys().cloned().collect()
    }

    /// The tool with exactly this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Tool>> {
        self.tools.get(name)
    }

    /// What running the tool does to the world; an unknown tool does nothing, so it counts as reading.
    pub fn class(&self, name: &str) -> ToolClass {
        self.get(name).map_or(ToolClass::Reading, |tool| tool.class())
    }

    /// The arguments that a model wrote for the tool `name` as JSON text: mended where there is one reading, and checked
    /// against the tool's schema. The error is the answer for the model.
    pub fn arguments(&self, name: &str, text: &str) -> Result<Value, ToolOutput> {
        let tool = self.find(name)?;
        let schema = tool.parameters();
        let refused = |reason: &str| {
            ToolOutput::failed(format!(
                "The arguments of {name} are not valid JSON: {reason}. Send one JSON object of this schema: {schema}"
            ))
        };
        let reading = json::read(text).map_err(|reason| refused(&reason))?;
        // A value that was cut short may be looked for, but must never be written.
        if reading.cut && tool.class() != ToolClass::Reading {
            return Err(refused("they end too early, perhaps at the limit of the answer's length"));
        }
        check(name, &schema, reading.arguments).map_err(ToolOutput::failed)
    }

    /// Runs the tool `name` with the arguments that a model wrote, JSON text. An unknown name, bad arguments and
    /// whatever goes wrong inside are answered with an output whose outcome is `failed`.
    pub async fn run(&self, name: &str, arguments: &str, context: &ToolContext) -> ToolOutput {
        if context.cancel.is_cancelled() {
            return ToolOutput::cancelled();
        }
        match (self.find(name), self.arguments(name, arguments)) {
            (Ok(tool), Ok(arguments)) => tool.run(arguments, context).await,
            (Err(refused), _) | (_, Err(refused)) => refused,
        }
    }

    fn find(&self, name: &str) -> Result<&Arc<dyn Tool>, ToolOutput> {
        self.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.tools.keys().map(String::as_str).collect();
            let near = nearest(name, names.iter().copied());
            let hint = if near.is_empty() { String::new() } else { format!(" Did you mean {}?", near_list(&near)) };
            let known = if names.is_empty() {
                "There are no tools here.".to_owned()
            } else {
                format!("The tools are {}.", list(&names))
            };
            ToolOutput::failed(format!("There is no tool `{name}`.{hint} {known}"))
        })
    }
}

fn near_list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}
