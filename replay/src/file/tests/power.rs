//! Power cuts: of what was written since the last sync, any sectors survive and any are lost. What was acknowledged as durable
//! is always there, what is there is always a prefix, and nothing is ever called damaged.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, Mutex},
};

use futures_util::StreamExt;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tempfile::tempdir;
use uuid::Uuid;

use super::{
    super::{Disk, RealDisk, segment},
    *,
};
use crate::{
    conformance::{record, stream},
    ids::Position,
    log::{Ack, Append, EventLog, Expected},
};

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// What would be left of a file.
#[derive(Debug, Default, Clone)]
struct Left {
    durable: Vec<u8>,
    /// Written since the last sync: sector and content.
    pending: Vec<(usize, Vec<u8>)>,
}

/// A disk that knows what a power cut would leave of each file.
#[derive(Debug, Default)]
struct Unplugged(Mutex<HashMap<u64, Left>>);

fn put(bytes: &mut Vec<u8>, at: usize, content: &[u8]) {
    bytes.resize(bytes.len().max(at + content.len()), 0);
    bytes[at..at + content.len()].copy_from_slice(content);
}

impl Disk for Unplugged {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        RealDisk.write(file, bytes, offset)?;
        let mut files = self.0.lock().unwrap();
        let left = files.entry(file.metadata()?.ino()).or_default();
        let (mut at, mut rest) = (usize::try_from(offset).unwrap(), bytes);
        while !rest.is_empty() {
            let (sector, others) = rest.split_at((SECTOR - at % SECTOR).min(rest.len()));
            left.pending.push((at, sector.to_vec()));
            (at, rest) = (at + sector.len(), others);
        }
        Ok(())
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        RealDisk.sync(file)?;
        let mut files = self.0.lock().unwrap();
        let Left { durable, pending } = files.entry(file.metadata()?.ino()).or_default();
        pending.drain(..).for_each(|(at, content)| put(durable, at, &content));
        Ok(())
    }

    fn allocate(&self, path: &Path, size: u64) -> io::Result<File> {
        let file = RealDisk.allocate(path, size)?;
        let left = Left { durable: vec![0; usize::try_from(size).unwrap()], pending: Vec::new() };
        self.0.lock().unwrap().insert(file.metadata()?.ino(), left);
        Ok(file)
    }
}

impl Unplugged {
    /// The folder as a power cut at this moment would leave it; footers, which go past this disk, are always lost.
    fn cut(&self, dir: &Path, to: &Path, random: &mut StdRng) {
        let files = self.0.lock().unwrap();
        for number in segment::numbers(dir).unwrap() {
            let inode = fs::metadata(segment::path(dir, number)).unwrap().ino();
            let Left { mut durable, pending } = files[&inode].clone();
            let survives = random.random_range(0.0..=1.0);
            for (at, content) in pending {
                if random.random_bool(survives) {
                    put(&mut durable, at, &content);
                }
            }
            fs::write(segment::path(to, number), durable).unwrap();
        }
    }
}

#[tokio::test]
async fn no_power_cut_takes_what_was_durable_or_leaves_what_cannot_be_read() {
    let mut lost = 0;
    for seed in 0..6 {
        let mut random = StdRng::seed_from_u64(seed);
        let (dir, disk) = (tempdir().unwrap(), Arc::new(Unplugged::default()));
        let log = FileLog::open(dir.path(), &Options { disk: disk.clone(), ..options() }).unwrap().0;
        let (mut said, mut durable) = (Vec::<Uuid>::new(), 0);
        for _ in 0..120 {
            let count = random.random_range(1..4);
            let records: Vec<_> =
                (0..count).map(|_| record(&format!("\"{}\"", "p".repeat(random.random_range(0..1500))))).collect();
            said.extend(records.iter().map(|record| record.id));
            let ack = if random.random_bool(0.3) { Ack::Durable } else { Ack::Written };
            let stream = stream(random.random_range(0..5));
            log.append(Append { stream, expected: Expected::Any, records, ack }).await.unwrap();
            if ack == Ack::Durable {
                durable = said.len();
            }
            if random.random_bool(0.2) {
                let after = tempdir().unwrap();
                disk.cut(dir.path(), after.path(), &mut random);
                let (log, report) = open(after.path());
                assert_eq!(report.damage, [], "seed {seed}");
                let found: Vec<_> = log.read_log(Position(0)).map(|r| r.unwrap().event.id).collect().await;
                assert!(found.len() >= durable, "seed {seed}: {} of {durable} durable events", found.len());
                assert_eq!(found, said[..found.len()], "seed {seed}: what is there is a prefix");
                lost += usize::from(found.len() < said.len());
            }
        }
    }
    assert!(lost > 10, "a test of power cuts loses something: {lost}");
}
