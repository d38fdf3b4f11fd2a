//! A read model that follows the log as the product's do: in batches, with a checkpoint that changes with the rows, and anew
//! where the checkpoint does not fit. It may be behind, lost, or an old copy of itself.

use replay::{
    ids::Position,
    projection::{MemoryRows, Projection},
    record::Record,
};
use uuid::Uuid;

use super::failure::Failure;

#[derive(Debug, Clone, Default)]
struct Kept {
    rows: MemoryRows,
    /// Where it goes on, and the event before that.
    checkpoint: Option<(Position, Uuid)>,
}

/// A read model and what became of it.
#[derive(Default)]
pub struct Lists<P> {
    projection: P,
    kept: Kept,
    older: Kept,
    /// Whether the checkpoint was looked at in this life.
    resumed: bool,
}

impl<P: Projection + Default> Lists<P> {
    /// Where it goes on.
    pub fn at(&self) -> Position {
        self.kept.checkpoint.map_or(Position::ZERO, |(at, _)| at)
    }

    /// Whether its checkpoint was looked at in this life.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// Its server is gone; what it kept stays.
    pub fn stop(&mut self) {
        self.resumed = false;
    }

    /// Its files are lost.
    pub fn lose(&mut self) {
        (self.kept, self.resumed) = (Kept::default(), false);
    }

    /// Its files are those of some time ago: a crash takes what a database had not yet synced.
    pub fn set_back(&mut self) {
        (self.kept, self.resumed) = (self.older.clone(), false);
    }

    /// Looks at its checkpoint: goes on there if the log has that event, else from the first event. `before` is the record
    /// before the checkpoint.
    pub fn resume(&mut self, before: Option<&Record>) {
        let fits = |(_, last): &(Position, Uuid)| before.is_some_and(|record| record.event.id == *last);
        if !self.resumed && !self.kept.checkpoint.as_ref().is_none_or(fits) {
            self.kept = Kept::default();
        }
        self.resumed = true;
    }

    /// Follows some records.
    pub fn follow(&mut self, records: &[Record]) {
        let Some(last) = records.last() else { return };
        self.older = self.kept.clone();
        for record in records {
            self.kept.rows.project(&mut self.projection, record);
        }
        self.kept.checkpoint = Some((last.position.next(), last.event.id));
    }

    /// It is what it would be if it were made anew.
    pub fn check(&self, records: &[Record]) -> Result<(), Failure> {
        let (mut rows, mut projection) = (MemoryRows::default(), P::default());
        for record in records {
            rows.project(&mut projection, record);
        }
        if rows == self.kept.rows {
            return Ok(());
        }
        Err(Failure::ListsDiffer { difference: format!("anew {rows:?}\nkept {:?}", self.kept.rows) })
    }
}
