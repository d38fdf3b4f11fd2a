//! How the server is.

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::{App, Shared},
    identity::Identity,
    reading::{Answer, answer},
};

/// How the server is. Who shows no key is told `up`, and nothing else.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `ok`, or `degraded` where something is wrong; `up` to who shows no key.
    pub status: String,
    /// What only who shows a key is told.
    #[serde(flatten)]
    pub details: Option<Details>,
}

/// What is known about the server.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Details {
    /// The server's version.
    pub version: String,
    /// Which log it holds, as `UUID.EPOCH`.
    pub log: String,
    /// What is wrong, in words for a person.
    pub troubles: Vec<String>,
}

/// `GET /health`
pub async fn show(shared: web::Data<Shared>, who: Option<Identity>) -> Answer<Health> {
    if who.is_none() {
        return answer(Health { status: "up".into(), details: None });
    }
    let App { host, lists, .. } = &shared.app;
    let log = host.log();
    let troubles: Vec<_> = [log.troubles(), host.troubles(), lists.troubles()].concat();
    answer(Health {
        status: if troubles.is_empty() { "ok" } else { "degraded" }.to_owned(),
        details: Some(Details { version: shared.app.settings.version.clone(), log: log.id().to_string(), troubles }),
    })
}
