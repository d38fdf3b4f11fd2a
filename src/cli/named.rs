//! The blobs that a log names: which of them are lost, and what that means.

use std::{collections::BTreeMap, fmt, path::Path};

use replay::{
    blobs::{BlobError, BlobId, BlobStore},
    ids::{Revision, StreamId},
    record::Record,
};
use serde::Serialize;

use super::exit::Failure;
use crate::entities::body::{Reference, references};

/// The blobs that the events of a log name, each with the first event that does.
#[derive(Debug, Default)]
pub struct Named(BTreeMap<BlobId, Mention>);

#[derive(Debug)]
struct Mention {
    stream: StreamId,
    revision: Revision,
    bytes: u64,
}

/// A blob that an event names and that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LostBlob {
    /// The blob.
    pub blob: BlobId,
    /// Its size in bytes.
    pub bytes: u64,
    /// The stream of the first event that names it.
    pub stream: StreamId,
    /// Its revision.
    pub revision: Revision,
    /// `missing`, or `damaged`.
    pub what: &'static str,
}

impl fmt::Display for LostBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { blob, bytes, stream, revision, what } = self;
        let name = blob.to_string();
        write!(
            f,
            "blob {name} of {bytes} bytes is {what}: of the text that revision {revision} of {stream} names, only the first 2 KiB \
             are left, and everything else of the stream is whole. Put the file blobs/{}/{name} back from a backup",
            &name[..2]
        )
    }
}

impl Named {
    /// Notes what an event names.
    pub fn note(&mut self, record: &Record) {
        for Reference { blob, bytes } in references(record.event.data.json()) {
            if let Ok(blob) = blob.parse() {
                let (stream, revision) = (record.stream.clone(), record.revision);
                self.0.entry(blob).or_insert(Mention { stream, revision, bytes });
            }
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Reads all of them in a folder, and says which are lost.
    pub fn lost(&self, blobs: &Path) -> Result<Vec<LostBlob>, Failure> {
        // A folder that is not there is not made: whoever looks changes nothing.
        let store = if blobs.is_dir() { Some(BlobStore::open(blobs)?) } else { None };
        let mut lost = vec![];
        for (blob, Mention { stream, revision, bytes }) in &self.0 {
            let what = match store.as_ref().map_or(Ok(None), |store| store.get(*blob)) {
                Ok(Some(_)) => continue,
                Ok(None) => "missing",
                Err(BlobError::Damaged { .. }) => "damaged",
                Err(error) => return Err(error.into()),
            };
            lost.push(LostBlob { blob: *blob, bytes: *bytes, stream: stream.clone(), revision: *revision, what });
        }
        Ok(lost)
    }
}
