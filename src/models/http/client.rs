//! The client: sends a request, and turns what is no answer into an error.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, Stream};
use futures_util::{FutureExt, StreamExt, TryFutureExt};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Response, Url};
use serde_json::Value;

use super::reading::Reading;
use super::retry_after::retry_after_ms;
use super::{Draft, Origin, Question, Wire};
use crate::models::model::Server;
use crate::models::{
    BadSettings, Chunk, ErrorKind, Model, ModelError, ModelInfo, ModelRequest, ProviderSettings, Timeouts,
};

/// The most bytes that are read of an error or of a list of models.
const MOST_BYTES_ASIDE: usize = 4 * 1024 * 1024;

/// A provider's server, spoken to over one wire.
pub struct Client<W> {
    inner: Arc<Inner<W>>,
}

struct Inner<W> {
    /// Building the client fails where the machine has no certificates; said when it is used, not at start.
    client: Result<reqwest::Client, String>,
    origin: Arc<Origin>,
    headers: HeaderMap,
    wire: W,
    timeouts: Timeouts,
}

impl<W> Clone for Client<W> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<W: Wire> Client<W> {
    /// A client for that provider; fails where its address or key cannot be used.
    pub fn new(settings: &ProviderSettings, timeouts: Timeouts, wire: W) -> Result<Self, BadSettings> {
        let url = settings.url()?;
        let mut headers = HeaderMap::new();
        for (name, value) in wire.headers(settings.key.as_ref()) {
            let mut value = HeaderValue::from_str(&value).map_err(|_| BadSettings {
                provider: settings.id.clone(),
                problem: format!("{} holds characters that no key has", settings.key_name),
            })?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let builder = reqwest::Client::builder()
            .user_agent(concat!("reenact/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeouts.connect)
            .redirect(reqwest::redirect::Policy::none());
        let builder = if is_loopback(&url) { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|error| error.to_string());
        let origin = Arc::new(Origin::new(settings, url, W::ADDRESS));
        Ok(Self { inner: Arc::new(Inner { client, origin, headers, wire, timeouts }) })
    }

    /// Whose errors these are.
    pub fn origin(&self) -> &Origin {
        &self.inner.origin
    }

    async fn listed(self) -> Result<Vec<ModelInfo>, ModelError> {
        let path = self.inner.wire.list();
        let list = self.json(path, None).await?;
        self.inner.wire.listed(&list).ok_or_else(|| self.no_list(path))
    }

    /// That what stands at a path is no list of models.
    pub fn no_list(&self, path: &str) -> ModelError {
        let message =
            format!("{} gave no list of models: check the address of {}.", self.address(path), self.origin().label);
        self.origin().error(ErrorKind::BadAnswer, &message)
    }

    /// What the server answers at a path, to a question if there is one; within the time for a list of models.
    pub async fn json(&self, path: &str, question: Option<&Value>) -> Result<Value, ModelError> {
        let client = self.client()?;
        let request = match question {
            None => client.get(self.address(path)),
            Some(question) => client.post(self.address(path)).json(question),
        };
        let asked = async {
            let response = self.with_headers(request).send().await;
            let response = response.map_err(|error| self.origin().unreachable(&error))?;
            Ok(beginning(self.checked(response, "").await?).await)
        };
        let within = self.inner.timeouts.list;
        let bytes = tokio::time::timeout(within, asked).await.unwrap_or_else(|_| Err(self.origin().stalled(within)))?;
        serde_json::from_slice(&bytes).map_err(|_| self.no_list(path))
    }

    async fn open(
        self,
        request: ModelRequest,
    ) -> Result<impl Stream<Item = Result<Chunk, ModelError>> + use<W>, ModelError> {
        let Question { path, headers, body } = self.inner.wire.question(&request);
        let mut post = self.with_headers(self.client()?.post(self.address(&path)));
        for (name, value) in headers {
            post = post.header(name, value);
        }
        let post = post.header(CONTENT_TYPE, "application/json").header(ACCEPT, "text/event-stream").body(body);
        let stall = self.inner.timeouts.stall;
        let response = tokio::time::timeout(stall, post.send())
            .await
            .map_err(|_| self.origin().stalled(stall))?
            .map_err(|error| self.origin().unreachable(&error))?;
        let response = self.checked(response, &request.model).await?;
        let draft = Draft::new(Arc::clone(&self.inner.origin), &request);
        let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.starts_with("text/html") {
            return Err(draft.foreign());
        }
        let whole = kind.starts_with("application/json");
        Ok(Reading::new(self.inner.wire.answer(draft, &request), response, stall, whole).chunks())
    }

    fn client(&self) -> Result<&reqwest::Client, ModelError> {
        self.inner.client.as_ref().map_err(|problem| {
            let message = format!(
                "No connection can be made from this machine: {problem}. Are the system's certificates installed?"
            );
            self.origin().error(ErrorKind::Unavailable, &message)
        })
    }

    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.origin().base_url.as_str().trim_end_matches('/'))
    }

    fn with_headers(&self, request: RequestBuilder) -> RequestBuilder {
        request.headers(self.inner.headers.clone())
    }

    /// The response, or the error that its status means.
    async fn checked(&self, response: Response, model: &str) -> Result<Response, ModelError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let wait = retry_after_ms(response.headers(), SystemTime::now());
        let body = tokio::time::timeout(self.inner.timeouts.list, beginning(response)).await.unwrap_or_default();
        Err(self.origin().refused(status.as_u16(), wait, &body, model))
    }
}

impl<W: Wire> Model for Client<W> {
    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<Chunk, ModelError>> {
        self.clone().open(request).try_flatten_stream().boxed()
    }
}

impl<W: Wire> Server for Client<W> {
    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        self.clone().listed().boxed()
    }
}

/// The beginning of a body that matters only aside; what cannot be read is left out.
async fn beginning(mut response: Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(Some(part)) = response.chunk().await {
        bytes.extend_from_slice(&part);
        if bytes.len() > MOST_BYTES_ASIDE {
            break;
        }
    }
    bytes
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}
