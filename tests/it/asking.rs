//! Asking a model in a test and looking at what came.

use futures_util::StreamExt;
use reenact::models::{
    ApiKey, Chunk, Message, ModelError, ModelRequest, OfflineSettings, ProviderSettings, Providers, ProvidersSettings,
    Resolved, Stop, Timeouts, ToolCallRequest, ToolSpec, Usage,
};
use serde_json::{Value, json};

/// Everything that came of one call.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    pub text: String,
    pub reasoning: String,
    /// Id, name and arguments.
    pub calls: Vec<(String, String, String)>,
    pub end: Option<(Stop, Usage)>,
    /// What the provider wants back.
    pub provider_data: Option<Value>,
    pub error: Option<ModelError>,
}

impl Answer {
    /// The answer as a message of the next request to the same provider.
    pub fn message(&self) -> Message {
        let call = |(id, name, arguments): &(String, String, String)| ToolCallRequest {
            id: id.clone(),
            name: name.clone(),
            arguments: arguments.clone(),
        };
        Message::Assistant {
            text: self.text.clone(),
            reasoning: self.reasoning.clone(),
            tool_calls: self.calls.iter().map(call).collect(),
            provider_data: self.provider_data.clone(),
        }
    }

    #[track_caller]
    pub fn stop(&self) -> Stop {
        self.end.as_ref().unwrap_or_else(|| panic!("no end: {self:?}")).0
    }

    #[track_caller]
    pub fn usage(&self) -> &Usage {
        &self.end.as_ref().unwrap_or_else(|| panic!("no end: {self:?}")).1
    }

    #[track_caller]
    pub fn error(&self) -> &ModelError {
        self.error.as_ref().unwrap_or_else(|| panic!("no error: {self:?}"))
    }
}

/// One server under the name `home`, with a key and these timeouts.
pub fn at(base_url: &str, timeouts: Timeouts) -> Providers {
    let home = ProviderSettings::compatible("home", base_url, Some(ApiKey::new("sk-test")));
    Providers::new(ProvidersSettings { providers: vec![home], timeouts, ..ProvidersSettings::default() }).unwrap()
}

/// The offline model, without pauses.
pub fn offline(settings: OfflineSettings) -> Providers {
    let offline = OfflineSettings { words_per_second: 0, ..settings };
    Providers::new(ProvidersSettings { offline, ..ProvidersSettings::default() }).unwrap()
}

/// A request with one message and two tools.
pub fn question(text: &str) -> ModelRequest {
    let tool = |name: &str, argument: &str| ToolSpec {
        name: name.into(),
        description: format!("{name} of the project"),
        schema: json!({"type": "object", "properties": {argument: {"type": "string"}}, "required": [argument]}),
    };
    ModelRequest {
        system: "You help.".into(),
        messages: vec![Message::user(text)],
        tools: vec![tool("read_file", "path"), tool("list_directory", "path")],
        ..ModelRequest::default()
    }
}

/// Asks and collects the whole stream; checks that it ends once and that nothing follows the end.
#[track_caller]
pub fn checked(chunks: Vec<Result<Chunk, ModelError>>) -> Answer {
    let mut answer = Answer::default();
    for chunk in chunks {
        assert!(answer.end.is_none() && answer.error.is_none(), "{chunk:?} follows the end");
        match chunk {
            Ok(Chunk::Text(text)) => answer.text.push_str(&text),
            Ok(Chunk::Reasoning(text)) => answer.reasoning.push_str(&text),
            Ok(Chunk::ToolCall { index, id, name, arguments }) => {
                assert_eq!(usize::try_from(index), Ok(answer.calls.len()), "calls come in order");
                answer.calls.push((id, name, arguments));
            }
            Ok(Chunk::Finished { stop, usage, provider_data }) => {
                answer.end = Some((stop, usage));
                answer.provider_data = provider_data;
            }
            Err(error) => answer.error = Some(error),
        }
    }
    assert!(answer.end.is_some() || answer.error.is_some(), "the stream has no end");
    answer
}

/// Asks the model of that name.
pub async fn ask(providers: &Providers, model: &str, request: ModelRequest) -> Answer {
    let Resolved { model, name, info, .. } = providers.resolve(model).unwrap();
    checked(model.stream(ModelRequest { model: name, info, ..request }).collect().await)
}
