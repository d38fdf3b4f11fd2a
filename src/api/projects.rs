//! Projects: folders under care.

use std::sync::Arc;

use actix_web::web;
use replay::ids::StreamId;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    app::Shared,
    commands::{canonical, submit},
    identity::Identity,
    problem::Problem,
    reading::{Answer, AtLeast, Idempotency, Items, Landed, PageQuery, answer, page, row, row_after, stream},
};
use crate::{
    entities::project,
    projections::{Filter, List, ProjectRow, Row},
};

/// A folder to take under care.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    /// The folder's path, absolute or beginning with `~/`.
    pub path: Arc<str>,
    /// What it is called; the folder's name where absent.
    pub name: Option<Arc<str>>,
}

fn of_row(row: Row) -> Option<ProjectRow> {
    match row {
        Row::Project(row) => Some(row),
        Row::Session(_) | Row::Chat(_) | Row::Run(_) => None,
    }
}

/// The row of a project.
///
/// # Errors
/// It is none.
pub fn project_row(row: Row) -> Result<ProjectRow, Problem> {
    of_row(row).ok_or_else(|| Problem::internal("a project's row is of another kind"))
}

/// `GET /api/projects`
pub async fn list(shared: web::Data<Shared>, query: web::Query<PageQuery>) -> Answer<Items<ProjectRow>> {
    answer(page(&shared, Filter::all(List::Projects), &query, of_row).await?)
}

/// `POST /api/projects`
pub async fn register(
    shared: web::Data<Shared>,
    who: Identity,
    body: web::Json<NewProject>,
    key: Idempotency,
) -> Answer<ProjectRow> {
    let NewProject { path, name } = body.into_inner();
    let path = canonical(path).await?;
    let stream = StreamId::new(List::Projects.kind(), project::id_of(&path));
    let command = project::Command::RegisterProject { path, name };
    let accepted = submit(&shared, &who, stream.clone(), command, key.command()).await?;
    answer(project_row(row_after(&shared, &stream, accepted).await?)?)
}

/// `GET /api/projects/{id}`
pub async fn show(shared: web::Data<Shared>, id: web::Path<String>, query: web::Query<AtLeast>) -> Answer<ProjectRow> {
    shared.listed(query.at_least).await?;
    answer(project_row(row(&shared, &stream("project", &id)?)?)?)
}

/// `DELETE /api/projects/{id}`
pub async fn remove(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    key: Idempotency,
) -> Answer<Landed> {
    let command = project::Command::RemoveProject {};
    let accepted = submit(&shared, &who, stream("project", &id)?, command, key.command()).await?;
    shared.listed(accepted.position).await?;
    answer(accepted.into())
}
