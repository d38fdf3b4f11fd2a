//! What a model answers, piece by piece.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A piece of an answer. A stream of them ends with exactly one [`Chunk::Finished`] or one error, and with nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Chunk {
    /// More of the answer's text, never empty.
    Text(String),
    /// More of the model's reasoning, never empty.
    Reasoning(String),
    /// A whole tool call. Calls come in the order of their index, after the text.
    ToolCall {
        /// The call's place among the calls of this answer, from 0.
        index: u32,
        /// The provider's id, never empty: made up from the conversation where the provider gave none.
        id: String,
        /// The tool's name.
        name: String,
        /// The arguments as the model wrote them, `{}` when it wrote none.
        arguments: String,
    },
    /// The answer is complete.
    Finished {
        /// Why the model stopped.
        stop: Stop,
        /// What the call cost.
        usage: Usage,
        /// What the provider gave with the answer and wants back with later ones: the signatures of its reasoning. Only
        /// the wire that gave it understands it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider_data: Option<Value>,
    },
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It said what it had to say.
    End,
    /// It wants tools to run and to be told what they answered.
    ToolCalls,
    /// It reached the limit of tokens; what it wrote is cut.
    Length,
    /// The provider withheld the answer or its rest.
    ContentFilter,
}

/// What a call cost, in tokens, counted the same way whichever provider answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// All of the prompt, cached or not.
    pub input: u64,
    /// All of the answer, reasoning included.
    pub output: u64,
    /// The part of `output` that was reasoning.
    #[serde(default)]
    pub reasoning: u64,
    /// The part of `input` that the provider read from its cache.
    #[serde(default)]
    pub cache_read: u64,
    /// The part of `input` that the provider wrote to its cache.
    #[serde(default)]
    pub cache_write: u64,
    /// Whether the numbers are ours, four characters to a token, because the provider gave none.
    #[serde(default)]
    pub estimated: bool,
    /// What the provider itself said, untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Value>,
}
