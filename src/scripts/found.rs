//! One script, found.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workflow::{Engine, Failure, LoadError, Meta, Module, Program, Script};

use super::known::Known;
use crate::entities::{body::Body, run::event::Requested};

/// Where a workflow comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The project's own folders.
    Project,
    /// The user's.
    User,
    /// The built-in catalog.
    BuiltIn,
}

/// A workflow that can run.
pub struct Found {
    /// What it says of itself.
    pub meta: Meta,
    /// Where it comes from.
    pub source: Source,
    program: Program,
    engine: [u8; 32],
    /// For how long a run of it may work, in ms, where nobody says it.
    time_limit_ms: Option<u64>,
}

/// A workflow in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Listed {
    /// By this name it is asked for.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Where it comes from.
    pub source: Source,
    /// Its file, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// When to choose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_to_use: Option<String>,
    /// The parts of its progress that it announces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// The JSON Schema of its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<serde_json::Value>,
    /// Another one of the same name stands before it, and is meant by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// What is wrong with it, if it cannot run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Wrong>,
}

/// The text of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScriptSource {
    /// The name of its file.
    pub file: String,
    /// Where it comes from.
    pub source: Source,
    /// Its file, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What stands in it.
    pub text: String,
}

/// What is wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wrong {
    /// In words.
    pub message: String,
    /// Where, as `FILE:LINE:COLUMN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl From<Failure> for Wrong {
    fn from(failure: Failure) -> Self {
        let message = format!("{}: {}", failure.name, failure.message);
        Self { message, place: failure.place.map(|place| place.to_string()) }
    }
}

/// A file that may hold a script.
pub(super) struct File {
    pub source: Source,
    pub name: String,
    pub text: Text,
}

/// The text of a file.
pub(super) enum Text {
    /// With the folder that it is to stand in, if it is to be a file: what it imports lies there.
    Here(String, Option<PathBuf>),
    At(PathBuf),
}

/// What names of files end in: scripts, and ready modules.
const EXTENSIONS: [&str; 4] = ["js", "cjs", "mjs", MODULE];
const MODULE: &str = "wasm";

/// The scripts in a folder, by their names; none where there is no folder.
pub(super) fn in_folder(folder: &Path, source: Source) -> Vec<File> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    let mut files: Vec<File> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let is_script =
                path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known));
            let name = path.file_name()?.to_str()?.to_owned();
            (is_script && path.is_file()).then_some(File { source, name, text: Text::At(path) })
        })
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

impl File {
    /// Its name without what says that it is a script.
    pub fn stem(&self) -> &str {
        self.name.rsplit_once('.').map_or(&*self.name, |(stem, _)| stem)
    }

    /// Whether it is meant by a name of a file: `review`, `review.js`, `./review.js`, `.claude/workflows/review.js`.
    pub fn is(&self, wanted: &str) -> bool {
        if wanted == self.stem() {
            return true;
        }
        let wanted = Path::new(wanted.strip_prefix("./").unwrap_or(wanted));
        match &self.text {
            Text::Here(..) => wanted == Path::new(&self.name),
            Text::At(path) => path.ends_with(wanted),
        }
    }

    /// Reads it and all that it imports.
    pub fn load(&self, engine: &Engine, known: &Known) -> Result<Found, LoadError> {
        if let Text::At(path) = &self.text
            && path.extension().is_some_and(|extension| extension == MODULE)
        {
            return self.load_module(engine, path);
        }
        let (text, folder) = match &self.text {
            Text::Here(text, folder) => (text.clone(), folder.as_deref()),
            Text::At(path) => {
                let text = fs::read_to_string(path).map_err(|error| Failure::new("ReadError", error.to_string()))?;
                (text, path.parent())
            }
        };
        let script = Script::new(self.name.as_str(), text);
        let read = |file: &str| match folder {
            Some(folder) => beneath(folder, file),
            None => Err("a built-in workflow is one file".into()),
        };
        let (script, meta) = known.read(engine, script, read)?;
        Ok(self.found(engine, meta, Program::Script(script)))
    }

    fn found(&self, engine: &Engine, meta: Meta, program: Program) -> Found {
        Found { meta, source: self.source, program, engine: engine.hash(), time_limit_ms: None }
    }

    /// Reads a ready module, and asks it what it is.
    fn load_module(&self, engine: &Engine, path: &Path) -> Result<Found, LoadError> {
        let wrong = |error: std::io::Error| Failure::new("ReadError", error.to_string());
        let mut wasm = vec![];
        // One byte more than fits: what is larger is refused, and need not be read.
        let most = workflow::LARGEST as u64 + 1;
        fs::File::open(path).map_err(wrong)?.take(most).read_to_end(&mut wasm).map_err(wrong)?;
        let module = Module::new(self.name.as_str(), wasm);
        let meta = module.meta(engine)?;
        Ok(self.found(engine, meta, Program::Module(module)))
    }

    /// Its text, to be read and changed.
    pub fn source(&self) -> Result<ScriptSource, Failure> {
        let (text, path) = match &self.text {
            Text::Here(text, _) => (text.clone(), None),
            Text::At(path) if path.extension().is_some_and(|extension| extension == MODULE) => {
                return Err(Failure::new("NoText", "it is a ready module: change what it was made from"));
            }
            Text::At(path) => {
                let text = fs::read_to_string(path).map_err(|error| Failure::new("ReadError", error.to_string()))?;
                (text, Some(path.display().to_string()))
            }
        };
        Ok(ScriptSource { file: self.name.clone(), source: self.source, path, text })
    }

    /// What a list says of it.
    pub fn read(&self, engine: &Engine, known: &Known) -> Listed {
        let path = match &self.text {
            Text::Here(..) => None,
            Text::At(path) => Some(path.display().to_string()),
        };
        let (meta, error) = match self.load(engine, known) {
            Ok(found) => (found.meta, None),
            Err(error) => {
                let meta = Meta { name: self.stem().to_owned(), ..Meta::default() };
                (meta, Some(super::words(&error).into()))
            }
        };
        Listed {
            name: meta.name,
            description: meta.description,
            source: self.source,
            path,
            when_to_use: meta.when_to_use,
            phases: meta.phases.into_iter().map(|phase| phase.title).collect(),
            args: meta.args,
            hidden: false,
            error,
        }
    }
}

/// A file beneath a folder, also where links stand in between.
fn beneath(folder: &Path, file: &str) -> Result<String, String> {
    let words = |error: std::io::Error| error.to_string();
    let path = folder.join(file).canonicalize().map_err(words)?;
    if !path.starts_with(folder.canonicalize().map_err(words)?) {
        return Err("it lies outside the workflow's folder".into());
    }
    fs::read_to_string(path).map_err(words)
}

impl Found {
    /// It may work for so long, in ms, where nobody says it.
    pub(super) fn limited(self, time_limit_ms: Option<u64>) -> Self {
        Self { time_limit_ms, ..self }
    }

    /// The script with all that it imports, or the module, as a run pins it.
    pub fn pinned(&self) -> String {
        // Made of texts: it can always be written.
        serde_json::to_string(&self.program).unwrap_or_default()
    }

    /// What a run of it is asked for, when nothing else is said: without arguments or a budget, within the usual time, on its own, and with all that can be reused.
    pub fn request(&self, run: Uuid, session: Uuid, project: Uuid, script: Body, model: Arc<str>) -> Requested {
        Requested {
            run,
            session,
            project,
            workflow: self.meta.name.as_str().into(),
            description: self.meta.description.as_str().into(),
            script,
            engine: replay::digest::hex(&self.engine).into(),
            phases: self.meta.phases.iter().map(|phase| phase.title.as_str().into()).collect(),
            arguments: None,
            model,
            budget: None,
            time_limit_ms: self.time_limit_ms,
            // Any number will do, as long as the log has it.
            seed: u32::from_le_bytes(run.as_bytes()[12..].try_into().unwrap_or_default()),
            parent: None,
            resume: None,
            anew: false,
        }
    }

    /// That it is not run because nobody trusts the project that brings it.
    pub fn untrusted(&self) -> String {
        format!(
            "`{}` comes from the project's own files, and the project is not trusted as it is now: look at them and trust \
             it (`reenact trust`, or the project's settings on the page)",
            self.meta.name
        )
    }
}
