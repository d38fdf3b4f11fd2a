//! Texts on their way into events and out of them: what is long goes into a blob first.

use std::sync::Arc;

use futures_util::StreamExt as _;
use replay::{
    blobs::{BlobError, BlobId, BlobStore},
    ids::{Revision, StreamId},
    log::EventLog,
};

use crate::entities::{
    body::{BlobRef, Body, HEAD_LIMIT, INLINE_LIMIT, head},
    chat::written::Written,
};

/// Reads and writes bodies.
#[derive(Clone)]
pub struct Bodies {
    blobs: Arc<BlobStore>,
    log: Arc<dyn EventLog>,
}

impl Bodies {
    /// With these blobs, and the log whose events name them.
    pub fn new(blobs: Arc<BlobStore>, log: Arc<dyn EventLog>) -> Self {
        Self { blobs, log }
    }

    /// The body of a text. The blob of a long one is durable before this returns.
    ///
    /// # Errors
    /// The blob could not be written.
    pub async fn write(&self, text: String) -> Result<Body, BlobError> {
        if is_short(&text) {
            return Ok(Body::Text(Arc::new(text)));
        }
        let blobs = Arc::clone(&self.blobs);
        on_disk(move || {
            let blob = blobs.put(text.as_bytes())?.to_string().into();
            let (bytes, media_type) = (text.len() as u64, "text/plain; charset=utf-8".into());
            Ok(Body::Blob(BlobRef { blob, bytes, media_type, head: head(&text, HEAD_LIMIT).into() }))
        })
        .await
    }

    /// The whole text of a body in an event of a stream. What is gone is told as such: a model should know that something is
    /// missing.
    pub async fn read(&self, stream: &StreamId, body: &Body) -> String {
        let reference = match body {
            Body::Text(text) => return text.as_str().to_owned(),
            Body::Blob(reference) => reference,
            Body::Written(reference) => return self.gathered(stream, reference).await,
        };
        match self.get(&reference.blob).await {
            Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            Ok(None) => missing(body, "it is not there any more"),
            Err(error) => missing(body, &error.to_string()),
        }
    }

    async fn gathered(&self, stream: &StreamId, reference: &Written) -> String {
        let mut records = self.log.read_stream(stream.clone(), Revision::ZERO);
        let mut whole = String::new();
        let mut why = "its events are not there any more".to_owned();
        while let Some(record) = records.next().await {
            match record {
                Ok(record) if reference.gather(&mut whole, &record) => return whole,
                Ok(_) => {}
                Err(error) => why = error.to_string(),
            }
        }
        missing(&Body::Written(reference.clone()), &why)
    }

    /// The bytes of a blob; `None` where they cannot be had.
    pub async fn bytes(&self, blob: &str) -> Option<Vec<u8>> {
        self.get(blob).await.ok().flatten()
    }

    async fn get(&self, blob: &str) -> Result<Option<Vec<u8>>, BlobError> {
        let blobs = Arc::clone(&self.blobs);
        match blob.parse::<BlobId>() {
            Ok(id) => on_disk(move || blobs.get(id)).await,
            Err(_) => Ok(None),
        }
    }
}

/// Whether a text can stand in an event: JSON writes a control character as up to six bytes.
fn is_short(text: &str) -> bool {
    let controls = text.bytes().filter(u8::is_ascii_control).count();
    text.len() + 5 * controls <= 2 * INLINE_LIMIT && text.len() <= INLINE_LIMIT
}

fn missing(body: &Body, why: &str) -> String {
    format!("{}\n[The rest of this text, {} bytes in all, cannot be read: {why}]", body.shown(), body.bytes())
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and whoever waits with it: nothing is to be reported of that.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use replay::memory::MemoryLog;

    use super::*;

    #[tokio::test]
    async fn a_text_that_an_event_has_no_room_for_is_kept_as_a_blob_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let bodies = Bodies::new(Arc::new(BlobStore::open(folder.path()).unwrap()), Arc::new(MemoryLog::new()));
        let stream = "chat/one".parse().unwrap();
        for (text, inline) in [
            ("plain".to_owned(), true),
            ("\n".repeat(3_000), true),
            ("x".repeat(INLINE_LIMIT), true),
            ("x".repeat(INLINE_LIMIT + 1), false),
            ("\0".repeat(INLINE_LIMIT), false),
        ] {
            let body = bodies.write(text.clone()).await.unwrap();
            assert_eq!(matches!(body, Body::Text(_)), inline, "{} bytes", text.len());
            assert!(serde_json::to_string(&body).unwrap().len() < replay::log::MAX_DATA / 2);
            assert_eq!(bodies.read(&stream, &body).await, text);
        }
    }
}
