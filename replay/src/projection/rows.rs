//! The rows of one read model: as a projection changes them, and as readers see them.

use std::collections::BTreeMap;

use sled::IVec;

/// Keys that begin so are the database's own.
pub(super) const RESERVED: u8 = 0;
/// What a value should stay below, in bytes: larger ones go to files of their own, and cost far more.
const LARGE: usize = 16 * 1024;

pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The rows as a projection sees and changes them: what earlier records of the same batch changed is seen.
#[derive(Debug)]
pub struct Rows<'a> {
    tree: &'a sled::Tree,
    before: &'a Changes,
    pub(super) changes: Changes,
    pub(super) failed: Option<sled::Error>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(tree: &'a sled::Tree, before: &'a Changes) -> Self {
        Self { tree, before, changes: Changes::new(), failed: None }
    }

    /// The value under a key.
    pub fn get(&mut self, key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        let key = key.as_ref();
        if let Some(value) = self.changes.get(key).or_else(|| self.before.get(key)) {
            return value.clone();
        }
        match self.tree.get(key) {
            Ok(value) => value.map(|value| value.to_vec()),
            Err(error) => {
                // The whole batch is tried again later; what is made of this answer is dropped.
                self.failed = Some(error);
                None
            }
        }
    }

    /// Sets a value. A key is not empty and does not begin with a zero byte; a value stays below 16 KiB.
    pub fn insert(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        let (key, value) = (key.into(), value.into());
        assert!(
            key.first().is_some_and(|first| *first != RESERVED),
            "a key is not empty and does not begin with a zero byte"
        );
        if value.len() > LARGE {
            tracing::warn!(
                bytes = value.len(),
                "a row of a read model is larger than 16 KiB: it should refer to long texts"
            );
        }
        self.changes.insert(key, Some(value));
    }

    /// Removes a row, if it is there.
    pub fn remove(&mut self, key: impl Into<Vec<u8>>) {
        self.changes.insert(key.into(), None);
    }
}

/// A key and its value.
pub type Row = (IVec, IVec);

/// The rows of one read model as readers see them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    pub(super) tree: sled::Tree,
}

impl Table {
    /// The value under a key.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<IVec>, sled::Error> {
        self.tree.get(key)
    }

    /// The rows whose keys begin with `prefix`, by key, from either end.
    pub fn prefix(&self, prefix: &[u8]) -> impl DoubleEndedIterator<Item = Result<Row, sled::Error>> + use<> {
        own(self.tree.scan_prefix(prefix))
    }

    /// The rows whose keys are at least `from` and less than `to`, by key, from either end.
    pub fn range(&self, from: &[u8], to: &[u8]) -> impl DoubleEndedIterator<Item = Result<Row, sled::Error>> + use<> {
        own(self.tree.range(from..to))
    }

    /// All rows, by key, from either end.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = Result<Row, sled::Error>> + use<> {
        own(self.tree.iter())
    }
}

/// Leaves out what is the database's own.
fn own(
    rows: impl DoubleEndedIterator<Item = Result<Row, sled::Error>>,
) -> impl DoubleEndedIterator<Item = Result<Row, sled::Error>> {
    rows.filter(|row| row.as_ref().map_or(true, |(key, _)| key.first() != Some(&RESERVED)))
}
