//! API keys: who may sign in. A key is shown once, when it is made; the log keeps its hash.

use std::sync::Arc;

use actix_web::{HttpResponse, http::header, web};
use replay::ids::CommandId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::keyring::{OWNER, hash};
use super::{
    app::Shared,
    commands::view,
    identity::Identity,
    keyring::hex,
    problem::Problem,
    reading::{Answer, Idempotency, Landed, answer},
};
use crate::{
    entities::system::{self, KeyInfo, Role},
    host::Accepted,
};

/// A fresh key: 256 bits of randomness.
pub fn fresh() -> String {
    format!("rk_{}", hex(&rand::random::<[u8; 32]>()))
}

/// All keys that ever were.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct KeysOut {
    /// The keys, by name.
    pub items: Vec<KeyInfo>,
    /// There are no pages of keys.
    pub next_cursor: Option<String>,
}

/// A key to make.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Its name: 1 to 40 lower-case letters, digits and hyphens, never used before.
    pub name: Arc<str>,
    /// What it may do.
    pub role: Role,
}

/// A key that was made.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MadeKey {
    /// Its name.
    pub name: Arc<str>,
    /// What it may do.
    pub role: Role,
    /// The key itself. It is shown this once.
    pub key: String,
}

async fn submit(
    shared: &Shared,
    who: &Identity,
    command: system::Command,
    id: Option<CommandId>,
) -> Result<Accepted, Problem> {
    let accepted = shared.app.host.submit(system::stream(), command.into(), who.by.clone(), id).await?;
    shared.signed(accepted.revision).await?;
    Ok(accepted)
}

/// `GET /api/keys`
pub async fn list(shared: web::Data<Shared>) -> Answer<KeysOut> {
    let view: system::View = view(&shared, &system::stream()).await?;
    answer(KeysOut { items: view.keys, next_cursor: None })
}

/// `POST /api/keys`
pub async fn make(shared: web::Data<Shared>, who: Identity, body: web::Json<NewKey>) -> Result<HttpResponse, Problem> {
    let NewKey { name, role } = body.into_inner();
    let key = fresh();
    let command = system::Command::CreateKey { name: name.clone(), role, sha256: hash(&key).into() };
    // Not repeatable: the key cannot be shown a second time.
    submit(&shared, &who, command, None).await?;
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(MadeKey { name, role, key }))
}

/// `DELETE /api/keys/{name}`
pub async fn revoke(
    shared: web::Data<Shared>,
    who: Identity,
    name: web::Path<String>,
    key: Idempotency,
) -> Answer<Landed> {
    let command = system::Command::RevokeKey { name: name.into_inner().into() };
    answer(submit(&shared, &who, command, key.command()).await?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_another_one() {
        assert_ne!(fresh(), fresh());
        assert_eq!(fresh().len(), 3 + 64);
    }
}
