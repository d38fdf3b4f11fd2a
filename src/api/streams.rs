//! Every stream, whatever its kind: its events, its state and view at a revision, and what changed between two.

use actix_web::web;
use futures_util::StreamExt as _;
use replay::ids::{Position, Revision, StreamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    app::Shared,
    commands::unknown_kind,
    event::EventOut,
    identity::Identity,
    json_patch::{self, Operation},
    problem::Problem,
    reading::{Answer, Items, answer, cursor, limit},
    replay::Sieve,
};
use crate::entities::{AnyEntity, Kind, system::Role};

/// Which streams.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct StreamsQuery {
    /// Only those of a kind.
    pub kind: Option<String>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// How many, 1 to 500; 50 where absent.
    pub limit: Option<usize>,
}

/// A stream in the list of streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamItem {
    /// Its name.
    pub stream: StreamId,
    /// The revision of its last event.
    pub revision: Option<Revision>,
    /// The position of its last event.
    pub position: Position,
}

/// Which events of a stream.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct EventsQuery {
    /// The first revision wanted; 0 where absent.
    pub from: Option<Revision>,
    /// The `next_cursor` of the page before; stands above `from`.
    pub cursor: Option<Revision>,
    /// How many, 1 to 500; 50 where absent.
    pub limit: Option<usize>,
    /// Only of these types, with commas between.
    #[serde(rename = "type")]
    pub types: Option<String>,
    /// Only what these did, with commas between: `person:owner`, `agent`.
    pub by: Option<String>,
    /// Only those with these words in their data, in upper or lower case.
    pub text: Option<String>,
}

/// A page of events.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Events {
    /// The events, in order.
    pub items: Vec<EventOut>,
    /// The `cursor` of the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

/// At which revision.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct AtQuery {
    /// The last revision that is folded in; the newest where absent.
    pub at: Option<Revision>,
}

/// A stream at a revision.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StateOut {
    /// The stream.
    pub stream: StreamId,
    /// The revision of the last event that is folded in.
    pub revision: Revision,
    /// Its state, by its kind.
    pub state: Value,
}

/// What a page saw of a stream at a revision.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ViewOut {
    /// The stream.
    pub stream: StreamId,
    /// The revision of the last event that is folded in.
    pub revision: Revision,
    /// Its view, by its kind.
    pub view: Value,
}

/// Between which revisions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct DiffQuery {
    /// The earlier one; the empty state before the first event, where absent.
    pub from: Option<Revision>,
    /// The later one; it may also be the other way round.
    pub to: Revision,
}

/// What changed in a state between two revisions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Diff {
    /// The stream.
    pub stream: StreamId,
    /// The revision that the patch is applied to; `null`: the empty state before the first event.
    pub from: Option<Revision>,
    /// The revision that comes of it.
    pub to: Revision,
    /// A JSON Patch (RFC 6902).
    pub patch: Vec<Operation>,
}

/// `GET /api/streams`
pub async fn list(
    shared: web::Data<Shared>,
    who: Identity,
    query: web::Query<StreamsQuery>,
) -> Answer<Items<StreamItem>> {
    let log = shared.app.host.log();
    let before: Option<Position> = cursor(query.cursor.as_deref())?;
    let mut streams = log.streams();
    streams.retain(|(stream, position)| {
        query.kind.as_deref().is_none_or(|kind| stream.kind() == kind)
            && before.is_none_or(|before| *position < before)
            && may_see(&who, stream)
    });
    // The one that something happened to last comes first; no two streams share a position.
    streams.sort_by_key(|(_, position)| std::cmp::Reverse(*position));
    let limit = limit(query.limit);
    let more = streams.len() > limit;
    streams.truncate(limit);
    let next_cursor = streams.last().filter(|_| more).map(|(_, position)| position.to_string());
    let item = |(stream, position): (StreamId, Position)| {
        let revision = log.next_revision(&stream).before();
        StreamItem { stream, revision, position }
    };
    answer(Items { items: streams.into_iter().map(item).collect(), next_cursor, rebuilding: false })
}

/// The hashes of keys are for those who make keys.
fn may_see(who: &Identity, stream: &StreamId) -> bool {
    stream.kind() != Kind::System.name() || who.role >= Role::Admin
}

/// The stream in a path, with the revision of its last event.
pub(super) fn find(shared: &Shared, who: &Identity, path: &(String, String)) -> Result<(StreamId, Revision), Problem> {
    let name = format!("{}/{}", path.0, path.1);
    let stream: StreamId = name.parse().map_err(|error| Problem::not_found("bad_stream", format!("{error}")))?;
    if !may_see(who, &stream) {
        who.need(Role::Admin)?;
    }
    match shared.app.host.log().next_revision(&stream).before() {
        Some(last) => Ok((stream, last)),
        None if Kind::of(&stream).is_none() => Err(unknown_kind(stream.kind())),
        None => Err(Problem::not_found(
            "no_stream",
            format!("there is no stream {stream}: GET /api/streams or `reenact log ls` lists them"),
        )),
    }
}

/// `GET /api/streams/{kind}/{id}`
pub async fn events(
    shared: web::Data<Shared>,
    who: Identity,
    path: web::Path<(String, String)>,
    query: web::Query<EventsQuery>,
) -> Answer<Events> {
    let (stream, _) = find(&shared, &who, &path)?;
    let from = query.cursor.or(query.from).unwrap_or_default();
    let limit = limit(query.limit);
    let sieve = Sieve::new(query.types.as_deref(), query.by.as_deref(), query.text.as_deref());
    let mut records = shared.app.host.log().read_stream(stream, from);
    let mut items = Vec::new();
    while let Some(record) = records.next().await {
        let record = record?;
        if !sieve.keeps(&record) {
            continue;
        }
        if items.len() == limit {
            return answer(Events { items, next_cursor: Some(record.revision.to_string()) });
        }
        items.push(EventOut::from(record));
    }
    answer(Events { items, next_cursor: None })
}

async fn fold(
    shared: &Shared,
    stream: &StreamId,
    last: Revision,
    at: Option<Revision>,
) -> Result<(AnyEntity, Revision), Problem> {
    let at = at.unwrap_or(last);
    if at > last {
        let detail = format!("{stream} has no revision {at}: its last event is {last}");
        return Err(Problem::not_found("no_revision", detail));
    }
    Ok((shared.app.host.fold(stream, Some(at)).await?, at))
}

/// An entity as it is before its first event.
fn unbegun(stream: &StreamId) -> Result<AnyEntity, Problem> {
    let kind = Kind::of(stream).ok_or_else(|| unknown_kind(stream.kind()))?;
    Ok(AnyEntity::new(kind, stream.clone()))
}

/// An entity as it is before the event of a revision.
pub(super) async fn before(shared: &Shared, stream: &StreamId, revision: Revision) -> Result<AnyEntity, Problem> {
    match revision.before() {
        Some(at) => Ok(shared.app.host.fold(stream, Some(at)).await?),
        None => unbegun(stream),
    }
}

/// `GET /api/streams/{kind}/{id}/state`
pub async fn state(
    shared: web::Data<Shared>,
    who: Identity,
    path: web::Path<(String, String)>,
    query: web::Query<AtQuery>,
) -> Answer<StateOut> {
    let (stream, last) = find(&shared, &who, &path)?;
    let (entity, revision) = fold(&shared, &stream, last, query.at).await?;
    answer(StateOut { stream, revision, state: entity.state().map_err(Problem::internal)? })
}

/// `GET /api/streams/{kind}/{id}/view`
pub async fn view(
    shared: web::Data<Shared>,
    who: Identity,
    path: web::Path<(String, String)>,
    query: web::Query<AtQuery>,
) -> Answer<ViewOut> {
    let (stream, last) = find(&shared, &who, &path)?;
    let (entity, revision) = fold(&shared, &stream, last, query.at).await?;
    let view = entity.view().and_then(|view| serde_json::from_str(view.get())).map_err(Problem::internal)?;
    answer(ViewOut { stream, revision, view })
}

/// `GET /api/streams/{kind}/{id}/diff`
pub async fn diff(
    shared: web::Data<Shared>,
    who: Identity,
    path: web::Path<(String, String)>,
    query: web::Query<DiffQuery>,
) -> Answer<Diff> {
    let (stream, last) = find(&shared, &who, &path)?;
    let state = async |at| {
        let (entity, _) = fold(&shared, &stream, last, Some(at)).await?;
        entity.state().map_err(Problem::internal)
    };
    let before = match query.from {
        Some(at) => state(at).await?,
        None => unbegun(&stream)?.state().map_err(Problem::internal)?,
    };
    let after = state(query.to).await?;
    let changes = json_patch::diff(&before, &after);
    answer(Diff { stream, from: query.from, to: query.to, patch: changes })
}
