//! Folds every stream of a log anew and compares the states with the digests that closing events recorded.

use std::collections::HashMap;

use replay::{
    ids::{Revision, StreamId},
    record::Record,
};
use serde::{Deserialize, Serialize};

use super::{AnyEntity, Kind};

/// A log's records on their way through the rules, in the order of the log.
#[derive(Default)]
pub struct Refold {
    /// `None` from the first record on that could not be folded.
    entities: HashMap<StreamId, Option<AnyEntity>>,
    folded: u64,
    compared: u64,
    other_version: u64,
    unknown: u64,
    differences: Vec<Difference>,
}

/// A place where folding the log anew does not give what was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The stream.
    pub stream: StreamId,
    /// The revision of the event that says otherwise, or that cannot be folded.
    pub revision: Revision,
    /// What differs.
    pub what: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, revision {}: {}", self.stream, self.revision, self.what)
    }
}

/// What a closing event says of the state just before it.
#[derive(Deserialize)]
struct Closing<'a> {
    digest: &'a str,
    decider_version: u32,
}

impl Refold {
    /// Folds the next record of the log.
    pub fn apply(&mut self, record: &Record) {
        let stream = &record.stream;
        let entity = self
            .entities
            .entry(stream.clone())
            .or_insert_with(|| Kind::of(stream).map(|kind| AnyEntity::new(kind, stream.clone())));
        let Some(folding) = entity else {
            // Of a kind that only a newer version knows, or behind an event that could not be folded.
            self.unknown += u64::from(Kind::of(stream).is_none());
            return;
        };
        let data = record.event.data.json();
        if let Some(closing) = data.contains("\"decider_version\"").then(|| serde_json::from_str(data).ok()).flatten() {
            match compare(folding, &closing) {
                Outcome::Same => self.compared += 1,
                Outcome::OtherVersion => self.other_version += 1,
                Outcome::Differs(what) => {
                    self.compared += 1;
                    self.differences.push(Difference { stream: stream.clone(), revision: record.revision, what });
                }
            }
        }
        match folding.apply(record) {
            Ok(()) => self.folded += 1,
            Err(error) => {
                *entity = None;
                let what = format!("the stream cannot be folded further: {error}");
                self.differences.push(Difference { stream: stream.clone(), revision: record.revision, what });
            }
        }
    }

    /// How many events were folded.
    pub fn folded(&self) -> u64 {
        self.folded
    }

    /// How many recorded digests were compared.
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// How many recorded digests are of another version of the rules, and so cannot be compared.
    pub fn other_version(&self) -> u64 {
        self.other_version
    }

    /// How many events stand in streams of kinds that only a newer version knows.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// What differs, in the order of the log.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// The entities as they stand after the last record, but for those that could not be folded.
    pub fn entities(&self) -> impl Iterator<Item = &AnyEntity> {
        self.entities.values().flatten()
    }
}

enum Outcome {
    Same,
    OtherVersion,
    Differs(String),
}

fn compare(entity: &AnyEntity, closing: &Closing<'_>) -> Outcome {
    match entity.digest() {
        Err(error) => Outcome::Differs(format!("the state has no digest: {error}")),
        Ok((_, version)) if version != closing.decider_version => Outcome::OtherVersion,
        Ok((digest, _)) if digest == closing.digest => Outcome::Same,
        Ok((digest, version)) => Outcome::Differs(format!(
            "it records the state {}, and folding its stream gives {digest}, both by version {version} of the rules",
            closing.digest
        )),
    }
}

#[cfg(test)]
mod tests {
    use replay::{
        ids::{By, Micros, Position},
        record::{Data, NewRecord},
    };
    use serde_json::{Value, json};

    use super::*;

    fn record(stream: &str, revision: u64, kind: &str, data: &Value) -> Record {
        let event = NewRecord {
            id: uuid::Uuid::nil(),
            at: Micros(1),
            kind: kind.into(),
            version: 1,
            by: By::system(),
            cause: None,
            corr: None,
            cmd: None,
            copy_of: None,
            data: Data::Json(serde_json::value::to_raw_value(data).unwrap().into()),
        };
        let (position, revision) = (Position(revision), Revision(revision));
        Record { position, revision, stream: stream.parse().unwrap(), event }
    }

    fn started(stream: &str) -> Record {
        record(stream, 0, "ServerStarted", &json!({"version": "1"}))
    }

    /// A state that was digested, and the number of an event in `system/host` that says so: the rules fold over unknown fields.
    fn closing(stream: &str, digest: &str, version: u32) -> Record {
        record(stream, 1, "ServerStarted", &json!({"version": "1", "digest": digest, "decider_version": version}))
    }

    fn digest_after_start() -> (String, u32) {
        let mut entity = AnyEntity::new(Kind::System, "system/host".parse().unwrap());
        entity.apply(&started("system/host")).unwrap();
        entity.digest().unwrap()
    }

    #[test]
    fn the_digest_of_the_state_just_before_is_confirmed() {
        let (digest, version) = digest_after_start();
        let mut refold = Refold::default();
        refold.apply(&started("system/host"));
        refold.apply(&closing("system/host", &digest, version));
        assert_eq!((refold.folded(), refold.compared(), refold.differences()), (2, 1, &[][..]));
    }

    #[test]
    fn another_digest_is_a_difference_that_names_its_place() {
        let (_, version) = digest_after_start();
        let mut refold = Refold::default();
        refold.apply(&started("system/host"));
        refold.apply(&closing("system/host", "00", version));
        let told = refold.differences()[0].to_string();
        assert!(told.starts_with("system/host, revision 1: ") && told.contains("00"), "{told}");
    }

    #[test]
    fn a_digest_of_another_version_is_counted_and_not_compared() {
        let (_, version) = digest_after_start();
        let mut refold = Refold::default();
        refold.apply(&started("system/host"));
        refold.apply(&closing("system/host", "00", version + 1));
        assert_eq!((refold.compared(), refold.other_version()), (0, 1));
        assert!(refold.differences().is_empty());
    }

    #[test]
    fn a_stream_that_cannot_be_folded_is_told_once_and_others_go_on() {
        let mut refold = Refold::default();
        refold.apply(&record("chat/1", 0, "ServerStarted", &json!({})));
        refold.apply(&record("chat/1", 1, "ServerStarted", &json!({})));
        refold.apply(&started("system/host"));
        assert_eq!(refold.folded(), 1);
        assert_eq!(refold.differences().len(), 1);
        assert_eq!(refold.differences()[0].revision, Revision(0));
    }

    #[test]
    fn streams_of_a_later_version_are_counted_and_left_alone() {
        let mut refold = Refold::default();
        refold.apply(&record("moon/1", 0, "Landed", &json!({})));
        assert_eq!((refold.unknown(), refold.folded()), (1, 0));
        assert!(refold.differences().is_empty());
    }
}
