//! `Google`'s generated content.

mod answer;
mod body;
mod list;
mod parts;
mod usage;

use reqwest::header::HeaderName;
use serde_json::Value;

use super::http::{Draft, Question, Wire};
use super::{ModelInfo, ModelRequest, SetKey};
use answer::Answer;

/// The wire of generated content.
pub(super) struct Gemini;

impl Wire for Gemini {
    type Answer = Answer;

    const ADDRESS: &'static str = "/v1beta";

    fn headers(&self, key: Option<&SetKey>) -> Vec<(HeaderName, String)> {
        let name = HeaderName::from_static("x-goog-api-key");
        key.map(|set| (name, set.key.reveal().to_owned())).into_iter().collect()
    }

    fn question(&self, request: &ModelRequest) -> Question {
        let model = request.model.as_str();
        // Tuned models and those of others have a folder of their own in the name.
        let folder = if model.contains('/') { "" } else { "models/" };
        let path = format!("{folder}{model}:streamGenerateContent?alt=sse");
        Question { path, headers: Vec::new(), body: body::body(request) }
    }

    fn answer(&self, draft: Draft, _: &ModelRequest) -> Answer {
        Answer::new(draft)
    }

    fn list(&self) -> &'static str {
        "models?pageSize=1000"
    }

    fn listed(&self, list: &Value) -> Option<Vec<ModelInfo>> {
        list::read(list)
    }
}

/// The generation of a model, as its name has it: 3 for `gemini-3.8-flash`.
fn generation(model: &str) -> Option<f32> {
    let name = &model[model.find("gemini-")? + "gemini-".len()..];
    let end = name.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(name.len());
    name[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generation_stands_in_the_name() {
        for (name, expected) in [
            ("gemini-2.5-pro", Some(2.5)),
            ("gemini-3-flash-preview", Some(3.0)),
            ("models/gemini-4-argon", Some(4.0)),
            ("gemini-flash-latest", None),
            ("gemma-3", None),
        ] {
            assert_eq!(generation(name), expected, "{name}");
        }
    }

    #[test]
    fn a_model_is_asked_under_its_own_address() {
        let path = |model: &str| Gemini.question(&ModelRequest { model: model.into(), ..ModelRequest::default() }).path;
        assert_eq!(path("gemini-3.8-flash"), "models/gemini-3.8-flash:streamGenerateContent?alt=sse");
        assert_eq!(path("tunedModels/mine"), "tunedModels/mine:streamGenerateContent?alt=sse");
    }
}
