//! What the models are built from, out of the settings.

use std::{fs, io, path::PathBuf, time::Duration};

use super::{
    Loaded,
    values::{Anthropic, KeepKeys, Model, Provider, Settings},
};
use crate::models::{
    ApiKey, ModelInfo, OfflineSettings, ProviderSettings, ProvidersSettings, Scenario, ScenarioError, SetKey, Timeouts,
    keys::{Keys, Place},
};

/// Why no models can be built from the settings.
#[derive(Debug, thiserror::Error)]
pub enum ModelSettingsError {
    /// The scenario cannot be read.
    #[error("{} cannot be used", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The scenario cannot be used.
    #[error("{} is not a scenario that can be played", .path.display())]
    Scenario {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ScenarioError,
    },
    /// A provider has no address.
    #[error("the provider `{0}` in reenact.toml needs a `base_url`, as \"http://127.0.0.1:8080/v1\"")]
    NoAddress(String),
}

impl Loaded {
    /// What the models are built from.
    ///
    /// # Errors
    /// The scenario cannot be used, or a provider has no address.
    pub fn models(&self) -> Result<ProvidersSettings, ModelSettingsError> {
        let Settings { models, providers, .. } = &self.settings;
        let scenario = match &models.scenario {
            None => None,
            Some(path) => {
                let read = fs::read_to_string(path);
                let text = read.map_err(|source| ModelSettingsError::Io { path: path.clone(), source })?;
                let parsed = Scenario::parse(&text);
                Some(parsed.map_err(|source| ModelSettingsError::Scenario { path: path.clone(), source })?)
            }
        };
        let mut all = self.built_in();
        for provider in providers {
            match all.iter_mut().find(|known| known.id == provider.id) {
                Some(known) => *known = changed(known.clone(), provider),
                None => all.push(added(provider)?),
            }
        }
        Ok(ProvidersSettings {
            providers: all,
            default_model: models.default.clone(),
            effort: models.effort,
            offline: OfflineSettings { words_per_second: models.words_per_second, scenario },
            timeouts: Timeouts {
                connect: Duration::from_secs(models.connect_timeout_s),
                stall: Duration::from_secs(models.stall_timeout_s),
                ..Timeouts::default()
            },
        })
    }

    /// Where keys are kept that are set while the server runs. Asks the system whether there is a keyring.
    pub fn keys(&self) -> Keys {
        let place = match self.settings.models.keep_keys {
            KeepKeys::Auto => Place::Auto,
            KeepKeys::Keyring => Place::Keyring,
            KeepKeys::File => Place::File,
        };
        Keys::of(&self.data, place)
    }

    fn built_in(&self) -> Vec<ProviderSettings> {
        let Settings { anthropic, openai, gemini, deepseek, ollama, .. } = &self.settings;
        vec![
            self.anthropic(anthropic),
            ProviderSettings::openai(self.key("openai.key", openai.key.as_ref()), openai.base_url.clone()),
            ProviderSettings::gemini(self.key("gemini.key", gemini.key.as_ref()), gemini.base_url.clone()),
            ProviderSettings::deepseek(self.key("deepseek.key", deepseek.key.as_ref()), deepseek.base_url.clone()),
            ProviderSettings::ollama(self.key("ollama.key", ollama.key.as_ref()), ollama.host.clone()),
        ]
    }

    fn anthropic(&self, set: &Anthropic) -> ProviderSettings {
        let token = self.key("anthropic.auth_token", set.auth_token.as_ref());
        let token = token.map(|token| SetKey { bearer: true, ..token });
        let key = token.or_else(|| self.key("anthropic.key", set.key.as_ref()));
        let mut provider = ProviderSettings::anthropic(key, set.base_url.clone());
        for (line, model) in [("opus", &set.opus_model), ("sonnet", &set.sonnet_model), ("haiku", &set.haiku_model)] {
            if let Some(model) = model.as_ref().filter(|model| !model.is_empty())
                && let Some(alias) = provider.aliases.iter_mut().find(|(name, _)| name == line)
            {
                alias.1.clone_from(model);
            }
        }
        provider
    }

    /// A key, and where it stands.
    fn key(&self, setting: &str, key: Option<&ApiKey>) -> Option<SetKey> {
        let row = self.list.iter().find(|row| row.key == setting);
        SetKey::new(key?.clone(), row.map_or_else(|| "the settings".to_owned(), |row| row.origin.to_string()))
    }
}

/// A provider that is built in, with what the file says otherwise. The environment goes before the file here too.
fn changed(known: ProviderSettings, file: &Provider) -> ProviderSettings {
    let key = known.key.or_else(|| SetKey::new(file.key.clone()?, "reenact.toml"));
    let needs_key = known.needs_key && file.base_url.is_none();
    ProviderSettings {
        key,
        needs_key,
        wire: file.wire.unwrap_or(known.wire),
        base_url: file.base_url.clone().unwrap_or(known.base_url),
        unasked: known.unasked && file.base_url.is_none(),
        models: described(&file.models),
        default_model: file.default_model.clone().or(known.default_model),
        sends_reasoning_back: file.sends_reasoning_back.unwrap_or(known.sends_reasoning_back),
        ..known
    }
}

/// A provider that only the file knows.
fn added(file: &Provider) -> Result<ProviderSettings, ModelSettingsError> {
    let base_url = file.base_url.clone().ok_or_else(|| ModelSettingsError::NoAddress(file.id.clone()))?;
    let compatible = ProviderSettings::compatible(&file.id, base_url, file.key.clone());
    Ok(ProviderSettings {
        wire: file.wire.unwrap_or(compatible.wire),
        models: described(&file.models),
        default_model: file.default_model.clone(),
        sends_reasoning_back: file.sends_reasoning_back.unwrap_or(false),
        ..compatible
    })
}

fn described(models: &[Model]) -> Vec<ModelInfo> {
    let one = |model: &Model| match model {
        Model::Name(name) => ModelInfo::named(name),
        Model::Described(info) => info.clone(),
    };
    models.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Given;
    use super::*;

    fn models(file: &str, environment: &[(&str, &str)]) -> Result<Vec<ProviderSettings>, ModelSettingsError> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("reenact.toml"), file).unwrap();
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let given = Given { data: Some(dir.path().to_owned()), environment, ..Given::default() };
        given.load().unwrap().models().map(|settings| settings.providers)
    }

    fn of(providers: &[ProviderSettings], id: &str) -> ProviderSettings {
        providers.iter().find(|provider| provider.id == id).unwrap().clone()
    }

    #[test]
    fn the_names_that_other_programs_use_are_understood() {
        let providers = models(
            "",
            &[
                ("ANTHROPIC_AUTH_TOKEN", "t"),
                ("ANTHROPIC_API_KEY", "k"),
                ("ANTHROPIC_DEFAULT_OPUS_MODEL", "claude-opus-9"),
                ("GOOGLE_API_KEY", "g"),
                ("OLLAMA_HOST", "gpu.lan"),
            ],
        )
        .unwrap();
        let anthropic = of(&providers, "anthropic");
        let key = anthropic.key.unwrap();
        assert_eq!((key.key.reveal(), key.bearer), ("t", true));
        assert_eq!(key.origin, "ANTHROPIC_AUTH_TOKEN in the environment");
        assert!(anthropic.aliases.contains(&("opus".into(), "claude-opus-9".into())));
        assert_eq!(of(&providers, "gemini").key.unwrap().key.reveal(), "g");
        assert_eq!(of(&providers, "ollama").base_url, "http://gpu.lan:11434");
    }

    #[test]
    fn the_file_changes_a_provider_that_is_built_in_and_adds_others() {
        let file = r#"
            [[providers]]
            id = "deepseek"
            models = ["deepseek-x", { id = "deepseek-flash", context_window = 5000 }]
            default_model = "deepseek-x"
            [[providers]]
            id = "claude-gateway"
            wire = "anthropic"
            base_url = "http://127.0.0.1:9"
            key = "k"
        "#;
        let providers = models(file, &[("DEEPSEEK_API_KEY", "d")]).unwrap();
        let deepseek = of(&providers, "deepseek");
        assert_eq!(deepseek.key.unwrap().key.reveal(), "d");
        assert_eq!(deepseek.default_model.as_deref(), Some("deepseek-x"));
        assert_eq!(deepseek.models[1].context_window, Some(5000));
        assert!(deepseek.needs_key && deepseek.sends_reasoning_back);
        assert_eq!(of(&providers, "claude-gateway").wire, crate::models::Wire::Anthropic);
    }

    #[test]
    fn a_provider_without_an_address_is_refused_by_name() {
        let error = models("[[providers]]\nid = \"home\"\n", &[]).unwrap_err().to_string();
        assert!(error.contains("`home`") && error.contains("base_url"), "{error}");
    }
}
