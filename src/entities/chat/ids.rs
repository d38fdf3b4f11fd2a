//! The ids of calls, given by us: turn and ordinal, `3.1`; of tool calls, call and index, `3.1.0`.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! dotted {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident),+ } $pattern:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String", extend("pattern" = $pattern))]
        pub struct $name {
            $($(#[$field_doc])* pub $field: u32),+
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let parts = [$(self.$field.to_string()),+];
                f.write_str(&parts.join("."))
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let mut parts = text.split('.').map(|part| part.parse::<u32>().map_err(|_| BadId(text.into())));
                let id = Self { $($field: parts.next().ok_or_else(|| BadId(text.into()))??),+ };
                if parts.next().is_some() { Err(BadId(text.into())) } else { Ok(id) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;

            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

/// A text that is no id of a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of a call: numbers with dots between, as 3.1")]
pub struct BadId(String);

dotted! {
    /// A model call: the turn, and its ordinal within the turn, both from 1.
    CallId {
        /// The turn.
        turn,
        /// The ordinal.
        ordinal
    } r"^\d+\.\d+$"
}

dotted! {
    /// A tool call: the model call that asked for it, and its index there, from 0.
    ToolCallId {
        /// The turn.
        turn,
        /// The ordinal of the model call.
        ordinal,
        /// The index.
        index
    } r"^\d+\.\d+\.\d+$"
}

impl CallId {
    /// The call after this one in the same turn.
    #[must_use]
    pub fn next(self) -> Self {
        Self { turn: self.turn, ordinal: self.ordinal.saturating_add(1) }
    }

    /// The tool call of this index.
    pub fn tool(self, index: u32) -> ToolCallId {
        ToolCallId { turn: self.turn, ordinal: self.ordinal, index }
    }
}

impl ToolCallId {
    /// The model call that asked for it.
    pub fn call(self) -> CallId {
        CallId { turn: self.turn, ordinal: self.ordinal }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_with_dots() {
        let call = CallId { turn: 3, ordinal: 1 };
        assert_eq!(serde_json::to_string(&call.tool(0)).unwrap(), r#""3.1.0""#);
        assert_eq!("3.1.0".parse::<ToolCallId>().unwrap().call(), call);
        for bad in ["", "3", "3.x", "3.1.0", "3..1"] {
            assert!(bad.parse::<CallId>().is_err(), "{bad}");
        }
    }
}
