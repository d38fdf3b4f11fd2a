//! The models that there are: resolves a name to a model, and lists what can be named.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::offline::OfflineModel;
use super::openai::OpenAi;
use super::{BadSettings, ErrorKind, Model, ModelError, ProviderSettings, ProvidersSettings};

/// The name of the model that is built in and needs no key, no server and no network.
pub const OFFLINE: &str = "offline";

/// All providers, built once at start.
#[derive(Clone)]
pub struct Providers {
    over_http: Vec<(ProviderSettings, Arc<OpenAi>)>,
    offline: Arc<OfflineModel>,
    default_model: String,
}

/// One provider, as the API and the page show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProviderInfo {
    /// The name before the slash.
    pub id: String,
    /// The name for people.
    pub label: String,
    /// The models known without asking the server, as they stand after the slash.
    pub models: Vec<String>,
    /// Whether it can be asked.
    pub configured: bool,
    /// Where it is; `None` for the offline model.
    pub base_url: Option<String>,
    /// The model meant by the provider's name alone.
    pub default_model: Option<String>,
}

impl Providers {
    /// Builds every provider; fails at the first whose settings cannot be used.
    pub fn new(settings: ProvidersSettings) -> Result<Self, BadSettings> {
        super::install_crypto();
        let mut over_http: Vec<(ProviderSettings, Arc<OpenAi>)> = Vec::new();
        for provider in settings.providers {
            let bad = |problem: &str| BadSettings { provider: provider.id.clone(), problem: problem.to_owned() };
            if provider.id.is_empty() || provider.id.contains(['/', ' ']) {
                return Err(bad("its name must not be empty and hold no slash and no space"));
            }
            if provider.id == OFFLINE || over_http.iter().any(|(other, _)| other.id == provider.id) {
                return Err(bad("there is already a provider of this name; choose another"));
            }
            let wire = OpenAi::new(&provider, settings.timeouts)?;
            over_http.push((provider, Arc::new(wire)));
        }
        Ok(Self {
            over_http,
            offline: Arc::new(OfflineModel::new(settings.offline)),
            default_model: settings.default_model.unwrap_or_else(|| OFFLINE.to_owned()),
        })
    }

    /// The model to use where nobody names one.
    pub fn default_model(&self) -> &str {
        &self.default_model
    }

    /// The model of that name (`offline`, `PROVIDER/NAME`, or a provider that has a default), and its name on the wire.
    pub fn resolve(&self, name: &str) -> Result<(Arc<dyn Model>, String), ModelError> {
        let name = name.trim();
        if name == OFFLINE {
            return Ok((Arc::clone(&self.offline) as Arc<dyn Model>, OFFLINE.to_owned()));
        }
        let (id, model) = match name.split_once('/') {
            Some((id, model)) => (id, Some(model.trim()).filter(|model| !model.is_empty())),
            None => (name, None),
        };
        let (provider, wire) = self.provider(id, name)?;
        let Some(model) = model.or(provider.default_model.as_deref()) else {
            let message = format!("Name a model of {} as `{id}/NAME`.", provider.label);
            return Err(ModelError::new(ErrorKind::UnknownModel, id, message));
        };
        Ok((Arc::clone(wire) as Arc<dyn Model>, model.to_owned()))
    }

    /// The provider of that id if it can be asked; `name` is what was asked for.
    fn provider(&self, id: &str, name: &str) -> Result<&(ProviderSettings, Arc<OpenAi>), ModelError> {
        let Some(found) = self.over_http.iter().find(|(provider, _)| provider.id == id) else {
            let message = format!("There is no model `{name}`. There are: {}.", self.names());
            return Err(ModelError::new(ErrorKind::UnknownModel, id, message));
        };
        if found.0.configured {
            return Ok(found);
        }
        let message = format!(
            "{} is not set up: set {} and start again, or use one of: {}.",
            found.0.label,
            found.0.key_name,
            self.names()
        );
        Err(ModelError::new(ErrorKind::BadKey, id, message))
    }

    /// Every provider, the offline model first, without asking any server.
    pub fn list(&self) -> Vec<ProviderInfo> {
        let offline = ProviderInfo {
            id: OFFLINE.to_owned(),
            label: "Offline model (built in, no language model)".to_owned(),
            models: vec![OFFLINE.to_owned()],
            configured: true,
            base_url: None,
            default_model: Some(OFFLINE.to_owned()),
        };
        let over_http = self.over_http.iter().map(|(provider, _)| ProviderInfo {
            id: provider.id.clone(),
            label: provider.label.clone(),
            models: provider.models.clone(),
            configured: provider.configured,
            base_url: Some(provider.base_url.clone()),
            default_model: provider.default_model.clone(),
        });
        std::iter::once(offline).chain(over_http).collect()
    }

    /// The models that a provider's server says it has, sorted; asked anew at each call, with a short timeout.
    pub async fn models(&self, id: &str) -> Result<Vec<String>, ModelError> {
        if id == OFFLINE {
            return Ok(vec![OFFLINE.to_owned()]);
        }
        self.provider(id, id)?.1.models().await
    }

    fn names(&self) -> String {
        let mut names = vec![format!("`{OFFLINE}`")];
        for (provider, _) in self.over_http.iter().filter(|(provider, _)| provider.configured) {
            names.push(format!("`{}/NAME`", provider.id));
            names.extend(provider.models.iter().map(|model| format!("`{}/{model}`", provider.id)));
        }
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::ApiKey;

    fn providers() -> Providers {
        Providers::new(ProvidersSettings {
            providers: vec![
                ProviderSettings::openai(None, None),
                ProviderSettings::deepseek(Some(ApiKey::new("k")), None),
                ProviderSettings::compatible("home", "http://127.0.0.1:8080/v1", None),
            ],
            ..ProvidersSettings::default()
        })
        .unwrap()
    }

    fn wire_name(name: &str) -> String {
        providers().resolve(name).map(|(_, model)| model).unwrap()
    }

    fn refused(name: &str) -> ModelError {
        providers().resolve(name).map(|(_, model)| model).unwrap_err()
    }

    #[test]
    fn a_name_is_split_at_its_first_slash() {
        assert_eq!(wire_name("offline"), "offline");
        assert_eq!(wire_name("home/meta/llama-3"), "meta/llama-3");
    }

    #[test]
    fn a_providers_name_alone_means_its_default_model() {
        assert_eq!(wire_name("deepseek"), "deepseek-chat");
        assert_eq!(refused("home").kind, ErrorKind::UnknownModel);
    }

    #[test]
    fn an_unknown_model_is_answered_with_those_that_exist() {
        let error = refused("gpt-4o");
        assert_eq!(error.kind, ErrorKind::UnknownModel);
        for known in ["`gpt-4o`", "`offline`", "`home/NAME`", "`deepseek/deepseek-chat`"] {
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
        assert_eq!(configured, [("offline", true), ("openai", false), ("deepseek", true), ("home", true)]);
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
