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
    entities::{chat::state::About, project::Project, session::Session},
    workspace::{Access, Workspace},
};

impl Effects {
    /// The folder of a chat's project.
    pub(super) async fn project_path(&self, about: &About) -> Result<Arc<str>, String> {
        let project = folded::<Project>(&self.log, about.project).await?;
        let state = project.state();
        if !state.registered {
            return Err("The project of this chat was removed. Register its folder again to go on.".into());
        }
        Ok(state.path.clone())
    }

    /// The workspace of a chat, opened anew for each call so that grants and links are those of this moment.
    pub(super) async fn workspace(&self, about: &About) -> Result<Workspace, String> {
        let path = self.project_path(about).await?;
        let session = folded::<Session>(&self.log, about.session).await?;
        let grants = session.state().read_access.iter().map(|path| Path::new(&**path).to_owned()).collect();
        if let Some(data) = &self.data
            && is_private(data, Path::new(&*path))
        {
            return Err(
                "The project lies in this server's own data folder, which no tool reads. Use another folder.".into()
            );
        }
        let denied = self.data.iter().map(|data| data.to_path_buf()).collect();
        let opened =
            tokio::task::spawn_blocking(move || Workspace::open_with(Path::new(&*path), Access { grants, denied }));
        opened.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}

/// Whether a folder is the data folder or lies in it. The worktrees of sessions lie there too, and are meant to be worked in.
fn is_private(data: &Path, folder: &Path) -> bool {
    folder.starts_with(data) && !folder.starts_with(data.join("worktrees"))
}

async fn folded<D: Decider>(log: &Arc<dyn EventLog>, id: Uuid) -> Result<Entity<D>, String> {
    let stream = StreamId::new(D::KIND, id);
    let mut entity = Entity::new(stream.clone());
    let mut records = log.read_stream(stream, Revision::ZERO);
    while let Some(record) = records.next().await {
        let record = record.map_err(|error| error.to_string())?;
        entity.apply(&record).map_err(|error| error.to_string())?;
    }
    Ok(entity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_is_private_and_its_worktrees_are_not() {
        let private = |folder: &str| is_private(Path::new("/data"), Path::new(folder));
        assert!(private("/data") && private("/data/log") && private("/data/blobs/ab"));
        assert!(!private("/database") && !private("/") && !private("/data/worktrees/one"));
    }
}
