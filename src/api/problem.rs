//! Errors as `application/problem+json` (RFC 9457), each with a stable code and words that say what to do.

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use replay::{blobs::BlobError, log::ReadError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::request_id::RequestId;
use crate::{
    host::{FoldFailure, SubmitError},
    workspace::{PathCode, PathError},
};

/// Why a request was not answered as wished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `about:blank`: the code says more.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the status means.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable code.
    pub code: String,
    /// What happened, where, and what to do.
    pub detail: String,
    /// The id of the request, which the server's log has too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Box<str>>,
}

impl Problem {
    /// A problem of this status and code; the detail says what happened and what to do.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            code: code.into(),
            detail: detail.into(),
            request_id: RequestId::current(),
        }
    }

    /// The request itself is wrong.
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// What was asked for is not there.
    pub fn not_found(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// Who asks may not.
    pub fn forbidden(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// The state of things forbids it.
    pub fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// The server is not there yet, or no more.
    pub fn unavailable(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
    }

    /// The server failed.
    pub fn internal(detail: impl fmt::Display) -> Self {
        let detail = format!("the server failed: {detail}. Its log on standard error says more");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// Logs what is not the sender's doing, as it is sent.
    pub(super) fn log(&self) {
        let Self { code, detail, .. } = self;
        match self.status {
            500 => tracing::error!(code, detail, "a request failed"),
            501.. => tracing::warn!(code, detail, "a request could not be answered as wished"),
            _ => tracing::debug!(code, detail, "refused"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.log();
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if matches!(self.status, 429 | 503) {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        let mut response = response.body(serde_json::to_string(self).unwrap_or_default());
        response.extensions_mut().insert(SentCode(self.code.clone()));
        response
    }
}

/// The code of the problem that a response is, for whoever counts them.
pub struct SentCode(pub String);

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        let status = match &error {
            SubmitError::Rejected(rejected) => rejected_status(rejected.code),
            SubmitError::UnknownKind(_) => StatusCode::NOT_FOUND,
            SubmitError::Quarantined(_) | SubmitError::NeedsNewerVersion(_) => StatusCode::CONFLICT,
            SubmitError::Busy | SubmitError::Unknown(_) | SubmitError::Closed => StatusCode::SERVICE_UNAVAILABLE,
            SubmitError::Full => StatusCode::INSUFFICIENT_STORAGE,
            SubmitError::Damaged(_) | SubmitError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.code(), error.to_string())
    }
}

/// The status of a command that the rules refuse.
fn rejected_status(code: &str) -> StatusCode {
    match code {
        "not_open" | "not_registered" | "no_key" | "not_queued" | "not_granted" | "no_revision" | "no_run"
        | "no_step" => StatusCode::NOT_FOUND,
        "empty_message" | "too_many_attachments" | "not_absolute" => StatusCode::UNPROCESSABLE_ENTITY,
        code if code.starts_with("bad_") => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}

impl From<FoldFailure> for Problem {
    fn from(failure: FoldFailure) -> Self {
        match failure {
            FoldFailure::UnknownKind(_) => Self::not_found("unknown_kind", failure.to_string()),
            FoldFailure::Read(error) => error.into(),
            FoldFailure::Fold(error) if error.needs_newer_version() => {
                Self::conflict("needs_newer_version", error.to_string())
            }
            FoldFailure::Fold(error) => {
                let detail = format!("this stream cannot be folded: {error}. Its events can still be read");
                Self::conflict("quarantined", detail)
            }
            FoldFailure::Stopped(_) => Self::internal(failure),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let code = match error {
            ReadError::Damaged { .. } => "damaged",
            ReadError::Io(_) => "unreadable",
        };
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, error.to_string())
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Self {
        let (status, code) = match error {
            BlobError::Full => (StatusCode::INSUFFICIENT_STORAGE, "disk_full"),
            BlobError::Damaged { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "damaged"),
            BlobError::Io { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "unreadable"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<PathError> for Problem {
    fn from(error: PathError) -> Self {
        let (status, code) = match error.code {
            PathCode::NotFound => (StatusCode::NOT_FOUND, "path_not_found"),
            PathCode::OutsideProject => (StatusCode::FORBIDDEN, "outside_project"),
            PathCode::Sensitive => (StatusCode::FORBIDDEN, "sensitive_path"),
            PathCode::NotAFile => (StatusCode::UNPROCESSABLE_ENTITY, "not_a_file"),
            PathCode::NotADirectory => (StatusCode::UNPROCESSABLE_ENTITY, "not_a_directory"),
            PathCode::NotRegular => (StatusCode::UNPROCESSABLE_ENTITY, "not_regular"),
            PathCode::PermissionDenied => (StatusCode::FORBIDDEN, "permission_denied"),
            PathCode::InvalidPath => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_path"),
            PathCode::Changed => (StatusCode::CONFLICT, "path_changed"),
            PathCode::Unreadable => (StatusCode::INTERNAL_SERVER_ERROR, "unreadable"),
        };
        Self::new(status, code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_problem_json_with_its_status() {
        let response = Problem::not_found("no_stream", "there is none").error_response();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.headers().get(header::CONTENT_TYPE).unwrap(), "application/problem+json");
    }

    #[test]
    fn whoever_is_asked_to_come_again_is_told_when() {
        for busy in [Problem::unavailable("busy", ""), Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "")]
        {
            assert_eq!(busy.error_response().headers().get(header::RETRY_AFTER).unwrap(), "1");
        }
    }

    #[test]
    fn a_refusal_of_the_rules_has_the_status_of_its_reason() {
        assert_eq!(rejected_status("not_open"), StatusCode::NOT_FOUND);
        assert_eq!(rejected_status("bad_title"), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(rejected_status("queue_full"), StatusCode::CONFLICT);
    }
}
