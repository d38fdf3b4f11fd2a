//! The texts of workflows: read, checked while they are written, and saved into a project.

use std::{path::Path, sync::Arc};

use actix_web::{http::StatusCode, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    app::Shared,
    commands::blocking,
    problem::Problem,
    reading::{Answer, answer},
    workflows::{find_problem, folder},
};
use crate::{
    scripts::{FOLDERS, FindError, Listed, ScriptSource, Source},
    workspace,
};

/// The longest text of a script, in bytes of UTF-8.
const LONGEST: usize = 512 * 1024;

/// Whose text is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceQuery {
    /// The project.
    pub project: Uuid,
    /// The workflow's name; `builtin:NAME` always means ours.
    pub name: String,
}

/// The text of a workflow.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WorkflowSource {
    /// The name of its file.
    pub file: String,
    /// Where it comes from.
    pub source: Source,
    /// Its file, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What stands in it.
    pub text: String,
    /// The folder of the project in which it lies, as `.claude/workflows`; it can be saved there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// A text to look at.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCheck {
    /// The project.
    pub project: Uuid,
    /// The folder of the project whose files it may import; `.reenact/workflows` where absent.
    pub folder: Option<String>,
    /// The name of its file.
    pub file: String,
    /// The text.
    pub text: String,
}

/// A text to save.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    /// The project.
    pub project: Uuid,
    /// The folder of the project in which it is to lie: `.reenact/workflows` where absent, `.claude/workflows` or
    /// `.boocode/workflows`.
    pub folder: Option<String>,
    /// The name of its file, which ends in `.js`.
    pub file: String,
    /// The text.
    pub text: String,
}

/// `GET /api/workflows/source`
pub async fn show(shared: web::Data<Shared>, query: web::Query<SourceQuery>) -> Answer<WorkflowSource> {
    let SourceQuery { project, name } = query.into_inner();
    let (path, scripts) = (folder(&shared, project).await?.path, shared.app.scripts.clone());
    let found = blocking(move || {
        let folder = Path::new(&*path);
        let found = scripts.source(folder, &name)?;
        let lies = |inner: &&str| {
            found.path.as_deref().is_some_and(|at| Path::new(at) == folder.join(inner).join(&found.file))
        };
        let within = FOLDERS.into_iter().find(lies).map(str::to_owned);
        Ok((found, within))
    });
    let (found, folder) = found.await?.map_err(|error: FindError| find_problem(&error))?;
    let ScriptSource { file, source, path, text } = found;
    answer(WorkflowSource { file, source, path, text, folder })
}

/// `POST /api/workflows/check`
pub async fn check(shared: web::Data<Shared>, body: web::Json<NewCheck>) -> Answer<Listed> {
    let NewCheck { project, folder: inner, file, text } = body.into_inner();
    fits(&text)?;
    answer(checked(&shared, folder(&shared, project).await?.path, known(inner)?, file, text).await?)
}

/// `PUT /api/workflows/source`
pub async fn save(shared: web::Data<Shared>, body: web::Json<NewSource>) -> Answer<Listed> {
    let NewSource { project, folder: inner, file, text } = body.into_inner();
    let inner = known(inner)?;
    fits(&text)?;
    if Path::new(&file).extension().is_none_or(|extension| extension != "js") {
        let detail = format!("`{file}` is no name of a script: it ends in `.js`");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_file_name", detail));
    }
    let path = folder(&shared, project).await?.path;
    let (root, name, kept) = (path.clone(), file.clone(), text.clone());
    blocking(move || workspace::save(Path::new(&*root), inner, &name, &kept)).await??;
    answer(checked(&shared, path, inner, file, text).await?)
}

fn fits(text: &str) -> Result<(), Problem> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    let detail = format!("a script has at most {LONGEST} bytes, and this one has {}: divide it", text.len());
    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_long", detail))
}

/// The folder of workflows of that name.
fn known(folder: Option<String>) -> Result<&'static str, Problem> {
    let Some(folder) = folder else { return Ok(FOLDERS[0]) };
    FOLDERS.into_iter().find(|known| *known == folder).ok_or_else(|| {
        let detail = format!("`{folder}` is no folder of workflows: those are {}", FOLDERS.join(", "));
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_folder", detail)
    })
}

async fn checked(
    shared: &Shared,
    path: Arc<str>,
    inner: &'static str,
    file: String,
    text: String,
) -> Result<Listed, Problem> {
    let scripts = shared.app.scripts.clone();
    blocking(move || scripts.check(&Path::new(&*path).join(inner), &file, text)).await?.map_err(Problem::internal)
}
