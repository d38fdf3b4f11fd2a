//! A step that works in a git worktree of its own, so that agents that work at the same time do not disturb each other.

use std::{path::Path, sync::Arc};

use replay::ids::StreamId;

use super::super::Effects;
use crate::{
    entities::run::event::{Requested, Worktree},
    workspace::git,
};

/// A worktree that a step works in.
pub(super) struct Apart {
    worktree: git::Worktree,
    /// The folder that the agent works in.
    pub folder: Arc<str>,
}

impl Effects {
    /// The worktree of a step's try, made or found again: it is called as its chat is.
    pub(super) async fn apart(&self, about: &Requested, chat: &StreamId) -> Result<Apart, String> {
        let Some(data) = self.data.clone() else {
            return Err("this server keeps no data folder, and so no worktrees".into());
        };
        let (of, name) = (self.project_path(about.project).await?, chat.id().to_owned());
        let made = tokio::task::spawn_blocking(move || {
            let root = data.join("worktrees").join(&name);
            git::Worktree::at(&root, &format!("reenact/{name}"), Path::new(&*of))
        });
        let worktree = made.await.map_err(|error| error.to_string())??;
        let folder = worktree.folder.display().to_string().into();
        Ok(Apart { worktree, folder })
    }
}

impl Apart {
    /// Takes it away if nothing was changed in it; else says what was left.
    pub(super) async fn leave(self) -> Option<Worktree> {
        let folder = self.folder;
        let left = tokio::task::spawn_blocking(move || self.worktree.leave()).await.ok()?;
        match left {
            Ok(left) => left.map(|git::Left { path, branch, files }| Worktree {
                path: path.display().to_string().into(),
                branch: branch.into(),
                files: u32::try_from(files).unwrap_or(u32::MAX),
            }),
            Err(why) => {
                tracing::warn!(%folder, why, "what a step left in its worktree is not known: it stays");
                None
            }
        }
    }
}
