//! A script, in one of the formats that people bring.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{failure::Failure, literal, meta};

/// The largest script, in bytes, with all files that it imports.
pub const LARGEST: usize = 512 * 1024;

/// A script with the files that it imports: all that decides what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Its file, as places in it are named: `review.js`, `team/review.js`.
    pub name: String,
    /// Its text, as it was read.
    pub source: String,
    /// What it imports, by the path from its folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

/// How a script is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// `export const meta`, then a body with `await` and `return`.
    Body,
    /// `export const meta`, and `export default async function main(args)`.
    Main,
    /// `export const workflow = {name, description, run(args)}`, or `export default {meta, run}`.
    Object,
    /// `module.exports = …`.
    CommonJs,
}

/// Why a script cannot be run at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is wrong.
    #[error(transparent)]
    Script(#[from] Failure),
    /// A file that it imports cannot be read.
    #[error("{script} imports `{file}`: {why}")]
    Import {
        /// The script.
        script: String,
        /// What it imports.
        file: String,
        /// Why that cannot be.
        why: String,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] crate::engine::EngineError),
}

impl Script {
    /// A script of one file.
    pub fn new(name: impl Into<String>, source: impl Into<String>) -> Self {
        Self { name: name.into(), source: source.into(), files: BTreeMap::new() }
    }

    /// The SHA-256 of all of it: equal scripts have equal ones.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        part(&self.name);
        part(&self.source);
        for (name, source) in &self.files {
            part(name);
            part(source);
        }
        hash.finalize().into()
    }

    pub(crate) fn size(&self) -> usize {
        self.source.len() + self.files.values().map(String::len).sum::<usize>()
    }
}

/// A script as the engine reads it.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub source: String,
    /// How many columns of its first line are not the script's own.
    pub shift: u32,
}

impl Written {
    /// As it is: a module.
    pub fn module(source: &str) -> Self {
        Self { source: source.into(), shift: 0 }
    }

    /// A body, which a module may not be: it becomes its default function. Lines stay where they are; imports move before it.
    pub fn body(source: &str) -> Self {
        let mut text = without_shebang(source);
        if let Some(word) = meta::export_word(source) {
            text.replace_range(word, "      ");
        }
        let mut imports = String::new();
        for import in imports_of(&text) {
            imports += &text[import.clone()].replace(['\n', '\r'], " ");
            imports.push(';');
            let gone: String = text[import.clone()].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
            text.replace_range(import, &gone);
        }
        let before = format!("{imports}export default async function main() {{");
        let shift = u32::try_from(before.chars().count()).unwrap_or(u32::MAX);
        Self { source: format!("{before}{text}\n}}"), shift }
    }

    /// `CommonJS`, which becomes a module that exports what is in `module.exports`.
    pub fn common_js(source: &str) -> Self {
        let before = "const module = {exports: {}}; let exports = module.exports; export {module as default};";
        let source = without_shebang(source);
        let exported = "\nmodule.run = typeof module.exports === 'function' ? module.exports : (module.exports.run ?? module.exports.default);";
        Self { source: format!("{before}{source}{exported}"), shift: u32::try_from(before.len()).unwrap_or(0) }
    }
}

/// A first line for a shell, which may stand nowhere but at the very beginning, as a comment of the same length.
fn without_shebang(source: &str) -> String {
    let start = source.len() - source.trim_start_matches('\u{feff}').len();
    let mut text = source.to_owned();
    if source[start..].starts_with("#!") {
        text.replace_range(start..start + 2, "//");
    }
    text
}

/// The static imports at the head of a body, before or behind its `meta`.
fn imports_of(source: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at = literal::blank(source, at);
        let rest = &source[at..];
        if let Some(behind) = rest.strip_prefix("import")
            && !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$')
            && !literal_starts(source, at + "import".len(), &["(", "."])
        {
            let Some(quote) = rest.find(['"', '\'']) else { return found };
            let mark = rest.as_bytes()[quote] as char;
            let Some(end) = rest[quote + 1..].find(mark) else { return found };
            let mut end = at + quote + 1 + end + 1;
            found.push(at..end);
            end = literal::blank(source, end);
            at = if source[end..].starts_with(';') { end + 1 } else { end };
        } else if let Some(meta) =
            rest.strip_prefix("const").map(str::trim_start).and_then(|rest| rest.strip_prefix("meta"))
            && let Some(value) = meta.trim_start().strip_prefix('=')
            && let Ok((_, end)) = literal::read(source, source.len() - value.len(), literal::Rest::Refused)
        {
            let end = literal::blank(source, end);
            at = if source[end..].starts_with(';') { end + 1 } else { end };
        } else {
            return found;
        }
    }
}

fn literal_starts(source: &str, at: usize, with: &[&str]) -> bool {
    let rest = &source[literal::blank(source, at)..];
    with.iter().any(|with| rest.starts_with(with))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_becomes_a_function_and_its_imports_stand_before_it() {
        let source = "import {a} from './a.js';\nexport const meta = {name: 'x', description: 'y'};\nimport * as b\n  from \"./b.js\"\nreturn a(b)";
        let written = Written::body(source);
        let first = "import {a} from './a.js';import * as b   from \"./b.js\";export default async function main() {";
        assert!(written.source.starts_with(first), "{}", written.source);
        assert_eq!(written.shift as usize, first.len());
        assert_eq!(written.source.lines().nth(1).unwrap(), "       const meta = {name: 'x', description: 'y'};");
        assert_eq!(written.source.lines().nth(4).unwrap(), "return a(b)");
        assert_eq!(written.source.lines().count(), source.lines().count() + 1);
    }

    #[test]
    fn equal_scripts_have_equal_hashes_and_no_others() {
        let one = Script::new("a.js", "x");
        assert_eq!(one.hash(), Script::new("a.js", "x").hash());
        assert_ne!(one.hash(), Script::new("a.j", "sx").hash());
        let mut other = one.clone();
        other.files.insert("b.js".into(), String::new());
        assert_ne!(one.hash(), other.hash());
    }
}
