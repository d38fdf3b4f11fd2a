//! The server: binds nothing itself, serves on the listener it is given, and stops when it is told to.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App as Actix, HttpServer,
    dev::ServerHandle,
    error::{JsonPayloadError, PathError, PayloadError, QueryPayloadError},
    http::StatusCode,
    middleware::{Compress, from_fn},
    rt, web,
};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::{
    app::{App, Shared},
    guard, keyring, metrics, page,
    problem::Problem,
    request_id, routes,
};

/// The largest body of a request, in bytes: a message of 1 MiB with every character escaped would be larger, real ones are not.
const LARGEST_BODY: usize = 4 * 1024 * 1024;
/// How long requests under way may take when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// A server that listens and answers as long as it is driven by [`Server::run`].
pub struct Server {
    address: SocketAddr,
    running: actix_web::dev::Server,
    stopper: Stopper,
}

/// Stops a server. Cheap to clone.
#[derive(Clone)]
pub struct Stopper {
    handle: ServerHandle,
    stopping: CancellationToken,
}

/// Serves the interfaces and the page on a listener. Keeps the keys up with the log; returns once all of them are known.
///
/// # Errors
/// The listener cannot be used.
pub async fn serve(app: App, listener: TcpListener) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let stopping = CancellationToken::new();
    let log = app.host.log().clone();
    let (keys, keyring) = watch::channel(Arc::default());
    let (caught_up, known) = oneshot::channel();
    rt::spawn(until(stopping.clone(), keyring::follow(log, keys, caught_up)));
    // Where they cannot be read the server starts all the same, and nobody can sign in.
    let _all_known = known.await.is_ok();
    let shared = web::Data::new(Shared::new(app, keyring, stopping.clone()));
    rt::spawn(until(stopping.clone(), metrics::follow(shared.clone().into_inner())));
    let factory = move || {
        Actix::new()
            .app_data(shared.clone())
            .app_data(web::JsonConfig::default().limit(LARGEST_BODY).error_handler(|error, _| bad_json(&error).into()))
            .app_data(web::QueryConfig::default().error_handler(|error, _| bad_query(&error).into()))
            .app_data(web::PathConfig::default().error_handler(|error, _| bad_path(&error).into()))
            .wrap(from_fn(guard::patience))
            .wrap(from_fn(guard::guard))
            .wrap(from_fn(guard::headers))
            .wrap(Compress::default())
            .wrap(from_fn(metrics::count))
            .wrap(from_fn(request_id::identify))
            .configure(routes::register)
            .default_service(web::to(page::show))
    };
    let running = HttpServer::new(factory).listen(listener)?.disable_signals().shutdown_timeout(GRACE.as_secs()).run();
    let stopper = Stopper { handle: running.handle(), stopping };
    Ok(Server { address, running, stopper })
}

async fn until(stopping: CancellationToken, work: impl Future<Output = ()>) {
    let _ended = stopping.run_until_cancelled_owned(work).await.is_some();
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stops it.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Answers until it is stopped.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn run(self) -> io::Result<()> {
        self.running.await
    }
}

impl Stopper {
    /// Closes all sockets, lets requests under way end for up to 5 s, and takes no more.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.handle.stop(true).await;
    }
}

fn bad_json(error: &JsonPayloadError) -> Problem {
    match error {
        JsonPayloadError::OverflowKnownLength { limit, .. } | JsonPayloadError::Overflow { limit } => {
            let detail = format!(
                "the body is larger than {limit} bytes: send less, or put what is large into a file of the project"
            );
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
        }
        JsonPayloadError::ContentType => {
            let detail = "send the body as JSON with `Content-Type: application/json`";
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
        }
        JsonPayloadError::Deserialize(error) if error.is_data() => {
            let detail =
                format!("the body is JSON, but not what is wanted here: {error}. /api/openapi.json has all fields");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_body", detail)
        }
        JsonPayloadError::Payload(PayloadError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => {
            let detail = "the body did not come in time: send it again, all of it at once";
            Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", detail)
        }
        other => Problem::bad_request("bad_json", format!("the body is not JSON: {other}. Send one JSON object")),
    }
}

fn bad_query(error: &QueryPayloadError) -> Problem {
    Problem::bad_request(
        "bad_query",
        format!("the query of the address does not fit: {error}. /api/openapi.json has all parameters"),
    )
}

fn bad_path(error: &PathError) -> Problem {
    Problem::not_found("bad_path", format!("the address does not fit: {error}"))
}
