//! The audit export: the log as a file that a third party can verify, sent while it is read.

use std::io::{self, Write};

use actix_web::{HttpResponse, http::StatusCode, http::header, web};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use replay::{
    audit::{self, Bound, ExportError, Filter, Wanted},
    ids::{ByKind, Micros, StreamId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{app::Shared, problem::Problem};

/// What is to be exported. Lists are written with commas between; what is absent leaves nothing out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct AuditQuery {
    /// Where it begins: a position, or a time (`2026-11-20`, `2026-11-20T10:00:00Z`).
    pub from: Option<String>,
    /// Where it ends: before this position, or before this time.
    pub to: Option<String>,
    /// Streams that are in it whole, or kinds of streams; of all others the leaf.
    pub stream: Option<String>,
    /// Who did what is in it whole: `person:owner`, `agent`.
    pub by: Option<String>,
    /// Types of events that are in it whole.
    #[serde(rename = "type")]
    pub types: Option<String>,
}

impl AuditQuery {
    /// What it asks for.
    ///
    /// # Errors
    /// What is not understood, and what can be written instead.
    pub fn wanted(&self) -> Result<Wanted, String> {
        let bound = |text: &Option<String>| text.as_deref().map(bound).transpose();
        let (from, to) = (bound(&self.from)?, bound(&self.to)?);
        let filter = Filter {
            streams: list(
                self.stream.as_ref(),
                is_stream,
                "a stream or a kind of streams, as chat/0198f3c2-… or chat",
            )?,
            by: list(
                self.by.as_ref(),
                is_who,
                "somebody: person, agent, key or system, or one of them by name, as key:ci",
            )?,
            types: list(self.types.as_ref(), is_type, "a type of events, as ToolFinished")?,
            ..Filter::default()
        };
        Ok(Wanted { from, to, filter })
    }

    /// Its fields as they stand in an address.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let Self { from, to, stream, by, types } = self.clone();
        let fields = [("from", from), ("to", to), ("stream", stream), ("by", by), ("type", types)];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// A position, or a time: with an offset, or in UTC.
fn bound(text: &str) -> Result<Bound, String> {
    let utc = |at: DateTime| at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    let time = || text.parse::<Timestamp>().ok().or_else(|| text.parse::<DateTime>().ok().and_then(utc));
    if let Ok(position) = text.parse() {
        return Ok(Bound::Position(position));
    }
    let at = time().ok_or_else(|| {
        format!(
            "`{text}` is neither a position nor a time: write a number, or a time as 2026-11-20 or 2026-11-20T10:00:00Z"
        )
    })?;
    Ok(Bound::Time(Micros(at.as_microsecond())))
}

fn list(values: Option<&String>, fits: fn(&str) -> bool, what: &str) -> Result<Vec<String>, String> {
    let values = values.iter().flat_map(|values| values.split(',')).map(str::trim).filter(|value| !value.is_empty());
    let fitting =
        |value: &str| if fits(value) { Ok(value.to_owned()) } else { Err(format!("`{value}` is not {what}")) };
    values.map(fitting).collect()
}

fn is_stream(text: &str) -> bool {
    text.parse::<StreamId>().is_ok() || (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase())
}

fn is_who(text: &str) -> bool {
    let kind = text.split(':').next().unwrap_or_default();
    [ByKind::Person, ByKind::Agent, ByKind::Key, ByKind::System].iter().any(|known| known.name() == kind)
}

fn is_type(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// How much is sent at once, in bytes.
const PIECE: usize = 64 * 1024;
/// How many pieces wait for a slow reader; then reading waits too.
const WAITING: usize = 4;

/// `GET /api/audit/export`
pub async fn export(shared: web::Data<Shared>, query: web::Query<AuditQuery>) -> Result<HttpResponse, Problem> {
    let wanted = query.wanted().map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_range", why))?;
    let log = shared.app.host.log();
    let Some(dir) = log.dir() else {
        return Err(Problem::internal("this log stands in no files, so there is nothing to export"));
    };
    let (dir, head, at) = (dir.to_owned(), log.head(), shared.app.host.clock().now());
    let by = format!("reenact {}", shared.app.settings.version);
    let (pieces, mut ready) = mpsc::channel(WAITING);
    // It ends when all is written, or when nobody reads any more.
    let _writing = actix_web::rt::task::spawn_blocking(move || {
        let mut out = Pieces { pieces, gathered: Vec::with_capacity(PIECE) };
        if let Err(error) = audit::export(&dir, &wanted, Some(head), (at, &by), &mut out)
            && !matches!(error, ExportError::Out(_))
        {
            tracing::warn!(%error, "an export broke off");
            // Who does not read any more does not need to know.
            let _unread = out.pieces.blocking_send(Err(error)).is_err();
        }
    });
    // What is wrong before anything was sent is an answer of its own; later, the last line is missing.
    let first = match ready.recv().await {
        Some(Ok(first)) => first,
        Some(Err(error)) => return Err(error.into()),
        None => return Err(Problem::internal("the export ended before it began")),
    };
    let rest = stream::unfold(ready, |mut ready| async move { Some((ready.recv().await?, ready)) });
    let body = stream::once(std::future::ready(Ok(first))).chain(rest);
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, "application/x-ndjson"));
    response.insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"audit.jsonl\""));
    Ok(response.streaming(body.map(|piece| piece.map_err(io::Error::other))))
}

/// Gathers what is written into pieces, and hands them over as fast as they are read.
struct Pieces {
    pieces: mpsc::Sender<Result<Bytes, ExportError>>,
    gathered: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.gathered, Vec::with_capacity(PIECE));
        if piece.is_empty() {
            return Ok(());
        }
        self.pieces.blocking_send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::BadRange { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_range", error.to_string()),
            ExportError::BadRecord(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "damaged", error.to_string()),
            other => Self::internal(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use replay::ids::Position;

    use super::*;

    #[test]
    fn an_end_is_a_position_or_a_time() {
        assert_eq!(bound("12"), Ok(Bound::Position(Position(12))));
        for text in ["2023-11-14T22:13:20Z", "2023-11-14T23:13:20+01:00", "2023-11-14T22:13:20", "2023-11-14 22:13:20"]
        {
            assert_eq!(bound(text), Ok(Bound::Time(Micros(1_700_000_000_000_000))), "{text}");
        }
        assert_eq!(bound("1970-01-02"), Ok(Bound::Time(Micros(86_400_000_000))));
        for bad in ["", "yesterday", "-1", "2023-13-01"] {
            assert!(bound(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lists_have_commas_and_what_is_none_of_their_kind_is_named() {
        let query = |stream: &str, by: &str, types: &str| {
            let some = |text: &str| Some(text.to_owned());
            AuditQuery { stream: some(stream), by: some(by), types: some(types), ..AuditQuery::default() }.wanted()
        };
        let wanted = query("chat/1, session", "agent,key:ci", "ToolFinished").unwrap();
        assert_eq!(wanted.filter.streams, ["chat/1", "session"]);
        assert_eq!(wanted.filter.by, ["agent", "key:ci"]);
        assert!(query("Chat/x", "", "").unwrap_err().contains("Chat/x"));
        assert!(query("", "root", "").unwrap_err().contains("person, agent, key or system"));
        assert!(query("", "", "a b").unwrap_err().contains("`a b`"));
    }
}
