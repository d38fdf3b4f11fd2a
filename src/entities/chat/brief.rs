//! What an agent is told and may do beyond what every agent is and does: who opens a chat for it says so, once.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    event::Limit,
    state::{State, Turn},
};
use crate::entities::body::Body;

/// What an agent is told and may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Brief {
    /// What it is told besides what every agent is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Body>,
    /// The only tools that it may use; all that there are where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<Arc<str>>>,
    /// How much its model is to reason: `low`, `medium` or `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Arc<str>>,
    /// How many tools it may call in a turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u32>,
    /// How often its model may be called in a turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_calls: Option<u32>,
    /// How many output tokens it may take in a turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// The folder that it works in, where that is not the project's own: a worktree of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<Arc<str>>,
}

impl Brief {
    /// Whether it may use a tool.
    pub fn admits(&self, tool: &str) -> bool {
        self.tools.as_ref().is_none_or(|tools| tools.iter().any(|known| **known == *tool))
    }

    /// The limit that a turn has met, before its next model call.
    pub(super) fn met(&self, turn: &Turn, next: u32) -> Option<Limit> {
        if let Some(calls) = self.tool_calls.filter(|calls| turn.tools >= *calls) {
            return Some(Limit::ToolCalls { calls });
        }
        if let Some(budget) = self.output_tokens.filter(|budget| turn.usage.output >= *budget) {
            return Some(Limit::OutputTokens { budget });
        }
        self.model_calls.filter(|calls| next > *calls).map(|calls| Limit::Steps { calls })
    }
}

impl State {
    /// Whether its agent may use a tool.
    pub fn may_use(&self, tool: &str) -> bool {
        self.about.as_ref().and_then(|about| about.brief.as_ref()).is_none_or(|brief| brief.admits(tool))
    }
}
