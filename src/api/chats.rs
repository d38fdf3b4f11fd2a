//! Chats: conversations with an agent.

use std::sync::Arc;

use actix_web::web;
use replay::ids::StreamId;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    app::Shared,
    commands::{submit, view},
    default_model,
    identity::Identity,
    problem::Problem,
    reading::{Answer, AtLeast, Idempotency, Items, Landed, PageQuery, answer, page, row, row_after, stream},
};
use crate::{
    entities::{
        chat::{Command, command::TOKEN_BUDGET},
        session,
    },
    projections::{ChatRow, Filter, List, Row},
};

/// A chat to open.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChat {
    /// The session it belongs to.
    pub session: Uuid,
    /// What it is called.
    #[serde(default)]
    pub title: Arc<str>,
    /// The model that answers; the session's, or else the server's default, where absent.
    pub model: Option<Arc<str>>,
    /// What is said first, where something is.
    pub message: Option<String>,
}

/// What is to change about a chat; what is absent stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatChange {
    /// Another title.
    pub title: Option<Arc<str>>,
    /// Another model, from the next model call on.
    pub model: Option<Arc<str>>,
}

fn of_row(row: Row) -> Option<ChatRow> {
    match row {
        Row::Chat(row) => Some(row),
        Row::Project(_) | Row::Session(_) | Row::Run(_) => None,
    }
}

fn chat_row(row: Row) -> Result<ChatRow, Problem> {
    of_row(row).ok_or_else(|| Problem::internal("a chat's row is of another kind"))
}

/// `GET /api/chats`
pub async fn list(shared: web::Data<Shared>, query: web::Query<PageQuery>) -> Answer<Items<ChatRow>> {
    let filter = Filter { list: List::Chats, project: query.project, session: query.session, archived: query.archived };
    answer(page(&shared, filter, &query, of_row).await?)
}

/// `POST /api/chats`
pub async fn open(
    shared: web::Data<Shared>,
    who: Identity,
    body: web::Json<NewChat>,
    key: Idempotency,
) -> Answer<ChatRow> {
    let NewChat { session, title, model, message } = body.into_inner();
    let desk: session::State = view(&shared, &StreamId::new("session", session)).await?;
    let Some(project) = desk.project else {
        return Err(Problem::not_found(
            "no_session",
            format!("there is no session {session}: POST /api/sessions opens one"),
        ));
    };
    let model = match model.or(desk.model) {
        Some(model) => model,
        None => default_model::meant(&shared).await?.model,
    };
    let stream = StreamId::new("chat", key.id(&who.key, "chat"));
    let agent = "default".into();
    let command = Command::OpenChat {
        session,
        project,
        title,
        model,
        agent,
        token_budget: TOKEN_BUDGET,
        origin: None,
        answer: None,
        brief: None,
    };
    let mut accepted = submit(&shared, &who, stream.clone(), command, key.command()).await?;
    if let Some(text) = message {
        let message = Some(key.id(&who.key, "message"));
        let command = Command::PostMessage { message, text: text.as_str().into(), attachments: vec![] };
        accepted = submit(&shared, &who, stream.clone(), command, key.part("message")).await?;
    }
    answer(chat_row(row_after(&shared, &stream, accepted).await?)?)
}

/// `GET /api/chats/{id}`
pub async fn show(shared: web::Data<Shared>, id: web::Path<String>, query: web::Query<AtLeast>) -> Answer<ChatRow> {
    shared.listed(query.at_least).await?;
    answer(chat_row(row(&shared, &stream("chat", &id)?)?)?)
}

/// `PATCH /api/chats/{id}`
pub async fn change(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    body: web::Json<ChatChange>,
    key: Idempotency,
) -> Answer<ChatRow> {
    let stream = stream("chat", &id)?;
    let ChatChange { title, model } = body.into_inner();
    if let Some(title) = title {
        let accepted = submit(&shared, &who, stream.clone(), Command::RenameChat { title }, key.part("title")).await?;
        shared.listed(accepted.position).await?;
    }
    if let Some(model) = model {
        let accepted =
            submit(&shared, &who, stream.clone(), Command::ConfigureChat { model }, key.part("model")).await?;
        shared.listed(accepted.position).await?;
    }
    answer(chat_row(row(&shared, &stream)?)?)
}

/// `POST /api/chats/{id}/cancel`
pub async fn cancel(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    key: Idempotency,
) -> Answer<Landed> {
    let command = Command::CancelTurn {};
    answer(submit(&shared, &who, stream("chat", &id)?, command, key.command()).await?.into())
}

/// `POST /api/chats/{id}/archive`
pub async fn archive(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    key: Idempotency,
) -> Answer<ChatRow> {
    let stream = stream("chat", &id)?;
    let accepted = submit(&shared, &who, stream.clone(), Command::ArchiveChat {}, key.command()).await?;
    answer(chat_row(row_after(&shared, &stream, accepted).await?)?)
}

/// `POST /api/chats/{id}/unarchive`
pub async fn unarchive(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    key: Idempotency,
) -> Answer<ChatRow> {
    let stream = stream("chat", &id)?;
    let accepted = submit(&shared, &who, stream.clone(), Command::UnarchiveChat {}, key.command()).await?;
    answer(chat_row(row_after(&shared, &stream, accepted).await?)?)
}

/// `POST /api/chats/{id}/compact`
pub async fn compact(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    key: Idempotency,
) -> Answer<Landed> {
    let command = Command::CompactChat {};
    answer(submit(&shared, &who, stream("chat", &id)?, command, key.command()).await?.into())
}
