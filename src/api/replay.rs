//! What a replay of a stream needs besides its states: step by step what each event changed, and how many events of which sort
//! there are.

use std::collections::BTreeMap;

use actix_web::web;
use futures_util::StreamExt as _;
use replay::{
    ids::{Micros, Revision, StreamId},
    record::Record,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    app::Shared,
    commands::blocking,
    event::EventOut,
    identity::Identity,
    json_patch::{self, Operation},
    problem::Problem,
    reading::{Answer, answer, limit},
    streams::{before, find},
};
use crate::entities::AnyEntity;

/// What events are looked for: those that fit all that is said.
pub struct Sieve {
    types: Vec<String>,
    by: Vec<String>,
    text: Option<String>,
}

impl Sieve {
    /// For events of one of these types, by one of these, with these words; lists have commas between.
    pub fn new(types: Option<&str>, by: Option<&str>, text: Option<&str>) -> Self {
        let list = |values: Option<&str>| {
            let values = values.into_iter().flat_map(|values| values.split(','));
            values.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
        };
        // As it stands within a JSON string.
        let escaped = |text: &str| {
            let quoted = Value::from(text.to_lowercase()).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        };
        Self { types: list(types), by: list(by), text: text.filter(|text| !text.is_empty()).map(escaped) }
    }

    /// Whether an event is looked for.
    pub fn keeps(&self, record: &Record) -> bool {
        let event = &record.event;
        let is_by = |wanted: &String| {
            let (kind, id) = wanted.split_once(':').map_or((wanted.as_str(), None), |(kind, id)| (kind, Some(id)));
            event.by.kind.name() == kind && id.is_none_or(|id| *event.by.id == *id)
        };
        (self.types.is_empty() || self.types.iter().any(|wanted| *event.kind == **wanted))
            && (self.by.is_empty() || self.by.iter().any(is_by))
            && self.text.as_ref().is_none_or(|text| event.data.json().to_lowercase().contains(text))
    }
}

/// How many events of which sort a stream has.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// The stream.
    pub stream: StreamId,
    /// How many events.
    pub events: u64,
    /// When the first happened.
    pub first_at: Option<Micros>,
    /// When the last happened.
    pub last_at: Option<Micros>,
    /// How many of each type.
    pub types: BTreeMap<String, u64>,
    /// How many by whom, as `person:owner`.
    pub by: BTreeMap<String, u64>,
}

/// Which steps.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct StepsQuery {
    /// The first revision; 0 where absent.
    pub from: Option<Revision>,
    /// The `next_cursor` of the page before; stands above `from`.
    pub cursor: Option<Revision>,
    /// How many, 1 to 500; 50 where absent.
    pub limit: Option<usize>,
    /// Also answers with the state before the first of them.
    #[serde(default)]
    pub state: bool,
}

/// An event, and what it changed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Step {
    /// The event.
    pub event: EventOut,
    /// What it changed in the state, as a JSON Patch (RFC 6902).
    pub patch: Vec<Operation>,
}

/// Steps through a stream.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Steps {
    /// The steps, in order.
    pub items: Vec<Step>,
    /// The state before the first of them, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The `cursor` of the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

/// `GET /api/streams/{kind}/{id}/counts`
pub async fn counts(shared: web::Data<Shared>, who: Identity, path: web::Path<(String, String)>) -> Answer<Counts> {
    let (stream, _) = find(&shared, &who, &path)?;
    let (types, by) = (BTreeMap::new(), BTreeMap::new());
    let mut counts = Counts { stream: stream.clone(), events: 0, first_at: None, last_at: None, types, by };
    let mut records = shared.app.host.log().read_stream(stream, Revision::ZERO);
    while let Some(record) = records.next().await {
        let event = record?.event;
        counts.events += 1;
        counts.first_at.get_or_insert(event.at);
        counts.last_at = Some(event.at);
        *counts.types.entry(event.kind.to_string()).or_default() += 1;
        *counts.by.entry(event.by.to_string()).or_default() += 1;
    }
    answer(counts)
}

/// `GET /api/streams/{kind}/{id}/steps`
pub async fn steps(
    shared: web::Data<Shared>,
    who: Identity,
    path: web::Path<(String, String)>,
    query: web::Query<StepsQuery>,
) -> Answer<Steps> {
    let (stream, last) = find(&shared, &who, &path)?;
    let from = query.cursor.or(query.from).unwrap_or_default();
    if from > last {
        let detail = format!("{stream} has no revision {from}: its last event is {last}");
        return Err(Problem::not_found("no_revision", detail));
    }
    let entity = before(&shared, &stream, from).await?;
    let mut records = shared.app.host.log().read_stream(stream, from).take(limit(query.limit) + 1);
    let mut taken = Vec::new();
    while let Some(record) = records.next().await {
        taken.push(record?);
    }
    let next = (taken.len() > limit(query.limit)).then(|| taken.pop()).flatten();
    let next_cursor = next.map(|record| record.revision.to_string());
    let wants_state = query.state;
    let (before, items) = blocking(move || walk(entity, taken)).await??;
    answer(Steps { items, before: wants_state.then_some(before), next_cursor })
}

/// What each of these events changes in an entity, and the state before them.
fn walk(mut entity: AnyEntity, records: Vec<Record>) -> Result<(Value, Vec<Step>), Problem> {
    let first = entity.state().map_err(Problem::internal)?;
    let (mut before, mut steps) = (first.clone(), Vec::with_capacity(records.len()));
    for record in records {
        entity.apply(&record).map_err(|error| Problem::from(crate::host::FoldFailure::Fold(error)))?;
        let after = entity.state().map_err(Problem::internal)?;
        let patch = json_patch::diff(&before, &after);
        steps.push(Step { event: EventOut::from(record), patch });
        before = after;
    }
    Ok((first, steps))
}

#[cfg(test)]
mod tests {
    use replay::{
        ids::{By, Position},
        record::{Data, NewRecord},
    };
    use serde_json::json;

    use super::*;

    fn record(kind: &str, by: By, text: &str) -> Record {
        let event = NewRecord {
            id: uuid::Uuid::nil(),
            at: Micros(1),
            kind: kind.into(),
            version: 1,
            by,
            cause: None,
            corr: None,
            cmd: None,
            copy_of: None,
            data: Data::of(&json!({ "text": text })).unwrap(),
        };
        Record { position: Position(0), revision: Revision(0), stream: "chat/1".parse().unwrap(), event }
    }

    #[test]
    fn events_are_found_by_type_by_whom_and_by_words() {
        let said = record("MessagePosted", By::person("owner"), "Where is \"it\"?\n");
        let keeps = |types: &str, by: &str, text: &str| Sieve::new(Some(types), Some(by), Some(text)).keeps(&said);
        assert!(keeps("", "", ""));
        assert!(keeps("TurnStarted, MessagePosted", "person", "WHERE IS"));
        assert!(keeps("", "agent,person:owner", "\"it\"?\n"));
        assert!(!keeps("TurnStarted", "", ""));
        assert!(!keeps("", "person:other", ""));
        assert!(!keeps("", "", "why"));
    }
}
