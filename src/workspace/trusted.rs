//! What a project's files name that could run, under a digest that changes with it: that is what a person trusts.

use std::{io::Read as _, path::Path};

use replay::digest::hex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{PathCode, PathError, Workspace};

/// Files, and folders with all that is in them, by which a project says what is to run: MCP servers, hooks, checks,
/// workflows and agents with their tools.
const NAMING: &[(&str, &str)] = &[
    (".mcp.json", "mcp"),
    (".reenact", "configuration"),
    (".claude/workflows", "workflow"),
    (".claude/agents", "agent"),
    (".boocode/workflows", "workflow"),
];
/// The largest such file that is taken in, in bytes; a larger one is a mistake.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A file that names what could run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrustItem {
    /// Its path within the project.
    pub path: String,
    /// What it is for: `mcp`, `configuration`, `workflow` or `agent`.
    pub kind: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What was found in a project's folder.
pub struct Survey {
    /// The digest of all of it.
    pub digest: String,
    /// The files, in the order in which the digest takes them.
    pub items: Vec<TrustItem>,
}

/// Looks at what the files in a project's folder name.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn survey(folder: &Path) -> Result<Survey, PathError> {
    let workspace = Workspace::open(folder)?;
    let mut items = Vec::new();
    let mut whole = Sha256::new();
    for (name, kind) in NAMING {
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
