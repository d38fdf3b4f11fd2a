//! Blobs: long texts, large outputs and attached files, by the SHA-256 of what they hold.

use actix_web::{HttpResponse, http::header, web};
use replay::blobs::BlobId;

use super::{app::Shared, commands::blocking, problem::Problem};
use crate::entities::attachment::{TEXT, image_type};

/// `GET /api/blobs/{sha256}`
pub async fn show(shared: web::Data<Shared>, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let id: BlobId = id.parse().map_err(|error| Problem::not_found("bad_blob_id", format!("{error}")))?;
    let blobs = shared.app.host.blobs().clone();
    let Some(bytes) = blocking(move || blobs.get(id)).await?? else {
        return Err(Problem::not_found(
            "no_blob",
            format!(
                "there is no blob {id}: it was never stored here, or is lost; a backup of the folder `blobs` may have it"
            ),
        ));
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "private, max-age=31536000, immutable"));
    // What somebody stored is shown as an image or kept as a file; a browser never runs it as a page.
    if let Some(image) = image_type(&bytes) {
        response.insert_header((header::CONTENT_TYPE, image));
    } else {
        let text = std::str::from_utf8(&bytes).is_ok();
        response.insert_header((header::CONTENT_TYPE, if text { TEXT } else { "application/octet-stream" }));
        response.insert_header((header::CONTENT_DISPOSITION, "attachment"));
    }
    Ok(response.body(bytes))
}
