//! The snapshots of the simulated server: files that outlive it, and all that can become of them.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use replay::{
    digest::hex,
    entity::Entity,
    ids::StreamId,
    log::{Chain, EventLog as _, Link},
    memory::MemoryLog,
    snapshot::Snapshot,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::story::Story;

const PROGRAM: &str = "simulation";

/// The snapshots there are, and the one before each.
#[derive(Debug, Default)]
pub struct Snapshots {
    files: BTreeMap<StreamId, Vec<u8>>,
    older: BTreeMap<StreamId, Vec<u8>>,
}

/// What may become of a snapshot.
#[derive(Debug, Clone, Copy)]
pub enum Mishap {
    Lost,
    Flipped(usize),
    CutOff(usize),
    /// The one before it stands there again.
    Old,
    /// It is another stream's.
    Foreign,
    /// The folder is gone.
    AllLost,
}

/// A snapshot of an entity whose last event stands at `link`.
pub fn of<S: Story>(entity: &Entity<S>, log: &MemoryLog, link: Link) -> Option<Vec<u8>> {
    entity.snapshot(PROGRAM, log.id(), link).unwrap()
}

/// Where the last event of an entity stands in the log, if it is durable there.
pub fn link<S: Story>(entity: &Entity<S>, log: &MemoryLog) -> Option<Link> {
    let link = log.link(entity.stream().clone(), entity.next_revision().before()?);
    link.now_or_never().expect("a log in memory answers at once").unwrap()
}

/// A snapshot of an entity that may be ahead of the log: nobody can know its place in the chain.
pub fn ahead<S: Story>(entity: &Entity<S>, log: &MemoryLog) -> Option<Vec<u8>> {
    let link = Link { position: entity.position()?, chain: Chain([0; 32]) };
    of(entity, log, link)
}

/// The same snapshot without the commands that were answered.
pub fn forgetful(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut lines = text.splitn(3, '\n').skip(1);
    let (head, body) = (lines.next().unwrap(), lines.next().unwrap());
    let mut body: Value = serde_json::from_str(body).unwrap();
    body["answered"] = Value::Array(vec![]);
    let rest = format!("{head}\n{body}");
    format!("{}\n{rest}", hex(&Sha256::digest(&rest))).into_bytes()
}

impl Snapshots {
    /// Keeps a snapshot in the place of the one before.
    pub fn put(&mut self, stream: &StreamId, bytes: Vec<u8>) {
        if let Some(before) = self.files.insert(stream.clone(), bytes) {
            self.older.insert(stream.clone(), before);
        }
    }

    /// The entity that the snapshot of a stream was made of, if it can be believed; without a look at the log, if it is `blind`.
    pub fn believed<S: Story>(&self, stream: &StreamId, log: &MemoryLog, blind: bool) -> Option<Entity<S>> {
        let snapshot = Snapshot::read(self.files.get(stream)?.clone()).ok()?;
        let entity = Entity::of_snapshot(&snapshot, PROGRAM, stream.clone()).ok()?;
        let stands = || snapshot.stands_in(log).now_or_never().expect("a log in memory answers at once");
        (blind || stands().is_ok()).then_some(entity)
    }

    /// Something becomes of the `n`th snapshot.
    pub fn suffer(&mut self, n: usize, mishap: Mishap) {
        let Some(stream) = self.files.keys().cycle().nth(n).cloned() else { return };
        let other = self.files.iter().find(|(other, _)| **other != stream).map(|(_, bytes)| bytes.clone());
        let bytes = &self.files[&stream];
        let changed = match mishap {
            Mishap::Lost => None,
            Mishap::Flipped(at) => {
                let (mut bytes, at) = (bytes.clone(), at % bytes.len());
                bytes[at] ^= 1;
                Some(bytes)
            }
            Mishap::CutOff(at) => Some(bytes[..at % bytes.len()].to_vec()),
            Mishap::Old => self.older.get(&stream).cloned(),
            Mishap::Foreign => other,
            Mishap::AllLost => return self.files.clear(),
        };
        match changed {
            Some(bytes) => self.files.insert(stream, bytes),
            None => self.files.remove(&stream),
        };
    }
}
