//! What a page needs of a chat: its head, the open turn and the last messages.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    context::Context,
    state::{About, Message, Queued, State, Turn},
};
use crate::entities::usage::Usage;

/// How many messages stand in a view; older ones are read page by page.
pub const MESSAGES: usize = 50;

/// What a page needs of a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct View {
    /// What the chat is; `null` before it is open.
    pub about: Option<About>,
    /// The last messages, oldest first; what follows from events is appended.
    pub messages: Vec<Message>,
    /// The index, in the whole conversation, of the first message here; there are older ones if it is above 0.
    pub first: u64,
    /// The messages that wait.
    pub queue: VecDeque<Queued>,
    /// The open turn.
    pub turn: Option<Turn>,
    /// How many turns there were, the open one included.
    pub turns: u32,
    /// What all turns took, and what naming the chat and summing it up took.
    pub usage: Usage,
    /// How much of the conversation the model is sent, and how full that makes its window.
    pub context: Context,
}

/// A page of older messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessagesPage {
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// The index of the first of them in the whole conversation.
    pub first: u64,
}

pub(super) fn view(state: &State) -> View {
    let page = page(state, state.messages.len(), MESSAGES);
    View {
        about: state.about.clone(),
        messages: page.messages,
        first: page.first,
        queue: state.queue.clone(),
        turn: state.turn.clone(),
        turns: state.turns,
        usage: state.usage,
        context: state.context.clone(),
    }
}

/// The `limit` messages before an index.
pub fn page(state: &State, before: usize, limit: usize) -> MessagesPage {
    let end = before.min(state.messages.len());
    let start = end.saturating_sub(limit);
    MessagesPage { messages: state.messages[start..end].iter().map(shown).collect(), first: start as u64 }
}

/// A message without what only a provider understands.
fn shown(message: &Message) -> Message {
    match message {
        Message::Call(call) if call.provider_data.is_some() => {
            let mut call = call.clone();
            call.provider_data = None;
            Message::Call(call)
        }
        message => message.clone(),
    }
}

/// The index of the message with an id: a person's message by its own, a model call as `3.2`.
pub fn index_of(state: &State, id: &str) -> Option<usize> {
    state.messages.iter().position(|message| match message {
        Message::User(posted) => posted.message.to_string() == id,
        Message::Call(call) => call.call.to_string() == id,
        Message::End(_) => false,
    })
}
