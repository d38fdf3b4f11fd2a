//! The models that there are, and the keys of their providers: set, forgotten and tried out.

use std::sync::Arc;

use actix_web::{http::StatusCode, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::Shared,
    default_model::{self, DefaultModel},
    identity::Identity,
    problem::Problem,
    reading::{Answer, answer},
};
use crate::{
    entities::system,
    models::{ApiKey, KeyChangeError, ModelInfo, ProviderInfo, Providers},
};

/// The providers of models.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ProvidersOut {
    /// The model meant where nobody names one.
    pub default_model: Arc<str>,
    /// It was chosen, and stands above the settings.
    pub default_chosen: bool,
    /// The providers, the offline model first.
    pub providers: Vec<ProviderInfo>,
}

/// The models that a provider says it has.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ProviderModels {
    /// The models, by name.
    pub models: Vec<ModelInfo>,
}

/// A key to use.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProviderKey {
    /// The key. It is never shown again.
    #[schemars(with = "String")]
    pub key: ApiKey,
}

/// How to try a provider out.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewTrial {
    /// The model to ask for a word, as it stands after the slash; where absent, the provider's own choice.
    pub model: Option<String>,
}

/// How a trial went.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TrialOut {
    /// It answered.
    pub ok: bool,
    /// What happened, and what to do where it did not answer.
    pub message: String,
    /// A stable code where it did not answer: `bad_key`, `unavailable` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The model that was asked for a word; absent where only the list of models was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How long the answer took, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
}

/// `GET /api/providers`
pub async fn list(shared: web::Data<Shared>) -> Answer<ProvidersOut> {
    let DefaultModel { model: default_model, chosen: default_chosen } = default_model::meant(&shared).await?;
    answer(ProvidersOut { default_model, default_chosen, providers: shared.app.providers.list() })
}

/// `GET /api/providers/{id}/models`
pub async fn models(shared: web::Data<Shared>, id: web::Path<String>) -> Answer<ProviderModels> {
    known(&shared, &id)?;
    match shared.app.providers.models(&id).await {
        Ok(models) => answer(ProviderModels { models }),
        Err(error) => Err(Problem::new(StatusCode::BAD_GATEWAY, error.kind.code(), error.message)),
    }
}

/// `PUT /api/providers/{id}/key`
pub async fn set_key(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    body: web::Json<NewProviderKey>,
) -> Answer<ProviderInfo> {
    let NewProviderKey { key } = body.into_inner();
    let note = system::Command::NoteProviderKeySet { provider: id.as_str().into() };
    change(shared, who, id.into_inner(), move |providers, id| providers.set_key(id, key), note).await
}

/// `DELETE /api/providers/{id}/key`
pub async fn forget_key(shared: web::Data<Shared>, who: Identity, id: web::Path<String>) -> Answer<ProviderInfo> {
    let note = system::Command::NoteProviderKeyForgotten { provider: id.as_str().into() };
    change(shared, who, id.into_inner(), Providers::forget_key, note).await
}

/// `POST /api/providers/{id}/test`
pub async fn test(shared: web::Data<Shared>, id: web::Path<String>, body: web::Json<NewTrial>) -> Answer<TrialOut> {
    let label = known(&shared, &id)?.label;
    let NewTrial { model } = body.into_inner();
    answer(match shared.app.providers.try_out(&id, model.as_deref()).await {
        Ok(trial) => TrialOut {
            ok: true,
            message: match (&trial.model, trial.models) {
                (Some(model), _) => format!("{label} answers: `{model}` did within {} ms.", trial.latency_ms),
                (None, Some(1)) => format!("{label} answers: it has 1 model."),
                (None, models) => format!("{label} answers: it has {} models.", models.unwrap_or(0)),
            },
            code: None,
            model: trial.model,
            latency_ms: Some(trial.latency_ms),
        },
        Err(error) => TrialOut {
            ok: false,
            message: error.message,
            code: Some(error.kind.code().to_owned()),
            model,
            latency_ms: None,
        },
    })
}

/// Changes a key where waiting for the disk holds nobody up, notes who did, and answers how the provider stands then.
async fn change(
    shared: web::Data<Shared>,
    who: Identity,
    id: String,
    change: impl FnOnce(&Providers, &str) -> Result<(), KeyChangeError> + Send + 'static,
    note: system::Command,
) -> Answer<ProviderInfo> {
    let providers = shared.app.providers.clone();
    let (changed, id) = web::block(move || (change(&providers, &id), id)).await.map_err(Problem::internal)?;
    changed?;
    shared.app.host.submit(system::stream(), note.into(), who.by, None).await?;
    answer(known(&shared, &id)?)
}

fn known(shared: &Shared, id: &str) -> Result<ProviderInfo, Problem> {
    shared.app.providers.info(id).ok_or_else(|| {
        Problem::not_found(
            "no_provider",
            "there is no such provider: GET /api/providers or `reenact provider ls` lists them",
        )
    })
}

impl From<KeyChangeError> for Problem {
    fn from(error: KeyChangeError) -> Self {
        let (status, code) = match &error {
            KeyChangeError::Unknown(_) => (StatusCode::NOT_FOUND, "no_provider"),
            KeyChangeError::NotSet(_) => (StatusCode::NOT_FOUND, "no_provider_key"),
            KeyChangeError::Elsewhere { .. } => (StatusCode::CONFLICT, "key_stands_elsewhere"),
            KeyChangeError::Unusable => (StatusCode::UNPROCESSABLE_ENTITY, "bad_provider_key"),
            KeyChangeError::NotKept => (StatusCode::CONFLICT, "keys_not_kept"),
            KeyChangeError::Keep(_) => (StatusCode::INTERNAL_SERVER_ERROR, "keys_not_kept"),
        };
        Self::new(status, code, error.to_string())
    }
}
