//! Language models: one small trait, what speaks it over HTTP, and the offline model that needs nothing.
//!
//! A caller asks [`Providers`] for a model by name and gets a stream of [`Chunk`]s. This room knows no events, no
//! tools and no chats; it turns a [`ModelRequest`] into text, reasoning, tool calls and one record of usage.

mod anthropic;
mod chunk;
mod crypto;
mod error;
mod gemini;
mod http;
mod info;
pub mod keys;
mod known;
mod model;
pub mod offline;
mod ollama;
mod openai;
mod providers;
mod request;
pub mod scenario;
mod secret;
mod settings;

pub use chunk::{Chunk, Stop, Usage};
pub use crypto::install_crypto;
pub use error::{ErrorKind, ModelError};
pub use info::ModelInfo;
pub use model::Model;
pub use providers::{KeyChangeError, OFFLINE, ProviderInfo, ProviderKey, Providers, Resolved, Trial};
pub use request::{Effort, Image, Message, ModelRequest, Purpose, ToolCallRequest, ToolSpec};
pub use scenario::{Scenario, ScenarioError};
pub use secret::ApiKey;
pub use settings::{BadSettings, OfflineSettings, ProviderSettings, ProvidersSettings, SetKey, Timeouts, Wire};
