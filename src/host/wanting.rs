//! The host's own note of which streams want something, so that a start need not fold them all.
//!
//! The note is never the truth: a superset is harmless, and without it every stream is woken. It is written beside, renamed,
//! and not synced.

use std::{collections::BTreeSet, fs, io, path::Path};

use replay::ids::{Position, StreamId};
use serde::{Deserialize, Serialize};

use crate::entities::Kind;

/// Which streams want something.
#[derive(Debug, Default)]
pub(super) struct Wanting {
    note: Option<Note>,
    streams: BTreeSet<StreamId>,
    changed: bool,
    /// All that the last note named is awake, so that what is known here is all there is.
    complete: bool,
}

/// The note as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// Whoever appended at this position or after may want something that the note does not name.
    position: Position,
    streams: BTreeSet<StreamId>,
}

impl Wanting {
    /// The note in a file; as if there was none, if it cannot be read.
    pub fn read(file: &Path) -> Self {
        let note = fs::read(file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { note, ..Self::default() }
    }

    /// The streams to wake at start, of all that there are with the position of their last event.
    pub fn to_wake(&mut self, streams: Vec<(StreamId, Position)>) -> Vec<StreamId> {
        let note = self.note.take();
        let named = |(stream, last): &(StreamId, Position)| match &note {
            Some(note) => *last >= note.position || note.streams.contains(stream),
            None => true,
        };
        let works = |stream: &StreamId| Kind::of(stream).is_some_and(Kind::has_effects);
        let woken: Vec<_> = streams.into_iter().filter(named).map(|(stream, _)| stream).filter(works).collect();
        // Until each has said for itself, they count as wanting: a crash now must wake them again.
        self.streams.extend(woken.iter().cloned());
        self.changed = true;
        woken
    }

    /// From now on the note may be written.
    pub fn complete(&mut self) {
        self.complete = true;
    }

    /// A stream wants something, or nothing any more.
    pub fn set(&mut self, stream: &StreamId, wants: bool) {
        let changed = if wants {
            !self.streams.contains(stream) && self.streams.insert(stream.clone())
        } else {
            self.streams.remove(stream)
        };
        self.changed |= changed;
    }

    /// Writes the note, if it changed since.
    pub fn write(&mut self, file: &Path, position: Position) -> io::Result<()> {
        let stale = self.note.as_ref().is_none_or(|note| note.position.0 + STALE < position.0);
        if !self.complete || !(self.changed || stale) {
            return Ok(());
        }
        let note = Note { position, streams: self.streams.clone() };
        let beside = file.with_extension("new");
        fs::write(&beside, serde_json::to_vec(&note)?)?;
        fs::rename(&beside, file)?;
        self.note = Some(note);
        self.changed = false;
        Ok(())
    }
}

/// After so many events the note is written anew though nothing in it changed: its position should not fall far behind.
const STALE: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(id: &str) -> StreamId {
        format!("chat/{id}").parse().unwrap()
    }

    fn all() -> Vec<(StreamId, Position)> {
        vec![
            (stream("a"), Position(10)),
            (stream("b"), Position(20)),
            (stream("c"), Position(30)),
            ("system/host".parse().unwrap(), Position(31)),
        ]
    }

    #[test]
    fn without_a_note_every_stream_that_may_want_something_is_woken() {
        assert_eq!(Wanting::default().to_wake(all()), [stream("a"), stream("b"), stream("c")]);
    }

    #[test]
    fn a_note_names_who_is_woken_besides_those_with_later_events() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wanting.json");
        let mut wanting = Wanting::default();
        wanting.complete();
        wanting.set(&stream("a"), true);
        wanting.set(&stream("b"), true);
        wanting.set(&stream("b"), false);
        wanting.write(&file, Position(25)).unwrap();
        assert_eq!(Wanting::read(&file).to_wake(all()), [stream("a"), stream("c")]);
    }

    #[test]
    fn a_damaged_note_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wanting.json");
        fs::write(&file, b"{\"position\":").unwrap();
        assert_eq!(Wanting::read(&file).to_wake(all()).len(), 3);
    }

    #[test]
    fn who_was_woken_counts_as_wanting_until_it_says_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wanting.json");
        let mut wanting = Wanting::default();
        wanting.to_wake(all());
        wanting.complete();
        wanting.set(&stream("b"), false);
        wanting.write(&file, Position(32)).unwrap();
        assert_eq!(Wanting::read(&file).to_wake(all()), [stream("a"), stream("c")]);
    }
}
