//! Prompts are kept byte for byte: over ten turns with tools, each request begins with the one before, on every wire, so
//! that the providers' prefix caches hit. Once for the wires alone, and once through the whole server, which is killed in
//! the middle.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reenact::models::{
    ApiKey, Image, Message, ModelInfo, ModelRequest, ProviderSettings, Providers, ProvidersSettings, SetKey,
    ToolCallRequest, Wire,
};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use crate::{
    asking::{ask, question},
    process::Ground,
};

/// The beginning of a picture, which is all that anybody looks at here.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// What of a request is the prompt: everything that comes before the conversation, and the conversation.
#[derive(Deserialize)]
struct Prompt {
    #[serde(default, alias = "systemInstruction")]
    system: Option<Box<RawValue>>,
    tools: Box<RawValue>,
    #[serde(alias = "contents")]
    messages: Box<RawValue>,
}

/// A conversation of ten turns: each has an image in its question at first, two tool calls, one that fails, and an answer.
fn turns() -> Vec<Message> {
    let image = Image { name: "plan.png".into(), media_type: "image/png".into(), base64: "iVBORw0KGgo=".into() };
    let call = |turn: usize, index: usize| ToolCallRequest {
        id: format!("call_{turn}_{index}"),
        name: "read_file".into(),
        arguments: format!(r#"{{"path": "{turn}.rs", "b": 1, "a": {index}}}"#),
    };
    let signed = |turn: usize| match turn % 3 {
        0 => Some(
            json!([{"thinking": {"bytes": 4, "signature": "sig"}}, {"text": {"bytes": 5}}, {"tool": {}}, {"tool": {}}]),
        ),
        1 => Some(json!([{"text": {"bytes": 5}}, {"call": {"named": true, "signature": "sig"}}, {"call": {}}])),
        _ => None,
    };
    (0..10)
        .flat_map(|turn| {
            let images = if turn == 0 { vec![image.clone()] } else { vec![] };
            let result = |index: usize, failed: bool| Message::ToolResult {
                tool_call_id: format!("call_{turn}_{index}"),
                name: "read_file".into(),
                text: format!("Lines of {turn}, öäü\n\"quoted\""),
                failed,
            };
            [
                Message::User { text: format!("Question {turn}?"), images },
                Message::Assistant {
                    text: "Look.".into(),
                    reasoning: "Hmm.".into(),
                    tool_calls: vec![call(turn, 0), call(turn, 1)],
                    provider_data: signed(turn),
                },
                result(0, false),
                result(1, true),
                Message::assistant(format!("Answer {turn}."), "", vec![]),
            ]
        })
        .collect()
}

#[tokio::test]
async fn each_of_ten_turns_begins_with_the_bytes_of_the_one_before() {
    let key = || SetKey::new(ApiKey::new("k"), "here");
    for (wire, model) in [
        (Wire::OpenAi, "gpt-6-sol"),
        (Wire::OpenAi, "deepseek-flash"),
        (Wire::Anthropic, "claude-sonnet-5-5"),
        (Wire::Anthropic, "claude-haiku-4-5"),
        (Wire::Gemini, "gemini-3.8-flash"),
        (Wire::Gemini, "gemini-2.5-pro"),
        (Wire::Ollama, "qwen3"),
    ] {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(500)).mount(&server).await;
        let provider = ProviderSettings {
            wire,
            key: key(),
            sends_reasoning_back: model.starts_with("deepseek"),
            models: vec![ModelInfo { images: Some(true), ..ModelInfo::named(model) }],
            ..ProviderSettings::compatible("home", server.uri(), None)
        };
        let settings = ProvidersSettings { providers: vec![provider], ..ProvidersSettings::default() };
        let providers = Providers::new(settings).unwrap();
        let conversation = turns();
        // A model is asked after each question, and after each pair of results.
        let asked = conversation.iter().enumerate().filter(|(at, message)| {
            let next = conversation.get(at + 1);
            !matches!(message, Message::Assistant { .. }) && matches!(next, Some(Message::Assistant { .. }))
        });
        for (at, _) in asked {
            let mut request = ModelRequest { messages: conversation[..=at].to_vec(), ..question("") };
            // Neither the order of the tools nor a call that may only answer changes what came before.
            if at % 2 == 0 {
                request.tools.reverse();
            }
            request.answer_only = at % 3 == 0;
            ask(&providers, &format!("home/{model}"), request).await;
        }
        let requests = server.received_requests().await.unwrap();
        assert_eq!(requests.len(), 20);
        let bodies: Vec<Vec<u8>> = requests.into_iter().map(|request| request.body).collect();
        each_begins_with_the_one_before(model, &bodies);
    }
}

#[track_caller]
fn each_begins_with_the_one_before(model: &str, bodies: &[Vec<u8>]) {
    let mut before: Option<(String, String)> = None;
    for body in bodies {
        let body = String::from_utf8(body.clone()).unwrap();
        // The marks are where Anthropic caches; they are no part of what is cached.
        let body = body.replace(r#","cache_control":{"type":"ephemeral"}"#, "");
        let prompt: Prompt = serde_json::from_str(&body).unwrap();
        let head =
            format!("{}{}", prompt.system.map_or_else(String::new, |system| system.get().to_owned()), prompt.tools);
        let messages = prompt.messages.get().trim_end_matches(']').to_owned();
        if let Some((head_before, messages_before)) = &before {
            assert_eq!(head_before, &head, "{model}: instructions or tools have changed");
            assert!(messages.starts_with(messages_before.as_str()), "{model}:\n{messages_before}\n{messages}");
            assert!(messages.len() > messages_before.len());
        }
        before = Some((head, messages));
    }
}

/// What a provider answers: a tool call first, and once the tool has answered, a text. Both are signed where the wire signs.
fn answer(wire: Wire, request: &Request) -> ResponseTemplate {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let messages = body.get("messages").or_else(|| body.get("contents")).unwrap().as_array().unwrap();
    let (at, last) = (messages.len(), messages.last().unwrap());
    let answered = match wire {
        Wire::OpenAi | Wire::Ollama => last["role"] == "tool",
        Wire::Anthropic => last["content"][0]["type"] == "tool_result",
        Wire::Gemini => last["parts"][0]["functionResponse"].is_object(),
    };
    let path = json!({"path": "README.md"});
    let events: Vec<Value> = match (wire, answered) {
        (Wire::OpenAi | Wire::Ollama, false) => vec![json!({"choices": [{"delta": {"tool_calls": [{"index": 0,
            "id": format!("call_{at}"), "function": {"name": "read_file", "arguments": path.to_string()}}]},
            "finish_reason": "tool_calls"}]})],
        (Wire::OpenAi | Wire::Ollama, true) => {
            vec![json!({"choices": [{"delta": {"content": format!("Answer {at}.")}, "finish_reason": "stop"}]})]
        }
        (Wire::Anthropic, answered) => {
            let block = if answered {
                json!({"type": "text", "text": format!("Answer {at}.")})
            } else {
                json!({"type": "tool_use", "id": format!("toolu_{at}"), "name": "read_file", "input": path})
            };
            let thinking = json!({"type": "thinking", "thinking": "Hm.", "signature": format!("signed-{at}")});
            let usage = json!({"input_tokens": 9, "output_tokens": 5});
            vec![json!({"type": "message", "content": [thinking, block], "usage": usage,
                "stop_reason": if answered { "end_turn" } else { "tool_use" }})]
        }
        (Wire::Gemini, answered) => {
            let part = if answered {
                json!({"text": format!("Answer {at}."), "thoughtSignature": format!("signed-{at}")})
            } else {
                json!({"functionCall": {"name": "read_file", "args": path}, "thoughtSignature": format!("signed-{at}")})
            };
            vec![json!({"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]})]
        }
    };
    let stream: String = events.iter().map(|event| ["data: ", &event.to_string(), "\n\n"].concat()).collect();
    let end = if matches!(wire, Wire::OpenAi) { "data: [DONE]\n\n" } else { "" };
    ResponseTemplate::new(200).set_body_raw(stream + end, "text/event-stream")
}

#[tokio::test]
async fn ten_turns_through_the_server_begin_alike_and_signatures_come_back_after_a_kill() {
    let models = [
        (Wire::OpenAi, "gpt-6-sol"),
        (Wire::Anthropic, "claude-sonnet-5-5"),
        (Wire::Gemini, "gemini-3.8-flash"),
        (Wire::OpenAi, "blind"),
    ];
    let ground = Ground::new("");
    let (mut mocks, mut settings) = (vec![], String::new());
    for (at, (wire, _)) in models.into_iter().enumerate() {
        let mock = MockServer::start().await;
        Mock::given(any()).respond_with(move |request: &Request| answer(wire, request)).mount(&mock).await;
        let name = serde_json::to_string(&wire).unwrap();
        writeln!(settings, "[[providers]]\nid = \"p{at}\"\nwire = {name}\nbase_url = \"{}\"", mock.uri()).unwrap();
        mocks.push(mock);
    }
    std::fs::write(ground.data.path().join("reenact.toml"), settings).unwrap();

    let mut server = ground.serve();
    let (_, session) = server.desk(&ground).await;
    let mut chats = vec![];
    for (at, (_, model)) in models.iter().enumerate() {
        let chat = json!({"session": session, "model": format!("p{at}/{model}")});
        let (status, chat) = server.http("POST", "/api/chats", Some(chat)).await;
        assert!(status < 300, "{chat}");
        chats.push(chat["id"].as_str().unwrap().to_owned());
    }
    let (client, upload) = (reqwest::Client::new(), format!("{}/api/attachments", server.address));
    let stored = client.post(upload).bearer_auth(&server.key).header("content-type", "image/png").body(PNG);
    let stored: Value = stored.send().await.unwrap().json().await.unwrap();
    let picture =
        json!({"blob": stored["sha256"], "bytes": stored["bytes"], "type": stored["type"], "name": "dot.png"});
    for turn in 1..=10 {
        let mut socket = server.socket().await;
        for chat in &chats {
            let attachments = if turn == 1 { vec![&picture] } else { vec![] };
            let message = json!({"text": format!("Question {turn}?"), "attachments": attachments});
            let (status, posted) = server.http("POST", &format!("/api/chats/{chat}/messages"), Some(message)).await;
            assert!(status < 300, "{posted}");
            socket.subscribe(turn, &format!("chat/{chat}"), None).await;
            let over = |frame: &Value| frame["type"] == "TurnFinished" && frame["data"]["turn"] == turn;
            let over = socket.until(over).await;
            assert_eq!(over["data"]["outcome"]["kind"], "answered", "{over}");
            socket.send(json!({"op": "unsubscribe", "sub": turn})).await;
        }
        if turn == 5 {
            server.kill();
            server = ground.serve();
        }
    }
    for ((wire, model), mock) in models.into_iter().zip(mocks) {
        let requests = mock.received_requests().await.unwrap();
        let bodies: Vec<Vec<u8>> = requests
            .into_iter()
            .filter(|request| request.method.as_str() == "POST")
            .map(|request| request.body)
            // Those for titles are no part of the conversation.
            .filter(|body| !String::from_utf8_lossy(body).contains("give conversations their titles"))
            .collect();
        assert_eq!(bodies.len(), 20, "{model}");
        each_begins_with_the_one_before(model, &bodies);
        let last = String::from_utf8(bodies.last().unwrap().clone()).unwrap();
        let signed = last.matches("signed-").count();
        assert_eq!(signed, if wire == Wire::OpenAi { 0 } else { 19 }, "{model}: {last}");
        let (seen, told) =
            (last.contains(&STANDARD.encode(PNG)), last.contains("`dot.png` (image/png), which you cannot see"));
        assert_eq!((seen, told), if model == "blind" { (false, true) } else { (true, false) }, "{model}: {last}");
    }
}
