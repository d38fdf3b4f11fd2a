//! The reference of the settings, made from the settings themselves: a page for people and an example file.

use std::fmt::Write as _;

use confique::{
    Config as _,
    meta::{Field, FieldKind, LeafKind, Meta},
};

use super::{layers::ALSO, values::Settings};

/// Flags that set a setting, by its name.
const FLAGS: &[(&str, &str)] = &[
    ("log", "--log"),
    ("log_format", "--log-format"),
    ("server.host", "--host"),
    ("server.port", "--port"),
    ("models.default", "--model"),
    ("models.scenario", "--scenario"),
];

/// What the example file says where nothing is the default: by the whole name of a setting, or by its last part.
const EXAMPLES: &[(&str, &str)] = &[
    ("log", "\"info,replay=debug\""),
    ("models.default", "\"anthropic/sonnet\""),
    ("models.effort", "\"medium\""),
    ("models.context_window", "200000"),
    ("workflows.time_limit_minutes", "30"),
    ("models.scenario", "\"/path/to/scenario.json\""),
    ("anthropic.opus_model", "\"claude-opus-5-5\""),
    ("anthropic.sonnet_model", "\"claude-sonnet-5-5\""),
    ("anthropic.haiku_model", "\"claude-haiku-5-5\""),
    ("ollama.host", "\"127.0.0.1:11434\""),
    ("auth_token", "\"…\""),
    ("key", "\"sk-…\""),
    ("base_url", "\"http://127.0.0.1:8080/v1\""),
    (
        "providers",
        "[[providers]]\nid = \"home\"\nbase_url = \"http://127.0.0.1:8080/v1\"\nkey = \"only-where-it-needs-one\"\n\
         models = [\"qwen3\"]\ndefault_model = \"qwen3\"",
    ),
];

/// One setting.
struct Row {
    key: String,
    name: &'static str,
    words: String,
    variables: Vec<&'static str>,
    flag: Option<&'static str>,
    default: Option<String>,
}

impl Row {
    fn read(prefix: &str, field: &Field) -> Option<Self> {
        let FieldKind::Leaf { env, kind } = field.kind else { return None };
        let key = format!("{prefix}{}", field.name);
        let others = ALSO.iter().filter(|(also, _)| *also == key).map(|(_, name)| *name);
        let default = match kind {
            LeafKind::Optional | LeafKind::Required { default: None } => None,
            LeafKind::Required { default: Some(value) } => serde_json::to_string(&value).ok(),
        };
        Some(Self {
            variables: env.into_iter().chain(others).collect(),
            flag: FLAGS.iter().find(|(of, _)| *of == key).map(|(_, flag)| *flag),
            words: words(field.doc),
            name: field.name,
            key,
            default,
        })
    }

    /// What stands for it in the example file; several lines where it is a table of its own.
    fn example(&self) -> String {
        let example = EXAMPLES
            .iter()
            .find(|(of, _)| *of == self.key)
            .or_else(|| EXAMPLES.iter().find(|(of, _)| *of == self.name));
        match (example, &self.default) {
            (Some((_, table)), _) if table.starts_with('[') => (*table).to_owned(),
            (_, Some(default)) => format!("{} = {default}", self.name),
            (Some((_, value)), None) => format!("{} = {value}", self.name),
            (None, None) => format!("{} = \"\"", self.name),
        }
    }
}

/// Doc comments as one line.
fn words(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// The settings of a table, and its tables with their names.
fn parts(meta: &'static Meta, prefix: &str) -> (Vec<Row>, Vec<(String, &'static Meta)>) {
    let rows = meta.fields.iter().filter_map(|field| Row::read(prefix, field)).collect();
    let table = |field: &Field| match field.kind {
        FieldKind::Nested { meta } => Some((format!("{prefix}{}", field.name), meta)),
        FieldKind::Leaf { .. } => None,
    };
    (rows, meta.fields.iter().filter_map(table).collect())
}

/// Every setting in the order of the reference.
fn rows(meta: &'static Meta, prefix: &str) -> Vec<Row> {
    let of = |field: &Field| match field.kind {
        FieldKind::Leaf { .. } => Row::read(prefix, field).into_iter().collect(),
        FieldKind::Nested { meta } => rows(meta, &format!("{prefix}{}.", field.name)),
    };
    meta.fields.iter().flat_map(of).collect()
}

/// `docs/configuration.md`.
pub fn page() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
        <!-- Written by `make schemas` from src/cli/settings/values.rs: change it there. -->\n\n\
        Each value comes from the last of these that sets it: default, `reenact.toml`, `.env`, environment, flag. \
        `reenact config` lists every value and where it came from; secrets are masked. `reenact config --example` prints \
        [an example file](reenact.example.toml) with every key.\n\n\
        Two things are no settings, as they say where the settings are:\n\n\
        | | variable | flag | default |\n| --- | --- | --- | --- |\n\
        | the data folder | `REENACT_DATA` | `--data` | `$XDG_DATA_HOME/reenact`, normally `~/.local/share/reenact` |\n\
        | the settings file | `REENACT_CONFIG` | `--config` | `reenact.toml` in the data folder |\n\n\
        A `.env` beside the settings file is read too; one in a project never is. Of several variables the first that is set \
        counts; an empty one counts as not set. A list in a variable has commas. A name that `reenact.toml` does not know is an \
        error, not a silence.\n\n\
        ## Settings\n\n\
        | setting | variable | flag | default | what |\n| --- | --- | --- | --- | --- |\n",
    );
    for row in rows(&Settings::META, "") {
        let code = |text: &str| format!("`{text}`");
        let list = |items: &[&str]| items.iter().map(|item| code(item)).collect::<Vec<_>>().join(", ");
        let or_none = |text: String| if text.is_empty() { "–".to_owned() } else { text };
        let cells = [
            code(&row.key),
            or_none(list(&row.variables)),
            or_none(row.flag.map(code).unwrap_or_default()),
            or_none(row.default.as_deref().map(code).unwrap_or_default()),
            row.words.replace('|', "\\|"),
        ];
        // Writing to a string cannot fail.
        let _written = writeln!(page, "| {} |", cells.join(" | "));
    }
    page
}

/// `docs/reenact.example.toml`: every key, commented out, with what holds where it is.
pub fn example() -> String {
    let mut lines = vec![
        "# Settings of Reenact. Put it as reenact.toml into the data folder, and take the # away from what you change."
            .into(),
        "# A key without a default shows an example. Variables and flags overrule this file.".into(),
    ];
    let (root, tables) = parts(&Settings::META, "");
    // In TOML the keys of the root stand before all tables, and tables of a list behind all others fit best.
    let (last, first): (Vec<Row>, Vec<Row>) = root.into_iter().partition(|row| row.example().starts_with('['));
    lines.extend(first.iter().flat_map(shown));
    lines.extend(tables.into_iter().flat_map(|(name, meta)| table(&name, meta)));
    lines.extend(last.iter().flat_map(shown));
    lines.join("\n") + "\n"
}

/// The lines of a table.
fn table(name: &str, meta: &'static Meta) -> Vec<String> {
    let (rows, tables) = parts(meta, &format!("{name}."));
    let head = std::iter::once(String::new()).chain(comment(&words(meta.doc))).chain([format!("[{name}]")]);
    let inner = tables.into_iter().flat_map(|(name, meta)| table(&name, meta));
    head.chain(rows.iter().flat_map(shown)).chain(inner).collect()
}

/// The lines of a setting.
fn shown(row: &Row) -> Vec<String> {
    let also: Vec<&str> = row.variables.iter().copied().chain(row.flag).collect();
    let also = if also.is_empty() { vec![] } else { comment(&format!("Also: {}", also.join(", "))) };
    let example = row.example();
    let example = example.lines().map(|line| format!("#{line}"));
    std::iter::once(String::new()).chain(comment(&row.words)).chain(also).chain(example).collect()
}

/// A comment in lines of at most 110 characters.
fn comment(words: &str) -> Vec<String> {
    let mut lines = vec![String::from("#")];
    for word in words.split_whitespace() {
        if lines.last().is_some_and(|line| line.chars().count() + word.chars().count() >= 110) {
            lines.push(String::from("#"));
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::settings::Given;

    #[test]
    fn every_setting_stands_in_the_page_and_in_the_example() {
        let (page, example) = (page(), example());
        let rows = rows(&Settings::META, "");
        assert!(rows.len() > 15, "{}", rows.len());
        for row in rows {
            assert!(page.contains(&format!("| `{}` |", row.key)), "{}", row.key);
            assert!(!row.words.is_empty(), "{} says nothing", row.key);
            assert!(row.variables.iter().all(|name| page.contains(name) && example.contains(name)), "{}", row.key);
        }
    }

    #[test]
    fn the_example_is_a_settings_file_as_it_is_and_with_every_key_taken_in() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("reenact.toml");
        let given = || Given { data: Some(dir.path().to_owned()), ..Given::default() };
        std::fs::write(&file, example()).unwrap();
        assert!(given().load().unwrap().list.iter().skip(1).all(|setting| setting.origin.to_string() == "default"));
        let taken_in: Vec<String> = example()
            .lines()
            .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with([' ', '\0'])).unwrap_or(line).to_owned())
            .collect();
        std::fs::write(&file, taken_in.join("\n")).unwrap();
        let loaded = given().load().unwrap();
        for setting in loaded.list.iter().skip(1) {
            assert_ne!(setting.origin.to_string(), "default", "{} is not in the example", setting.key);
        }
    }
}
