//! People who follow the log or one stream, lose their connection, and come back for the rest: without gap, without double.

use futures_util::FutureExt as _;
use replay::{
    ids::{Position, Revision, StreamId},
    log::{Delivery, EventLog as _, Selection, Subscription},
    memory::MemoryLog,
    record::Record,
};
use uuid::Uuid;

use super::failure::Failure;

/// Somebody who follows.
pub struct Reader {
    /// `None`: the whole log.
    pub stream: Option<StreamId>,
    connection: Option<Subscription>,
    /// The events that were read, in order.
    pub seen: Vec<Uuid>,
}

impl Reader {
    pub fn new(stream: Option<StreamId>) -> Self {
        Self { stream, connection: None, seen: vec![] }
    }

    fn read(&self) -> u64 {
        u64::try_from(self.seen.len()).unwrap()
    }

    pub fn name(&self) -> String {
        self.stream.as_ref().map_or_else(|| "the log".to_owned(), ToString::to_string)
    }

    /// What is read next, if the cursor is `skipped` further on than it should be.
    fn selection(&self, skipped: u64) -> Selection {
        let from = self.read() + skipped;
        match &self.stream {
            Some(stream) => Selection::Stream { stream: stream.clone(), from: Revision(from) },
            None => Selection::All { from: Position(from) },
        }
    }

    /// The connection is lost: with it goes what was on its way.
    pub fn cut(&mut self) {
        self.connection = None;
    }

    /// Reads what has come, connecting first if need be.
    pub fn go_on(&mut self, log: &MemoryLog, too_late: bool) -> Result<(), Failure> {
        let skipped = u64::from(too_late && self.read() > 0);
        let selection = self.selection(skipped);
        let connection = self.connection.get_or_insert_with(|| log.subscribe(selection));
        match connection.next().now_or_never() {
            Some(Some(Ok(Delivery::Records(records)))) => records.iter().try_for_each(|record| self.take(record))?,
            Some(Some(Ok(Delivery::Live))) | None => {}
            Some(Some(Err(_)) | None) => self.cut(),
        }
        Ok(())
    }

    fn take(&mut self, record: &Record) -> Result<(), Failure> {
        let next = if self.stream.is_some() { record.revision.0 } else { record.position.0 };
        if next != self.read() {
            return Err(Failure::Gap { what: self.name(), read: self.read(), next });
        }
        self.seen.push(record.event.id);
        Ok(())
    }
}
