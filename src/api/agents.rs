//! The agents that there are.

use std::path::Path;

use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    app::Shared,
    commands::blocking,
    reading::{Answer, answer},
    workflows::{WorkflowsQuery, folder},
};
use crate::agents::Agent;

/// The agents that there are.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AgentItems {
    /// In the order in which a name is looked for.
    pub items: Vec<Agent>,
}

/// `GET /api/agents`
pub async fn list(shared: web::Data<Shared>, query: web::Query<WorkflowsQuery>) -> Answer<AgentItems> {
    let folder = match query.project {
        Some(project) => Some(folder(&shared, project).await?.path),
        None => None,
    };
    let agents = shared.app.agents.clone();
    let items = blocking(move || agents.list(folder.as_deref().map(Path::new))).await?;
    answer(AgentItems { items })
}
