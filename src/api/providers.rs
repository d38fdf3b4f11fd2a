//! The models that there are.

use actix_web::{http::StatusCode, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::Shared,
    problem::Problem,
    reading::{Answer, answer},
};

/// The providers of models.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ProvidersOut {
    /// The model meant where nobody names one.
    pub default_model: String,
    /// The providers, the offline model first.
    pub providers: Vec<ProviderOut>,
}

/// A provider of models.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ProviderOut {
    /// What stands before the slash in the name of a model.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// It can be asked.
    pub configured: bool,
    /// Where it is; `null` for the offline model.
    pub base_url: Option<String>,
    /// The models known without asking it, as they stand after the slash.
    pub models: Vec<String>,
    /// The model meant by the provider's name alone.
    pub default_model: Option<String>,
    /// What to do to use it; empty where nothing is left to do.
    pub hint: String,
}

/// The models that a provider says it has.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ProviderModels {
    /// Their names, as they stand after the slash.
    pub models: Vec<String>,
}

/// `GET /api/providers`
pub async fn list(shared: web::Data<Shared>) -> Answer<ProvidersOut> {
    let providers = &shared.app.providers;
    let shown = providers.list().into_iter().map(|info| {
        let hint = match providers.resolve(&format!("{}/x", info.id)) {
            Err(error) if !info.configured => error.message,
            Ok(_) | Err(_) => String::new(),
        };
        ProviderOut {
            id: info.id,
            label: info.label,
            configured: info.configured,
            base_url: info.base_url,
            models: info.models,
            default_model: info.default_model,
            hint,
        }
    });
    answer(ProvidersOut { default_model: providers.default_model().to_owned(), providers: shown.collect() })
}

/// `GET /api/providers/{id}/models`
pub async fn models(shared: web::Data<Shared>, id: web::Path<String>) -> Answer<ProviderModels> {
    if !shared.app.providers.list().iter().any(|info| info.id == *id) {
        return Err(Problem::not_found("no_provider", "there is no such provider: GET /api/providers lists them"));
    }
    match shared.app.providers.models(&id).await {
        Ok(models) => answer(ProviderModels { models }),
        Err(error) => Err(Problem::new(StatusCode::BAD_GATEWAY, error.kind.code(), error.message)),
    }
}
