//! The rows of one read model: as a projection changes them, and as readers see them.

use std::collections::BTreeMap;

use sled::IVec;

use super::{Derived, DerivedError};

/// Keys that begin so are the database's own.
pub(super) const RESERVED: u8 = 0;
/// What a value should stay below, in bytes: larger ones go to files of their own, and cost far more.
const LARGE: usize = 16 * 1024;

pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The rows as a projection sees and changes them: what earlier records of the same batch changed is seen.
#[derive(Debug)]
pub struct Rows<'a> {
    kept: Kept<'a>,
    before: &'a Changes,
    pub(super) changes: Changes,
    pub(super) failed: Option<DerivedError>,
}

/// Where the rows are kept.
#[derive(Debug)]
enum Kept<'a> {
    Tree(&'a sled::Tree, &'a Derived),
    #[cfg(any(test, feature = "conformance"))]
    Memory(&'a BTreeMap<Vec<u8>, Vec<u8>>),
}

impl<'a> Rows<'a> {
    pub(super) fn new(tree: &'a sled::Tree, derived: &'a Derived, before: &'a Changes) -> Self {
        Self { kept: Kept::Tree(tree, derived), before, changes: Changes::new(), failed: None }
    }

    /// The value under a key.
    pub fn get(&mut self, key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        let key = key.as_ref();
        if let Some(value) = self.changes.get(key).or_else(|| self.before.get(key)) {
            return value.clone();
        }
        let read = match &self.kept {
            Kept::Tree(tree, derived) => derived.guarded(|| tree.get(key)),
            #[cfg(any(test, feature = "conformance"))]
            Kept::Memory(rows) => return rows.get(key).cloned(),
        };
        match read {
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

/// Rows in memory, for tests and simulations: they change as those in a database do.
#[cfg(any(test, feature = "conformance"))]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryRows(BTreeMap<Vec<u8>, Vec<u8>>);

#[cfg(any(test, feature = "conformance"))]
impl MemoryRows {
    /// Changes them as a record says.
    pub fn project<P: super::Projection>(&mut self, projection: &mut P, record: &crate::record::Record) {
        let before = Changes::new();
        let mut rows = Rows { kept: Kept::Memory(&self.0), before: &before, changes: Changes::new(), failed: None };
        projection.project(&mut rows, record);
        for (key, value) in rows.changes {
            match value {
                Some(value) => drop(self.0.insert(key, value)),
                None => drop(self.0.remove(&key)),
            }
        }
    }

    /// The value under a key.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.0.get(key.as_ref()).map(Vec::as_slice)
    }
}

/// A key and its value.
pub type Row = (IVec, IVec);

/// The rows of one read model as readers see them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    pub(super) derived: Derived,
    pub(super) name: &'static str,
}

impl Table {
    /// The value under a key.
    ///
    /// # Errors
    /// The database cannot be read at the moment; it is being opened anew.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<IVec>, DerivedError> {
        let tree = self.derived.tree(self.name)?;
        self.derived.guarded(|| tree.get(key))
    }

    /// The rows whose keys begin with `prefix`, by key, from either end.
    ///
    /// # Errors
    /// See [`Table::get`].
    pub fn prefix(&self, prefix: &[u8]) -> Result<Range, DerivedError> {
        self.own(|tree| tree.scan_prefix(prefix))
    }

    /// The rows whose keys are at least `from` and less than `to`, by key, from either end.
    ///
    /// # Errors
    /// See [`Table::get`].
    pub fn range(&self, from: &[u8], to: &[u8]) -> Result<Range, DerivedError> {
        self.own(|tree| tree.range(from..to))
    }

    /// All rows, by key, from either end.
    ///
    /// # Errors
    /// See [`Table::get`].
    pub fn all(&self) -> Result<Range, DerivedError> {
        self.own(sled::Tree::iter)
    }

    fn own(&self, of: impl FnOnce(&sled::Tree) -> sled::Iter) -> Result<Range, DerivedError> {
        let derived = self.derived.clone();
        let rows = of(&derived.tree(self.name)?);
        Ok(Range { derived, rows })
    }
}

/// Rows by key, without what is the database's own. It is not to be kept: the database cannot be opened anew meanwhile.
pub struct Range {
    derived: Derived,
    rows: sled::Iter,
}

impl Range {
    fn step(
        &mut self,
        next: impl Fn(&mut sled::Iter) -> Option<sled::Result<Row>>,
    ) -> Option<Result<Row, DerivedError>> {
        loop {
            let (derived, rows) = (&self.derived, &mut self.rows);
            match derived.guarded(|| next(rows).transpose()) {
                Ok(Some((key, _))) if key.first() == Some(&RESERVED) => {}
                found => return found.transpose(),
            }
        }
    }
}

impl Iterator for Range {
    type Item = Result<Row, DerivedError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for Range {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(DoubleEndedIterator::next_back)
    }
}
