//! Trust: what a project's files name that could run, shown as it is now, and trusted under its digest.

use std::{path::Path, sync::Arc};

use actix_web::web;
use replay::ids::StreamId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::Shared,
    commands::{blocking, submit, view},
    identity::Identity,
    problem::Problem,
    reading::{Answer, Idempotency, answer, stream},
};
use crate::{
    entities::project,
    workspace::trusted::{self, Survey, TrustItem},
};

/// What a project's files name that could run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trust {
    /// The digest of all that is listed: what is sent to trust it.
    pub digest: String,
    /// This very digest is trusted.
    pub trusted: bool,
    /// The files.
    pub items: Vec<TrustItem>,
}

/// A digest to trust.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrust {
    /// The digest that was shown.
    pub digest: Arc<str>,
}

/// Looks at what the files in a project's folder name.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub async fn survey(path: Arc<str>) -> Result<Survey, Problem> {
    Ok(blocking(move || trusted::survey(Path::new(&*path))).await??)
}

async fn shown(shared: &Shared, stream: &StreamId) -> Result<Trust, Problem> {
    let state: project::State = view(shared, stream).await?;
    if !state.registered {
        return Err(Problem::not_found("no_project", format!("there is no {stream}: GET /api/projects lists them")));
    }
    let Survey { digest, items } = survey(state.path).await?;
    let trusted = state.trusted.as_deref() == Some(digest.as_str());
    Ok(Trust { digest, trusted, items })
}

/// `GET /api/projects/{id}/trust`
pub async fn show(shared: web::Data<Shared>, id: web::Path<String>) -> Answer<Trust> {
    answer(shown(&shared, &stream("project", &id)?).await?)
}

/// `POST /api/projects/{id}/trust`
pub async fn give(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    body: web::Json<NewTrust>,
    key: Idempotency,
) -> Answer<Trust> {
    let stream = stream("project", &id)?;
    let command = project::Command::TrustProject { digest: body.into_inner().digest };
    submit(&shared, &who, stream.clone(), command, key.command()).await?;
    answer(shown(&shared, &stream).await?)
}

/// `DELETE /api/projects/{id}/trust`
pub async fn withdraw(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    key: Idempotency,
) -> Answer<Trust> {
    let stream = stream("project", &id)?;
    submit(&shared, &who, stream.clone(), project::Command::WithdrawTrust {}, key.command()).await?;
    answer(shown(&shared, &stream).await?)
}
