//! What stands before every route: names, origins, who asks, how often, and what they may do; and the headers behind it.

use std::{future::ready, io};

use actix_web::{
    Error, HttpMessage as _, ResponseError as _,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{Method, StatusCode, header, header::HeaderValue},
    middleware::Next,
    web,
};
use futures_util::{StreamExt as _, stream};

use super::{
    app::Shared,
    identity::{Identity, Means, UNAUTHORIZED},
    problem::Problem,
    routes,
};

/// What every response carries. Styles may be inline for the terminal; scripts never.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// Puts the headers of safety on every response.
pub async fn headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let interface = is_interface(request.path());
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    // What needs a key is not left behind in the browser; what may be kept (blobs) says so itself.
    if interface && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let mut set = |name: header::HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    Ok(response)
}

/// Gives up a body that does not come in time. What reads it sees a time-out; a socket's body has no end and no limit.
pub async fn patience(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let within = request.app_data::<web::Data<Shared>>().map(|shared| shared.app.settings.body_within);
    if let (Some(within), false) = (within, *request.method() == Method::GET) {
        let body = request.take_payload();
        let late = stream::once(async move {
            actix_web::rt::time::sleep(within).await;
            Err(PayloadError::Io(io::ErrorKind::TimedOut.into()))
        });
        let ended = body.map(Some).chain(stream::once(async { None }));
        let timed = stream::select(ended, late.map(Some)).take_while(|part| ready(part.is_some()));
        request.set_payload(Payload::Stream { payload: timed.filter_map(ready).boxed_local() });
    }
    next.call(request).await
}

/// Lets a request through, or answers it with the problem that it has.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match check(&request) {
        Ok(identity) => {
            if let Some(identity) = identity {
                request.extensions_mut().insert(identity);
            }
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        Err(problem) => {
            let mut response = problem.error_response();
            if let (405, Some(pattern)) = (problem.status, request.match_pattern())
                && let Ok(allowed) = HeaderValue::from_str(&routes::methods(&pattern).join(", "))
            {
                response.headers_mut().insert(header::ALLOW, allowed);
            }
            Ok(request.into_response(response))
        }
    }
}

/// Whether a path belongs to the interfaces; all others are the page's.
pub fn is_interface(path: &str) -> bool {
    ["/api", "/ws", "/health", "/metrics"]
        .iter()
        .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Who asks; `None` where nobody need be known.
fn check(request: &ServiceRequest) -> Result<Option<Identity>, Problem> {
    let Some(shared) = request.app_data::<web::Data<Shared>>() else {
        return Err(Problem::internal("the server's own data is missing"));
    };
    let text = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    // HTTP/2 carries the name in the address, HTTP/1.1 in a header.
    let host = text(header::HOST).or_else(|| request.uri().authority().map(http_authority)).unwrap_or_default();
    if !shared.names.admit_host(host) {
        let detail = format!(
            "this server does not answer to the name `{}`: open it as localhost or 127.0.0.1, or start it with `--host`, \
             or add the name to `allowed_hosts` in reenact.toml",
            shorten(host)
        );
        return Err(Problem::forbidden("foreign_host", detail));
    }
    let (method, path) = (request.method(), request.path());
    if !is_interface(path) {
        return if matches!(*method, Method::GET | Method::HEAD) {
            Ok(None)
        } else {
            let detail =
                format!("`{}` is a page: only GET and HEAD are answered; the interfaces are under /api", shorten(path));
            Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail))
        };
    }
    let pattern = request.match_pattern();
    let route = pattern.as_deref().and_then(|pattern| routes::find(method, pattern));
    let socket = route.is_some_and(|route| route.socket);
    let open = route.is_some_and(|route| route.role.is_none());
    let bare = route.is_some_and(|route| route.bare);
    let signed_in = match (open, Identity::find(request, shared, socket)) {
        (true, _) => None,
        (false, Err(nobody)) if bare && nobody.code == UNAUTHORIZED => None,
        (false, found) => Some(found?),
    };
    if let Some((identity, _)) = &signed_in {
        shared.count(&identity.key)?;
    }
    let Some(route) = route else {
        return Err(match pattern {
            Some(pattern) if !routes::methods(&pattern).is_empty() => {
                let methods = routes::methods(&pattern).join(", ");
                let detail = format!("`{}` answers to {methods}, not to {method}", shorten(path));
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
            }
            _ => {
                let detail = format!("there is nothing at `{}`: /api/openapi.json lists what there is", shorten(path));
                Problem::not_found("no_route", detail)
            }
        });
    };
    let writes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if writes || socket {
        let by_cookie = signed_in.as_ref().is_none_or(|(_, means)| *means == Means::Cookie);
        check_origin(shared, text(header::ORIGIN), host, by_cookie && route.role.is_some())?;
    }
    if writes && !route.upload {
        check_content_type(request, text(header::CONTENT_TYPE))?;
    }
    let identity = signed_in.map(|(identity, _)| identity);
    if let (Some(role), Some(identity)) = (route.role, &identity) {
        identity.need(role)?;
    }
    Ok(identity)
}

fn http_authority(authority: &actix_web::http::uri::Authority) -> &str {
    authority.as_str()
}

/// A browser that sends the cookie along always says where the page came from.
fn check_origin(shared: &Shared, origin: Option<&str>, host: &str, by_cookie: bool) -> Result<(), Problem> {
    match origin {
        Some(origin) if shared.names.admit_origin(origin, host) => Ok(()),
        Some(origin) => {
            let detail = format!(
                "a page from `{}` may not write here: use the page of this server, or add HOST:PORT of that one to `allowed_hosts`",
                shorten(origin)
            );
            Err(Problem::forbidden("foreign_origin", detail))
        }
        None if by_cookie => {
            let detail = "a request with the cookie needs an `Origin`: programs send the key as `Authorization: Bearer KEY` instead";
            Err(Problem::forbidden("no_origin", detail))
        }
        None => Ok(()),
    }
}

/// A form of another page can send text, but no `application/json`.
fn check_content_type(request: &ServiceRequest, content_type: Option<&str>) -> Result<(), Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let has_body =
        length.is_some_and(|length| length != "0") || request.headers().contains_key(header::TRANSFER_ENCODING);
    let kind = content_type.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match kind.as_deref() {
        Some("application/json") => Ok(()),
        None if !has_body => Ok(()),
        _ => {
            let detail = "send the body as JSON with `Content-Type: application/json`";
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail))
        }
    }
}

/// As much of what somebody sent as fits into an answer.
fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interfaces_are_told_from_the_page_by_whole_names() {
        for path in ["/api", "/api/x", "/ws", "/ws/", "/health", "/metrics"] {
            assert!(is_interface(path), "{path}");
        }
        for path in ["/", "/apix", "/chat/api", "/wsx", "/healthy"] {
            assert!(!is_interface(path), "{path}");
        }
    }
}
