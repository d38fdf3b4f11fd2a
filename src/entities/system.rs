//! The server's own facts, in the one stream `system/host`: starts, keys, quarantines, what was cut.

use std::{collections::BTreeMap, sync::Arc};

use replay::{
    decider::{Context, Decider, EffectCommand, EffectKey, Stale, Want},
    ids::{Micros, StreamId},
    log::Ack,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::nothing::{Nothing, refuse};

/// The name of the only stream of this kind.
pub const STREAM: &str = "system/host";

/// The stream of the server's own facts.
pub fn stream() -> StreamId {
    STREAM.parse().expect("`system/host` has the form of a stream's name")
}

/// The rules of the server's own facts.
pub enum System {}

/// A fact about the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// It started.
    ServerStarted {
        /// Its version.
        version: Arc<str>,
    },
    /// It stopped in good order.
    ServerStopped {},
    /// A key was made. Only its hash is kept.
    KeyCreated {
        /// Its name, 1 to 40 lower-case letters, digits and hyphens.
        name: Arc<str>,
        /// What it may do.
        role: Role,
        /// The SHA-256 of the key, in lower-case hexadecimal.
        sha256: Arc<str>,
    },
    /// A key is good no more.
    KeyRevoked {
        /// Its name.
        name: Arc<str>,
    },
    /// A key of a provider of models was set. The key itself stands nowhere in the log.
    ProviderKeySet {
        /// The provider.
        provider: Arc<str>,
    },
    /// A key of a provider of models was forgotten.
    ProviderKeyForgotten {
        /// The provider.
        provider: Arc<str>,
    },
    /// At start the end of the log was cut: it had never been acknowledged.
    TailCut {
        /// The number of the segment.
        segment: u64,
        /// From which byte on.
        offset: u64,
        /// How many bytes.
        bytes: u64,
    },
    /// At start a part of the log was found damaged.
    DamageFound {
        /// The number of the segment.
        segment: u64,
        /// From which byte on.
        offset: u64,
        /// What was found.
        what: Arc<str>,
    },
    /// New chats ask another model where nobody names one.
    DefaultModelChosen {
        /// The model; that of the settings where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<Arc<str>>,
    },
    /// What is derived from the log was folded anew.
    DerivedRebuilt {
        /// The projection.
        name: Arc<str>,
        /// Why.
        reason: Arc<str>,
    },
    /// A stream was taken out of service: its state cannot be folded.
    EntityQuarantined {
        /// The stream.
        stream: StreamId,
        /// Why.
        reason: Arc<str>,
    },
    /// A stream is back in service.
    EntityReleased {
        /// The stream.
        stream: StreamId,
    },
}

impl replay::event::Event for Event {}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Read.
    Viewer,
    /// Read and act.
    Operator,
    /// Read, act and configure.
    Admin,
}

/// A request to the server's own stream. The host sends these; clients use the key routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Command {
    /// Notes a start.
    NoteStart {
        /// The server's version.
        version: Arc<str>,
    },
    /// Notes a stop in good order.
    NoteStop {},
    /// Makes a key.
    CreateKey {
        /// Its name.
        name: Arc<str>,
        /// What it may do.
        role: Role,
        /// The SHA-256 of the key.
        sha256: Arc<str>,
    },
    /// Revokes a key.
    RevokeKey {
        /// Its name.
        name: Arc<str>,
    },
    /// Notes that a key of a provider of models was set.
    NoteProviderKeySet {
        /// The provider.
        provider: Arc<str>,
    },
    /// Notes that a key of a provider of models was forgotten.
    NoteProviderKeyForgotten {
        /// The provider.
        provider: Arc<str>,
    },
    /// Notes that the end of the log was cut at start.
    NoteTailCut {
        /// The number of the segment.
        segment: u64,
        /// From which byte on.
        offset: u64,
        /// How many bytes.
        bytes: u64,
    },
    /// Notes damage found at start.
    NoteDamage {
        /// The number of the segment.
        segment: u64,
        /// From which byte on.
        offset: u64,
        /// What was found.
        what: Arc<str>,
    },
    /// Sets the model that new chats ask where nobody names one.
    ChooseDefaultModel {
        /// The model; that of the settings where absent.
        #[serde(default)]
        model: Option<Arc<str>>,
    },
    /// Notes that a projection was folded anew.
    NoteRebuild {
        /// The projection.
        name: Arc<str>,
        /// Why.
        reason: Arc<str>,
    },
    /// Takes a stream out of service.
    Quarantine {
        /// The stream.
        stream: StreamId,
        /// Why.
        reason: Arc<str>,
    },
    /// Brings a stream back into service.
    Release {
        /// The stream.
        stream: StreamId,
    },
}

/// Why the server's own stream refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The name is taken, by a revoked key too: what it did is in the log under that name.
    #[error("a key named `{0}` is or was there: choose another name")]
    KeyKnown(Arc<str>),
    /// There is no such key.
    #[error("there is no key named `{0}`: `reenact key ls` lists them")]
    NoKey(Arc<str>),
    /// The name does not fit.
    #[error("a key's name has 1 to 40 lower-case letters, digits and hyphens")]
    BadName,
    /// The hash is none.
    #[error("a key's hash is 64 hexadecimal digits")]
    BadHash,
    /// The key that signs the owner in.
    #[error("`{0}` is the last admin key that works: make another one before you revoke it")]
    LastAdmin(Arc<str>),
}

impl replay::decider::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::KeyKnown(_) => "key_known",
            Self::NoKey(_) => "no_key",
            Self::BadName => "bad_name",
            Self::BadHash => "bad_hash",
            Self::LastAdmin(_) => "last_admin",
        }
    }
}

/// The state of the server, as its own stream tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// All keys that ever were, by name.
    pub keys: BTreeMap<Arc<str>, Key>,
    /// The streams out of service, and why.
    pub quarantined: BTreeMap<StreamId, Arc<str>>,
    /// How often the server started.
    pub starts: u64,
    /// The model that was chosen for new chats; that of the settings where absent.
    #[serde(default)]
    pub default_model: Option<Arc<str>>,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// What it may do.
    pub role: Role,
    /// Its SHA-256.
    pub sha256: Arc<str>,
    /// When it was made.
    pub created_at: Micros,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
}

impl Key {
    /// Whether it is good.
    pub fn is_good(&self) -> bool {
        self.revoked_at.is_none()
    }
}

impl Decider for System {
    const KIND: &'static str = "system";
    const VERSION: u32 = 2;
    type State = State;
    type Event = Event;
    type Command = Command;
    type Rejection = Rejection;
    type Work = Nothing;
    type Piece = Nothing;
    type Outcome = Nothing;
    type View = View;

    fn decide(state: &State, command: Command, _: &Context) -> Result<Vec<Event>, Rejection> {
        Ok(match command {
            Command::NoteStart { version } => vec![Event::ServerStarted { version }],
            Command::NoteStop {} => vec![Event::ServerStopped {}],
            Command::CreateKey { name, role, sha256 } => {
                if !is_key_name(&name) {
                    return Err(Rejection::BadName);
                }
                if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(Rejection::BadHash);
                }
                if state.keys.contains_key(&name) {
                    return Err(Rejection::KeyKnown(name));
                }
                vec![Event::KeyCreated { name, role, sha256 }]
            }
            Command::RevokeKey { name } => {
                let Some(key) = state.keys.get(&name) else {
                    return Err(Rejection::NoKey(name));
                };
                let good_admin = |key: &Key| key.is_good() && key.role == Role::Admin;
                let others = state.keys.iter().filter(|(other, key)| **other != name && good_admin(key)).count();
                if !key.is_good() {
                    vec![]
                } else if good_admin(key) && others == 0 {
                    return Err(Rejection::LastAdmin(name));
                } else {
                    vec![Event::KeyRevoked { name }]
                }
            }
            Command::NoteProviderKeySet { provider } => vec![Event::ProviderKeySet { provider }],
            Command::NoteProviderKeyForgotten { provider } => vec![Event::ProviderKeyForgotten { provider }],
            Command::NoteTailCut { segment, offset, bytes } => vec![Event::TailCut { segment, offset, bytes }],
            Command::NoteDamage { segment, offset, what } => vec![Event::DamageFound { segment, offset, what }],
            Command::ChooseDefaultModel { model } if model == state.default_model => vec![],
            Command::ChooseDefaultModel { model } => vec![Event::DefaultModelChosen { model }],
            Command::NoteRebuild { name, reason } => vec![Event::DerivedRebuilt { name, reason }],
            Command::Quarantine { stream, reason } if state.quarantined.get(&stream) == Some(&reason) => {
                vec![]
            }
            Command::Quarantine { stream, reason } => {
                vec![Event::EntityQuarantined { stream, reason }]
            }
            Command::Release { stream } if state.quarantined.contains_key(&stream) => {
                vec![Event::EntityReleased { stream }]
            }
            Command::Release { .. } => vec![],
        })
    }

    fn settle(_: &State, command: EffectCommand<Nothing, Nothing>, _: &Context) -> Result<Vec<Event>, Stale> {
        Err(refuse(command))
    }

    fn evolve(state: &mut State, event: &Event, at: Micros) {
        match event {
            Event::ServerStarted { .. } => state.starts += 1,
            Event::ServerStopped {}
            | Event::ProviderKeySet { .. }
            | Event::ProviderKeyForgotten { .. }
            | Event::TailCut { .. }
            | Event::DamageFound { .. }
            | Event::DerivedRebuilt { .. } => {}
            Event::KeyCreated { name, role, sha256 } => {
                let key = Key { role: *role, sha256: sha256.clone(), created_at: at, revoked_at: None };
                state.keys.insert(name.clone(), key);
            }
            Event::KeyRevoked { name } => {
                if let Some(key) = state.keys.get_mut(name) {
                    key.revoked_at = Some(at);
                }
            }
            Event::DefaultModelChosen { model } => state.default_model.clone_from(model),
            Event::EntityQuarantined { stream, reason } => {
                state.quarantined.insert(stream.clone(), reason.clone());
            }
            Event::EntityReleased { stream } => {
                state.quarantined.remove(stream);
            }
        }
    }

    fn wants(_: &State) -> BTreeMap<EffectKey, Want<Nothing>> {
        BTreeMap::new()
    }

    fn ack(_: &Event) -> Ack {
        Ack::Durable
    }

    fn view(state: &State) -> View {
        let info = |(name, key): (&Arc<str>, &Key)| KeyInfo {
            name: name.clone(),
            role: key.role,
            created_at: key.created_at,
            revoked_at: key.revoked_at,
        };
        View {
            keys: state.keys.iter().map(info).collect(),
            quarantined: state.quarantined.clone(),
            starts: state.starts,
            default_model: state.default_model.clone(),
        }
    }
}

/// What a page sees of the server's own stream: no hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct View {
    /// All keys that ever were.
    pub keys: Vec<KeyInfo>,
    /// The streams out of service, and why.
    pub quarantined: BTreeMap<StreamId, Arc<str>>,
    /// How often the server started.
    pub starts: u64,
    /// The model that was chosen for new chats; that of the settings where absent.
    #[serde(default)]
    pub default_model: Option<Arc<str>>,
}

/// A key, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyInfo {
    /// Its name.
    pub name: Arc<str>,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Micros,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
}

fn is_key_name(name: &str) -> bool {
    (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::given::given;

    fn hash() -> Arc<str> {
        "0f".repeat(32).into()
    }

    fn created(name: &str, role: Role) -> Event {
        Event::KeyCreated { name: name.into(), role, sha256: hash() }
    }

    fn create(name: &str) -> Command {
        Command::CreateKey { name: name.into(), role: Role::Viewer, sha256: hash() }
    }

    fn revoke(name: &str) -> Command {
        Command::RevokeKey { name: name.into() }
    }

    #[test]
    fn a_key_has_a_name_of_its_own_for_ever() {
        given::<System>([]).when(create("ci")).then([created("ci", Role::Viewer)]);
        let revoked = Event::KeyRevoked { name: "ci".into() };
        given::<System>([created("ci", Role::Viewer), revoked])
            .when(create("ci"))
            .then_rejected(Rejection::KeyKnown("ci".into()));
        given::<System>([]).when(create("CI!")).then_rejected(Rejection::BadName);
        let bad = Command::CreateKey { name: "ci".into(), role: Role::Viewer, sha256: "x".into() };
        given::<System>([]).when(bad).then_rejected(Rejection::BadHash);
    }

    #[test]
    fn a_key_is_revoked_once_and_the_last_admin_key_never() {
        let owner = created("owner", Role::Admin);
        let ci = created("ci", Role::Viewer);
        let revoked = Event::KeyRevoked { name: "ci".into() };
        given::<System>([owner.clone(), ci.clone()]).when(revoke("ci")).then([revoked.clone()]);
        given::<System>([owner.clone(), ci, revoked]).when(revoke("ci")).then([]);
        given::<System>([owner.clone()]).when(revoke("owner")).then_rejected(Rejection::LastAdmin("owner".into()));
        given::<System>([owner]).when(revoke("nobody")).then_rejected(Rejection::NoKey("nobody".into()));
    }

    #[test]
    fn the_default_model_is_chosen_and_given_back_to_the_settings() {
        let choose = |model: Option<&str>| Command::ChooseDefaultModel { model: model.map(Into::into) };
        let chosen = |model: Option<&str>| Event::DefaultModelChosen { model: model.map(Into::into) };
        given::<System>([]).when(choose(None)).then([]);
        given::<System>([]).when(choose(Some("openai/x"))).then([chosen(Some("openai/x"))]);
        given::<System>([chosen(Some("openai/x"))]).when(choose(Some("openai/x"))).then([]);
        given::<System>([chosen(Some("openai/x"))]).when(choose(None)).then([chosen(None)]);
        assert_eq!(given::<System>([chosen(Some("offline"))]).view().default_model.as_deref(), Some("offline"));
    }

    #[test]
    fn a_view_tells_no_hash() {
        let view = given::<System>([created("owner", Role::Admin)]).view();
        assert!(!serde_json::to_string(&view).unwrap().contains(&*hash()));
    }

    #[test]
    fn a_stream_is_quarantined_until_it_is_released() {
        let stream: StreamId = "chat/x".parse().unwrap();
        let quarantine = Command::Quarantine { stream: stream.clone(), reason: "it panics".into() };
        let quarantined = Event::EntityQuarantined { stream: stream.clone(), reason: "it panics".into() };
        given::<System>([]).when(quarantine.clone()).then([quarantined.clone()]);
        given::<System>([quarantined.clone()]).when(quarantine).then([]);
        let release = Command::Release { stream: stream.clone() };
        given::<System>([quarantined]).when(release.clone()).then([Event::EntityReleased { stream }]);
        given::<System>([]).when(release).then([]);
    }
}
