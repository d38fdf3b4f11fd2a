//! How a run ends, in a form in which a run with faults equals the clean one: without ids, times and attempts, and without what
//! attempts that were cut off had written.

use std::collections::{BTreeMap, HashMap, HashSet};

use replay::{
    decider::EffectKey,
    event::decode,
    ids::{Position, StreamId},
    record::Record,
};
use serde_json::Value;

use super::{
    failure::Failure,
    story::{End, Story},
    world::World,
};

/// How a run ends.
#[derive(Debug)]
pub struct Ends {
    streams: BTreeMap<StreamId, Ended>,
    done: Vec<(StreamId, EffectKey)>,
    disk_failed: bool,
}

/// How a stream ends.
#[derive(Debug)]
struct Ended {
    whole: Form,
    /// Without what calls wrote that failed then. A disk that fails takes back what is written and not yet durable, and so seen by
    /// nobody. A call that answers is asked again then; one that fails is not worth it, and stands there with less text.
    spared: Form,
}

#[derive(Debug)]
struct Form {
    state: Value,
    /// In no order: work that runs side by side ends in any.
    events: Vec<String>,
}

impl Ends {
    pub fn of<S: Story>(world: &World<S>) -> Result<Self, Failure> {
        let mut streams = BTreeMap::new();
        for stream in world.streams() {
            let mut state = serde_json::to_value(world.fold(&stream)?.state()).unwrap();
            normalize(&mut state);
            let records = world.records(&stream);
            let whole = Form { state: state.clone(), events: events(&records, &HashSet::new()) };
            silence_failed(&mut state);
            let spared = Form { state, events: events(&records, &failed_calls(&records)) };
            streams.insert(stream, Ended { whole, spared });
        }
        Ok(Self { streams, done: world.done.keys().cloned().collect(), disk_failed: world.disk_failed })
    }

    /// What differs from the clean run.
    pub fn compare(&self, clean: &Self) -> Result<(), Failure> {
        for (stream, clean) in &clean.streams {
            let differs = |difference| Failure::EndDiffers { stream: stream.clone(), difference };
            let Some(ended) = self.streams.get(stream) else { return Err(differs("it is not there".into())) };
            let (ended, clean) = (ended.form(self.disk_failed), clean.form(self.disk_failed));
            if let Some(difference) = difference(&clean.events, &ended.events) {
                return Err(differs(difference));
            }
            if ended.state != clean.state {
                return Err(differs(format!("clean {}\nnow   {}", clean.state, ended.state)));
            }
        }
        Ok(())
    }

    /// What happened outside, in some run.
    pub fn done(&self) -> &[(StreamId, EffectKey)] {
        &self.done
    }
}

impl Ended {
    const fn form(&self, disk_failed: bool) -> &Form {
        if disk_failed { &self.spared } else { &self.whole }
    }
}

/// What only one of two sorted lists has.
fn difference(clean: &[String], now: &[String]) -> Option<String> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for event in clean {
        *counts.entry(event).or_default() -= 1;
    }
    for event in now {
        *counts.entry(event).or_default() += 1;
    }
    let lines = counts.iter().filter(|(_, count)| **count != 0).map(|(event, count)| format!("{count:+} {event}\n"));
    let lines: String = lines.collect();
    (!lines.is_empty()).then_some(lines)
}

/// The calls that failed.
fn failed_calls(records: &[Record]) -> HashSet<String> {
    let failed = records.iter().filter(|record| &*record.event.kind == "ModelCallFailed");
    failed.map(|record| data(record)["call"].to_string()).collect()
}

/// Takes the texts of calls that failed out of a state.
fn silence_failed(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.get("state").is_some_and(|state| state["kind"] == "failed") {
                fields.retain(|name, _| name != "text" && name != "reasoning");
            }
            fields.values_mut().for_each(silence_failed);
        }
        Value::Array(values) => values.iter_mut().for_each(silence_failed),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The events as they are compared, without what these calls wrote.
fn events(records: &[Record], silent: &HashSet<String>) -> Vec<String> {
    let mut last: HashMap<String, u64> = HashMap::new();
    for (work, attempt) in records.iter().filter_map(attempt_of) {
        let last = last.entry(work).or_default();
        *last = attempt.max(*last);
    }
    let superseded = |record: &Record| attempt_of(record).is_some_and(|(work, attempt)| attempt < last[&work]);
    // Whether a message had to wait depends on when it came; that it was posted does not.
    let kept = |record: &&Record| match &*record.event.kind {
        "MessageQueued" => false,
        "TextAppended" | "ReasoningAppended" if silent.contains(&data(record)["call"].to_string()) => false,
        _ => !superseded(record),
    };
    let normal = |record: &Record| {
        let mut data = data(record);
        normalize(&mut data);
        format!("{} {data}", record.event.kind)
    };
    let mut events: Vec<_> = records.iter().filter(kept).map(normal).collect();
    events.sort();
    events
}

fn data(record: &Record) -> Value {
    serde_json::from_str(record.event.data.json()).unwrap()
}

/// Which work an event speaks of, and which attempt. Titles and summaries are numbered each by itself.
fn attempt_of(record: &Record) -> Option<(String, u64)> {
    let data = data(record);
    let attempt = data.get("attempt")?.as_u64()?;
    let named = ["job", "call", "tool_call"].into_iter().find_map(|name| data.get(name));
    let work = match named {
        Some(name) => name.to_string(),
        None => format!("{} {}", &record.event.kind[..5], data.get("number")?),
    };
    Some((work, attempt))
}

const LEFT_OUT: [&str; 11] = [
    "at",
    "attempt",
    "digest",
    "ended_at",
    "interrupted",
    "opened_at",
    "retry_at",
    "since",
    "started_at",
    "until",
    "latency_ms",
];

fn normalize(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
            // Whether a `Once` may be unknown is checked for itself; in scripts, what is known is that it went well.
            if fields.get("outcome").is_some_and(|outcome| outcome == "unknown") {
                let (outcome, output) =
                    if fields.contains_key("output") { ("succeeded", Some("done")) } else { ("done", None) };
                fields.insert("outcome".into(), outcome.into());
                fields.extend(output.map(|output| ("output".to_owned(), output.into())));
            }
            fields.values_mut().for_each(normalize);
        }
        Value::Array(values) => values.iter_mut().for_each(normalize),
        Value::String(text) if text.parse::<uuid::Uuid>().is_ok() => *text = "an id".into(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What every run must keep, whatever went wrong in it.
pub fn check<S: Story>(world: &World<S>) -> Result<(), Failure> {
    let records = world.all_records(Position(0));
    for reader in &world.readers {
        let followed = match &reader.stream {
            Some(stream) => world.records(stream),
            None => records.clone(),
        };
        let ids: Vec<_> = followed.iter().map(|record| record.event.id).collect();
        if !ids.starts_with(&reader.seen) {
            return Err(Failure::SeenLost { what: reader.name() });
        }
        if ids.len() != reader.seen.len() {
            return Err(Failure::NotRead { what: reader.name() });
        }
    }
    world.lists.check(&records)?;
    for client in &world.clients {
        let records = world.records(&client.stream);
        let there = |id: &uuid::Uuid| records.iter().any(|record| record.event.id == *id);
        if !client.is_done() || !client.answered.iter().flatten().all(|(_, id)| there(id)) {
            return Err(Failure::AcknowledgedLost { stream: client.stream.clone() });
        }
        let entity = world.fold(&client.stream)?;
        if let Some(why) = S::unsound(entity.state(), &records, &client.accepted()) {
            return Err(Failure::Unsound { stream: client.stream.clone(), why });
        }
    }
    for stream in world.streams() {
        let wants = world.fold(&stream)?.wants().unwrap();
        if !wants.is_empty() {
            return Err(Failure::StillWanted { stream, keys: wants.into_keys().collect() });
        }
        for record in world.records(&stream) {
            let event = decode::<S::Event>(&record).unwrap().unwrap();
            if let Some((key, end)) = S::ended(&event) {
                check_end(world, &stream, key, end)?;
            }
        }
    }
    let once = |place: &&(StreamId, EffectKey)| world.classes.get(place) == Some(&replay::decider::Class::Once);
    for place in world.done.keys().filter(once) {
        if world.done[place] > 1 {
            let (stream, key) = place.clone();
            return Err(Failure::OnceTwice { stream, key, times: world.done[place] });
        }
    }
    Ok(())
}

fn check_end<S: Story>(world: &World<S>, stream: &StreamId, key: EffectKey, end: End) -> Result<(), Failure> {
    let (place, stream) = ((stream.clone(), key.clone()), stream.clone());
    match end {
        End::Known if !world.done.contains_key(&place) => Err(Failure::NeverDone { stream, key }),
        End::Unknown if !world.cut_off.contains(&place) => Err(Failure::UnknownForNoReason { stream, key }),
        End::Known | End::Unknown => Ok(()),
    }
}
