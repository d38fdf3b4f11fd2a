//! The lists of projects, sessions and chats: rows on sled, kept up with the log, read newest first, and followed by position.
//!
//! A change is not pushed: who follows a list asks for the rows that changed since a position, each as it is now. So a
//! slow reader sees fewer steps, never wrong ones, and costs nothing.

use std::{sync::Arc, time::Duration};

use replay::{
    ids::{Micros, Position, StreamId},
    log::EventLog,
    projection::{Derived, DerivedError, Progress, Projected},
};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    fold::{self, Folded, Stored},
    keys,
    rows::{List, Row},
};

/// Which rows of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// The list.
    pub list: List,
    /// Only those of a project.
    pub project: Option<Uuid>,
    /// Only those of a session.
    pub session: Option<Uuid>,
}

impl Filter {
    /// All rows of a list.
    pub fn all(list: List) -> Self {
        Self { list, project: None, session: None }
    }

    fn admits(&self, row: &Row) -> bool {
        row.list() == self.list
            && self.project.is_none_or(|project| row.project() == project)
            && self.session.is_none_or(|session| row.session() == Some(session))
    }
}

/// Some rows of a list, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The position of the event that changed it last.
    pub position: Position,
    /// The row as it is now, or the stream whose row left the list.
    pub row: Result<Row, StreamId>,
}

/// The lists. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lists(Arc<Projected>);

impl Lists {
    /// Begins to keep the lists up with the log, in a thread of their own that ends with the last clone.
    ///
    /// # Errors
    /// The database of derived data cannot be used.
    pub fn start(derived: &Derived, log: Arc<dyn EventLog>) -> Result<Self, DerivedError> {
        Ok(Self(Arc::new(Projected::start(derived, log, Folded)?)))
    }

    /// How far the lists have come, and its changes.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.0.watch()
    }

    /// Waits until the event at a position is folded in. `false`: not in time.
    pub async fn reach(&self, position: Position, timeout: Duration) -> bool {
        self.0.wait_for(position.next(), timeout).await
    }

    /// What is wrong, in words for a person.
    pub fn troubles(&self) -> Vec<String> {
        let Progress { live, rebuilt, troubles, .. } = self.0.progress();
        let rebuilding =
            (rebuilt && !live).then(|| "the lists are being folded anew and are not complete yet".to_owned());
        troubles.into_iter().chain(rebuilding).collect()
    }

    /// The row of a stream; `None` where there is none or it left its list.
    pub fn row(&self, stream: &StreamId) -> Option<Row> {
        self.stored(stream).filter(|stored| !stored.gone).map(|stored| stored.row)
    }

    fn stored(&self, stream: &StreamId) -> Option<Stored> {
        match self.0.table().get(keys::row(stream)) {
            Ok(json) => fold::read(&json?),
            Err(error) => {
                tracing::error!(%error, "the lists cannot be read");
                None
            }
        }
    }

    /// All rows, the newest first, with the position up to which they are folded at least.
    pub fn rows(&self, filter: &Filter) -> (Position, Vec<Row>) {
        let folded = self.0.caught_up_to();
        (folded, self.page(filter, None, usize::MAX).rows)
    }

    /// At most `limit` rows, the newest first, from a cursor on (that of a page before; one that is none begins at the start).
    pub fn page(&self, filter: &Filter, cursor: Option<&str>, limit: usize) -> Page {
        let scope = filter.session.or(filter.project);
        let first = keys::scope(filter.list, scope);
        let end = keys::scope_end(filter.list, scope);
        let start = cursor
            .and_then(parse_cursor)
            .map_or_else(|| first, |(began, stream)| keys::place(filter.list, scope, began, stream.as_str()));
        let mut rows = Vec::new();
        for (key, stream) in self.0.table().range(&start, &end).flatten() {
            let row = std::str::from_utf8(&stream).ok().and_then(|stream| self.row(&stream.parse().ok()?));
            let Some(row) = row.filter(|row| filter.admits(row)) else { continue };
            if rows.len() == limit {
                return Page { rows, next: cursor_of(&key) };
            }
            rows.push(row);
        }
        Page { rows, next: None }
    }

    /// The rows that changed at a position or later, in the order of their last changes, with the position to ask from next.
    pub fn changes(&self, filter: &Filter, from: Position) -> (Position, Vec<Change>) {
        let folded = self.0.caught_up_to();
        let range = self.0.table().range(&keys::changes_from(from), &keys::changes_end());
        let stream_of = |stream: &[u8]| std::str::from_utf8(stream).ok()?.parse::<StreamId>().ok();
        let changes =
            range.flatten().filter_map(|(_, stream)| self.stored(&stream_of(&stream)?)).filter_map(|stored| {
                filter.admits(&stored.row).then(|| Change {
                    position: stored.position,
                    row: if stored.gone { Err(stored.row.stream().clone()) } else { Ok(stored.row) },
                })
            });
        (folded, changes.collect())
    }
}

fn cursor_of(key: &[u8]) -> Option<String> {
    let (began, stream) = keys::parse_place(key)?;
    Some(format!("{}.{}", began.0, stream.replace('/', ".")))
}

fn parse_cursor(cursor: &str) -> Option<(Micros, StreamId)> {
    let (began, stream) = cursor.split_once('.')?;
    Some((Micros(began.parse().ok()?), stream.replacen('.', "/", 1).parse().ok()?))
}
