//! Following one stream for one socket: a view where that is shorter, then the events that are missing, then what comes.
//!
//! Everything is pulled from the log as fast as the socket takes it. A slow reader's cursor waits there, and nothing is queued.

use actix_web::http::StatusCode;
use futures_util::StreamExt as _;
use replay::{
    ids::{Revision, StreamId},
    log::{Delivery, EventLog, Selection},
    record::Record,
};

use super::{
    app::Shared,
    event::EventOut,
    frames::{EventFrame, ServerFrame},
    problem::Problem,
};

/// A gap of more events than this is bridged by a view.
const LARGEST_GAP: usize = 1_000;
/// A gap of more bytes than this is bridged by a view.
const LARGEST_GAP_BYTES: usize = 1024 * 1024;

/// Where frames go: waits for room, and fails once the socket is closed.
pub trait Outlet {
    /// Sends a frame.
    ///
    /// # Errors
    /// The socket is closed.
    async fn send(&mut self, frame: &ServerFrame) -> Result<(), Closed>;
}

/// The socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// What a client wants of a stream.
#[derive(Debug, Clone)]
pub struct Following {
    /// The number of the subscription.
    pub sub: u64,
    /// The stream.
    pub stream: StreamId,
    /// The last revision seen.
    pub after: Option<Revision>,
    /// See [`super::frames::Subscribe::view`].
    pub view: Option<bool>,
}

/// What lies between what a client has seen and the present.
enum Gap {
    Small(Vec<Record>),
    Large,
}

/// Follows a stream until the socket or the log is closed. A subscription that cannot go on ends with an error frame.
pub async fn follow(shared: &Shared, wish: Following, out: &mut impl Outlet) -> Result<(), Closed> {
    let sub = wish.sub;
    match run(shared, wish, out).await {
        Ok(()) => Ok(()),
        Err(End::Closed) => Err(Closed),
        Err(End::Problem(problem)) => out.send(&ServerFrame::error(Some(sub), problem)).await,
    }
}

enum End {
    Closed,
    Problem(Problem),
}

impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl<E: Into<Problem>> From<E> for End {
    fn from(problem: E) -> Self {
        Self::Problem(problem.into())
    }
}

async fn run(shared: &Shared, wish: Following, out: &mut impl Outlet) -> Result<(), End> {
    let Following { sub, stream, after, view } = wish;
    let log = shared.app.host.log();
    let next = log.next_revision(&stream);
    if let Some(after) = after.filter(|after| *after >= next) {
        let last = next.before().map_or_else(|| "it has no events".into(), |last| format!("its last event is {last}"));
        let detail =
            format!("{stream} has no revision {after}: {last}. Drop what you have of it and subscribe without `after`");
        return Err(Problem::new(StatusCode::CONFLICT, "after_ahead", detail).into());
    }
    let mut from = after.map_or(Revision::ZERO, Revision::next);
    let view_first = match view {
        Some(view) => view,
        None if after.is_none() => true,
        None => match gap(&**log, &stream, from, next).await? {
            Gap::Large => true,
            Gap::Small(records) => {
                for record in records {
                    from = record.revision.next();
                    event(sub, record, out).await?;
                }
                false
            }
        },
    };
    if view_first {
        let (revision, view) = shared.app.host.view(&stream).await.map_err(Problem::from)?;
        from = revision.map_or(Revision::ZERO, Revision::next);
        out.send(&ServerFrame::View { sub, revision, view }).await?;
    }
    let mut records = log.subscribe(Selection::Stream { stream, from });
    while let Some(delivery) = records.next().await {
        match delivery.map_err(Problem::from)? {
            Delivery::Records(records) => {
                for record in records {
                    event(sub, record, out).await?;
                }
            }
            Delivery::Live => out.send(&ServerFrame::Live { sub }).await?,
        }
    }
    Err(Problem::unavailable("closed", "the server is stopping: subscribe again when it is back").into())
}

async fn event(sub: u64, record: Record, out: &mut impl Outlet) -> Result<(), Closed> {
    out.send(&ServerFrame::Event(EventFrame { sub, event: EventOut::from(record) })).await
}

async fn gap(log: &dyn EventLog, stream: &StreamId, from: Revision, next: Revision) -> Result<Gap, Problem> {
    let events = usize::try_from(next.0.saturating_sub(from.0)).unwrap_or(usize::MAX);
    if events > LARGEST_GAP {
        return Ok(Gap::Large);
    }
    let mut records = Vec::with_capacity(events);
    let mut bytes = 0;
    let mut reading = log.read_stream(stream.clone(), from);
    while let Some(record) = reading.next().await {
        let record = record?;
        bytes += record.event.data.json().len();
        records.push(record);
        if bytes > LARGEST_GAP_BYTES || records.len() > LARGEST_GAP {
            return Ok(Gap::Large);
        }
    }
    Ok(Gap::Small(records))
}
