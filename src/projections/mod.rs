//! Read models folded from the log: derived, so that any of them may be thrown away and rebuilt at any time.

mod fold;
mod lists;
mod rows;
mod table;

pub use lists::{Change, Filter, Lists, Page, Trouble};
pub use rows::{ChatRow, ChatState, List, ProjectRow, Row, SessionRow};
