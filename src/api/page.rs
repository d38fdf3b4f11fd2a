//! The page for the browser, embedded in the binary: every path that is no file of it is one of its own addresses.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError as _,
    http::{Method, header},
    web,
};
use rust_embed::RustEmbed;

use super::{app::Shared, identity::query, problem::Problem, sign_in};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/web/dist"]
#[allow_missing = true]
struct Dist;

/// The page's own file.
const INDEX: &str = "index.html";

/// What is shown where the page was not built into this binary.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Reenact</title>\n\
    <h1>The page is not built in</h1>\n\
    <p>This server runs, and its interfaces under <code>/api</code> and <code>/ws</code> work, but it was built without its page.</p>\n\
    <p>Run <code>npm --prefix web ci</code> and <code>npm --prefix web run build</code>, then build the server again \
    (<code>make run</code> does all of it).</p>\n</html>\n";

/// Whether this program has its page in it.
pub fn is_built_in() -> bool {
    Dist::get(INDEX).is_some()
}

/// Every address that no route has.
pub async fn show(request: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    if let Some(key) = query(request.query_string(), "key").filter(|_| request.path() == "/") {
        return match sign_in::by_address(&shared, &key) {
            // A browser gets the page, which finds the key still in its address and says why it stands there.
            Err(problem) if wants_page(&request) => Ok(HttpResponse::build(problem.status_code())
                .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .body(index())),
            answer => answer,
        };
    }
    if let Some(ticket) = query(request.query_string(), "ticket")
        && request.path() == "/"
        && *request.method() == Method::GET
    {
        return Ok(sign_in::by_ticket(&shared, &ticket));
    }
    let path = request.path().trim_start_matches('/');
    if let Some(file) = Dist::get(path).filter(|_| !path.is_empty()) {
        return Ok(send(path, file, &request));
    }
    // What looks like a file and is none is missing; anything else is an address that the page itself understands.
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        return Err(Problem::not_found(
            "no_file",
            "the page has no such file: reload it, it may be of another version",
        ));
    }
    Ok(match Dist::get(INDEX) {
        Some(file) => send(INDEX, file, &request),
        None => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(NOT_BUILT),
    })
}

/// Whether who asks can show a page.
fn wants_page(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(header::ACCEPT)
        .and_then(|kinds| kinds.to_str().ok())
        .is_some_and(|kinds| kinds.contains("text/html"))
}

/// The page, or what is shown in its place.
fn index() -> Vec<u8> {
    Dist::get(INDEX).map_or_else(|| NOT_BUILT.into(), |file| file.data.into_owned())
}

fn send(path: &str, file: rust_embed::EmbeddedFile, request: &HttpRequest) -> HttpResponse {
    let tag = format!("\"{}\"", super::keyring::hex(&file.metadata.sha256_hash()));
    let mut response = HttpResponse::Ok();
    response.insert_header((header::ETAG, tag.clone()));
    response.insert_header((header::CACHE_CONTROL, caching(path)));
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag)) {
        return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let text = kind.type_() == "text" || kind.subtype() == "javascript";
    let kind = if text { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    response.insert_header((header::CONTENT_TYPE, kind));
    match file.data {
        std::borrow::Cow::Borrowed(bytes) => response.body(bytes),
        std::borrow::Cow::Owned(bytes) => response.body(bytes),
    }
}

/// A file with a hash in its name never changes; all others are asked for anew.
fn caching(path: &str) -> &'static str {
    if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_with_a_hash_in_their_name_are_kept() {
        assert!(caching("assets/index-Df3k2.js").contains("immutable"));
        assert_eq!(caching("index.html"), "no-cache");
    }
}
