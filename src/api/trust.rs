//! Trust: what a project's files name that could run, shown as it is now, under a digest that changes with it.

use std::{io::Read as _, path::Path, sync::Arc};

use actix_web::web;
use replay::ids::StreamId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    app::Shared,
    commands::{blocking, submit, view},
    identity::Identity,
    keyring::hex,
    problem::Problem,
    reading::{Answer, Idempotency, answer, stream},
};
use crate::{
    entities::project,
    workspace::{PathCode, PathError, Workspace},
};

/// Files, and folders with all that is in them, by which a project says what is to run: MCP servers, hooks, checks,
/// workflows and agents with their tools.
const NAMED: &[(&str, &str)] = &[
    (".mcp.json", "mcp"),
    (".reenact", "configuration"),
    (".claude/workflows", "workflow"),
    (".boocode/workflows", "workflow"),
];
/// The largest such file that is taken in, in bytes; a larger one is a mistake.
const LARGEST: u64 = 4 * 1024 * 1024;

/// What a project's files name that could run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trust {
    /// The digest of all that is listed: what is sent to trust it.
    pub digest: String,
    /// This very digest is trusted.
    pub trusted: bool,
    /// The files.
    pub items: Vec<TrustItem>,
}

/// A file that names what could run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrustItem {
    /// Its path within the project.
    pub path: String,
    /// What it is for: `mcp`, `configuration` or `workflow`.
    pub kind: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A digest to trust.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrust {
    /// The digest that was shown.
    pub digest: Arc<str>,
}

/// What was found in a project's folder.
pub struct Survey {
    /// The digest of all of it.
    pub digest: String,
    items: Vec<TrustItem>,
}

/// Looks at what the files in a project's folder name.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub async fn survey(path: Arc<str>) -> Result<Survey, Problem> {
    Ok(blocking(move || look(Path::new(&*path))).await??)
}

fn look(folder: &Path) -> Result<Survey, PathError> {
    let workspace = Workspace::open(folder)?;
    let mut items = Vec::new();
    let mut whole = Sha256::new();
    for (name, kind) in NAMED {
        let mut files = Vec::new();
        name_files(folder, Path::new(name), &mut files)?;
        files.sort();
        for path in files {
            let unreadable = |error: std::io::Error| unreadable(Path::new(&path), &error);
            let file = workspace.open_file(&path)?;
            let mut content = Vec::new();
            file.file.take(LARGEST + 1).read_to_end(&mut content).map_err(unreadable)?;
            let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
            if bytes > LARGEST {
                let what = format!("`{path}` is larger than {LARGEST} bytes, and nobody could read what it names");
                return Err(PathError::new(PathCode::Unreadable, path, what, "Make it smaller."));
            }
            whole.update(format!("{path}\0{bytes}\0"));
            whole.update(Sha256::digest(&content));
            items.push(TrustItem { path, kind: (*kind).to_owned(), bytes });
        }
    }
    Ok(Survey { digest: hex(&whole.finalize()), items })
}

/// Names the files at and beneath a path, ignored and hidden ones too; the workspace opens them. Links are named, not followed.
fn name_files(folder: &Path, inner: &Path, files: &mut Vec<String>) -> Result<(), PathError> {
    let full = folder.join(inner);
    let facts = match std::fs::symlink_metadata(&full) {
        Ok(facts) => facts,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(inner, &error)),
    };
    if !facts.is_dir() {
        let path = inner.to_str().ok_or_else(|| {
            let what = format!("the name of `{}` is not UTF-8", inner.display());
            PathError::new(PathCode::InvalidPath, inner.display().to_string(), what, "Rename the file.")
        })?;
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(&full).map_err(|error| unreadable(inner, &error))? {
        let entry = entry.map_err(|error| unreadable(inner, &error))?;
        name_files(folder, &inner.join(entry.file_name()), files)?;
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> PathError {
    let path = path.display().to_string();
    let what = format!("`{path}` cannot be read: {error}");
    PathError::new(PathCode::Unreadable, path, what, "Mend its permissions, or take it away.")
}

async fn shown(shared: &Shared, stream: &StreamId) -> Result<Trust, Problem> {
    let state: project::State = view(shared, stream).await?;
    if !state.registered {
        return Err(Problem::not_found("no_project", format!("there is no {stream}: GET /api/projects lists them")));
    }
    let Survey { digest, items } = survey(state.path).await?;
    let trusted = state.trusted.as_deref() == Some(digest.as_str());
    Ok(Trust { digest, trusted, items })
}

/// `GET /api/projects/{id}/trust`
pub async fn show(shared: web::Data<Shared>, id: web::Path<String>) -> Answer<Trust> {
    answer(shown(&shared, &stream("project", &id)?).await?)
}

/// `POST /api/projects/{id}/trust`
pub async fn give(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    body: web::Json<NewTrust>,
    key: Idempotency,
) -> Answer<Trust> {
    let stream = stream("project", &id)?;
    let command = project::Command::TrustProject { digest: body.into_inner().digest };
    submit(&shared, &who, stream.clone(), command, key.command()).await?;
    answer(shown(&shared, &stream).await?)
}

/// `DELETE /api/projects/{id}/trust`
pub async fn withdraw(
    shared: web::Data<Shared>,
    who: Identity,
    id: web::Path<String>,
    key: Idempotency,
) -> Answer<Trust> {
    let stream = stream("project", &id)?;
    submit(&shared, &who, stream.clone(), project::Command::WithdrawTrust {}, key.command()).await?;
    answer(shown(&shared, &stream).await?)
}
