//! `Ollama`: chat completions for the talking, and its own interface for what its models can do.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use reqwest::Url;
use serde_json::{Value, json};

use super::http::Client;
use super::model::Server;
use super::openai::OpenAi;
use super::{BadSettings, Chunk, Model, ModelError, ModelInfo, ModelRequest, ProviderSettings, Timeouts};

/// How many models are looked at closely at once.
const AT_ONCE: usize = 4;
/// How many are looked at closely at all; more than that are listed by name.
const MOST: usize = 60;

/// A server of `Ollama`.
#[derive(Clone)]
pub(super) struct Ollama {
    chat: Client<OpenAi>,
}

impl Ollama {
    /// A client for that provider; fails where its address or key cannot be used.
    pub fn new(settings: &ProviderSettings, url: &Url, timeouts: Timeouts) -> Result<Self, BadSettings> {
        Ok(Self { chat: Client::new(settings, timeouts, OpenAi::beside(settings, url))? })
    }

    async fn listed(self) -> Result<Vec<ModelInfo>, ModelError> {
        const TAGS: &str = "api/tags";
        let tags = self.chat.json(TAGS, None).await?;
        let Some(tags) = tags.get("models").and_then(Value::as_array) else { return Err(self.chat.no_list(TAGS)) };
        let names: Vec<String> = tags.iter().filter_map(|tag| Some(tag.get("name")?.as_str()?.to_owned())).collect();
        // What cannot be learnt of a model does not keep it off the list.
        let loaded = Arc::new(self.chat.json("api/ps", None).await.unwrap_or_default());
        let rest: Vec<ModelInfo> = names.iter().skip(MOST).map(ModelInfo::named).collect();
        let closely = names.into_iter().take(MOST).map(|name| self.clone().look_at(name, Arc::clone(&loaded)));
        let mut models: Vec<ModelInfo> = stream::iter(closely).buffered(AT_ONCE).collect().await;
        models.extend(rest);
        Ok(models)
    }

    async fn look_at(self, name: String, loaded: Arc<Value>) -> ModelInfo {
        let shown = self.chat.json("api/show", Some(&json!({ "model": name }))).await.unwrap_or_default();
        describe(&name, &shown, &loaded)
    }
}

/// What the server says of a model. Its context is as long as the one that it was loaded with; where it is not loaded, as its
/// settings say, or as it could be.
fn describe(name: &str, shown: &Value, loaded: &Value) -> ModelInfo {
    let running = loaded.get("models").and_then(Value::as_array).into_iter().flatten();
    let running = running.filter(|model| model.get("name").and_then(Value::as_str) == Some(name));
    let loaded_with = running.filter_map(|model| model.get("context_length")?.as_u64()).find(|length| *length > 0);
    let set = shown.get("parameters").and_then(Value::as_str).and_then(|parameters| {
        let mut lines = parameters.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        lines.find_map(|line| if line.first() == Some(&"num_ctx") { line.get(1)?.parse().ok() } else { None })
    });
    let most = shown.get("model_info").and_then(Value::as_object).and_then(|info| {
        info.iter().find_map(|(key, value)| if key.ends_with(".context_length") { value.as_u64() } else { None })
    });
    let capabilities = shown.get("capabilities").and_then(Value::as_array);
    let can = |what: &str| capabilities.map(|all| all.iter().any(|capability| capability == what));
    ModelInfo {
        id: name.to_owned(),
        context_window: loaded_with.or(set).or(most),
        max_output: None,
        images: can("vision"),
        tools: can("tools"),
        reasoning: can("thinking"),
    }
}

impl Model for Ollama {
    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<Chunk, ModelError>> {
        self.chat.stream(request)
    }
}

impl Server for Ollama {
    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        self.clone().listed().boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ollama_says_of_a_model_is_read() {
        let shown = json!({
            "parameters": "stop \"<|eot|>\"\nnum_ctx                        8192",
            "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40_960},
            "capabilities": ["completion", "tools", "thinking"],
        });
        let info = describe("qwen3:8b", &shown, &Value::Null);
        assert_eq!(
            (info.context_window, info.images, info.tools, info.reasoning),
            (Some(8_192), Some(false), Some(true), Some(true))
        );
        let loaded = json!({"models": [{"name": "qwen3:8b", "context_length": 4_096}]});
        assert_eq!(describe("qwen3:8b", &shown, &loaded).context_window, Some(4_096));
        let bare = json!({"model_info": {"llama.context_length": 131_072}});
        assert_eq!(describe("llama", &bare, &loaded).context_window, Some(131_072));
        assert_eq!(describe("old", &Value::Null, &Value::Null), ModelInfo::named("old"));
    }
}
