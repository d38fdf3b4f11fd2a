//! The files that a chat may see: its project's folder and what its session was granted.

use std::{path::Path, sync::Arc};

use futures_util::StreamExt as _;
use replay::{
    decider::Decider,
    entity::Entity,
    ids::{Revision, StreamId},
    log::EventLog,
};
use uuid::Uuid;

use super::Effects;
use crate::{
    entities::{
        chat::brief::Brief,
        project::{self, Project},
        session::Session,
    },
    workspace::Workspace,
};

impl Effects {
    /// A project that is under care.
    pub(super) async fn project(&self, project: Uuid) -> Result<project::State, String> {
        let project = folded::<Project>(&self.log, project).await?;
        let state = project.state();
        if !state.registered {
            return Err("The project was removed. Register its folder again to go on.".into());
        }
        Ok(state.clone())
    }

    /// The folder of a project.
    pub(super) async fn project_path(&self, project: Uuid) -> Result<Arc<str>, String> {
        self.project(project).await.map(|project| project.path)
    }

    /// The folder that an agent works in: the project's, or a worktree of it.
    pub(super) async fn folder(&self, project: Uuid, brief: Option<&Brief>) -> Result<Arc<str>, String> {
        match brief.and_then(|brief| brief.folder.clone()) {
            Some(folder) => Ok(folder),
            None => self.project_path(project).await,
        }
    }

    /// The workspace of a session on a project, opened anew for each call so that grants and links are those of this moment.
    pub(super) async fn workspace(
        &self,
        project: Uuid,
        session: Uuid,
        brief: Option<&Brief>,
    ) -> Result<Workspace, String> {
        let path = self.folder(project, brief).await?;
        let session = folded::<Session>(&self.log, session).await?;
        let grants = session.state().read_access.iter().map(|path| Path::new(&**path).to_owned()).collect();
        let data = self.data.clone();
        let opened =
            tokio::task::spawn_blocking(move || Workspace::open_beside(Path::new(&*path), grants, data.as_deref()));
        opened.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}

async fn folded<D: Decider>(log: &Arc<dyn EventLog>, id: Uuid) -> Result<Entity<D>, String> {
    folded_of(log, StreamId::new(D::KIND, id)).await
}

/// An entity as its events stand in the log now.
pub(super) async fn folded_of<D: Decider>(log: &Arc<dyn EventLog>, stream: StreamId) -> Result<Entity<D>, String> {
    let mut entity = Entity::new(stream.clone());
    let mut records = log.read_stream(stream, Revision::ZERO);
    while let Some(record) = records.next().await {
        let record = record.map_err(|error| error.to_string())?;
        entity.apply(&record).map_err(|error| error.to_string())?;
    }
    Ok(entity)
}
