//! Torn tails and damage, at every byte of a small log.

use std::{fs, ops::Range, path::Path};

use futures_util::StreamExt;
use tempfile::{TempDir, tempdir, tempdir_in};

use super::{
    super::{
        format::{Place, header},
        load::{Loaded, load},
        segment,
        walk::{Found, Walk},
    },
    *,
};
use crate::{
    conformance::{append, stream},
    ids::{Position, Revision, StreamId},
    log::{Ack, AppendError, EventLog, Expected, ReadError},
};

/// A frame of the small log.
#[derive(Debug, Clone)]
struct Spot {
    bytes: Range<usize>,
    first: u64,
    count: u64,
    synced: u64,
    /// Its stream and the revision of its first record.
    of: Option<(StreamId, Revision)>,
}

/// One segment's bytes as they stand after a clean close, and its frames.
struct Small {
    bytes: Vec<u8>,
    frames: Vec<Spot>,
    place: Place,
}

impl Small {
    /// Seven appends to three streams, ten records.
    async fn new() -> Self {
        let dir = tempdir().unwrap();
        let (log, _) = open(dir.path());
        for (n, count) in [(1, 1), (2, 2), (1, 1), (3, 1), (2, 3), (1, 1), (3, 1)] {
            log.append(append(n, Expected::Any, count, Ack::Durable)).await.unwrap();
        }
        let place = Place { log: log.id().id, segment: 0 };
        drop(log);
        let bytes = fs::read(segment::path(dir.path(), 0)).unwrap();
        let frames: Vec<_> = Walk::new(&bytes, place, 0, [0; 32], None)
            .map(|found| match found {
                Found::Frame(frame) => {
                    let start = usize::try_from(frame.offset).unwrap();
                    let (first, count, synced) = (frame.first, u64::from(frame.count), frame.synced);
                    let record = frame.records().next().flatten();
                    let of = record.map(|raw| (raw.stream.parse().unwrap(), Revision(raw.revision)));
                    Spot { bytes: start..start + frame.length, first, count, synced, of }
                }
                Found::Hole(hole) => panic!("a clean log has no hole: {hole:?}"),
            })
            .collect();
        assert_eq!(frames.iter().map(|f| f.count).sum::<u64>(), 10);
        assert_eq!(frames.last().map(|f| (f.count, f.synced)), Some((0, 10)), "a clean close marks the end");
        Self { bytes, frames, place }
    }

    fn end(&self) -> usize {
        self.frames.last().unwrap().bytes.end
    }

    fn write(&self, dir: &Path, bytes: &[u8]) {
        fs::write(segment::path(dir, self.place.segment), bytes).unwrap();
    }
}

/// A folder in memory where there is one: thousands of cuts are synced here, and no power will fail.
fn folder() -> TempDir {
    tempdir_in("/dev/shm").or_else(|_| tempdir()).unwrap()
}

fn loaded(dir: &Path) -> Loaded {
    load(dir).unwrap().unwrap()
}

#[tokio::test]
async fn a_log_cut_at_any_byte_opens_with_exactly_the_frames_before_it() {
    let small = Small::new().await;
    let dir = folder();
    for at in header::LEN..small.end() {
        let truncated = small.bytes[..at].to_vec();
        let mut zeroed = small.bytes.clone();
        zeroed[at..].fill(0);
        let mut garbage = small.bytes.clone();
        (at..small.end()).for_each(|n| garbage[n] = garbage[n].wrapping_mul(167).wrapping_add(13));
        for (bytes, how) in [(truncated, "truncated"), (zeroed, "zeroed"), (garbage, "garbled")] {
            let untouched = |f: &&Spot| bytes.get(f.bytes.clone()) == Some(&small.bytes[f.bytes.clone()]);
            let whole = small.frames.iter().take_while(untouched).collect::<Vec<_>>();
            let head = whole.iter().map(|f| f.count).sum::<u64>();
            let used = whole.last().map_or(header::LEN, |f| f.bytes.end);
            small.write(dir.path(), &bytes);
            let found = loaded(dir.path());
            assert_eq!(found.point.position, head, "{how} from byte {at}");
            assert_eq!(found.report.damage, [], "{how} from byte {at}: nothing says that what is gone was durable");
            let torn = bytes[used..].iter().any(|b| *b != 0);
            assert_eq!(found.report.tail_cut.is_some(), torn, "{how} from byte {at}: what is cut is reported");
            if at % 16 != 0 {
                continue;
            }
            let again = loaded(dir.path());
            assert_eq!((again.point.position, again.report), (head, OpenReport::default()), "a cut is made once");
        }
    }
}

#[tokio::test]
async fn a_hole_at_any_byte_is_damage_where_a_later_frame_calls_it_durable_and_a_torn_tail_elsewhere() {
    let small = Small::new().await;
    let dir = folder();
    let mut untold = 0;
    for at in header::LEN..small.end() {
        let mut bytes = small.bytes.clone();
        bytes[at] ^= 0x20;
        small.write(dir.path(), &bytes);
        let hit = small.frames.iter().position(|f| f.bytes.contains(&at)).unwrap();
        let frame = &small.frames[hit];
        let proven = small.frames[hit + 1..].iter().any(|later| later.synced > frame.first);
        let found = loaded(dir.path());
        if proven {
            assert_eq!(found.point.position, 10, "byte {at}: nothing is cut");
            assert_eq!(found.report.tail_cut, None);
            assert_eq!(fs::read(segment::path(dir.path(), 0)).unwrap(), bytes, "nothing is changed");
            let [damage] = &found.report.damage[..] else { panic!("byte {at}: {:?}", found.report) };
            assert_eq!((damage.first.0, damage.end.0), (frame.first, frame.first + frame.count), "byte {at}");
            assert_eq!(damage.offset, u64::try_from(frame.bytes.start).unwrap());
            let named: Vec<_> = frame.of.iter().cloned().collect();
            if damage.streams.is_empty() && frame.count > 0 {
                // Two streams, one letter apart and equally long, and no later record of either: nobody can tell.
                assert_eq!(damage.unknown, frame.count, "byte {at}");
                untold += 1;
            } else {
                assert_eq!((&damage.streams, damage.unknown), (&named, 0), "byte {at}");
            }
            let gap = found.broken.gap.unwrap();
            assert_eq!((gap.first, gap.end, gap.segment), (frame.first, frame.first + frame.count, 0));
        } else {
            assert_eq!(found.point.position, frame.first, "byte {at}");
            assert_eq!(found.report.damage, []);
            assert!(found.report.tail_cut.is_some(), "byte {at}");
        }
    }
    assert!(untold <= 2, "{untold} bytes");
}

#[tokio::test]
async fn damage_names_the_stream_and_the_others_go_on() {
    let small = Small::new().await;
    // Byte by byte through the second append (stream 2, revisions 0 and 1), as a reader meets it.
    let frame = small.frames[1].clone();
    for at in frame.bytes.clone().step_by(41) {
        let dir = tempdir().unwrap();
        let mut bytes = small.bytes.clone();
        bytes[at] ^= 1;
        small.write(dir.path(), &bytes);
        let (log, report) = open(dir.path());
        assert_eq!(report.damage.len(), 1);
        assert!(log.troubles()[0].contains("damaged"), "{:?}", log.troubles());

        let of_two: Vec<_> = log.read_stream(stream(2), Revision(0)).collect().await;
        assert!(
            matches!(of_two.last(), Some(Err(ReadError::Damaged { segment: 0, stream: Some(s), revision: Some(Revision(0 | 1)), .. })) if *s == stream(2)),
            "{of_two:?}"
        );
        let refused = log.append(append(2, Expected::Any, 1, Ack::Durable)).await;
        assert_eq!(refused, Err(AppendError::Damaged(stream(2))));

        let of_one: Vec<_> = log.read_stream(stream(1), Revision(0)).map(Result::unwrap).collect().await;
        assert_eq!(of_one.len(), 3);
        log.append(append(1, Expected::Revision(Revision(2)), 1, Ack::Durable)).await.unwrap();
        log.append(append(4, Expected::NoStream, 1, Ack::Durable)).await.unwrap();

        let whole: Vec<_> = log.read_log(Position(0)).collect().await;
        let good: Vec<u64> = whole.iter().filter_map(|r| r.as_ref().ok()).map(|r| r.position.0).collect();
        assert_eq!(good, [0, 3, 4, 5, 6, 7, 8, 9, 10, 11], "the log goes on behind the damage");
        assert_eq!(whole.iter().filter(|r| r.is_err()).count(), 1);
        drop(log);

        let (log, report) = open(dir.path());
        assert_eq!(report.damage.len(), 1, "damage is found again, and nothing else");
        assert_eq!((report.tail_cut, report.notes), (None, Vec::new()));
        assert_eq!(log.head(), Position(12));
        assert_eq!(log.append(append(2, Expected::Any, 1, Ack::Durable)).await, Err(AppendError::Damaged(stream(2))));
        // A backup of the segment, put back, heals it.
        drop(log);
        let path = segment::path(dir.path(), 0);
        fs::write(path, &small.bytes).unwrap();
        let (log, report) = open(dir.path());
        assert_eq!(report.damage, []);
        let of_two: Vec<_> = log.read_stream(stream(2), Revision(0)).map(Result::unwrap).collect().await;
        assert_eq!(of_two.len(), 5);
        log.append(append(2, Expected::Revision(Revision(4)), 1, Ack::Durable)).await.unwrap();
    }
}
