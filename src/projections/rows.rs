//! The rows of the lists: what a page shows of a project, a session or a chat without opening it.

use std::sync::Arc;

use replay::ids::{Micros, StreamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::entities::{chat::event::Origin, run::event::Parent, usage::Usage};

/// A list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// Folders under care.
    Projects,
    /// Desks.
    Sessions,
    /// Conversations.
    Chats,
    /// Workflows in flight, and those that ended.
    Runs,
}

impl List {
    /// The kind of the streams that its rows stand for.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Projects => "project",
            Self::Sessions => "session",
            Self::Chats => "chat",
            Self::Runs => "run",
        }
    }
}

/// A row of a list, by its `stream` one of four.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Row {
    /// Of a chat.
    Chat(ChatRow),
    /// Of a run.
    Run(RunRow),
    /// Of a session.
    Session(SessionRow),
    /// Of a project.
    Project(ProjectRow),
}

/// A project in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectRow {
    /// Its stream.
    pub stream: StreamId,
    /// Its id, the UUIDv5 of its path.
    pub id: Uuid,
    /// The folder's canonical path.
    pub path: Arc<str>,
    /// What it is called.
    pub name: Arc<str>,
    /// Its name in addresses.
    pub slug: Arc<str>,
    /// What its files name may run, as long as that is what was shown.
    pub trusted: bool,
    /// When it came under care.
    pub registered_at: Micros,
    /// When the row changed last.
    pub updated_at: Micros,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionRow {
    /// Its stream.
    pub stream: StreamId,
    /// Its id.
    pub id: Uuid,
    /// The project it works on.
    pub project: Uuid,
    /// What it is called; as its first chat is, until it is named.
    pub title: Arc<str>,
    /// Somebody gave it that title.
    pub named: bool,
    /// The model that new chats ask; the server's default where `null`.
    pub model: Option<Arc<str>>,
    /// It was put away.
    pub archived: bool,
    /// How its panes stand on the page, in the page's own words; empty for one alone.
    #[serde(default)]
    pub panes: Arc<str>,
    /// How many chats it has.
    pub chats: u64,
    /// The first of them; `null` until there is one.
    pub first_chat: Option<Uuid>,
    /// When it was opened.
    pub opened_at: Micros,
    /// When the row changed last, a chat of it included.
    pub updated_at: Micros,
}

/// A chat in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatRow {
    /// Its stream.
    pub stream: StreamId,
    /// Its id.
    pub id: Uuid,
    /// The session it belongs to.
    pub session: Uuid,
    /// The project that the session works on.
    pub project: Uuid,
    /// What it is called; empty until it is named.
    pub title: Arc<str>,
    /// The model that answers.
    pub model: Arc<str>,
    /// What it came from.
    pub origin: Origin,
    /// How many turns there were, the open one included.
    pub turns: u32,
    /// How it stands.
    pub state: ChatState,
    /// The first 120 characters of the newest message of a person or a program; the names of its files where it has no text.
    pub last: Arc<str>,
    /// What all turns that ended took, and what naming the chat took; in a fork, those of its own.
    pub usage: Usage,
    /// It was put away.
    pub archived: bool,
    /// When it was opened.
    pub opened_at: Micros,
    /// When the row changed last.
    pub updated_at: Micros,
}

/// How a chat stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatState {
    /// The last turn was answered, or there was none.
    Idle,
    /// A turn is open.
    Running,
    /// It waits for a person: the last turn met a limit.
    Waiting,
    /// The last turn ended with an error.
    Failed,
    /// The last turn was stopped.
    Cancelled,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunRow {
    /// Its stream.
    pub stream: StreamId,
    /// Its id.
    pub id: Uuid,
    /// The session it belongs to.
    pub session: Uuid,
    /// The project that the session works on.
    pub project: Uuid,
    /// The workflow's name.
    pub workflow: Arc<str>,
    /// What it does.
    pub description: Arc<str>,
    /// The model of agents for which it names none.
    pub model: Arc<str>,
    /// The step of another run that it is.
    pub parent: Option<Parent>,
    /// How it stands.
    pub state: RunStatus,
    /// Questions of it that nobody has answered.
    pub questions: u32,
    /// How many steps it asked for.
    pub steps: u32,
    /// How many of them have an answer.
    pub settled: u32,
    /// What they took.
    pub usage: Usage,
    /// When it was requested.
    pub requested_at: Micros,
    /// When it ended.
    pub ended_at: Option<Micros>,
    /// When the row changed last.
    pub updated_at: Micros,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// It waits for its turn.
    Queued,
    /// It goes on.
    Running,
    /// No more steps begin.
    Paused,
    /// It came to its result.
    Finished,
    /// It failed, or is not what it was.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl Row {
    /// The list it stands in.
    pub fn list(&self) -> List {
        match self {
            Self::Project(_) => List::Projects,
            Self::Session(_) => List::Sessions,
            Self::Chat(_) => List::Chats,
            Self::Run(_) => List::Runs,
        }
    }

    /// The stream it stands for.
    pub fn stream(&self) -> &StreamId {
        match self {
            Self::Project(row) => &row.stream,
            Self::Session(row) => &row.stream,
            Self::Chat(row) => &row.stream,
            Self::Run(row) => &row.stream,
        }
    }

    /// The project it belongs to, or is.
    pub fn project(&self) -> Uuid {
        match self {
            Self::Project(row) => row.id,
            Self::Session(row) => row.project,
            Self::Chat(row) => row.project,
            Self::Run(row) => row.project,
        }
    }

    /// The session it belongs to, or is.
    pub fn session(&self) -> Option<Uuid> {
        match self {
            Self::Project(_) => None,
            Self::Session(row) => Some(row.id),
            Self::Chat(row) => Some(row.session),
            Self::Run(row) => Some(row.session),
        }
    }

    /// Whether it was put away.
    pub fn archived(&self) -> bool {
        match self {
            Self::Project(_) | Self::Run(_) => false,
            Self::Session(row) => row.archived,
            Self::Chat(row) => row.archived,
        }
    }

    /// Whether it is part of something else, and stands in no list: the chat of a step.
    pub fn is_part(&self) -> bool {
        match self {
            Self::Chat(row) => matches!(row.origin, Origin::Run { .. }),
            Self::Run(row) => row.parent.is_some(),
            Self::Project(_) | Self::Session(_) => false,
        }
    }

    /// When it began: lists are ordered by this, the newest first.
    pub fn began(&self) -> Micros {
        match self {
            Self::Project(row) => row.registered_at,
            Self::Session(row) => row.opened_at,
            Self::Chat(row) => row.opened_at,
            Self::Run(row) => row.requested_at,
        }
    }
}
