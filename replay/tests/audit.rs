//! A verifier written from `docs/audit.md` alone, in another language, agrees with this code on true exports and on others.
//! Needs Node.js, as building the page does.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path, process::Command};

use replay::{
    audit::{Bound, Filter, Wanted, export, verify},
    file::{FileLog, Options},
    ids::{By, Micros, Position, StreamId},
    log::{Ack, Append, EventLog, Expected},
    record::{Data, NewRecord},
};
use serde_json::{Value, json};
use uuid::Uuid;

fn record(n: u64) -> NewRecord {
    let here = |bit: u64| n & bit != 0;
    NewRecord {
        id: Uuid::now_v7(),
        at: Micros(1_700_000_000_000_000 + i64::try_from(n).unwrap() * 1_000_000),
        kind: if n.is_multiple_of(2) { "Noted" } else { "Said" }.into(),
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
        data: if n == 17 {
            Data::Redacted
        } else {
            Data::of(&json!({ "n": n, "text": "größe \"\\\u{1} ".repeat(9) })).unwrap()
        },
    }
}

async fn fill(dir: &Path) {
    let options = Options { segment_size: 16 * 1024, ..Options::default() };
    let (log, _) = FileLog::open(dir, &options).unwrap();
    for n in 0..100 {
        let stream: StreamId = format!("chat/{}", n % 3).parse().unwrap();
        let append = Append { stream, expected: Expected::Any, records: vec![record(n)], ack: Ack::Written };
        log.append(append).await.unwrap();
    }
    log.close();
}

/// What the other program says of a file.
fn theirs(file: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify-audit.mjs");
    let output =
        Command::new("node").arg(script).arg(file).output().expect("Node.js is installed: install it to run this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn a_verifier_written_from_the_documentation_agrees_with_this_code() {
    let dir = tempfile::tempdir().unwrap();
    fill(&dir.path().join("log")).await;
    let file = dir.path().join("export.jsonl");
    let time = |second: i64| Some(Bound::Time(Micros(1_700_000_000_000_000 + second * 1_000_000)));
    let of = |streams: &[&str], types: &[&str]| {
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        Filter { streams: list(streams), types: list(types), ..Filter::default() }
    };
    let wishes = [
        Wanted::default(),
        Wanted {
            from: Some(Bound::Position(Position(10))),
            to: Some(Bound::Position(Position(60))),
            ..Wanted::default()
        },
        Wanted { from: time(20), to: time(30), ..Wanted::default() },
        Wanted { filter: of(&["chat/1"], &[]), ..Wanted::default() },
        Wanted { from: time(5), filter: of(&["chat"], &["Noted"]), ..Wanted::default() },
    ];
    for wanted in &wishes {
        let mut out = Vec::new();
        let exported = export(&dir.path().join("log"), wanted, None, (Micros(1), "a test"), &mut out).unwrap();
        fs::write(&file, &out).unwrap();
        let ours = verify(&out[..]).unwrap();
        assert!(ours.is_good() && ours.records > 0, "{ours:?}");
        let theirs = theirs(&file);
        assert_eq!(theirs["faults"], json!([]), "{wanted:?}");
        assert_eq!(
            (&theirs["records"], &theirs["left_out"], theirs["chain"].as_str()),
            (&json!(ours.records), &json!(ours.left_out), exported.chain.as_deref())
        );
    }
}

#[tokio::test]
async fn both_find_what_was_changed() {
    let dir = tempfile::tempdir().unwrap();
    fill(&dir.path().join("log")).await;
    let file = dir.path().join("export.jsonl");
    let mut out = Vec::new();
    export(&dir.path().join("log"), &Wanted::default(), None, (Micros(1), "a test"), &mut out).unwrap();
    let lines: Vec<String> = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        lines.join("\n") + "\n"
    };
    let replaced = |n: usize, from: &str, to: &str| {
        with(&|lines: &mut Vec<String>| {
            let line = lines[n].replacen(from, to, 1);
            assert_ne!(line, lines[n]);
            lines[n] = line;
        })
    };
    let cases = [
        (Some(12), replaced(13, "größe", "grösse")),
        (Some(12), replaced(13, "\"kind\":\"person\"", "\"kind\":\"agent\"")),
        (Some(12), replaced(13, "\"header\":\"0c", "\"header\":\"1c")),
        (Some(12), with(&|lines| drop(lines.remove(13)))),
        (Some(12), with(&|lines| lines.swap(13, 14))),
        (Some(12), with(&|lines| lines.insert(14, lines[13].clone()))),
        (None, with(&|lines| lines.truncate(50))),
    ];
    for (position, text) in cases {
        fs::write(&file, &text).unwrap();
        let (ours, theirs) = (verify(text.as_bytes()).unwrap(), theirs(&file));
        let named = ours.faults.first().unwrap().position.map(|position| position.0);
        assert_eq!(named, position, "{:?}", ours.faults);
        let places: Vec<_> =
            theirs["faults"].as_array().unwrap().iter().map(|fault| fault["position"].as_u64()).collect();
        assert!(!places.is_empty());
        assert!(position.is_none() || places.iter().flatten().any(|place| place.abs_diff(12) <= 1), "{theirs}");
    }
}
