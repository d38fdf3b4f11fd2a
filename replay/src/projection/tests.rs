//! Projections follow, resume, and are folded anew when their rows cannot be trusted.

use std::{fs, path::Path, sync::Arc, time::Duration};

use tempfile::tempdir;

use super::*;
use crate::{
    conformance::{append, record, stream},
    file::{FileLog, Options},
    ids::Position,
    log::{Ack, Append, EventLog, Expected},
    memory::MemoryLog,
};

const SOON: Duration = Duration::from_secs(20);

/// Counts the events of each stream, and those of a poisonous type not at all.
struct Counts<const VERSION: u32>;

impl<const V: u32> Projection for Counts<V> {
    const NAME: &'static str = "counts";
    const VERSION: u32 = V;

    fn project(&mut self, rows: &mut Rows<'_>, record: &Record) {
        let key = record.stream.as_str();
        let before = rows.get(key).map_or(0, |bytes| bytes[0]);
        rows.insert(key, vec![before + 1]);
        assert_ne!(&*record.event.kind, "Poison", "this one cannot be projected");
    }
}

async fn add(log: &dyn EventLog, n: u64, count: usize) {
    log.append(append(n, Expected::Any, count, Ack::Durable)).await.unwrap();
}

fn count(projected: &Projected, n: u64) -> Option<u8> {
    projected.table().get(stream(n).as_str()).unwrap().map(|bytes| bytes[0])
}

async fn started<const V: u32>(dir: &Path, log: &Arc<dyn EventLog>) -> Projected {
    let derived = Derived::open(dir);
    let projected = Projected::start(&derived, log.clone(), Counts::<V>).unwrap();
    assert!(projected.wait_for(log.head(), SOON).await, "{:?}", projected.progress());
    projected
}

#[tokio::test]
async fn rows_follow_the_log_and_resume_where_they_stopped() {
    let dir = tempdir().unwrap();
    let dir = dir.path().join("derived");
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    add(&*log, 1, 3).await;
    let projected = started::<1>(&dir, &log).await;
    assert!(projected.progress().rebuilt, "there were no rows");
    assert_eq!((count(&projected, 1), count(&projected, 2)), (Some(3), None));
    add(&*log, 2, 2).await;
    assert!(projected.wait_for(Position(5), SOON).await);
    assert_eq!((projected.caught_up_to(), count(&projected, 2)), (Position(5), Some(2)));
    assert_eq!(projected.table().all().unwrap().count(), 2, "the checkpoint is no row");
    assert_eq!(projected.table().prefix(b"test/").unwrap().next_back().unwrap().unwrap().0, stream(2).as_str());
    assert!(!projected.wait_for(Position(6), Duration::ZERO).await, "nothing more comes");
    drop(projected);
    add(&*log, 1, 1).await;
    let projected = started::<1>(&dir, &log).await;
    assert!(!projected.progress().rebuilt);
    assert_eq!((count(&projected, 1), count(&projected, 2)), (Some(4), Some(2)));
}

#[tokio::test]
async fn a_new_version_another_log_or_no_checkpoint_means_folding_anew() {
    let dir = tempdir().unwrap();
    let dir = dir.path().join("derived");
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    add(&*log, 1, 3).await;
    drop(started::<1>(&dir, &log).await);

    let projected = started::<2>(&dir, &log).await;
    assert!(projected.progress().rebuilt, "another version");
    assert_eq!(count(&projected, 1), Some(3));
    drop(projected);

    let other: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    add(&*other, 2, 5).await;
    let projected = started::<2>(&dir, &other).await;
    assert!(projected.progress().rebuilt, "another log");
    assert_eq!((count(&projected, 1), count(&projected, 2)), (None, Some(5)), "rows of the other log are gone");
    Derived::tree(&projected.table().derived, "counts").unwrap().remove([0]).unwrap();
    drop(projected);

    let projected = started::<2>(&dir, &other).await;
    assert!(projected.progress().rebuilt, "no checkpoint");
    assert_eq!(count(&projected, 2), Some(5));
}

#[tokio::test]
async fn a_database_that_does_not_open_is_made_anew() {
    let dir = tempdir().unwrap();
    let dir = dir.path().join("derived");
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    add(&*log, 1, 3).await;
    drop(started::<1>(&dir, &log).await);
    for noise in [0x00_u8, 0x5A, 0xFF] {
        for name in ["db", "conf"] {
            let length = fs::read(dir.join(name)).unwrap().len().max(64);
            fs::write(dir.join(name), vec![noise; length]).unwrap();
        }
        let projected = started::<1>(&dir, &log).await;
        assert_eq!(count(&projected, 1), Some(3));
    }
    fs::write(dir.with_extension("broken"), "").unwrap();
    let projected = started::<1>(&dir, &log).await;
    assert!(projected.progress().rebuilt, "one that panicked in another process is not trusted again");
    assert!(!dir.with_extension("broken").exists());
}

#[tokio::test]
async fn a_database_that_panics_is_made_anew_at_once() {
    let dir = tempdir().unwrap();
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    add(&*log, 1, 3).await;
    drop(started::<1>(&dir.path().join("derived"), &log).await);
    let projected = started::<1>(&dir.path().join("derived"), &log).await;
    assert!(!projected.progress().rebuilt);
    let derived = &projected.table().derived;
    derived.tree("counts").unwrap().insert(stream(9).as_str(), &[9]).unwrap();
    let read = derived.guarded(|| -> sled::Result<()> { panic!("as over damaged files") });
    assert!(read.unwrap_err().to_string().contains("made anew"));
    let mut progress = projected.watch();
    let anew = progress.wait_for(|p| p.rebuilt && p.live).await.unwrap().clone();
    assert_eq!(anew.waits, None);
    assert_eq!((count(&projected, 1), count(&projected, 9)), (Some(3), None), "nothing of the old rows is left");
    add(&*log, 1, 1).await;
    assert!(projected.wait_for(log.head(), SOON).await);
    assert_eq!(count(&projected, 1), Some(4));
}

#[tokio::test]
async fn what_does_not_open_is_waited_for_and_followed_once_it_does() {
    let dir = tempdir().unwrap();
    let dir = dir.path().join("derived");
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    add(&*log, 1, 3).await;
    let held = sled::open(&dir).unwrap();
    let projected = Projected::start(&Derived::open(&dir), log.clone(), Counts::<1>).unwrap();
    let mut progress = projected.watch();
    assert!(progress.borrow().waits.is_some(), "nobody takes what is not open for empty");
    let locked = |p: &Progress| p.waits.as_ref().is_some_and(|words| words.contains("lock"));
    let waits = progress.wait_for(locked).await.unwrap().waits.clone().unwrap();
    assert!(waits.contains("come back by themselves"), "{waits}");
    assert!(projected.table().get("any").is_err(), "no answer is better than a wrong one");
    drop(held);
    assert!(projected.wait_for(log.head(), SOON).await);
    assert_eq!((projected.progress().waits, count(&projected, 1)), (None, Some(3)));
}

#[test]
fn a_database_that_another_holds_is_not_deleted() {
    let dir = tempdir().unwrap();
    let dir = dir.path().join("derived");
    let held = Derived::open(&dir);
    held.tree("kept").unwrap().insert("key", "value").unwrap();
    let error = Derived::open(&dir).open_anew(0).unwrap_err();
    assert!(error.to_string().contains("lock"), "{error}");
    assert!(dir.join("db").exists());
    assert_eq!(held.tree("kept").unwrap().get("key").unwrap().unwrap(), "value");
}

#[tokio::test]
async fn a_record_that_cannot_be_projected_is_left_out_with_a_note() {
    let dir = tempdir().unwrap();
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let mut poison = record("0");
    poison.kind = "Poison".into();
    let records = vec![record("1"), poison, record("2")];
    let request = Append { stream: stream(1), expected: Expected::Any, records, ack: Ack::Durable };
    log.append(request).await.unwrap();
    let projected = started::<1>(&dir.path().join("derived"), &log).await;
    assert_eq!(count(&projected, 1), Some(2), "what it had changed before it failed is dropped too");
    let troubles = projected.progress().troubles;
    assert!(
        matches!(&troubles[..], [words] if words.contains("Poison") && words.contains("revision 1")),
        "{troubles:?}"
    );
}

#[tokio::test]
async fn damage_in_the_log_is_left_out_with_a_note() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("log");
    let options = Options { segment_size: 64 * 1024, ..Options::default() };
    let (log, _) = FileLog::open(&path, &options).unwrap();
    for n in 0..10 {
        add(&log, n % 2, 1).await;
    }
    drop(log);
    let segment = path.join("0000000000.seg");
    let mut bytes = fs::read(&segment).unwrap();
    let at = bytes.windows(7).position(|w| w == b"\"i\":0}\0" || w.starts_with(b"\"i\":0}")).unwrap();
    bytes[at] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (log, report) = FileLog::open(&path, &options).unwrap();
    assert_eq!(report.damage.len(), 1);
    let log: Arc<dyn EventLog> = Arc::new(log);
    let projected = started::<1>(&dir.path().join("derived"), &log).await;
    assert_eq!(projected.progress().troubles.len(), 1);
    assert_eq!(count(&projected, 0).unwrap() + count(&projected, 1).unwrap(), 9);
}

#[tokio::test]
async fn it_ends_with_the_log() {
    let dir = tempdir().unwrap();
    let memory = Arc::new(MemoryLog::new());
    let log: Arc<dyn EventLog> = memory.clone();
    add(&*log, 1, 3).await;
    let projected = started::<1>(&dir.path().join("derived"), &log).await;
    memory.close();
    assert!(!projected.wait_for(Position(4), SOON).await, "it says so at once, not when the time is over");
    assert!(projected.progress().ended);
}

#[test]
fn rows_in_memory_change_as_those_in_a_database_do() {
    let (mut rows, mut projection) = (MemoryRows::default(), Counts::<1>);
    let log = MemoryLog::manual();
    for n in [1, 2, 1] {
        let appended = log.append(append(n, Expected::Any, 1, Ack::Durable));
        futures_util::FutureExt::now_or_never(appended).unwrap().unwrap();
    }
    let records = futures_util::StreamExt::collect::<Vec<_>>(log.read_log(Position(0)));
    for record in futures_util::FutureExt::now_or_never(records).unwrap() {
        rows.project(&mut projection, &record.unwrap());
    }
    assert_eq!((rows.get(stream(1).as_str()), rows.get(stream(2).as_str())), (Some(&[2][..]), Some(&[1][..])));
}
