//! How a kind's events become records and come back.

use std::sync::Arc;

use serde::{
    Deserializer, Serialize,
    de::{
        DeserializeOwned, DeserializeSeed, IntoDeserializer as _, MapAccess, Visitor,
        value::{BorrowedStrDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::value::RawValue;

use crate::record::{Data, NewRecord, Record};

/// A closed enum of facts, written by serde as `{"type": NAME, "data": {…}}` (adjacently tagged, every variant with fields).
pub trait Event: Serialize + DeserializeOwned + Clone + Send + 'static {
    /// The version of an event type that this code writes, from 1.
    fn version(name: &str) -> u16 {
        let _ = name;
        1
    }

    /// Reads an event that an older version of its type wrote; `None` where the present form reads it too, as with fields that
    /// were added and have defaults. A type that has another name now is of a version that nobody writes any more.
    ///
    /// ```
    /// # use replay::event::{Event, Old};
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Clone, Serialize, Deserialize)]
    /// #[serde(tag = "type", content = "data")]
    /// enum Door {
    ///     /// Since version 2, in any number of colors.
    ///     Painted { colors: Vec<String> },
    /// }
    ///
    /// #[derive(Deserialize)]
    /// struct Painted1 {
    ///     color: String,
    /// }
    ///
    /// impl Event for Door {
    ///     fn version(name: &str) -> u16 {
    ///         if name == "Painted" { 2 } else { 1 }
    ///     }
    ///
    ///     fn upcast(old: &Old<'_>) -> Option<Result<Self, serde_json::Error>> {
    ///         match (old.name, old.version) {
    ///             ("Painted", 1) => Some(old.read(|was: Painted1| Self::Painted { colors: vec![was.color] })),
    ///             _ => None,
    ///         }
    ///     }
    /// }
    /// ```
    fn upcast(old: &Old<'_>) -> Option<Result<Self, serde_json::Error>> {
        let _ = old;
        None
    }

    /// What `evolve` meets in the place of an event whose data was redacted, or `None` if the kind folds over it.
    fn redacted(name: &str) -> Option<Self> {
        let _ = name;
        None
    }
}

/// An event as an older version of its type wrote it.
#[derive(Debug, Clone, Copy)]
pub struct Old<'a> {
    /// The name of its type then.
    pub name: &'a str,
    /// The version of its type then.
    pub version: u16,
    data: &'a RawValue,
}

impl Old<'_> {
    /// What it says, read in the form that it had then and put as it is said now.
    ///
    /// # Errors
    /// It does not have that form.
    pub fn read<T: DeserializeOwned, E>(&self, now: impl FnOnce(T) -> E) -> Result<E, serde_json::Error> {
        serde_json::from_str(self.data.get()).map(now)
    }
}

/// An event's name and data, as the log keeps them.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// The name of its type.
    pub kind: Arc<str>,
    /// The version of its type.
    pub version: u16,
    /// Its data.
    pub data: Data,
}

/// Why an event could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The event is of a type or version that this code does not know: a newer version wrote it.
    #[error(
        "`{kind}` version {version} was written by a newer version of Reenact: update this one to go on with the stream"
    )]
    Unknown {
        /// The name of its type.
        kind: Arc<str>,
        /// The version of its type.
        version: u16,
    },
    /// The event is not of the form its type has.
    #[error("`{kind}` does not have the form of its type: {source}")]
    Form {
        /// The name of its type.
        kind: Arc<str>,
        /// What serde says.
        source: serde_json::Error,
    },
}

/// Writes an event.
///
/// # Errors
/// The event is not adjacently tagged, or cannot be JSON at all.
pub fn encode<E: Event>(event: &E) -> Result<Encoded, EventError> {
    let form = |source| EventError::Form { kind: std::any::type_name::<E>().into(), source };
    let text = serde_json::to_string(event).map_err(form)?;
    // serde writes the tag first, then the content: both can be cut out without parsing the data again.
    let cut = || {
        let rest = text.strip_prefix(r#"{"type":""#)?;
        let (name, rest) = rest.split_once('"')?;
        let data = rest.strip_prefix(r#","data":"#)?.strip_suffix('}')?;
        Some((name, data))
    };
    let (name, data) = cut().ok_or_else(|| form(serde::ser::Error::custom("an event is written as {type, data}")))?;
    let raw = RawValue::from_string(data.to_owned()).map_err(form)?;
    Ok(Encoded { kind: name.into(), version: E::version(name), data: Data::Json(raw.into()) })
}

/// Reads an event; `None` for redacted data that the kind folds over.
///
/// # Errors
/// The type, its version or its form is not known here.
pub fn decode<E: Event>(record: &Record) -> Result<Option<E>, EventError> {
    decode_new(&record.event)
}

/// Reads an event that is not in the log yet, as [`decode`] does.
///
/// # Errors
/// The same as those of `decode`.
pub fn decode_new<E: Event>(record: &NewRecord) -> Result<Option<E>, EventError> {
    let (kind, version) = (&record.kind, record.version);
    let Data::Json(data) = &record.data else {
        return Ok(E::redacted(kind));
    };
    let known = E::version(kind);
    if version > known {
        return Err(EventError::Unknown { kind: kind.clone(), version });
    }
    if version < known
        && let Some(event) = E::upcast(&Old { name: kind, version, data })
    {
        return event.map(Some).map_err(|source| EventError::Form { kind: kind.clone(), source });
    }
    E::deserialize(Tagged { parts: [Part::Tag(kind), Part::Content(data)], read: 0 }).map(Some).map_err(|source| {
        // An unknown variant is news from a later version; anything else is a damaged or foreign record.
        if source.to_string().starts_with("unknown variant") {
            EventError::Unknown { kind: kind.clone(), version }
        } else {
            EventError::Form { kind: kind.clone(), source }
        }
    })
}

/// Name and data as the one map `{"type": NAME, "data": {…}}`, without writing that map down first: folding a stream decodes
/// every event of it.
struct Tagged<'de> {
    parts: [Part<'de>; 2],
    read: usize,
}

#[derive(Clone, Copy)]
enum Part<'de> {
    Tag(&'de str),
    Content(&'de RawValue),
}

impl<'de> Deserializer<'de> for Tagged<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Tagged<'de> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        let key: StrDeserializer<'_, Self::Error> = match self.parts.get(self.read) {
            Some(Part::Tag(_)) => "type".into_deserializer(),
            Some(Part::Content(_)) => "data".into_deserializer(),
            None => return Ok(None),
        };
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Self::Error> {
        let part = self.parts.get(self.read).copied();
        self.read += 1;
        match part {
            Some(Part::Tag(kind)) => seed.deserialize(BorrowedStrDeserializer::new(kind)),
            Some(Part::Content(data)) => seed.deserialize(data),
            None => Err(serde::de::Error::custom("an event is read as {type, data}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use uuid::Uuid;

    use super::*;
    use crate::ids::{By, Micros, Position, Revision};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    enum Door {
        /// Since version 2 with a note, and since version 3 in American.
        Painted {
            color: Color,
            note: String,
        },
        /// Was called `Unlocked`.
        Opened {},
        Bare,
    }

    #[derive(Deserialize)]
    struct Painted2 {
        colour: Color,
        #[serde(default)]
        note: String,
    }

    #[derive(Deserialize)]
    struct Unlocked {}

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Color {
        Red,
    }

    impl Event for Door {
        fn version(name: &str) -> u16 {
            match name {
                "Painted" => 3,
                "Unlocked" => 2,
                _ => 1,
            }
        }

        fn upcast(old: &Old<'_>) -> Option<Result<Self, serde_json::Error>> {
            match (old.name, old.version) {
                ("Painted", 1 | 2) => Some(old.read(|Painted2 { colour, note }| Self::Painted { color: colour, note })),
                ("Unlocked", 1) => Some(old.read(|Unlocked {}| Self::Opened {})),
                _ => None,
            }
        }

        fn redacted(name: &str) -> Option<Self> {
            (name == "Painted").then_some(Self::Opened {})
        }
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type")]
    enum Flat {
        Opened { by: u32 },
    }

    impl Event for Flat {}

    fn record(kind: &str, version: u16, data: Data) -> Record {
        let (id, by, kind) = (Uuid::nil(), By::system(), kind.into());
        let (cause, corr, cmd, copy_of) = (None, None, None, None);
        let event = NewRecord { id, at: Micros(0), kind, version, by, cause, corr, cmd, copy_of, data };
        let stream = "door/1".parse().unwrap();
        Record { position: Position(0), revision: Revision(0), stream, event }
    }

    fn json(text: &str) -> Data {
        Data::Json(RawValue::from_string(text.into()).unwrap().into())
    }

    #[test]
    fn an_event_comes_back_as_it_was_written() {
        let tricky = r#"","data":{}} \ é"#.to_owned();
        for event in [Door::Painted { color: Color::Red, note: tricky }, Door::Opened {}] {
            let Encoded { kind, version, data } = encode(&event).unwrap();
            assert_eq!(version, Door::version(&kind));
            assert_eq!(decode::<Door>(&record(&kind, version, data)).unwrap(), Some(event));
        }
    }

    #[test]
    fn data_stands_without_the_tag() {
        let encoded = encode(&Door::Painted { color: Color::Red, note: "x".into() }).unwrap();
        assert_eq!((&*encoded.kind, encoded.data.json()), ("Painted", r#"{"color":"red","note":"x"}"#));
        assert_eq!(encode(&Door::Opened {}).unwrap().data.json(), "{}");
    }

    #[test]
    fn an_event_without_fields_or_with_its_tag_among_them_is_not_written() {
        assert!(matches!(encode(&Door::Bare), Err(EventError::Form { .. })));
        assert!(matches!(encode(&Flat::Opened { by: 1 }), Err(EventError::Form { .. })));
    }

    #[test]
    fn an_unknown_type_version_or_value_of_a_closed_set_is_from_a_newer_version() {
        let blue = json(r#"{"color":"blue","note":""}"#);
        let unwritten = record("Unlocked", 2, json("{}"));
        let news = [record("Closed", 1, json("{}")), record("Opened", 2, json("{}")), record("Painted", 3, blue)];
        for record in news.into_iter().chain([unwritten]) {
            let error = decode::<Door>(&record).unwrap_err();
            assert!(matches!(error, EventError::Unknown { .. }), "{error}");
        }
    }

    #[test]
    fn what_older_versions_wrote_is_read_as_it_is_said_now() {
        let painted = |note: &str| Some(Door::Painted { color: Color::Red, note: note.into() });
        let read = |kind, version, data| decode::<Door>(&record(kind, version, json(data))).unwrap();
        assert_eq!(read("Painted", 1, r#"{"colour":"red"}"#), painted(""));
        assert_eq!(read("Painted", 2, r#"{"colour":"red","note":"twice"}"#), painted("twice"));
        assert_eq!(read("Painted", 3, r#"{"color":"red","note":"now"}"#), painted("now"));
        assert_eq!(read("Unlocked", 1, "{}"), Some(Door::Opened {}));
    }

    #[test]
    fn what_an_older_version_cannot_have_written_is_damage_and_no_news() {
        for data in [r#"{"color":"red"}"#, r#"{"colour":"blue"}"#, "null"] {
            let error = decode::<Door>(&record("Painted", 1, json(data))).unwrap_err();
            assert!(matches!(error, EventError::Form { .. }), "{data}: {error}");
        }
    }

    #[test]
    fn redacted_data_is_folded_over_or_stands_for_what_the_kind_says() {
        assert_eq!(decode::<Door>(&record("Opened", 1, Data::Redacted)).unwrap(), None);
        assert_eq!(decode::<Door>(&record("Painted", 1, Data::Redacted)).unwrap(), Some(Door::Opened {}));
    }
}
