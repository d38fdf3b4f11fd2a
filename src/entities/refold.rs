//! Folds every stream of a log anew and compares the states with the digests that closing events recorded, and with snapshots.

use std::collections::HashMap;

use replay::{
    ids::{Revision, StreamId},
    log::Chain,
    record::Record,
    snapshot::Snapshot,
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
    snapshots: HashMap<StreamId, Snapshot>,
    compared_snapshots: u64,
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
    /// Also compares these snapshots, each with what the fold gives at its revision. None of them is folded from.
    pub fn with_snapshots(snapshots: impl IntoIterator<Item = Snapshot>) -> Self {
        let snapshots = snapshots.into_iter().map(|snapshot| (snapshot.head().stream.clone(), snapshot)).collect();
        Self { snapshots, ..Self::default() }
    }

    /// Folds the next record of the log; `chain` is the log's, up to and with it.
    pub fn apply(&mut self, record: &Record, chain: Chain) {
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
            Ok(()) => {
                self.folded += 1;
                let stands = |snapshot: &Snapshot| {
                    let head = snapshot.head();
                    head.revision == record.revision && head.chain == chain.to_string()
                };
                if let Some(snapshot) = self.snapshots.get(stream).filter(|snapshot| stands(snapshot)) {
                    self.compared_snapshots += 1;
                    if !folding.is_as_in(snapshot).unwrap_or(false) {
                        let what = "its snapshot says something else than its events: delete the folder `snapshots`";
                        let (stream, revision) = (stream.clone(), record.revision);
                        self.differences.push(Difference { stream, revision, what: what.to_owned() });
                    }
                }
            }
            Err(error) if error.needs_newer_version() => {
                *entity = None;
                self.unknown += 1;
            }
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

    /// How many snapshots were compared: those that stand in the log.
    pub fn snapshots(&self) -> u64 {
        self.compared_snapshots
    }

    /// How many events are of kinds or types that only a newer version knows. What follows one of them in its stream is not
    /// folded.
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
        log::{Link, LogId},
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

    const CHAIN: Chain = Chain([3; 32]);

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
    fn the_digest_of_the_state_just_before_is_compared_snapshots() {
        let (digest, version) = digest_after_start();
        let mut refold = Refold::default();
        refold.apply(&started("system/host"), CHAIN);
        refold.apply(&closing("system/host", &digest, version), CHAIN);
        assert_eq!((refold.folded(), refold.compared(), refold.differences()), (2, 1, &[][..]));
    }

    #[test]
    fn another_digest_is_a_difference_that_names_its_place() {
        let (_, version) = digest_after_start();
        let mut refold = Refold::default();
        refold.apply(&started("system/host"), CHAIN);
        refold.apply(&closing("system/host", "00", version), CHAIN);
        let told = refold.differences()[0].to_string();
        assert!(told.starts_with("system/host, revision 1: ") && told.contains("00"), "{told}");
    }

    #[test]
    fn a_digest_of_another_version_is_counted_and_not_compared() {
        let (_, version) = digest_after_start();
        let mut refold = Refold::default();
        refold.apply(&started("system/host"), CHAIN);
        refold.apply(&closing("system/host", "00", version + 1), CHAIN);
        assert_eq!((refold.compared(), refold.other_version()), (0, 1));
        assert!(refold.differences().is_empty());
    }

    #[test]
    fn a_stream_that_cannot_be_folded_is_told_once_and_others_go_on() {
        let mut refold = Refold::default();
        refold.apply(&record("chat/1", 0, "MessagePosted", &json!({"text": 7})), CHAIN);
        refold.apply(&record("chat/1", 1, "MessagePosted", &json!({"text": 7})), CHAIN);
        refold.apply(&started("system/host"), CHAIN);
        assert_eq!(refold.folded(), 1);
        assert_eq!(refold.differences().len(), 1);
        assert_eq!(refold.differences()[0].revision, Revision(0));
    }

    #[test]
    fn streams_of_a_later_version_are_counted_and_left_alone() {
        let mut refold = Refold::default();
        refold.apply(&record("moon/1", 0, "Landed", &json!({})), CHAIN);
        refold.apply(&record("system/host", 0, "Landed", &json!({})), CHAIN);
        refold.apply(&record("system/host", 1, "ServerStopped", &json!({})), CHAIN);
        assert_eq!((refold.unknown(), refold.folded()), (2, 0));
        assert!(refold.differences().is_empty());
    }

    /// A snapshot behind this one event.
    fn snapshot(kind: &str, chain: Chain) -> Snapshot {
        let record = record("system/host", 0, kind, &json!({"version": "1"}));
        let mut entity = AnyEntity::new(Kind::System, record.stream.clone());
        entity.apply(&record).unwrap();
        let (log, link) = (LogId { id: uuid::Uuid::nil(), epoch: 0 }, Link { position: record.position, chain });
        Snapshot::read(entity.snapshot("test", log, link).unwrap().unwrap()).unwrap()
    }

    fn differences_with(snapshot: Snapshot) -> (u64, Vec<Difference>) {
        let mut refold = Refold::with_snapshots([snapshot]);
        refold.apply(&started("system/host"), CHAIN);
        (refold.snapshots(), refold.differences().to_vec())
    }

    #[test]
    fn a_snapshot_that_says_something_else_than_its_events_is_a_difference() {
        assert_eq!(differences_with(snapshot("ServerStarted", CHAIN)), (1, vec![]));
        let (compared, differences) = differences_with(snapshot("ServerStopped", CHAIN));
        let told = differences[0].to_string();
        assert_eq!((compared, differences.len()), (1, 1));
        assert!(told.starts_with("system/host, revision 0: its snapshot"), "{told}");
    }

    #[test]
    fn a_snapshot_that_does_not_stand_in_the_log_says_nothing() {
        assert_eq!(differences_with(snapshot("ServerStopped", Chain([4; 32]))), (0, vec![]));
    }
}
