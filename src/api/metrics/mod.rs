//! What the server counts, for Prometheus: `GET /metrics`. The table in `docs/operations.md` has every name.
//!
//! No label takes what somebody outside can choose: each is one of a list that the program or its settings know.

mod agents;
mod census;
mod process;
mod requests;
mod sockets;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use prometheus_client::{
    encoding::{EncodeLabelSet, prometheus_text, text},
    metrics::{counter::Counter, family::Family, info::Info},
    registry::Registry,
};

use self::{agents::Agents, census::Census, requests::Requests, sockets::Sockets};
pub use self::{
    agents::follow,
    requests::count,
    sockets::{Followed, Outgoing},
};
use super::{
    app::{App, Shared},
    commands::blocking,
    problem::Problem,
};

/// The counters, and what reads the rest when it is asked.
pub struct Metrics {
    registry: Registry,
    /// Requests over HTTP.
    pub requests: Requests,
    /// Sockets and what is followed over them.
    pub sockets: Sockets,
    /// What agents do.
    pub agents: Agents,
    problems: Family<Code, Counter>,
    commands: Family<Command, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Command {
    kind: &'static str,
    outcome: &'static str,
}

impl Metrics {
    /// With everything at 0.
    pub fn new(app: &App) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Census::new(app)));
        let own = registry.sub_registry_with_prefix("reenact");
        own.register(
            "build",
            "Which build of the program runs",
            Info::new([("version", app.settings.version.clone())]),
        );
        let (requests, sockets) = (Requests::register(own), Sockets::register(own));
        let agents = Agents::register(own, &app.settings.tools);
        let (problems, commands) = (Family::default(), Family::default());
        own.register("problems", "What was refused or failed, over HTTP and sockets", problems.clone());
        own.register("commands", "Commands from outside, by the kind of their stream", commands.clone());
        Self { registry, requests, sockets, agents, problems, commands }
    }

    /// Something was refused or failed.
    pub fn problem(&self, code: &str) {
        self.problems.get_or_create(&Code { code: code.to_owned() }).inc();
    }

    /// A command was answered.
    pub fn command(&self, kind: &'static str, accepted: bool) {
        let outcome = if accepted { "accepted" } else { "rejected" };
        self.commands.get_or_create(&Command { kind, outcome }).inc();
    }
}

/// `GET /metrics`: in the text format of Prometheus, or as `OpenMetrics` for who asks for it.
pub async fn show(request: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    let accept = request.headers().get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok()).unwrap_or_default();
    let open = accept.contains("application/openmetrics-text");
    // Files are looked at on the way.
    let body = blocking(move || {
        let mut body = String::with_capacity(32 * 1024);
        let registry = &shared.metrics.registry;
        let written =
            if open { text::encode(&mut body, registry) } else { prometheus_text::encode(&mut body, registry) };
        written.map(|()| body)
    });
    let body = body.await?.map_err(Problem::internal)?;
    let kind =
        if open { "application/openmetrics-text; version=1.0.0; charset=utf-8" } else { prometheus_text::CONTENT_TYPE };
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, kind)).body(body))
}
