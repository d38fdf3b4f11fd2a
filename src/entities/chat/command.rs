//! What may be asked of a chat, and why it may be refused.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{brief::Brief, event::Origin};
use crate::entities::{attachment::Attachment, body::Body};

/// A request to a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Command {
    /// Begins a chat in a session.
    OpenChat {
        /// The session.
        session: Uuid,
        /// The project that the session works on.
        project: Uuid,
        /// What it is called.
        #[serde(default)]
        title: Arc<str>,
        /// The model that answers.
        model: Arc<str>,
        /// The agent; `default` where absent.
        #[serde(default = "default_agent")]
        agent: Arc<str>,
        /// How many tokens one turn may take; 5,000,000 where absent.
        #[serde(default = "default_token_budget")]
        token_budget: u64,
        /// What it came from, where no person and no program opened it: only the server itself says so.
        #[serde(skip)]
        #[schemars(skip)]
        origin: Option<Origin>,
        /// The JSON Schema of the answer that is wanted, where a text will not do: only the server itself asks for one.
        #[serde(skip)]
        #[schemars(skip)]
        answer: Option<Body>,
        /// What its agent is told and may do: only the server itself says so.
        #[serde(skip)]
        #[schemars(skip)]
        brief: Option<Arc<Brief>>,
    },
    /// Says something; it waits if a turn is open.
    PostMessage {
        /// The id of the message; a fresh one where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Uuid>,
        /// What is said; it may be empty where something is attached.
        text: Body,
        /// The files that go with it, at most 20, each stored by `POST /api/attachments` before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
    },
    /// Takes a waiting message back.
    UnqueueMessage {
        /// The message.
        message: Uuid,
    },
    /// Stops the open turn; what was written stays.
    CancelTurn {},
    /// Gives the chat another title, of 1 to 200 characters.
    RenameChat {
        /// The title.
        title: Arc<str>,
    },
    /// Has another model answer from the next model call on.
    ConfigureChat {
        /// The model.
        model: Arc<str>,
    },
    /// Has the model sum up what was said so far: from then on it is sent the summary. People still see everything.
    CompactChat {},
    /// Puts the chat away; it stays readable, and a message brings it back.
    ArchiveChat {},
    /// Brings the chat back.
    UnarchiveChat {},
}

fn default_agent() -> Arc<str> {
    "default".into()
}

/// How many tokens one turn may take where nobody says otherwise.
pub const TOKEN_BUDGET: u64 = 5_000_000;

fn default_token_budget() -> u64 {
    TOKEN_BUDGET
}

/// Why a chat refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The chat is there already.
    #[error("this chat is open already: post a message to it, or open another under a new id")]
    AlreadyOpen,
    /// There is no such chat.
    #[error("there is no such chat: open it first")]
    NotOpen,
    /// A message without text.
    #[error("the message is empty: write something")]
    EmptyMessage,
    /// Too many files.
    #[error("a message takes at most {0} files: send the rest with another")]
    TooManyAttachments(usize),
    /// The name of a file does not fit.
    #[error("the name of an attached file has 1 to 200 characters on one line")]
    BadAttachment,
    /// The id belongs to another message.
    #[error("a message with the id {0} is there already: send each message under an id of its own")]
    MessageKnown(Uuid),
    /// The message does not wait.
    #[error("no message with the id {0} is waiting: it was sent or taken back before")]
    NotQueued(Uuid),
    /// Too many messages wait.
    #[error("{0} messages are waiting already: let the agent work, or take some back")]
    QueueFull(usize),
    /// No turn is open.
    #[error("no turn is open: there is nothing to stop")]
    NoTurn,
    /// Nothing was said since the last summary.
    #[error("there is nothing to sum up yet: it would leave nothing out")]
    NothingToCompact,
    /// A turn is open.
    #[error("a turn is open: stop it, or archive the chat when it has ended")]
    TurnOpen,
    /// The title does not fit.
    #[error("a title has 1 to 200 characters")]
    BadTitle,
    /// The name of the model does not fit.
    #[error("a model's name has 1 to 200 characters, as openai/gpt-5 or offline")]
    BadModel,
    /// The name of the agent does not fit.
    #[error("an agent's name has 1 to 200 characters, as default")]
    BadAgent,
}

impl replay::decider::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyOpen => "already_open",
            Self::NotOpen => "not_open",
            Self::EmptyMessage => "empty_message",
            Self::TooManyAttachments(_) => "too_many_attachments",
            Self::BadAttachment => "bad_attachment",
            Self::MessageKnown(_) => "message_known",
            Self::NotQueued(_) => "not_queued",
            Self::QueueFull(_) => "queue_full",
            Self::NoTurn => "no_turn",
            Self::NothingToCompact => "nothing_to_compact",
            Self::TurnOpen => "turn_open",
            Self::BadTitle => "bad_title",
            Self::BadModel => "bad_model",
            Self::BadAgent => "bad_agent",
        }
    }
}
