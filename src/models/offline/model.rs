//! The offline model as a [`Model`].

use futures_util::stream::BoxStream;

use super::answer::answer;
use super::play::play;
use super::summary::summary;
use super::title::title;
use crate::models::{Chunk, Model, ModelError, ModelRequest, OfflineSettings, Purpose};

/// The model that is built in. Without a scenario it has no state at all.
#[derive(Debug)]
pub struct OfflineModel {
    settings: OfflineSettings,
}

impl OfflineModel {
    /// An offline model that behaves so.
    pub fn new(settings: OfflineSettings) -> Self {
        Self { settings }
    }
}

impl Model for OfflineModel {
    fn stream(&self, mut request: ModelRequest) -> BoxStream<'static, Result<Chunk, ModelError>> {
        if request.answer_only {
            request.tools.clear();
        }
        let scenario = self.settings.scenario.as_ref();
        let beats = scenario.and_then(|scenario| scenario.beats(&request)).unwrap_or_else(|| match request.purpose {
            Purpose::Answer => answer(&request),
            Purpose::Title => title(&request),
            Purpose::Summary => summary(&request),
        });
        play(request, beats, self.settings.words_per_second)
    }
}
