//! `run_workflow` and `workflow_status`: an agent has a workflow run, and sees how it goes. What they ask for is done
//! elsewhere, behind [`Workflows`]: a tool knows no runs.

use super::arguments::{schema_of, typed};
use super::output::ToolOutput;
use super::tool::{Running, Tool, ToolClass, ToolContext};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::future::Future;
use std::pin::Pin;

/// What runs workflows for the tools of a chat.
pub trait Workflows: Send + Sync {
    /// Starts one; started already by the same call, it is answered the same.
    fn start(&self, name: String, args: Option<Value>) -> Answering<'_>;
    /// How one stands.
    fn status(&self, run: String) -> Answering<'_>;
}

/// The answer to a tool of workflows, once it is there.
pub type Answering<'a> = Pin<Box<dyn Future<Output = ToolOutput> + Send + 'a>>;

/// Where there are no workflows for the asking.
const NOT_HERE: &str = "A workflow cannot be started or looked at from here: an agent of a workflow does its own step. Do the work \
                        yourself, and say in your answer what else should be done.";

/// Starts a workflow and answers at once.
pub struct RunWorkflow;

impl Tool for RunWorkflow {
    fn name(&self) -> &'static str {
        "run_workflow"
    }

    fn description(&self) -> &'static str {
        "Starts a workflow: a script that directs several agents over this project. Answers at once with its run, while it goes on by \
         itself; `workflow_status` tells how it stands. Use it when the user asks for a workflow or names one. A name that there \
         is none of is answered with all that there are."
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "name": {"type": "string", "description": "The workflow's name."},
                "args": {"type": "object", "description": "Its arguments; which it takes, the list of workflows says."},
            },
            "required": ["name"],
            "additionalProperties": false,
        })
    }

    fn class(&self) -> ToolClass {
        ToolClass::Starting
    }

    fn run<'a>(&'a self, mut arguments: Value, context: &'a ToolContext) -> Running<'a> {
        Box::pin(async move {
            let Some(workflows) = &context.workflows else { return ToolOutput::failed(NOT_HERE) };
            let args = arguments.get_mut("args").map(Value::take).filter(|args| !args.is_null());
            let name = arguments["name"].as_str().unwrap_or_default().trim().trim_start_matches('/').to_owned();
            workflows.start(name, args).await
        })
    }
}

/// How a workflow that was started stands.
pub struct WorkflowStatus;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Status {
    /// The run, as `run_workflow` gave it.
    run: String,
}

impl Tool for WorkflowStatus {
    fn name(&self) -> &'static str {
        "workflow_status"
    }

    fn description(&self) -> &'static str {
        "How a workflow that was started stands: its status, phases, how many steps are done, what it waits for, and its result or \
         error once it is over. Do not ask again and again while it runs: tell the user that it does, and end your turn."
    }

    fn parameters(&self) -> Value {
        schema_of::<Status>()
    }

    fn class(&self) -> ToolClass {
        ToolClass::Reading
    }

    fn run<'a>(&'a self, arguments: Value, context: &'a ToolContext) -> Running<'a> {
        Box::pin(async move {
            let Some(workflows) = &context.workflows else { return ToolOutput::failed(NOT_HERE) };
            match typed::<Status>(arguments) {
                Ok(Status { run }) => workflows.status(run).await,
                Err(why) => ToolOutput::failed(why),
            }
        })
    }
}
