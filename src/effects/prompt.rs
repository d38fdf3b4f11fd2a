//! What a model is asked: instructions, the conversation, the tools. The same bytes for the same conversation, so that
//! providers' prefix caches hit.

use super::{Effects, bodies::Bodies};
use crate::{
    entities::{
        attachment::Attachment,
        body::{BlobRef, Body, head},
        chat::prompt::Part,
    },
    models::{Message, ModelRequest, ToolCallRequest, ToolSpec},
};

/// What stands before a summary.
const SUMMARY: &str = "[To save room, what was said so far was replaced by this summary, which you wrote. Go on from it; \
                       read files again where you need their text.]";
/// How much of an attached text a model is shown, in bytes of UTF-8.
const LONGEST_ATTACHED: usize = 256 * 1024;

/// What every agent is told.
const INSTRUCTIONS: &str = include_str!("agents/default.md");

impl Effects {
    /// The request for these parts of a conversation.
    pub(super) async fn request(
        &self,
        parts: Vec<Part>,
        model: String,
        project: &str,
        with_tools: bool,
    ) -> ModelRequest {
        let mut messages = Vec::with_capacity(parts.len());
        for part in parts {
            messages.push(self.bodies.message(part).await);
        }
        let tool = |tool: crate::tools::ToolDescription| ToolSpec {
            name: tool.name,
            description: tool.description,
            schema: tool.parameters,
        };
        let tools = if with_tools { self.toolbox.descriptions().into_iter().map(tool).collect() } else { vec![] };
        let system = INSTRUCTIONS.replace("{project}", project);
        ModelRequest { model, system, messages, tools, ..ModelRequest::default() }
    }
}

impl Bodies {
    async fn message(&self, part: Part) -> Message {
        match part {
            Part::User { text, attachments } => {
                let mut text = self.read(&text).await;
                for attachment in attachments {
                    text.push_str(&self.attached(&attachment).await);
                }
                Message::User { text }
            }
            Part::Summary(text) => Message::user(format!("{SUMMARY}\n\n{}", self.read(&text).await)),
            Part::Assistant { reasoning, text, tools } => {
                let mut tool_calls = vec![];
                for tool in tools {
                    let arguments = self.read(&tool.arguments).await;
                    tool_calls.push(ToolCallRequest {
                        id: tool.id.to_string(),
                        name: tool.name.to_string(),
                        arguments,
                    });
                }
                let (text, reasoning) = (self.read(&text).await, self.read(&reasoning).await);
                Message::Assistant { text, reasoning, tool_calls }
            }
            Part::Tool { id, name, output, note, failed } => {
                let mut text = self.read(&output).await;
                if let Some(note) = note {
                    text.push_str("\n\n");
                    text.push_str(note);
                }
                Message::ToolResult { tool_call_id: id.to_string(), name: name.to_string(), text, failed }
            }
        }
    }

    /// A file that goes with a message, as text. An image that the model cannot be shown is named.
    async fn attached(&self, attachment: &Attachment) -> String {
        let Attachment { blob, bytes, media_type, name } = attachment;
        if attachment.is_image() {
            return format!("\n\n[The user attached the image `{name}` ({media_type}), which you cannot see here.]");
        }
        let (blob, media_type) = (blob.clone(), media_type.clone());
        let text = self.read(&Body::Blob(BlobRef { blob, bytes: *bytes, media_type, head: "".into() })).await;
        let shown = head(&text, LONGEST_ATTACHED);
        let cut = if shown.len() < text.len() {
            format!("\n[These are the first {} of {bytes} bytes.]", shown.len())
        } else {
            String::new()
        };
        format!("\n\n<attached_file name={name:?}>\n{shown}{cut}\n</attached_file>")
    }
}
