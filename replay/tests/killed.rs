//! A process that appends as fast as it can is killed again and again: every event that it was told is durable is there, in
//! order, and the log verifies as good. The process is this program itself, which is why it has a `main` of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    sync::Arc,
};

use futures_util::{StreamExt, future::join_all};
use libtest_mimic::{Arguments, Trial};
use replay::{
    conformance::{append, stream},
    file::{FileLog, Options},
    ids::{Position, Revision},
    log::{Ack, EventLog, Expected},
    verify::verify,
};

/// Says to this program that it is the one to be killed, and where its log is.
const DIR: &str = "REPLAY_LOG_OF_THE_KILLED";
const ROUNDS: usize = 12;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(dir) = std::env::var_os(DIR) {
        runtime.block_on(append_for_ever(Path::new(&dir)));
        return ExitCode::FAILURE;
    }
    let survives = move || {
        runtime.block_on(survives());
        Ok(())
    };
    let test = Trial::test("whatever_was_acknowledged_survives_every_kill", survives);
    libtest_mimic::run(&Arguments::from_args(), vec![test]).exit_code()
}

fn options() -> Options {
    Options { segment_size: 64 * 1024, ..Options::default() }
}

/// Appends to eight streams and says each append on its standard output once it is durable: stream, revision, count.
async fn append_for_ever(dir: &Path) {
    let log = Arc::new(FileLog::open(dir, &options()).unwrap().0);
    let writers = (0..8).map(|n| {
        let log = log.clone();
        tokio::spawn(async move {
            for round in 0_usize.. {
                let count = round % 3 + 1;
                let appended = log.append(append(n, Expected::Any, count, Ack::Durable)).await.unwrap();
                println!("durable {n} {} {}", appended.revision, appended.count);
                log.append(append(n, Expected::Any, 1, Ack::Written)).await.unwrap();
            }
        })
    });
    join_all(writers).await;
}

fn start(dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap()).env(DIR, dir).stdout(Stdio::piped()).spawn().unwrap()
}

async fn survives() {
    let dir = tempfile::tempdir().unwrap();
    // What was acknowledged: per stream, the revision after the last.
    let mut acknowledged = BTreeMap::<u64, u64>::new();
    for round in 0..ROUNDS {
        let mut child = start(dir.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed after so many answers: no clock is involved.
        let enough = 20 + 137 * round % 400;
        let mut seen = 0;
        for line in lines {
            let line = line.unwrap();
            let Some(words) = line.strip_prefix("durable ") else { continue };
            let numbers: Vec<u64> = words.split(' ').map_while(|word| word.parse().ok()).collect();
            let [stream, revision, count] = numbers[..] else { continue };
            acknowledged
                .entry(stream)
                .and_modify(|next| *next = (*next).max(revision + count))
                .or_insert(revision + count);
            seen += 1;
            if seen == enough {
                child.kill().unwrap();
            }
        }
        assert!(!child.wait().unwrap().success(), "it was killed, and did not end by itself");
        let (log, report) = FileLog::open(dir.path(), &options()).unwrap();
        assert_eq!(report.damage, [], "round {round}");
        for (n, next) in &acknowledged {
            assert!(
                log.next_revision(&stream(*n)).0 >= *next,
                "round {round}: stream {n} has lost acknowledged events"
            );
            let records: Vec<_> = log.read_stream(stream(*n), Revision(0)).map(Result::unwrap).collect().await;
            assert!(records.iter().zip(0..).all(|(record, n)| record.revision.0 == n));
        }
        let head = log.head();
        assert_eq!(log.read_log(Position(0)).map(Result::unwrap).count().await, usize::try_from(head.0).unwrap());
        drop(log);
        let report = verify(dir.path(), |_, _| ()).unwrap();
        assert!(report.is_good() && report.head == head, "round {round}: {:?}", report.faults);
    }
    assert!(acknowledged.len() == 8 && acknowledged.values().all(|next| *next > 10), "{acknowledged:?}");
}
