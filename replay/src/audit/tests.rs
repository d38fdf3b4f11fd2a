//! A true export verifies; each way of tampering with one is named, with its place.

use std::{fs, path::Path};

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::{
    file::{FileLog, Options},
    ids::{By, Micros, Position, StreamId},
    log::{Ack, Append, EventLog, Expected},
    record::{Data, NewRecord},
};

const MADE: (Micros, &str) = (Micros(1), "a test");
/// How many records the log of these tests has.
const RECORDS: u64 = 60;

fn record(n: u64) -> NewRecord {
    NewRecord {
        id: Uuid::from_u128(u128::from(n) + 1),
        at: Micros(i64::try_from(n).unwrap() * 1_000_000),
        kind: if n.is_multiple_of(3) { "Noted" } else { "Said" }.into(),
        version: 1,
        by: match n % 4 {
            0 => By::person("owner"),
            1 => By { on_behalf_of: Some("owner".into()), ..By::agent("default") },
            2 => By::key("ci"),
            _ => By::system(),
        },
        cause: (n > 0).then(|| Uuid::from_u128(u128::from(n))),
        corr: None,
        cmd: n.is_multiple_of(5).then(|| format!("command-{n}").parse().unwrap()),
        copy_of: None,
        data: if n == 7 {
            Data::Redacted
        } else {
            Data::of(&json!({"n": n, "text": "größe \n\u{1}".repeat(40)})).unwrap()
        },
    }
}

fn stream(n: u64) -> StreamId {
    format!("chat/{}", n % 3).parse().unwrap()
}

/// A log of several segments, closed.
fn log() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { segment_size: 16 * 1024, ..Options::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (log, _) = FileLog::open(dir.path(), &options).unwrap();
        let mut n = 0;
        while n < RECORDS {
            let records: Vec<_> = (n..(n + 1 + n % 3).min(RECORDS)).map(record).collect();
            let count = u64::try_from(records.len()).unwrap();
            let append = Append { stream: stream(n), expected: Expected::Any, records, ack: Ack::Durable };
            log.append(append).await.unwrap();
            n += count;
        }
        log.close();
    });
    assert!(dir.path().join("0000000003.seg").exists(), "several segments");
    dir
}

fn exported(dir: &Path, wanted: &Wanted) -> (String, Exported) {
    let mut out = Vec::new();
    let exported = export(dir, wanted, None, MADE, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), exported)
}

fn whole(dir: &Path) -> String {
    exported(dir, &Wanted::default()).0
}

#[track_caller]
fn good(text: &str) -> Verified {
    let verified = verify(text.as_bytes()).unwrap();
    assert_eq!(verified.faults, []);
    verified
}

fn faults(text: &str) -> Vec<Fault> {
    verify(text.as_bytes()).unwrap().faults
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn text(lines: &[String]) -> String {
    if lines.is_empty() { String::new() } else { lines.join("\n") + "\n" }
}

fn positions(text: &str, kind: &str) -> Vec<u64> {
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["line"] == kind).map(|line| line["position"].as_u64().unwrap()).collect()
}

/// One sort of fault, at one position, and no other.
#[track_caller]
fn one(text: &str, kind: FaultKind, position: Option<u64>) -> Fault {
    let found = faults(text);
    let [fault] = &found[..] else { panic!("{found:?}") };
    assert_eq!((fault.kind, fault.position), (kind, position.map(Position)), "{fault}");
    fault.clone()
}

#[test]
fn a_true_export_verifies_and_ends_with_the_chain_of_the_log() {
    let dir = log();
    let (text, exported) = exported(dir.path(), &Wanted::default());
    let verified = good(&text);
    assert_eq!((verified.records, verified.left_out, verified.redacted), (RECORDS, 0, 1));
    let report = crate::verify::verify(dir.path(), |_, _| ()).unwrap();
    assert_eq!((verified.chain.as_ref(), exported.chain.as_ref()), (Some(&report.chain), Some(&report.chain)));
    assert_eq!(Some(verified.log), report.log.map(|log| log.to_string()));
    assert_eq!((exported.from, exported.to), (Position(0), report.head));
}

#[test]
fn data_stands_in_it_byte_for_byte_and_redacted_data_does_not() {
    let dir = log();
    let all = lines(&whole(dir.path()));
    let line = |position: u64| serde_json::from_str::<Value>(&all[usize::try_from(position).unwrap() + 1]).unwrap();
    assert_eq!(line(4)["data"].as_str().unwrap(), record(4).data.json());
    assert_eq!(line(5)["event"]["by"], json!({"kind": "agent", "id": "default", "for": "owner"}));
    assert!(line(7)["data"].is_null() && line(7)["commitment"].is_string());
}

#[test]
fn what_a_filter_leaves_out_is_there_by_its_leaf_alone() {
    let dir = log();
    let filter = |streams: &[&str], by: &[&str], types: &[&str]| {
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let filter = Filter { streams: list(streams), by: list(by), types: list(types), ..Filter::default() };
        let (text, exported) = exported(dir.path(), &Wanted { filter, ..Wanted::default() });
        let verified = good(&text);
        let kept = positions(&text, "record");
        assert_eq!((verified.records, verified.left_out), (kept.len() as u64, RECORDS - kept.len() as u64));
        assert_eq!(exported.left_out, verified.left_out);
        assert_eq!(verified.chain, good(&whole(dir.path())).chain);
        kept
    };
    let of = |fits: &dyn Fn(u64) -> bool| (0..RECORDS).filter(|n| fits(*n)).collect::<Vec<_>>();
    assert_eq!(filter(&[], &[], &["Noted"]), of(&|n| n % 3 == 0));
    assert_eq!(filter(&[], &["key:ci", "system"], &[]), of(&|n| n % 4 > 1));
    assert_eq!(filter(&["chat"], &["person:owner"], &[]), of(&|n| n % 4 == 0));
    assert_eq!(filter(&["session"], &[], &[]), [] as [u64; 0]);
    let none_of = filter(&["chat/1"], &[], &[]);
    assert!(!none_of.is_empty() && none_of.len() < 60);
}

#[test]
fn a_range_is_of_positions_or_of_times_and_begins_with_the_chain_before_it() {
    let dir = log();
    let of = |from: Option<Bound>, to: Option<Bound>| {
        let (text, exported) = exported(dir.path(), &Wanted { from, to, ..Wanted::default() });
        good(&text);
        (exported.from.0, exported.to.0, exported.left_out, exported.chain)
    };
    let position = |n| Some(Bound::Position(Position(n)));
    let time = |seconds: i64| Some(Bound::Time(Micros(seconds * 1_000_000)));
    for from in 0..RECORDS {
        let (begin, end, ..) = of(position(from), position(from + 7));
        assert_eq!((begin, end), (from, (from + 7).min(RECORDS)));
    }
    assert_eq!(of(time(10), time(20)).0, 10);
    let (begin, end, left_out, chain) = of(time(10), time(20));
    assert_eq!((begin, end, left_out), (10, 20, 0));
    assert_eq!(chain, of(None, position(20)).3, "the chain goes on where the range before ends");
    assert_eq!(of(time(1_000), None).0, RECORDS, "nothing happened since");
    let (begin, end, ..) = of(position(RECORDS), None);
    assert_eq!((begin, end), (RECORDS, RECORDS));
    let backwards = Wanted { from: position(9), to: position(3), ..Wanted::default() };
    let refused = export(dir.path(), &backwards, None, MADE, &mut Vec::new()).unwrap_err();
    assert!(matches!(refused, ExportError::BadRange { .. }), "{refused}");
}

#[test]
fn an_export_ends_at_the_head_that_it_is_told() {
    let dir = log();
    let mut out = Vec::new();
    let exported = export(dir.path(), &Wanted::default(), Some(Position(31)), MADE, &mut out).unwrap();
    assert_eq!((exported.to, good(&String::from_utf8(out).unwrap()).records), (Position(31), 31));
}

#[test]
fn a_record_that_is_dropped_doubled_or_moved_is_named() {
    let dir = log();
    let all = lines(&whole(dir.path()));
    let mut dropped = all.clone();
    dropped.remove(11);
    assert!(one(&text(&dropped), FaultKind::Missing, Some(10)).what.contains("this record is missing"));
    let mut dropped = all.clone();
    dropped.drain(11..14);
    assert!(one(&text(&dropped), FaultKind::Missing, Some(10)).what.contains("up to position 12"));
    let mut doubled = all.clone();
    doubled.insert(11, all[11].clone());
    one(&text(&doubled), FaultKind::Twice, Some(10));
    let mut swapped = all.clone();
    swapped.swap(11, 12);
    one(&text(&swapped), FaultKind::OutOfOrder, Some(10));
}

#[test]
fn a_file_that_is_cut_is_named_with_its_last_record() {
    let dir = log();
    let all = lines(&whole(dir.path()));
    let cut = one(&text(&all[..=20]), FaultKind::CutOff, None);
    assert!(cut.what.contains("position 19"), "{cut}");
    assert!(one(&text(&all[..1]), FaultKind::CutOff, None).what.contains("first line"));
    let mut without = all.clone();
    without.remove(usize::try_from(RECORDS).unwrap());
    one(&text(&without), FaultKind::Missing, Some(RECORDS - 1));
    let more = [all.clone(), vec![all[3].clone()]].concat();
    assert!(one(&text(&more), FaultKind::Malformed, None).what.contains("behind the last line"));
}

/// Changes one field of a line, as a text editor would.
fn changed(line: &str, field: &str, change: impl Fn(&str) -> String) -> String {
    let value: Value = serde_json::from_str(line).unwrap();
    let old = serde_json::to_string(&value[field]).unwrap();
    let new = change(old.trim_matches('"'));
    line.replacen(&format!("\"{field}\":{old}"), &format!("\"{field}\":\"{new}\""), 1)
}

fn with_other_digit(hex: &str) -> String {
    let last = if hex.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &hex[..hex.len() - 1])
}

#[test]
fn a_leaf_a_chain_and_what_is_shown_are_held_to_the_bytes() {
    let dir = log();
    let all = lines(&whole(dir.path()));
    let with = |n: usize, line: String| {
        let mut lines = all.clone();
        assert_ne!(lines[n], line);
        lines[n] = line;
        text(&lines)
    };
    let leaf = one(&with(11, changed(&all[11], "leaf", with_other_digit)), FaultKind::Changed, Some(10));
    assert!(leaf.what.contains("its leaf was changed"), "{leaf}");
    one(&with(11, changed(&all[11], "chain", with_other_digit)), FaultKind::Broken, Some(10));
    let shown = all[11].replace("\"type\":\"Said\"", "\"type\":\"Paid\"");
    let shown = one(&with(11, shown), FaultKind::Misleading, Some(10));
    assert!(shown.what.contains("Said"), "{shown}");
    let position = all[11].replacen("\"position\":10,", "\"position\":11,", 1);
    one(&with(11, position), FaultKind::Misleading, Some(10));
    one(&with(0, changed(&all[0], "chain_before", with_other_digit)), FaultKind::Miscounted, None);
    let spaced = all[11].replacen("\"position\":10", "\"position\": 10", 1);
    one(&with(11, spaced), FaultKind::Malformed, None);
    let last = all.len() - 1;
    one(&with(last, changed(&all[last], "chain", with_other_digit)), FaultKind::Broken, None);
    let counted = all[last].replace(&format!("\"records\":{RECORDS}"), "\"records\":3");
    one(&with(last, counted), FaultKind::Miscounted, None);
}

#[test]
fn one_who_changes_leaf_and_chain_as_well_is_found_at_the_next_record() {
    let dir = log();
    let mut all = lines(&whole(dir.path()));
    let line::Line::Record(mut record) = serde_json::from_str(&all[11]).unwrap() else { panic!("a record") };
    record.data = Some("{\"n\":11}".into());
    let leaf = crate::file::format::record::leaf(&record.header.0, &record.commitment().unwrap());
    let before: Value = serde_json::from_str(&all[10]).unwrap();
    let before: line::Hex<32> = serde_json::from_value(before["chain"].clone()).unwrap();
    record.leaf = line::Hex(leaf);
    record.chain = line::Hex(crate::file::format::record::chain(&before.0, &leaf));
    all[11] = serde_json::to_string(&line::Line::Record(record)).unwrap();
    let broken = one(&text(&all), FaultKind::Broken, Some(11));
    assert!(broken.what.contains("the one before it"), "{broken}");
}

#[test]
fn what_the_log_has_lost_is_told_and_is_no_good_export() {
    let dir = log();
    let segment = dir.path().join("0000000001.seg");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[4096 + 120] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (text, exported) = exported(dir.path(), &Wanted::default());
    let lost = positions(&text, "lost");
    assert_eq!(lost.len(), 1, "{text}");
    assert!(exported.lost > 0);
    let fault = one(&text, FaultKind::Lost, Some(lost[0]));
    assert!(fault.what.contains("the log had lost"), "{fault}");
    let behind = Wanted { from: Some(Bound::Position(Position(lost[0] + exported.lost))), ..Wanted::default() };
    let (text, rest) = self::exported(dir.path(), &behind);
    assert_eq!((good(&text).records, rest.lost), (RECORDS - rest.from.0, 0), "what stands behind it is good");
}

#[test]
fn a_log_that_was_altered_with_its_checksums_gives_an_export_that_does_not_verify() {
    let dir = log();
    let segment = dir.path().join("0000000000.seg");
    let mut bytes = fs::read(&segment).unwrap();
    let place =
        crate::file::format::Place { log: crate::file::format::header::Header::parse(&bytes).unwrap().log, segment: 0 };
    let number = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let mut frame = 4096;
    // A mark, a frame without records, may stand before the first one with them.
    while number(&bytes, frame + 12) == 0 {
        frame += number(&bytes, frame);
    }
    let end = frame + number(&bytes, frame);
    let at = bytes[..end].iter().rposition(|byte| *byte == b'g').unwrap();
    bytes[at] = b'h';
    let sum = place.checksum(frame as u64, &[&bytes[frame..frame + 4], &bytes[frame + 8..end]]);
    bytes[frame + 4..frame + 8].copy_from_slice(&sum.to_le_bytes());
    fs::write(&segment, bytes).unwrap();
    let found = faults(&whole(dir.path()));
    assert!(found.iter().any(|fault| fault.kind == FaultKind::Broken), "{found:?}");
}

#[test]
fn what_is_no_export_or_a_newer_one_is_refused() {
    for text in ["", "{}", "hello", "[1]", "{\"line\":\"end\",\"records\":0,\"left_out\":0,\"lost\":0}\n"] {
        assert!(matches!(verify(text.as_bytes()), Err(VerifyError::NotOne(_))), "{text}");
    }
    let newer = whole(log().path()).replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(verify(newer.as_bytes()), Err(VerifyError::Newer(2))));
    let endless = format!("{}\n{}", whole(log().path()).lines().next().unwrap(), "x".repeat(3_000_000));
    assert!(faults(&endless).iter().any(|fault| fault.kind == FaultKind::Malformed));
    let nowhere = export(Path::new("/nowhere"), &Wanted::default(), None, MADE, &mut Vec::new()).unwrap_err();
    assert!(matches!(nowhere, ExportError::NoLog(_)), "{nowhere}");
}

/// Where a value of a field stands in a line.
fn value_of(line: &str, field: &str) -> Option<std::ops::Range<usize>> {
    let name = format!("\"{field}\":\"");
    let start = line.find(&name)? + name.len();
    let mut escaped = false;
    let length = line[start..].bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some(start..start + length)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_byte_of_a_records_data_salt_or_header_is_named(n in any::<Index>(), at in any::<Index>(), byte in any::<u8>(), field in 0..3_usize) {
        let dir = log();
        let all = lines(&whole(dir.path()));
        let n = n.index(usize::try_from(RECORDS).unwrap()) + 1;
        let Some(value) = value_of(&all[n], ["data", "salt", "header"][field]) else { return Ok(()) };
        let mut bytes = all[n].clone().into_bytes();
        let at = value.start + at.index(value.len());
        prop_assume!(bytes[at] != byte && byte != b'\n');
        bytes[at] = byte;
        let before = text(&all[..n]).into_bytes();
        let file = [before, bytes, b"\n".to_vec(), text(&all[n + 1..]).into_bytes()].concat();
        let found = verify(&file[..]).unwrap().faults;
        let line = u64::try_from(n).unwrap() + 1;
        prop_assert!(found.iter().any(|fault| fault.line == line || fault.position == Some(Position(line - 2))), "{:?}", found);
        prop_assert!(found.iter().all(|fault| fault.line.abs_diff(line) <= 1), "{:?}", found);
    }

    #[test]
    fn any_byte_of_a_line_behind_the_first_is_held(at in any::<Index>(), byte in any::<u8>()) {
        let dir = log();
        let filter = Filter { types: vec!["Noted".into()], ..Filter::default() };
        let (text, _) = exported(dir.path(), &Wanted { filter, ..Wanted::default() });
        let mut bytes = text.into_bytes();
        let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let at = first + at.index(bytes.len() - first - 1);
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let found = verify(&bytes[..]).unwrap();
        prop_assert!(!found.is_good());
    }

    #[test]
    fn a_file_cut_anywhere_is_named(at in any::<Index>()) {
        let dir = log();
        let text = whole(dir.path());
        let first = text.find('\n').unwrap() + 1;
        let cut = first + at.index(text.len() - 1 - first);
        let found = verify(&text.as_bytes()[..cut]).unwrap().faults;
        prop_assert!(found.iter().any(|fault| fault.kind == FaultKind::CutOff), "{:?}", found);
    }

    #[test]
    fn any_two_lines_that_change_places_are_named(one in any::<Index>(), other in any::<Index>()) {
        let dir = log();
        let mut all = lines(&whole(dir.path()));
        let (one, other) = (one.index(all.len() - 1) + 1, other.index(all.len() - 1) + 1);
        prop_assume!(one != other);
        all.swap(one, other);
        prop_assert!(!faults(&text(&all)).is_empty());
    }

    #[test]
    fn no_bytes_whatever_break_the_verification(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = verify(&bytes[..]);
        let first = r#"{"line":"export","version":1,"log":"x","from":0,"to":3,"records":3,"at":0,"by":"y"}"#;
        let _ = verify(&[first.as_bytes(), b"\n", &bytes].concat()[..]);
    }
}
