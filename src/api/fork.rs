//! Forks: a chat copied up to a place, which goes on by itself, perhaps with another model.

use std::sync::Arc;

use actix_web::{http::StatusCode, web};
use futures_util::StreamExt as _;
use replay::{
    event::decode,
    ids::{CommandId, Position, Revision, StreamId, derived},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::{Uuid, uuid};

use super::{
    app::Shared,
    commands::{known_model, open_session},
    identity::Identity,
    problem::Problem,
    reading::{Answer, Idempotency, answer},
    streams::find,
};
use crate::entities::{
    AnyEntity, Kind,
    chat::{Event, Fork, fork::Place},
};

/// Where a chat is to be forked, by exactly one of `at`, `before_message` and `after_turn`, and how the fork goes on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFork {
    /// The last revision that is copied.
    pub at: Option<Revision>,
    /// Everything before this message is copied: post another one to the fork, to ask anew.
    pub before_message: Option<Uuid>,
    /// Everything up to the end of this turn is copied.
    pub after_turn: Option<u32>,
    /// The model that answers in the fork; the same as before, where absent.
    pub model: Option<Arc<str>>,
    /// A turn that is open at the place goes on; else it ends there.
    #[serde(default)]
    pub run: bool,
    /// The id of the fork, a UUIDv7; one made from the `Idempotency-Key`, or else a fresh one, where absent. Sent again with
    /// the same id, a request is answered the same.
    pub id: Option<Uuid>,
}

/// A fork.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Forked {
    /// Its stream.
    pub stream: StreamId,
    /// The revision of the event that made it a chat of its own: one more than the last that was copied.
    pub revision: Option<Revision>,
    /// The position of that event.
    pub position: Option<Position>,
}

/// `POST /api/streams/{kind}/{id}/fork`
pub async fn fork(
    shared: web::Data<Shared>,
    who: Identity,
    path: web::Path<(String, String)>,
    body: web::Json<NewFork>,
    key: Idempotency,
) -> Answer<Forked> {
    let wanted = body.into_inner();
    let place = place(&wanted)?;
    let (from, last) = find(&shared, &who, &path)?;
    if Kind::of(&from) != Some(Kind::Chat) {
        let detail = format!("{from} is no chat, and only chats are forked");
        return Err(Problem::conflict("not_forked", detail));
    }
    let at = revision(&shared, &from, last, place).await?;
    known_model(&shared, wanted.model.as_ref())?;
    in_open_session(&shared, &from).await?;
    let stream = StreamId::new(Kind::Chat.name(), wanted.id.unwrap_or_else(|| key.id(&who.key, "fork")));
    let fork = Fork { from, at, model: wanted.model, run: wanted.run };
    let command = key.command().unwrap_or_else(|| command_of(&stream, &fork));
    let forked = shared.app.host.fork(fork, stream.clone(), who.by.clone(), command).await?;
    shared.listed(forked.position).await?;
    answer(Forked { stream, revision: forked.revision, position: forked.position })
}

fn place(wanted: &NewFork) -> Result<Place, Problem> {
    match (wanted.at, wanted.before_message, wanted.after_turn) {
        (Some(at), None, None) => Ok(Place::At(at)),
        (None, Some(message), None) => Ok(Place::BeforeMessage(message)),
        (None, None, Some(turn)) => Ok(Place::AfterTurn(turn)),
        _ => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_place",
            "say where with exactly one of `at` (a revision), `before_message` (its id) and `after_turn` (its number)",
        )),
    }
}

/// The last revision before a place.
async fn revision(shared: &Shared, from: &StreamId, last: Revision, place: Place) -> Result<Revision, Problem> {
    let not_there = match place {
        Place::At(at) if at <= last => return Ok(at),
        Place::At(at) => {
            let detail = format!("{from} has no revision {at}: its last event is {last}");
            return Err(Problem::not_found("no_revision", detail));
        }
        Place::BeforeMessage(message) => {
            Problem::not_found("no_message", format!("there is no message {message} in the conversation of {from}"))
        }
        Place::AfterTurn(turn) => {
            let detail = format!("no turn {turn} of {from} has ended: wait for its end, or name one that has");
            Problem::not_found("no_such_turn", detail)
        }
    };
    let mut records = shared.app.host.log().read_stream(from.clone(), Revision::ZERO);
    while let Some(record) = records.next().await {
        let record = record?;
        if !matches!(&*record.event.kind, "MessagePosted" | "TurnFinished" | "TurnCancelled") {
            continue;
        }
        let event = decode::<Event>(&record).ok().flatten();
        if let Some(at) = event.and_then(|event| place.shown_by(&event, record.revision)) {
            return Ok(at);
        }
    }
    Err(not_there)
}

/// A fork stands in the session of its original, which must take chats.
async fn in_open_session(shared: &Shared, from: &StreamId) -> Result<(), Problem> {
    match shared.app.host.fold(from, Some(Revision::ZERO)).await? {
        AnyEntity::Chat(chat) => match &chat.state().about {
            Some(about) => open_session(shared, about.session, about.project).await,
            None => Err(Problem::not_found("no_chat", format!("there is no {from}: GET /api/chats lists them"))),
        },
        AnyEntity::Session(_) | AnyEntity::Project(_) | AnyEntity::Run(_) | AnyEntity::System(_) => {
            Err(Problem::internal("a chat is of another kind"))
        }
    }
}

/// The namespace of the ids of requests that have none of their own.
const NAMESPACE: Uuid = uuid!("52a5c0f3-7b0e-4d0b-9f55-0c3a8a8f4e1d");

/// The id of a request that names its fork: the same request again is answered the same.
fn command_of(stream: &StreamId, fork: &Fork) -> CommandId {
    let Fork { from, at, model, run } = fork;
    let parts =
        [stream.as_str(), from.as_str(), &at.to_string(), model.as_deref().unwrap_or_default(), &run.to_string()];
    derived(NAMESPACE, &parts).to_string().parse().unwrap_or_else(|_| CommandId::fresh())
}
