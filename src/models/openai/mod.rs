//! Chat completions as `OpenAI` defined them and most servers speak them.

mod answer;
mod body;
mod calls;
mod list;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(super) mod tests;
mod usage;

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderName};
use serde_json::Value;

use super::http::{Draft, Question, Wire};
use super::{ModelInfo, ModelRequest, ProviderSettings, SetKey};
use answer::Answer;
pub(super) use body::Dialect;

/// The wire of chat completions.
pub(super) struct OpenAi {
    dialect: Dialect,
    /// The path of chat completions, after the address.
    path: &'static str,
}

impl OpenAi {
    /// As that provider speaks it.
    pub fn new(settings: &ProviderSettings, url: &Url) -> Self {
        Self { dialect: Dialect::of(settings, url), path: "chat/completions" }
    }

    /// As a server speaks it whose address is that of another interface.
    pub fn beside(settings: &ProviderSettings, url: &Url) -> Self {
        Self { path: "v1/chat/completions", ..Self::new(settings, url) }
    }
}

impl Wire for OpenAi {
    type Answer = Answer;

    const ADDRESS: &'static str = "/v1";

    fn headers(&self, key: Option<&SetKey>) -> Vec<(HeaderName, String)> {
        key.map(|set| (AUTHORIZATION, format!("Bearer {}", set.key.reveal()))).into_iter().collect()
    }

    fn question(&self, request: &ModelRequest) -> Question {
        let body = body::body(request, self.dialect);
        Question { path: self.path.to_owned(), headers: Vec::new(), body }
    }

    fn answer(&self, draft: Draft, _: &ModelRequest) -> Answer {
        Answer::new(draft)
    }

    fn list(&self) -> &'static str {
        "models"
    }

    fn listed(&self, list: &Value) -> Option<Vec<ModelInfo>> {
        list::read(list, self.dialect.is_openai)
    }
}
