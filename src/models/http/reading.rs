//! Reads an answer's bytes: watches that they come, cuts them into events, and has the wire put the answer together.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use eventsource_stream::{Event, EventStreamError, Eventsource};
use futures_util::StreamExt;
use futures_util::stream::{self, Stream};
use reqwest::Response;

use super::{Added, Answer, Origin};
use crate::models::{Chunk, ErrorKind, ModelError};

/// The most bytes of an answer; nothing that a model writes comes near it.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// The most bytes of one line of a stream: each piece that comes has the unfinished line read again from its beginning,
/// so that a line without end would take ever more time.
const LONGEST_LINE: usize = 2 * 1024 * 1024;

/// Why reading an answer ended early.
#[derive(Debug)]
enum ReadFailure {
    Transport(reqwest::Error),
    Stalled,
    TooLong,
}

/// An answer that is being read.
pub(super) struct Reading<A> {
    origin: Arc<Origin>,
    stall: Duration,
    events: Pin<Box<dyn Stream<Item = Result<Event, EventStreamError<ReadFailure>>> + Send>>,
    /// `None` once the answer is over.
    answer: Option<A>,
    ready: VecDeque<Result<Chunk, ModelError>>,
    saw_bytes: Arc<AtomicBool>,
    saw_event: bool,
}

impl<A: Answer> Reading<A> {
    /// `whole`: the body is one event, of a server that does not stream.
    pub fn new(answer: A, response: Response, stall: Duration, whole: bool) -> Self {
        let saw_bytes = Arc::new(AtomicBool::new(false));
        let longest_line = if whole { usize::MAX } else { LONGEST_LINE };
        let bytes = watched(response, stall, Arc::clone(&saw_bytes), longest_line);
        let events = if whole { stream::once(one_event(bytes)).boxed() } else { bytes.eventsource().boxed() };
        let origin = Arc::clone(&answer.draft().origin);
        Self { origin, stall, events, answer: Some(answer), ready: VecDeque::new(), saw_bytes, saw_event: false }
    }

    pub fn chunks(self) -> impl Stream<Item = Result<Chunk, ModelError>> {
        stream::unfold(self, |mut reading| async move { reading.next().await.map(|chunk| (chunk, reading)) })
    }

    async fn next(&mut self) -> Option<Result<Chunk, ModelError>> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                return Some(chunk);
            }
            let mut answer = self.answer.take()?;
            let chunks = match self.events.next().await {
                Some(Ok(event)) => {
                    self.saw_event = true;
                    match answer.event(&event.data) {
                        Ok(Added { chunks, last: false }) => {
                            self.answer = Some(answer);
                            Ok(chunks)
                        }
                        Ok(Added { chunks, last: true }) => {
                            self.ready.extend(chunks.into_iter().map(Ok));
                            answer.done()
                        }
                        Err(error) => Err(error),
                    }
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

    fn ended(&self, answer: &A) -> ModelError {
        if self.saw_bytes.load(Ordering::Relaxed) && !self.saw_event {
            return answer.draft().foreign();
        }
        self.broken("the stream ended too early")
    }

    fn failure(&self, failure: EventStreamError<ReadFailure>, answer: &A) -> ModelError {
        match failure {
            EventStreamError::Transport(ReadFailure::Stalled) => self.origin.stalled(self.stall),
            EventStreamError::Transport(ReadFailure::TooLong) => answer.draft().foreign(),
            EventStreamError::Transport(ReadFailure::Transport(error)) => {
                self.broken(&std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string))
            }
            EventStreamError::Utf8(_) | EventStreamError::Parser(_) if !self.saw_event => answer.draft().foreign(),
            EventStreamError::Utf8(_) => self.broken("what came is no text"),
            EventStreamError::Parser(_) => self.broken("what came is no stream of events"),
        }
    }

    fn broken(&self, reason: &str) -> ModelError {
        let Origin { label, base_url, .. } = &*self.origin;
        let message = format!("The answer of {label} at {base_url} broke off ({reason}): try again.");
        self.origin.error(ErrorKind::BrokenStream, &message)
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
