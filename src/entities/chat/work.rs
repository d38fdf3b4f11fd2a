//! What a chat wants done outside, and what comes back.

use std::{collections::BTreeMap, sync::Arc};

use replay::{
    decider::{Class, EffectKey, Lane, Want},
    ids::Micros,
};
use serde::{Deserialize, Serialize};

use super::{
    context,
    event::{CallError, ProviderData, Stop, ToolClass, ToolOutcome},
    ids::{CallId, ToolCallId},
    state::{CallState, State, ToolCall, ToolState},
    title,
};
use crate::entities::{body::Body, usage::Usage};

/// Outside work of a chat. What it needs to know stands in the state at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Ask the model.
    CallModel {
        /// The call.
        call: CallId,
    },
    /// Run a tool.
    RunTool {
        /// The tool call.
        tool_call: ToolCallId,
    },
    /// Ask the model for a summary in the place of what is earlier.
    Compact {
        /// Which summary of the chat, from 1.
        number: u32,
    },
    /// Ask the model for a title.
    GiveTitle {
        /// Which try, from 1.
        number: u32,
    },
    /// Wait before asking the model again.
    Wait {
        /// The call that failed.
        call: CallId,
        /// Until when.
        until: Micros,
    },
}

/// What a model call streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    /// Reasoning, from an offset in bytes of UTF-8.
    Reasoning {
        /// Where it begins.
        offset: u64,
        /// The piece.
        text: Arc<str>,
    },
    /// Text, from an offset in bytes of UTF-8.
    Text {
        /// Where it begins.
        offset: u64,
        /// The piece.
        text: Arc<str>,
    },
}

/// What work ends with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The model answered.
    Answered(Box<Answer>),
    /// The model call failed.
    CallFailed(CallError),
    /// The tool has its answer.
    ToolEnded {
        /// How it ended.
        outcome: ToolOutcome,
        /// What the model is told.
        output: Body,
        /// From start to end, in ms.
        latency_ms: u64,
        /// The output leaves something out.
        truncated: bool,
    },
    /// The model wrote a summary.
    Summed(Summed),
    /// The model wrote a title.
    Titled(Titled),
    /// The wait is over.
    Elapsed,
}

/// What a model wrote when it was asked for a summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summed {
    /// What it wrote.
    pub summary: Body,
    /// What it took.
    pub usage: Usage,
    /// From the request to the last byte, in ms.
    pub latency_ms: u64,
}

/// What a model wrote when it was asked for a title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Titled {
    /// What it wrote.
    pub text: Arc<str>,
    /// What it took.
    pub usage: Usage,
    /// From the request to the last byte, in ms.
    pub latency_ms: u64,
}

/// What a model answered, besides what it streamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Why it stopped.
    pub stop: Stop,
    /// What it took.
    pub usage: Usage,
    /// The numbers as the provider gave them.
    pub raw_usage: Option<serde_json::Value>,
    /// What the provider gave with it and wants back.
    pub provider_data: Option<ProviderData>,
    /// From the request to the last byte, in ms.
    pub latency_ms: u64,
    /// How many tokens the model takes, prompt and answer together, where that is known.
    pub window: Option<u64>,
    /// The whole text as a blob, where it is too long for the state.
    pub text: Option<Body>,
    /// The whole reasoning as a blob, where it is too long for the state.
    pub reasoning: Option<Body>,
    /// The tools it asks for, in order.
    pub tools: Vec<ToolRequest>,
    /// How much of it was streamed; `None` where nothing was.
    pub streamed: Option<Streamed>,
}

/// How much of an answer was streamed, in bytes of UTF-8. A disk that failed may have taken pieces back that were written
/// and not yet durable: then less of it stands in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streamed {
    /// Its reasoning.
    pub reasoning: u64,
    /// Its text.
    pub text: u64,
}

/// A tool that a model asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolRequest {
    /// The provider's id of it; may be empty.
    pub provider_id: Arc<str>,
    /// The tool.
    pub name: Arc<str>,
    /// The arguments as the model wrote them.
    pub arguments: Body,
    /// Whether a second performance would do harm.
    pub class: ToolClass,
}

/// The part of a model's name before the slash; the whole where there is none.
pub fn provider_of(model: &str) -> &str {
    model.split('/').next().unwrap_or(model)
}

pub(super) fn wants(state: &State) -> BTreeMap<EffectKey, Want<Work>> {
    // While a summary is made, no call begins.
    let mut wants = context::want(state).map_or_else(|| turn_wants(state), |want| BTreeMap::from([want]));
    wants.extend(title::want(state));
    wants
}

fn turn_wants(state: &State) -> BTreeMap<EffectKey, Want<Work>> {
    let (Some(about), Some(call)) = (&state.about, state.current()) else {
        return BTreeMap::new();
    };
    let lane = |name: String| Lane { name: name.into(), group: about.session.to_string().into() };
    match &call.state {
        CallState::Open => {
            let work = Work::CallModel { call: call.call };
            let lane = lane(format!("model/{}", provider_of(&call.model)));
            let want = Want { class: Class::Repeat, begun: call.attempt, lane, since: call.since, work };
            BTreeMap::from([(key(work_name::CALL, call.call), want)])
        }
        CallState::Failed { retry_at: Some(until), .. } => {
            let work = Work::Wait { call: call.call, until: *until };
            let want = Want { class: Class::Free, begun: None, lane: lane("timers".into()), since: call.since, work };
            BTreeMap::from([(key(work_name::WAIT, call.call), want)])
        }
        CallState::Finished { .. } => {
            let open = call.tool_calls.iter().filter(|tool| !tool.is_finished());
            open.map(|tool| (key(work_name::TOOL, tool.tool_call), want_tool(tool, lane("tools".into())))).collect()
        }
        CallState::Failed { retry_at: None, .. } | CallState::Cancelled => BTreeMap::new(),
    }
}

fn want_tool(tool: &ToolCall, lane: Lane) -> Want<Work> {
    let class = match tool.class {
        ToolClass::Repeat => Class::Repeat,
        ToolClass::Once => Class::Once,
        ToolClass::Keyed => Class::Keyed,
    };
    let begun = match tool.state {
        ToolState::Started { attempt, .. } => Some(attempt),
        ToolState::Requested | ToolState::Finished { .. } => None,
    };
    Want { class, begun, lane, since: tool.since, work: Work::RunTool { tool_call: tool.tool_call } }
}

mod work_name {
    pub const CALL: &str = "call";
    pub const TOOL: &str = "tool";
    pub const WAIT: &str = "wait";
}

fn key(name: &str, id: impl std::fmt::Display) -> EffectKey {
    EffectKey::new(format!("{name}/{id}"))
}
