//! What a model is sent of a conversation. A later prompt begins with the earlier one, so that prefix caches hit; only the
//! request to sum up at a limit, at which no tools may be called, is left out of later ones, and a summary that takes the
//! place of what is earlier begins a new line of prompts.

use std::sync::Arc;

use super::{
    event::{Limit, ProviderData, ToolOutcome},
    state::{Call, CallState, Message, Posted, State, ToolCall, ToolState},
};
use crate::entities::{attachment::Attachment, body::Body};

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// What a person said.
    User {
        /// The text.
        text: Body,
        /// The files that go with it.
        attachments: Vec<Attachment>,
    },
    /// What stands in the place of everything earlier.
    Summary(Body),
    /// What the model said.
    Assistant {
        /// Its reasoning; some providers want it back.
        reasoning: Body,
        /// Its text.
        text: Body,
        /// The tools it asked for.
        tools: Vec<Asked>,
        /// What its provider gave with it, for that provider alone.
        provider_data: Option<ProviderData>,
    },
    /// What a tool answered.
    Tool {
        /// The id under which it was asked for.
        id: Arc<str>,
        /// The tool.
        name: Arc<str>,
        /// The answer.
        output: Body,
        /// What the server adds to it.
        note: Option<&'static str>,
        /// The tool could not do it.
        failed: bool,
    },
}

/// A tool that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The id under which it was asked for.
    pub id: Arc<str>,
    /// The tool.
    pub name: Arc<str>,
    /// The arguments.
    pub arguments: Body,
}

/// So many failed tool calls in a row earn a hint.
pub const MISTAKES_BEFORE_HINT: u32 = 3;

const HINT: &str = "Several tool calls in a row have failed. Read the errors, change the approach, and check names and \
                    paths with list_directory or find_files before the next call.";

/// The messages for the current call.
pub fn prompt(state: &State) -> Vec<Part> {
    let mut parts = past(state, state.messages.len());
    if let Some(limit) = state.turn.as_ref().and_then(|turn| turn.limit.as_ref()) {
        parts.push(Part::User { text: closing(limit).as_str().into(), attachments: vec![] });
    }
    parts
}

/// What a model is sent of the messages before an index: where there is a summary, that first, and the message that is being
/// worked on, whole, if the summary goes beyond it.
pub fn past(state: &State, upto: usize) -> Vec<Part> {
    let mut parts = vec![];
    let from = usize::try_from(state.context.summed_up()).unwrap_or(usize::MAX).min(upto);
    if let Some(summary) = &state.context.summary {
        parts.push(Part::Summary(summary.text.clone()));
        let asked = state.messages[..from].iter().rev().find_map(|message| match message {
            Message::User(posted) if Some(posted.message) == summary.asked => Some(posted),
            Message::User(_) | Message::Call(_) | Message::End(_) => None,
        });
        parts.extend(asked.map(said));
    }
    let mut mistakes = 0;
    for message in &state.messages[from..upto] {
        match message {
            Message::User(posted) => parts.push(said(posted)),
            Message::Call(call) => push_call(&mut parts, call, &mut mistakes),
            Message::End(_) => mistakes = 0,
        }
    }
    parts
}

fn said(posted: &Posted) -> Part {
    Part::User { text: posted.text.clone(), attachments: posted.attachments.clone() }
}

fn push_call(parts: &mut Vec<Part>, call: &Call, mistakes: &mut u32) {
    // What a cut-off or failed attempt wrote is shown to people, never to the model.
    if !matches!(call.state, CallState::Finished { .. } | CallState::Cancelled) {
        return;
    }
    if call.text.is_empty() && call.tool_calls.is_empty() {
        return;
    }
    let id = |tool: &ToolCall| {
        if tool.provider_id.is_empty() { tool.tool_call.to_string().into() } else { tool.provider_id.clone() }
    };
    let asked = |tool: &ToolCall| Asked { id: id(tool), name: tool.name.clone(), arguments: tool.arguments.clone() };
    parts.push(Part::Assistant {
        reasoning: call.reasoning.clone(),
        text: call.text.clone(),
        tools: call.tool_calls.iter().map(asked).collect(),
        provider_data: call.provider_data.clone(),
    });
    for tool in &call.tool_calls {
        let ToolState::Finished { outcome, output, .. } = &tool.state else {
            continue;
        };
        *mistakes = if *outcome == ToolOutcome::Failed { *mistakes + 1 } else { 0 };
        let note = (*mistakes == MISTAKES_BEFORE_HINT).then_some(HINT);
        let failed = *outcome != ToolOutcome::Succeeded;
        parts.push(Part::Tool { id: id(tool), name: tool.name.clone(), output: output.clone(), note, failed });
    }
}

fn closing(limit: &Limit) -> String {
    let met = match limit {
        Limit::Steps { calls } => format!("its limit of {calls} model calls"),
        Limit::DoomLoop { tool, times } => {
            format!("the same call of `{tool}` {times} times in a row")
        }
        Limit::ToolMistakes { times } => format!("{times} failed tool calls in a row"),
        Limit::ToolCalls { calls } => format!("its limit of {calls} tool calls"),
        Limit::OutputTokens { budget } => format!("its budget of {budget} output tokens"),
        Limit::Tokens { budget } => format!("its budget of {budget} tokens"),
    };
    format!(
        "This turn has reached {met} and ends now. No tools are available any more. Sum up for the user: what you found or \
         did, what is still open, and what you would do next. Say that the turn ended because it reached {met}."
    )
}
