//! A step that calls a tool without a model.

use std::sync::Arc;

use serde_json::Value;

use super::{super::Effects, Done};
use crate::{
    entities::{
        run::{
            event::StepOutcome,
            state::{State, Step},
        },
        usage::Usage,
    },
    host::Job,
    tools::{self, ToolContext},
};

impl Effects {
    /// Calls a tool without a model.
    pub(super) async fn tool(&self, job: &Job, state: &State, step: &Step) -> Done {
        let Some(about) = &state.about else {
            return Done::failed("Internal", "the run is of nothing. This is a bug; please report it.");
        };
        let payload: Value =
            serde_json::from_str(&self.bodies.read(&job.stream, &step.payload).await).unwrap_or_default();
        let name = payload["name"].as_str().unwrap_or_default();
        let workspace = match self.workspace(about.project, about.session, None).await {
            Ok(workspace) => Arc::new(workspace),
            Err(why) => return Done::failed("ToolError", why),
        };
        let context = ToolContext { workspace, cancel: job.cancelled.clone(), workflows: None };
        let output = self.toolbox.run(name, &payload["args"].to_string(), &context).await;
        if output.outcome == tools::ToolOutcome::Failed {
            return Done::failed("ToolError", output.text);
        }
        match self.bodies.write(Value::String(output.text).to_string()).await {
            Ok(value) => Done::ended(StepOutcome::Succeeded { value }, Usage::default()),
            Err(error) => Done::failed("ToolError", format!("its output could not be kept: {error}")),
        }
    }
}
