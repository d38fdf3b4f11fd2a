//! `Anthropic`'s messages.

mod answer;
mod blocks;
mod body;
mod list;
mod thinking;
mod usage;

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde_json::Value;

use super::http::{Draft, Question, Wire};
use super::{ModelInfo, ModelRequest, SetKey};
use answer::Answer;

/// The wire of messages.
pub(super) struct Anthropic;

impl Wire for Anthropic {
    type Answer = Answer;

    const ADDRESS: &'static str = "before /v1";

    fn headers(&self, key: Option<&SetKey>) -> Vec<(HeaderName, String)> {
        let version = (HeaderName::from_static("anthropic-version"), "2023-06-01".to_owned());
        let key = key.map(|set| match (set.bearer, set.key.reveal()) {
            (true, token) => (AUTHORIZATION, format!("Bearer {token}")),
            (false, key) => (HeaderName::from_static("x-api-key"), key.to_owned()),
        });
        [version].into_iter().chain(key).collect()
    }

    fn question(&self, request: &ModelRequest) -> Question {
        let beta = thinking::beta(&request.model);
        let beta = beta.map(|beta| (HeaderName::from_static("anthropic-beta"), HeaderValue::from_static(beta)));
        Question { path: "v1/messages".to_owned(), headers: beta.into_iter().collect(), body: body::body(request) }
    }

    fn answer(&self, draft: Draft, _: &ModelRequest) -> Answer {
        Answer::new(draft)
    }

    fn list(&self) -> &'static str {
        "v1/models?limit=1000"
    }

    fn listed(&self, list: &Value) -> Option<Vec<ModelInfo>> {
        list::read(list)
    }
}
