//! A project: a folder under care, and whether what its files name may run.

use std::{collections::BTreeMap, sync::Arc};

use replay::{
    decider::{Context, Decider, EffectCommand, EffectKey, Stale, Want},
    ids::{Micros, derived},
    log::Ack,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::{Uuid, uuid};

use super::nothing::{Nothing, refuse};

/// The namespace in which a project's id is the UUIDv5 of its canonical path. Part of the log's format: it never changes.
pub const NAMESPACE: Uuid = uuid!("6f1d1d5a-1f0e-4c0b-9a5e-2b7c4a9d3e10");

/// The id of the project in the folder of this canonical path.
pub fn id_of(path: &str) -> Uuid {
    derived(NAMESPACE, &[path])
}

/// The rules of projects.
pub enum Project {}

/// A fact in the stream of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// The folder came under care; also again after it had been removed.
    ProjectRegistered {
        /// The folder's canonical path.
        path: Arc<str>,
        /// What it is called, normally the folder's name.
        name: Arc<str>,
        /// Its name in addresses: lower-case letters, digits and hyphens.
        slug: Arc<str>,
    },
    /// It got another name.
    ProjectRenamed {
        /// The name.
        name: Arc<str>,
    },
    /// What its files name may run, as long as the digest is the same.
    ProjectTrusted {
        /// The digest of what was shown.
        digest: Arc<str>,
    },
    /// It may not any more.
    ProjectTrustWithdrawn {},
    /// Answers of steps of its workflows are not given again.
    AnswersForgotten {
        /// Which.
        which: Forget,
    },
    /// The folder is under care no more; nothing of it is touched.
    ProjectRemoved {},
}

/// Answers that are forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Forget {
    /// One.
    Key {
        /// Its key.
        key: Arc<str>,
    },
    /// Those of a run.
    Run {
        /// The run.
        run: Uuid,
    },
    /// Those that were given before a time.
    Before {
        /// The time.
        at: Micros,
    },
    /// All of them.
    All {},
}

impl replay::event::Event for Event {}

/// A request to a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Command {
    /// Takes a folder under care.
    RegisterProject {
        /// The folder's canonical path.
        path: Arc<str>,
        /// What it is called; the folder's name where absent.
        #[serde(default)]
        name: Option<Arc<str>>,
    },
    /// Gives it another name, of 1 to 200 characters.
    RenameProject {
        /// The name.
        name: Arc<str>,
    },
    /// Lets what its files name run.
    TrustProject {
        /// The digest of what was shown.
        digest: Arc<str>,
    },
    /// Takes that back.
    WithdrawTrust {},
    /// Does not give answers of steps again.
    ForgetAnswers {
        /// Which.
        which: Forget,
    },
    /// Gives it up; nothing of the folder is touched.
    RemoveProject {},
}

/// Why a project refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such project.
    #[error("there is no such project: register its folder first")]
    NotRegistered,
    /// The path does not fit.
    #[error("`{0}` is not an absolute path: name the folder from the root")]
    NotAbsolute(Arc<str>),
    /// The name does not fit.
    #[error("a name has 1 to 200 characters")]
    BadName,
    /// The digest is none.
    #[error("a digest is 64 hexadecimal digits: send the one that the project's trust page showed")]
    BadDigest,
    /// The key is none.
    #[error("the key of an answer is 64 hexadecimal digits: `reenact cache ls` lists them")]
    BadKey,
}

impl replay::decider::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotRegistered => "not_registered",
            Self::NotAbsolute(_) => "not_absolute",
            Self::BadName => "bad_name",
            Self::BadDigest => "bad_digest",
            Self::BadKey => "bad_key",
        }
    }
}

/// The state of a project, and what a page sees of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// The folder's canonical path; empty before it is registered.
    pub path: Arc<str>,
    /// What it is called.
    pub name: Arc<str>,
    /// Its name in addresses.
    pub slug: Arc<str>,
    /// The digest of what was trusted.
    pub trusted: Option<Arc<str>>,
    /// It is under care.
    pub registered: bool,
    /// When it came under care.
    pub registered_at: Micros,
}

/// A name as lower-case letters, digits and single hyphens, at most 48 of them; `project` if none are left.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        if slug.len() == 48 {
            break;
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "project".into() } else { slug.into() }
}

impl Decider for Project {
    const KIND: &'static str = "project";
    const VERSION: u32 = 1;
    type State = State;
    type Event = Event;
    type Command = Command;
    type Rejection = Rejection;
    type Work = Nothing;
    type Piece = Nothing;
    type Outcome = Nothing;
    type View = State;

    fn decide(state: &State, command: Command, _: &Context) -> Result<Vec<Event>, Rejection> {
        if let Command::RegisterProject { path, name } = command {
            if !path.starts_with('/') {
                return Err(Rejection::NotAbsolute(path));
            }
            if state.registered {
                return Ok(vec![]);
            }
            let folder = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("root");
            let name = name.unwrap_or_else(|| folder.into());
            if !super::is_title(&name) {
                return Err(Rejection::BadName);
            }
            let slug = slug(&name).into();
            return Ok(vec![Event::ProjectRegistered { path, name, slug }]);
        }
        if !state.registered {
            return Err(Rejection::NotRegistered);
        }
        Ok(match command {
            Command::RegisterProject { .. } => vec![],
            Command::RenameProject { name } if super::is_title(&name) => {
                vec![Event::ProjectRenamed { name }]
            }
            Command::RenameProject { .. } => return Err(Rejection::BadName),
            Command::TrustProject { digest } if !is_digest(&digest) => {
                return Err(Rejection::BadDigest);
            }
            Command::TrustProject { digest } if state.trusted.as_ref() == Some(&digest) => vec![],
            Command::TrustProject { digest } => vec![Event::ProjectTrusted { digest }],
            Command::WithdrawTrust {} if state.trusted.is_none() => vec![],
            Command::WithdrawTrust {} => vec![Event::ProjectTrustWithdrawn {}],
            Command::ForgetAnswers { which: Forget::Key { key } } if !is_digest(&key) => {
                return Err(Rejection::BadKey);
            }
            Command::ForgetAnswers { which } => vec![Event::AnswersForgotten { which }],
            Command::RemoveProject {} => vec![Event::ProjectRemoved {}],
        })
    }

    fn settle(_: &State, command: EffectCommand<Nothing, Nothing>, _: &Context) -> Result<Vec<Event>, Stale> {
        Err(refuse(command))
    }

    fn evolve(state: &mut State, event: &Event, at: Micros) {
        match event {
            Event::ProjectRegistered { path, name, slug } => {
                state.path = path.clone();
                state.name = name.clone();
                state.slug = slug.clone();
                state.registered = true;
                state.registered_at = at;
            }
            Event::ProjectRenamed { name } => state.name = name.clone(),
            Event::ProjectTrusted { digest } => state.trusted = Some(digest.clone()),
            Event::ProjectTrustWithdrawn {} => state.trusted = None,
            // What is known of answers is a projection of its own.
            Event::AnswersForgotten { .. } => {}
            Event::ProjectRemoved {} => {
                state.registered = false;
                state.trusted = None;
            }
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

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::given::given;

    fn registered() -> Event {
        Event::ProjectRegistered { path: "/code/My App".into(), name: "My App".into(), slug: "my-app".into() }
    }

    fn register(path: &str) -> Command {
        Command::RegisterProject { path: path.into(), name: None }
    }

    #[test]
    fn a_project_is_named_after_its_folder() {
        given::<Project>([]).when(register("/code/My App")).then([registered()]);
        given::<Project>([]).when(register("code")).then_rejected(Rejection::NotAbsolute("code".into()));
        let blank = Command::RegisterProject { path: "/x".into(), name: Some(" ".into()) };
        given::<Project>([]).when(blank).then_rejected(Rejection::BadName);
    }

    #[test]
    fn registering_again_changes_nothing_and_brings_a_removed_one_back() {
        given::<Project>([registered()]).when(register("/code/My App")).then([]);
        given::<Project>([registered(), Event::ProjectRemoved {}]).when(register("/code/My App")).then([registered()]);
    }

    #[test]
    fn a_project_that_is_not_there_takes_nothing() {
        given::<Project>([]).when(Command::RemoveProject {}).then_rejected(Rejection::NotRegistered);
        given::<Project>([registered(), Event::ProjectRemoved {}])
            .when(Command::WithdrawTrust {})
            .then_rejected(Rejection::NotRegistered);
        given::<Project>([registered()]).when(Command::RemoveProject {}).then([Event::ProjectRemoved {}]);
    }

    #[test]
    fn a_project_can_be_renamed() {
        let rename = |name: &str| Command::RenameProject { name: name.into() };
        given::<Project>([registered()]).when(rename("Two")).then([Event::ProjectRenamed { name: "Two".into() }]);
        given::<Project>([registered()]).when(rename("")).then_rejected(Rejection::BadName);
    }

    #[test]
    fn trust_is_given_to_a_digest_and_taken_back() {
        let digest: Arc<str> = "ab".repeat(32).into();
        let trust = Command::TrustProject { digest: digest.clone() };
        let trusted = Event::ProjectTrusted { digest };
        given::<Project>([registered()]).when(trust.clone()).then([trusted.clone()]);
        given::<Project>([registered(), trusted.clone()]).when(trust).then([]);
        given::<Project>([registered(), trusted])
            .when(Command::WithdrawTrust {})
            .then([Event::ProjectTrustWithdrawn {}]);
        given::<Project>([registered()]).when(Command::WithdrawTrust {}).then([]);
        given::<Project>([registered()])
            .when(Command::TrustProject { digest: "yes".into() })
            .then_rejected(Rejection::BadDigest);
    }

    #[test]
    fn a_slug_has_letters_digits_and_single_hyphens() {
        assert_eq!(slug("  My -- App 2! "), "my-app-2");
        assert_eq!(slug("日本"), "project");
        assert_eq!(slug(&"x".repeat(80)).len(), 48);
    }

    #[test]
    fn the_id_of_a_project_is_made_from_its_path_for_ever() {
        // The examples of docs/log-format.md.
        assert_eq!(id_of("/code/app").to_string(), "70c26fb3-3772-5bb4-8592-51488285ba65");
        assert_eq!(id_of("/srv/düne").to_string(), "59aee6b8-ec0c-5d42-b964-37432996bfd6");
    }
}
