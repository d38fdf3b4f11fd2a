//! Blobs: long texts and large outputs, by the SHA-256 of what they hold.

use actix_web::{HttpResponse, http::header, web};
use replay::blobs::BlobId;

use super::{app::Shared, commands::blocking, problem::Problem};

/// `GET /api/blobs/{sha256}`
pub async fn show(shared: web::Data<Shared>, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let id: BlobId = id.parse().map_err(|error| Problem::not_found("bad_blob_id", format!("{error}")))?;
    let blobs = shared.app.host.blobs().clone();
    let Some(bytes) = blocking(move || blobs.get(id)).await?? else {
        return Err(Problem::not_found(
            "no_blob",
            format!("there is no blob {id}: it was never stored here, or is lost"),
        ));
    };
    // What somebody stored is shown as text or kept as a file; a browser never runs it as a page.
    let text = std::str::from_utf8(&bytes).is_ok();
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "private, max-age=31536000, immutable"));
    if text {
        response.insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"));
    } else {
        response.insert_header((header::CONTENT_TYPE, "application/octet-stream"));
        response.insert_header((header::CONTENT_DISPOSITION, "attachment"));
    }
    Ok(response.body(bytes))
}
