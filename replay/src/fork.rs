//! Copies of a stream's events as the beginning of another stream. With the event behind the last of them they are a fork;
//! before it, an entity that ends in a copy wants nothing and takes no commands.

use std::collections::HashSet;

use uuid::{Uuid, uuid};

use crate::{
    ids::{Revision, StreamId, derived},
    record::{NewRecord, Record},
};

/// The namespace of the ids of copies.
const NAMESPACE: Uuid = uuid!("d2a4c7f6-1c37-4f0e-9f3b-6f8f1f0c5a42");

/// The id of an event's copy in a stream: the UUIDv5 of the stream and the original's id, so that a copy made again is the same.
pub fn id_of_copy(stream: &StreamId, original: Uuid) -> Uuid {
    derived(NAMESPACE, &[stream.as_str(), &original.to_string()])
}

/// Copies on their way into a stream.
#[derive(Debug, Clone)]
pub struct Copied {
    /// The revision of the first.
    pub from: Revision,
    /// The copies, in order; none if all are there.
    pub records: Vec<NewRecord>,
}

/// Makes the copies of one stream's events for another, in order.
#[derive(Debug)]
pub struct Copies {
    to: StreamId,
    /// The originals so far: what names one of them as its cause names its copy in the fork.
    originals: HashSet<Uuid>,
}

impl Copies {
    /// Of events that are to stand in this stream.
    pub fn to(stream: StreamId) -> Self {
        Self { to: stream, originals: HashSet::new() }
    }

    /// The copy of the next event: what happened, when and by whom as it was; an id of its own; and no command, for none was
    /// sent to this stream.
    pub fn copy(&mut self, original: &Record) -> NewRecord {
        let event = &original.event;
        self.originals.insert(event.id);
        let here = |id: Uuid| if self.originals.contains(&id) { id_of_copy(&self.to, id) } else { id };
        NewRecord {
            id: id_of_copy(&self.to, event.id),
            cause: event.cause.map(here),
            corr: event.corr.map(here),
            cmd: None,
            copy_of: Some(event.id),
            ..event.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{By, Micros, Position},
        record::Data,
    };

    fn record(revision: u64, cause: Option<u128>) -> Record {
        let event = NewRecord {
            id: Uuid::from_u128(u128::from(revision) + 1),
            at: Micros(7),
            kind: "Opened".into(),
            version: 2,
            by: By::person("owner"),
            cause: cause.map(Uuid::from_u128),
            corr: Some(Uuid::from_u128(1)),
            cmd: Some("once".parse().unwrap()),
            copy_of: None,
            data: Data::of(&serde_json::json!({"n": revision})).unwrap(),
        };
        let stream = "door/1".parse().unwrap();
        Record { position: Position(revision), revision: Revision(revision), stream, event }
    }

    #[test]
    fn a_copy_says_the_same_under_an_id_of_its_own_and_names_its_original() {
        let mut copies = Copies::to("door/2".parse().unwrap());
        let original = record(0, None);
        let copy = copies.copy(&original);
        assert_eq!((copy.copy_of, &copy.cmd), (Some(original.event.id), &None));
        assert_ne!(copy.id, original.event.id);
        assert_eq!((copy.at, copy.version, &copy.by), (Micros(7), 2, &original.event.by));
        assert_eq!((&copy.kind, &copy.data), (&original.event.kind, &original.event.data));
        assert_eq!(copy.id, Copies::to("door/2".parse().unwrap()).copy(&original).id, "made again, it is the same");
        assert_ne!(copy.id, Copies::to("door/3".parse().unwrap()).copy(&original).id);
    }

    #[test]
    fn the_id_of_a_copy_is_that_of_the_documentation() {
        let stream = "chat/0198f3c2-0000-7000-8000-000000000000".parse().unwrap();
        let id = id_of_copy(&stream, "0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c".parse().unwrap());
        assert!(include_str!("../../docs/log-format.md").contains(&format!("{NAMESPACE}")));
        assert!(include_str!("../../docs/log-format.md").contains(&id.to_string()), "{id}");
    }

    #[test]
    fn what_led_to_an_event_leads_to_its_copy_and_what_is_elsewhere_stays() {
        let mut copies = Copies::to("door/2".parse().unwrap());
        let first = copies.copy(&record(0, None));
        let second = copies.copy(&record(1, Some(1)));
        assert_eq!((second.cause, second.corr), (Some(first.id), Some(first.id)));
        assert_eq!(copies.copy(&record(2, Some(99))).cause, Some(Uuid::from_u128(99)));
    }
}
