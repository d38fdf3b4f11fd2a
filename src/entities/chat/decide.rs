//! The answers of a chat to commands from outside.

use std::sync::Arc;

use replay::{
    decider::{Context, Decider},
    digest::digest,
};
use uuid::Uuid;

use super::{
    Chat,
    command::{Command, Rejection},
    context::can_compact,
    event::{Event, Origin, TurnOutcome},
    state::{Message, Queued, State},
};
use crate::entities::{
    attachment::{Attachment, is_name},
    body::Body,
};

/// How many messages may wait.
pub const QUEUE: usize = 100;
/// How many files one message takes.
pub const ATTACHMENTS: usize = 20;

pub(super) fn decide(state: &State, command: Command, context: &Context) -> Result<Vec<Event>, Rejection> {
    if let Command::OpenChat { session, project, title, model, agent, token_budget, origin, answer, brief } = command {
        if state.about.is_some() {
            return Err(Rejection::AlreadyOpen);
        }
        if title.chars().count() > 200 {
            return Err(Rejection::BadTitle);
        }
        check_model(&model)?;
        if !crate::entities::is_title(&agent) {
            return Err(Rejection::BadAgent);
        }
        let origin = origin.unwrap_or(Origin::User);
        return Ok(vec![Event::ChatOpened {
            session,
            project,
            title,
            model,
            agent,
            origin,
            token_budget,
            answer,
            brief,
        }]);
    }
    let Some(about) = &state.about else {
        return Err(Rejection::NotOpen);
    };
    Ok(match command {
        Command::OpenChat { .. } => return Err(Rejection::AlreadyOpen),
        Command::PostMessage { message, text, attachments } => {
            if is_blank(&text) && attachments.is_empty() {
                return Err(Rejection::EmptyMessage);
            }
            if attachments.len() > ATTACHMENTS {
                return Err(Rejection::TooManyAttachments(ATTACHMENTS));
            }
            if !attachments.iter().all(|attachment| is_name(&attachment.name)) {
                return Err(Rejection::BadAttachment);
            }
            let message = message.unwrap_or(context.fresh);
            if knows(state, message) {
                return Err(Rejection::MessageKnown(message));
            }
            if state.turn.is_none() {
                let mut events: Vec<Event> = about.archived.then_some(Event::ChatUnarchived {}).into_iter().collect();
                events.extend(begin_turn(state, message, text, attachments));
                events
            } else if state.queue.len() < QUEUE {
                vec![Event::MessageQueued { message, text, attachments }]
            } else {
                return Err(Rejection::QueueFull(QUEUE));
            }
        }
        Command::UnqueueMessage { message } => {
            if !state.queue.iter().any(|queued| queued.message == message) {
                return Err(Rejection::NotQueued(message));
            }
            vec![Event::MessageUnqueued { message }]
        }
        Command::CancelTurn {} => {
            let Some(turn) = &state.turn else {
                return Err(Rejection::NoTurn);
            };
            let (digest, decider_version) = fingerprint(state);
            let mut events = vec![Event::TurnCancelled { turn: turn.turn, usage: turn.usage, digest, decider_version }];
            events.extend(next_turn(state));
            events
        }
        Command::RenameChat { title } if !crate::entities::is_title(&title) => {
            return Err(Rejection::BadTitle);
        }
        Command::RenameChat { title } => vec![Event::ChatRenamed { title, by_model: None }],
        Command::ConfigureChat { model } => {
            check_model(&model)?;
            if about.model == model { vec![] } else { vec![Event::ChatConfigured { model }] }
        }
        Command::CompactChat {} if state.context.requested || state.context.compaction.is_some() => vec![],
        Command::CompactChat {} if !can_compact(state) => return Err(Rejection::NothingToCompact),
        Command::CompactChat {} => vec![Event::CompactionRequested {}],
        Command::ArchiveChat {} if state.turn.is_some() => return Err(Rejection::TurnOpen),
        Command::ArchiveChat {} if about.archived => vec![],
        Command::ArchiveChat {} => vec![Event::ChatArchived {}],
        Command::UnarchiveChat {} if about.archived => vec![Event::ChatUnarchived {}],
        Command::UnarchiveChat {} => vec![],
    })
}

/// The events that end the open turn with an outcome, and begin the next one if a message waits.
pub(super) fn finish_turn(state: &State, outcome: TurnOutcome) -> Vec<Event> {
    let Some(turn) = &state.turn else {
        return vec![];
    };
    let (digest, decider_version) = fingerprint(state);
    let mut events = vec![Event::TurnFinished { turn: turn.turn, outcome, usage: turn.usage, digest, decider_version }];
    events.extend(next_turn(state));
    events
}

fn next_turn(state: &State) -> Vec<Event> {
    let Some(Queued { message, text, attachments, .. }) = state.queue.front() else {
        return vec![];
    };
    begin_turn(state, *message, text.clone(), attachments.clone())
}

fn begin_turn(state: &State, message: Uuid, text: Body, attachments: Vec<Attachment>) -> Vec<Event> {
    vec![
        Event::MessagePosted { message, text, attachments },
        Event::TurnStarted { turn: state.turns.saturating_add(1), message },
    ]
}

/// Whether there is nothing to read in a text. One that goes on after its head is not judged by the head.
fn is_blank(text: &Body) -> bool {
    let shown = text.shown();
    shown.trim().is_empty() && text.bytes() == shown.len() as u64
}

fn knows(state: &State, message: Uuid) -> bool {
    let posted = |known: &Message| matches!(known, Message::User(posted) if posted.message == message);
    state.queue.iter().any(|queued| queued.message == message) || state.messages.iter().any(posted)
}

fn check_model(model: &str) -> Result<(), Rejection> {
    if crate::entities::is_title(model) { Ok(()) } else { Err(Rejection::BadModel) }
}

fn fingerprint(state: &State) -> (Arc<str>, u32) {
    let digest = digest(state).expect("a chat's state is plain JSON: its keys are strings and it holds no floats");
    (digest.into(), Chat::VERSION)
}
