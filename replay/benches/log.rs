//! How fast the log in files is: durable appends by 1, 256 and 2,048 appenders, against the disk's own sync rate in the same
//! run; then a log of 1,000,000 events: size, opening, memory, reading.
//!
//! `cargo bench -p replay --bench log` prints a table. Records are 300 bytes in all: envelope and data.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt, future::join_all};
use replay::{
    file::{FileLog, Options},
    ids::{By, Micros, Position, Revision, StreamId},
    log::{Ack, Append, EventLog, Expected},
    record::{Data, NewRecord},
};
use uuid::Uuid;

/// How long each measurement of appends lasts.
const RUN: Duration = Duration::from_secs(2);
/// How many events the large log has, and in how many streams.
const EVENTS: u64 = 1_000_000;
const STREAMS: u64 = 10_000;

/// A record whose envelope and data are 300 bytes together.
fn record() -> NewRecord {
    // The header is 44 + 1 + 41 + 1 + 12 + 1 + 4 bytes, and 32 for cause and corr.
    let text = format!("{{\"text\":\"{}\"}}", "x".repeat(300 - 136 - 11));
    NewRecord {
        id: Uuid::now_v7(),
        at: Micros(1_700_000_000_000_000),
        kind: "TextAppended".into(),
        version: 1,
        by: By::system(),
        cause: Some(Uuid::from_u128(1)),
        corr: Some(Uuid::from_u128(2)),
        cmd: None,
        copy_of: None,
        data: Data::Json(serde_json::value::RawValue::from_string(text).expect("valid JSON").into()),
    }
}

fn stream(n: u64) -> StreamId {
    StreamId::new("chat", Uuid::from_u128(u128::from(n)))
}

/// Overwrites of 512 bytes in an allocated file, each made durable: what the disk can do, per second.
fn bare_syncs(dir: &Path) -> f64 {
    let path = dir.join("bare");
    fs::write(&path, vec![0; 8 << 20]).expect("room for 8 MiB");
    let file = OpenOptions::new().write(true).open(&path).expect("the file just written");
    file.sync_all().expect("a working disk");
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < RUN {
        file.write_all_at(&[1; 512], u64::from(count % 16_000) * 512).expect("a working disk");
        file.sync_data().expect("a working disk");
        count += 1;
    }
    fs::remove_file(path).expect("the file just written");
    f64::from(count) / start.elapsed().as_secs_f64()
}

async fn appends(dir: &Path, appenders: u64) -> f64 {
    let dir = dir.join(format!("appends-{appenders}"));
    let log = Arc::new(FileLog::open(&dir, &Options::default()).expect("a fresh folder").0);
    let record = record();
    let done = Arc::new(AtomicU64::new(0));
    // The first segments are being allocated: not what is measured.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    let tasks = (0..appenders).map(|n| {
        let (log, record, done) = (log.clone(), record.clone(), done.clone());
        tokio::spawn(async move {
            let mut revision = Revision(0);
            while start.elapsed() < RUN {
                let expected = Expected::next(revision);
                let append = Append { stream: stream(n), expected, records: vec![record.clone()], ack: Ack::Durable };
                log.append(append).await.expect("a working disk");
                revision = revision.next();
                done.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    for task in join_all(tasks).await {
        task.expect("no panic");
    }
    let rate = f64::from(u32::try_from(done.load(Ordering::Relaxed)).expect("fewer than 2^32"))
        / start.elapsed().as_secs_f64();
    drop(log);
    fs::remove_dir_all(dir).expect("the folder just made");
    rate
}

fn resident_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    let kb: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0);
    kb / 1024.0
}

async fn fill(dir: &Path) {
    let (log, _) = FileLog::open(dir, &Options::default()).expect("a fresh folder");
    let record = record();
    let mut n = 0;
    while n < EVENTS {
        let round = (0..1000).map(|i| {
            let number = (n + i).wrapping_mul(2_654_435_761) % STREAMS;
            log.append(Append {
                stream: stream(number),
                expected: Expected::Any,
                records: vec![record.clone()],
                ack: Ack::Written,
            })
        });
        for answer in join_all(round).await {
            answer.expect("a working disk");
        }
        n += 1000;
    }
}

#[expect(clippy::cast_precision_loss, reason = "rates are printed in thousands")]
async fn large(dir: &Path) {
    let dir = dir.join("large");
    let start = Instant::now();
    fill(&dir).await;
    println!("1,000,000 written events              {:>10.0} events/s", EVENTS as f64 / start.elapsed().as_secs_f64());
    let size: u64 = fs::read_dir(&dir)
        .expect("the log's folder")
        .filter_map(Result::ok)
        .filter(|e| e.file_name().to_string_lossy().starts_with('0'))
        .filter_map(|e| e.metadata().ok())
        .map(|m| m.len())
        .sum();
    println!("its size with the unfilled tail       {:>10.0} MB", size as f64 / 1e6);
    let before = resident_mb();
    let start = Instant::now();
    let (log, _) = FileLog::open(&dir, &Options::default()).expect("the log just written");
    println!("opened in                             {:>10.0} ms", start.elapsed().as_secs_f64() * 1e3);
    println!("resident after opening, more than before{:>8.0} MB ({:.0} before)", resident_mb() - before, before);
    let start = Instant::now();
    let count = log.read_log(Position(0)).map(|r| r.expect("undamaged")).count().await;
    println!("read and decoded from the first       {:>10.0} events/s", count as f64 / start.elapsed().as_secs_f64());
    let start = Instant::now();
    let mut count = 0;
    for n in 0..1000 {
        count += log.read_stream(stream(n), Revision(0)).map(|r| r.expect("undamaged")).count().await;
    }
    println!("streams of about 100 events           {:>10.0} events/s", count as f64 / start.elapsed().as_secs_f64());
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("threads");
    let dir = tempfile::tempdir_in(std::env::var_os("BENCH_DIR").unwrap_or_else(|| ".".into()))
        .expect("a folder to write to");
    runtime.block_on(async {
        large(dir.path()).await;
        println!("bare overwrite and fdatasync          {:>10.0} syncs/s", bare_syncs(dir.path()));
        for appenders in [1, 256, 2048] {
            let rate = appends(dir.path(), appenders).await;
            println!("durable appends, {appenders:>5} appenders       {rate:>10.0} events/s");
        }
    });
}
