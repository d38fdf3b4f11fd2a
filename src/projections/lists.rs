//! The lists of projects, sessions and chats: rows on sled, kept up with the log, read newest first, and followed by position.
//!
//! A change is not pushed: who follows a list asks for the rows that changed since a position, each as it is now. So a
//! slow reader sees fewer steps, never wrong ones, and costs nothing.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use replay::{
    ids::{Position, StreamId},
    log::{Delivery, EventLog, Selection},
    record::Record,
};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    fold::{self, Stored},
    rows::{List, Row},
    table::{Rows, keys},
};

/// The version of rows and keys; a table of another is thrown away.
const VERSION: u32 = 1;
/// The memory for pages of the table, in bytes.
const CACHE: u64 = 16 * 1024 * 1024;
/// How long a damaged log is left alone before the next try.
const PAUSE: Duration = Duration::from_secs(1);

/// What is wrong with a table, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the lists cannot be kept in {place}: {what}. Make room or mend the folder's permissions; nothing of the log is lost"
)]
pub struct Trouble {
    place: String,
    what: String,
}

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
#[derive(Clone)]
pub struct Lists {
    tree: sled::Tree,
    folded: watch::Sender<Position>,
    /// Why keeping up stopped, where it did.
    stopped: Arc<Mutex<Option<String>>>,
}

impl Lists {
    /// Opens the table in a folder, or makes it; one that does not open, or belongs to another log, is thrown away.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn open(folder: &Path, log: &dyn EventLog) -> Result<Self, Trouble> {
        let trouble = |what: String| Trouble { place: folder.display().to_string(), what };
        let open = || {
            let config = sled::Config::new().path(folder).cache_capacity(CACHE);
            // sled may panic over files that are damaged.
            catch_unwind(AssertUnwindSafe(|| config.open().and_then(|db| db.open_tree("lists"))))
                .unwrap_or_else(|_| Err(sled::Error::Corruption { at: None, bt: () }))
        };
        let tree = match open() {
            Ok(tree) => tree,
            Err(error) => {
                tracing::warn!(%error, folder = %folder.display(), "the lists do not open: they are folded anew");
                match std::fs::remove_dir_all(folder) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(trouble(error.to_string()));
                    }
                    Ok(()) | Err(_) => open().map_err(|error| trouble(error.to_string()))?,
                }
            }
        };
        Self::over(tree, log).map_err(|error| trouble(error.to_string()))
    }

    /// Lists in memory, gone with the process.
    ///
    /// # Errors
    /// sled cannot make its temporary files.
    pub fn temporary(log: &dyn EventLog) -> Result<Self, Trouble> {
        let trouble = |error: sled::Error| Trouble { place: "a temporary folder".into(), what: error.to_string() };
        let db = sled::Config::new().temporary(true).cache_capacity(CACHE).open().map_err(trouble)?;
        Self::over(db.open_tree("lists").map_err(trouble)?, log).map_err(trouble)
    }

    fn over(tree: sled::Tree, log: &dyn EventLog) -> Result<Self, sled::Error> {
        let owner = format!("{VERSION} {}", log.id());
        let mut folded = tree.get(b"folded")?.as_deref().and_then(number);
        if tree.get(b"owner")?.as_deref() != Some(owner.as_bytes()) || folded.is_none_or(|at| at > log.head()) {
            tree.clear()?;
            tree.insert(b"owner", owner.as_bytes())?;
            folded = None;
        }
        let folded = watch::Sender::new(folded.unwrap_or(Position::ZERO));
        Ok(Self { tree, folded, stopped: Arc::default() })
    }

    /// Keeps the rows up with the log until the log is closed.
    pub async fn keep_up(self, log: Arc<dyn EventLog>) {
        loop {
            let from = *self.folded.borrow();
            let mut records = log.subscribe(Selection::All { from });
            let end = loop {
                match records.next().await {
                    Some(Ok(Delivery::Records(records))) => {
                        if let Err(error) = self.apply(&records) {
                            break Some(error.to_string());
                        }
                    }
                    Some(Ok(Delivery::Live)) => {}
                    Some(Err(error)) => {
                        // The rest of the log is good: what is damaged is left out of the lists, one record after the other.
                        tracing::warn!(%error, "the lists leave out what cannot be read");
                        let behind = self.folded.borrow().next();
                        if behind <= log.head() {
                            self.folded.send_replace(behind);
                        }
                        break Some(error.to_string());
                    }
                    None => break None,
                }
            };
            let Some(why) = end else { return };
            let still = *self.folded.borrow() == from;
            *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
            if still {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    fn apply(&self, records: &[Record]) -> Result<(), sled::Error> {
        let Some(last) = records.last() else { return Ok(()) };
        let mut overlay = Overlay { tree: &self.tree, writes: BTreeMap::new() };
        for record in records {
            fold::fold(&mut overlay, record);
        }
        let mut batch = sled::Batch::default();
        for (key, value) in overlay.writes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        let folded = last.position.next();
        batch.insert(b"folded", &folded.0.to_be_bytes());
        self.tree.apply_batch(batch)?;
        self.folded.send_replace(folded);
        Ok(())
    }

    /// How many records of the log are folded in, and its changes.
    pub fn folded(&self) -> watch::Receiver<Position> {
        self.folded.subscribe()
    }

    /// What is wrong, in words for a person.
    pub fn trouble(&self) -> Option<String> {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        stopped.map(|why| format!("the lists of projects, sessions and chats leave something out: {why}"))
    }

    /// The row of a stream; `None` where there is none or it left its list.
    pub fn row(&self, stream: &StreamId) -> Option<Row> {
        self.stored(stream).filter(|stored| !stored.gone).map(|stored| stored.row)
    }

    fn stored(&self, stream: &StreamId) -> Option<Stored> {
        fold::get(&Overlay { tree: &self.tree, writes: BTreeMap::new() }, stream)
    }

    /// All rows, the newest first, with the position up to which they are folded at least.
    pub fn rows(&self, filter: &Filter) -> (Position, Vec<Row>) {
        let folded = *self.folded.borrow();
        (folded, self.page(filter, None, usize::MAX).rows)
    }

    /// At most `limit` rows, the newest first, from a cursor on (that of a page before; one that is none begins at the start).
    pub fn page(&self, filter: &Filter, cursor: Option<&str>, limit: usize) -> Page {
        let scope = filter.session.or(filter.project);
        let first = keys::scope(filter.list, scope);
        let start = cursor
            .and_then(parse_cursor)
            .map_or_else(|| first.clone(), |(began, stream)| keys::place(filter.list, scope, began, stream.as_str()));
        let mut rows = Vec::new();
        for (key, stream) in self.tree.range(start..).flatten().take_while(|(key, _)| key.starts_with(&first)) {
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
        let folded = *self.folded.borrow();
        let range = self.tree.range(keys::changes_from(from)..keys::changes_end());
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

fn number(bytes: &[u8]) -> Option<Position> {
    Some(Position(u64::from_be_bytes(bytes.try_into().ok()?)))
}

fn cursor_of(key: &[u8]) -> Option<String> {
    let (began, stream) = keys::parse_place(key)?;
    Some(format!("{}.{}", began.0, stream.replace('/', ".")))
}

fn parse_cursor(cursor: &str) -> Option<(replay::ids::Micros, StreamId)> {
    let (began, stream) = cursor.split_once('.')?;
    Some((replay::ids::Micros(began.parse().ok()?), stream.replacen('.', "/", 1).parse().ok()?))
}

/// The table, with writes that are not yet applied.
struct Overlay<'t> {
    tree: &'t sled::Tree,
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Rows for Overlay<'_> {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        match self.writes.get(key) {
            Some(written) => written.clone(),
            None => self.tree.get(key).ok().flatten().map(|value| value.to_vec()),
        }
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.writes.insert(key, Some(value));
    }

    fn delete(&mut self, key: Vec<u8>) {
        self.writes.insert(key, None);
    }
}
