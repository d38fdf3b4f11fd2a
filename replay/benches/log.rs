//! How fast the log in files is: durable appends by 1, 256 and 2,048 appenders, against the disk's own sync rate and
//! a bare segment in the same run; then a log of 1,000,000 events: size, opening, memory, reading.
//!
//! `cargo bench -p replay --bench log` prints a table, with what is to be reached, and writes it as JSON into the target folder.
//! Records are 300 bytes in all: envelope and data. What is read is also told per second of CPU time: on a machine that
//! others use too, that says more than the clock.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
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
use tokio::sync::oneshot;
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

/// What the same appends cost without a log: one thread that gathers what waits, overwrites an allocated file with it, and
/// makes it durable. No positions, no hashes, no index, no readers.
async fn bare_appends(dir: &Path, appenders: u64) -> f64 {
    const SIZE: u64 = 64 << 20;
    /// As many bytes as the frame of such a record has.
    const FRAME: usize = 432;
    let path = dir.join("bare-segment");
    fs::write(&path, vec![0; usize::try_from(SIZE).expect("it fits into memory")]).expect("a folder to write to");
    let file = OpenOptions::new().write(true).open(&path).expect("the file just written");
    file.sync_all().expect("a working disk");
    let (send, waiting) = mpsc::channel::<(Vec<u8>, oneshot::Sender<()>)>();
    let writer = std::thread::spawn(move || {
        let (mut at, mut buffer, mut replies) = (0, Vec::new(), Vec::new());
        while let Ok(first) = waiting.recv() {
            let all = std::iter::once(first).chain(std::iter::from_fn(|| waiting.try_recv().ok())).take(4_096);
            for (bytes, reply) in all {
                buffer.extend_from_slice(&bytes);
                replies.push(reply);
            }
            let length = u64::try_from(buffer.len()).expect("it is small");
            if at + length > SIZE {
                at = 0;
            }
            file.write_all_at(&buffer, at).expect("a working disk");
            file.sync_data().expect("a working disk");
            at += length;
            buffer.clear();
            for reply in replies.drain(..) {
                // Whoever waited is there until it is answered.
                reply.send(()).expect("an appender");
            }
        }
    });
    let start = Instant::now();
    let tasks = (0..appenders).map(|_| {
        let send = send.clone();
        tokio::spawn(async move {
            let mut done = 0_u32;
            while start.elapsed() < RUN {
                let (reply, answer) = oneshot::channel();
                send.send((vec![1; FRAME], reply)).expect("a writer");
                answer.await.expect("an answer");
                done += 1;
            }
            done
        })
    });
    let mut done = 0;
    for task in join_all(tasks).await {
        done += task.expect("no panic");
    }
    let rate = f64::from(done) / start.elapsed().as_secs_f64();
    drop(send);
    writer.join().expect("no panic");
    fs::remove_file(path).expect("the file just written");
    rate
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

async fn fill(dir: &Path, options: &Options, events: u64) {
    let (log, _) = FileLog::open(dir, options).expect("a fresh folder");
    let record = record();
    let mut n = 0;
    while n < events {
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

/// CPU time of all threads of this process so far, in seconds.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold anything, the 12th and 13th fields are clock ticks of 10 ms.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// What has to be reached.
#[derive(Clone, Copy)]
enum Bar {
    AtLeast(f64),
    AtMost(f64),
    None,
}

/// What was measured so far.
#[derive(Default)]
struct Table(Vec<serde_json::Value>);

impl Table {
    /// Adds a row and prints it.
    fn row(&mut self, what: &str, measured: f64, unit: &str, bar: Bar) {
        let (words, holds) = match bar {
            Bar::AtLeast(least) => (format!("at least {least}"), Some(measured >= least)),
            Bar::AtMost(most) => (format!("at most {most}"), Some(measured <= most)),
            Bar::None => (String::new(), None),
        };
        let mark = if holds == Some(false) { "MISSED" } else { "" };
        let digits = if measured.abs() < 100.0 { 2 } else { 0 };
        println!("{what:<52} {measured:>12.digits$} {unit:<12} {words:>18} {mark}");
        self.0
            .push(serde_json::json!({"what": what, "measured": measured, "unit": unit, "bar": words, "holds": holds}));
    }

    /// Adds a rate by the clock, and the same per second of CPU time.
    fn rate(&mut self, what: &str, count: f64, since: (Instant, f64), bar: Bar) {
        let (clock, cpu) = (since.0.elapsed().as_secs_f64(), cpu_seconds() - since.1);
        self.row(what, count / clock, "events/s", bar);
        self.row(&format!("{what}, of CPU time"), count / cpu.max(0.01), "events/s", Bar::None);
    }

    fn write(&self) {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-log.json");
        let text = serde_json::json!({"rows": self.0});
        fs::write(&path, format!("{text:#}\n")).expect("the target folder can be written to");
        println!("written to {}", path.display());
    }
}

fn begun() -> (Instant, f64) {
    (Instant::now(), cpu_seconds())
}

#[expect(clippy::cast_precision_loss, reason = "rates are printed in thousands")]
async fn large(dir: &Path, table: &mut Table) {
    let dir = dir.join("large");
    let start = begun();
    fill(&dir, &Options::default(), EVENTS).await;
    table.rate("1,000,000 written events", EVENTS as f64, start, Bar::None);
    let files = fs::read_dir(&dir).expect("the log's folder").filter_map(Result::ok);
    let mut segments: Vec<_> =
        files.filter(|e| e.file_name().to_string_lossy().starts_with('0')).map(|e| e.path()).collect();
    segments.sort();
    // The last segment is allocated as a whole; what is not filled yet is zeros.
    let last = segments.last().and_then(|path| fs::read(path).ok()).unwrap_or_default();
    let unfilled = last.iter().rev().take_while(|byte| **byte == 0).count();
    let size: u64 = segments.iter().filter_map(|path| path.metadata().ok()).map(|m| m.len()).sum();
    let size = (size - unfilled as u64) as f64 / 1e6;
    drop(last);
    table.row("its size without the unfilled tail", size, "MB", Bar::AtMost(470.0));
    let before = resident_mb();
    let start = Instant::now();
    let (log, _) = FileLog::open(&dir, &Options::default()).expect("the log just written");
    table.row("opened in", start.elapsed().as_secs_f64() * 1e3, "ms", Bar::AtMost(150.0));
    let what = format!("resident after opening, more than the {before:.0} before");
    table.row(&what, resident_mb() - before, "MB", Bar::AtMost(40.0));
    let start = begun();
    let count = log.read_log(Position(0)).map(|r| r.expect("undamaged")).count().await;
    table.rate("read and decoded from the first", count as f64, start, Bar::AtLeast(1_000_000.0));
    let start = begun();
    let mut count = 0;
    for n in 0..STREAMS / 2 {
        count += log.read_stream(stream(n), Revision(0)).map(|r| r.expect("undamaged")).count().await;
    }
    table.rate("streams of about 100 events, all mixed", count as f64, start, Bar::None);
    drop(log);
    one_stream(&dir.with_extension("one"), table).await;
}

/// Opening a log whose events all stand in the last segment: each frame is checked and indexed, nothing is decoded.
#[expect(clippy::cast_precision_loss, reason = "rates are printed in thousands")]
async fn scan(dir: &Path, table: &mut Table) {
    let events = EVENTS / 2;
    let options = Options { segment_size: 512 << 20, ..Options::default() };
    fill(dir, &options, events).await;
    let start = begun();
    let (log, _) = FileLog::open(dir, &options).expect("the log just written");
    table.rate("scan of frames", events as f64, start, Bar::AtLeast(3_000_000.0));
    assert_eq!(log.head(), Position(events), "every event is found");
}

/// One stream that is alone in its log.
#[expect(clippy::cast_precision_loss, reason = "rates are printed in thousands")]
async fn one_stream(dir: &Path, table: &mut Table) {
    let (log, _) = FileLog::open(dir, &Options::default()).expect("a fresh folder");
    let record = record();
    for _ in 0..3_000 {
        let round = (0..100).map(|_| {
            let (stream, records) = (stream(0), vec![record.clone()]);
            log.append(Append { stream, expected: Expected::Any, records, ack: Ack::Written })
        });
        for answer in join_all(round).await {
            answer.expect("a working disk");
        }
    }
    log.sync().await.expect("a working disk");
    let start = begun();
    let count = log.read_stream(stream(0), Revision(0)).map(|r| r.expect("undamaged")).count().await;
    table.rate("one stream of 300,000 events", count as f64, start, Bar::AtLeast(1_000_000.0));
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("threads");
    let dir = tempfile::tempdir_in(std::env::var_os("BENCH_DIR").unwrap_or_else(|| ".".into()))
        .expect("a folder to write to");
    let mut table = Table::default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load before: {}", load.split_whitespace().next().unwrap_or("unknown"));
    runtime.block_on(async {
        large(dir.path(), &mut table).await;
        scan(&dir.path().join("scan"), &mut table).await;
        let bare = bare_syncs(dir.path());
        table.row("bare overwrite and fdatasync", bare, "syncs/s", Bar::None);
        for (appenders, bar) in [(1, 0.6 * bare.round()), (256, 250_000.0), (2048, 350_000.0)] {
            let reference = if appenders == 1 { bare } else { bare_appends(dir.path(), appenders).await };
            if appenders > 1 {
                table.row(&format!("a bare segment, {appenders} appenders"), reference, "events/s", Bar::None);
            }
            let cpu = cpu_seconds();
            let rate = appends(dir.path(), appenders).await;
            let spent = cpu_seconds() - cpu;
            table.row(&format!("durable appends, {appenders} appenders"), rate, "events/s", Bar::AtLeast(bar));
            if appenders == 1 {
                table.row("the same, by the bare rate", rate / bare, "", Bar::AtLeast(0.6));
            } else {
                table.row("the same, by the bare segment", rate / reference, "", Bar::None);
                table.row("the same, CPU time of each", spent / (rate * RUN.as_secs_f64()) * 1e6, "us", Bar::None);
            }
        }
    });
    table.write();
}
