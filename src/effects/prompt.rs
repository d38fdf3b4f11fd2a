//! What a model is asked: instructions, the conversation, the tools. The same bytes for the same conversation, so that
//! providers' prefix caches hit.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use replay::ids::StreamId;

use super::{Effects, bodies::Bodies, workflows::may_start};
use crate::{
    entities::{
        attachment::Attachment,
        body::{BlobRef, Body, head},
        chat::{prompt::Part, state::About},
    },
    models::{Effort, Image, Message, ModelRequest, Resolved, ToolCallRequest, ToolSpec},
};

/// What stands before a summary.
const SUMMARY: &str = "[To save room, what was said so far was replaced by this summary, which you wrote. Go on from it; \
                       read files again where you need their text.]";
/// How much of an attached text a model is shown, in bytes of UTF-8.
const LONGEST_ATTACHED: usize = 256 * 1024;

/// What every agent is told.
const INSTRUCTIONS: &str = include_str!("agents/default.md");

impl Effects {
    /// The request for these parts of a conversation. The tools go with one that may call none too, so that its prompt begins
    /// as those before it did.
    pub(super) async fn request(
        &self,
        stream: &StreamId,
        parts: Vec<Part>,
        model: &Resolved,
        project: &str,
        about: &About,
    ) -> ModelRequest {
        let mut messages = Vec::with_capacity(parts.len());
        for part in parts {
            messages.push(self.bodies.message(stream, part, model).await);
        }
        let tool = |tool: crate::tools::ToolDescription| ToolSpec {
            name: tool.name,
            description: tool.description,
            schema: tool.parameters,
        };
        // One that is known to call no tools refuses a request that names some.
        let mut tools = match model.info.tools {
            Some(false) => vec![],
            Some(true) | None if may_start(about) => self.toolbox.descriptions(),
            Some(true) | None => self.toolbox.descriptions_of_a_step(),
        };
        let mut system = INSTRUCTIONS.replace("{project}", project);
        let mut effort = self.providers.effort();
        if let Some(brief) = &about.brief {
            tools.retain(|tool| brief.admits(&tool.name));
            if let Some(more) = &brief.instructions {
                system.push_str("\n\n");
                system.push_str(&self.bodies.read(stream, more).await);
            }
            effort = brief.effort.as_deref().and_then(Effort::of).or(effort);
        }
        ModelRequest {
            model: model.name.clone(),
            system,
            messages,
            tools: tools.into_iter().map(tool).collect(),
            effort,
            info: model.info.clone(),
            ..ModelRequest::default()
        }
    }
}

impl Bodies {
    async fn message(&self, stream: &StreamId, part: Part, model: &Resolved) -> Message {
        match part {
            Part::User { text, attachments } => {
                let (mut text, mut images) = (self.read(stream, &text).await, vec![]);
                for attachment in attachments {
                    match self.seen(&attachment, model).await {
                        Some(image) => images.push(image),
                        None => text.push_str(&self.attached(stream, &attachment).await),
                    }
                }
                Message::User { text, images }
            }
            Part::Summary(text) => Message::user(format!("{SUMMARY}\n\n{}", self.read(stream, &text).await)),
            Part::Assistant { reasoning, text, tools, provider_data } => {
                let mut tool_calls = vec![];
                for tool in tools {
                    let arguments = self.read(stream, &tool.arguments).await;
                    tool_calls.push(ToolCallRequest {
                        id: tool.id.to_string(),
                        name: tool.name.to_string(),
                        arguments,
                    });
                }
                let provider_data = match provider_data.filter(|data| *data.provider == *model.provider) {
                    // What was lost with its blob is left out: the answer itself is still there.
                    Some(data) => serde_json::from_str(&self.read(stream, &data.data).await).ok(),
                    None => None,
                };
                let (text, reasoning) = (self.read(stream, &text).await, self.read(stream, &reasoning).await);
                Message::Assistant { text, reasoning, tool_calls, provider_data }
            }
            Part::Tool { id, name, output, note, failed } => {
                let mut text = self.read(stream, &output).await;
                if let Some(note) = note {
                    text.push_str("\n\n");
                    text.push_str(note);
                }
                Message::ToolResult { tool_call_id: id.to_string(), name: name.to_string(), text, failed }
            }
        }
    }

    /// An image that the model sees; `None` for what is none, or is not there any more.
    async fn seen(&self, attachment: &Attachment, model: &Resolved) -> Option<Image> {
        let sees = attachment.is_image() && model.info.images == Some(true);
        let bytes = if sees { self.bytes(&attachment.blob).await } else { None };
        let (name, media_type) = (attachment.name.to_string(), attachment.media_type.to_string());
        Some(Image { name, media_type, base64: STANDARD.encode(bytes?) })
    }

    /// A file that goes with a message, as text. An image that the model cannot be shown is named.
    async fn attached(&self, stream: &StreamId, attachment: &Attachment) -> String {
        let Attachment { blob, bytes, media_type, name } = attachment;
        if attachment.is_image() {
            return format!("\n\n[The user attached the image `{name}` ({media_type}), which you cannot see here.]");
        }
        let (blob, media_type) = (blob.clone(), media_type.clone());
        let text = self.read(stream, &Body::Blob(BlobRef { blob, bytes: *bytes, media_type, head: "".into() })).await;
        let shown = head(&text, LONGEST_ATTACHED);
        let cut = if shown.len() < text.len() {
            format!("\n[These are the first {} of {bytes} bytes.]", shown.len())
        } else {
            String::new()
        };
        format!("\n\n<attached_file name={name:?}>\n{shown}{cut}\n</attached_file>")
    }
}
