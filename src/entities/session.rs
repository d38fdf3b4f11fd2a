//! A session: the desk for one stretch of work on a project.

use std::{collections::BTreeMap, sync::Arc};

use replay::{
    decider::{Context, Decider, EffectCommand, EffectKey, Stale, Want},
    ids::Micros,
    log::Ack,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::nothing::{Nothing, refuse};

/// The rules of sessions.
pub enum Session {}

/// A fact in the stream of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// The session began.
    SessionOpened {
        /// The project it works on.
        project: Uuid,
        /// What it is called.
        title: Arc<str>,
        /// The model that new chats ask; the server's default where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<Arc<str>>,
    },
    /// It got another title.
    SessionRenamed {
        /// The title.
        title: Arc<str>,
    },
    /// New chats ask another model.
    SessionConfigured {
        /// The model; the server's default where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<Arc<str>>,
    },
    /// Its panes on the page were arranged.
    PanesArranged {
        /// Which panes, and how they share the space, in the page's own words; empty for one alone.
        panes: Arc<str>,
    },
    /// Its agents may read a folder outside the project.
    ReadAccessGranted {
        /// The folder's canonical path.
        path: Arc<str>,
    },
    /// They may not any more.
    ReadAccessRevoked {
        /// The folder's canonical path.
        path: Arc<str>,
    },
    /// It was put away.
    SessionArchived {},
    /// It was brought back.
    SessionUnarchived {},
}

impl replay::event::Event for Event {}

/// A request to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Command {
    /// Begins a session on a project.
    OpenSession {
        /// The project.
        project: Uuid,
        /// What it is called, at most 200 characters.
        #[serde(default)]
        title: Arc<str>,
        /// The model that new chats ask.
        #[serde(default)]
        model: Option<Arc<str>>,
    },
    /// Gives it another title, of 1 to 200 characters.
    RenameSession {
        /// The title.
        title: Arc<str>,
    },
    /// Sets the model that new chats ask.
    ConfigureSession {
        /// The model; the server's default where absent.
        #[serde(default)]
        model: Option<Arc<str>>,
    },
    /// Remembers how its panes stand on the page.
    ArrangePanes {
        /// Which panes, and how they share the space, in the page's own words, at most 1,000 characters; empty for one alone.
        panes: Arc<str>,
    },
    /// Lets its agents read a folder outside the project.
    GrantReadAccess {
        /// The folder's canonical path.
        path: Arc<str>,
    },
    /// Takes that back.
    RevokeReadAccess {
        /// The folder's canonical path.
        path: Arc<str>,
    },
    /// Puts it away; it stays readable.
    ArchiveSession {},
    /// Brings it back.
    UnarchiveSession {},
}

/// Why a session refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The session is there already.
    #[error("this session is open already: open another under a new id")]
    AlreadyOpen,
    /// There is no such session.
    #[error("there is no such session: open it first")]
    NotOpen,
    /// It was put away.
    #[error("this session is archived: bring it back first, or open another")]
    Archived,
    /// The title does not fit.
    #[error("a title has 1 to 200 characters")]
    BadTitle,
    /// The panes do not fit.
    #[error("the panes of a session are said in at most 1,000 characters")]
    BadPanes,
    /// The path does not fit.
    #[error("`{0}` is not an absolute path: name the folder from the root")]
    NotAbsolute(Arc<str>),
    /// Nothing to take back.
    #[error("`{0}` was not granted: there is nothing to take back")]
    NotGranted(Arc<str>),
}

impl replay::decider::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyOpen => "already_open",
            Self::NotOpen => "not_open",
            Self::Archived => "archived",
            Self::BadTitle => "bad_title",
            Self::BadPanes => "bad_panes",
            Self::NotAbsolute(_) => "not_absolute",
            Self::NotGranted(_) => "not_granted",
        }
    }
}

/// The state of a session, and what a page sees of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// The project it works on; `null` before it is open.
    pub project: Option<Uuid>,
    /// What it is called.
    pub title: Arc<str>,
    /// The model that new chats ask.
    pub model: Option<Arc<str>>,
    /// Folders outside the project that its agents may read.
    pub read_access: Vec<Arc<str>>,
    /// It was put away.
    pub archived: bool,
    /// How its panes stand on the page, in the page's own words; empty for one alone.
    #[serde(default)]
    pub panes: Arc<str>,
    /// When it was opened.
    pub opened_at: Micros,
}

impl Decider for Session {
    const KIND: &'static str = "session";
    const VERSION: u32 = 2;
    type State = State;
    type Event = Event;
    type Command = Command;
    type Rejection = Rejection;
    type Work = Nothing;
    type Piece = Nothing;
    type Outcome = Nothing;
    type View = State;

    fn decide(state: &State, command: Command, _: &Context) -> Result<Vec<Event>, Rejection> {
        if let Command::OpenSession { project, title, model } = command {
            return match state.project {
                Some(_) => Err(Rejection::AlreadyOpen),
                None if title.chars().count() > 200 => Err(Rejection::BadTitle),
                None => Ok(vec![Event::SessionOpened { project, title, model }]),
            };
        }
        if state.project.is_none() {
            return Err(Rejection::NotOpen);
        }
        if state.archived {
            return match command {
                Command::ArchiveSession {} => Ok(vec![]),
                Command::UnarchiveSession {} => Ok(vec![Event::SessionUnarchived {}]),
                _ => Err(Rejection::Archived),
            };
        }
        let granted = |path: &Arc<str>| state.read_access.contains(path);
        Ok(match command {
            Command::OpenSession { .. } => return Err(Rejection::AlreadyOpen),
            Command::RenameSession { title } if super::is_title(&title) => {
                vec![Event::SessionRenamed { title }]
            }
            Command::RenameSession { .. } => return Err(Rejection::BadTitle),
            Command::ConfigureSession { model } => vec![Event::SessionConfigured { model }],
            Command::ArrangePanes { panes } if panes.chars().count() > 1_000 => return Err(Rejection::BadPanes),
            Command::ArrangePanes { panes } if panes == state.panes => vec![],
            Command::ArrangePanes { panes } => vec![Event::PanesArranged { panes }],
            Command::GrantReadAccess { path } if !path.starts_with('/') => {
                return Err(Rejection::NotAbsolute(path));
            }
            Command::GrantReadAccess { path } if granted(&path) => vec![],
            Command::GrantReadAccess { path } => vec![Event::ReadAccessGranted { path }],
            Command::RevokeReadAccess { path } if granted(&path) => {
                vec![Event::ReadAccessRevoked { path }]
            }
            Command::RevokeReadAccess { path } => return Err(Rejection::NotGranted(path)),
            Command::ArchiveSession {} => vec![Event::SessionArchived {}],
            Command::UnarchiveSession {} => vec![],
        })
    }

    fn settle(_: &State, command: EffectCommand<Nothing, Nothing>, _: &Context) -> Result<Vec<Event>, Stale> {
        Err(refuse(command))
    }

    fn evolve(state: &mut State, event: &Event, at: Micros) {
        match event {
            Event::SessionOpened { project, title, model } => {
                state.project = Some(*project);
                state.title = title.clone();
                state.model.clone_from(model);
                state.opened_at = at;
            }
            Event::SessionRenamed { title } => state.title = title.clone(),
            Event::SessionConfigured { model } => state.model.clone_from(model),
            Event::PanesArranged { panes } => state.panes = panes.clone(),
            Event::ReadAccessGranted { path } => state.read_access.push(path.clone()),
            Event::ReadAccessRevoked { path } => state.read_access.retain(|granted| granted != path),
            Event::SessionArchived {} => state.archived = true,
            Event::SessionUnarchived {} => state.archived = false,
        }
    }

    fn wants(_: &State) -> BTreeMap<EffectKey, Want<Nothing>> {
        BTreeMap::new()
    }

    fn ack(_: &Event) -> Ack {
        Ack::Durable
    }

    fn view(state: &State) -> State {
        state.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::given::given;

    fn opened() -> Event {
        Event::SessionOpened { project: Uuid::nil(), title: "Desk".into(), model: None }
    }

    fn open() -> Command {
        Command::OpenSession { project: Uuid::nil(), title: "Desk".into(), model: None }
    }

    #[test]
    fn a_session_opens_once() {
        given::<Session>([]).when(open()).then([opened()]);
        given::<Session>([opened()]).when(open()).then_rejected(Rejection::AlreadyOpen);
    }

    #[test]
    fn nothing_happens_to_a_session_that_is_not_there() {
        given::<Session>([]).when(Command::ArchiveSession {}).then_rejected(Rejection::NotOpen);
    }

    #[test]
    fn a_title_has_1_to_200_characters() {
        let rename = |title: &str| Command::RenameSession { title: title.into() };
        given::<Session>([opened()]).when(rename("New")).then([Event::SessionRenamed { title: "New".into() }]);
        given::<Session>([opened()]).when(rename("  ")).then_rejected(Rejection::BadTitle);
        given::<Session>([opened()]).when(rename(&"x".repeat(201))).then_rejected(Rejection::BadTitle);
    }

    #[test]
    fn the_model_of_new_chats_can_be_set() {
        let model = Some("openai/x".into());
        given::<Session>([opened()])
            .when(Command::ConfigureSession { model: model.clone() })
            .then([Event::SessionConfigured { model }]);
    }

    #[test]
    fn panes_are_remembered_as_they_were_arranged_last() {
        let arrange = |panes: &str| Command::ArrangePanes { panes: panes.into() };
        let arranged = Event::PanesArranged { panes: "row_c/1_c/2".into() };
        given::<Session>([opened()]).when(arrange("row_c/1_c/2")).then([arranged.clone()]);
        given::<Session>([opened(), arranged.clone()]).when(arrange("row_c/1_c/2")).then([]);
        given::<Session>([opened(), arranged]).when(arrange("")).then([Event::PanesArranged { panes: "".into() }]);
        given::<Session>([opened()]).when(arrange(&"x".repeat(1_001))).then_rejected(Rejection::BadPanes);
    }

    #[test]
    fn read_access_is_granted_once_by_absolute_path_and_taken_back() {
        let granted = Event::ReadAccessGranted { path: "/srv/docs".into() };
        let grant = |path: &str| Command::GrantReadAccess { path: path.into() };
        given::<Session>([opened()]).when(grant("/srv/docs")).then([granted.clone()]);
        given::<Session>([opened(), granted.clone()]).when(grant("/srv/docs")).then([]);
        given::<Session>([opened()]).when(grant("docs")).then_rejected(Rejection::NotAbsolute("docs".into()));
        let revoke = Command::RevokeReadAccess { path: "/srv/docs".into() };
        given::<Session>([opened(), granted])
            .when(revoke.clone())
            .then([Event::ReadAccessRevoked { path: "/srv/docs".into() }]);
        given::<Session>([opened()]).when(revoke).then_rejected(Rejection::NotGranted("/srv/docs".into()));
    }

    #[test]
    fn an_archived_session_takes_nothing_until_it_is_brought_back() {
        let history = [opened(), Event::SessionArchived {}];
        given::<Session>(history.clone()).when(Command::ArchiveSession {}).then([]);
        let rename = || Command::RenameSession { title: "x".into() };
        given::<Session>(history.clone()).when(rename()).then_rejected(Rejection::Archived);
        given::<Session>(history.clone()).when(Command::UnarchiveSession {}).then([Event::SessionUnarchived {}]);
        let back = given::<Session>(history.into_iter().chain([Event::SessionUnarchived {}]));
        back.when(rename()).then([Event::SessionRenamed { title: "x".into() }]);
        back.when(Command::UnarchiveSession {}).then([]);
    }
}
