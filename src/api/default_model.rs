//! The model that new chats ask where nobody names one: the one that was chosen, or else the one of the settings.

use std::sync::Arc;

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::Shared,
    commands::{known_model, view},
    identity::Identity,
    problem::Problem,
    reading::{Answer, Idempotency, answer},
};
use crate::entities::system;

/// The model to ask.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDefaultModel {
    /// The model, as `openai/NAME` or `offline`; `null`: the one of the settings.
    pub model: Option<Arc<str>>,
}

/// The model that new chats ask.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DefaultModel {
    /// Its name.
    pub model: Arc<str>,
    /// It was chosen, and stands above the settings.
    pub chosen: bool,
}

/// The model that is meant now. One that was chosen and cannot be asked any more gives way to the one of the settings.
///
/// # Errors
/// The server's own stream cannot be read.
pub async fn meant(shared: &Shared) -> Result<DefaultModel, Problem> {
    let providers = &shared.app.providers;
    let view: system::View = view(shared, &system::stream()).await?;
    let chosen = view.default_model.filter(|model| providers.resolve(model).is_ok());
    Ok(match chosen {
        Some(model) => DefaultModel { model, chosen: true },
        None => DefaultModel { model: providers.default_model().into(), chosen: false },
    })
}

/// `PUT /api/default-model`
pub async fn choose(
    shared: web::Data<Shared>,
    who: Identity,
    body: web::Json<NewDefaultModel>,
    key: Idempotency,
) -> Answer<DefaultModel> {
    let NewDefaultModel { model } = body.into_inner();
    known_model(&shared, model.as_ref())?;
    let command = system::Command::ChooseDefaultModel { model };
    shared.app.host.submit(system::stream(), command.into(), who.by.clone(), key.command()).await?;
    answer(meant(&shared).await?)
}
