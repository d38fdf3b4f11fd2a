//! What the models are built from: addresses, keys and times, as plain values that somebody else read.

use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{ApiKey, Scenario};

/// Everything that [`Providers`](super::Providers) needs to know.
#[derive(Clone, Debug, Default)]
pub struct ProvidersSettings {
    /// The providers over HTTP, in the order in which they are listed.
    pub providers: Vec<ProviderSettings>,
    /// The model to use where nobody names one, as `PROVIDER/NAME`; `None` means `offline`.
    pub default_model: Option<String>,
    /// How the offline model behaves.
    pub offline: OfflineSettings,
    /// How long to wait for whom.
    pub timeouts: Timeouts,
}

/// One provider that speaks `OpenAI`'s chat completions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSettings {
    /// The name before the slash: `openai`, `deepseek`, or a name of the user's choice without a slash.
    pub id: String,
    /// The name for people.
    pub label: String,
    /// Where the API begins, usually ending in `/v1`; `/chat/completions` is added.
    pub base_url: String,
    /// The key, sent as a bearer token; servers on one's own machine often need none.
    pub key: Option<ApiKey>,
    /// Where the key and the address are set, to be named in errors: `OPENAI_API_KEY`.
    pub key_name: String,
    /// Whether the user has set it up. A provider that is not configured is listed but cannot be asked.
    pub configured: bool,
    /// Models that are listed without asking the server.
    pub models: Vec<String>,
    /// The model meant by the provider's name alone.
    pub default_model: Option<String>,
    /// Whether reasoning goes back to the provider with the assistant's messages.
    pub sends_reasoning_back: bool,
}

/// How the offline model behaves.
#[derive(Clone, Debug)]
pub struct OfflineSettings {
    /// How many words it writes in a second; 0 writes without pause.
    pub words_per_second: u32,
    /// What it answers where a rule of the scenario fits.
    pub scenario: Option<Scenario>,
}

/// How long to wait for a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For the next byte of an answer, the first one included.
    pub stall: Duration,
    /// For the list of models.
    pub list: Duration,
}

/// A provider's settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the settings of provider `{provider}` cannot be used: {problem}")]
pub struct BadSettings {
    /// The provider's id.
    pub provider: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl Default for OfflineSettings {
    fn default() -> Self {
        Self { words_per_second: 60, scenario: None }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), stall: Duration::from_mins(1), list: Duration::from_secs(5) }
    }
}

impl ProviderSettings {
    /// `OpenAI`, from `OPENAI_API_KEY` and `OPENAI_BASE_URL`; an address alone configures it, for servers without keys.
    pub fn openai(key: Option<ApiKey>, base_url: Option<String>) -> Self {
        Self::known("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY", key, base_url)
    }

    /// `DeepSeek`, from `DEEPSEEK_API_KEY` and `DEEPSEEK_BASE_URL`.
    pub fn deepseek(key: Option<ApiKey>, base_url: Option<String>) -> Self {
        let settings =
            Self::known("deepseek", "DeepSeek", "https://api.deepseek.com", "DEEPSEEK_API_KEY", key, base_url);
        Self {
            models: vec!["deepseek-chat".to_owned(), "deepseek-reasoner".to_owned()],
            default_model: Some("deepseek-chat".to_owned()),
            sends_reasoning_back: true,
            ..settings
        }
    }

    /// Any other server that speaks the same wire: llama.cpp, vLLM, Ollama, a gateway.
    pub fn compatible(id: impl Into<String>, base_url: impl Into<String>, key: Option<ApiKey>) -> Self {
        let id = id.into();
        Self {
            label: id.clone(),
            key_name: format!("the key of provider `{id}` in reenact.toml"),
            id,
            base_url: base_url.into(),
            key: key.filter(|key| !key.is_empty()),
            configured: true,
            models: Vec::new(),
            default_model: None,
            sends_reasoning_back: false,
        }
    }

    fn known(
        id: &str,
        label: &str,
        address: &str,
        key_name: &str,
        key: Option<ApiKey>,
        base_url: Option<String>,
    ) -> Self {
        // A variable that is set to nothing is not set.
        let key = key.filter(|key| !key.is_empty());
        let base_url = base_url.filter(|url| !url.trim().is_empty());
        Self {
            id: id.to_owned(),
            label: label.to_owned(),
            configured: key.is_some() || base_url.is_some(),
            base_url: base_url.unwrap_or_else(|| address.to_owned()),
            key,
            key_name: key_name.to_owned(),
            models: Vec::new(),
            default_model: None,
            sends_reasoning_back: false,
        }
    }

    /// The address as a URL without a slash at its end, or why it is none.
    pub(super) fn url(&self) -> Result<Url, BadSettings> {
        let bad = |problem: String| BadSettings { provider: self.id.clone(), problem };
        let text = self.base_url.trim().trim_end_matches('/');
        let url = Url::parse(text).map_err(|error| {
            bad(format!("`{text}` is not an address ({error}); write it as http://127.0.0.1:8080/v1"))
        })?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(bad(format!("`{text}` must begin with http:// or https:// and name a host")));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("the address must not hold a user or password; set the key instead".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad(format!("`{text}` must end with the path, without `?` or `#`")));
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_or_an_address_configures_openai_and_an_empty_one_does_not() {
        assert!(ProviderSettings::openai(Some(ApiKey::new("x")), None).configured);
        assert!(ProviderSettings::openai(None, Some("http://127.0.0.1:1/v1".into())).configured);
        assert!(!ProviderSettings::openai(Some(ApiKey::new(" ")), Some(String::new())).configured);
    }

    #[test]
    fn an_address_that_is_none_is_refused_with_the_providers_name() {
        for address in ["localhost:8080", "ftp://host", "http://user:pass@host/v1", "http://host/v1?x=1", "/v1", ""] {
            let error = ProviderSettings::compatible("home", address, None).url().unwrap_err();
            assert!(error.to_string().contains("`home`"), "{error}");
        }
    }

    #[test]
    fn a_slash_at_the_end_of_an_address_changes_nothing() {
        let url = ProviderSettings::compatible("home", "http://127.0.0.1:8080/v1/", None).url().unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:8080/v1");
    }
}
