//! Counts requests over HTTP, by route and status, and how long they take.

use std::time::{Duration, Instant};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
    web,
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::api::{
    app::Shared,
    guard::is_interface,
    problem::SentCode,
    routes::{self, Route},
};

/// The limits of durations, in seconds: from what is in memory to what waits for somebody.
const LIMITS: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// The counters.
pub struct Requests {
    total: Family<Answered, Counter>,
    duration: Family<Asked, Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: &'static str,
    status: u16,
}

impl Requests {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let requests =
            Self { total: Family::default(), duration: Family::new_with_constructor(|| Histogram::new(LIMITS)) };
        registry.register("http_requests", "Requests that were answered", requests.total.clone());
        registry.register_with_unit(
            "http_request_duration",
            "From a request to the head of its answer",
            Unit::Seconds,
            requests.duration.clone(),
        );
        requests
    }

    fn answered(&self, method: &Method, pattern: Option<&str>, path: &str, status: u16, took: Duration) {
        let route = match pattern.and_then(known) {
            Some(route) => route.path,
            None if is_interface(path) => "none",
            None => "page",
        };
        let method = known_method(method);
        self.total.get_or_create(&Answered { method, route, status }).inc();
        self.duration.get_or_create(&Asked { method, route }).observe(took.as_secs_f64());
    }
}

fn known(pattern: &str) -> Option<&'static Route> {
    routes::ROUTES.iter().find(|route| route.path == pattern)
}

/// The method, if it is one of those that there are.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Counts a request once it is answered, and the problem that it was answered with.
pub async fn count(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let shared = request.app_data::<web::Data<Shared>>().cloned();
    let (began, method) = (Instant::now(), request.method().clone());
    let response = next.call(request).await?;
    if let Some(shared) = shared {
        let asked = response.request();
        let (pattern, status) = (asked.match_pattern(), response.status().as_u16());
        shared.metrics.requests.answered(&method, pattern.as_deref(), asked.path(), status, began.elapsed());
        if let Some(SentCode(code)) = response.response().extensions().get() {
            shared.metrics.problem(code);
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_made_up_gets_no_label_of_its_own() {
        assert_eq!(known_method(&Method::from_bytes(b"SING").unwrap()), "other");
        assert!(known("/api/{made}/{up}").is_none());
        assert!(known("/api/chats/{id}").is_some());
    }
}
