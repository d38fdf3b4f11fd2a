//! What can be set. The doc comment of each field is its reference.

use std::path::PathBuf;

use confique::Config;
use serde::{Deserialize, Serialize};

use crate::{
    cli::telling::Format,
    models::{ApiKey, Effort, ModelInfo, Wire},
};

/// Everything that can be set.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(derive(Debug, Clone, Serialize)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Settings {
    /// What is told on standard error: `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,replay=debug`.
    /// Where absent: `info` for `serve`, `warn` for everything else. A level alone leaves libraries at `warn`.
    #[config(env = "REENACT_LOG")]
    pub log: Option<String>,
    /// How it is told: `text` for people, or `json`, one object a line.
    #[config(env = "REENACT_LOG_FORMAT", default = "text")]
    pub log_format: Format,
    /// Where the server listens.
    #[config(nested)]
    pub server: Server,
    /// Which model answers, and how long it may take.
    #[config(nested)]
    pub models: Models,
    /// The provider `anthropic`.
    #[config(nested)]
    pub anthropic: Anthropic,
    /// The provider `openai`, at any address that speaks its wire.
    #[config(nested)]
    pub openai: OpenAi,
    /// The provider `gemini`.
    #[config(nested)]
    pub gemini: Gemini,
    /// The provider `deepseek`.
    #[config(nested)]
    pub deepseek: DeepSeek,
    /// The provider `ollama`.
    #[config(nested)]
    pub ollama: Ollama,
    /// Files that go with messages.
    #[config(nested)]
    pub attachments: Attachments,
    /// Workflows.
    #[config(nested)]
    pub workflows: Workflows,
    /// How much runs at once.
    #[config(nested)]
    pub lanes: Lanes,
    /// Further servers, each a `[[providers]]` with `id`, `base_url`, and where needed `wire` (`openai`, `anthropic`, `gemini`,
    /// `ollama`), `key`, `models` and `default_model`. The `id` of a provider that is built in changes that one.
    #[config(default = [])]
    pub providers: Vec<Provider>,
}

/// Where the server listens.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(derive(Debug, Clone, Serialize)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Server {
    /// The address to listen on. Anything but a loopback address lets others in who have a key: put TLS in front of it.
    #[config(env = "REENACT_HOST", default = "127.0.0.1")]
    pub host: String,
    /// The port to listen on; 0 takes a free one.
    #[config(env = "REENACT_PORT", default = 7717)]
    pub port: u16,
    /// Further names under which the server may be addressed, such as the name of a proxy in front of it.
    #[config(env = "REENACT_ALLOWED_HOSTS", default = [])]
    pub allowed_hosts: Vec<String>,
}

/// Which model answers, and how long it may take.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(derive(Debug, Clone, Serialize)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Models {
    /// The model where nobody names one, as `PROVIDER/NAME`; `offline` where absent.
    #[config(env = "REENACT_MODEL")]
    pub default: Option<String>,
    /// How much models are to reason that reason at all: `low`, `medium` or `high`; where absent, as they do by themselves.
    #[config(env = "REENACT_EFFORT")]
    pub effort: Option<Effort>,
    /// How many tokens a model takes, prompt and answer together, where nobody says it of that model. A chat that comes near is
    /// summed up.
    #[config(env = "REENACT_CONTEXT_WINDOW")]
    pub context_window: Option<u64>,
    /// A scenario file: what the offline model answers when.
    #[config(env = "REENACT_SCENARIO")]
    pub scenario: Option<PathBuf>,
    /// How many words the offline model writes in a second; 0 writes without pause.
    #[config(env = "REENACT_WORDS_PER_SECOND", default = 60)]
    pub words_per_second: u32,
    /// Where keys are kept that are set while the server runs: `keyring` (the system's), `file` (`secrets` in the data
    /// folder, readable by its owner alone), or `auto`: the keyring where there is one.
    #[config(env = "REENACT_KEEP_KEYS", default = "auto")]
    pub keep_keys: KeepKeys,
    /// How long a provider may take to accept a connection, in seconds.
    #[config(env = "REENACT_CONNECT_TIMEOUT_S", default = 10)]
    pub connect_timeout_s: u64,
    /// How long a provider may take for the next byte of an answer, in seconds.
    #[config(env = "REENACT_STALL_TIMEOUT_S", default = 60)]
    pub stall_timeout_s: u64,
}

/// Where keys are kept that are set while the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepKeys {
    /// In the system's keyring where there is one, else in the file.
    Auto,
    /// In the system's keyring.
    Keyring,
    /// In the file `secrets` of the data folder.
    File,
}

/// The provider `anthropic`.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(derive(Debug, Clone, Serialize)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Anthropic {
    /// Its key. Also read from `ANTHROPIC_API_KEY`.
    #[config(env = "REENACT_ANTHROPIC_API_KEY")]
    pub key: Option<ApiKey>,
    /// A bearer token in place of the key, as gateways want it. Also read from `ANTHROPIC_AUTH_TOKEN`.
    #[config(env = "REENACT_ANTHROPIC_AUTH_TOKEN")]
    pub auth_token: Option<ApiKey>,
    /// Where it is; `https://api.anthropic.com` where absent. Also read from `ANTHROPIC_BASE_URL`.
    #[config(env = "REENACT_ANTHROPIC_BASE_URL")]
    pub base_url: Option<String>,
    /// The model meant by `anthropic/opus`. Also read from `ANTHROPIC_DEFAULT_OPUS_MODEL`.
    #[config(env = "REENACT_ANTHROPIC_OPUS_MODEL")]
    pub opus_model: Option<String>,
    /// The model meant by `anthropic/sonnet`, and by `anthropic` alone. Also read from `ANTHROPIC_DEFAULT_SONNET_MODEL`.
    #[config(env = "REENACT_ANTHROPIC_SONNET_MODEL")]
    pub sonnet_model: Option<String>,
    /// The model meant by `anthropic/haiku`. Also read from `ANTHROPIC_DEFAULT_HAIKU_MODEL`.
    #[config(env = "REENACT_ANTHROPIC_HAIKU_MODEL")]
    pub haiku_model: Option<String>,
}

/// The provider `openai`.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(derive(Debug, Clone, Serialize)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct OpenAi {
    /// Its key. Also read from `OPENAI_API_KEY`.
    #[config(env = "REENACT_OPENAI_API_KEY")]
    pub key: Option<ApiKey>,
    /// Where it is; `https://api.openai.com/v1` where absent. Also read from `OPENAI_BASE_URL`.
    #[config(env = "REENACT_OPENAI_BASE_URL")]
    pub base_url: Option<String>,
}

/// The provider `gemini`.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(derive(Debug, Clone, Serialize)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Gemini {
    /// Its key. Also read from `GEMINI_API_KEY` and `GOOGLE_API_KEY`.
    #[config(env = "REENACT_GEMINI_API_KEY")]
    pub key: Option<ApiKey>,
    /// Where it is; `https://generativelanguage.googleapis.com/v1beta` where absent. Also read from
    /// `GOOGLE_GEMINI_BASE_URL`.
    #[config(env = "REENACT_GEMINI_BASE_URL")]
    pub base_url: Option<String>,
}

/// The provider `deepseek`.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(derive(Debug, Clone, Serialize)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct DeepSeek {
    /// Its key. Also read from `DEEPSEEK_API_KEY`.
    #[config(env = "REENACT_DEEPSEEK_API_KEY")]
    pub key: Option<ApiKey>,
    /// Where it is; `https://api.deepseek.com` where absent. Also read from `DEEPSEEK_BASE_URL`.
    #[config(env = "REENACT_DEEPSEEK_BASE_URL")]
    pub base_url: Option<String>,
}

/// The provider `ollama`.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(derive(Debug, Clone, Serialize)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Ollama {
    /// Where it is, as `host`, `host:port` or an address; `http://127.0.0.1:11434` where absent. Also read from `OLLAMA_HOST`.
    #[config(env = "REENACT_OLLAMA_HOST")]
    pub host: Option<String>,
    /// Its key, where it stands behind something that wants one. Also read from `OLLAMA_API_KEY`.
    #[config(env = "REENACT_OLLAMA_API_KEY")]
    pub key: Option<ApiKey>,
}

/// Files that go with messages.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(derive(Debug, Clone, Serialize)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Attachments {
    /// How large one may be, in MiB. Also read from `MAX_ATTACHMENT_SIZE_MB`.
    #[config(env = "REENACT_MAX_ATTACHMENT_SIZE_MB", default = 10)]
    pub max_size_mb: usize,
}

/// How much runs at once; the rest waits, fair between sessions.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(derive(Debug, Clone, Serialize)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Lanes {
    /// How many model calls, per provider.
    #[config(env = "REENACT_LANES_MODEL", default = 8)]
    pub model: usize,
    /// How many tool calls.
    #[config(env = "REENACT_LANES_TOOLS", default = 8)]
    pub tools: usize,
    /// How many agents of workflows.
    #[config(env = "REENACT_LANES_AGENTS", default = 16)]
    pub agents: usize,
    /// How many workflows; the others are queued, in turn between sessions. One that only waits for people or for time does not
    /// count.
    #[config(env = "REENACT_LANES_RUNS", default = 3)]
    pub runs: usize,
}

/// Workflows.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(derive(Debug, Clone, Serialize)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Workflows {
    /// Where the compiled engine is kept, which takes seconds to make anew; `reenact/modules` in the user's cache where absent.
    #[config(env = "REENACT_MODULE_CACHE")]
    pub module_cache: Option<PathBuf>,
    /// For how long a workflow may work where nobody says it, in minutes; without a limit where absent. What it waits for its
    /// turn, for people and for time does not count.
    #[config(env = "REENACT_WORKFLOWS_TIME_LIMIT_MINUTES")]
    pub time_limit_minutes: Option<u64>,
}

/// A server of models, or what is to be changed about one that is built in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The name before the slash in a model's name.
    pub id: String,
    /// How it is spoken to; as chat completions where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<Wire>,
    /// Where it is: for chat completions usually ending in `/v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Its key, where it needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<ApiKey>,
    /// Models to list without asking it: names, or names with what they can do.
    #[serde(default)]
    pub models: Vec<Model>,
    /// The model meant by `id` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_model: Option<String>,
    /// Reasoning goes back to it as text with every answer of the model, as `DeepSeek` wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends_reasoning_back: Option<bool>,
}

/// A model of a provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Model {
    /// Its name alone.
    Name(String),
    /// Its name and what it can do.
    Described(ModelInfo),
}
