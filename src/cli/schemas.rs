//! `reenact schemas`: writes the contract, as JSON Schemas made from the Rust types, and the reference of the settings; or
//! checks that they are written.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use replay::decider::Decider;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    exit::{Ended, Exit, Failure},
    settings,
};
use crate::{
    api,
    entities::{chat, project, run, session, system},
};

/// Writes schemas/ and the reference of the settings in docs/, from the types of this program. For its developers.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Where the schemas stand.
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    dir: PathBuf,
    /// Where the documents stand.
    #[arg(long, value_name = "DIR", default_value = "docs")]
    docs: PathBuf,
    /// Changes nothing; fails if a file is not what it would be.
    #[arg(long)]
    check: bool,
}

/// Writes or checks all files.
pub fn run(arguments: &Arguments) -> Ended {
    let Arguments { dir, docs, check } = arguments;
    let (schemas, documents) = (all()?, documents());
    if *check {
        let stale = [differing(dir, &schemas), too_many(dir, &schemas), differing(docs, &documents)].concat();
        if stale.is_empty() {
            return Ok(Exit::Done);
        }
        let names: Vec<String> = stale.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::failed(format!(
            "not what the types say: {}. Run `make schemas` and commit the change",
            names.join(", ")
        )));
    }
    for (dir, files) in [(dir, &schemas), (docs, &documents)] {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        for (name, text) in files {
            let path = dir.join(name);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(Exit::Done)
}

/// The documents that are made from the settings, by their names.
fn documents() -> BTreeMap<String, String> {
    let files = [("configuration.md", settings::page()), ("reenact.example.toml", settings::example())];
    files.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

/// The files whose text on disk differs.
fn differing(dir: &Path, files: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let differs = |(name, text): &(&String, &String)| fs::read_to_string(dir.join(name)).ok().as_ref() != Some(text);
    files.iter().filter(differs).map(|(name, _)| dir.join(name)).collect()
}

/// The JSON files that should not be there.
fn too_many(dir: &Path, files: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let there = fs::read_dir(dir).into_iter().flatten().flatten();
    let names = there.filter_map(|entry| entry.file_name().into_string().ok());
    let unknown = names
        .filter(|name| Path::new(name).extension().is_some_and(|kind| kind == "json") && !files.contains_key(name));
    unknown.map(|name| dir.join(name)).collect()
}

/// Every file of the contract, by its name.
fn all() -> anyhow::Result<BTreeMap<String, String>> {
    let documents = [
        ("chat.json", kind::<chat::Chat>()?),
        ("frames.json", api::frames_schema()),
        ("http.json", api::http_schema()),
        ("openapi.json", api::openapi()),
        ("project.json", kind::<project::Project>()?),
        ("run.json", kind::<run::Run>()?),
        ("session.json", kind::<session::Session>()?),
        ("system.json", kind::<system::System>()?),
    ];
    documents
        .into_iter()
        .map(|(name, document)| Ok((name.to_owned(), serde_json::to_string_pretty(&document)? + "\n")))
        .collect()
}

/// One kind: what it says (`Event`, `View`, `State`) as it is written, what it is told (`Command`) as it is read.
fn kind<D>() -> anyhow::Result<Value>
where
    D: Decider<Event: JsonSchema, Command: JsonSchema, View: JsonSchema, State: JsonSchema>,
{
    let mut said = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut told = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let mut definitions = Map::new();
    for (name, reference) in [
        ("Event", said.subschema_for::<D::Event>()),
        ("View", said.subschema_for::<D::View>()),
        ("State", said.subschema_for::<D::State>()),
        ("Command", told.subschema_for::<D::Command>()),
    ] {
        let own = format!("#/$defs/{name}");
        if reference.get("$ref").and_then(Value::as_str) != Some(&own) {
            definitions.insert(name.to_owned(), reference.to_value());
        }
    }
    document(D::KIND, definitions, [said, told])
}

/// A schema that holds definitions only, from all generators together.
fn document<const N: usize>(
    title: &str,
    mut definitions: Map<String, Value>,
    generators: [SchemaGenerator; N],
) -> anyhow::Result<Value> {
    for mut generator in generators {
        for (name, schema) in generator.take_definitions(true) {
            let before = definitions.get(&name);
            anyhow::ensure!(
                before.is_none_or(|before| *before == schema),
                "`{name}` of {title} is written otherwise than it is read: give the two forms two names"
            );
            definitions.insert(name, schema);
        }
    }
    definitions.sort_keys();
    Ok(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$defs": definitions,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::Kind;

    #[test]
    fn every_kind_has_its_events_commands_state_and_view() {
        let files = all().unwrap();
        for name in Kind::ALL.iter().map(|kind| format!("{}.json", kind.name())) {
            let document: Value = serde_json::from_str(&files[&name]).unwrap();
            for part in ["Event", "Command", "State", "View"] {
                assert!(document["$defs"][part].is_object(), "{name} lacks {part}");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
            match value {
                Value::Object(object) => {
                    into.extend(object.get("$ref").and_then(Value::as_str));
                    object.values().for_each(|inner| references(inner, into));
                }
                Value::Array(items) => items.iter().for_each(|inner| references(inner, into)),
                _ => {}
            }
        }
        for (name, text) in all().unwrap() {
            let document: Value = serde_json::from_str(&text).unwrap();
            let mut found = Vec::new();
            references(&document, &mut found);
            assert!(!found.is_empty(), "{name} refers to nothing");
            for reference in found {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{name}: {reference}");
            }
        }
    }

    #[test]
    fn a_file_that_differs_is_missing_or_is_too_many_is_stale() {
        let dir = tempfile::tempdir().unwrap();
        let files = BTreeMap::from([("a.json".to_owned(), "1\n".to_owned()), ("b.json".to_owned(), "2\n".to_owned())]);
        fs::write(dir.path().join("a.json"), "1\n").unwrap();
        fs::write(dir.path().join("c.json"), "3\n").unwrap();
        assert_eq!(differing(dir.path(), &files), [dir.path().join("b.json")]);
        assert_eq!(too_many(dir.path(), &files), [dir.path().join("c.json")]);
    }
}
