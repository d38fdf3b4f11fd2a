//! Turns what a provider answers instead of an answer into a [`ModelError`] that says what to do.

use std::time::Duration;

use reqwest::Url;
use serde_json::Value;

use super::retry_after::retry_delay_ms;
use crate::models::{ApiKey, ErrorKind, ModelError, ProviderSettings};

/// The most characters of a provider's own words that are shown.
const MOST_WORDS: usize = 400;

/// Whose error it is, for messages.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The provider's id.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// Where it is.
    pub base_url: Url,
    key: Option<ApiKey>,
    key_name: String,
    /// How the address of such a provider usually ends.
    address: &'static str,
}

/// What a provider said about an error.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    /// Its words for people.
    message: String,
    /// Its code, type, status and reasons, in small letters, with spaces between.
    code: String,
    /// The HTTP status that it names in an error within a stream.
    status: Option<u16>,
    /// How long it asks to wait, in ms.
    wait: Option<u64>,
}

impl Origin {
    /// The provider of these settings; `address` says how such an address usually ends.
    pub fn new(settings: &ProviderSettings, base_url: Url, address: &'static str) -> Self {
        Self {
            address,
            id: settings.id.clone(),
            label: settings.label.clone(),
            base_url,
            key: settings.key.as_ref().map(|set| set.key.clone()),
            key_name: settings.key_name.clone(),
        }
    }

    /// An error of this provider; the key is masked wherever it stands.
    pub fn error(&self, kind: ErrorKind, message: &str) -> ModelError {
        let message = self.key.as_ref().map_or_else(|| message.to_owned(), |key| key.mask(message));
        ModelError::new(kind, &self.id, message)
    }

    /// The provider answered with a status that is no success.
    pub fn refused(&self, status: u16, retry_after_ms: Option<u64>, body: &[u8], model: &str) -> ModelError {
        let text = String::from_utf8_lossy(body);
        let said = match serde_json::from_str::<Value>(&text) {
            Ok(json) => {
                // Gemini answers a stream that never began with a list of one error.
                let json = json.get(0).unwrap_or(&json);
                Said::read(json.get("error").filter(|error| !error.is_null()).unwrap_or(json))
            }
            Err(_) if text.trim_start().starts_with('<') => {
                Said { message: "a web page instead of an error".to_owned(), ..Said::default() }
            }
            Err(_) => Said { message: text.trim().to_owned(), ..Said::default() },
        };
        self.named(kind(Some(status), &said), Some(status), retry_after_ms.or(said.wait), &said, model)
    }

    /// The provider reported an error within a stream that had begun well.
    pub fn reported(&self, error: &Value, model: &str) -> ModelError {
        let said = Said::read(error);
        self.named(kind(said.status, &said), said.status, said.wait, &said, model)
    }

    /// No connection, or one that broke before there was an answer.
    pub fn unreachable(&self, error: &reqwest::Error) -> ModelError {
        let reason = innermost(error);
        let (label, url) = (&self.label, &self.base_url);
        if error.is_connect() || error.is_timeout() {
            let message =
                format!("Cannot connect to {label} at {url}: {reason}. Is the server running and the address right?");
            return self.error(ErrorKind::Unavailable, &message);
        }
        self.error(ErrorKind::BrokenStream, &format!("The connection to {label} at {url} broke: {reason}. Try again."))
    }

    /// Nothing came for so long.
    pub fn stalled(&self, after: Duration) -> ModelError {
        let message = format!("{} at {} sent nothing for {after:?}: try again.", self.label, self.base_url);
        self.error(ErrorKind::Stalled, &message)
    }

    fn named(&self, kind: ErrorKind, status: Option<u16>, wait: Option<u64>, said: &Said, model: &str) -> ModelError {
        let (label, url, key_name) = (&self.label, &self.base_url, &self.key_name);
        let what = match kind {
            ErrorKind::BadKey if self.key.is_none() => {
                format!("{label} wants a key: set it with `reenact provider set-key {}`, or as {key_name}.", self.id)
            }
            ErrorKind::BadKey => {
                format!(
                    "{label} refused the key: set another with `reenact provider set-key {}`, or check {key_name}.",
                    self.id
                )
            }
            ErrorKind::OutOfCredit => {
                format!("{label} says that the account has no credit or quota left: check its plan and billing.")
            }
            ErrorKind::BadRequest if matches!(status, Some(404 | 405)) => {
                format!("{url} is no such server: check the address of {label}; it usually ends in {}.", self.address)
            }
            ErrorKind::BadRequest if status.is_some_and(|status| (300..400).contains(&status)) => {
                format!("{url} redirects elsewhere: set the address of {label} to where it leads.")
            }
            ErrorKind::BadRequest => format!("{label} refused the request."),
            ErrorKind::UnknownModel => {
                format!("{label} has no model `{model}`: choose another one.")
            }
            ErrorKind::ContextTooLong => {
                format!(
                    "The conversation is too long for `{model}`: shorten it, or choose a model with a larger context."
                )
            }
            ErrorKind::RateLimited => {
                format!("{label} gets too many requests for now: wait and try again.")
            }
            ErrorKind::Overloaded => format!("{label} failed or is overloaded: try again later."),
            ErrorKind::Unavailable => {
                format!("{label} at {url} cannot be reached: try again later.")
            }
            ErrorKind::BrokenStream => {
                format!("{label} broke the answer off with an error: try again.")
            }
            ErrorKind::Stalled => format!("{label} sent nothing for too long: try again."),
            ErrorKind::BadAnswer => {
                format!("{url} answered something that is no model's answer: check the address of {label}.")
            }
        };
        let quoted = if said.message.is_empty() { String::new() } else { format!(": {}", shortened(&said.message)) };
        let said = match status {
            Some(status) => format!(" (It answered {status}{quoted})"),
            None if quoted.is_empty() => String::new(),
            None => format!(" (It said{quoted})"),
        };
        ModelError { status, retry_after_ms: wait, ..self.error(kind, &format!("{what}{said}")) }
    }
}

impl Said {
    fn read(error: &Value) -> Self {
        if let Value::String(message) = error {
            return Self { message: message.clone(), ..Self::default() };
        }
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let message = ["message", "detail", "error", "msg"].iter().map(|name| text(name)).find(|text| !text.is_empty());
        let details = || error.get("details").and_then(Value::as_array).into_iter().flatten();
        let reasons: Vec<&str> = details().filter_map(|detail| detail.get("reason")?.as_str()).collect();
        let status = ["code", "status", "status_code"].iter().find_map(|name| {
            let number = error.get(name)?.as_u64().or_else(|| text(name).parse().ok())?;
            u16::try_from(number).ok().filter(|status| (400..600).contains(status))
        });
        Self {
            message: message.unwrap_or_default().to_owned(),
            code: format!("{} {} {} {}", text("code"), text("type"), text("status"), reasons.join(" ")).to_lowercase(),
            status,
            wait: details().find_map(|detail| retry_delay_ms(detail.get("retryDelay")?.as_str()?)),
        }
    }
}

fn kind(status: Option<u16>, said: &Said) -> ErrorKind {
    let message = said.message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let coded = |words: &[&str]| words.iter().any(|word| said.code.contains(word));
    let about_the_request = matches!(status, None | Some(400 | 404 | 413 | 422 | 500));
    let too_long = coded(&["context_length", "context_size", "context_window", "request_too_large"])
        || says(&[
            "context length",
            "context window",
            "context size",
            "context limit",
            "prompt is too long",
            "input is too long",
            "reduce the length",
            "maximum prompt length",
            "exceeds the maximum number of tokens",
            "exceed the maximum number of tokens",
        ]);
    if status == Some(413) || (about_the_request && too_long) {
        return ErrorKind::ContextTooLong;
    }
    if status == Some(402)
        || coded(&["insufficient_quota", "billing"])
        || says(&["insufficient balance", "credit balance is too low"])
    {
        return ErrorKind::OutOfCredit;
    }
    if matches!(status, Some(401 | 403)) || coded(&["api_key", "authentication", "unauthenticated", "permission"]) {
        return ErrorKind::BadKey;
    }
    let missing = (says(&["not found", "not exist", "unknown model", "no such model"]) || coded(&["not_found"]))
        && message.contains("model");
    if about_the_request && (coded(&["model_not_found"]) || missing) {
        return ErrorKind::UnknownModel;
    }
    match status {
        Some(429) => ErrorKind::RateLimited,
        Some(408 | 500..=599) => ErrorKind::Overloaded,
        Some(_) => ErrorKind::BadRequest,
        None if coded(&["rate_limit", "too_many_requests", "resource_exhausted"]) => ErrorKind::RateLimited,
        None if coded(&["overloaded", "server_error", "unavailable", "internal"]) => ErrorKind::Overloaded,
        None if coded(&["invalid_request", "bad_request", "invalid_argument"]) => ErrorKind::BadRequest,
        None => ErrorKind::BrokenStream,
    }
}

fn shortened(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MOST_WORDS) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

/// The last cause of an error, which says most: `Connection refused` rather than `error sending request`.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::SetKey;

    fn origin() -> Origin {
        let settings = ProviderSettings::openai(SetKey::new(ApiKey::new("sk-secret"), "here"), None);
        let url = settings.url().unwrap();
        Origin::new(&settings, url, "/v1")
    }

    #[track_caller]
    fn refused(status: u16, body: &str, kind: ErrorKind, says: &str) {
        let error = origin().refused(status, None, body.as_bytes(), "gpt-9");
        assert_eq!((error.kind, error.status), (kind, Some(status)), "{error}");
        assert!(error.message.contains(says), "{error}");
    }

    #[test]
    fn a_status_says_what_to_do() {
        refused(
            401,
            r#"{"error":{"message":"Incorrect API key","code":"invalid_api_key"}}"#,
            ErrorKind::BadKey,
            "OPENAI_API_KEY",
        );
        refused(403, "", ErrorKind::BadKey, "refused the key");
        refused(400, r#"{"error":"no"}"#, ErrorKind::BadRequest, "answered 400: no");
        refused(404, "<html>", ErrorKind::BadRequest, "usually ends in /v1");
        refused(402, r#"{"error":{"message":"Insufficient Balance"}}"#, ErrorKind::OutOfCredit, "credit");
        refused(429, "{}", ErrorKind::RateLimited, "wait");
        refused(408, "", ErrorKind::Overloaded, "later");
        refused(503, "busy", ErrorKind::Overloaded, "busy");
        refused(307, "", ErrorKind::BadRequest, "redirects");
    }

    #[test]
    fn a_quota_that_is_used_up_is_not_a_limit_that_passes() {
        refused(
            429,
            r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#,
            ErrorKind::OutOfCredit,
            "billing",
        );
    }

    #[test]
    fn an_unknown_model_is_recognised_under_several_statuses() {
        refused(
            404,
            r#"{"error":{"message":"The model `gpt-9` does not exist","code":"model_not_found"}}"#,
            ErrorKind::UnknownModel,
            "`gpt-9`",
        );
        refused(400, r#"{"error":{"message":"Model Not Exist"}}"#, ErrorKind::UnknownModel, "`gpt-9`");
        refused(404, r#"{"error":"model 'x' not found, try pulling it first"}"#, ErrorKind::UnknownModel, "pulling");
    }

    #[test]
    fn a_context_that_is_too_long_is_recognised_in_many_words() {
        for body in [
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens","code":"context_length_exceeded"}}"#,
            r#"{"error":{"message":"the request exceeds the available context size","type":"exceed_context_size_error","code":400}}"#,
            r#"{"object":"error","message":"Please reduce the length of the messages","code":400}"#,
            r#"{"error":"This model's maximum prompt length is 131072 but the request contains 140000 tokens."}"#,
        ] {
            refused(400, body, ErrorKind::ContextTooLong, "too long");
        }
        refused(413, "<html>", ErrorKind::ContextTooLong, "too long");
    }

    #[test]
    fn anthropics_errors_are_recognised() {
        let said = |kind: &str, message: &str| {
            json!({"type": "error", "error": {"type": kind, "message": message}}).to_string()
        };
        for (status, kind, message, expected) in [
            (401, "authentication_error", "invalid x-api-key", ErrorKind::BadKey),
            (403, "permission_error", "Your API key does not have permission", ErrorKind::BadKey),
            (404, "not_found_error", "model: claude-nothing", ErrorKind::UnknownModel),
            (413, "request_too_large", "Request exceeds the maximum size", ErrorKind::ContextTooLong),
            (429, "rate_limit_error", "This request would exceed your rate limit", ErrorKind::RateLimited),
            (529, "overloaded_error", "Overloaded", ErrorKind::Overloaded),
            (
                400,
                "invalid_request_error",
                "prompt is too long: 210000 tokens > 200000 maximum",
                ErrorKind::ContextTooLong,
            ),
            (
                400,
                "invalid_request_error",
                "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000",
                ErrorKind::ContextTooLong,
            ),
            (
                400,
                "invalid_request_error",
                "Your credit balance is too low to access the Anthropic API",
                ErrorKind::OutOfCredit,
            ),
            (400, "invalid_request_error", "messages: text content blocks must be non-empty", ErrorKind::BadRequest),
        ] {
            refused(status, &said(kind, message), expected, message);
        }
    }

    #[test]
    fn geminis_errors_are_recognised_also_in_a_list_and_its_wait_is_read() {
        let said = |code: u16, status: &str, message: &str, details: Value| json!({"error": {"code": code, "message": message, "status": status, "details": details}});
        let bad_key = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]);
        for (code, status, message, details, expected) in [
            (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", bad_key, ErrorKind::BadKey),
            (403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers", json!([]), ErrorKind::BadKey),
            (
                404,
                "NOT_FOUND",
                "models/gemini-0 is not found for API version v1beta",
                json!([]),
                ErrorKind::UnknownModel,
            ),
            (
                400,
                "INVALID_ARGUMENT",
                "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
                json!([]),
                ErrorKind::ContextTooLong,
            ),
            (400, "INVALID_ARGUMENT", "Invalid JSON payload received", json!([]), ErrorKind::BadRequest),
            (503, "UNAVAILABLE", "The model is overloaded. Please try again later.", json!([]), ErrorKind::Overloaded),
        ] {
            let error = said(code, status, message, details);
            refused(code, &error.to_string(), expected, message);
            refused(code, &json!([error]).to_string(), expected, message);
        }
        let wait = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]);
        let limited = said(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", wait);
        let error = origin().refused(429, None, limited.to_string().as_bytes(), "m");
        assert_eq!((error.kind, error.retry_after_ms), (ErrorKind::RateLimited, Some(34_500)));
        let within = origin().reported(&limited["error"], "m");
        assert_eq!((within.kind, within.retry_after_ms), (ErrorKind::RateLimited, Some(34_500)));
    }

    #[test]
    fn a_key_that_the_provider_repeats_is_masked() {
        let body = r#"{"error":{"message":"Incorrect API key provided: sk-secret"}}"#;
        let error = origin().refused(401, None, body.as_bytes(), "m");
        assert!(!error.message.contains("sk-secret"), "{error}");
    }

    #[test]
    fn an_error_within_a_stream_is_named_by_its_code() {
        let kind = |error: Value| origin().reported(&error, "m").kind;
        assert_eq!(kind(json!({"message": "x", "type": "rate_limit_error"})), ErrorKind::RateLimited);
        assert_eq!(kind(json!({"message": "x", "code": 502})), ErrorKind::Overloaded);
        assert_eq!(kind(json!({"message": "x", "type": "server_error"})), ErrorKind::Overloaded);
        assert_eq!(kind(json!({"message": "x", "code": "context_length_exceeded"})), ErrorKind::ContextTooLong);
        assert_eq!(kind(json!("x")), ErrorKind::BrokenStream);
    }

    #[test]
    fn long_words_are_shortened() {
        let error = origin().refused(400, None, "x ".repeat(5_000).as_bytes(), "m");
        assert!(error.message.chars().count() < MOST_WORDS + 100);
    }
}
