//! The one thing a caller needs to know of a model.

use futures_util::{future::BoxFuture, stream::BoxStream};

use super::{Chunk, ModelError, ModelInfo, ModelRequest};

/// Something that answers a request with a stream of chunks.
///
/// The stream ends with exactly one [`Chunk::Finished`] or one error. Nothing is sent before the stream is first
/// polled; dropping it ends the call.
pub trait Model: Send + Sync {
    /// Asks the model; `request.model` is the name that [`Providers::resolve`](super::Providers::resolve) gave.
    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<Chunk, ModelError>>;
}

/// A provider's server: a model that also says which models it has.
pub(super) trait Server: Model {
    /// The models that the server says it has, and what it says of them; asked anew at each call, with a short timeout.
    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>>;
}
