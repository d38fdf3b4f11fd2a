//! `verify` finds what was altered, and names it.

use std::fs;

use tempfile::tempdir;

use super::{
    super::{
        format::{Place, frame, header, record as record_format},
        segment,
    },
    *,
};
use crate::{
    conformance::{append, record, stream},
    ids::{Position, Revision},
    log::{Ack, Append, EventLog, Expected, Link},
    record::Record,
    verify::{LogFault, VerifyError, glance, verify, verify_each},
};

pub(super) async fn fill(log: &FileLog, count: u64) {
    for n in 0..count {
        let text = format!("{{\"n\":{n},\"text\":\"{}\"}}", "z".repeat(500));
        let request =
            Append { stream: stream(n % 4), expected: Expected::Any, records: vec![record(&text)], ack: Ack::Written };
        log.append(request).await.unwrap();
    }
    log.sync().await.unwrap();
}

#[tokio::test]
async fn a_log_in_use_verifies_as_good_and_says_where_it_stands() {
    let dir = tempdir().unwrap();
    let (log, _) = open(dir.path());
    fill(&log, 300).await;
    let mut steps = Vec::new();
    let report = verify(dir.path(), |done, of| steps.push((done, of))).unwrap();
    assert!(report.is_good(), "{:?}", report.faults);
    assert_eq!((report.records, report.streams, report.head), (300, 4, Position(300)));
    assert_eq!(report.log, Some(log.id()));
    assert_eq!(steps.last().map(|(done, of)| (*done, *of)), Some((report.segments, report.segments)));
    drop(log);
    let closed = verify(dir.path(), |_, _| ()).unwrap();
    assert_eq!((closed.chain, closed.root), (report.chain.clone(), report.root));
    let (log, _) = open(dir.path());
    log.append(append(1, Expected::Any, 1, Ack::Durable)).await.unwrap();
    assert_ne!(verify(dir.path(), |_, _| ()).unwrap().chain, report.chain);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_being_written_is_never_called_damaged() {
    let dir = tempdir().unwrap();
    let log = std::sync::Arc::new(FileLog::open(dir.path(), &Options::default()).unwrap().0);
    let writer = {
        let log = log.clone();
        tokio::spawn(async move {
            for _ in 0..200 {
                fill(&log, 20).await;
            }
        })
    };
    let mut seen = 0;
    while !writer.is_finished() {
        let dir = dir.path().to_owned();
        let report = tokio::task::spawn_blocking(move || verify(&dir, |_, _| ()).unwrap()).await.unwrap();
        assert!(report.is_good(), "{:?}", report.faults);
        assert!(report.records >= seen);
        seen = report.records;
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn a_flipped_byte_is_named_by_segment_offset_stream_and_revision() {
    let dir = tempdir().unwrap();
    let (log, _) = open(dir.path());
    fill(&log, 300).await;
    drop(log);
    let path = segment::path(dir.path(), 1);
    let good = fs::read(&path).unwrap();
    for at in [5_000, 20_001, 40_000] {
        let mut bytes = good.clone();
        bytes[at] ^= 8;
        fs::write(&path, bytes).unwrap();
        let report = verify(dir.path(), |_, _| ()).unwrap();
        let [LogFault::Lost(damage), ..] = &report.faults[..] else { panic!("{:?}", report.faults) };
        assert_eq!((damage.segment, damage.end.0 - damage.first.0), (1, 1));
        assert!(damage.offset <= u64::try_from(at).unwrap() && u64::try_from(at).unwrap() < damage.end_offset);
        assert_eq!(damage.streams[0].0, stream(damage.first.0 % 4));
        assert_eq!(damage.streams[0].1, Revision(damage.first.0 / 4));
        let words = report.faults[0].to_string();
        assert!(words.contains("segment 1") && words.contains("revision"), "{words}");
    }
}

#[tokio::test]
async fn a_glance_sees_a_log_in_use_as_good_and_says_what_is_plainly_wrong() {
    let dir = tempdir().unwrap();
    let (log, _) = open(dir.path());
    fill(&log, 300).await;
    let seen = glance(dir.path()).unwrap();
    let figures = log.figures();
    assert_eq!((seen.head, seen.faults), (Position(300), vec![]));
    assert!(seen.segments > 2, "{}", seen.segments);
    assert_eq!((seen.segments, seen.bytes), (figures.segments, figures.size_bytes));
    drop(log);
    assert_eq!(glance(dir.path()).unwrap().faults, []);

    let last = segment::path(dir.path(), seen.segments - 1);
    for (path, at, words) in [
        (segment::path(dir.path(), 1), 100, "its header is damaged"),
        // The first frame of the last segment: the mark behind all frames calls it durable.
        (last, 4096 + 40, "durable events are lost"),
        (segment::path(dir.path(), 0), 64 * 1024 - 60, "the index at its end is damaged"),
    ] {
        let good = fs::read(&path).unwrap();
        let mut bytes = good.clone();
        bytes[at] ^= 8;
        fs::write(&path, bytes).unwrap();
        let faults = glance(dir.path()).unwrap().faults;
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].to_string().contains(words), "{faults:?}");
        fs::write(&path, good).unwrap();
    }
    fs::remove_file(segment::path(dir.path(), 1)).unwrap();
    assert_eq!(glance(dir.path()).unwrap().faults, [LogFault::Missing { segment: 1 }]);
    assert!(matches!(glance(&dir.path().join("none")), Err(VerifyError::NoLog(_))));
}

#[tokio::test]
async fn what_a_log_does_is_counted() {
    let dir = tempdir().unwrap();
    let (log, _) = open(dir.path());
    fill(&log, 300).await;
    let figures = log.figures();
    assert_eq!((figures.events, figures.appends, figures.failures), (300, 300, 0));
    let syncs: u64 = figures.syncs.counts.iter().map(|(_, count)| count).sum();
    assert!((1..=300).contains(&syncs), "{syncs} syncs");
    assert!(figures.written_bytes > 300 * 500 && figures.written_bytes < figures.size_bytes, "{figures:?}");
}

#[tokio::test]
async fn data_altered_under_a_right_checksum_does_not_give_the_chain() {
    let dir = tempdir().unwrap();
    let (log, _) = open(dir.path());
    fill(&log, 10).await;
    let place = Place { log: log.id().id, segment: 0 };
    drop(log);
    let path = segment::path(dir.path(), 0);
    let mut bytes = fs::read(&path).unwrap();
    let length = frame::claimed(&bytes[header::LEN..]).unwrap();
    let frame = &mut bytes[header::LEN..header::LEN + length];
    let at = frame.windows(5).position(|w| w == b"\"n\":0").unwrap();
    frame[at + 4] = b'7';
    let sum = place.checksum(4096, &[&frame[..4], &frame[8..]]).to_le_bytes();
    frame[4..8].copy_from_slice(&sum);
    fs::write(&path, &bytes).unwrap();
    let report = verify(dir.path(), |_, _| ()).unwrap();
    assert!(
        matches!(&report.faults[..], [LogFault::Segment { segment: 0, what, .. }] if what.contains("altered")),
        "{:?}",
        report.faults
    );
}

#[tokio::test]
async fn redacted_data_leaves_chain_and_tree_as_they_were() {
    let dir = tempdir().unwrap();
    let (log, _) = open(dir.path());
    fill(&log, 3).await;
    let place = Place { log: log.id().id, segment: 0 };
    drop(log);
    let before = verify(dir.path(), |_, _| ()).unwrap();
    let path = segment::path(dir.path(), 0);
    let mut bytes = fs::read(&path).unwrap();
    // The last record's data gives way to its commitment; behind it stands only the closing mark.
    let offsets: Vec<usize> = super::super::walk::Walk::new(&bytes, place, 0, [0; 32], None)
        .map(|f| match f {
            super::super::walk::Found::Frame(frame) => usize::try_from(frame.offset).unwrap(),
            super::super::walk::Found::Hole(hole) => panic!("{hole:?}"),
        })
        .collect();
    let offset = offsets[2];
    let old = frame::parse(&bytes[offset..], &place, u64::try_from(offset).unwrap()).unwrap();
    let raw = old.records().next().unwrap().unwrap();
    let mut new = vec![0; frame::HEAD];
    new.extend_from_slice(&u16::try_from(raw.header.len()).unwrap().to_le_bytes());
    new.extend_from_slice(&[0; 2]);
    new.extend_from_slice(&record_format::REDACTED.to_le_bytes());
    new.extend_from_slice(raw.header);
    new.extend_from_slice(&raw.body.commitment());
    new.resize(new.len().next_multiple_of(frame::ALIGN), 0);
    let head = frame::Head { count: 1, first: old.first, synced: old.synced, before: old.before, after: old.after };
    frame::seal(&mut new, &place, u64::try_from(offset).unwrap(), &head);
    bytes[offset..].fill(0);
    bytes[offset..offset + new.len()].copy_from_slice(&new);
    fs::write(&path, &bytes).unwrap();
    let after = verify(dir.path(), |_, _| ()).unwrap();
    assert!(after.is_good(), "{:?}", after.faults);
    assert_eq!((after.chain, after.root, after.redacted), (before.chain, before.root, 1));
}

#[tokio::test]
async fn missing_segments_and_folders_are_named() {
    let dir = tempdir().unwrap();
    assert!(matches!(verify(dir.path(), |_, _| ()), Err(VerifyError::NoLog(_))));
    assert!(matches!(verify(&dir.path().join("nowhere"), |_, _| ()), Err(VerifyError::NoLog(_))));
    let (log, _) = open(dir.path());
    fill(&log, 300).await;
    drop(log);
    fs::remove_file(segment::path(dir.path(), 1)).unwrap();
    let report = verify(dir.path(), |_, _| ()).unwrap();
    assert!(report.faults.contains(&LogFault::Missing { segment: 1 }), "{:?}", report.faults);
}

#[tokio::test]
async fn every_record_has_the_place_in_the_chain_that_is_computed_from_the_bytes() {
    let dir = tempdir().unwrap();
    let (log, _) = open(dir.path());
    for n in 0..60 {
        let count = usize::try_from(n % 4).unwrap() + 1;
        log.append(append(n % 5, Expected::Any, count, Ack::Durable)).await.unwrap();
    }
    drop(log);
    let mut places = Vec::new();
    let each = |record: &Record, chain| places.push((record.stream.clone(), record.revision, record.position, chain));
    assert!(verify_each(dir.path(), |_, _| (), each).unwrap().is_good());
    let (log, _) = open(dir.path());
    assert_eq!(log.head(), Position(places.len() as u64));
    for (stream, revision, position, chain) in places {
        assert_eq!(log.link(stream, revision).await, Ok(Some(Link { position, chain })));
    }
}
