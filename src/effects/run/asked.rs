//! The step that a call of a script becomes, with what is found for it now: its model, its agent. What is found is recorded,
//! so that what changes later changes nothing of a run in flight.

use std::{path::Path, sync::Arc};

use serde_json::Value;
use workflow::Failure;

use super::{
    super::Effects,
    drive::{LABEL, failed},
};
use crate::{
    agents::{Agent, AgentSource},
    entities::{
        body::head,
        chat::brief::Brief,
        run::{
            event::{Refused, Requested, RunError, StepKind, StepRequest},
            work::Asked,
        },
    },
    workspace::trusted,
};

/// How often a step is tried again at most.
const RETRIES: u32 = 20;
/// What other programs call the tools that there are here.
const SYNONYMS: &[(&str, &str)] =
    &[("read", "read_file"), ("grep", "search_text"), ("glob", "find_files"), ("ls", "list_directory")];

impl Effects {
    /// The step that a call becomes. What is to be said of it goes to `said`.
    pub(super) async fn requested(
        &self,
        about: &Requested,
        step: u32,
        kind: &str,
        payload: String,
        call: String,
        said: &mut Vec<Asked>,
    ) -> Result<(StepRequest, Value), RunError> {
        let given: Value = serde_json::from_str(&payload).unwrap_or_default();
        let text = |key: &str| given[key].as_str().unwrap_or_default();
        let (kind, label) = match kind {
            "agent" => {
                let prompt: String = text("prompt").chars().take(40).collect();
                (StepKind::Agent, given["label"].as_str().map_or_else(|| format!("agent-{prompt}"), str::to_owned))
            }
            "tool" => (StepKind::Tool, text("name").to_owned()),
            "workflow" => (StepKind::Workflow, text("name").to_owned()),
            "approve" => (StepKind::Approve, text("question").to_owned()),
            "sleep" => (StepKind::Sleep, format!("sleep {} ms", given["ms"])),
            other => {
                let what = format!("the script asked for `{other}`, which this version does not know");
                return Err(failed(&Failure::new("UnknownCall", what)));
            }
        };
        let payload = self.bodies.write(payload).await;
        let number = |key: &str| given[key].as_u64().map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        let mut asked = StepRequest {
            step,
            kind,
            call: call.into(),
            payload: payload.map_err(|error| failed(&Failure::new("PayloadLost", error.to_string())))?,
            label: head(label.lines().next().unwrap_or_default(), LABEL).into(),
            phase: given["phase"].as_str().map(|phase| head(phase, LABEL).into()),
            model: None,
            agent: None,
            brief: None,
            refused: None,
            limit_ms: given[if kind == StepKind::Sleep { "ms" } else { "timeout_ms" }].as_u64(),
            retries: number("retries").unwrap_or(0).min(RETRIES),
            key: None,
            basis: None,
            reason: None,
            after: vec![],
        };
        if kind == StepKind::Agent {
            let agent = given["agentType"].as_str().or(given["agent"].as_str());
            if let Err((name, message)) = self.brief(about, &given, agent, &mut asked, said).await {
                asked.refused = Some(Refused { name: name.into(), message: message.into() });
            }
        }
        Ok((asked, given))
    }

    /// Gives an agent its model, and what its definition and the script say of it.
    async fn brief(
        &self,
        about: &Requested,
        given: &Value,
        agent: Option<&str>,
        asked: &mut StepRequest,
        said: &mut Vec<Asked>,
    ) -> Result<(), (&'static str, String)> {
        let mut say = |what: String| said.push(Asked::Line(what.into()));
        let found = match agent {
            Some(name) => Some(self.agent_of(about, name).await.map_err(|why| ("UnknownAgent", why))?),
            None => None,
        };
        asked.agent = found.as_ref().map(|agent| agent.name.as_str().into());
        let named = given["model"].as_str().or(found.as_ref().and_then(|agent| agent.model.as_deref()));
        let (model, other) = self.model_of(about, named);
        if let Some(other) = other {
            say(other);
        }
        let info = self.providers.resolve(&model).map(|found| found.info).unwrap_or_default();
        for wanted in given["capabilities"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let has = match wanted {
                "vision" => info.images == Some(true),
                "read" => info.tools != Some(false),
                _ => false,
            };
            if !has {
                let what =
                    format!("the agent is to have `{wanted}`, and `{model}` with the tools that there are has not");
                return Err(("MissingCapability", what));
            }
        }
        asked.model = Some(model);
        let given_tools =
            given["tools"].as_array().map(|tools| tools.iter().filter_map(Value::as_str).collect::<Vec<_>>());
        let of_agent = found.as_ref().and_then(|agent| agent.tools.as_ref());
        let of_agent = of_agent.map(|tools| tools.iter().map(String::as_str).collect::<Vec<_>>());
        let tools = match (of_agent.map(|names| self.tools_of(&names)), given_tools.map(|names| self.tools_of(&names)))
        {
            (None, None) => None,
            (Some((known, unknown)), None) | (None, Some((known, unknown))) => Some((known, unknown)),
            (Some((agents, _)), Some((mut known, unknown))) => {
                known.retain(|tool| agents.contains(tool));
                Some((known, unknown))
            }
        };
        if let Some((known, unknown)) = tools.as_ref().filter(|(_, unknown)| !unknown.is_empty()) {
            let left = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            say(format!("{}: there are no tools {} here; it has {left}", asked.label, unknown.join(", ")));
        }
        let effort = given["effort"].as_str().map(|effort| match effort {
            "minimal" | "low" => "low",
            "high" | "xhigh" | "max" => "high",
            _ => "medium",
        });
        let number = |key: &str| given[key].as_u64().map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        let instructions = match found {
            Some(agent) => {
                let kept = self.bodies.write(agent.instructions).await;
                Some(kept.map_err(|error| ("AgentError", format!("what it is told could not be kept: {error}")))?)
            }
            None => None,
        };
        let brief = Brief {
            instructions,
            tools: tools.map(|(known, _)| known.into_iter().map(Into::into).collect()),
            effort: effort.map(Into::into),
            tool_calls: number("max_tool_calls"),
            model_calls: number("max_tool_iters").map(|calls| calls.max(1)),
            output_tokens: given["budget"].as_u64(),
            folder: None,
        };
        asked.brief = (brief != Brief::default()).then(|| Arc::new(brief));
        Ok(())
    }

    /// The agent of a name. What the project brings itself must be trusted as it is now.
    async fn agent_of(&self, about: &Requested, name: &str) -> Result<Agent, String> {
        let (project, agents, name) = (self.project(about.project).await?, self.agents.clone(), name.to_owned());
        let looked = tokio::task::spawn_blocking(move || {
            let folder = Path::new(&*project.path);
            let found = agents.find(folder, &name).map_err(|error| error.to_string())?;
            if found.source == AgentSource::Project {
                let shown = trusted::survey(folder).map_err(|error| error.to_string())?;
                if project.trusted.as_deref() != Some(&*shown.digest) {
                    return Err(format!(
                        "the agent `{name}` comes from the project's own files, and the project is not trusted as it is now: \
                         look at them and trust it (`reenact trust`, or the project's settings on the page)"
                    ));
                }
            }
            Ok(found)
        });
        looked.await.map_err(|error| error.to_string())?
    }

    /// Of these names of tools, those that there are here, as they are called here, and the others.
    fn tools_of(&self, names: &[&str]) -> (Vec<String>, Vec<String>) {
        let (mut known, mut unknown) = (vec![], vec![]);
        for name in names {
            let ours =
                SYNONYMS.iter().find(|(theirs, _)| name.eq_ignore_ascii_case(theirs)).map_or(*name, |(_, ours)| ours);
            match self.toolbox.get(ours) {
                Some(_) => known.push(ours.to_owned()),
                None => unknown.push((*name).to_owned()),
            }
        }
        known.sort();
        known.dedup();
        (known, unknown)
    }

    /// The model of an agent: the one that the script names, if there is such a one here, else that of the run. What a
    /// script calls by a name of another tool is no error: scripts are brought from elsewhere.
    fn model_of(&self, about: &Requested, named: Option<&str>) -> (Arc<str>, Option<String>) {
        match named {
            None | Some("inherit") => (about.model.clone(), None),
            Some(named) if self.providers.resolve(named).is_ok() => (named.into(), None),
            // The names of sizes that scripts for Claude Code use.
            Some(named @ ("haiku" | "sonnet" | "opus"))
                if self.providers.resolve(&format!("anthropic/{named}")).is_ok() =>
            {
                (format!("anthropic/{named}").into(), None)
            }
            Some(named) => {
                let said = format!("the model `{named}` is not known here: `{}` is asked instead", about.model);
                (about.model.clone(), Some(said))
            }
        }
    }
}
