//! Reads every source of settings and lays them over each other, remembering where each value came from.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use confique::{
    Config, File, FileFormat, Layer as _,
    meta::{FieldKind, Meta},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{dotenv, values::Settings};

type Layer = <Settings as Config>::Layer;

/// Names that are understood where our own is not set.
pub(super) const ALSO: &[(&str, &str)] = &[
    ("anthropic.key", "ANTHROPIC_API_KEY"),
    ("anthropic.auth_token", "ANTHROPIC_AUTH_TOKEN"),
    ("anthropic.base_url", "ANTHROPIC_BASE_URL"),
    ("anthropic.opus_model", "ANTHROPIC_DEFAULT_OPUS_MODEL"),
    ("anthropic.sonnet_model", "ANTHROPIC_DEFAULT_SONNET_MODEL"),
    ("anthropic.haiku_model", "ANTHROPIC_DEFAULT_HAIKU_MODEL"),
    ("openai.key", "OPENAI_API_KEY"),
    ("openai.base_url", "OPENAI_BASE_URL"),
    ("deepseek.key", "DEEPSEEK_API_KEY"),
    ("deepseek.base_url", "DEEPSEEK_BASE_URL"),
    ("gemini.key", "GEMINI_API_KEY"),
    ("gemini.key", "GOOGLE_API_KEY"),
    ("gemini.base_url", "GOOGLE_GEMINI_BASE_URL"),
    ("ollama.host", "OLLAMA_HOST"),
    ("ollama.key", "OLLAMA_API_KEY"),
    ("attachments.max_size_mb", "MAX_ATTACHMENT_SIZE_MB"),
];

/// What the command line and the process were given.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// Other flags, by the name of the setting.
    pub flags: Vec<(&'static str, Value)>,
    /// The variables of the process.
    pub environment: BTreeMap<String, String>,
}

/// The settings, and where each value came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The data folder, absolute.
    pub data: PathBuf,
    /// The values.
    pub settings: Settings,
    /// Each value for people, in the order of the reference; what is secret is masked.
    pub list: Vec<Setting>,
}

/// One value, as `reenact config` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// Its name: as in `reenact.toml`, with dots.
    pub key: String,
    /// Its value; `null` where nothing is set.
    pub value: Value,
    /// Where it came from.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Setting {
    /// Whether somebody set it.
    pub fn is_set(&self) -> bool {
        self.origin != Origin::Default
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "origin", rename_all = "snake_case")]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A settings file.
    File {
        /// The file.
        path: PathBuf,
    },
    /// A `.env` file.
    DotEnv {
        /// The file.
        path: PathBuf,
        /// The variable.
        name: String,
    },
    /// The environment of the process.
    Environment {
        /// The variable.
        name: String,
    },
    /// A flag.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path } => write!(f, "{}", path.display()),
            Self::DotEnv { path, name } => write!(f, "{name} in {}", path.display()),
            Self::Environment { name } => write!(f, "{name} in the environment"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no home to put the data into.
    #[error("no data folder: set HOME, or name one with --data DIR")]
    NoHome,
    /// What should be the data folder is a file.
    #[error("{} is not a folder: name one for the data with --data DIR", .0.display())]
    NoFolder(PathBuf),
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A settings file is not as it should be.
    #[error("{} cannot be used: {problem}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A line of a `.env` file is none.
    #[error("{}, line {line}: write NAME=VALUE", .path.display())]
    DotEnv {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A value does not fit its setting.
    #[error("`{value}` cannot be {key} ({origin}): {problem}")]
    Value {
        /// The setting.
        key: String,
        /// The value.
        value: String,
        /// Where it stands.
        origin: Origin,
        /// What is wrong.
        problem: String,
    },
}

impl Given {
    /// Reads every source and lays them over each other.
    ///
    /// # Errors
    /// See [`LoadError`]; nothing is ignored.
    pub fn load(&self) -> Result<Loaded, LoadError> {
        let (data, data_origin) = self.data()?;
        if let Some(file) = data.ancestors().find(|path| path.is_file()) {
            return Err(LoadError::NoFolder(file.to_owned()));
        }
        let file = self.settings_file(&data);
        let mut found: Vec<(String, Origin, Layer)> = Vec::new();

        let from_file = self.read_file(&file)?;
        for (key, _) in leaves(&from_file) {
            found.push((key, Origin::File { path: file.clone() }, Layer::empty()));
        }
        let dot_env = file.with_file_name(".env");
        let from_dot_env = read_dot_env(&dot_env)?;
        for (key, names) in variables() {
            // Our own name goes before the others, and the process before the file.
            let process = names.iter().find_map(|name| {
                let value = self.environment.get(*name).filter(|value| !value.is_empty())?;
                Some((value, Origin::Environment { name: (*name).to_owned() }))
            });
            let dot_env = || {
                names.iter().find_map(|name| {
                    let value = from_dot_env.get(*name).filter(|value| !value.is_empty())?;
                    Some((value, Origin::DotEnv { path: dot_env.clone(), name: (*name).to_owned() }))
                })
            };
            if let Some((value, origin)) = process.or_else(dot_env) {
                let layer = parse(&key, value, &origin)?;
                found.push((key, origin, layer));
            }
        }
        for (key, value) in &self.flags {
            let layer = one(key, value.clone()).map_err(|error| LoadError::Value {
                key: (*key).to_owned(),
                value: value.to_string(),
                origin: Origin::Flag,
                problem: error.to_string(),
            })?;
            found.push(((*key).to_owned(), Origin::Flag, layer));
        }

        let mut merged = from_file.with_fallback(Layer::default_values());
        let mut origins: BTreeMap<String, Origin> = BTreeMap::new();
        for (key, origin, layer) in found {
            merged = layer.with_fallback(merged);
            origins.insert(key, origin);
        }
        let values: BTreeMap<String, Value> = leaves(&merged).into_iter().collect();
        let data_row = Setting { key: "data".into(), value: json!(data), origin: data_origin };
        let row = |key: String| Setting {
            value: values.get(&key).cloned().unwrap_or(Value::Null),
            origin: origins.get(&key).cloned().unwrap_or(Origin::Default),
            key,
        };
        let list = std::iter::once(data_row).chain(keys(&Settings::META, "").into_iter().map(row)).collect();
        let settings =
            Settings::from_layer(merged).map_err(|error| LoadError::File { path: file, problem: error.to_string() })?;
        Ok(Loaded { data, settings, list })
    }

    /// What holds where nothing is set: for those who look at what is wrong with the settings.
    ///
    /// # Errors
    /// There is no data folder.
    pub fn without_settings(&self) -> Result<Loaded, LoadError> {
        let (data, _) = self.data()?;
        let settings = Settings::from_layer(Layer::default_values());
        let settings = settings.map_err(|error| LoadError::File { path: data.clone(), problem: error.to_string() })?;
        Ok(Loaded { data, settings, list: vec![] })
    }

    /// Where the settings file is, or would be.
    pub fn settings_file(&self, data: &Path) -> PathBuf {
        self.config_file().unwrap_or_else(|| data.join("reenact.toml"))
    }

    fn data(&self) -> Result<(PathBuf, Origin), LoadError> {
        const NAME: &str = "REENACT_DATA";
        let variable = |name: &str| self.environment.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let (data, origin) = if let Some(data) = &self.data {
            (data.clone(), Origin::Flag)
        } else if let Some(data) = variable(NAME) {
            (data, Origin::Environment { name: NAME.into() })
        } else {
            let base = variable("XDG_DATA_HOME").filter(|path| path.is_absolute());
            let base = base.or_else(|| Some(variable("HOME")?.join(".local/share"))).ok_or(LoadError::NoHome)?;
            (base.join("reenact"), Origin::Default)
        };
        let absolute = std::path::absolute(&data).map_err(|source| LoadError::Io { path: data, source })?;
        Ok((absolute, origin))
    }

    fn config_file(&self) -> Option<PathBuf> {
        let variable = || self.environment.get("REENACT_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from);
        self.config.clone().or_else(variable)
    }

    /// The settings file. One that was named must be there.
    fn read_file(&self, path: &PathBuf) -> Result<Layer, LoadError> {
        let mut file = File::with_format(path, FileFormat::Toml);
        if self.config_file().is_some() {
            file = file.required();
        }
        file.load().map_err(|error| LoadError::File { path: path.clone(), problem: told(&error) })
    }
}

/// An error and what led to it, in one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(inner_text.trim()) {
            text = format!("{text}: {}", inner_text.trim());
        }
        source = inner.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read_dot_env(path: &PathBuf) -> Result<BTreeMap<String, String>, LoadError> {
    match fs::read_to_string(path) {
        Ok(text) => dotenv::parse(&text).map_err(|line| LoadError::DotEnv { path: path.clone(), line }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(source) => Err(LoadError::Io { path: path.clone(), source }),
    }
}

/// The names of all settings, in the order of the reference.
fn keys(meta: &Meta, prefix: &str) -> Vec<String> {
    let one = |field: &confique::meta::Field| match field.kind {
        FieldKind::Leaf { .. } => vec![format!("{prefix}{}", field.name)],
        FieldKind::Nested { meta } => keys(meta, &format!("{prefix}{}.", field.name)),
    };
    meta.fields.iter().flat_map(one).collect()
}

/// The variables of each setting that has any: our own first.
fn variables() -> Vec<(String, Vec<&'static str>)> {
    fn own(meta: &Meta, prefix: &str, into: &mut Vec<(String, &'static str)>) {
        for field in meta.fields {
            match field.kind {
                FieldKind::Leaf { env: Some(env), .. } => into.push((format!("{prefix}{}", field.name), env)),
                FieldKind::Leaf { env: None, .. } => {}
                FieldKind::Nested { meta } => own(meta, &format!("{prefix}{}.", field.name), into),
            }
        }
    }
    let mut found = Vec::new();
    own(&Settings::META, "", &mut found);
    let with_others = |(key, env): (String, &'static str)| {
        let others = ALSO.iter().filter(|(also, _)| *also == key).map(|(_, name)| *name);
        let names = std::iter::once(env).chain(others).collect();
        (key, names)
    };
    found.into_iter().map(with_others).collect()
}

/// The text of a variable as the value of a setting: as text, as a number or truth, or as a list with commas.
fn parse(key: &str, text: &str, origin: &Origin) -> Result<Layer, LoadError> {
    let items: Vec<&str> = text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
    let literal = serde_json::from_str::<Value>(text).ok().filter(|value| value.is_number() || value.is_boolean());
    let mut problem = String::new();
    for candidate in [Some(json!(text)), literal, Some(json!(items))].into_iter().flatten() {
        match one(key, candidate) {
            Ok(layer) => return Ok(layer),
            // The first complaint names what the setting wants.
            Err(error) if problem.is_empty() => problem = error.to_string(),
            Err(_) => {}
        }
    }
    Err(LoadError::Value { key: key.to_owned(), value: text.to_owned(), origin: origin.clone(), problem })
}

/// A layer with one value.
fn one(key: &str, value: Value) -> Result<Layer, serde_json::Error> {
    let nested = key.rsplit('.').fold(value, |inner, part| Value::Object(Map::from_iter([(part.to_owned(), inner)])));
    serde_json::from_value(nested)
}

/// Every value of a layer, by the dotted name of its setting.
fn leaves(layer: &Layer) -> Vec<(String, Value)> {
    fn collect(value: Value, name: &str, names: &[String], into: &mut Vec<(String, Value)>) {
        match value {
            Value::Null => {}
            Value::Object(object) if !names.iter().any(|known| known == name) => {
                for (part, inner) in object {
                    let name = if name.is_empty() { part } else { format!("{name}.{part}") };
                    collect(inner, &name, names, into);
                }
            }
            value => into.push((name.to_owned(), value)),
        }
    }
    let value = serde_json::to_value(layer).expect("a layer holds texts, numbers, truths and lists of them");
    let mut found = Vec::new();
    collect(value, "", &keys(&Settings::META, ""), &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(dir: &std::path::Path, environment: &[(&str, &str)]) -> Given {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Given { data: Some(dir.to_owned()), environment, ..Given::default() }
    }

    fn row(loaded: &Loaded, key: &str) -> (Value, String) {
        let row = loaded.list.iter().find(|row| row.key == key).unwrap();
        (row.value.clone(), row.origin.to_string())
    }

    #[test]
    fn without_anything_the_defaults_hold() {
        let dir = tempfile::tempdir().unwrap();
        let loaded = given(dir.path(), &[]).load().unwrap();
        assert_eq!(loaded.settings.server.port, 7717);
        assert_eq!(row(&loaded, "server.port"), (json!(7717), "default".into()));
        assert_eq!(row(&loaded, "models.default"), (Value::Null, "default".into()));
        assert_eq!(loaded.list[0].key, "data");
    }

    #[test]
    fn flags_go_before_the_environment_before_dot_env_before_the_file_before_the_default() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("reenact.toml"), "[server]\nport = 1\nhost = \"a\"\n[lanes]\nmodel = 2\n").unwrap();
        fs::write(dir.path().join(".env"), "REENACT_PORT=3\nREENACT_HOST=b\nREENACT_LANES_TOOLS=4\n").unwrap();
        let mut given = given(dir.path(), &[("REENACT_PORT", "5")]);
        let loaded = given.load().unwrap();
        let file = dir.path().join("reenact.toml").display().to_string();
        assert_eq!(row(&loaded, "lanes.model"), (json!(2), file));
        assert_eq!(row(&loaded, "lanes.tools").0, json!(4));
        assert_eq!(row(&loaded, "server.host").0, json!("b"));
        assert_eq!(row(&loaded, "server.port"), (json!(5), "REENACT_PORT in the environment".into()));
        given.flags.push(("server.port", json!(6)));
        assert_eq!(given.load().unwrap().settings.server.port, 6);
    }

    #[test]
    fn a_providers_own_names_are_understood_and_ours_go_before_them() {
        let dir = tempfile::tempdir().unwrap();
        let names = [("OPENAI_API_KEY", "theirs"), ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")];
        let loaded = given(dir.path(), &names).load().unwrap();
        assert_eq!(loaded.settings.openai.key.as_ref().unwrap().reveal(), "theirs");
        assert_eq!(row(&loaded, "openai.base_url").1, "OPENAI_BASE_URL in the environment");
        let both = [("OPENAI_API_KEY", "theirs"), ("REENACT_OPENAI_API_KEY", "ours")];
        let loaded = given(dir.path(), &both).load().unwrap();
        assert_eq!(loaded.settings.openai.key.unwrap().reveal(), "ours");
    }

    #[test]
    fn a_secret_is_never_listed() {
        let dir = tempfile::tempdir().unwrap();
        let file = "[[providers]]\nid = \"home\"\nbase_url = \"http://127.0.0.1:1/v1\"\nkey = \"sk-file\"\n";
        fs::write(dir.path().join("reenact.toml"), file).unwrap();
        let loaded = given(dir.path(), &[("DEEPSEEK_API_KEY", "sk-env")]).load().unwrap();
        let told = serde_json::to_string(&loaded.list).unwrap();
        assert!(!told.contains("sk-"), "{told}");
        assert_eq!(row(&loaded, "deepseek.key").0, json!("…"));
        assert_eq!(loaded.settings.providers[0].key.as_ref().unwrap().reveal(), "sk-file");
    }

    #[test]
    fn a_list_in_a_variable_has_commas() {
        let dir = tempfile::tempdir().unwrap();
        let loaded = given(dir.path(), &[("REENACT_ALLOWED_HOSTS", "a.test, b.test")]).load().unwrap();
        assert_eq!(loaded.settings.server.allowed_hosts, ["a.test", "b.test"]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_name_and_place() {
        let dir = tempfile::tempdir().unwrap();
        let error = given(dir.path(), &[("REENACT_PORT", "many")]).load().unwrap_err().to_string();
        assert!(error.contains("`many`") && error.contains("server.port") && error.contains("REENACT_PORT"), "{error}");
        fs::write(dir.path().join("reenact.toml"), "[server]\nprot = 1\n").unwrap();
        let error = given(dir.path(), &[]).load().unwrap_err().to_string();
        assert!(error.contains("reenact.toml") && error.contains("prot"), "{error}");
        fs::write(dir.path().join("reenact.toml"), "").unwrap();
        fs::write(dir.path().join(".env"), "what\n").unwrap();
        let error = given(dir.path(), &[]).load().unwrap_err().to_string();
        assert!(error.contains(".env, line 1"), "{error}");
    }

    #[test]
    fn a_settings_file_that_was_named_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let mut given = given(dir.path(), &[]);
        given.config = Some(dir.path().join("other.toml"));
        assert!(given.load().unwrap_err().to_string().contains("other.toml"));
    }

    #[test]
    fn the_data_folder_is_a_flag_a_variable_or_in_the_users_home() {
        let environment = |pairs: &[(&str, &str)]| Given { data: None, ..given(std::path::Path::new("/"), pairs) };
        let data = |given: Given| given.load().map(|loaded| loaded.data);
        assert_eq!(data(environment(&[("HOME", "/none")])).unwrap(), PathBuf::from("/none/.local/share/reenact"));
        let xdg = environment(&[("HOME", "/none"), ("XDG_DATA_HOME", "/data")]);
        assert_eq!(data(xdg).unwrap(), PathBuf::from("/data/reenact"));
        assert_eq!(data(environment(&[("REENACT_DATA", "/own")])).unwrap(), PathBuf::from("/own"));
        assert!(matches!(data(environment(&[])), Err(LoadError::NoHome)));
    }
}
