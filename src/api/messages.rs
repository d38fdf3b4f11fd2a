//! The messages of a chat: older ones page by page, and new ones.

use actix_web::{HttpResponse, http::header, web};
use futures_util::StreamExt as _;
use replay::{
    decider::Attempt,
    entity::Entity,
    ids::{Position, Revision},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    app::Shared,
    commands::submit,
    identity::Identity,
    problem::Problem,
    reading::{Answer, Idempotency, answer, limit, stream},
};
use crate::entities::{
    AnyEntity,
    attachment::Attachment,
    chat::{
        Chat, Command,
        ids::CallId,
        view::{self, MessagesPage},
        written::{Part, Written},
    },
};

/// Which messages.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct MessagesQuery {
    /// Those before this index in the whole conversation (the `first` of a view or of another page); the last ones where absent.
    pub before: Option<u64>,
    /// Those up to the message with this id, instead: a person's message by its own, a model call as `3.2`.
    pub with: Option<String>,
    /// How many, 1 to 500; 50 where absent.
    pub limit: Option<usize>,
}

/// A message to post.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// What is said, at most 1 MiB; it may be empty where something is attached.
    pub text: String,
    /// The files that go with it, at most 20, each stored by `POST /api/attachments` before.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// The id of the message; a fresh one where absent.
    pub message: Option<Uuid>,
}

/// A message that was posted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PostedMessage {
    /// Its id.
    pub message: Uuid,
    /// The revision of the last event that it made.
    pub revision: Option<Revision>,
    /// The position of that event.
    pub position: Option<Position>,
}

/// `GET /api/chats/{id}/messages`
pub async fn list(
    shared: web::Data<Shared>,
    id: web::Path<String>,
    query: web::Query<MessagesQuery>,
) -> Answer<MessagesPage> {
    let chat = chat(&shared, &id).await?;
    let MessagesQuery { before, with, limit: most } = query.into_inner();
    let before = match with {
        Some(message) => view::index_of(chat.state(), &message).ok_or_else(|| no_message(&message))? + 1,
        None => before.map_or(usize::MAX, |before| usize::try_from(before).unwrap_or(usize::MAX)),
    };
    answer(view::page(chat.state(), before, limit(most)))
}

fn no_message(id: &str) -> Problem {
    let detail = format!("there is no message {id} in this chat: it may be one of the chat that this was forked from");
    Problem::not_found("no_message", detail)
}

/// Which text of a call that was broken off; what stands in its place in a view says it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct WrittenQuery {
    /// The call.
    pub call: CallId,
    /// The attempt.
    pub attempt: Attempt,
    /// Which of its texts.
    pub part: Part,
}

/// `GET /api/chats/{id}/written`
pub async fn written(
    shared: web::Data<Shared>,
    id: web::Path<String>,
    query: web::Query<WrittenQuery>,
) -> Result<HttpResponse, Problem> {
    let stream = stream("chat", &id)?;
    let WrittenQuery { call, attempt, part } = query.into_inner();
    let wanted = Written { call, attempt, part, bytes: u64::MAX, head: "".into() };
    let mut whole = String::new();
    let mut records = shared.app.host.log().read_stream(stream.clone(), Revision::ZERO);
    while let Some(record) = records.next().await {
        wanted.gather(&mut whole, &record?);
    }
    if whole.is_empty() {
        let detail = format!("{stream} has no such text of call {call}: a view says which there are");
        return Err(Problem::not_found("no_text", detail));
    }
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8")).body(whole))
}

/// A chat as it is now.
///
/// # Errors
/// There is none of this id, or it cannot be folded.
pub async fn chat(shared: &Shared, id: &str) -> Result<Entity<Chat>, Problem> {
    let stream = stream("chat", id)?;
    match shared.app.host.fold(&stream, None).await? {
        AnyEntity::Chat(chat) if chat.state().about.is_some() => Ok(chat),
        AnyEntity::Chat(_)
        | AnyEntity::Session(_)
        | AnyEntity::Project(_)
        | AnyEntity::Run(_)
        | AnyEntity::System(_) => Err(Problem::not_found(
            "no_chat",
            format!("there is no {stream}: GET /api/chats or `reenact ps --all` lists them"),
        )),
    }
}

/// `POST /api/chats/{id}/messages`
pub async fn post(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    body: web::Json<NewMessage>,
    key: Idempotency,
) -> Answer<PostedMessage> {
    let NewMessage { text, attachments, message } = body.into_inner();
    let message = message.unwrap_or_else(|| key.id(&who.key, "message"));
    let command = Command::PostMessage { message: Some(message), text: text.as_str().into(), attachments };
    let accepted = submit(&shared, &who, stream("chat", &id)?, command, key.command()).await?;
    answer(PostedMessage { message, revision: accepted.revision, position: accepted.position })
}
