//! What can go wrong between here and a model, in words for a person and in kinds for the rules.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a model could not answer, or not to the end.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize, JsonSchema)]
#[error("{message}")]
pub struct ModelError {
    /// What kind of trouble it is; decides whether trying again makes sense.
    pub kind: ErrorKind,
    /// What happened, where, and what to do, for a person to read.
    pub message: String,
    /// The HTTP status, if the provider answered with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long the provider asks to wait before the next try, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The provider's id: `openai`, `deepseek`, `offline`, or a name from the configuration.
    pub provider: String,
}

/// The kinds of trouble with a model; their names in JSON are stable codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The key is missing, wrong, or not allowed to do this.
    BadKey,
    /// The account has no credit or quota left.
    OutOfCredit,
    /// The provider refused the request as it is.
    BadRequest,
    /// There is no such provider or model.
    UnknownModel,
    /// The conversation is longer than the model can read.
    ContextTooLong,
    /// Too many requests or tokens for now.
    RateLimited,
    /// The provider failed or is too busy.
    Overloaded,
    /// No connection could be made.
    Unavailable,
    /// The answer began and broke off.
    BrokenStream,
    /// Nothing came for too long.
    Stalled,
    /// What came is not an answer of a language model.
    BadAnswer,
}

impl ErrorKind {
    /// The stable code, as in JSON: `rate_limited`.
    pub fn code(self) -> &'static str {
        match self {
            Self::BadKey => "bad_key",
            Self::OutOfCredit => "out_of_credit",
            Self::BadRequest => "bad_request",
            Self::UnknownModel => "unknown_model",
            Self::ContextTooLong => "context_too_long",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::BrokenStream => "broken_stream",
            Self::Stalled => "stalled",
            Self::BadAnswer => "bad_answer",
        }
    }

    /// Whether the same request may succeed later without anybody changing anything.
    pub fn worth_retry(self) -> bool {
        match self {
            Self::RateLimited | Self::Overloaded | Self::Unavailable | Self::BrokenStream | Self::Stalled => true,
            Self::BadKey
            | Self::OutOfCredit
            | Self::BadRequest
            | Self::UnknownModel
            | Self::ContextTooLong
            | Self::BadAnswer => false,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl ModelError {
    /// An error without status and without a wish to wait.
    pub fn new(kind: ErrorKind, provider: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), status: None, retry_after_ms: None, provider: provider.into() }
    }

    /// Whether the same request may succeed later without anybody changing anything.
    pub fn worth_retry(&self) -> bool {
        self.kind.worth_retry()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_kind_is_its_name_in_json() {
        for kind in [
            ErrorKind::BadKey,
            ErrorKind::OutOfCredit,
            ErrorKind::BadRequest,
            ErrorKind::UnknownModel,
            ErrorKind::ContextTooLong,
            ErrorKind::RateLimited,
            ErrorKind::Overloaded,
            ErrorKind::Unavailable,
            ErrorKind::BrokenStream,
            ErrorKind::Stalled,
            ErrorKind::BadAnswer,
        ] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
        }
    }
}
