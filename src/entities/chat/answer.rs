//! An answer with a shape: where a text will not do, the model hands its answer in through a tool.

use super::{
    event::ToolOutcome,
    state::{Message, State, ToolCall, ToolState},
};

/// The tool through which an answer is handed in.
pub const SUBMIT: &str = "submit_answer";
/// How often an answer may be handed in that does not fit.
pub const TRIES: usize = 5;

fn submitted(state: &State) -> impl DoubleEndedIterator<Item = &ToolCall> {
    let calls = state.messages.iter().filter_map(|message| match message {
        Message::Call(call) => Some(&call.tool_calls),
        Message::User(_) | Message::End(_) => None,
    });
    calls.flatten().filter(|tool| &*tool.name == SUBMIT)
}

fn ended(tool: &ToolCall, with: ToolOutcome) -> bool {
    matches!(&tool.state, ToolState::Finished { outcome, .. } if *outcome == with)
}

/// The answer that was handed in and fits; `None` in a chat that wants a text.
pub fn answer(state: &State) -> Option<&ToolCall> {
    state.about.as_ref()?.answer.as_ref()?;
    submitted(state).rfind(|tool| ended(tool, ToolOutcome::Succeeded))
}

/// Whether an answer was handed in that fits.
pub fn has_answer(state: &State) -> bool {
    answer(state).is_some()
}

/// How many answers were handed in that do not fit.
pub fn misfits(state: &State) -> usize {
    submitted(state).filter(|tool| ended(tool, ToolOutcome::Failed)).count()
}
