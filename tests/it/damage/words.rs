//! Every way in which a log can be damaged: what `reenact verify` tells a person, and whether a server starts.

use std::{
    fs,
    path::{Path, PathBuf},
};

use replay::file::{FileLog, Options};
use serde_json::json;

use super::flip;
use crate::{
    by_hand,
    process::{Ground, reenact},
};

/// Where a segment's frames begin.
const HEADER: usize = 4096;
const STREAMS: [&str; 3] = ["chat/one", "chat/two", "chat/three"];

fn segment(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:010}.seg"))
}

fn open(dir: &Path) -> FileLog {
    FileLog::open(dir, &Options { segment_size: 16 * 1024, ..Options::default() }).unwrap().0
}

/// A log of 60 events in three streams, over several small segments that are all complete.
async fn written(dir: &Path) -> u64 {
    let log = open(dir);
    for n in 0..60 {
        let text = format!("event {n:02} {}", "z".repeat(900));
        let stream = STREAMS[n % STREAMS.len()];
        by_hand::append(&log, stream, "Noted", 1, &json!({"text": text})).await;
    }
    drop(log);
    let last = (0..100).take_while(|number| segment(dir, *number).exists()).last().unwrap();
    assert!(last >= 3, "{last}");
    last
}

/// A log that was damaged.
struct Hurt {
    ground: Ground,
    /// The number of its last segment.
    last: u64,
}

impl Hurt {
    async fn new() -> Self {
        let ground = Ground::new("");
        let last = written(&ground.data.path().join("log")).await;
        Self { ground, last }
    }

    fn dir(&self) -> PathBuf {
        self.ground.data.path().join("log")
    }

    fn path(&self, number: u64) -> PathBuf {
        segment(&self.dir(), number)
    }

    /// `verify` fails, and says all this.
    #[track_caller]
    fn told(&self, words: &[&str]) {
        let output = reenact(&self.ground, &["verify"]);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{said}");
        for word in words {
            assert!(said.contains(word), "`{word}` is not in: {said}");
        }
    }

    /// No server starts, and it says why.
    #[track_caller]
    fn refused(&self, words: &[&str]) {
        let output = reenact(&self.ground, &["serve", "--port", "0"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for word in words {
            assert!(said.contains(word), "`{word}` is not in: {said}");
        }
    }

    /// A server starts, and so many of the three streams can be read to their end.
    async fn served(&self, whole: usize) {
        let server = self.ground.serve();
        let mut readable = 0;
        for stream in STREAMS {
            let (status, page) = server.http("GET", &format!("/api/streams/{stream}?limit=500"), None).await;
            if status == 200 {
                readable += 1;
                assert_eq!(page["items"].as_array().unwrap().len(), 20, "{stream}");
            } else {
                let detail = page["detail"].as_str().unwrap();
                assert!(detail.contains("segment") && detail.contains(stream), "{detail}");
            }
        }
        assert_eq!(readable, whole);
    }
}

const LOST: [&str; 3] = ["are lost", "from revision", "restore a backup"];

#[tokio::test]
async fn an_event_of_a_full_segment() {
    let hurt = Hurt::new().await;
    flip(&hurt.path(1), HEADER + 700);
    hurt.told(&["segment 1, byte 4096", "chat/"]);
    hurt.told(&LOST);
    hurt.served(2).await;
}

#[tokio::test]
async fn an_event_of_the_last_segment() {
    let hurt = Hurt::new().await;
    flip(&hurt.path(hurt.last), HEADER + 700);
    hurt.told(&[&format!("segment {}, byte 4096", hurt.last), "chat/"]);
    hurt.told(&LOST);
    hurt.served(2).await;
    hurt.told(&LOST);
}

#[tokio::test]
async fn a_segment_cut_short() {
    let hurt = Hurt::new().await;
    let bytes = fs::read(hurt.path(1)).unwrap();
    fs::write(hurt.path(1), &bytes[..HEADER + 500]).unwrap();
    hurt.told(&["segment 1", "chat/one", "chat/two", "chat/three"]);
    hurt.told(&LOST);
    hurt.served(0).await;
}

#[tokio::test]
async fn a_segment_of_zeros() {
    let hurt = Hurt::new().await;
    let length = fs::metadata(hurt.path(1)).unwrap().len();
    fs::write(hurt.path(1), vec![0; usize::try_from(length).unwrap()]).unwrap();
    hurt.told(&["segment 1: its header is damaged", "are lost", "restore a backup"]);
    hurt.served(0).await;
}

#[tokio::test]
async fn the_header_of_a_segment() {
    for which in [0, 1, u64::MAX] {
        let hurt = Hurt::new().await;
        let number = which.min(hurt.last);
        flip(&hurt.path(number), 40);
        hurt.told(&[&format!("segment {number}: its header is damaged"), "Nothing is lost"]);
        hurt.served(3).await;
    }
}

#[tokio::test]
async fn the_index_of_a_segment() {
    let hurt = Hurt::new().await;
    let length = usize::try_from(fs::metadata(hurt.path(1)).unwrap().len()).unwrap();
    flip(&hurt.path(1), length - 100);
    hurt.told(&["segment 1: the index at its end is damaged", "Nothing is lost"]);
    hurt.served(3).await;
    let healed = reenact(&hurt.ground, &["verify"]);
    assert_eq!(healed.status.code(), Some(0), "the start has made it anew: {healed:?}");
}

#[tokio::test]
async fn a_segment_that_is_missing() {
    for which in [0, 1, u64::MAX] {
        let hurt = Hurt::new().await;
        let number = which.min(hurt.last);
        fs::remove_file(hurt.path(number)).unwrap();
        let name = format!("{number:010}.seg");
        hurt.told(&[&format!("segment {number} is missing"), &name, "no server starts", "restore a backup"]);
        hurt.refused(&[&name, "missing", "backup"]);
    }
}

#[tokio::test]
async fn a_segment_of_another_log_or_from_another_place() {
    let (hurt, other) = (Hurt::new().await, Hurt::new().await);
    let own = fs::read(hurt.path(1)).unwrap();
    for number in [0, 1, hurt.last] {
        let before = fs::read(hurt.path(number)).unwrap();
        fs::copy(other.path(number), hurt.path(number)).unwrap();
        let what = format!("segment {number}: it is of log");
        hurt.told(&[&what, "does not belong here", "no server starts", "restore a backup"]);
        hurt.refused(&[&format!("{number:010}.seg does not belong here"), "backup"]);
        fs::write(hurt.path(number), before).unwrap();
    }

    fs::copy(hurt.path(2), hurt.path(1)).unwrap();
    hurt.told(&["segment 1: it is segment 2", "no server starts"]);
    hurt.refused(&["does not belong here", "backup"]);

    fs::write(hurt.path(1), own).unwrap();
    hurt.served(3).await;
}

#[tokio::test]
async fn what_is_no_segment_and_what_is_of_a_newer_format() {
    let hurt = Hurt::new().await;
    let mut newer = fs::read(hurt.path(1)).unwrap();
    newer[8] = 2;
    let sum = crc32c(&newer[..HEADER - 4]).to_le_bytes();
    newer[HEADER - 4..HEADER].copy_from_slice(&sum);
    fs::write(hurt.path(1), newer).unwrap();
    hurt.told(&["0000000001.seg has format version 2", "use a newer one"]);
    hurt.refused(&["0000000001.seg has format version 2", "use a newer one"]);

    let foreign = Ground::new("");
    fs::create_dir(foreign.data.path().join("log")).unwrap();
    fs::write(segment(&foreign.data.path().join("log"), 0), "notes of mine").unwrap();
    let foreign = Hurt { ground: foreign, last: 0 };
    foreign.told(&["0000000000.seg is not a segment of a log", "backup"]);
    foreign.refused(&["0000000000.seg is not a segment of a log", "backup"]);

    let headless = Hurt::new().await;
    for number in 1..=headless.last {
        fs::remove_file(headless.path(number)).unwrap();
    }
    flip(&headless.path(0), 40);
    headless.told(&["no other segment says which log it is", "no server starts", "restore a backup"]);
    headless.refused(&["no other segment says which log it is", "backup"]);
}

/// What was written by hand under a right checksum.
#[tokio::test]
async fn an_event_that_was_altered() {
    let hurt = Hurt::new().await;
    let mut bytes = fs::read(hurt.path(0)).unwrap();
    let length = usize::try_from(u32::from_le_bytes(bytes[HEADER..HEADER + 4].try_into().unwrap())).unwrap();
    let (log, place) = (bytes[16..32].to_vec(), [0_u64, 4096].map(u64::to_le_bytes).concat());
    let frame = &mut bytes[HEADER..HEADER + length];
    let at = frame.windows(8).position(|window| window == b"event 00").unwrap();
    frame[at + 7] = b'7';
    let sum = crc32c(&[&log[..], &place, &frame[..4], &frame[8..]].concat()).to_le_bytes();
    frame[4..8].copy_from_slice(&sum);
    fs::write(hurt.path(0), bytes).unwrap();
    hurt.told(&["segment 0", "altered", "do not trust", "restore a backup"]);
}

#[tokio::test]
async fn a_torn_end_is_no_damage_and_is_told() {
    let hurt = Hurt::new().await;
    let path = hurt.path(hurt.last);
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let end = end.next_multiple_of(8);
    bytes[end..end + 40].fill(7);
    fs::write(&path, bytes).unwrap();
    let output = reenact(&hurt.ground, &["verify"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("40 bytes at the end were never acknowledged"), "{said}");
    hurt.served(3).await;
}

/// CRC-32C, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| (sum >> 1) ^ (0x82f6_3b78 & (sum & 1).wrapping_neg());
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}
