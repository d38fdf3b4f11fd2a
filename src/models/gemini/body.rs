//! The request's body. The same conversation gives the same bytes, so that the provider's prefix cache holds.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};

use super::generation;
use super::parts::{self, Piece};
use crate::models::http::sendable;
use crate::models::{Effort, Message, ModelRequest, ToolSpec};

/// What stands in the place of a signature that there is none of, as the documentation of thought signatures says: another
/// model made the call.
const UNSIGNED: &str = "skip_thought_signature_validator";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<System<'a>>,
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tools<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Value>,
    generation_config: GenerationConfig,
}

#[derive(Serialize)]
struct System<'a> {
    parts: [SystemPart<'a>; 1],
}

#[derive(Serialize)]
struct SystemPart<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    description: &'a str,
    parameters_json_schema: &'a Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ThinkingConfig {
    include_thoughts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<u32>,
}

#[derive(Serialize)]
struct Content<'a> {
    role: &'static str,
    parts: Vec<Part<'a>>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    thought: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    inline_data: Option<InlineData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<FunctionCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_response: Option<FunctionResponse<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InlineData<'a> {
    mime_type: &'a str,
    data: &'a str,
}

#[derive(Serialize)]
struct FunctionCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    args: Box<RawValue>,
}

#[derive(Serialize)]
struct FunctionResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    response: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Response<'a> {
    Output(&'a str),
    Error(&'a str),
}

/// The body as JSON bytes.
pub fn body(request: &ModelRequest) -> Vec<u8> {
    let declarations: Vec<Declaration> = request.sorted_tools().into_iter().map(declaration).collect();
    let calls_none = request.answer_only && !declarations.is_empty();
    let tools = if declarations.is_empty() { vec![] } else { vec![Tools { function_declarations: declarations }] };
    let system = (!request.system.is_empty()).then(|| System { parts: [SystemPart { text: &request.system }] });
    let body = Body {
        system_instruction: system,
        contents: contents(request),
        tools,
        tool_config: calls_none.then(|| json!({"functionCallingConfig": {"mode": "NONE"}})),
        generation_config: GenerationConfig {
            max_output_tokens: request.max_output_tokens,
            thinking_config: thinking(request),
        },
    };
    serde_json::to_vec(&body).expect("texts, numbers and JSON values with text keys always serialise")
}

/// Models that think are asked to show it; older ones take a number of tokens for it, newer ones a level.
fn thinking(request: &ModelRequest) -> Option<ThinkingConfig> {
    let thinks = request.info.reasoning.unwrap_or_else(|| generation(&request.model).is_some_and(|it| it >= 2.5));
    let newer = generation(&request.model).is_some_and(|generation| generation >= 3.0);
    thinks.then(|| ThinkingConfig {
        include_thoughts: true,
        thinking_level: request.effort.filter(|_| newer).map(Effort::name),
        thinking_budget: request.effort.filter(|_| !newer).map(Effort::tokens),
    })
}

fn contents(request: &ModelRequest) -> Vec<Content<'_>> {
    let signs = generation(&request.model).is_some_and(|generation| generation >= 3.0);
    let mut named: HashSet<&str> = HashSet::new();
    let mut contents: Vec<Content> = Vec::new();
    let mut after_results = false;
    for message in &request.messages {
        let results = matches!(message, Message::ToolResult { .. });
        let (role, mut parts) = parts(message, &mut named);
        if signs {
            sign(&mut parts);
        }
        if parts.is_empty() {
            continue;
        }
        match contents.last_mut() {
            // The results of calls that were made together come together.
            Some(last) if results && after_results => last.parts.append(&mut parts),
            _ => contents.push(Content { role, parts }),
        }
        after_results = results;
    }
    contents
}

/// The first call of each step must be signed, or the request is refused. Only the turn that goes on is looked at, but what
/// is over stays as it was sent, so that the prompt stays the same.
fn sign(parts: &mut [Part]) {
    let first = parts.iter_mut().find(|part| part.function_call.is_some());
    if let Some(first) = first.filter(|part| part.thought_signature.is_none()) {
        first.thought_signature = Some(UNSIGNED.to_owned());
    }
}

fn parts<'a>(message: &'a Message, named: &mut HashSet<&'a str>) -> (&'static str, Vec<Part<'a>>) {
    match message {
        Message::User { text, images } => {
            let images = images.iter().map(|image| Part {
                inline_data: Some(InlineData { mime_type: &image.media_type, data: &image.base64 }),
                ..Part::default()
            });
            let text = (!text.is_empty()).then_some(Part { text: Some(text), ..Part::default() });
            ("user", images.chain(text).collect())
        }
        Message::Assistant { text, reasoning, tool_calls, provider_data } => {
            let pieces = parts::restore(provider_data.as_ref(), text, reasoning, tool_calls.len());
            let part = |piece: Piece<'a>| match piece {
                Piece::Thought { text, signature } => {
                    Part { text: Some(text), thought: true, thought_signature: Some(signature), ..Part::default() }
                }
                Piece::Text { text, signature } => {
                    Part { text: Some(text), thought_signature: signature, ..Part::default() }
                }
                Piece::Call { at, named: own, signature } => {
                    let call = &tool_calls[at];
                    if own {
                        named.insert(&call.id);
                    }
                    let id = own.then_some(call.id.as_str());
                    let function_call = FunctionCall { id, name: &call.name, args: args(&call.arguments) };
                    Part { function_call: Some(function_call), thought_signature: signature, ..Part::default() }
                }
            };
            ("model", pieces.into_iter().map(part).collect())
        }
        Message::ToolResult { tool_call_id, name, text, failed } => {
            let id = named.contains(tool_call_id.as_str()).then_some(tool_call_id.as_str());
            let response = if *failed { Response::Error(text) } else { Response::Output(text) };
            let function_response = Some(FunctionResponse { id, name, response });
            ("user", vec![Part { function_response, ..Part::default() }])
        }
    }
}

/// The arguments as the model wrote them.
fn args(arguments: &str) -> Box<RawValue> {
    RawValue::from_string(sendable(arguments).trim().to_owned())
        .or_else(|_| to_raw_value(&json!({})))
        .expect("an empty object is JSON")
}

fn declaration(tool: &ToolSpec) -> Declaration<'_> {
    Declaration { name: &tool.name, description: &tool.description, parameters_json_schema: &tool.schema }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{Image, ModelInfo, ToolCallRequest};

    fn call(id: &str) -> ToolCallRequest {
        ToolCallRequest { id: id.into(), name: "read".into(), arguments: r#"{"p": 1}"#.into() }
    }

    fn result(id: &str, failed: bool) -> Message {
        Message::ToolResult { tool_call_id: id.into(), name: "read".into(), text: "x".into(), failed }
    }

    fn sent(request: &ModelRequest) -> Value {
        serde_json::from_slice(&body(request)).unwrap()
    }

    fn conversation(provider_data: Option<Value>) -> ModelRequest {
        ModelRequest {
            model: "gemini-3.8-flash".into(),
            system: "be brief".into(),
            messages: vec![
                Message::user("hi"),
                Message::Assistant {
                    text: "Look.".into(),
                    reasoning: String::new(),
                    tool_calls: vec![call("own"), call("call_1")],
                    provider_data,
                },
                result("own", false),
                result("call_1", true),
            ],
            tools: vec![ToolSpec {
                name: "read".into(),
                description: "does".into(),
                schema: json!({"type": "object"}),
            }],
            ..ModelRequest::default()
        }
    }

    #[test]
    fn a_conversation_is_this() {
        let kept = json!([{"text": {"bytes": 5}}, {"call": {"named": true, "signature": "sig"}}, {"call": {}}]);
        assert_eq!(
            sent(&conversation(Some(kept))),
            json!({
                "systemInstruction": {"parts": [{"text": "be brief"}]},
                "contents": [
                    {"role": "user", "parts": [{"text": "hi"}]},
                    {"role": "model", "parts": [
                        {"text": "Look."},
                        {"functionCall": {"id": "own", "name": "read", "args": {"p": 1}}, "thoughtSignature": "sig"},
                        {"functionCall": {"name": "read", "args": {"p": 1}}},
                    ]},
                    {"role": "user", "parts": [
                        {"functionResponse": {"id": "own", "name": "read", "response": {"output": "x"}}},
                        {"functionResponse": {"name": "read", "response": {"error": "x"}}},
                    ]},
                ],
                "tools": [{"functionDeclarations": [
                    {"name": "read", "description": "does", "parametersJsonSchema": {"type": "object"}},
                ]}],
                "generationConfig": {"thinkingConfig": {"includeThoughts": true}},
            })
        );
    }

    #[test]
    fn the_first_call_that_another_model_made_is_excused() {
        let signature = |request: &ModelRequest, part: usize| {
            sent(request)["contents"][1]["parts"][part]["thoughtSignature"].clone()
        };
        let request = conversation(None);
        assert_eq!((signature(&request, 1), signature(&request, 2)), (json!(UNSIGNED), Value::Null));
        let older = ModelRequest { model: "gemini-2.5-pro".into(), ..conversation(None) };
        assert_eq!(signature(&older, 1), Value::Null);
    }

    #[test]
    fn effort_is_a_level_or_a_number_and_only_for_models_that_think() {
        let config = |model: &str, effort, reasoning| {
            let info = ModelInfo { reasoning, ..ModelInfo::default() };
            let request = ModelRequest { model: model.into(), effort, info, ..ModelRequest::default() };
            sent(&request)["generationConfig"]["thinkingConfig"].clone()
        };
        assert_eq!(config("gemini-3.8-flash", Some(Effort::Low), None)["thinkingLevel"], "low");
        assert_eq!(config("gemini-2.5-pro", Some(Effort::Low), None)["thinkingBudget"], 2_048);
        assert_eq!(config("gemini-2.0-flash", Some(Effort::Low), None), Value::Null);
        assert_eq!(config("gemini-3.8-flash", None, Some(false)), Value::Null);
    }

    #[test]
    fn an_image_is_a_part_of_the_message_and_a_closing_call_keeps_its_tools() {
        let image = Image { name: "cat.png".into(), media_type: "image/png".into(), base64: "AAAA".into() };
        let message = Message::User { text: "look".into(), images: vec![image] };
        let request = ModelRequest { messages: vec![message], answer_only: true, ..conversation(None) };
        let parts = json!([{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, {"text": "look"}]);
        assert_eq!(sent(&request)["contents"][0]["parts"], parts);
        assert_eq!(sent(&request)["toolConfig"]["functionCallingConfig"]["mode"], "NONE");
        assert!(sent(&request)["tools"].is_array());
    }
}
