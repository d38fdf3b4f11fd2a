//! Tokens that were used.

use actix_web::web;
use replay::ids::{Micros, Position};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::Shared,
    reading::{Answer, answer},
};
use crate::entities::usage::Usage;

/// Since when.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct UsageQuery {
    /// From the quarter of an hour on in which this moment lies.
    pub since: Micros,
    /// Waits up to 2 s until the event at this position is counted.
    pub at_least: Option<Position>,
}

/// What the turns took that ended since a moment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UsageOut {
    /// Since when.
    pub since: Micros,
    /// How many tokens.
    pub usage: Usage,
}

/// `GET /api/usage`
pub async fn show(shared: web::Data<Shared>, query: web::Query<UsageQuery>) -> Answer<UsageOut> {
    let UsageQuery { since, at_least } = query.into_inner();
    shared.listed(at_least).await?;
    answer(UsageOut { since, usage: shared.app.lists.spent(since) })
}
