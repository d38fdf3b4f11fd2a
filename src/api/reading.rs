//! What the routes have in common: ids in paths, pages of lists, positions to wait for, ids of commands.

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use replay::ids::{CommandId, Position, StreamId, derived};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    future::{Ready, ready},
    str::FromStr,
};
use uuid::{Uuid, uuid};

use super::problem::Problem;
use crate::{
    host::Accepted,
    projections::{Cursor, Filter, Row},
};

/// What a handler answers with.
pub type Answer<T> = Result<web::Json<T>, Problem>;

/// Answers with a value.
#[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
pub fn answer<T>(value: T) -> Answer<T> {
    Ok(web::Json(value))
}

/// How many rows a page has where nobody says.
const PAGE: usize = 50;
/// How many rows a page has at most.
const LARGEST_PAGE: usize = 500;

/// A page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}s")]
#[expect(clippy::struct_field_names, reason = "these are the names of the wire")]
pub struct Items<T> {
    /// The items, the newest first.
    pub items: Vec<T>,
    /// The `cursor` of the next page; `null` at the end.
    pub next_cursor: Option<String>,
    /// Items may be missing or old for more than a moment: the lists are being made anew from the log, or wait for room on
    /// the disk. `/health` says which.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rebuilding: bool,
}

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct PageQuery {
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// How many items, 1 to 500; 50 where absent.
    pub limit: Option<usize>,
    /// Waits up to 2 s until the list has the event at this position.
    pub at_least: Option<Position>,
    /// Only those of a project.
    pub project: Option<Uuid>,
    /// Only those of a session.
    pub session: Option<Uuid>,
    /// What was put away too.
    #[serde(default)]
    pub archived: bool,
}

/// A position to wait for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct AtLeast {
    /// Waits up to 2 s until the event at this position is there.
    pub at_least: Option<Position>,
}

/// A number of items between 1 and 500.
pub fn limit(asked: Option<usize>) -> usize {
    asked.unwrap_or(PAGE).clamp(1, LARGEST_PAGE)
}

/// A page of rows.
///
/// # Errors
/// The cursor is none, or the lists are behind the position that was asked for.
pub async fn page<T>(
    shared: &super::app::Shared,
    filter: Filter,
    query: &PageQuery,
    of_row: impl Fn(Row) -> Option<T>,
) -> Result<Items<T>, Problem> {
    let at: Option<Cursor> = cursor(query.cursor.as_deref())?;
    if at.as_ref().is_some_and(|at| !at.is_in(filter.list)) {
        return Err(bad_cursor());
    }
    shared.listed(query.at_least).await?;
    // Asked before the rows are read: what comes back meanwhile is no longer missing.
    let rebuilding = shared.app.lists.are_rebuilding();
    let page = shared.app.lists.page(&filter, at.as_ref(), limit(query.limit));
    let next_cursor = page.next.map(|next| next.to_string());
    Ok(Items { items: page.rows.into_iter().filter_map(of_row).collect(), next_cursor, rebuilding })
}

/// A cursor, if there is one.
///
/// # Errors
/// It is none.
pub fn cursor<T: FromStr>(text: Option<&str>) -> Result<Option<T>, Problem> {
    text.filter(|text| !text.is_empty()).map(str::parse).transpose().map_err(|_| bad_cursor())
}

fn bad_cursor() -> Problem {
    Problem::bad_request(
        "bad_cursor",
        "this is no `next_cursor` of an answer before: leave it out to begin at the start",
    )
}

/// An id in a path, and its stream.
pub fn stream(kind: &str, id: &str) -> Result<StreamId, Problem> {
    let id: Uuid = id.parse().map_err(|_| {
        Problem::not_found(
            "bad_id",
            format!("`{}` is not the id of a {kind}: it is a UUID", id.chars().take(64).collect::<String>()),
        )
    })?;
    Ok(StreamId::new(kind, id))
}

/// The row of a stream.
///
/// # Errors
/// There is none.
pub fn row(shared: &super::app::Shared, stream: &StreamId) -> Result<Row, Problem> {
    let rebuilding = shared.app.lists.are_rebuilding();
    shared.app.lists.row(stream).ok_or_else(|| {
        let kind = stream.kind();
        if rebuilding {
            let detail = format!(
                "whether there is a {kind} {} is not known at the moment: the lists are being made anew, and `/health` says why. \
                 Its stream can be read: GET /api/streams/{kind}/{}",
                stream.id(),
                stream.id()
            );
            return Problem::unavailable("rebuilding", detail);
        }
        Problem::not_found(
            &format!("no_{kind}"),
            format!("there is no {kind} {}: GET /api/{kind}s lists them{}", stream.id(), at_the_command_line(kind)),
        )
    })
}

/// How the command line lists what an address lists, where it does.
fn at_the_command_line(kind: &str) -> &'static str {
    if kind == "chat" { ", as does `reenact ps --all`" } else { "" }
}

/// The row of a stream once the lists have what was just written.
///
/// # Errors
/// The lists are behind.
pub async fn row_after(shared: &super::app::Shared, stream: &StreamId, accepted: Accepted) -> Result<Row, Problem> {
    let listed = shared.listed(accepted.position).await.and_then(|()| row(shared, stream));
    listed.map_err(|problem| {
        let detail = format!("{stream} was written, only the lists do not show it yet: {}", problem.detail);
        Problem { detail, ..problem }
    })
}

/// Where a command landed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct Landed {
    /// The revision of its last event, or of the stream's last event if nothing had to change.
    pub revision: Option<replay::ids::Revision>,
    /// The position of that event.
    pub position: Option<Position>,
}

impl From<Accepted> for Landed {
    fn from(accepted: Accepted) -> Self {
        Self { revision: accepted.revision, position: accepted.position }
    }
}

/// The namespace of ids made from an `Idempotency-Key`.
const NAMESPACE: Uuid = uuid!("3b0c6f5e-55a4-4d0a-8f0b-9f9d6a2f7c11");

/// The `Idempotency-Key` of a write: the same key again is answered the same and done once.
#[derive(Debug, Clone, Default)]
pub struct Idempotency(Option<CommandId>);

impl Idempotency {
    /// The id of the command.
    pub fn command(&self) -> Option<CommandId> {
        self.0.clone()
    }

    /// The id of another command of the same write.
    pub fn part(&self, part: &str) -> Option<CommandId> {
        let id = self.0.as_ref()?;
        derived(NAMESPACE, &[id.as_str(), part]).to_string().parse().ok()
    }

    /// An id of what the write makes: the same for the same key of the same sender.
    pub fn id(&self, sender: &str, what: &str) -> Uuid {
        match &self.0 {
            Some(id) => derived(NAMESPACE, &[id.as_str(), sender, what]),
            None => Uuid::now_v7(),
        }
    }
}

impl FromRequest for Idempotency {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get("idempotency-key") else { return ready(Ok(Self(None))) };
        let id = value.to_str().ok().and_then(|value| value.parse().ok());
        let bad = || {
            Problem::bad_request(
                "bad_idempotency_key",
                "an `Idempotency-Key` is 1 to 64 visible ASCII characters; a UUID is a good one",
            )
        };
        ready(id.map(|id| Self(Some(id))).ok_or_else(bad))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_1_to_500_items() {
        assert_eq!([None, Some(0), Some(7), Some(9_999)].map(limit), [50, 1, 7, 500]);
    }

    #[test]
    fn the_same_key_of_the_same_sender_makes_the_same_id() {
        let key = Idempotency(Some("again".parse().unwrap()));
        assert_eq!(key.id("owner", "chat"), key.id("owner", "chat"));
        assert_ne!(key.id("owner", "chat"), key.id("ci", "chat"));
        assert_ne!(Idempotency(None).id("owner", "chat"), Idempotency(None).id("owner", "chat"));
    }
}
