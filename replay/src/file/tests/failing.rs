//! Disks that are full, and disks that fail.

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use tempfile::tempdir;

use super::{
    super::{Disk, RealDisk, segment, writer::RETRY},
    *,
};
use crate::{
    conformance::{append, record, stream},
    ids::{Position, StreamId},
    log::{Ack, Append, AppendError, EventLog, Expected},
    verify::verify,
};

/// How long a test waits for what happens within a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// A disk with switches.
#[derive(Debug, Default)]
struct Switched {
    no_room_for_segments: AtomicBool,
    no_room_at_all: AtomicBool,
    syncs_fail: AtomicBool,
}

impl Switched {
    fn set(switch: &AtomicBool, on: bool) {
        switch.store(on, Ordering::SeqCst);
    }
}

impl Disk for Switched {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.no_room_at_all.load(Ordering::SeqCst) {
            // As much as there was room for.
            RealDisk.write(file, &bytes[..bytes.len() / 2], offset)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        RealDisk.write(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        if self.syncs_fail.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk does not answer"));
        }
        RealDisk.sync(file)
    }

    fn allocate(&self, path: &Path, size: u64) -> io::Result<File> {
        if self.no_room_for_segments.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        RealDisk.allocate(path, size)
    }
}

fn open_on(dir: &Path, disk: &Arc<Switched>) -> FileLog {
    FileLog::open(dir, &Options { disk: disk.clone(), ..options() }).unwrap().0
}

fn kilobyte(stream: StreamId) -> Append {
    let text = format!("\"{}\"", "k".repeat(1000));
    Append { stream, expected: Expected::Any, records: vec![record(&text)], ack: Ack::Durable }
}

async fn count(log: &FileLog) -> usize {
    log.read_log(Position(0)).map(Result::unwrap).count().await
}

#[tokio::test]
async fn a_full_disk_keeps_a_reserve_and_writing_resumes_by_itself() {
    let dir = tempdir().unwrap();
    let disk = Arc::new(Switched::default());
    let log = open_on(dir.path(), &disk);
    let system: StreamId = "system/host".parse().unwrap();
    Switched::set(&disk.no_room_for_segments, true);
    let mut kept = 0;
    loop {
        match log.append(kilobyte(stream(1))).await {
            Ok(_) => kept += 1,
            Err(error) => break assert_eq!(error, AppendError::Full),
        }
    }
    assert!(kept > 30, "what is allocated is used: {kept}");
    assert!(log.troubles().iter().any(|words| words.contains("full")), "{:?}", log.troubles());
    assert_eq!(count(&log).await, kept, "reading goes on");
    let mut reserved = 0;
    loop {
        match log.append(kilobyte(system.clone())).await {
            Ok(_) => reserved += 1,
            Err(error) => break assert_eq!(error, AppendError::Full),
        }
    }
    assert!((10..=16).contains(&reserved), "a quarter of 64 KiB: {reserved}");
    assert_eq!(log.append(kilobyte(stream(1))).await, Err(AppendError::Full));

    Switched::set(&disk.no_room_for_segments, false);
    let mut full = log.watch_full();
    let room = tokio::time::timeout(PATIENCE, full.wait_for(|full| !full)).await;
    assert!(room.is_ok(), "room is looked for");
    drop(room);
    log.append(kilobyte(stream(1))).await.expect("writing resumes as soon as there is room");
    assert_eq!(count(&log).await, kept + reserved + 1);
    assert_eq!(log.troubles(), Vec::<String>::new());
    drop(log);
    assert!(verify(dir.path(), |_, _| ()).unwrap().is_good());
}

#[tokio::test]
async fn of_an_append_that_finds_no_room_nothing_stays() {
    let dir = tempdir().unwrap();
    let disk = Arc::new(Switched::default());
    let log = open_on(dir.path(), &disk);
    log.append(kilobyte(stream(1))).await.unwrap();
    Switched::set(&disk.no_room_at_all, true);
    assert_eq!(log.append(kilobyte(stream(1))).await, Err(AppendError::Full));
    assert_eq!(log.append(append(2, Expected::NoStream, 3, Ack::Written)).await, Err(AppendError::Full));
    assert_eq!((log.head(), count(&log).await), (Position(1), 1));
    Switched::set(&disk.no_room_at_all, false);
    let appended = log.append(append(2, Expected::NoStream, 3, Ack::Durable)).await.unwrap();
    assert_eq!(appended.position, Position(1));
    drop(log);
    assert_eq!(segment::numbers(dir.path()).unwrap().len(), 1, "the segment goes on being used");
    let (log, report) = open(dir.path());
    assert_eq!((count(&log).await, report), (4, OpenReport::default()));
}

#[tokio::test]
async fn after_a_failed_sync_the_segment_is_left_and_a_new_one_goes_on_from_what_is_durable() {
    let dir = tempdir().unwrap();
    let disk = Arc::new(Switched::default());
    let log = open_on(dir.path(), &disk);
    log.append(append(1, Expected::NoStream, 2, Ack::Durable)).await.unwrap();
    Switched::set(&disk.syncs_fail, true);
    let unknown = log.append(append(1, Expected::Any, 3, Ack::Durable)).await;
    assert!(matches!(&unknown, Err(AppendError::Unknown(words)) if words.contains("does not answer")), "{unknown:?}");
    assert_eq!((log.head(), count(&log).await), (Position(2), 2), "nobody sees what may not survive");
    let refused = log.append(append(1, Expected::Any, 1, Ack::Durable)).await;
    assert!(
        matches!(refused, Err(AppendError::Unknown(_))),
        "the new segment cannot be made durable either: {refused:?}"
    );
    assert!(log.troubles().iter().any(|words| words.contains("segment 0")), "{:?}", log.troubles());
    assert_eq!((log.figures().failures, log.figures().events), (1, 2), "what did not become durable does not count");

    Switched::set(&disk.syncs_fail, false);
    // So long it does not try again.
    tokio::time::sleep(RETRY).await;
    let appended = log.append(append(1, Expected::next(crate::ids::Revision(2)), 1, Ack::Durable)).await;
    let appended = appended.expect("writing resumes as soon as the disk answers");
    assert_eq!((appended.position, appended.revision.0), (Position(2), 2), "the log goes on from what is durable");
    let numbers = segment::numbers(dir.path()).unwrap();
    assert_eq!(numbers.len(), 2);
    assert_eq!(count(&log).await, 3);
    let left = std::fs::read(segment::path(dir.path(), 0)).unwrap();
    drop(log);

    let (log, report) = open(dir.path());
    assert_eq!(
        (count(&log).await, report),
        (3, OpenReport::default()),
        "what lies behind the next segment's start is never read"
    );
    assert_eq!(std::fs::read(segment::path(dir.path(), 0)).unwrap(), left, "the segment is not touched again");
    drop(log);
    let report = verify(dir.path(), |_, _| ()).unwrap();
    assert!(report.is_good(), "{:?}", report.faults);
    assert_eq!(report.records, 3);
}
