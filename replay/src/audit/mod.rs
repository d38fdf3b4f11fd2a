//! Exports of the log that a third party can verify: JSON lines with the bytes that leaves and chain are made of, as
//! `docs/audit.md` describes them.
//!
//! An export holds every record of a range of positions: whole, or, where a filter leaves it out, by its leaf alone. So the
//! chain over the range can be recomputed from the file, and every record that is there is bound to it. What an export cannot
//! show by itself is that its chain is that of the log: it is compared with what the log's owner says, until checkpoints are
//! signed.

mod export;
mod line;
mod source;
#[cfg(test)]
mod tests;
mod verify;

pub use export::{Bound, ExportError, Exported, Wanted, export};
pub use line::Filter;
pub use verify::{Fault, FaultKind, Verified, VerifyError, verify};

/// The version of the format that this code writes and the only one that it reads.
pub const VERSION: u32 = 1;
