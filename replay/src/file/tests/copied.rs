//! A copy of a log is a durable prefix of it, whole in itself, and goes on in a new epoch.

use std::{fs, sync::Arc};

use futures_util::StreamExt as _;
use tempfile::tempdir;

use super::{
    super::{CopyError, OpenError, copy, segment},
    verified::fill,
    *,
};
use crate::{
    conformance::append,
    ids::Position,
    log::{Ack, EventLog, Expected, LogId},
    verify::{LogFault, verify},
};

#[tokio::test]
async fn a_copy_of_a_closed_log_holds_all_of_it() {
    let (dir, to) = (tempdir().unwrap(), tempdir().unwrap());
    let (log, _) = open(dir.path());
    fill(&log, 300).await;
    drop(log);
    let copied = copy(dir.path(), to.path(), |_, _| ()).unwrap();
    let (original, copy) = (verify(dir.path(), |_, _| ()).unwrap(), verify(to.path(), |_, _| ()).unwrap());
    assert!(copy.is_good(), "{:?}", copy.faults);
    assert!(copied.segments > 2, "several segments");
    assert_eq!((copied.head, copy.head, copy.chain), (Position(300), original.head, original.chain));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_the_log_is_written_holds_what_was_acknowledged_before_and_is_whole() {
    let dir = tempdir().unwrap();
    let log = Arc::new(open(dir.path()).0);
    let writer = {
        let log = log.clone();
        tokio::spawn(async move {
            for _ in 0..100 {
                fill(&log, 20).await;
            }
        })
    };
    loop {
        let done = writer.is_finished();
        let (acknowledged, to) = (log.head(), tempdir().unwrap());
        let (from, into) = (dir.path().to_owned(), to.path().to_owned());
        let copied = tokio::task::spawn_blocking(move || copy(&from, &into, |_, _| ()).unwrap()).await.unwrap();
        let report = verify(to.path(), |_, _| ()).unwrap();
        assert!(report.is_good(), "{:?}", report.faults);
        assert_eq!(report.head, copied.head);
        assert!(copied.head >= acknowledged, "{:?} is not all of {acknowledged:?}", copied.head);
        if done {
            break;
        }
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn a_copy_goes_on_in_a_new_epoch_that_stays() {
    let (dir, to) = (tempdir().unwrap(), tempdir().unwrap());
    let (log, _) = open(dir.path());
    fill(&log, 30).await;
    let old = log.id();
    copy(dir.path(), to.path(), |_, _| ()).unwrap();

    let (copy, _) = FileLog::open_in_new_epoch(to.path(), &options()).unwrap();
    assert_eq!((copy.id(), copy.head()), (LogId { id: old.id, epoch: old.epoch + 1 }, Position(30)));
    copy.append(append(1, Expected::Any, 1, Ack::Durable)).await.unwrap();
    drop(copy);
    let (copy, report) = open(to.path());
    assert_eq!(copy.id().epoch, 1, "also after the next start");
    assert!(report.damage.is_empty() && report.tail_cut.is_none(), "{report:?}");
    assert_eq!(copy.read_log(Position(0)).filter(|r| std::future::ready(r.is_ok())).count().await, 31);
    drop(copy);
    let verified = verify(to.path(), |_, _| ()).unwrap();
    assert!(verified.is_good(), "{:?}", verified.faults);
    assert_eq!(verified.log.unwrap().epoch, 1);
    assert_eq!(log.id().epoch, 0, "the original is as it was");
}

#[tokio::test]
async fn damage_to_the_very_end_of_a_copy_is_known_as_damage() {
    let (dir, to) = (tempdir().unwrap(), tempdir().unwrap());
    let (log, _) = open(dir.path());
    fill(&log, 3).await;
    copy(dir.path(), to.path(), |_, _| ()).unwrap();
    let path = segment::path(to.path(), 0);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.len() - 300;
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    let report = verify(to.path(), |_, _| ()).unwrap();
    assert!(matches!(report.faults[..], [LogFault::Lost(_)]), "{report:?}");
}

#[test]
fn without_a_log_there_is_nothing_to_copy_and_no_new_epoch() {
    let (dir, to) = (tempdir().unwrap(), tempdir().unwrap());
    assert!(matches!(copy(dir.path(), to.path(), |_, _| ()), Err(CopyError::NoLog(_))));
    assert!(matches!(FileLog::open_in_new_epoch(dir.path(), &options()), Err(OpenError::Missing { number: 0, .. })));
    assert!(matches!(
        FileLog::open_in_new_epoch(&dir.path().join("nowhere"), &options()),
        Err(OpenError::Missing { number: 0, .. })
    ));
}
