//! What a script says of itself, read without running it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    failure::Failure,
    literal::{self, Rest},
    script::Format,
};

/// What a script says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// By this name it is asked for.
    pub name: String,
    /// What it does, in a sentence.
    pub description: String,
    /// The parts that its progress is shown in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
    /// When a model should choose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_to_use: Option<String>,
    /// The JSON Schema of its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Value>,
}

/// One part of the progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its heading, as `phase(title)` says it.
    pub title: String,
    /// What happens in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The model that it uses, for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// The meta that a source of a format holds, with the range of its statement's `export` word if there is one.
pub(crate) fn read(name: &str, source: &str, format: Format) -> Result<Meta, Failure> {
    let found = match format {
        Format::Body | Format::Main => after(source, &["export", "const", "meta", "="]).map(|at| (at, Rest::Refused)),
        Format::Object => after(source, &["export", "const", "meta", "="])
            .map(|at| (at, Rest::Refused))
            .or_else(|| inner(source, after(source, &["export", "default", "{"])?))
            .or_else(|| Some((after(source, &["export", "const", "workflow", "="])?, Rest::PassedOver))),
        Format::CommonJs => ["const", "let", "var"]
            .iter()
            .find_map(|word| after(source, &[word, "meta", "="]))
            .or_else(|| after(source, &["exports", ".", "meta", "="]))
            .or_else(|| after(source, &["module", ".", "exports", ".", "meta", "="]))
            .map(|at| (at, Rest::Refused))
            .or_else(|| inner(source, after(source, &["module", ".", "exports", "=", "{"])?)),
    };
    let file_name =
        || name.rsplit('/').next().unwrap_or(name).trim_end_matches(".js").trim_end_matches(".cjs").to_owned();
    let Some((at, rest)) = found else {
        return match format {
            Format::Main | Format::CommonJs => Ok(Meta { name: file_name(), ..Meta::default() }),
            Format::Body | Format::Object => {
                let what = "it has no `export const meta = {name, description}`, which must be its first statement";
                Err(Failure::new("InvalidMeta", what).at(name, 1, 1))
            }
        };
    };
    let invalid = |at: usize, what: String| {
        let (line, column) = place(source, at);
        Failure::new("InvalidMeta", what).at(name, line, column)
    };
    let (value, _) = literal::read(source, at, rest)
        .map_err(|error| invalid(error.at, format!("`meta` must be a plain literal: {}", error.what)))?;
    let of = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    for key in ["name", "description"] {
        if of(key).is_none() {
            return Err(invalid(literal::blank(source, at), format!("`meta.{key}` is missing: it must be a text")));
        }
    }
    serde_json::from_value(value)
        .map_err(|error| invalid(literal::blank(source, at), format!("`meta` is not as it must be: {error}")))
}

/// The meta inside an object that begins behind a byte: its member `meta`.
fn inner(source: &str, behind_brace: usize) -> Option<(usize, Rest)> {
    let (object, _) = literal::read(source, behind_brace - 1, Rest::PassedOver).ok()?;
    object.get("meta")?;
    let at = source[behind_brace..].find("meta")? + behind_brace + "meta".len();
    let colon = literal::blank(source, at);
    source[colon..].starts_with(':').then_some((colon + 1, Rest::Refused))
}

/// The format of a module, by what it exports, as it is written.
pub(crate) fn format(source: &str) -> Format {
    let has = |words: &[&str]| after(source, words).is_some();
    if ["const", "let", "var"].iter().any(|word| has(&["export", word, "workflow", "="]))
        || has(&["export", "default", "{"])
    {
        Format::Object
    } else if has(&["export", "default"]) || source.contains("as default") {
        Format::Main
    } else {
        Format::Body
    }
}

/// Whether something is exported as modules do.
pub(crate) fn exports(source: &str) -> bool {
    after(source, &["export"]).is_some()
}

/// The byte behind words that stand one behind the other at the beginning of a line, with any blank between them.
fn after(source: &str, words: &[&str]) -> Option<usize> {
    let mut start = 0;
    loop {
        let at = start + source[start..].len() - source[start..].trim_start_matches([' ', '\t', '\u{feff}']).len();
        if let Some(end) = all(source, at, words) {
            return Some(end);
        }
        start += source[start..].find('\n')? + 1;
    }
}

fn all(source: &str, mut at: usize, words: &[&str]) -> Option<usize> {
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            at = literal::blank(source, at);
        }
        let rest = source[at..].strip_prefix(word)?;
        let is_name = word.ends_with(char::is_alphanumeric);
        if is_name && rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            return None;
        }
        at += word.len();
    }
    Some(at)
}

/// Line and column of a byte, both from 1; columns in characters.
pub(crate) fn place(source: &str, at: usize) -> (u32, u32) {
    let before = &source[..at.min(source.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

/// The range of the word `export` before `const meta`, with the blank behind it: a body may not have it.
pub(crate) fn export_word(source: &str) -> Option<std::ops::Range<usize>> {
    let end = after(source, &["export", "const", "meta", "="])?;
    let start = source[..end].rfind("export")?;
    Some(start..start + "export".len())
}
