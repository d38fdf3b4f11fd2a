//! The request's body. The same conversation gives the same bytes but for the marks that say how far the prompt is to be
//! cached, which the provider does not count as part of the prompt.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

use super::blocks::{self, Piece};
use super::thinking::{self, Output, Thinking};
use crate::models::http::sendable;
use crate::models::{Message, ModelRequest, ToolCallRequest, ToolSpec};

/// How long an answer may be where nobody says: the wire wants a number, and every model can do this much.
const LEAST_TOKENS: u64 = 8_192;
/// How long it may be where the model is known to write more: longer answers come from models that have lost their way.
const MOST_TOKENS: u64 = 64_000;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<System<'a>>,
    messages: Vec<WireMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<Output>,
    stream: bool,
}

#[derive(Serialize)]
struct System<'a> {
    r#type: &'static str,
    text: &'a str,
    cache_control: CacheControl,
}

#[derive(Serialize)]
struct ToolChoice {
    r#type: &'static str,
}

#[derive(Serialize)]
struct WireTool<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

/// The prompt up to here is to be cached.
#[derive(Clone, Copy, Serialize)]
struct CacheControl {
    r#type: &'static str,
}

const CACHED: CacheControl = CacheControl { r#type: "ephemeral" };

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    content: Vec<Part<'a>>,
}

/// A part of a message, with the mark behind it.
#[derive(Serialize)]
struct Part<'a> {
    #[serde(flatten)]
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    Thinking {
        thinking: &'a str,
        signature: String,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Box<RawValue>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

#[derive(Serialize)]
struct Source<'a> {
    r#type: &'static str,
    media_type: &'a str,
    data: &'a str,
}

/// The body as JSON bytes.
pub fn body(request: &ModelRequest) -> Vec<u8> {
    let max_tokens = max_tokens(request);
    let mut tools: Vec<WireTool> = request.sorted_tools().into_iter().map(wire_tool).collect();
    if let Some(last) = tools.last_mut() {
        last.cache_control = Some(CACHED);
    }
    let system = System { r#type: "text", text: &request.system, cache_control: CACHED };
    let body = Body {
        model: &request.model,
        max_tokens,
        system: if request.system.is_empty() { Vec::new() } else { vec![system] },
        messages: messages(&request.messages),
        tool_choice: (request.answer_only && !tools.is_empty()).then_some(ToolChoice { r#type: "none" }),
        tools,
        thinking: thinking::thinking(request, max_tokens),
        output_config: thinking::output(request),
        stream: true,
    };
    serde_json::to_vec(&body).expect("texts, numbers and JSON values with text keys always serialise")
}

fn max_tokens(request: &ModelRequest) -> u32 {
    let known = request.info.max_output.unwrap_or(LEAST_TOKENS).min(MOST_TOKENS);
    // Prompt and answer share the window of older models: half of it is left to the prompt.
    let fits = request.info.context_window.map_or(known, |window| known.min(window / 2));
    request.max_output_tokens.unwrap_or_else(|| u32::try_from(fits).unwrap_or(u32::MAX)).max(1)
}

fn messages(messages: &[Message]) -> Vec<WireMessage<'_>> {
    let mut wire: Vec<WireMessage> = Vec::new();
    let mut after_results = false;
    for message in messages {
        let results = matches!(message, Message::ToolResult { .. });
        let (role, content) = parts(message);
        if content.is_empty() {
            continue;
        }
        let content = content.into_iter().map(|content| Part { content, cache_control: None });
        match wire.last_mut() {
            // The results of calls that were made together come together.
            Some(last) if results && after_results => last.content.extend(content),
            _ => wire.push(WireMessage { role, content: content.collect() }),
        }
        after_results = results;
    }
    mark(&mut wire);
    wire
}

/// Marks the end of the prompt, for the next call to find it cached, and the end of the one before, where it was cached: an
/// answer between the two may have more parts than the provider looks back over by itself.
fn mark(wire: &mut [WireMessage]) {
    let before = wire.iter().rposition(|message| message.role == "assistant").and_then(|at| at.checked_sub(1));
    for at in [before, wire.len().checked_sub(1)].into_iter().flatten() {
        if let Some(part) = wire[at].content.last_mut()
            && !matches!(part.content, Content::Thinking { .. } | Content::RedactedThinking { .. })
        {
            part.cache_control = Some(CACHED);
        }
    }
}

fn parts(message: &Message) -> (&'static str, Vec<Content<'_>>) {
    match message {
        Message::User { text, images } => {
            let images = images.iter().map(|image| Content::Image {
                source: Source { r#type: "base64", media_type: &image.media_type, data: &image.base64 },
            });
            let text = (!text.trim().is_empty()).then_some(Content::Text { text });
            ("user", images.chain(text).collect())
        }
        Message::Assistant { text, reasoning, tool_calls, provider_data } => {
            let pieces = blocks::restore(provider_data.as_ref(), text, reasoning, tool_calls.len());
            ("assistant", pieces.into_iter().map(|piece| part(piece, tool_calls)).collect())
        }
        Message::ToolResult { tool_call_id, name: _, text, failed } => {
            ("user", vec![Content::ToolResult { tool_use_id: id(tool_call_id), content: text, is_error: *failed }])
        }
    }
}

fn part<'a>(piece: Piece<'a>, calls: &'a [ToolCallRequest]) -> Content<'a> {
    match piece {
        Piece::Thinking { thinking, signature } => Content::Thinking { thinking, signature },
        Piece::Redacted { data } => Content::RedactedThinking { data },
        Piece::Text(text) => Content::Text { text },
        Piece::Tool(at) => {
            Content::ToolUse { id: id(&calls[at].id), name: &calls[at].name, input: input(&calls[at].arguments) }
        }
    }
}

/// The id of a call as this wire takes it: another provider's may hold other characters.
fn id(id: &str) -> Cow<'_, str> {
    let fits = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    if id.chars().all(fits) { Cow::Borrowed(id) } else { Cow::Owned(id.replace(|char| !fits(char), "_")) }
}

/// The arguments as the model wrote them, which is what it finds again in its cache.
fn input(arguments: &str) -> Box<RawValue> {
    let object: Cow<'_, str> = sendable(arguments);
    RawValue::from_string(object.trim().to_owned())
        .or_else(|_| to_raw_value(&Value::Object(serde_json::Map::new())))
        .expect("an empty object is JSON")
}

fn wire_tool(tool: &ToolSpec) -> WireTool<'_> {
    WireTool { name: &tool.name, description: &tool.description, input_schema: &tool.schema, cache_control: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::{Image, ModelInfo};

    fn call(id: &str, arguments: &str) -> ToolCallRequest {
        ToolCallRequest { id: id.into(), name: "read".into(), arguments: arguments.into() }
    }

    fn result(id: &str, failed: bool) -> Message {
        Message::ToolResult { tool_call_id: id.into(), name: "read".into(), text: "x".into(), failed }
    }

    fn sent(request: &ModelRequest) -> Value {
        serde_json::from_slice(&body(request)).unwrap()
    }

    fn conversation() -> ModelRequest {
        let thought =
            json!([{"thinking": {"bytes": 3, "signature": "sig"}}, {"text": {"bytes": 5}}, {"tool": {}}, {"tool": {}}]);
        ModelRequest {
            model: "claude-haiku-4-5".into(),
            system: "be brief".into(),
            messages: vec![
                Message::user("hi"),
                Message::Assistant {
                    text: "Look.".into(),
                    reasoning: "Hm.".into(),
                    tool_calls: vec![call("t1", r#"{"b": 1, "a": 2}"#), call("t2", "nonsense")],
                    provider_data: Some(thought),
                },
                result("t1", false),
                result("t2", true),
            ],
            tools: ["read", "list"]
                .map(|name| ToolSpec {
                    name: name.into(),
                    description: "does".into(),
                    schema: json!({"type": "object"}),
                })
                .to_vec(),
            info: ModelInfo { max_output: Some(64_000), context_window: Some(200_000), ..ModelInfo::default() },
            ..ModelRequest::default()
        }
    }

    #[test]
    fn a_conversation_is_this() {
        let cached = json!({"type": "ephemeral"});
        assert_eq!(
            sent(&conversation()),
            json!({
                "model": "claude-haiku-4-5",
                "max_tokens": 64_000,
                "system": [{"type": "text", "text": "be brief", "cache_control": cached}],
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": cached}]},
                    {"role": "assistant", "content": [
                        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
                        {"type": "text", "text": "Look."},
                        {"type": "tool_use", "id": "t1", "name": "read", "input": {"a": 2, "b": 1}},
                        {"type": "tool_use", "id": "t2", "name": "read", "input": {"invalid_arguments": "nonsense"}},
                    ]},
                    {"role": "user", "content": [
                        {"type": "tool_result", "tool_use_id": "t1", "content": "x"},
                        {"type": "tool_result", "tool_use_id": "t2", "content": "x", "is_error": true, "cache_control": cached},
                    ]},
                ],
                "tools": [
                    {"name": "list", "description": "does", "input_schema": {"type": "object"}},
                    {"name": "read", "description": "does", "input_schema": {"type": "object"}, "cache_control": cached},
                ],
                "stream": true,
            })
        );
        let text = String::from_utf8(body(&conversation())).unwrap();
        assert!(text.contains(r#""input":{"b": 1, "a": 2}"#), "the model's own bytes: {text}");
    }

    #[test]
    fn at_most_four_marks_are_set_however_long_the_conversation() {
        let mut request = conversation();
        for _ in 0..20 {
            request.messages.push(Message::assistant("ok", "", vec![]));
            request.messages.push(Message::user("more"));
        }
        let marks = String::from_utf8(body(&request)).unwrap().matches("cache_control").count();
        assert_eq!(marks, 4);
    }

    #[test]
    fn images_go_before_the_text_and_blank_text_is_left_out() {
        let image = Image { name: "cat.png".into(), media_type: "image/png".into(), base64: "AAAA".into() };
        let message = |text: &str| Message::User { text: text.into(), images: vec![image.clone()] };
        let content = |text: &str| {
            let request = ModelRequest { messages: vec![message(text)], ..ModelRequest::default() };
            sent(&request)["messages"][0]["content"].clone()
        };
        let source = json!({"type": "base64", "media_type": "image/png", "data": "AAAA"});
        assert_eq!(content("look")[0]["source"], source);
        assert_eq!((&content("look")[1]["text"], content(" ").as_array().unwrap().len()), (&json!("look"), 1));
    }

    #[test]
    fn the_id_of_another_provider_is_made_to_fit_in_both_places() {
        let foreign = "functions.read:0";
        let messages = vec![Message::assistant("", "", vec![call(foreign, "{}")]), result(foreign, false)];
        let sent = sent(&ModelRequest { messages, ..ModelRequest::default() });
        assert_eq!(sent["messages"][0]["content"][0]["id"], "functions_read_0");
        assert_eq!(sent["messages"][1]["content"][0]["tool_use_id"], "functions_read_0");
    }

    #[test]
    fn a_call_that_may_only_answer_keeps_its_tools() {
        let closing = sent(&ModelRequest { answer_only: true, ..conversation() });
        assert_eq!(closing["tool_choice"], json!({"type": "none"}));
        assert_eq!(closing["tools"], sent(&conversation())["tools"]);
    }

    #[test]
    fn the_limit_is_that_of_the_model_within_reason() {
        let limit = |max_output, context_window| {
            let info = ModelInfo { context_window, max_output, ..ModelInfo::default() };
            max_tokens(&ModelRequest { info, ..ModelRequest::default() })
        };
        assert_eq!(limit(None, None), 8_192);
        assert_eq!(limit(Some(128_000), Some(1_000_000)), 64_000);
        assert_eq!(limit(Some(64_000), Some(100_000)), 50_000);
        assert_eq!(max_tokens(&ModelRequest { max_output_tokens: Some(7), ..ModelRequest::default() }), 7);
    }
}
