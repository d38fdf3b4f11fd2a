//! How the server is.

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::Shared,
    reading::{Answer, answer},
};

/// How the server is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `ok`, or `degraded` where something is wrong.
    pub status: String,
    /// The server's version.
    pub version: String,
    /// Which log it holds, as `UUID.EPOCH`.
    pub log: String,
    /// What is wrong, in words for a person.
    pub troubles: Vec<String>,
}

/// `GET /health`
pub async fn show(shared: web::Data<Shared>) -> Answer<Health> {
    let log = shared.app.host.log();
    let troubles: Vec<_> = log.troubles().into_iter().chain(shared.app.lists.troubles()).collect();
    answer(Health {
        status: if troubles.is_empty() { "ok" } else { "degraded" }.to_owned(),
        version: shared.app.settings.version.clone(),
        log: log.id().to_string(),
        troubles,
    })
}
