//! The client: sends a request, watches over the stream, reads its events.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use eventsource_stream::{Event, EventStreamError, Eventsource};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, Stream};
use futures_util::{FutureExt, StreamExt, TryFutureExt};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, Url};
use serde_json::Value;

use super::answer::Answer;
use super::body::{Dialect, body};
use super::failure::Origin;
use super::retry_after::retry_after_ms;
use crate::models::model::Server;
use crate::models::{
    BadSettings, Chunk, ErrorKind, Model, ModelError, ModelInfo, ModelRequest, ProviderSettings, Timeouts,
};

/// The most bytes of an answer; nothing that a model writes comes near it.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// The most bytes of one line of a stream: each piece that comes has the unfinished line read again from its beginning,
/// so that a line without end would take ever more time.
const LONGEST_LINE: usize = 2 * 1024 * 1024;
/// The most bytes that are read of an error or of a list of models.
const MOST_BYTES_ASIDE: usize = 4 * 1024 * 1024;

/// A server that speaks `OpenAI`'s chat completions.
#[derive(Clone)]
pub struct OpenAi {
    /// Building the client fails where the machine has no certificates; said when it is used, not at start.
    client: Result<Client, String>,
    origin: Arc<Origin>,
    authorization: Option<HeaderValue>,
    dialect: Dialect,
    timeouts: Timeouts,
}

/// Why reading an answer ended early.
#[derive(Debug)]
enum ReadFailure {
    Transport(reqwest::Error),
    Stalled,
    TooLong,
}

impl OpenAi {
    /// A client for that provider; fails where its address or key cannot be used.
    pub fn new(settings: &ProviderSettings, timeouts: Timeouts) -> Result<Self, BadSettings> {
        let url = settings.url()?;
        let authorization = match &settings.key {
            None => None,
            Some(set) => {
                let mut value =
                    HeaderValue::from_str(&format!("Bearer {}", set.key.reveal())).map_err(|_| BadSettings {
                        provider: settings.id.clone(),
                        problem: format!("{} holds characters that no key has", settings.key_name),
                    })?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let builder = Client::builder()
            .user_agent(concat!("reenact/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeouts.connect)
            .redirect(reqwest::redirect::Policy::none());
        let builder = if is_loopback(&url) { builder.no_proxy() } else { builder };
        let dialect = Dialect::of(settings, &url);
        Ok(Self {
            client: builder.build().map_err(|error| error.to_string()),
            origin: Arc::new(Origin::new(settings, url)),
            authorization,
            dialect,
            timeouts,
        })
    }

    async fn listed(self) -> Result<Vec<ModelInfo>, ModelError> {
        let client = self.client()?;
        let asked = async {
            let response = self.authorized(client.get(self.address("models"))).send().await;
            let response = response.map_err(|error| self.origin.unreachable(&error))?;
            let response = self.checked(response, "").await?;
            Ok(beginning(response).await)
        };
        let bytes = tokio::time::timeout(self.timeouts.list, asked)
            .await
            .unwrap_or_else(|_| Err(self.stalled(self.timeouts.list)))?;
        let list: Option<Value> = serde_json::from_slice(&bytes).ok();
        let Some(entries) = list.as_ref().and_then(|list| list.get("data")?.as_array()) else {
            let message = format!(
                "{} gave no list of models: check the address of {}.",
                self.address("models"),
                self.origin.label
            );
            return Err(self.origin.error(ErrorKind::BadAnswer, &message));
        };
        Ok(entries.iter().filter_map(|entry| Some(ModelInfo::named(entry.get("id")?.as_str()?))).collect())
    }

    async fn open(
        self,
        request: ModelRequest,
    ) -> Result<impl Stream<Item = Result<Chunk, ModelError>> + use<>, ModelError> {
        let post = self
            .authorized(self.client()?.post(self.address("chat/completions")))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(body(&request, self.dialect));
        let response = tokio::time::timeout(self.timeouts.stall, post.send())
            .await
            .map_err(|_| self.stalled(self.timeouts.stall))?
            .map_err(|error| self.origin.unreachable(&error))?;
        let response = self.checked(response, &request.model).await?;
        let answer = Answer::new(Arc::clone(&self.origin), &request);
        let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.starts_with("text/html") {
            return Err(answer.foreign());
        }
        let whole = kind.starts_with("application/json");
        Ok(Reading::new(self, answer, response, whole).chunks())
    }

    fn client(&self) -> Result<&Client, ModelError> {
        self.client.as_ref().map_err(|problem| {
            let message = format!(
                "No connection can be made from this machine: {problem}. Are the system's certificates installed?"
            );
            self.origin.error(ErrorKind::Unavailable, &message)
        })
    }

    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.origin.base_url.as_str().trim_end_matches('/'))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.authorization {
            Some(value) => request.header(AUTHORIZATION, value.clone()),
            None => request,
        }
    }

    /// The response, or the error that its status means.
    async fn checked(&self, response: Response, model: &str) -> Result<Response, ModelError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let wait = retry_after_ms(response.headers(), SystemTime::now());
        let body = tokio::time::timeout(self.timeouts.list, beginning(response)).await.unwrap_or_default();
        Err(self.origin.refused(status.as_u16(), wait, &body, model))
    }

    fn stalled(&self, after: Duration) -> ModelError {
        let Origin { label, base_url, .. } = &*self.origin;
        let message = format!("{label} at {base_url} sent nothing for {after:?}: try again.");
        self.origin.error(ErrorKind::Stalled, &message)
    }
}

impl Model for OpenAi {
    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<Chunk, ModelError>> {
        self.clone().open(request).try_flatten_stream().boxed()
    }
}

impl Server for OpenAi {
    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        self.clone().listed().boxed()
    }
}

/// An answer that is being read.
struct Reading {
    wire: OpenAi,
    events: Pin<Box<dyn Stream<Item = Result<Event, EventStreamError<ReadFailure>>> + Send>>,
    /// `None` once the answer is over.
    answer: Option<Answer>,
    ready: VecDeque<Result<Chunk, ModelError>>,
    saw_bytes: Arc<AtomicBool>,
    saw_event: bool,
}

impl Reading {
    fn new(wire: OpenAi, answer: Answer, response: Response, whole: bool) -> Self {
        let saw_bytes = Arc::new(AtomicBool::new(false));
        let bytes = watched(
            response,
            wire.timeouts.stall,
            Arc::clone(&saw_bytes),
            if whole { usize::MAX } else { LONGEST_LINE },
        );
        let events = if whole { stream::once(one_event(bytes)).boxed() } else { bytes.eventsource().boxed() };
        Self { wire, events, answer: Some(answer), ready: VecDeque::new(), saw_bytes, saw_event: false }
    }

    fn chunks(self) -> impl Stream<Item = Result<Chunk, ModelError>> {
        stream::unfold(self, |mut reading| async move { reading.next().await.map(|chunk| (chunk, reading)) })
    }

    async fn next(&mut self) -> Option<Result<Chunk, ModelError>> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                return Some(chunk);
            }
            let mut answer = self.answer.take()?;
            let chunks = match self.events.next().await {
                Some(Ok(event)) if event.data.trim() == "[DONE]" => answer.done(),
                Some(Ok(event)) => {
                    self.saw_event = true;
                    let chunks = answer.event(&event.data);
                    if chunks.is_ok() {
                        self.answer = Some(answer);
                    }
                    chunks
                }
                Some(Err(failure)) => {
                    let error = self.failure(failure, &answer);
                    answer.cut(error)
                }
                None => {
                    let error = self.ended(&answer);
                    answer.cut(error)
                }
            };
            match chunks {
                Ok(chunks) => self.ready.extend(chunks.into_iter().map(Ok)),
                Err(error) => self.ready.push_back(Err(error)),
            }
        }
    }

    fn ended(&self, answer: &Answer) -> ModelError {
        if self.saw_bytes.load(Ordering::Relaxed) && !self.saw_event {
            return answer.foreign();
        }
        self.broken("the stream ended too early")
    }

    fn failure(&self, failure: EventStreamError<ReadFailure>, answer: &Answer) -> ModelError {
        match failure {
            EventStreamError::Transport(ReadFailure::Stalled) => self.wire.stalled(self.wire.timeouts.stall),
            EventStreamError::Transport(ReadFailure::TooLong) => answer.foreign(),
            EventStreamError::Transport(ReadFailure::Transport(error)) => {
                self.broken(&std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string))
            }
            EventStreamError::Utf8(_) | EventStreamError::Parser(_) if !self.saw_event => answer.foreign(),
            EventStreamError::Utf8(_) => self.broken("what came is no text"),
            EventStreamError::Parser(_) => self.broken("what came is no stream of events"),
        }
    }

    fn broken(&self, reason: &str) -> ModelError {
        let Origin { label, base_url, .. } = &*self.wire.origin;
        let message = format!("The answer of {label} at {base_url} broke off ({reason}): try again.");
        self.wire.origin.error(ErrorKind::BrokenStream, &message)
    }
}

/// The body's bytes; an error where none come for too long (comments that keep the connection alive count as bytes)
/// or too many, in all or in one line. A last event without its empty line is completed.
fn watched(
    response: Response,
    stall: Duration,
    saw_bytes: Arc<AtomicBool>,
    longest_line: usize,
) -> impl Stream<Item = Result<Bytes, ReadFailure>> + Send {
    let (mut total, mut line) = (0_u64, 0_usize);
    let bytes = stream::unfold(Some(response), move |response| async move {
        let mut response = response?;
        match tokio::time::timeout(stall, response.chunk()).await {
            Ok(Ok(Some(bytes))) => Some((Ok(bytes), Some(response))),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some((Err(ReadFailure::Transport(error)), None)),
            Err(_) => Some((Err(ReadFailure::Stalled), None)),
        }
    });
    let limited = bytes.map(move |bytes| {
        let bytes = bytes?;
        saw_bytes.store(true, Ordering::Relaxed);
        total = total.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        line = match bytes.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(end) => bytes.len() - end - 1,
            None => line.saturating_add(bytes.len()),
        };
        if total > MOST_BYTES || line > longest_line { Err(ReadFailure::TooLong) } else { Ok(bytes) }
    });
    limited.chain(stream::once(async { Ok(Bytes::from_static(b"\n\n")) }))
}

/// The whole body as one event, for servers that answer without streaming.
async fn one_event(
    bytes: impl Stream<Item = Result<Bytes, ReadFailure>>,
) -> Result<Event, EventStreamError<ReadFailure>> {
    let mut bytes = std::pin::pin!(bytes);
    let mut whole = Vec::new();
    while let Some(part) = bytes.next().await {
        whole.extend_from_slice(&part.map_err(EventStreamError::Transport)?);
    }
    Ok(Event { data: String::from_utf8(whole).map_err(EventStreamError::Utf8)?, ..Event::default() })
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
