//! Runs a tool for a chat.

use std::{sync::Arc, time::Instant};

use super::{
    Effects, structured,
    workflows::{Asking, may_start},
};
use crate::{
    entities::chat::{self, answer::SUBMIT, event::ToolOutcome, ids::ToolCallId},
    host::Job,
    tools::{self, ToolContext, ToolOutput, Workflows},
};

impl Effects {
    pub(super) async fn run_tool(&self, job: &Job, state: &chat::State, id: ToolCallId) -> chat::Outcome {
        let began = Instant::now();
        let ToolOutput { outcome, text, truncated, .. } = self.tool_output(job, state, id).await;
        let outcome = match outcome {
            tools::ToolOutcome::Succeeded => ToolOutcome::Succeeded,
            tools::ToolOutcome::Failed => ToolOutcome::Failed,
        };
        let latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match self.bodies.write(text).await {
            Ok(output) => chat::Outcome::ToolEnded { outcome, output, latency_ms, truncated },
            Err(error) => {
                let output =
                    format!("The tool's output could not be kept: {error}. Ask for less of it.").as_str().into();
                chat::Outcome::ToolEnded { outcome: ToolOutcome::Failed, output, latency_ms, truncated: false }
            }
        }
    }

    async fn tool_output(&self, job: &Job, state: &chat::State, id: ToolCallId) -> ToolOutput {
        let (Some(about), Some(tool)) = (&state.about, state.tool_call(id)) else {
            return ToolOutput::failed("The chat has no such tool call. This is a bug; please report it.");
        };
        let arguments = self.bodies.read(&job.stream, &tool.arguments).await;
        if let Some(schema) = about.answer.as_ref().filter(|_| &*tool.name == SUBMIT) {
            return structured::submitted(&self.bodies.read(&job.stream, schema).await, &arguments);
        }
        // The list that its model was shown is no lock: a name can be made up.
        if !state.may_use(&tool.name) {
            let what = format!("The tool `{}` is not for this agent. Go on with those that you were given.", tool.name);
            return ToolOutput::failed(what);
        }
        let workspace = match self.workspace(about.project, about.session, about.brief.as_deref()).await {
            Ok(workspace) => Arc::new(workspace),
            Err(why) => return ToolOutput::failed(why),
        };
        let workflows = may_start(about).then(|| -> Arc<dyn Workflows> {
            Arc::new(Asking {
                effects: self.clone(),
                host: job.host.clone(),
                chat: job.stream.clone(),
                about: about.clone(),
                model: state.current().map_or_else(|| about.model.clone(), |call| call.model.clone()),
                call: id,
            })
        });
        let context = ToolContext { workspace, cancel: job.cancelled.clone(), workflows };
        self.toolbox.run(&tool.name, &arguments, &context).await
    }
}
