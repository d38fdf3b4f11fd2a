//! By what a step's answer is found again, and why a step was done or was not. Pure: what is looked up is told by `effects`.

use std::sync::Arc;

use replay::{
    digest::{digest, hex},
    ids::{Revision, StreamId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What decides the answer of an agent, as fingerprints: the first 16 hexadecimal digits of a SHA-256 each, enough to tell
/// what changed since an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Basis {
    /// Of its prompt.
    pub prompt: Arc<str>,
    /// Of its model, its schema and all else that the script or its agent says of it.
    pub options: Arc<str>,
    /// Of the files of the project: of git's tree and of what is not committed. Nothing without git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Arc<str>>,
    /// Which it is of the run's steps with this phase and label, from 1: so its like is found in another run.
    pub nth: u32,
}

/// Options that do not decide an answer: what it is called, how long it may take, whether it may be reused.
const BESIDE: &[&str] = &["prompt", "label", "phase", "timeout_ms", "stallMs", "retries", "cache"];

impl Basis {
    /// Of what the script gave, and what was found for it (the model, the agent's text, …).
    pub fn new(given: &Value, found: &Value, files: Option<&str>, nth: u32) -> Self {
        let prompt = short(given["prompt"].as_str().unwrap_or_default().as_bytes());
        let mut options = given.clone();
        if let Value::Object(options) = &mut options {
            options.retain(|key, _| !BESIDE.contains(&&**key));
        }
        let options = short(json!([options, found]).to_string().as_bytes());
        Self { prompt, options, files: files.map(|files| short(files.as_bytes())), nth }
    }

    /// Whether it is of these files.
    pub fn is_of(&self, files: Option<&str>) -> bool {
        self.files == files.map(|files| short(files.as_bytes()))
    }

    /// The key of an answer: the SHA-256, in lower-case hexadecimal, over the canonical JSON (RFC 8785) of all that decides
    /// it, and of how many steps before in the run asked for the very same. Five equal votes stay five.
    pub fn key(&self, given: &Value, found: &Value, before: u32) -> Option<Arc<str>> {
        let mut options = given.clone();
        if let Value::Object(options) = &mut options {
            options.retain(|key, _| key == "prompt" || !BESIDE.contains(&&**key));
        }
        // As text: numbers of a script may be fractions, which canonical JSON writes by rules of its own.
        let whole = json!({"kind": "agent", "given": options.to_string(), "found": found.to_string(), "files": self.files, "before": before});
        digest(&whole).ok().map(Into::into)
    }
}

fn short(bytes: &[u8]) -> Arc<str> {
    hex(&Sha256::digest(bytes)[..8]).into()
}

/// Why a step was done, or was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It has been answered before: that answer is taken.
    Hit,
    /// No earlier run asked for anything like it.
    New,
    /// Its prompt is not what it was.
    PromptChanged,
    /// Its model, its schema or another option is not what it was.
    OptionsChanged,
    /// The files of the project are not what they were.
    ProjectChanged,
    /// Something before it was answered otherwise than in the run that is resumed.
    AfterAMiss,
    /// Its like failed, or was stopped.
    EarlierFailed,
    /// A person asked for it to be done again.
    Retried,
    /// Its answer was forgotten.
    Forgotten,
    /// The project has no git, so nothing tells whether its files are what they were.
    NoGit,
    /// The script or the run says so.
    CacheOff,
}

/// Where an answer was first given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CachedFrom {
    /// The run.
    pub stream: StreamId,
    /// Its event.
    pub revision: Revision,
}

/// The run that a run goes on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resume {
    /// Its id.
    pub run: Uuid,
    /// The first of its steps that is done again; all that can be reused is, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_step: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(given: &Value, model: &str, files: &str, before: u32) -> Arc<str> {
        let found = json!({ "model": model });
        Basis::new(given, &found, Some(files), 1).key(given, &found, before).unwrap()
    }

    #[test]
    fn a_key_is_of_what_decides_the_answer_and_of_nothing_else() {
        let given = json!({"prompt": "look", "label": "a", "phase": "p", "schema": {"type": "number", "minimum": 0.5}});
        let one = key(&given, "m", "f", 0);
        assert_eq!(one.len(), 64);
        let called =
            json!({"prompt": "look", "label": "b", "timeout_ms": 5, "schema": {"type": "number", "minimum": 0.5}});
        assert_eq!(key(&called, "m", "f", 0), one, "what it is called decides nothing");
        for (given, model, files, before) in [
            (json!({"prompt": "look!", "schema": {"type": "number", "minimum": 0.5}}), "m", "f", 0),
            (json!({"prompt": "look", "schema": {"type": "number", "minimum": 0.6}}), "m", "f", 0),
            (given.clone(), "n", "f", 0),
            (given.clone(), "m", "g", 0),
            (given.clone(), "m", "f", 1),
        ] {
            assert_ne!(key(&given, model, files, before), one, "{given} {model} {files} {before}");
        }
    }

    #[test]
    fn a_basis_tells_what_changed() {
        let of =
            |prompt: &str, model: &str| Basis::new(&json!({ "prompt": prompt }), &json!({ "model": model }), None, 1);
        assert_eq!(of("a", "m"), of("a", "m"));
        assert_ne!(of("a", "m").prompt, of("b", "m").prompt);
        assert_eq!(of("a", "m").options, of("b", "m").options);
        assert_ne!(of("a", "m").options, of("a", "n").options);
    }
}
