//! The models that there are: resolves a name to a model, lists what can be named, and uses keys as they are set.

mod entry;
mod trial;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::keys::{KeepError, KeepKeys, Kept};
use super::offline::OfflineModel;
use super::{
    ApiKey, BadSettings, Effort, ErrorKind, Model, ModelError, ModelInfo, ProviderSettings, ProvidersSettings,
};
use entry::Entry;
pub use trial::Trial;

/// The name of the model that is built in and needs no key, no server and no network.
pub const OFFLINE: &str = "offline";

/// The longest key that is taken, in bytes.
const LONGEST_KEY: usize = 4096;

/// All providers, built once at start. Keys are set and forgotten while it is in use.
pub struct Providers {
    over_http: Vec<Entry>,
    offline: Arc<OfflineModel>,
    default_model: String,
    effort: Option<Effort>,
    keys: Option<Arc<dyn KeepKeys>>,
}

/// A model that was found by its name.
pub struct Resolved {
    /// How to ask it.
    pub model: Arc<dyn Model>,
    /// The id of its provider.
    pub provider: String,
    /// Its name on the wire.
    pub name: String,
    /// What it can do.
    pub info: ModelInfo,
}

/// One provider, as the API and the page show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProviderInfo {
    /// The name before the slash.
    pub id: String,
    /// The name for people.
    pub label: String,
    /// Whether it can be asked.
    pub configured: bool,
    /// Where it is; `null` for the offline model.
    pub base_url: Option<String>,
    /// How its key stands; `null` for the offline model, which has none.
    pub key: Option<ProviderKey>,
    /// The models known without asking the server.
    pub models: Vec<ModelInfo>,
    /// The model meant by the provider's name alone.
    pub default_model: Option<String>,
    /// What to do to use it; empty where nothing is left to do.
    pub hint: String,
}

/// How the key of a provider stands. The key itself is never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProviderKey {
    /// Where the key stands that is used, for people: `OPENAI_API_KEY in the environment`; absent without a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// It can be set and forgotten here: the settings and the environment give none.
    pub changeable: bool,
    /// The provider cannot be asked without one.
    pub needed: bool,
}

/// A key could not be set or forgotten.
#[derive(Debug, Error)]
pub enum KeyChangeError {
    /// There is no such provider, or it has no key.
    #[error("there is no provider `{0}` that has a key")]
    Unknown(String),
    /// The settings give a key, and they go before.
    #[error(
        "the key stands in {origin}, which goes before one that is set here: change it there, or take it away there first"
    )]
    Elsewhere {
        /// Where it stands.
        origin: String,
    },
    /// It is no key.
    #[error("that is no key: a key has 1 to {LONGEST_KEY} letters, digits and signs, without spaces")]
    Unusable,
    /// No key was set here.
    #[error("no key was set for `{0}`: there is nothing to forget")]
    NotSet(String),
    /// This server keeps no keys.
    #[error("this server keeps no keys")]
    NotKept,
    /// It could not be kept.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl Providers {
    /// Builds every provider; fails at the first whose settings cannot be used.
    pub fn new(settings: ProvidersSettings) -> Result<Self, BadSettings> {
        super::install_crypto();
        let mut over_http: Vec<Entry> = Vec::new();
        for provider in settings.providers {
            let bad = |problem: &str| BadSettings { provider: provider.id.clone(), problem: problem.to_owned() };
            if provider.id.is_empty() || provider.id.contains(['/', ' ']) {
                return Err(bad("its name must not be empty and hold no slash and no space"));
            }
            if provider.id == OFFLINE || over_http.iter().any(|other| other.settings.id == provider.id) {
                return Err(bad("there is already a provider of this name; choose another"));
            }
            over_http.push(Entry::new(provider, settings.timeouts)?);
        }
        Ok(Self {
            over_http,
            offline: Arc::new(OfflineModel::new(settings.offline)),
            default_model: settings.default_model.unwrap_or_else(|| OFFLINE.to_owned()),
            effort: settings.effort,
            keys: None,
        })
    }

    /// Uses the keys that are kept there, and keeps those that are set there. Waits for the disk.
    #[must_use]
    pub fn keeping(self, keys: Arc<dyn KeepKeys>) -> Self {
        for entry in self.over_http.iter().filter(|entry| entry.settings.key.is_none()) {
            let id = &entry.settings.id;
            match keys.get(id) {
                Ok(None) => {}
                Ok(Some(kept)) => {
                    if let Err(error) = entry.use_key(Some(kept)) {
                        tracing::warn!("{error}");
                    }
                }
                Err(error) => tracing::warn!("the key of {id} cannot be read: {error}"),
            }
        }
        Self { keys: Some(keys), ..self }
    }

    /// The model to use where nobody names one.
    pub fn default_model(&self) -> &str {
        &self.default_model
    }

    /// How much models are to reason that reason at all; `None` leaves it to them.
    pub fn effort(&self) -> Option<Effort> {
        self.effort
    }

    /// The model of that name: `offline`, `PROVIDER/NAME`, or a provider that has a default.
    pub fn resolve(&self, name: &str) -> Result<Resolved, ModelError> {
        let name = name.trim();
        if name == OFFLINE {
            let (model, name) = (Arc::clone(&self.offline) as Arc<dyn Model>, OFFLINE.to_owned());
            return Ok(Resolved { model, provider: name.clone(), info: offline_info(), name });
        }
        let (id, model) = match name.split_once('/') {
            Some((id, model)) => (id, Some(model.trim()).filter(|model| !model.is_empty())),
            None => (name, None),
        };
        let entry = self.provider(id, name)?;
        let Some(model) = model.or(entry.settings.default_model.as_deref()) else {
            let message = format!("Name a model of {} as `{id}/NAME`.", entry.settings.label);
            return Err(ModelError::new(ErrorKind::UnknownModel, id, message));
        };
        let name = entry.wire_name(model).to_owned();
        Ok(Resolved { model: entry.model(), provider: id.to_owned(), info: entry.describe(&name), name })
    }

    /// The provider of that id if it can be asked; `name` is what was asked for.
    fn provider(&self, id: &str, name: &str) -> Result<&Entry, ModelError> {
        let Some(found) = self.entry(id) else {
            let message = format!("There is no model `{name}`. There are: {}.", self.names());
            return Err(ModelError::new(ErrorKind::UnknownModel, id, message));
        };
        if found.can_be_asked() { Ok(found) } else { Err(found.not_set_up(&self.names())) }
    }

    fn entry(&self, id: &str) -> Option<&Entry> {
        self.over_http.iter().find(|entry| entry.settings.id == id)
    }

    /// Every provider, the offline model first, without asking any server.
    pub fn list(&self) -> Vec<ProviderInfo> {
        let offline = ProviderInfo {
            id: OFFLINE.to_owned(),
            label: "Offline model (built in, no language model)".to_owned(),
            configured: true,
            base_url: None,
            key: None,
            models: vec![offline_info()],
            default_model: Some(OFFLINE.to_owned()),
            hint: String::new(),
        };
        std::iter::once(offline).chain(self.over_http.iter().map(Entry::info)).collect()
    }

    /// One provider; `None` where there is none of that id.
    pub fn info(&self, id: &str) -> Option<ProviderInfo> {
        self.list().into_iter().find(|info| info.id == id)
    }

    /// The models that a provider's server says it has, sorted by name, with what is known of them; asked anew at each
    /// call, with a short timeout.
    pub async fn models(&self, id: &str) -> Result<Vec<ModelInfo>, ModelError> {
        if id == OFFLINE {
            return Ok(vec![offline_info()]);
        }
        self.provider(id, id)?.ask_for_models().await
    }

    /// Looks whether the providers are there that need no setting up, so that they are listed where they are.
    pub async fn look_around(&self) {
        for entry in self.over_http.iter().filter(|entry| entry.settings.unasked) {
            if let Err(error) = entry.ask_for_models().await {
                tracing::debug!("{} was not found: {error}", entry.settings.label);
            }
        }
    }

    /// Keeps a key for a provider and uses it from the next call on. Waits for the disk.
    pub fn set_key(&self, id: &str, key: ApiKey) -> Result<(), KeyChangeError> {
        let (entry, keys) = self.changeable(id)?;
        let fits = key.reveal().bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.reveal().len() > LONGEST_KEY || !fits {
            return Err(KeyChangeError::Unusable);
        }
        let place = keys.set(id, &key)?;
        entry.use_key(Some(Kept { key, place })).map_err(|_| KeyChangeError::Unusable)
    }

    /// Forgets the key that was set for a provider; from the next call on none is sent. Waits for the disk.
    pub fn forget_key(&self, id: &str) -> Result<(), KeyChangeError> {
        let (entry, keys) = self.changeable(id)?;
        if !keys.forget(id)? {
            return Err(KeyChangeError::NotSet(id.to_owned()));
        }
        entry.use_key(None).map_err(|_| KeyChangeError::Unusable)
    }

    fn changeable(&self, id: &str) -> Result<(&Entry, &Arc<dyn KeepKeys>), KeyChangeError> {
        let entry = self.entry(id).ok_or_else(|| KeyChangeError::Unknown(id.to_owned()))?;
        if let Some(set) = &entry.settings.key {
            return Err(KeyChangeError::Elsewhere { origin: set.origin.clone() });
        }
        Ok((entry, self.keys.as_ref().ok_or(KeyChangeError::NotKept)?))
    }

    fn names(&self) -> String {
        let mut names = vec![format!("`{OFFLINE}`")];
        for entry in self.over_http.iter().filter(|entry| entry.is_set_up()) {
            let id = &entry.settings.id;
            names.push(format!("`{id}/NAME`"));
            names.extend(entry.models().iter().map(|model| format!("`{id}/{}`", model.id)));
        }
        names.join(", ")
    }
}

impl Entry {
    fn info(&self) -> ProviderInfo {
        let ProviderSettings { id, label, base_url, needs_key, default_model, .. } = &self.settings;
        ProviderInfo {
            id: id.clone(),
            label: label.clone(),
            configured: self.is_set_up(),
            base_url: Some(base_url.clone()),
            key: Some(ProviderKey {
                origin: self.key_origin(),
                changeable: self.settings.key.is_none(),
                needed: *needs_key,
            }),
            models: self.models(),
            default_model: default_model.as_ref().map(|model| self.wire_name(model).to_owned()),
            hint: self.hint().unwrap_or_default(),
        }
    }
}

fn offline_info() -> ModelInfo {
    ModelInfo { images: Some(false), tools: Some(true), reasoning: Some(false), ..ModelInfo::named(OFFLINE) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{SetKey, keys::KeyFile};

    fn providers() -> Providers {
        let key = SetKey::new(ApiKey::new("k"), "DEEPSEEK_API_KEY in the environment");
        Providers::new(ProvidersSettings {
            providers: vec![
                ProviderSettings::openai(None, None),
                ProviderSettings::anthropic(None, Some("http://127.0.0.1:1".into())),
                ProviderSettings::deepseek(key, None),
                ProviderSettings::ollama(None, None),
                ProviderSettings {
                    models: vec![ModelInfo { context_window: Some(9), ..ModelInfo::named("qwen") }],
                    ..ProviderSettings::compatible("home", "http://127.0.0.1:8080/v1", None)
                },
            ],
            ..ProvidersSettings::default()
        })
        .unwrap()
    }

    fn wire_name(name: &str) -> String {
        providers().resolve(name).map(|found| found.name).unwrap()
    }

    fn refused(name: &str) -> ModelError {
        providers().resolve(name).map(|found| found.name).unwrap_err()
    }

    #[test]
    fn a_name_is_split_at_its_first_slash() {
        assert_eq!(wire_name("offline"), "offline");
        assert_eq!(wire_name("home/meta/llama-3"), "meta/llama-3");
    }

    #[test]
    fn a_providers_name_alone_means_its_default_model() {
        assert_eq!(wire_name("deepseek"), "deepseek-flash");
        assert_eq!(refused("home").kind, ErrorKind::UnknownModel);
    }

    #[test]
    fn a_line_of_models_is_named_by_its_alias() {
        assert_eq!(wire_name("anthropic/opus"), "claude-opus-5-5");
        assert_eq!(wire_name("anthropic"), "claude-sonnet-5-5");
        assert_eq!(providers().resolve("anthropic/opus").unwrap().info.context_window, Some(1_000_000));
    }

    #[test]
    fn what_the_user_says_of_a_model_goes_before_what_is_known() {
        assert_eq!(providers().resolve("home/qwen").unwrap().info.context_window, Some(9));
    }

    #[test]
    fn an_unknown_model_is_answered_with_those_that_exist() {
        let error = refused("gpt-4o");
        assert_eq!(error.kind, ErrorKind::UnknownModel);
        for known in ["`gpt-4o`", "`offline`", "`home/NAME`", "`home/qwen`", "`deepseek/deepseek-flash`"] {
            assert!(error.message.contains(known), "{error}");
        }
        assert!(!error.message.contains("openai/"), "{error}");
    }

    #[test]
    fn a_provider_that_is_not_set_up_says_what_to_set() {
        let error = refused("openai/gpt-4o");
        assert_eq!(error.kind, ErrorKind::BadKey);
        assert!(error.message.contains("OPENAI_API_KEY"), "{error}");
    }

    #[test]
    fn the_list_never_shows_a_key_and_says_what_is_configured() {
        let list = providers().list();
        let configured: Vec<_> = list.iter().map(|provider| (provider.id.as_str(), provider.configured)).collect();
        let expected = [
            ("offline", true),
            ("openai", false),
            ("anthropic", true),
            ("deepseek", true),
            ("ollama", false),
            ("home", true),
        ];
        assert_eq!(configured, expected);
        let hint = |id: &str| list.iter().find(|provider| provider.id == id).unwrap().hint.clone();
        assert!(hint("openai").contains("OPENAI_API_KEY") && hint("ollama").contains("OLLAMA_HOST"));
        assert_eq!(hint("home"), "");
    }

    #[test]
    fn a_key_is_used_from_the_next_call_on_and_after_a_restart_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let keys = || Arc::new(KeyFile::new(folder.path().join("secrets")));
        let first = providers().keeping(keys());
        assert!(first.resolve("openai/gpt-4o").is_err());
        first.set_key("openai", ApiKey::new("sk-one")).unwrap();
        assert!(first.resolve("openai/gpt-4o").is_ok());
        let origin = first.info("openai").unwrap().key.unwrap().origin.unwrap();
        assert!(origin.contains("secrets") && !origin.contains("sk-one"), "{origin}");

        let second = providers().keeping(keys());
        assert!(second.resolve("openai/gpt-4o").is_ok());
        second.forget_key("openai").unwrap();
        assert!(second.resolve("openai/gpt-4o").is_err());
        assert!(matches!(second.forget_key("openai"), Err(KeyChangeError::NotSet(_))));
        assert!(providers().keeping(keys()).resolve("openai/gpt-4o").is_err());
    }

    #[test]
    fn what_is_no_key_and_what_stands_elsewhere_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let providers = providers().keeping(Arc::new(KeyFile::new(folder.path().join("secrets"))));
        for text in ["", "  ", "two words", "line\nend", "schl\u{fc}ssel", &"x".repeat(LONGEST_KEY + 1)] {
            assert!(
                matches!(providers.set_key("openai", ApiKey::new(text)), Err(KeyChangeError::Unusable)),
                "{text:?}"
            );
        }
        let elsewhere = providers.set_key("deepseek", ApiKey::new("sk-two")).unwrap_err().to_string();
        assert!(elsewhere.contains("DEEPSEEK_API_KEY in the environment"), "{elsewhere}");
        assert!(matches!(providers.set_key("offline", ApiKey::new("k")), Err(KeyChangeError::Unknown(_))));
        assert!(!folder.path().join("secrets").exists());
    }

    #[test]
    fn two_providers_of_one_name_are_refused() {
        let twice = ProviderSettings::compatible("home", "http://127.0.0.1:1", None);
        let settings = ProvidersSettings { providers: vec![twice.clone(), twice], ..ProvidersSettings::default() };
        assert!(Providers::new(settings).is_err());
    }

    #[test]
    fn without_a_choice_the_offline_model_answers() {
        assert_eq!(providers().default_model(), OFFLINE);
    }
}
