//! Tools with bugs: whatever breaks inside them is a failed call that the model is told of, and the turn goes on.

use std::sync::Arc;

use reenact::tools::{Running, Tool, ToolClass, ToolContext, Toolbox};
use reqwest::Method;
use serde_json::{Value, json};

use crate::served::serve_with_tools;

/// Where a tool panics.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Once,
    Later,
    InItsClass,
}

/// A tool that panics.
struct Panics(&'static str, At);

impl Tool for Panics {
    fn name(&self) -> &str {
        self.0
    }

    fn description(&self) -> &'static str {
        "Panics."
    }

    fn parameters(&self) -> Value {
        json!({"type": "object", "properties": {}, "additionalProperties": false})
    }

    fn class(&self) -> ToolClass {
        assert!(self.1 != At::InItsClass, "the tool panics, as the test wants");
        ToolClass::Reading
    }

    fn run<'a>(&'a self, _: Value, _: &'a ToolContext) -> Running<'a> {
        assert!(self.1 != At::Once, "the tool panics, as the test wants");
        Box::pin(async {
            tokio::task::yield_now().await;
            panic!("the tool panics, as the test wants")
        })
    }
}

#[actix_web::test]
async fn a_tool_that_panics_has_failed_and_the_turn_goes_on() {
    let tools = [("now", At::Once), ("later", At::Later), ("class", At::InItsClass)];
    let toolbox: Toolbox = tools.iter().map(|(name, at)| Arc::new(Panics(name, *at)) as Arc<dyn Tool>).collect();
    let calls: Vec<Value> = ["now", "later"].map(|name| json!({"name": name, "arguments": {}})).into();
    let scenario = json!({"rules": [
        {"when": {"contains": "class", "has_tool_result": false}, "then": [{"tool_calls": [{"name": "class", "arguments": {}}]}]},
        {"when": {"has_tool_result": false}, "then": [{"tool_calls": calls}]},
        {"then": [{"text": "They broke."}]},
    ]});
    let served = serve_with_tools(&scenario.to_string(), toolbox).await;
    let chat = served.chat().await;
    let mut socket = served.socket().await;
    socket.send(json!({"op": "subscribe", "sub": 1, "stream": format!("chat/{chat}"), "view": false})).await;
    let say = |text: &str| {
        let body = json!({"text": text});
        served.send(&Method::POST, &format!("/api/chats/{chat}/messages"), &body)
    };
    say("go").await;
    let heard = socket.until(|frame| frame["type"] == "TurnFinished").await;
    assert_eq!(heard.last().unwrap()["data"]["outcome"]["kind"], "answered", "{heard:?}");
    let ended: Vec<_> = heard.iter().filter(|frame| frame["type"] == "ToolFinished").collect();
    assert_eq!(ended.len(), 2);
    for frame in ended {
        assert_eq!(frame["data"]["outcome"], "failed", "{frame}");
        assert!(frame["data"]["output"].as_str().unwrap().contains("as the test wants"), "{frame}");
    }
    // What panics while the answer of the model is read ends that call, and nothing else.
    say("class").await;
    let heard = socket.until(|frame| frame["type"] == "TurnFinished").await;
    assert_eq!(heard.last().unwrap()["data"]["outcome"]["kind"], "failed", "{heard:?}");
    say("go").await;
    socket.until(|frame| frame["type"] == "TurnFinished").await;
    served.stop().await;
}
