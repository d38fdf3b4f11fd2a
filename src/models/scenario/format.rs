//! The format of a scenario file, as types that its JSON Schema is made from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::models::{ErrorKind, Purpose, Stop};

/// A scenario: rules, the first that fits answers. Where none fits, the offline model answers as it always does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// For editors that check the file; not read.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// How many words are written in a second; 0 writes without pause. Without it, the pace the server was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words_per_second: Option<u32>,
    /// The rules, tried in order at each call.
    pub rules: Vec<Rule>,
}

/// One rule: when it fits, and what is answered then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// When it fits: all that is given must hold; nothing given fits always.
    #[serde(default)]
    pub when: When,
    /// What is answered, in order.
    pub then: Vec<Step>,
}

/// Conditions on a call; all that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The last user message contains this, capitals or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// The last user message matches this regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// It is this call of the turn, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u32>,
    /// Whether tools have answered in this turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_tool_result: Option<bool>,
    /// The last tool result contains this, capitals or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_result_contains: Option<String>,
    /// The system prompt contains this, capitals or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_contains: Option<String>,
    /// What the answer is for; an answer of the conversation where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// The rule fits the very same request at most so many times, then the next rules are tried: a call that fails
    /// once and then succeeds. Counted in memory; a restart of the server counts anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// One thing to do while answering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Writes text.
    Text(String),
    /// Writes reasoning.
    Reasoning(String),
    /// Writes a text several times; `{n}` in it is the number of the repetition, from 1.
    Repeat(Repeat),
    /// Calls tools. Calls are sent together at the end of the answer.
    ToolCalls(Vec<ToolCallStep>),
    /// Says nothing for so many milliseconds.
    DelayMs(u64),
    /// Writes so many words in a second from here on; 0 writes without pause.
    WordsPerSecond(u32),
    /// Reports this usage instead of what was counted.
    Usage(UsageStep),
    /// Stops for this reason instead of the one that follows from the tool calls.
    Stop(Stop),
    /// Ends with an error; the last step.
    Error(Fault),
    /// Breaks off without an end, as a connection that is cut; the last step.
    BreakOff(Break),
}

/// A text to be written several times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// The text; `{n}` in it is the number of the repetition.
    pub text: String,
    /// How often, at most 100,000 times.
    pub times: u32,
}

/// A tool call to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolCallStep {
    /// The tool's name.
    pub name: String,
    /// The arguments: an object, or a text that is sent as it stands, valid JSON or not.
    #[serde(default = "no_arguments")]
    pub arguments: Value,
    /// The provider's id of the call; made up where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// What the call is said to have cost, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageStep {
    /// All of the prompt.
    pub input: u64,
    /// All of the answer.
    pub output: u64,
    /// The part of `output` that was reasoning.
    #[serde(default)]
    pub reasoning: u64,
    /// The part of `input` read from a cache.
    #[serde(default)]
    pub cache_read: u64,
    /// The part of `input` written to a cache.
    #[serde(default)]
    pub cache_write: u64,
}

/// An error to end with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The kind of error.
    pub kind: ErrorKind,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The HTTP status that it claims to come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it asks to wait before the next try, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// How an answer breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Break {
    /// The stream ends in the middle.
    Cut,
    /// Nothing more comes and the call counts as stalled.
    Stall,
}

fn no_arguments() -> Value {
    Value::Object(serde_json::Map::new())
}
