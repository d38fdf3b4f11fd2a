//! What the interfaces are made of, and what all requests share.

use std::{num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use replay::ids::{Position, Revision};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    cookie::Cookies, files::Walks, keyring::Keyring, metrics::Metrics, origin::Names, problem::Problem,
    tickets::Tickets,
};
use crate::{
    agents::Agents,
    host::Host,
    models::Providers,
    projections::{Lists, StepCache},
    scripts::Scripts,
};

/// What the interfaces are made of.
#[derive(Clone)]
pub struct App {
    /// The entities.
    pub host: Host,
    /// The lists.
    pub lists: Lists,
    /// The answers of steps that can be given again.
    pub cache: StepCache,
    /// The models that there are.
    pub providers: Arc<Providers>,
    /// The workflows that there are.
    pub scripts: Scripts,
    /// The agents that there are.
    pub agents: Agents,
    /// What can be set.
    pub settings: Settings,
}

/// What can be set about the interfaces.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's version; a page of another one reloads itself.
    pub version: String,
    /// The text of the data folder's file `key`: what cookies are made with.
    pub folder_key: String,
    /// The names under which the server may be reached besides loopback: `--host` and `allowed_hosts`.
    pub hosts: Vec<String>,
    /// The server's data folder, canonical: nothing of it is shown as a file of a project.
    pub data: Option<PathBuf>,
    /// How large an attached file may be, in bytes.
    pub largest_attachment: usize,
    /// The names of the tools that there are: what agents call is counted by them.
    pub tools: Vec<String>,
    /// After how much silence a socket is pinged.
    pub ping_after: Duration,
    /// After how much silence a socket is closed.
    pub close_after: Duration,
    /// How long the body of a request may take to come.
    pub body_within: Duration,
    /// How many requests a second each key may make in the long run.
    pub requests_per_second: NonZeroU32,
    /// How many requests each key may make at once.
    pub burst: NonZeroU32,
    /// What signs a browser in that is opened here.
    pub tickets: Tickets,
}

impl Settings {
    /// The usual ones: files of 10 MiB, pings after 20 s, an end after 60 s, a minute for a body, 200 requests a second and 400 at once.
    pub fn new(version: impl Into<String>, folder_key: impl Into<String>) -> Self {
        const PER_SECOND: NonZeroU32 = NonZeroU32::new(200).expect("200 is not 0");
        const BURST: NonZeroU32 = NonZeroU32::new(400).expect("400 is not 0");
        Self {
            version: version.into(),
            folder_key: folder_key.into(),
            hosts: Vec::new(),
            data: None,
            largest_attachment: 10 * 1024 * 1024,
            tools: Vec::new(),
            ping_after: Duration::from_secs(20),
            close_after: Duration::from_mins(1),
            body_within: Duration::from_mins(1),
            requests_per_second: PER_SECOND,
            burst: BURST,
            tickets: Tickets::default(),
        }
    }
}

/// How long a read waits for what was just written.
const PATIENCE: Duration = Duration::from_secs(2);

/// What all requests share.
pub struct Shared {
    /// The app.
    pub app: App,
    /// The keys that are good.
    pub keyring: watch::Receiver<Arc<Keyring>>,
    /// The cookies.
    pub cookies: Cookies,
    /// The names of this server.
    pub names: Names,
    /// Projects that were walked a moment ago.
    pub walks: Walks,
    /// Says when the server stops.
    pub stopping: CancellationToken,
    /// What is counted.
    pub metrics: Metrics,
    limits: DefaultKeyedRateLimiter<Arc<str>>,
}

impl Shared {
    pub(super) fn new(app: App, keyring: watch::Receiver<Arc<Keyring>>, stopping: CancellationToken) -> Self {
        let quota = Quota::per_second(app.settings.requests_per_second).allow_burst(app.settings.burst);
        Self {
            cookies: Cookies::new(app.host.log().id(), &app.settings.folder_key),
            names: Names::new(&app.settings.hosts),
            walks: Walks::default(),
            limits: RateLimiter::keyed(quota),
            metrics: Metrics::new(&app),
            app,
            keyring,
            stopping,
        }
    }

    /// Counts a request of a key.
    ///
    /// # Errors
    /// It made too many.
    pub fn count(&self, key: &Arc<str>) -> Result<(), Problem> {
        self.limits.check_key(key).map_err(|_| {
            let detail = format!(
                "the key `{key}` made more than {} requests a second: wait a second and go on slower",
                self.app.settings.requests_per_second
            );
            Problem::new(actix_web::http::StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail)
        })
    }

    /// Waits until the lists have the event at a position.
    ///
    /// # Errors
    /// They do not have it after 2 s.
    pub async fn listed(&self, position: Option<Position>) -> Result<(), Problem> {
        let Some(position) = position else { return Ok(()) };
        if self.app.lists.reach(position, PATIENCE).await {
            return Ok(());
        }
        let detail = format!("the lists are not yet behind position {position}: ask again in a moment");
        Err(Problem::unavailable("behind", detail))
    }

    /// Waits until the step cache has the event at a position.
    ///
    /// # Errors
    /// It does not have it after 2 s.
    pub async fn cached(&self, position: Option<Position>) -> Result<(), Problem> {
        let Some(position) = position else { return Ok(()) };
        if self.app.cache.reach(position, PATIENCE).await {
            return Ok(());
        }
        let detail = format!("the step cache is not yet behind position {position}: ask again in a moment");
        Err(Problem::unavailable("behind", detail))
    }

    /// Waits until the keyring has an event of `system/host`.
    ///
    /// # Errors
    /// It does not have it after 2 s.
    pub async fn signed(&self, revision: Option<Revision>) -> Result<(), Problem> {
        let Some(revision) = revision else { return Ok(()) };
        let mut keyring = self.keyring.clone();
        let there = tokio::time::timeout(PATIENCE, keyring.wait_for(|keyring| keyring.next() > revision)).await;
        match there {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => {
                Err(Problem::unavailable("behind", "the key is recorded, but not in use yet: try it in a moment"))
            }
        }
    }
}
