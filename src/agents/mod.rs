//! The agents that there are: instructions and tools under a name, in Markdown files of a project, of the user, and built in.
//! Knows no chat and no model; who asks decides what a name may do.

mod front_matter;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strsim::jaro_winkler;

/// The folders of a project in which agents are looked for, the first match first.
const FOLDERS: &[&str] = &[".reenact/agents", ".claude/agents"];
/// The largest file of an agent, in bytes.
const LARGEST: u64 = 256 * 1024;

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/agents"]
struct Catalog;

/// Where an agent comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentSource {
    /// The project's own folders.
    Project,
    /// The user's.
    User,
    /// Built in.
    BuiltIn,
}

/// An agent in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Agent {
    /// By this name it is asked for.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where it comes from.
    pub source: AgentSource,
    /// Its file, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The tools that it may use, as it names them; all of them where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// Its model, as it names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it is told.
    pub instructions: String,
    /// Another one of the same name stands before it, and is meant by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// What is wrong with its file, if it cannot be used, with the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Why no agent was found.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FindError {
    /// There is none of this name.
    #[error("there is no agent `{name}`; there are: {known}{hint}")]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
        /// One that is called nearly so, as a sentence.
        hint: String,
    },
    /// Its file is wrong.
    #[error("the agent `{name}` cannot be used: {error}")]
    Broken {
        /// The name.
        name: String,
        /// What is wrong with it.
        error: String,
    },
}

/// Finds agents. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Agents {
    user: Arc<[PathBuf]>,
}

impl Agents {
    /// With the user's own folders, the first match first.
    pub fn new(user: Vec<PathBuf>) -> Self {
        Self { user: user.into() }
    }

    /// All agents for a project, in the order in which a name is looked for. Blocks.
    pub fn list(&self, project: Option<&Path>) -> Vec<Agent> {
        let mut agents = vec![];
        for folder in project.iter().flat_map(|project| FOLDERS.iter().map(|folder| project.join(folder))) {
            in_folder(&folder, AgentSource::Project, &mut agents);
        }
        for folder in &*self.user {
            in_folder(folder, AgentSource::User, &mut agents);
        }
        built_in(&mut agents);
        let mut seen = std::collections::BTreeSet::new();
        for agent in &mut agents {
            agent.hidden = !seen.insert(agent.name.to_lowercase());
        }
        agents
    }

    /// The agent of a name, in whatever case; `builtin:NAME` always means ours. Blocks.
    ///
    /// # Errors
    /// See [`FindError`].
    pub fn find(&self, project: &Path, name: &str) -> Result<Agent, FindError> {
        let (wanted, ours) = match name.strip_prefix("builtin:") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let agents = self.list(Some(project));
        let is =
            |agent: &&Agent| agent.name.eq_ignore_ascii_case(wanted) && (!ours || agent.source == AgentSource::BuiltIn);
        match agents.iter().find(is) {
            Some(Agent { error: Some(error), path, .. }) => {
                let error = format!("{}: {error}", path.as_deref().unwrap_or(name));
                Err(FindError::Broken { name: name.into(), error })
            }
            Some(agent) => Ok(agent.clone()),
            None => {
                let known: Vec<&str> = agents.iter().filter(|agent| !agent.hidden).map(|agent| &*agent.name).collect();
                let near =
                    known.iter().map(|known| (jaro_winkler(&known.to_lowercase(), &wanted.to_lowercase()), known));
                let near = near.filter(|(near, _)| *near > 0.8).max_by(|one, other| one.0.total_cmp(&other.0));
                let hint = near.map_or_else(String::new, |(_, near)| format!("; did you mean `{near}`?"));
                Err(FindError::Unknown { name: name.into(), known: known.join(", "), hint })
            }
        }
    }
}

fn in_folder(folder: &Path, source: AgentSource, into: &mut Vec<Agent>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md") && path.is_file());
    paths.sort();
    for path in paths {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let text = match fs::metadata(&path).map(|facts| facts.len()) {
            Ok(bytes) if bytes > LARGEST => Err(format!("it has {bytes} bytes, and at most {LARGEST} are read")),
            _ => fs::read_to_string(&path).map_err(|error| error.to_string()),
        };
        into.push(agent(&stem, source, Some(path.display().to_string()), text));
    }
}

fn built_in(into: &mut Vec<Agent>) {
    let mut names: Vec<_> = Catalog::iter().collect();
    names.sort();
    for name in names {
        let Some(file) = Catalog::get(&name) else { continue };
        let text = String::from_utf8(file.data.into_owned()).map_err(|error| error.to_string());
        into.push(agent(name.trim_end_matches(".md"), AgentSource::BuiltIn, None, text));
    }
}

fn agent(stem: &str, source: AgentSource, path: Option<String>, text: Result<String, String>) -> Agent {
    let read = text.and_then(|text| {
        let (fields, instructions) =
            front_matter::read(&text).map_err(|wrong| format!("line {}: {}", wrong.line, wrong.message))?;
        if instructions.is_empty() {
            return Err("it tells the agent nothing: write below the front matter what it is to do".to_owned());
        }
        Ok((fields, instructions.to_owned()))
    });
    let (fields, instructions, error) = match read {
        Ok((fields, instructions)) => (fields, instructions, None),
        Err(error) => (front_matter::FrontMatter::default(), String::new(), Some(error)),
    };
    Agent {
        name: fields.name.unwrap_or_else(|| stem.to_owned()),
        description: fields.description.unwrap_or_default(),
        source,
        path,
        tools: fields.tools,
        model: fields.model.filter(|model| !model.is_empty()),
        instructions,
        hidden: false,
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_wins_in_whatever_case_and_ours_can_always_be_had() {
        let (project, user) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let agents = Agents::new(vec![user.path().to_owned()]);
        let found = |name: &str| agents.find(project.path(), name).map(|agent| (agent.source, agent.instructions));
        assert_eq!(found("explore").unwrap().0, AgentSource::BuiltIn);
        fs::write(user.path().join("explore.md"), "---\nname: explore\n---\nMine").unwrap();
        assert_eq!(found("Explore").unwrap(), (AgentSource::User, "Mine".into()));
        let folder = project.path().join(".claude/agents");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("explore.md"), "---\ndescription: x\n---\nTheirs").unwrap();
        assert_eq!(found("explore").unwrap(), (AgentSource::Project, "Theirs".into()));
        assert_eq!(found("builtin:explore").unwrap().0, AgentSource::BuiltIn);
        let hidden = agents.list(Some(project.path())).into_iter().filter(|agent| agent.hidden).count();
        assert_eq!(hidden, 2);
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        let project = tempfile::tempdir().unwrap();
        let folder = project.path().join(".reenact/agents");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("bad.md"), "no front matter").unwrap();
        fs::write(folder.join("empty.md"), "---\nname: empty\n---\n").unwrap();
        let said = |name: &str| Agents::default().find(project.path(), name).unwrap_err().to_string();
        assert!(said("bad").contains("bad.md: line 1: an agent's file begins"), "{}", said("bad"));
        assert!(said("empty").contains("it tells the agent nothing"), "{}", said("empty"));
        assert!(said("explor").contains("did you mean `Explore`?"), "{}", said("explor"));
    }

    #[test]
    fn all_that_are_built_in_can_be_used() {
        let built_in = Agents::default().list(None);
        assert!(built_in.iter().all(|agent| agent.error.is_none() && !agent.description.is_empty()), "{built_in:?}");
        let names: Vec<&str> = built_in.iter().map(|agent| &*agent.name).collect();
        assert_eq!(names, ["code-reviewer", "Explore", "general-purpose", "Plan"]);
    }
}
