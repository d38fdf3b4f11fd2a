//! An independent decoder, written from `docs/log-format.md` alone in another language, reads what this code wrote and agrees
//! with it on every field, on the chain and on the tree. Needs Node.js, as building the page does.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::Path, process::Command};

use futures_util::StreamExt;
use replay::{
    file::{FileLog, Options},
    ids::{By, Micros, Position, StreamId},
    log::{Ack, Append, EventLog, Expected},
    record::{Data, NewRecord, Record},
    verify::verify,
};
use serde_json::{Value, json};
use uuid::Uuid;

fn record(n: u64) -> NewRecord {
    let here = |bit: u64| n & bit != 0;
    NewRecord {
        id: Uuid::now_v7(),
        at: Micros(1_700_000_000_000_000 + i64::try_from(n).unwrap() - 50),
        kind: "SomethingHappened".into(),
        version: u16::try_from(n % 5 + 1).unwrap(),
        by: match n % 4 {
            0 => By::person("owner"),
            1 => By { on_behalf_of: Some("owner".into()), ..By::agent("prüfer") },
            2 => By::key("ci"),
            _ => By::system(),
        },
        cause: here(1).then(Uuid::now_v7),
        corr: here(2).then(Uuid::now_v7),
        cmd: here(4).then(|| format!("command-{n}").parse().unwrap()),
        copy_of: here(8).then(Uuid::now_v7),
        data: if n == 77 {
            Data::Redacted
        } else {
            Data::of(&json!({ "n": n, "text": "größe ".repeat(usize::try_from(n).unwrap()) })).unwrap()
        },
    }
}

/// A record as the other program prints it.
fn printed(record: &Record) -> Value {
    let event = &record.event;
    let mut value = json!({
        "position": record.position, "revision": record.revision, "stream": record.stream, "id": event.id, "at": event.at,
        "type": event.kind, "version": event.version, "by": event.by,
        "data": if event.data == Data::Redacted { Value::Null } else { event.data.json().into() },
    });
    for (name, id) in [("cause", event.cause), ("corr", event.corr), ("copy_of", event.copy_of)] {
        if let Some(id) = id {
            value[name] = json!(id);
        }
    }
    if let Some(cmd) = &event.cmd {
        value["cmd"] = json!(cmd);
    }
    value
}

fn decode(dir: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decode-log.mjs");
    let output =
        Command::new("node").arg(script).arg(dir).output().expect("Node.js is installed: install it to run this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn a_decoder_written_from_the_documentation_agrees_with_this_code() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { segment_size: 64 * 1024, ..Options::default() };
    let (log, _) = FileLog::open(dir.path(), &options).unwrap();
    let mut n = 0;
    while n < 300 {
        let stream: StreamId =
            if n % 3 == 0 { "system/host".to_owned() } else { format!("chat/stream-{}", n % 7) }.parse().unwrap();
        let records: Vec<_> = (n..n + 1 + n % 4).map(record).collect();
        n += u64::try_from(records.len()).unwrap();
        log.append(Append { stream, expected: Expected::Any, records, ack: Ack::Written }).await.unwrap();
    }
    log.sync().await.unwrap();
    let own: Vec<Value> = log.read_log(Position(0)).map(|r| printed(&r.unwrap())).collect().await;
    let id = log.id().to_string();
    drop(log);
    // A second life: footers, marks and a new start in between.
    let (log, _) = FileLog::open(dir.path(), &options).unwrap();
    drop(log);

    let decoded = decode(dir.path());
    let report = verify(dir.path(), |_, _| ()).unwrap();
    assert!(report.is_good(), "{:?}", report.faults);
    assert!(report.segments > 3);
    assert_eq!(decoded["faults"], json!([]));
    assert_eq!(decoded["id"], json!(id));
    assert_eq!(decoded["segments"], json!(report.segments));
    assert_eq!(decoded["head"], json!(report.head));
    assert_eq!(decoded["chain"], json!(report.chain));
    assert_eq!(decoded["root"], json!(report.root));
    assert_eq!(decoded["records"], Value::Array(own));
}
