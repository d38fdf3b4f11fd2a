//! The files and folders of a project, for choosing one by a few letters.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{rt::time::sleep, web};
use parking_lot::Mutex;
use replay::ids::StreamId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{
    app::Shared,
    commands::{blocking, view},
    problem::Problem,
    reading::{Answer, answer, limit, stream},
};
use crate::{
    entities::project,
    workspace::{FoundPaths, PathError, Paths, Workspace},
};

/// How long a project is walked for one answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a walk is good for: who types a name asks with every letter.
const FRESH: Duration = Duration::from_secs(5);
/// The longest query that is looked at, in characters.
const LONGEST_QUERY: usize = 200;

/// Which files.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct FilesQuery {
    /// Letters of the path in their order, of several words each; those nearest to the project's folder where absent.
    #[serde(default)]
    pub query: String,
    /// How many, 1 to 500; 50 where absent.
    pub limit: Option<usize>,
}

/// Files and folders of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Files {
    /// The likeliest first. What ignore files hide and places where keys are kept are left out.
    pub items: Vec<FileItem>,
    /// There are more.
    pub truncated: bool,
}

/// A file or a folder of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileItem {
    /// Relative to the project's folder.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
}

/// The walks of the last moments, by the folder of the project.
#[derive(Debug, Default)]
pub struct Walks(Mutex<HashMap<Arc<str>, Walked>>);

/// What a walk met, and when it ended.
#[derive(Debug)]
struct Walked {
    at: Instant,
    paths: Arc<Paths>,
}

impl Walked {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < FRESH
    }
}

impl Walks {
    fn known(&self, folder: &str) -> Option<Arc<Paths>> {
        let walks = self.0.lock();
        walks.get(folder).filter(|walked| walked.is_fresh()).map(|walked| walked.paths.clone())
    }

    fn keep(&self, folder: Arc<str>, paths: Arc<Paths>) {
        let mut walks = self.0.lock();
        walks.retain(|_, walked| walked.is_fresh());
        walks.insert(folder, Walked { at: Instant::now(), paths });
    }
}

/// `GET /api/projects/{id}/files`
pub async fn list(shared: web::Data<Shared>, id: web::Path<String>, query: web::Query<FilesQuery>) -> Answer<Files> {
    let stream = stream("project", &id)?;
    let state: project::State = view(&shared, &stream).await?;
    if !state.registered {
        return Err(no_project(&stream));
    }
    let paths = if let Some(paths) = shared.walks.known(&state.path) {
        paths
    } else {
        let paths = Arc::new(walked(&state.path, shared.app.settings.data.clone()).await?);
        shared.walks.keep(state.path, paths.clone());
        paths
    };
    let FilesQuery { query, limit: asked } = query.into_inner();
    let query: String = query.trim_start_matches("./").chars().take(LONGEST_QUERY).collect();
    let FoundPaths { paths, truncated } = blocking(move || paths.find(&query, limit(asked))).await?;
    let items = paths.into_iter().map(|found| FileItem {
        path: found.path,
        kind: if found.is_folder { FileKind::Folder } else { FileKind::File },
    });
    answer(Files { items: items.collect(), truncated })
}

fn no_project(stream: &StreamId) -> Problem {
    Problem::not_found("no_project", format!("there is no {stream}: GET /api/projects lists them"))
}

/// Walks a project on a thread that may block, until it is through, time is up, or nobody waits for it any more.
async fn walked(folder: &Arc<str>, data: Option<PathBuf>) -> Result<Paths, Problem> {
    let cancel = CancellationToken::new();
    let _stops_when_dropped = cancel.clone().drop_guard();
    let (folder, told) = (folder.clone(), cancel.clone());
    let walking = blocking(move || -> Result<Paths, PathError> {
        let workspace = Workspace::open_beside(Path::new(&*folder), vec![], data.as_deref())?;
        Paths::of(&workspace, &told)
    });
    let mut walking = std::pin::pin!(walking);
    let paths = tokio::select! {
        paths = &mut walking => paths,
        () = sleep(PATIENCE) => {
            cancel.cancel();
            walking.await
        }
    };
    Ok(paths??)
}
