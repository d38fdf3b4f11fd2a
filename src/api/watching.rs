//! Following the files of workflows for one socket: that they changed, not how. They are no part of the log, so there is
//! nothing to catch up with: whoever comes back reads the list again.

use std::path::Path;

use uuid::Uuid;

use super::{
    app::Shared,
    commands::blocking,
    frames::ServerFrame,
    problem::Problem,
    subscriptions::{Closed, Outlet},
    workflows::folder,
};
use crate::scripts::{WatchError, Watched};

/// Follows the files of a project's workflows, and of the user's, until the socket is closed.
pub async fn follow(shared: &Shared, sub: u64, project: Option<Uuid>, out: &mut impl Outlet) -> Result<(), Closed> {
    let mut watched = match watch(shared, project).await {
        Ok(watched) => watched,
        Err(problem) => return out.send(&ServerFrame::error(Some(sub), problem)).await,
    };
    // What is listed from now on is either as it stays, or a change of it is told.
    out.send(&ServerFrame::Live { sub }).await?;
    loop {
        match watched.changed().await {
            Ok(()) => out.send(&ServerFrame::Changed { sub }).await?,
            Err(error) => return out.send(&ServerFrame::error(Some(sub), unwatched(&error))).await,
        }
    }
}

async fn watch(shared: &Shared, project: Option<Uuid>) -> Result<Watched, Problem> {
    let folder = match project {
        Some(project) => Some(folder(shared, project).await?.path),
        None => None,
    };
    let scripts = shared.app.scripts.clone();
    blocking(move || scripts.watch(folder.as_deref().map(Path::new))).await?.map_err(|error| unwatched(&error))
}

fn unwatched(error: &WatchError) -> Problem {
    Problem::unavailable("not_watched", error.to_string())
}
