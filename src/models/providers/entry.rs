//! One provider as it stands now: its settings, the key that was set while the server ran, what its server said.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::models::{
    BadSettings, ErrorKind, Model, ModelError, ModelInfo, ProviderSettings, SetKey, Timeouts, Wire,
    anthropic::Anthropic, gemini::Gemini, http::Client, keys::Kept, known, model::Server, ollama::Ollama,
    openai::OpenAi,
};

/// The addresses at which a provider's own models are.
const OWN: [&str; 4] = ["api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com", "api.deepseek.com"];

/// A provider over HTTP.
pub(super) struct Entry {
    /// What the settings say of it.
    pub settings: ProviderSettings,
    timeouts: Timeouts,
    /// It is at its own address, so that its models are those that are known.
    own: bool,
    deepseek: bool,
    now: RwLock<Now>,
}

/// What changes while the server runs.
struct Now {
    server: Arc<dyn Server>,
    /// Where the key stands that is used; `None` without one.
    key_origin: Option<String>,
    /// The models that the server said it has, when it was last asked.
    said: Option<Vec<ModelInfo>>,
}

impl Entry {
    /// A provider with the key that the settings give; fails where they cannot be used.
    pub fn new(settings: ProviderSettings, timeouts: Timeouts) -> Result<Self, BadSettings> {
        let host = settings.url()?.host_str().unwrap_or_default().to_owned();
        let server = connect(&settings, timeouts)?;
        let key_origin = settings.key.as_ref().map(|set| set.origin.clone());
        Ok(Self {
            own: OWN.contains(&&*host),
            deepseek: settings.id == "deepseek" || host == "api.deepseek.com",
            timeouts,
            now: RwLock::new(Now { server, key_origin, said: None }),
            settings,
        })
    }

    /// Uses a key that was set, or goes back to that of the settings.
    pub fn use_key(&self, kept: Option<Kept>) -> Result<(), BadSettings> {
        let kept = kept.and_then(|Kept { key, place }| SetKey::new(key, place));
        let settings = ProviderSettings { key: kept.or_else(|| self.settings.key.clone()), ..self.settings.clone() };
        let server = connect(&settings, self.timeouts)?;
        let mut now = self.now.write();
        now.server = server;
        now.key_origin = settings.key.map(|set| set.origin);
        now.said = None;
        Ok(())
    }

    /// Where the key stands that is used; `None` without one.
    pub fn key_origin(&self) -> Option<String> {
        self.now.read().key_origin.clone()
    }

    /// Whether it can be asked: it has a key, or needs none.
    pub fn can_be_asked(&self) -> bool {
        !self.settings.needs_key || self.now.read().key_origin.is_some()
    }

    /// Whether somebody has set it up, or it was found.
    pub fn is_set_up(&self) -> bool {
        self.can_be_asked() && (!self.settings.unasked || self.now.read().said.is_some())
    }

    /// The model that answers now.
    pub fn model(&self) -> Arc<dyn Model> {
        self.now.read().server.clone()
    }

    /// The name of a model on the wire.
    pub fn wire_name<'a>(&'a self, model: &'a str) -> &'a str {
        self.settings.aliases.iter().find(|(alias, _)| alias == model).map_or(model, |(_, name)| name)
    }

    /// What is known of a model: from the user, from the server, from the table.
    pub fn describe(&self, model: &str) -> ModelInfo {
        let name = self.wire_name(model);
        let given = self.settings.models.iter().find(|info| info.id == model || info.id == name);
        let now = self.now.read();
        let said = now.said.iter().flatten().find(|info| info.id == name);
        let table = known::describe(self.settings.wire, self.deepseek, name);
        let described = [given, said].into_iter().flatten().fold(ModelInfo::named(name), ModelInfo::or);
        described.or(&table)
    }

    /// The models that can be named without asking the server: those of the user first.
    pub fn models(&self) -> Vec<ModelInfo> {
        let said = self.now.read().said.clone();
        let offers = if self.own { known::offers(self.settings.wire, self.deepseek) } else { Vec::new() };
        let mut ids: Vec<String> = self.settings.models.iter().map(|info| info.id.clone()).collect();
        for info in said.unwrap_or(offers) {
            if !ids.contains(&info.id) {
                ids.push(info.id);
            }
        }
        ids.iter().map(|id| ModelInfo { id: id.clone(), ..self.describe(id) }).collect()
    }

    /// Asks the server which models it has; what it says is remembered.
    pub async fn ask_for_models(&self) -> Result<Vec<ModelInfo>, ModelError> {
        let server = self.now.read().server.clone();
        let mut said = server.models().await?;
        said.sort_by(|a, b| a.id.cmp(&b.id));
        said.dedup_by(|a, b| a.id == b.id);
        let ids: Vec<String> = said.iter().map(|info| info.id.clone()).collect();
        self.now.write().said = Some(said);
        Ok(ids.iter().map(|id| self.describe(id)).collect())
    }

    /// What a person is to do who wants to ask it; `None` where nothing is left to do.
    pub fn hint(&self) -> Option<String> {
        let ProviderSettings { id, label, key_name, .. } = &self.settings;
        if !self.can_be_asked() {
            return Some(format!(
                "{label} has no key yet: set it here, with `reenact provider set-key {id}`, or as {key_name}."
            ));
        }
        let address = &self.settings.base_url;
        (!self.is_set_up())
            .then(|| format!("{label} was not found at {address}: start it, or say where it is with OLLAMA_HOST."))
    }

    /// That it cannot be asked, and what to do.
    pub fn not_set_up(&self, others: &str) -> ModelError {
        let ProviderSettings { id, label, key_name, .. } = &self.settings;
        let message = format!(
            "{label} has no key: set it in the page's settings, with `reenact provider set-key {id}`, or as {key_name}. \
             Or use one of: {others}."
        );
        ModelError::new(ErrorKind::BadKey, id, message)
    }
}

/// The client for a provider.
fn connect(settings: &ProviderSettings, timeouts: Timeouts) -> Result<Arc<dyn Server>, BadSettings> {
    let url = settings.url()?;
    Ok(match settings.wire {
        Wire::OpenAi => Arc::new(Client::new(settings, timeouts, OpenAi::new(settings, &url))?),
        Wire::Anthropic => {
            // Others write the address with what the wire adds.
            let base_url = url.as_str().trim_end_matches('/');
            let base_url = base_url.strip_suffix("/v1").unwrap_or(base_url).to_owned();
            Arc::new(Client::new(&ProviderSettings { base_url, ..settings.clone() }, timeouts, Anthropic)?)
        }
        Wire::Gemini => Arc::new(Client::new(settings, timeouts, Gemini)?),
        Wire::Ollama => Arc::new(Ollama::new(settings, &url, timeouts)?),
    })
}
