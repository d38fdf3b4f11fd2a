//! Read models folded from the log: lists, traces, caches. Kept in sled, never the truth: any of them may be deleted at any time,
//! and is folded anew.
//!
//! A [`Projection`] says how an event changes its rows. [`Derived`] is the database, [`Projected`] one projection that follows
//! the log in a thread of its own; rows and checkpoint change in one batch, so they always agree. A database that refuses, for
//! the disk is full or its files are damaged, is opened anew in place as soon as that can be done.

mod derived;
mod follower;
mod pace;
mod rows;
#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "conformance"))]
pub use self::rows::MemoryRows;
pub use self::{
    derived::Derived,
    follower::{Progress, Projected},
    rows::{Range, Row, Rows, Table},
};
use crate::record::Record;

/// How the events of the log change the rows of one read model.
///
/// Total and deterministic: the same events give the same rows. A panic leaves the record out, with a note.
pub trait Projection: Send + 'static {
    /// Its name, and that of its table.
    const NAME: &'static str;
    /// The version of its rows; with a new one, they are folded anew from the first event.
    const VERSION: u32;

    /// Changes the rows as this record says.
    fn project(&mut self, rows: &mut Rows<'_>, record: &Record);
}

/// Why a database of read models cannot be used at the moment.
#[derive(Debug, thiserror::Error)]
#[error(
    "the read models in {path} cannot be used: {what}. Nothing of the log is lost; they come back by themselves once that is over"
)]
pub struct DerivedError {
    /// The folder.
    pub path: String,
    /// What the database said.
    pub what: String,
}
