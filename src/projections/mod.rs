//! Read models folded from the log: derived, so that any of them may be thrown away and rebuilt at any time.

mod fold;
mod keys;
mod lists;
mod rows;
mod step_cache;

pub use fold::Folded;
pub use lists::{BadCursor, Change, Cursor, Filter, Lists, Page};
pub use rows::{ChatRow, ChatState, List, ProjectRow, Row, RunRow, RunStatus, SessionRow};
pub use step_cache::{CachedStep, StepCache};
