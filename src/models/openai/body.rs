//! The request's body. The same conversation gives the same bytes, so that the provider's prefix cache holds.

use std::borrow::Cow;

use reqwest::Url;
use serde::Serialize;
use serde_json::Value;

use crate::models::http::sendable;
use crate::models::{Effort, Message, ModelRequest, ProviderSettings, ToolCallRequest, ToolSpec};

/// What differs between the servers that speak this wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Reasoning goes back with every assistant message, empty or not.
    pub sends_reasoning_back: bool,
    /// It is `OpenAI` itself, whose newer models want the limit under the name `max_completion_tokens`.
    pub is_openai: bool,
    /// Thinking is switched on with a field of its own, as `DeepSeek` has it.
    pub switches_thinking: bool,
}

impl Dialect {
    /// What that provider speaks. The two hosts are known under any name that a user gives them.
    pub fn of(settings: &ProviderSettings, url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        Self {
            sends_reasoning_back: settings.sends_reasoning_back || host == "api.deepseek.com",
            is_openai: host == "api.openai.com",
            switches_thinking: host == "api.deepseek.com",
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Serialize)]
struct Thinking {
    r#type: &'static str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WireCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

/// A text, or parts where images go with it.
#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<ContentPart<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ContentPart<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl },
}

#[derive(Serialize)]
struct ImageUrl {
    url: String,
}

#[derive(Serialize)]
struct WireCall<'a> {
    id: &'a str,
    r#type: &'static str,
    function: WireCallFunction<'a>,
}

#[derive(Serialize)]
struct WireCallFunction<'a> {
    name: &'a str,
    arguments: Cow<'a, str>,
}

#[derive(Serialize)]
struct WireTool<'a> {
    r#type: &'static str,
    function: WireToolFunction<'a>,
}

#[derive(Serialize)]
struct WireToolFunction<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

/// The body as JSON bytes.
pub fn body(request: &ModelRequest, dialect: Dialect) -> Vec<u8> {
    let system = (!request.system.is_empty()).then(|| WireMessage::plain("system", &request.system));
    let messages = system.into_iter().chain(request.messages.iter().map(|message| wire_message(message, dialect)));
    let limit = request.max_output_tokens;
    let effort = request.effort.filter(|_| request.info.reasoning == Some(true));
    let body = Body {
        model: &request.model,
        messages: messages.collect(),
        tool_choice: (request.answer_only && !request.tools.is_empty()).then_some("none"),
        tools: request.sorted_tools().into_iter().map(wire_tool).collect(),
        reasoning_effort: effort.filter(|_| !dialect.switches_thinking).map(Effort::name),
        thinking: effort.filter(|_| dialect.switches_thinking).map(|_| Thinking { r#type: "enabled" }),
        max_tokens: limit.filter(|_| !dialect.is_openai),
        max_completion_tokens: limit.filter(|_| dialect.is_openai),
        stream: true,
        stream_options: StreamOptions { include_usage: true },
    };
    serde_json::to_vec(&body).expect("texts, numbers and JSON values with text keys always serialise")
}

impl<'a> WireMessage<'a> {
    fn plain(role: &'static str, text: &'a str) -> Self {
        Self {
            role,
            content: Some(Content::Text(Cow::Borrowed(text))),
            reasoning_content: None,
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }
}

fn wire_message(message: &Message, dialect: Dialect) -> WireMessage<'_> {
    match message {
        Message::User { text, images } if images.is_empty() => WireMessage::plain("user", text),
        Message::User { text, images } => {
            let text_part = (!text.is_empty()).then_some(ContentPart::Text { text });
            let images =
                images.iter().map(|image| ContentPart::ImageUrl { image_url: ImageUrl { url: image.data_url() } });
            let parts = text_part.into_iter().chain(images).collect();
            WireMessage { content: Some(Content::Parts(parts)), ..WireMessage::plain("user", text) }
        }
        Message::Assistant { text, reasoning, tool_calls, provider_data: _ } => WireMessage {
            // Some servers refuse an empty text beside tool calls, others a missing one without them.
            content: (!text.is_empty() || tool_calls.is_empty()).then_some(Content::Text(Cow::Borrowed(text.as_str()))),
            reasoning_content: dialect.sends_reasoning_back.then_some(reasoning.as_str()),
            tool_calls: tool_calls.iter().map(wire_call).collect(),
            ..WireMessage::plain("assistant", text)
        },
        Message::ToolResult { tool_call_id, name: _, text, failed } => WireMessage {
            // The wire has no field for failure, so the text has to say it.
            content: Some(Content::Text(if *failed {
                Cow::Owned(format!("Error: {text}"))
            } else {
                Cow::Borrowed(text.as_str())
            })),
            tool_call_id: Some(tool_call_id),
            ..WireMessage::plain("tool", text)
        },
    }
}

fn wire_call(call: &ToolCallRequest) -> WireCall<'_> {
    WireCall {
        id: &call.id,
        r#type: "function",
        function: WireCallFunction { name: &call.name, arguments: sendable(&call.arguments) },
    }
}

fn wire_tool(tool: &ToolSpec) -> WireTool<'_> {
    let function = WireToolFunction { name: &tool.name, description: &tool.description, parameters: &tool.schema };
    WireTool { r#type: "function", function }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::Image;

    const COMPATIBLE: Dialect = Dialect { sends_reasoning_back: false, is_openai: false, switches_thinking: false };
    const DEEPSEEK: Dialect = Dialect { sends_reasoning_back: true, is_openai: false, switches_thinking: true };

    fn tool(name: &str) -> ToolSpec {
        ToolSpec { name: name.into(), description: "does".into(), schema: json!({"type": "object"}) }
    }

    fn conversation() -> ModelRequest {
        let call = ToolCallRequest { id: "c1".into(), name: "list".into(), arguments: "{}".into() };
        ModelRequest {
            model: "m".into(),
            system: "be brief".into(),
            messages: vec![
                Message::user("hi"),
                Message::assistant("", "so", vec![call]),
                Message::ToolResult { tool_call_id: "c1".into(), name: "list".into(), text: "a".into(), failed: false },
                Message::assistant("done", "", vec![]),
            ],
            tools: vec![tool("read"), tool("list")],
            ..ModelRequest::default()
        }
    }

    fn text(request: &ModelRequest, dialect: Dialect) -> String {
        String::from_utf8(body(request, dialect)).unwrap()
    }

    #[test]
    fn a_conversation_is_these_bytes() {
        assert_eq!(
            text(&conversation(), COMPATIBLE),
            concat!(
                r#"{"model":"m","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"},"#,
                r#"{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"list","arguments":"{}"}}]},"#,
                r#"{"role":"tool","content":"a","tool_call_id":"c1"},{"role":"assistant","content":"done"}],"#,
                r#""tools":[{"type":"function","function":{"name":"list","description":"does","parameters":{"type":"object"}}},"#,
                r#"{"type":"function","function":{"name":"read","description":"does","parameters":{"type":"object"}}}],"#,
                r#""stream":true,"stream_options":{"include_usage":true}}"#
            )
        );
    }

    #[test]
    fn the_order_of_tools_changes_nothing() {
        let mut turned = conversation();
        turned.tools.reverse();
        assert_eq!(body(&turned, COMPATIBLE), body(&conversation(), COMPATIBLE));
    }

    #[test]
    fn a_longer_conversation_begins_with_the_bytes_of_the_shorter_one() {
        let mut shorter = conversation();
        shorter.messages.pop();
        let messages =
            |request: &ModelRequest| text(request, DEEPSEEK).split(r#"],"tools""#).next().unwrap().to_owned();
        assert!(messages(&conversation()).starts_with(&messages(&shorter)));
    }

    #[test]
    fn reasoning_goes_back_on_every_assistant_message_even_empty() {
        let text = text(&conversation(), DEEPSEEK);
        assert!(text.contains(r#""content":null,"reasoning_content":"so","tool_calls""#), "{text}");
        assert!(text.contains(r#""content":"done","reasoning_content":"""#), "{text}");
    }

    #[test]
    fn the_limit_has_the_name_that_the_server_knows() {
        let mut request = conversation();
        request.max_output_tokens = Some(7);
        assert!(text(&request, COMPATIBLE).contains(r#""max_tokens":7"#));
        let newer = Dialect { is_openai: true, ..COMPATIBLE };
        assert!(text(&request, newer).contains(r#""max_completion_tokens":7"#));
    }

    #[test]
    fn the_two_known_hosts_are_recognised_under_any_name() {
        let dialect = |url: &str| {
            let settings = ProviderSettings::compatible("mine", url, None);
            Dialect::of(&settings, &settings.url().unwrap())
        };
        assert_eq!(dialect("https://api.deepseek.com/beta"), DEEPSEEK);
        assert_eq!(dialect("http://127.0.0.1:8080/v1"), COMPATIBLE);
        assert!(dialect("https://api.openai.com/v1").is_openai);
    }

    #[test]
    fn a_call_that_may_only_answer_keeps_its_tools_so_that_the_prompt_stays_the_same() {
        let closing = ModelRequest { answer_only: true, ..conversation() };
        let (open, closed) = (text(&conversation(), COMPATIBLE), text(&closing, COMPATIBLE));
        assert_eq!(closed.replace(r#","tool_choice":"none""#, ""), open);
    }

    #[test]
    fn effort_is_asked_of_models_that_reason_in_the_words_of_the_server() {
        let mut request = ModelRequest { effort: Some(Effort::High), ..conversation() };
        assert!(!text(&request, COMPATIBLE).contains("effort"));
        request.info.reasoning = Some(true);
        assert!(text(&request, COMPATIBLE).contains(r#""reasoning_effort":"high""#));
        assert!(text(&request, DEEPSEEK).contains(r#""thinking":{"type":"enabled"}"#));
    }

    #[test]
    fn an_image_is_a_part_of_the_message() {
        let image = Image { name: "cat.png".into(), media_type: "image/png".into(), base64: "AAAA".into() };
        let message = Message::User { text: "look".into(), images: vec![image] };
        let request = ModelRequest { messages: vec![message], ..ModelRequest::default() };
        let parts =
            r#"[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]"#;
        assert!(text(&request, COMPATIBLE).contains(parts));
    }

    #[test]
    fn a_result_that_failed_says_so() {
        let failed =
            Message::ToolResult { tool_call_id: "c".into(), name: "n".into(), text: "no".into(), failed: true };
        let request = ModelRequest { messages: vec![failed], ..ModelRequest::default() };
        assert!(text(&request, COMPATIBLE).contains(r#""content":"Error: no""#));
    }
}
