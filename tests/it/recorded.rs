//! The logs in `tests/logs/` were recorded by earlier versions: they verify, fold, and give what they gave then, for ever.

use std::{fs, path::Path};

use reenact::entities::Refold;
use replay::verify::verify_each;
use serde_json::{Value, json};

/// What a recorded log gives: its chain, and each stream's view, and its state's digest under the version of the rules.
fn given(dir: &Path) -> Value {
    let mut refold = Refold::default();
    let report = verify_each(dir, |_, _| (), |record, chain| refold.apply(record, chain)).unwrap();
    assert!(report.is_good(), "{}: {:?}", dir.display(), report.faults);
    assert_eq!(refold.differences(), [], "{}", dir.display());
    assert!(refold.compared() + refold.other_version() > 0, "{} records no state at all", dir.display());
    assert_eq!(refold.folded(), report.records, "{}", dir.display());
    let mut streams = json!({});
    for entity in refold.entities() {
        let (digest, version) = entity.digest().unwrap();
        let view: Value = serde_json::from_str(entity.view().unwrap().get()).unwrap();
        streams[entity.stream().as_str()] = json!({"version": version, "digest": digest, "view": view});
    }
    json!({"head": report.head, "chain": report.chain, "streams": streams})
}

/// Where `now` lacks something that was there `then`; what came since is no loss.
fn lost(then: &Value, now: &Value, at: &str) -> Option<String> {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => then.iter().find_map(|(name, value)| {
            now.get(name).map_or_else(|| Some(format!("{at}/{name}")), |now| lost(value, now, &format!("{at}/{name}")))
        }),
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => {
            let mut pairs = then.iter().zip(now).enumerate();
            pairs.find_map(|(n, (then, now))| lost(then, now, &format!("{at}/{n}")))
        }
        (then, now) => (then != now).then(|| format!("{at}: {then} is now {now}")),
    }
}

/// What was given then is given now. Digests are compared only under the version of the rules that made them.
fn unlike(then: &Value, now: &Value) -> Option<String> {
    let Some(streams) = then["streams"].as_object() else {
        return Some("no streams are expected".into());
    };
    if (&then["head"], &then["chain"]) != (&now["head"], &now["chain"]) {
        return Some("head or chain".into());
    }
    streams.iter().find_map(|(stream, then)| {
        let now = &now["streams"][stream];
        if then["version"] == now["version"] && then["digest"] != now["digest"] {
            return Some(format!("{stream}: its state has another digest under the same version of the rules"));
        }
        lost(&then["view"], &now["view"], stream)
    })
}

#[test]
fn every_log_that_was_recorded_gives_what_it_gave_then() {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs");
    let mut replayed = 0;
    for entry in fs::read_dir(logs).unwrap() {
        let dir = entry.unwrap().path();
        if !dir.is_dir() {
            continue;
        }
        let now = given(&dir);
        let expected = dir.join("expected.json");
        let then = fs::read_to_string(&expected);
        let then = then.unwrap_or_else(|_| panic!("{} is to hold what this log gives:\n{now:#}", expected.display()));
        if let Some(what) = unlike(&serde_json::from_str(&then).unwrap(), &now) {
            panic!("{}: {what}", dir.display());
        }
        replayed += 1;
    }
    assert!(replayed > 0, "at least one log is recorded");
}

#[test]
fn what_is_gone_or_changed_is_noticed_and_what_is_new_is_not() {
    let stream = |digest: &str, version: u32, view: Value| json!({"head": 1, "chain": "c", "streams": {"chat/1": {"version": version, "digest": digest, "view": view}}});
    let then = stream("a", 1, json!({"turns": [{"n": 1}]}));
    assert_eq!(unlike(&then, &stream("a", 1, json!({"turns": [{"n": 1, "new": true}]}))), None);
    assert_eq!(unlike(&then, &stream("b", 2, json!({"turns": [{"n": 1}]}))), None, "another version of the rules");
    assert!(unlike(&then, &stream("b", 1, json!({"turns": [{"n": 1}]}))).is_some());
    assert!(unlike(&then, &stream("a", 1, json!({"turns": [{"n": 2}]}))).is_some());
    assert!(unlike(&then, &stream("a", 1, json!({"turns": []}))).is_some());
    assert!(unlike(&then, &json!({"head": 2, "chain": "c", "streams": {}})).is_some());
}
