//! The one thing a caller needs to know of a model.

use futures_util::stream::BoxStream;

use super::{Chunk, ModelError, ModelRequest};

/// Something that answers a request with a stream of chunks.
///
/// The stream ends with exactly one [`Chunk::Finished`] or one error. Nothing is sent before the stream is first
/// polled; dropping it ends the call.
pub trait Model: Send + Sync {
    /// Asks the model; `request.model` is the name that [`Providers::resolve`](super::Providers::resolve) gave.
    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<Chunk, ModelError>>;
}
