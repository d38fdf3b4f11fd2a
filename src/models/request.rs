//! What a model is asked: provider-neutral, complete, and the same bytes for the same conversation.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ModelInfo;

/// One question to a model: everything it is to know, since models remember nothing between calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelRequest {
    /// The model's name on the wire, without the provider: `deepseek-chat`.
    pub model: String,
    /// The system prompt; empty means none.
    #[serde(default)]
    pub system: String,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// The tools that the model may call. Their order does not matter: they are sent sorted by name.
    #[serde(default)]
    pub tools: Vec<ToolSpec>,
    /// The most tokens that the answer may have, reasoning included; `None` leaves it to the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// The tools stand there so that the prompt stays the same, but none may be called.
    #[serde(default)]
    pub answer_only: bool,
    /// How much the model is to reason, where it reasons at all; `None` leaves it to the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
    /// What is known of the model, so that nothing is asked that it cannot do.
    #[serde(default)]
    pub info: ModelInfo,
    /// What the answer is for.
    #[serde(default, skip_serializing_if = "Purpose::is_answer")]
    pub purpose: Purpose,
}

/// How much a model is to reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Little.
    Low,
    /// As much as is usual.
    Medium,
    /// Much.
    High,
}

impl Effort {
    /// The one of a name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High].into_iter().find(|effort| effort.name() == name)
    }

    /// Its name, as most wires have it too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// How many tokens that is, for models that want a number.
    pub fn tokens(self) -> u32 {
        match self {
            Self::Low => 2_048,
            Self::Medium => 8_192,
            Self::High => 24_576,
        }
    }
}

/// What an answer is for. No provider is told; the offline model, which understands nothing, answers accordingly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The conversation itself.
    #[default]
    Answer,
    /// A title for it.
    Title,
    /// A summary in the place of it.
    Summary,
}

impl Purpose {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    fn is_answer(&self) -> bool {
        *self == Self::Answer
    }
}

/// One entry of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    /// What a person wrote.
    User {
        /// The message as it was written.
        text: String,
        /// The images that go with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        images: Vec<Image>,
    },
    /// What the model answered in an earlier call.
    Assistant {
        /// The answer's text; empty when it only called tools.
        #[serde(default)]
        text: String,
        /// The model's reasoning. Some providers refuse later calls that do not bring it back, so it is never dropped.
        #[serde(default)]
        reasoning: String,
        /// The tools that it called, in order.
        #[serde(default)]
        tool_calls: Vec<ToolCallRequest>,
        /// What this same provider gave with the answer and wants back; `None` where another one answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider_data: Option<Value>,
    },
    /// What a tool answered.
    ToolResult {
        /// The provider's id of the call that this answers.
        tool_call_id: String,
        /// The tool's name.
        name: String,
        /// What the tool wrote, or why it failed.
        text: String,
        /// Whether the tool failed.
        #[serde(default)]
        failed: bool,
    },
}

/// An image that goes with a message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// What it is called.
    pub name: String,
    /// Its media type: `image/png`, `image/jpeg`, `image/gif` or `image/webp`.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Its bytes, in base64.
    pub base64: String,
}

/// A tool call as the model wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolCallRequest {
    /// The provider's id of the call.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments: JSON if the model kept to the schema, which is not certain.
    pub arguments: String,
}

/// A tool that a model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolSpec {
    /// The name by which the model calls it.
    pub name: String,
    /// What it does, for the model to read.
    pub description: String,
    /// The JSON Schema of its arguments, an object.
    pub schema: Value,
}

/// What an image counts for, in characters: about 1,500 tokens, whatever its size in bytes.
const IMAGE: u64 = 6_000;

impl Image {
    /// The image as an address that holds it.
    pub fn data_url(&self) -> String {
        format!("data:{};base64,{}", self.media_type, self.base64)
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image").field("name", &self.name).field("type", &self.media_type).finish_non_exhaustive()
    }
}

impl Message {
    /// A person's message.
    pub fn user(text: impl Into<String>) -> Self {
        Self::User { text: text.into(), images: Vec::new() }
    }

    /// What the model answered, without anything that only its provider understands.
    pub fn assistant(text: impl Into<String>, reasoning: impl Into<String>, tool_calls: Vec<ToolCallRequest>) -> Self {
        Self::Assistant { text: text.into(), reasoning: reasoning.into(), tool_calls, provider_data: None }
    }

    /// How many characters of the prompt this message takes up, ids and names included.
    pub fn characters(&self) -> u64 {
        let count = |text: &str| u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        match self {
            Self::User { text, images } => count(text).saturating_add(IMAGE * images.len() as u64),
            Self::Assistant { text, reasoning, tool_calls, .. } => tool_calls
                .iter()
                .map(|call| count(&call.id) + count(&call.name) + count(&call.arguments))
                .fold(count(text) + count(reasoning), u64::saturating_add),
            Self::ToolResult { tool_call_id, name, text, .. } => count(tool_call_id) + count(name) + count(text),
        }
    }
}

impl ToolSpec {
    /// How many characters of the prompt this tool takes up.
    pub fn characters(&self) -> u64 {
        let length =
            self.name.chars().count() + self.description.chars().count() + self.schema.to_string().chars().count();
        u64::try_from(length).unwrap_or(u64::MAX)
    }
}

impl ModelRequest {
    /// The tools in the order in which they are sent.
    pub fn sorted_tools(&self) -> Vec<&ToolSpec> {
        let mut tools: Vec<&ToolSpec> = self.tools.iter().collect();
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        tools
    }

    /// The text of the last message that a person wrote, and how many messages follow it.
    pub fn last_user_message(&self) -> Option<(&str, &[Message])> {
        self.messages.iter().enumerate().rev().find_map(|(at, message)| match message {
            Message::User { text, .. } => Some((text.as_str(), &self.messages[at + 1..])),
            Message::Assistant { .. } | Message::ToolResult { .. } => None,
        })
    }

    /// How many tool calls the conversation already has: the first free number for a call that comes without an id.
    pub fn tool_calls_so_far(&self) -> usize {
        let calls = |message: &Message| match message {
            Message::Assistant { tool_calls, .. } => tool_calls.len(),
            Message::User { .. } | Message::ToolResult { .. } => 0,
        };
        self.messages.iter().map(calls).sum()
    }

    /// The prompt's size by the rule of thumb that four characters are one token, each part rounded up.
    pub fn estimated_tokens(&self) -> u64 {
        self.estimated_tokens_of(&self.messages)
    }

    /// The same for a prompt that ends after some of the messages.
    pub fn estimated_tokens_of(&self, messages: &[Message]) -> u64 {
        let system = tokens(u64::try_from(self.system.chars().count()).unwrap_or(u64::MAX));
        let tools: u64 = self.tools.iter().map(|tool| tokens(tool.characters())).sum();
        let history: u64 = messages.iter().map(|message| tokens(message.characters())).sum();
        system + tools + history
    }
}

/// How many tokens so many characters are, by the rule of thumb that four are one, rounded up.
pub fn tokens(characters: u64) -> u64 {
    characters.div_ceil(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_user_message_comes_with_what_follows_it() {
        let answer = Message::assistant("hm", "", vec![]);
        let request = ModelRequest {
            messages: vec![Message::user("one"), answer.clone(), Message::user("two"), answer.clone()],
            ..ModelRequest::default()
        };
        assert_eq!(request.last_user_message(), Some(("two", &[answer][..])));
    }

    #[test]
    fn a_prompt_is_measured_part_by_part_and_rounded_up() {
        let request = ModelRequest {
            system: "12345".into(),
            messages: vec![Message::user("123"), Message::user("")],
            ..ModelRequest::default()
        };
        assert_eq!(request.estimated_tokens(), 2 + 1);
    }

    #[test]
    fn a_message_reads_as_it_was_written() {
        let message =
            Message::ToolResult { tool_call_id: "c".into(), name: "n".into(), text: "t".into(), failed: true };
        let json = serde_json::to_value(&message).unwrap();
        assert_eq!(json["role"], "tool_result");
        assert_eq!(serde_json::from_value::<Message>(json).unwrap(), message);
    }
}
