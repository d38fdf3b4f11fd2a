//! Tries a provider out: does its key work, is its address right, does it answer?

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;

use super::{OFFLINE, Providers};
use crate::models::{Chunk, ErrorKind, Message, ModelError, ModelRequest};

/// How long a trial may take altogether.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most tokens of the answer: enough for a model that reasons first, and next to nothing to pay.
const MOST_TOKENS: u32 = 256;

/// A provider that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The model that was asked for a word; `None` where only the list of models was read.
    pub model: Option<String>,
    /// How many models the server said it has, where it was asked for them.
    pub models: Option<usize>,
    /// From the request to the answer's first piece, or to the list, in ms.
    pub latency_ms: u64,
}

impl Providers {
    /// Asks a model of a provider for one word: the one that is named, or the provider's own choice. Where neither is
    /// there, the list of models is read instead.
    pub async fn try_out(&self, id: &str, model: Option<&str>) -> Result<Trial, ModelError> {
        let began = Instant::now();
        let latency_ms = || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if id == OFFLINE {
            return Ok(Trial { model: Some(OFFLINE.to_owned()), models: None, latency_ms: 0 });
        }
        let entry = self.provider(id, id)?;
        let Some(model) = model.or(entry.settings.default_model.as_deref()) else {
            let models = entry.ask_for_models().await?.len();
            return Ok(Trial { model: None, models: Some(models), latency_ms: latency_ms() });
        };
        let request = ModelRequest {
            model: entry.wire_name(model).to_owned(),
            messages: vec![Message::user("Answer with the one word: ready")],
            max_output_tokens: Some(MOST_TOKENS),
            info: entry.describe(model),
            ..ModelRequest::default()
        };
        let answered = async {
            let mut chunks = entry.model().stream(request);
            let mut first = None;
            while let Some(chunk) = chunks.next().await {
                first.get_or_insert_with(latency_ms);
                // The end counts, not the beginning: errors come within a stream too.
                if let Chunk::Finished { .. } = chunk? {
                    return Ok(first.unwrap_or_default());
                }
            }
            Err(ModelError::new(ErrorKind::BrokenStream, id, "The answer ended without an end: try again."))
        };
        let latency_ms = tokio::time::timeout(PATIENCE, answered).await.unwrap_or_else(|_| {
            let message = format!("{} did not answer within {PATIENCE:?}: try again.", entry.settings.label);
            Err(ModelError::new(ErrorKind::Stalled, id, message))
        })?;
        Ok(Trial { model: Some(model.to_owned()), models: None, latency_ms })
    }
}
