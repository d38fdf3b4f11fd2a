//! The summary that the offline model gives of a conversation: what was asked, and which tools ran.

use super::play::Beat;
use crate::models::{Message, ModelRequest};

/// How much of a message is kept, in characters.
const SHOWN: usize = 400;

/// The whole answer; the same for the same request.
pub fn summary(request: &ModelRequest) -> Vec<Beat> {
    // The last message asks for the summary.
    let past = &request.messages[..request.messages.len().saturating_sub(1)];
    let lines = past.iter().flat_map(|message| match message {
        Message::User { text, .. } => vec![format!("- asked: {}", start(text))],
        Message::Assistant { tool_calls, .. } => {
            tool_calls.iter().map(|call| format!("- called {} {}", call.name, start(&call.arguments))).collect()
        }
        Message::ToolResult { .. } => vec![],
    });
    let lines: Vec<String> = lines.collect();
    vec![Beat::Text(format!("Summary by the offline model, which understands nothing:\n\n{}", lines.join("\n")))]
}

fn start(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::ToolCallRequest;

    #[test]
    fn a_summary_names_what_was_asked_and_called() {
        let tool_calls = vec![ToolCallRequest { id: "1".into(), name: "read_file".into(), arguments: "{}".into() }];
        let messages = vec![
            Message::user("Where\nis it?"),
            Message::Assistant { text: "Here.".into(), reasoning: String::new(), tool_calls, provider_data: None },
            Message::user("Sum up."),
        ];
        let [Beat::Text(text)] = &summary(&ModelRequest { messages, ..ModelRequest::default() })[..] else { panic!() };
        assert!(text.ends_with("- asked: Where is it?\n- called read_file {}"), "{text}");
    }
}
