//! The rules of every kind of entity: events, commands, state. No async, no clock, no I/O.

mod any;
pub mod attachment;
pub mod body;
pub mod chat;
#[cfg(test)]
mod given;
pub mod nothing;
pub mod project;
mod refold;
pub mod run;
pub mod session;
#[cfg(test)]
mod snapshot_tests;
pub mod system;
pub mod usage;

pub use any::{AnyEntity, Command, HandleError, Kind, Outcome, Piece, Rejected, StateAt, Work, occupied};
pub use refold::{Difference, Refold};

/// Whether events of these types in a stream may use the room that the log keeps for a full disk: the server's own facts, and
/// what ends work that was begun, so that a full disk can stop everything but lose nothing.
pub fn are_vital<'e>(stream: &replay::ids::StreamId, mut types: impl Iterator<Item = &'e str>) -> bool {
    stream.kind() == "system" || types.any(|name| chat::event::ENDS.contains(&name) || run::event::ENDS.contains(&name))
}

/// Whether a text can be a title or a name: 1 to 200 characters, not all of them blank.
pub fn is_title(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 200
}
