//! The workflows that there are: those of a project, of the user, and built in. Found by name, first match wins; what does not
//! load is listed with what is wrong with it.

mod built_in;
mod found;
mod known;
mod watched;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use workflow::{Engine, EngineError, Failure, LoadError};

pub use found::{Found, Listed, ScriptSource, Source};
pub use watched::{WatchError, Watched};

/// Where scripts lie, in a project and in the user's folder, first match first; new ones are written into the first.
pub const FOLDERS: [&str; 3] = [".reenact/workflows", ".claude/workflows", ".boocode/workflows"];

/// Finds scripts, and has the engine that runs them. Cheap to clone.
#[derive(Clone)]
pub struct Scripts {
    inner: Arc<Inner>,
    /// For how long a run may work, in ms, where nobody says it.
    time_limit_ms: Option<u64>,
}

struct Inner {
    /// Where the compiled engine is kept.
    cache: Option<PathBuf>,
    /// The user's folders, first match first.
    user: Vec<PathBuf>,
    engine: OnceLock<Result<Engine, String>>,
    known: known::Known,
    watches: watched::Watches,
}

/// Why a workflow cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is none of that name.
    #[error("there is no workflow `{name}`{}. `reenact workflows` lists those that there are", did_you_mean(.similar.as_deref()))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The one whose name is nearest.
        similar: Option<String>,
    },
    /// It does not load.
    #[error("the workflow `{name}` cannot run: {error}")]
    Broken {
        /// What was asked for.
        name: String,
        /// What is wrong with it.
        error: Box<LoadError>,
    },
    /// The engine does not work.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

impl Scripts {
    /// With the folder in which the compiled engine is kept, and the user's own folders.
    pub fn new(cache: Option<PathBuf>, user: Vec<PathBuf>) -> Self {
        let (known, watches) = (known::Known::default(), watched::Watches::default());
        let inner = Arc::new(Inner { cache, user, engine: OnceLock::new(), known, watches });
        Self { inner, time_limit_ms: None }
    }

    /// Limits how long a run may work, in ms, where nobody says it.
    #[must_use]
    pub fn with_time_limit(self, time_limit_ms: Option<u64>) -> Self {
        Self { time_limit_ms, ..self }
    }

    /// The engine; compiled at its first use, where no compiled one is kept. Blocks, then for seconds.
    ///
    /// # Errors
    /// It does not work on this machine.
    pub fn engine(&self) -> Result<Engine, EngineError> {
        let made = self
            .inner
            .engine
            .get_or_init(|| Engine::new(self.inner.cache.as_deref()).map_err(|error| error.to_string()));
        made.clone().map_err(EngineError::new)
    }

    /// All workflows of a project, in the order in which a name is looked for. Blocks.
    ///
    /// # Errors
    /// The engine does not work.
    pub fn list(&self, project: Option<&Path>) -> Result<Vec<Listed>, EngineError> {
        let engine = self.engine()?;
        let mut listed: Vec<Listed> =
            self.files(project).into_iter().map(|file| file.read(&engine, &self.inner.known)).collect();
        let mut seen = std::collections::BTreeSet::new();
        for one in &mut listed {
            one.hidden = !seen.insert(one.name.clone());
        }
        Ok(listed)
    }

    /// The workflow of a name, by what it calls itself or else by its file, with or without its folder; `builtin:NAME` always
    /// means ours. Blocks.
    ///
    /// # Errors
    /// See [`FindError`].
    pub fn find(&self, project: &Path, name: &str) -> Result<Found, FindError> {
        self.named(project, name).map(|found| found.limited(self.time_limit_ms))
    }

    fn named(&self, project: &Path, name: &str) -> Result<Found, FindError> {
        let engine = self.engine()?;
        let (wanted, ours) = match name.strip_prefix("builtin:") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let mut names = vec![];
        let mut by_file = None;
        for file in self.files(Some(project)) {
            if ours && file.source != Source::BuiltIn {
                continue;
            }
            let is_file = file.is(wanted);
            match file.load(&engine, &self.inner.known) {
                Ok(found) if found.meta.name == wanted => return Ok(found),
                Ok(found) => {
                    names.push(found.meta.name.clone());
                    if is_file {
                        by_file = by_file.or(Some(Ok(found)));
                    }
                }
                Err(error) if is_file => by_file = by_file.or(Some(Err(error))),
                Err(_) => {}
            }
        }
        match by_file {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(FindError::Broken { name: name.into(), error: Box::new(error) }),
            None => {
                let near = names.into_iter().map(|known| (strsim::jaro_winkler(&known, wanted), known));
                let nearest = near.filter(|(near, _)| *near > 0.8).max_by(|one, other| one.0.total_cmp(&other.0));
                Err(FindError::Unknown { name: name.into(), similar: nearest.map(|(_, name)| name) })
            }
        }
    }

    /// Watches the folders in which the workflows of a project lie, and the user's, for as long as what it gives lives. All who
    /// watch the same share it. Blocks.
    ///
    /// # Errors
    /// This machine watches no more folders.
    pub fn watch(&self, project: Option<&Path>) -> Result<Watched, WatchError> {
        let mut folders = vec![];
        if let Some(project) = project {
            folders.extend(FOLDERS.iter().map(|folder| watched::Folder::beneath(project, folder)));
        }
        folders.extend(self.inner.user.iter().map(|folder| watched::Folder::of_user(folder)));
        self.inner.watches.watch(project, folders)
    }

    /// The text of the workflow of a name, whatever is wrong with it. Blocks.
    ///
    /// # Errors
    /// There is none, it is a ready module, or it cannot be read.
    pub fn source(&self, project: &Path, name: &str) -> Result<ScriptSource, FindError> {
        let engine = self.engine()?;
        let (wanted, ours) = match name.strip_prefix("builtin:") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let files = self.files(Some(project));
        let mut files = files.iter().filter(|file| !ours || file.source == Source::BuiltIn);
        let is = |file: &&found::File| {
            file.load(&engine, &self.inner.known).is_ok_and(|found| found.meta.name == wanted) || file.is(wanted)
        };
        let file = files.find(is).ok_or_else(|| FindError::Unknown { name: name.into(), similar: None })?;
        file.source().map_err(|failure| FindError::Broken { name: name.into(), error: Box::new(failure.into()) })
    }

    /// What a text would be as the file of a name in a folder of workflows: what it says of itself, or what is wrong with it.
    /// Blocks.
    ///
    /// # Errors
    /// The engine does not work.
    pub fn check(&self, folder: &Path, file: &str, text: String) -> Result<Listed, EngineError> {
        let text = found::Text::Here(text, Some(folder.to_owned()));
        let file = found::File { source: Source::Project, name: file.to_owned(), text };
        Ok(file.read(&self.engine()?, &self.inner.known))
    }

    fn files(&self, project: Option<&Path>) -> Vec<found::File> {
        let mut files = vec![];
        if let Some(project) = project {
            for folder in FOLDERS {
                files.extend(found::in_folder(&project.join(folder), Source::Project));
            }
        }
        for folder in &self.inner.user {
            files.extend(found::in_folder(folder, Source::User));
        }
        files.extend(built_in::all());
        files
    }
}

/// A failure in words, with its place.
pub(crate) fn words(error: &LoadError) -> Failure {
    match error {
        LoadError::Script(failure) => failure.clone(),
        other => Failure::new("LoadError", other.to_string()),
    }
}
