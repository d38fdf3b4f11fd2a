//! Damage in sealed segments, missing and foreign files: refused or named, never guessed.

use std::{fs, path::Path};

use futures_util::StreamExt;
use tempfile::tempdir;

use super::{
    super::{OpenError, format::header, segment},
    *,
};
use crate::{
    conformance::{append, record, stream},
    ids::{Position, Revision},
    log::{Ack, Append, AppendError, EventLog, Expected, ReadError},
};

/// A log of 400 records in four streams over several segments, closed.
async fn several_segments(dir: &Path) {
    let (log, _) = open(dir);
    for n in 0..400_u64 {
        let text = format!("{{\"n\":{n},\"text\":\"{}\"}}", "z".repeat(500));
        let request =
            Append { stream: stream(n % 4), expected: Expected::Any, records: vec![record(&text)], ack: Ack::Written };
        log.append(request).await.unwrap();
    }
    drop(log);
    assert!(segment::numbers(dir).unwrap().len() >= 5);
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_flipped_byte_in_a_sealed_segment_is_named_and_the_other_streams_are_read() {
    let dir = tempdir().unwrap();
    several_segments(dir.path()).await;
    let at = 20_000;
    flip(&segment::path(dir.path(), 1), at);
    let (log, report) = open(dir.path());
    assert_eq!(report, OpenReport::default(), "opening reads only the index of a sealed segment");
    let mut broken = Vec::new();
    for n in 0..4 {
        let records: Vec<_> = log.read_stream(stream(n), Revision(0)).collect().await;
        match records.last() {
            Some(Err(ReadError::Damaged { segment: 1, offset, stream: Some(s), revision: Some(revision), .. })) => {
                assert_eq!((s, revision.0), (&stream(n), u64::try_from(records.len() - 1).unwrap()));
                let offset = usize::try_from(*offset).unwrap();
                assert!(offset <= at && at < offset + 1000, "the place is that of the frame");
                broken.push(n);
            }
            _ => assert_eq!(records.into_iter().map(Result::unwrap).count(), 100),
        }
    }
    let [broken] = broken[..] else { panic!("one stream is hit: {broken:?}") };
    let refused = log.append(append(broken, Expected::Any, 1, Ack::Durable)).await;
    assert_eq!(refused, Err(AppendError::Damaged(stream(broken))));
    for n in 0..4 {
        let link = log.link(stream(n), Revision(99)).await;
        assert_eq!(link.is_err(), n == broken, "nothing stands on what a damaged stream held: {link:?}");
    }
    log.append(append((broken + 1) % 4, Expected::Any, 1, Ack::Durable)).await.unwrap();
    let whole: Vec<_> = log.read_log(Position(0)).collect().await;
    assert_eq!(whole.iter().filter(|r| r.is_ok()).count(), 400, "400 and the new one, less the one that is lost");
    let errors: Vec<_> = whole.into_iter().filter_map(Result::err).collect();
    assert!(
        matches!(&errors[..], [ReadError::Damaged { segment: 1, stream: Some(s), .. }] if *s == stream(broken)),
        "{errors:?}"
    );
    assert!(!log.troubles().is_empty());
    let behind: Vec<_> = log.read_stream(stream(broken), Revision(90)).map(Result::unwrap).collect().await;
    assert_eq!(behind.len(), 10, "what stands behind the damage can be read");
}

#[tokio::test]
async fn a_damaged_index_is_made_anew_from_the_frames() {
    let dir = tempdir().unwrap();
    several_segments(dir.path()).await;
    let path = segment::path(dir.path(), 1);
    let length = fs::read(&path).unwrap().len();
    flip(&path, length - 100);
    let (log, report) = open(dir.path());
    assert_eq!(report.notes.len(), 1, "{report:?}");
    assert_eq!(report.damage, []);
    assert_eq!(log.read_log(Position(0)).map(Result::unwrap).count().await, 400);
    drop(log);
    let (_log, report) = open(dir.path());
    assert_eq!(report, OpenReport::default());
}

#[tokio::test]
async fn a_sealed_segment_that_is_cut_short_loses_its_end_and_nothing_else() {
    let dir = tempdir().unwrap();
    several_segments(dir.path()).await;
    let path = segment::path(dir.path(), 1);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..50_000]).unwrap();
    let (log, report) = open(dir.path());
    let [damage] = &report.damage[..] else { panic!("{report:?}") };
    assert_eq!(damage.segment, 1);
    let lost = damage.end.0 - damage.first.0;
    assert!(lost > 5);
    let whole: Vec<_> = log.read_log(Position(0)).collect().await;
    assert_eq!(u64::try_from(whole.iter().filter(|r| r.is_ok()).count()).unwrap(), 400 - lost);
    for n in 0..4 {
        let refused = log.append(append(n, Expected::Any, 1, Ack::Durable)).await;
        assert_eq!(refused, Err(AppendError::Damaged(stream(n))), "later revisions tell that some are missing");
        let records: Vec<_> = log.read_stream(stream(n), Revision(0)).collect().await;
        assert!(matches!(records.last(), Some(Err(ReadError::Damaged { stream: Some(s), .. })) if *s == stream(n)));
    }
    log.append(append(9, Expected::NoStream, 1, Ack::Durable)).await.unwrap();
    drop(log);
    fs::write(&path, &bytes).unwrap();
    let (log, report) = open(dir.path());
    assert_eq!(report, OpenReport::default(), "put back, it is whole");
    assert_eq!(log.read_log(Position(0)).map(Result::unwrap).count().await, 401);
}

#[tokio::test]
async fn a_damaged_header_follows_from_the_other_segments() {
    let dir = tempdir().unwrap();
    several_segments(dir.path()).await;
    let last = *segment::numbers(dir.path()).unwrap().last().unwrap();
    for number in [0, 2, last] {
        flip(&segment::path(dir.path(), number), 40);
        let (log, report) = open(dir.path());
        assert!(report.notes.iter().any(|note| note.contains(&format!("segment {number}"))), "{report:?}");
        assert_eq!(report.damage, []);
        assert_eq!(log.read_log(Position(0)).map(Result::unwrap).count().await, 400);
        drop(log);
        flip(&segment::path(dir.path(), number), 40);
    }
}

#[tokio::test]
async fn missing_segments_are_named() {
    for number in [0, 2, u64::MAX] {
        let dir = tempdir().unwrap();
        several_segments(dir.path()).await;
        let last = *segment::numbers(dir.path()).unwrap().last().unwrap();
        let number = number.min(last);
        fs::remove_file(segment::path(dir.path(), number)).unwrap();
        let error = FileLog::open(dir.path(), &options()).unwrap_err();
        assert!(matches!(&error, OpenError::Missing { number: n, .. } if *n == number), "{error}");
        assert!(error.to_string().contains("restore it from a backup"));
    }
}

#[tokio::test]
async fn what_is_no_segment_of_this_log_is_refused() {
    let (dir, other) = (tempdir().unwrap(), tempdir().unwrap());
    several_segments(dir.path()).await;
    several_segments(other.path()).await;
    let path = segment::path(dir.path(), 2);
    let own = fs::read(&path).unwrap();

    fs::copy(segment::path(other.path(), 2), &path).unwrap();
    let error = FileLog::open(dir.path(), &options()).unwrap_err();
    assert!(matches!(error, OpenError::Misplaced { .. }), "a segment of another log: {error}");

    fs::copy(segment::path(dir.path(), 1), &path).unwrap();
    let error = FileLog::open(dir.path(), &options()).unwrap_err();
    assert!(matches!(error, OpenError::Misplaced { .. }), "a copy of its neighbour: {error}");

    let mut newer = own.clone();
    newer[8] = 2;
    let sum = crc32c::crc32c(&newer[..header::LEN - 4]).to_le_bytes();
    newer[header::LEN - 4..header::LEN].copy_from_slice(&sum);
    fs::write(&path, newer).unwrap();
    let error = FileLog::open(dir.path(), &options()).unwrap_err();
    assert!(error.to_string().contains("use a newer one"), "{error}");

    fs::write(&path, &own).unwrap();
    open(dir.path());

    let foreign = tempdir().unwrap();
    fs::write(segment::path(foreign.path(), 0), "not a log").unwrap();
    let error = FileLog::open(foreign.path(), &options()).unwrap_err();
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
}
