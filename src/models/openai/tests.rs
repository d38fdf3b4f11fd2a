//! What tests of answers begin with.

use std::sync::Arc;

use crate::models::ProviderSettings;
use crate::models::http::{Draft, Origin};
use crate::models::request::{Message, ModelRequest, ToolCallRequest};

/// An answer to `12345678` of which nothing has come yet, after so many tool calls.
pub fn draft(calls: usize) -> Draft {
    let settings = ProviderSettings::compatible("home", "http://127.0.0.1:1/v1", None);
    let url = settings.url().unwrap();
    let call = || ToolCallRequest { id: String::new(), name: String::new(), arguments: String::new() };
    let mut messages = vec![Message::user("12345678")];
    if calls > 0 {
        messages.push(Message::assistant("", "", (0..calls).map(|_| call()).collect()));
    }
    let request = ModelRequest { model: "m".into(), messages, ..ModelRequest::default() };
    Draft::new(Arc::new(Origin::new(&settings, url, "/v1")), &request)
}
