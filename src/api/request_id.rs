//! The id of a request: taken over from whoever sends a sane one, else made here. It stands on every answer, in every problem,
//! and on every line that is logged about the request, its socket and its commands.

use std::{sync::Arc, time::Instant};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
    rt::{self, task::JoinHandle},
};
use tracing::Instrument as _;
use uuid::Uuid;

/// The header that carries it, there and back.
const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// The most bytes that an id of somebody else may have.
const LONGEST: usize = 64;
/// How much of a path is logged, in characters.
const PATH: usize = 200;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The id of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id that somebody sent, if it is sane; else a fresh one.
    fn of(sent: Option<&str>) -> Self {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&byte);
        let sane = |text: &&str| (1..=LONGEST).contains(&text.len()) && text.bytes().all(fits);
        Self(sent.filter(sane).map_or_else(|| Uuid::now_v7().to_string().into(), Into::into))
    }

    /// The id of the request at hand; `None` outside of one.
    pub fn current() -> Option<Box<str>> {
        CURRENT.try_with(|id| Box::from(&*id.0)).ok()
    }
}

/// Gives a request its id, and logs how it was answered. The query stays out of it: it may hold a key.
pub async fn identify(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = RequestId::of(request.headers().get(HEADER).and_then(|value| value.to_str().ok()));
    let path: String = request.path().chars().take(PATH).collect();
    let span = tracing::error_span!("request", id = &*id.0, method = request.method().as_str(), path);
    let began = Instant::now();
    let answered = async {
        let response = next.call(request).await?;
        tracing::debug!(status = response.status().as_u16(), ms = began.elapsed().as_millis(), "answered");
        Ok::<_, Error>(response)
    };
    let mut response = CURRENT.scope(id.clone(), answered.instrument(span)).await?;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER, value);
    }
    Ok(response)
}

/// Spawns a task that belongs to the request at hand, as those of a socket do: its problems and its log lines carry the id.
pub fn spawn<F: Future<Output: 'static> + 'static>(future: F) -> JoinHandle<F::Output> {
    let future = future.in_current_span();
    match CURRENT.try_with(RequestId::clone) {
        Ok(id) => rt::spawn(CURRENT.scope(id, future)),
        Err(_) => rt::spawn(future),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_id_is_taken_over_and_any_other_is_replaced() {
        for sane in ["a", "0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c", "Root=1-67891233-abc/7"] {
            assert_eq!(&*RequestId::of(Some(sane)).0, sane);
        }
        let long = "a".repeat(LONGEST + 1);
        for strange in [None, Some(""), Some("a b"), Some("a\"b"), Some("é"), Some(long.as_str())] {
            let id = RequestId::of(strange);
            assert!(id.0.parse::<Uuid>().is_ok(), "{strange:?} became {id:?}");
        }
    }

    #[actix_web::test]
    async fn a_task_of_a_request_knows_its_id_and_others_know_none() {
        assert_eq!(RequestId::current(), None);
        let id = RequestId::of(Some("a"));
        let seen = CURRENT.scope(id, async { spawn(async { RequestId::current() }).await }).await;
        assert_eq!(seen.unwrap().as_deref(), Some("a"));
    }
}
