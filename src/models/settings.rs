//! What the models are built from: addresses, keys and times, as plain values that somebody else read.

use std::time::Duration;

use reqwest::Url;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{ApiKey, Effort, ModelInfo, Scenario};

/// Everything that [`Providers`](super::Providers) needs to know.
#[derive(Clone, Debug, Default)]
pub struct ProvidersSettings {
    /// The providers over HTTP, in the order in which they are listed.
    pub providers: Vec<ProviderSettings>,
    /// The model to use where nobody names one, as `PROVIDER/NAME`; `None` means `offline`.
    pub default_model: Option<String>,
    /// How much models are to reason that reason at all; `None` leaves it to them.
    pub effort: Option<Effort>,
    /// How the offline model behaves.
    pub offline: OfflineSettings,
    /// How long to wait for whom.
    pub timeouts: Timeouts,
}

/// The ways in which providers are spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wire {
    /// Chat completions as `OpenAI` defined them, which most servers speak.
    OpenAi,
    /// `Anthropic`'s messages.
    Anthropic,
    /// `Google`'s generated content.
    Gemini,
    /// `Ollama`: chat completions, with lists of its own.
    Ollama,
}

/// One provider over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSettings {
    /// The name before the slash: `openai`, `anthropic`, or a name of the user's choice without a slash.
    pub id: String,
    /// The name for people.
    pub label: String,
    /// How it is spoken to.
    pub wire: Wire,
    /// Where the API begins. For chat completions it usually ends in `/v1`.
    pub base_url: String,
    /// The key, if the settings give one.
    pub key: Option<SetKey>,
    /// Where a key can be set, to be named in errors: `OPENAI_API_KEY`.
    pub key_name: String,
    /// Without a key it need not be asked.
    pub needs_key: bool,
    /// Nobody has set it up, but it may be there: it counts as set up once it has answered.
    pub unasked: bool,
    /// What the user says of its models; these are listed without asking the server.
    pub models: Vec<ModelInfo>,
    /// The model meant by the provider's name alone.
    pub default_model: Option<String>,
    /// Further names for models: `opus` for whichever is the newest of that line.
    pub aliases: Vec<(String, String)>,
    /// Whether reasoning goes back to the provider as text with the assistant's messages.
    pub sends_reasoning_back: bool,
}

/// A key that the settings give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetKey {
    /// The key.
    pub key: ApiKey,
    /// Where it stands, for people: `OPENAI_API_KEY in the environment`.
    pub origin: String,
    /// It is sent as a bearer token where the wire has a header of its own for keys.
    pub bearer: bool,
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

impl SetKey {
    /// A key that stands there; `None` where it is empty, as when a variable is set to nothing.
    pub fn new(key: ApiKey, origin: impl Into<String>) -> Option<Self> {
        (!key.is_empty()).then(|| Self { key, origin: origin.into(), bearer: false })
    }
}

impl ProviderSettings {
    /// `OpenAI`; an address alone sets it up, for servers without keys.
    pub fn openai(key: Option<SetKey>, base_url: Option<String>) -> Self {
        let known = Self::known("openai", "OpenAI", Wire::OpenAi, "https://api.openai.com/v1", "OPENAI_API_KEY");
        Self { default_model: Some("gpt-6-sol".to_owned()), ..known.at(key, base_url) }
    }

    /// `Anthropic`, with names for the newest model of each line.
    pub fn anthropic(key: Option<SetKey>, base_url: Option<String>) -> Self {
        let known =
            Self::known("anthropic", "Anthropic", Wire::Anthropic, "https://api.anthropic.com", "ANTHROPIC_API_KEY");
        let newest = [("opus", "claude-opus-5-5"), ("sonnet", "claude-sonnet-5-5"), ("haiku", "claude-haiku-5-5")];
        Self {
            default_model: Some("sonnet".to_owned()),
            aliases: newest.map(|(line, model)| (line.to_owned(), model.to_owned())).to_vec(),
            ..known.at(key, base_url)
        }
    }

    /// `Gemini`.
    pub fn gemini(key: Option<SetKey>, base_url: Option<String>) -> Self {
        let address = "https://generativelanguage.googleapis.com/v1beta";
        let known = Self::known("gemini", "Google Gemini", Wire::Gemini, address, "GEMINI_API_KEY");
        Self { default_model: Some("gemini-3.8-flash".to_owned()), ..known.at(key, base_url) }
    }

    /// `DeepSeek`.
    pub fn deepseek(key: Option<SetKey>, base_url: Option<String>) -> Self {
        let known = Self::known("deepseek", "DeepSeek", Wire::OpenAi, "https://api.deepseek.com", "DEEPSEEK_API_KEY");
        Self { default_model: Some("deepseek-flash".to_owned()), sends_reasoning_back: true, ..known.at(key, base_url) }
    }

    /// `Ollama`, on this machine where no address is given. `host` is as `OLLAMA_HOST` has it: `host`, `host:port` or a URL.
    pub fn ollama(key: Option<SetKey>, host: Option<String>) -> Self {
        let host = host.filter(|host| !host.trim().is_empty());
        let unasked = host.is_none();
        let base_url = ollama_address(host.as_deref().unwrap_or_default());
        let known = Self::known("ollama", "Ollama", Wire::Ollama, "", "OLLAMA_API_KEY");
        Self { needs_key: false, unasked, key, base_url, ..known }
    }

    /// Any other server that speaks chat completions: llama.cpp, vLLM, a gateway.
    pub fn compatible(id: impl Into<String>, base_url: impl Into<String>, key: Option<ApiKey>) -> Self {
        let id = id.into();
        let key_name = format!("the key of provider `{id}` in reenact.toml");
        let known = Self::known(&id, &id, Wire::OpenAi, "", &key_name);
        let key = key.and_then(|key| SetKey::new(key, "reenact.toml"));
        Self { needs_key: false, base_url: base_url.into(), key, ..known }
    }

    fn known(id: &str, label: &str, wire: Wire, address: &str, key_name: &str) -> Self {
        Self {
            id: id.to_owned(),
            label: label.to_owned(),
            wire,
            base_url: address.to_owned(),
            key: None,
            key_name: key_name.to_owned(),
            needs_key: true,
            unasked: false,
            models: Vec::new(),
            default_model: None,
            aliases: Vec::new(),
            sends_reasoning_back: false,
        }
    }

    /// The same with a key, or at another address, where no key may be needed.
    fn at(self, key: Option<SetKey>, base_url: Option<String>) -> Self {
        // A variable that is set to nothing is not set.
        let base_url = base_url.filter(|url| !url.trim().is_empty());
        let needs_key = base_url.is_none();
        Self { key, needs_key, base_url: base_url.unwrap_or(self.base_url), ..self }
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

/// The address of an `OLLAMA_HOST`, which also says where the server listens: `0.0.0.0` there is this machine here.
fn ollama_address(host: &str) -> String {
    const PORT: u16 = 11434;
    let host = host.trim().trim_end_matches('/');
    if host.contains("://") {
        return host.to_owned();
    }
    let (name, port) = match host.rsplit_once(':') {
        // The colons of an IPv6 address without brackets are no port.
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port.parse().unwrap_or(PORT)),
        Some(_) | None => (host, PORT),
    };
    let name = match name {
        "" | "0.0.0.0" | "::" | "[::]" => "127.0.0.1".to_owned(),
        name if name.contains(':') && !name.starts_with('[') => format!("[{name}]"),
        name => name.to_owned(),
    };
    format!("http://{name}:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_makes_a_key_needless_and_an_empty_one_does_not() {
        assert!(!ProviderSettings::openai(None, Some("http://127.0.0.1:1/v1".into())).needs_key);
        assert!(ProviderSettings::openai(None, Some(String::new())).needs_key);
        assert_eq!(SetKey::new(ApiKey::new(" "), "here"), None);
    }

    #[test]
    fn the_address_of_ollama_is_read_as_ollama_reads_it() {
        for (host, address) in [
            ("", "http://127.0.0.1:11434"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            (":8000", "http://127.0.0.1:8000"),
            ("gpu.lan", "http://gpu.lan:11434"),
            ("gpu.lan:1234", "http://gpu.lan:1234"),
            ("::1", "http://[::1]:11434"),
            ("[::1]:1234", "http://[::1]:1234"),
            ("https://gpu.lan/ollama/", "https://gpu.lan/ollama"),
        ] {
            assert_eq!(ollama_address(host), address, "{host}");
        }
        assert!(ProviderSettings::ollama(None, None).unasked);
        assert!(!ProviderSettings::ollama(None, Some("gpu.lan".into())).unasked);
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
