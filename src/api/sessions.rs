//! Sessions: desks for a stretch of work on a project.

use std::sync::Arc;

use actix_web::web;
use replay::ids::StreamId;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    app::Shared,
    commands::submit,
    identity::Identity,
    problem::Problem,
    reading::{Answer, AtLeast, Idempotency, Items, PageQuery, answer, page, row, row_after, stream},
};
use crate::{
    entities::session::Command,
    projections::{Filter, List, Row, SessionRow},
};

/// A session to open.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// The project to work on.
    pub project: Uuid,
    /// What it is called.
    #[serde(default)]
    pub title: Arc<str>,
    /// The model that new chats ask; the server's default where absent.
    pub model: Option<Arc<str>>,
}

/// What is to change about a session; what is absent stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionChange {
    /// Another title.
    pub title: Option<Arc<str>>,
    /// Another model for new chats.
    pub model: Option<Arc<str>>,
}

fn of_row(row: Row) -> Option<SessionRow> {
    match row {
        Row::Session(row) => Some(row),
        Row::Project(_) | Row::Chat(_) | Row::Run(_) => None,
    }
}

/// The row of a session.
///
/// # Errors
/// It is none.
pub fn session_row(row: Row) -> Result<SessionRow, Problem> {
    of_row(row).ok_or_else(|| Problem::internal("a session's row is of another kind"))
}

/// `GET /api/sessions`
pub async fn list(shared: web::Data<Shared>, query: web::Query<PageQuery>) -> Answer<Items<SessionRow>> {
    let filter = Filter { list: List::Sessions, project: query.project, session: None, archived: query.archived };
    answer(page(&shared, filter, &query, of_row).await?)
}

/// `POST /api/sessions`
pub async fn open(
    shared: web::Data<Shared>,
    who: Identity,
    body: web::Json<NewSession>,
    key: Idempotency,
) -> Answer<SessionRow> {
    let NewSession { project, title, model } = body.into_inner();
    let stream = StreamId::new("session", key.id(&who.key, "session"));
    let command = Command::OpenSession { project, title, model };
    let accepted = submit(&shared, &who, stream.clone(), command, key.command()).await?;
    answer(session_row(row_after(&shared, &stream, accepted).await?)?)
}

/// `GET /api/sessions/{id}`
pub async fn show(shared: web::Data<Shared>, id: web::Path<String>, query: web::Query<AtLeast>) -> Answer<SessionRow> {
    shared.listed(query.at_least).await?;
    answer(session_row(row(&shared, &stream("session", &id)?)?)?)
}

/// `PATCH /api/sessions/{id}`
pub async fn change(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    body: web::Json<SessionChange>,
    key: Idempotency,
) -> Answer<SessionRow> {
    let stream = stream("session", &id)?;
    let SessionChange { title, model } = body.into_inner();
    if let Some(title) = title {
        let accepted =
            submit(&shared, &who, stream.clone(), Command::RenameSession { title }, key.part("title")).await?;
        shared.listed(accepted.position).await?;
    }
    if let Some(model) = model {
        let command = Command::ConfigureSession { model: Some(model) };
        let accepted = submit(&shared, &who, stream.clone(), command, key.part("model")).await?;
        shared.listed(accepted.position).await?;
    }
    answer(session_row(row(&shared, &stream)?)?)
}

/// `POST /api/sessions/{id}/archive`
pub async fn archive(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    key: Idempotency,
) -> Answer<SessionRow> {
    let stream = stream("session", &id)?;
    let accepted = submit(&shared, &who, stream.clone(), Command::ArchiveSession {}, key.command()).await?;
    answer(session_row(row_after(&shared, &stream, accepted).await?)?)
}

/// `POST /api/sessions/{id}/unarchive`
pub async fn unarchive(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    key: Idempotency,
) -> Answer<SessionRow> {
    let stream = stream("session", &id)?;
    let accepted = submit(&shared, &who, stream.clone(), Command::UnarchiveSession {}, key.command()).await?;
    answer(session_row(row_after(&shared, &stream, accepted).await?)?)
}
