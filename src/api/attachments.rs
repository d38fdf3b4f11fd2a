//! Files that go with messages: stored before the message that names them, and looked at before they are believed.

use std::io;

use actix_web::{
    HttpRequest,
    error::PayloadError,
    http::{StatusCode, header},
    web,
};
use futures_util::StreamExt as _;
use replay::blobs::{BlobError, BlobId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::Shared,
    commands::blocking,
    problem::Problem,
    reading::{Answer, answer},
};
use crate::entities::{
    attachment::{self, Attachment},
    chat::ATTACHMENTS,
};

/// A file that was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredAttachment {
    /// The SHA-256 of its bytes: the `blob` of an attachment.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its media type, as its bytes say.
    #[serde(rename = "type")]
    pub media_type: String,
}

/// `POST /api/attachments`
pub async fn store(shared: web::Data<Shared>, request: HttpRequest, body: web::Payload) -> Answer<StoredAttachment> {
    let bytes = read(body, shared.app.settings.largest_attachment).await?;
    let claimed = request.headers().get(header::CONTENT_TYPE).and_then(|claimed| claimed.to_str().ok());
    let media_type = kind(&bytes, claimed.unwrap_or_default())?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let blobs = shared.app.host.blobs().clone();
    let blob = blocking(move || blobs.put(&bytes)).await??;
    answer(StoredAttachment { sha256: blob.to_string(), bytes: size, media_type: media_type.into() })
}

async fn read(mut body: web::Payload, largest: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(part) = body.next().await {
        bytes.extend_from_slice(&part.map_err(|error| broken(&error))?);
        if bytes.len() > largest {
            let detail = format!(
                "the file is larger than {largest} bytes (`attachments.max_size_mb` sets that): put it into the project and name it in the message"
            );
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "attachment_too_large", detail));
        }
    }
    if bytes.is_empty() {
        let detail = "the file is empty: send its bytes as the body";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "empty_attachment", detail));
    }
    Ok(bytes)
}

fn broken(error: &PayloadError) -> Problem {
    match error {
        PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
            let detail = "the file did not come in time: send it again, all of it at once";
            Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", detail)
        }
        other => Problem::bad_request("bad_attachment", format!("the file did not come whole: {other}. Send it again")),
    }
}

/// What a file is. Its bytes say so; a picture under the name of another kind of picture is what it is, but what is called a
/// picture and is none is refused.
fn kind(bytes: &[u8], claimed: &str) -> Result<&'static str, Problem> {
    let refused = |detail: &str| {
        let detail = format!("{detail}: PNG, JPEG, GIF and WebP images and UTF-8 texts can be attached");
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "attachment_type", detail)
    };
    match attachment::media_type(bytes) {
        None => Err(refused("the file is no image and no text")),
        Some(found) if claimed.to_ascii_lowercase().starts_with("image/") && !attachment::is_image(found) => {
            Err(refused("the file is called an image, but its bytes are none"))
        }
        Some(found) => Ok(found),
    }
}

/// Whether every file that a message names is there, and is what the message says.
///
/// # Errors
/// One is not.
pub async fn check(shared: &Shared, attachments: &[Attachment]) -> Result<(), Problem> {
    // More of them are refused by the rules of the chat.
    for wanted in attachments.iter().take(ATTACHMENTS) {
        let unknown = || {
            let detail = format!(
                "the file `{}` was not stored here: POST it to /api/attachments first, and name it by what that answers",
                wanted.name
            );
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_attachment", detail)
        };
        let id: BlobId = wanted.blob.parse().map_err(|_| unknown())?;
        let blobs = shared.app.host.blobs().clone();
        let found = blocking(move || -> Result<_, BlobError> {
            let of = |bytes: Vec<u8>| (u64::try_from(bytes.len()).unwrap_or(u64::MAX), attachment::media_type(&bytes));
            Ok(blobs.get(id)?.map(of))
        });
        let (bytes, media_type) = found.await??.ok_or_else(unknown)?;
        if bytes != wanted.bytes || media_type != Some(&*wanted.media_type) {
            let detail = format!(
                "the file `{}` has {bytes} bytes of type `{}`, not {} of `{}`: name it as /api/attachments answered",
                wanted.name,
                media_type.unwrap_or("application/octet-stream"),
                wanted.bytes,
                wanted.media_type
            );
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_attachment", detail));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_and_what_only_claims_to_be_an_image_is_refused() {
        let png = b"\x89PNG\r\n\x1a\n\0";
        assert_eq!(kind(png, "image/jpeg").unwrap(), "image/png");
        assert_eq!(kind(png, "").unwrap(), "image/png");
        assert_eq!(kind(b"{}", "application/json").unwrap(), attachment::TEXT);
        assert_eq!(kind(b"<html>", "image/png").unwrap_err().code, "attachment_type");
        assert_eq!(kind(b"\0\x01", "text/plain").unwrap_err().status, 415);
    }
}
