//! The host's own note of which streams want something, so that a start need not fold them all.
//!
//! The note is never the truth: a superset is harmless, and without it every stream is woken. It is written beside, renamed,
//! and not synced.

use std::{collections::BTreeSet, fs, io, path::Path};

use replay::{
    ids::{Position, StreamId},
    log::LogId,
};
use serde::{Deserialize, Serialize};

use crate::entities::Kind;

/// Which streams want something.
#[derive(Debug, Default)]
pub(super) struct Wanting {
    /// What was noted before this start, until the streams are woken.
    before: Option<Note>,
    streams: BTreeSet<StreamId>,
    changed: bool,
    /// How many events the log had when the last note was written, if there were more than there are now.
    had: Option<Position>,
    /// The position of the last note. `None`: what is known here is not all there is yet, and no note is written.
    noted: Option<Position>,
}

/// The note as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// The log that it was written for.
    log: String,
    /// Whoever appended at this position or after may want something that the note does not name.
    position: Position,
    streams: BTreeSet<StreamId>,
}

impl Note {
    /// Writes it beside, and renames it.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        let beside = file.with_extension("new");
        fs::write(&beside, serde_json::to_vec(self)?)?;
        fs::rename(&beside, file)
    }
}

impl Wanting {
    /// The note in a file; as if there was none, if it cannot be read.
    pub fn read(file: &Path) -> Self {
        let before = fs::read(file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { before, ..Self::default() }
    }

    /// The streams to wake at start, of all that a log has, with the position of their last event.
    pub fn wake(&mut self, log: LogId, head: Position, streams: Vec<(StreamId, Position)>) -> Vec<StreamId> {
        // A log restored from a backup is another; this one is longer than when the note was written, or has lost its end.
        let of_log = self.before.take().filter(|note| note.log == log.to_string());
        self.had = of_log.as_ref().map(|note| note.position).filter(|had| *had > head);
        let note = of_log.filter(|note| note.position <= head);
        let named = |(stream, last): &(StreamId, Position)| match &note {
            Some(note) => *last >= note.position || note.streams.contains(stream),
            None => true,
        };
        let works = |stream: &StreamId| Kind::of(stream).is_some_and(Kind::has_effects);
        let woken: Vec<_> = streams.into_iter().filter(named).map(|(stream, _)| stream).filter(works).collect();
        // Until each has said for itself, they count as wanting: a crash now must wake them again.
        self.streams.extend(woken.iter().cloned());
        self.changed = true;
        self.noted = Some(Position(0));
        woken
    }

    /// How many events the log had once, if its end is lost.
    pub fn had(&self) -> Option<Position> {
        self.had
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

    /// What is to be noted, if it changed since; `head` must have been read before.
    pub fn note(&mut self, log: LogId, head: Position) -> Option<Note> {
        let noted = self.noted?;
        if !self.changed && head.0 < noted.0 + STALE {
            return None;
        }
        (self.noted, self.changed) = (Some(head), false);
        Some(Note { log: log.to_string(), position: head, streams: self.streams.clone() })
    }

    /// The last note could not be written.
    pub fn not_noted(&mut self) {
        self.changed = true;
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

    const HEAD: Position = Position(32);

    fn log() -> LogId {
        LogId { id: uuid::Uuid::nil(), epoch: 0 }
    }

    /// What the next start finds.
    fn noted(wanting: &mut Wanting, head: Position) -> Wanting {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wanting.json");
        wanting.note(log(), head).unwrap().write(&file).unwrap();
        Wanting::read(&file)
    }

    #[test]
    fn without_a_note_every_stream_that_may_want_something_is_woken() {
        assert_eq!(Wanting::default().wake(log(), HEAD, all()), [stream("a"), stream("b"), stream("c")]);
    }

    #[test]
    fn a_note_names_who_is_woken_besides_those_with_later_events() {
        let mut wanting = Wanting::default();
        wanting.wake(log(), Position(0), vec![]);
        wanting.set(&stream("a"), true);
        wanting.set(&stream("b"), true);
        wanting.set(&stream("b"), false);
        assert_eq!(noted(&mut wanting, Position(25)).wake(log(), HEAD, all()), [stream("a"), stream("c")]);
    }

    #[test]
    fn a_damaged_note_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wanting.json");
        fs::write(&file, b"{\"position\":").unwrap();
        assert_eq!(Wanting::read(&file).wake(log(), HEAD, all()).len(), 3);
    }

    #[test]
    fn a_note_for_another_log_or_a_longer_one_counts_as_none() {
        let mut wanting = Wanting::default();
        wanting.wake(log(), Position(0), vec![]);
        let other = LogId { epoch: 1, ..log() };
        assert_eq!(noted(&mut wanting, HEAD).wake(other, HEAD, all()).len(), 3);
        wanting.not_noted();
        let mut longer = noted(&mut wanting, Position(100));
        assert_eq!((longer.wake(log(), HEAD, all()).len(), longer.had()), (3, Some(Position(100))));
    }

    #[test]
    fn who_was_woken_counts_as_wanting_until_it_says_otherwise() {
        let mut wanting = Wanting::default();
        wanting.wake(log(), HEAD, all());
        wanting.set(&stream("b"), false);
        assert_eq!(noted(&mut wanting, HEAD).wake(log(), HEAD, all()), [stream("a"), stream("c")]);
    }

    #[test]
    fn nothing_is_noted_before_the_streams_of_the_last_note_are_known_and_nothing_twice() {
        let mut wanting = Wanting::default();
        wanting.set(&stream("a"), true);
        assert_eq!(wanting.note(log(), HEAD), None);
        wanting.wake(log(), HEAD, vec![]);
        assert!(wanting.note(log(), HEAD).is_some());
        assert_eq!(wanting.note(log(), HEAD), None);
        assert!(wanting.note(log(), HEAD.plus(STALE)).is_some());
    }
}
