//! What the wires share: one client that sends, watches over the stream and says what went wrong; and what every answer
//! is put together with. What differs between providers is a [`Wire`].

mod client;
mod draft;
mod failure;
mod reading;
mod retry_after;

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;

pub(super) use client::Client;
pub(super) use draft::{Draft, WholeCall, sendable};
pub(super) use failure::Origin;

use super::{Chunk, ModelError, ModelInfo, ModelRequest, SetKey, Stop};

/// One provider's way of asking and answering.
pub(super) trait Wire: Send + Sync + 'static {
    /// How its answers are put together.
    type Answer: Answer;

    /// How the address of such a provider usually ends, for errors.
    const ADDRESS: &'static str;

    /// The headers of every request: its version, and the key.
    fn headers(&self, key: Option<&SetKey>) -> Vec<(HeaderName, String)>;

    /// What is posted where to ask.
    fn question(&self, request: &ModelRequest) -> Question;

    /// An answer of which nothing has come yet.
    fn answer(&self, draft: Draft, request: &ModelRequest) -> Self::Answer;

    /// Where the models are listed.
    fn list(&self) -> &'static str;

    /// The models of a list; `None` where it is none.
    fn listed(&self, list: &Value) -> Option<Vec<ModelInfo>>;
}

/// What is posted.
pub(super) struct Question {
    /// Where to, after the provider's address.
    pub path: String,
    /// Headers of this request alone.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// JSON.
    pub body: Vec<u8>,
}

/// An answer that is being put together from the events of its stream. Pure: text in, chunks out.
pub(super) trait Answer: Send + Sized + 'static {
    /// What is common to all answers.
    fn draft(&self) -> &Draft;

    /// Takes one event's data; gives what it adds, and whether it was the last.
    fn event(&mut self, data: &str) -> Result<Added, ModelError>;

    /// Whether a tool was called.
    fn has_calls(&self) -> bool;

    /// The tool calls and the end, for this reason to stop.
    fn finish(self, stop: Stop) -> Vec<Chunk>;

    /// The provider said that the answer is complete: the tool calls and the end.
    fn done(self) -> Result<Vec<Chunk>, ModelError> {
        let draft = self.draft();
        match draft.stop {
            None if !draft.has_text() && !self.has_calls() => Err(draft.never_began()),
            stop => Ok(self.finish(stop.unwrap_or(Stop::End))),
        }
    }

    /// The stream ended or failed without the provider's word that the answer is complete. If it had said why it
    /// stopped, only the usage can be missing; otherwise the answer is broken, as `failure` says.
    fn cut(self, failure: ModelError) -> Result<Vec<Chunk>, ModelError> {
        match self.draft().stop {
            Some(stop) => Ok(self.finish(stop)),
            None => Err(failure),
        }
    }
}

/// What an event adds to an answer.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Added {
    /// The pieces.
    pub chunks: Vec<Chunk>,
    /// Nothing more is to come.
    pub last: bool,
}

impl From<Vec<Chunk>> for Added {
    fn from(chunks: Vec<Chunk>) -> Self {
        Self { chunks, last: false }
    }
}
