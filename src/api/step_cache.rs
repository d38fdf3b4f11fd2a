//! The step cache of a project: what is in it, and what is to be forgotten.

use actix_web::web;
use replay::ids::StreamId;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    app::Shared,
    commands::{submit, view},
    identity::Identity,
    problem::Problem,
    reading::{Answer, AtLeast, Idempotency, Landed, answer, stream},
};
use crate::{
    entities::project::{self, Forget},
    projections::CachedStep,
};

/// The answers that can be given again.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CachedSteps {
    /// The newest first.
    pub items: Vec<CachedStep>,
}

/// `GET /api/projects/{id}/cache`
pub async fn list(shared: web::Data<Shared>, id: web::Path<String>, query: web::Query<AtLeast>) -> Answer<CachedSteps> {
    let stream = project_of(&shared, &id).await?;
    shared.cached(query.at_least).await?;
    let items = stream.uuid().map(|project| shared.app.cache.of(project)).unwrap_or_default();
    answer(CachedSteps { items })
}

/// `POST /api/projects/{id}/cache/forget`
pub async fn forget(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    body: web::Json<Forget>,
    key: Idempotency,
) -> Answer<Landed> {
    let stream = project_of(&shared, &id).await?;
    let command = project::Command::ForgetAnswers { which: body.into_inner() };
    answer(submit(&shared, &who, stream, command, key.command()).await?.into())
}

async fn project_of(shared: &Shared, id: &str) -> Result<StreamId, Problem> {
    let stream = stream("project", id)?;
    let state: project::State = view(shared, &stream).await?;
    if !state.registered {
        let detail = format!("there is no {stream}: GET /api/projects lists them");
        return Err(Problem::not_found("no_project", detail));
    }
    Ok(stream)
}
