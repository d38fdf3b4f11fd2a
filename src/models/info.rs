//! What a model can do, as far as anybody has said.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A model, and what it can do. What is not known is absent, rather than guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelInfo {
    /// Its name, as it stands after the slash.
    pub id: String,
    /// How many tokens prompt and answer may have together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// How many tokens an answer may have, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output: Option<u64>,
    /// It sees images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<bool>,
    /// It calls tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<bool>,
    /// It reasons before it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<bool>,
}

impl ModelInfo {
    /// A model of which nothing but the name is known.
    pub fn named(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// The same model; what is not known here is taken from there.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            id: self.id,
            context_window: self.context_window.or(other.context_window),
            max_output: self.max_output.or(other.max_output),
            images: self.images.or(other.images),
            tools: self.tools.or(other.tools),
            reasoning: self.reasoning.or(other.reasoning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_first_holds_and_gaps_are_filled() {
        let said = ModelInfo { images: Some(false), ..ModelInfo::named("m") };
        let table = ModelInfo { images: Some(true), context_window: Some(9), ..ModelInfo::named("other") };
        let merged = ModelInfo { images: Some(false), context_window: Some(9), ..ModelInfo::named("m") };
        assert_eq!(said.or(&table), merged);
    }
}
