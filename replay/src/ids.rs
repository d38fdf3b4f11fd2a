//! Names and numbers: streams, revisions, positions, times, and who did something.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// The name of a stream, `kind/id`: a kind of 1 to 16 lower-case letters, an id of 1 to 64 lower-case letters, digits and hyphens.
///
/// Cheap to clone. Ids are UUIDs, except for the few streams that exist once, such as `system/host`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "String", extend("pattern" = "^[a-z]{1,16}/[a-z0-9-]{1,64}$"))]
pub struct StreamId(Arc<str>);

/// A text that is not the name of a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a stream: write KIND/ID, as chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c")]
pub struct BadStreamId(pub String);

impl StreamId {
    /// The stream of an entity: its kind and its UUID.
    pub fn new(kind: &str, id: Uuid) -> Self {
        Self(format!("{kind}/{id}").into())
    }

    /// What stands before the slash.
    pub fn kind(&self) -> &str {
        self.0.split_once('/').map_or("", |(kind, _)| kind)
    }

    /// What stands after the slash.
    pub fn id(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, id)| id)
    }

    /// The id as a UUID, where it is one.
    pub fn uuid(&self) -> Option<Uuid> {
        self.id().parse().ok()
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StreamId {
    type Err = BadStreamId;

    fn from_str(text: &str) -> Result<Self, BadStreamId> {
        let bad = || BadStreamId(text.chars().take(100).collect());
        let (kind, id) = text.split_once('/').ok_or_else(bad)?;
        let kind_fits = (1..=16).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_lowercase());
        let id_fits = (1..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if kind_fits && id_fits { Ok(Self(text.into())) } else { Err(bad()) }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for StreamId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The first.
            pub const ZERO: Self = Self(0);

            /// The one after this; the last there can be is its own next, as numbers may come from outside.
            #[must_use]
            pub fn next(self) -> Self {
                self.plus(1)
            }

            /// The one that is `n` further on, at most the last there can be.
            #[must_use]
            pub fn plus(self, n: u64) -> Self {
                Self(self.0.saturating_add(n))
            }

            /// The one before this, if there is one.
            pub fn before(self) -> Option<Self> {
                self.0.checked_sub(1).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

number! {
    /// An event's number within its stream, from 0.
    Revision
}
number! {
    /// An event's number within the whole log, from 0. As a head: the number of events before it.
    Position
}

/// A moment: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// The moment this many milliseconds later.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000)))
    }

    /// Milliseconds from `earlier` to this moment; 0 if the clock was set back between them.
    pub fn ms_since(self, earlier: Self) -> u64 {
        u64::try_from((self.0 - earlier.0) / 1000).unwrap_or(0)
    }
}

/// What sort of actor did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ByKind {
    /// A human being, signed in.
    Person = 0,
    /// A model at work in a chat, a run or a task.
    Agent = 1,
    /// A program with an API key.
    Key = 2,
    /// The server itself.
    System = 3,
}

impl ByKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Agent => "agent",
            Self::Key => "key",
            Self::System => "system",
        }
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct By {
    /// The sort of actor.
    pub kind: ByKind,
    /// Its name: `owner`, a key's name, an agent's name, `host`.
    pub id: Arc<str>,
    /// On whose behalf, where that is somebody else.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Arc<str>>,
}

impl By {
    /// A person.
    pub fn person(id: &str) -> Self {
        Self { kind: ByKind::Person, id: id.into(), on_behalf_of: None }
    }

    /// A program that signed in with a key of this name.
    pub fn key(name: &str) -> Self {
        Self { kind: ByKind::Key, id: name.into(), on_behalf_of: None }
    }

    /// The server itself.
    pub fn system() -> Self {
        Self { kind: ByKind::System, id: "host".into(), on_behalf_of: None }
    }

    /// A model at work.
    pub fn agent(id: &str) -> Self {
        Self { kind: ByKind::Agent, id: id.into(), on_behalf_of: None }
    }
}

/// `person:owner`
impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.id)
    }
}

/// The id of a command from outside, chosen by who sent it: 1 to 64 visible ASCII characters.
/// Sent again, it is answered the same and done once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "String", extend("pattern" = "^[!-~]{1,64}$"))]
pub struct CommandId(Arc<str>);

/// A text that cannot be the id of a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a command's id is 1 to 64 visible ASCII characters; a UUID is a good one")]
pub struct BadCommandId;

impl CommandId {
    /// A fresh one.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7().to_string().into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CommandId {
    type Err = BadCommandId;

    fn from_str(text: &str) -> Result<Self, BadCommandId> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self(text.into())) } else { Err(BadCommandId) }
    }
}

impl<'de> Deserialize<'de> for CommandId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The UUIDv5 of inputs under one namespace: the inputs joined by NUL, as UTF-8.
pub fn derived(namespace: Uuid, inputs: &[&str]) -> Uuid {
    Uuid::new_v5(&namespace, inputs.join("\0").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_a_kind_and_an_id() {
        let stream: StreamId = "chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c".parse().unwrap();
        assert_eq!(stream.kind(), "chat");
        assert!(stream.uuid().is_some());
        assert_eq!("system/host".parse::<StreamId>().unwrap().uuid(), None);
    }

    #[test]
    fn what_is_no_stream_is_refused_with_an_example() {
        for bad in ["", "chat", "chat/", "/x", "Chat/x", "chat/X", "chat/../x", "chat/a/b", "averyveryverylongkind/x"] {
            let error = bad.parse::<StreamId>().unwrap_err();
            assert!(error.to_string().contains("KIND/ID"), "{bad}");
        }
    }

    #[test]
    fn derived_ids_are_those_of_the_documentation() {
        let namespace = Uuid::NAMESPACE_DNS;
        let documentation = include_str!("../../docs/log-format.md");
        for inputs in [&["one"][..], &["chat", "call-7"], &["a", "", "b"], &["größe", "日本"]] {
            assert!(documentation.contains(&derived(namespace, inputs).to_string()), "{inputs:?}");
        }
    }

    #[test]
    fn times_never_run_backwards() {
        assert_eq!(Micros(5_000).ms_since(Micros(2_000)), 3);
        assert_eq!(Micros(2_000).ms_since(Micros(5_000)), 0);
        assert_eq!(Micros(0).plus_ms(u64::MAX), Micros(i64::MAX));
    }
}
