//! The folders of the machine, for choosing a project.

use std::path::PathBuf;

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    commands::blocking,
    reading::{Answer, answer},
};
use crate::workspace;

/// Which folder.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct DirectoriesQuery {
    /// Its path, absolute or beginning with `~`; the home folder where absent.
    pub path: Option<PathBuf>,
}

/// The folders of one folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Directories {
    /// The folder's canonical path.
    pub path: String,
    /// The folder above it; `null` for the root.
    pub parent: Option<String>,
    /// The home folder of whoever runs the server.
    pub home: Option<String>,
    /// Whether the folder itself looks like a project.
    pub project_like: bool,
    /// Its folders by name, at most 1,000.
    pub entries: Vec<DirectoryEntry>,
    /// There are more than are listed.
    pub truncated: bool,
}

/// A folder in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryEntry {
    /// Its path.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Its name begins with a full stop.
    pub hidden: bool,
    /// Something in it says that it is a project.
    pub project_like: bool,
}

/// `GET /api/directories`
pub async fn list(query: web::Query<DirectoriesQuery>) -> Answer<Directories> {
    let path = query.into_inner().path.filter(|path| !path.as_os_str().is_empty());
    let found = blocking(move || workspace::directories(path.as_deref())).await??;
    // A name that is no UTF-8 cannot be sent back to open it.
    let entries = found.entries.into_iter().filter(|entry| !entry.lossy).map(|entry| DirectoryEntry {
        path: entry.path,
        name: entry.name,
        hidden: entry.hidden,
        project_like: entry.project_like,
    });
    answer(Directories {
        path: found.path,
        parent: found.parent,
        home: found.home,
        project_like: found.project_like,
        entries: entries.collect(),
        truncated: found.truncated,
    })
}
