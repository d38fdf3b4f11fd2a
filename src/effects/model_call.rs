//! Asks a model for a chat, and passes on what it writes as it writes it.

use std::time::Instant;

use futures_util::{StreamExt as _, stream::BoxStream};
use replay::blobs::BlobError;

use super::{Effects, markup, pieces::Pieces, structured};
use crate::{
    entities::{
        body::{Body, INLINE_LIMIT},
        chat::{
            self,
            event::{CallError, ProviderData, Retry, Stop, ToolClass},
            prompt::prompt,
            work::{Answer, Streamed, ToolRequest},
        },
        usage::Usage,
    },
    host::{Job, Stopped},
    models::{self, Chunk, ErrorKind, ModelError},
    tools,
};

/// What a model ended with, and the tools that it asked for.
struct End {
    stop: models::Stop,
    usage: models::Usage,
    provider_data: Option<serde_json::Value>,
    tools: Vec<(String, String, String)>,
}

/// Why a call broke off.
enum Broken {
    Model(ModelError),
    Stopped,
}

impl Effects {
    pub(super) async fn call_model(&self, job: &Job, state: &chat::State) -> chat::Outcome {
        match self.answer(job, state).await {
            Ok(answer) => chat::Outcome::Answered(Box::new(answer)),
            Err(error) => chat::Outcome::CallFailed(error),
        }
    }

    async fn answer(&self, job: &Job, state: &chat::State) -> Result<Answer, CallError> {
        let began = Instant::now();
        let (Some(about), Some(call)) = (&state.about, state.current()) else {
            return Err(final_error(
                "internal",
                "The chat has no call to make. This is a bug; please report it.".into(),
            ));
        };
        let found = self.providers.resolve(&call.model).map_err(|error| call_error(&error))?;
        let folder = self.folder(about.project, about.brief.as_deref()).await;
        let folder = folder.map_err(|why| final_error("no_project", why))?;
        let mut request = self.request(&job.stream, prompt(state), &found, &folder, about).await;
        request.answer_only = call.closing;
        if let Some(schema) = &about.answer {
            request.tools.push(structured::tool(&self.bodies.read(&job.stream, schema).await));
            request.system.push_str(structured::INSTRUCTIONS);
        }
        let mut pieces = Pieces::new(job.progress.clone());
        let end = stream(found.model.stream(request), &mut pieces).await.map_err(|broken| match broken {
            Broken::Model(error) => call_error(&error),
            Broken::Stopped => interrupted(),
        })?;
        let (reasoning, mut text) = pieces.into_whole();
        let streamed = Some(Streamed { reasoning: reasoning.len() as u64, text: text.len() as u64 });
        let (mut called, mut stop, mut mended) = (end.tools, stop(end.stop), false);
        // A server that does not read its model's markup leaves calls in the text.
        if called.is_empty()
            && !call.closing
            && let Some((rest, written)) = markup::taken_out(&text, |name| self.toolbox.get(name).is_some())
        {
            called = written.into_iter().map(|call| (String::new(), call.name, call.arguments)).collect();
            (text, stop, mended) = (rest, Stop::ToolCalls, true);
        }
        let mut asked = vec![];
        for (id, name, arguments) in called {
            let class = match self.toolbox.class(&name) {
                tools::ToolClass::Reading => ToolClass::Repeat,
                tools::ToolClass::Writing => ToolClass::Once,
                tools::ToolClass::Starting => ToolClass::Keyed,
            };
            let arguments = self.bodies.write(arguments).await.map_err(|error| blob_error(&error))?;
            asked.push(ToolRequest { provider_id: id.into(), name: name.into(), arguments, class });
        }
        Ok(Answer {
            stop,
            usage: usage(&end.usage),
            raw_usage: end.usage.raw,
            provider_data: self.provider_data(found.provider, end.provider_data).await?,
            latency_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            window: found.info.context_window.or(self.context_window),
            text: if mended {
                Some(self.bodies.write(text).await.map_err(|error| blob_error(&error))?)
            } else {
                self.long(text).await?
            },
            reasoning: self.long(reasoning).await?,
            tools: asked,
            streamed,
        })
    }

    /// What a provider wants back, to be kept.
    async fn provider_data(
        &self,
        provider: String,
        data: Option<serde_json::Value>,
    ) -> Result<Option<ProviderData>, CallError> {
        let Some(data) = data else { return Ok(None) };
        let data = self.bodies.write(data.to_string()).await.map_err(|error| blob_error(&error))?;
        Ok(Some(ProviderData { provider: provider.into(), data }))
    }

    /// The reference to a text that is too long for the state.
    async fn long(&self, text: String) -> Result<Option<Body>, CallError> {
        if text.len() <= INLINE_LIMIT {
            return Ok(None);
        }
        self.bodies.write(text).await.map(Some).map_err(|error| blob_error(&error))
    }
}

/// Passes on what a model writes until it ends.
async fn stream(mut chunks: BoxStream<'static, Result<Chunk, ModelError>>, pieces: &mut Pieces) -> Result<End, Broken> {
    let mut tools = vec![];
    loop {
        let due = pieces.due();
        let chunk = tokio::select! {
            biased;
            () = tokio::time::sleep_until(due.unwrap_or_else(tokio::time::Instant::now)), if due.is_some() => {
                pieces.pass().await?;
                continue;
            }
            chunk = chunks.next() => chunk,
        };
        match chunk {
            Some(Ok(Chunk::Text(text))) => pieces.text(&text),
            Some(Ok(Chunk::Reasoning(text))) => pieces.reasoning(&text),
            Some(Ok(Chunk::ToolCall { id, name, arguments, .. })) => tools.push((id, name, arguments)),
            Some(Ok(Chunk::Finished { stop, usage, provider_data })) => {
                pieces.pass().await?;
                return Ok(End { stop, usage, provider_data, tools });
            }
            Some(Err(error)) => {
                // What was written before it broke is kept: people can read it, and see where it ends.
                pieces.pass().await?;
                return Err(Broken::Model(error));
            }
            None => {
                pieces.pass().await?;
                let what = "The model's answer broke off without an end. It is asked again.";
                return Err(Broken::Model(ModelError::new(ErrorKind::BrokenStream, "", what)));
            }
        }
    }
}

/// What a model writes from beginning to end, of a long text the first `most` bytes or a little more.
pub(super) async fn whole_text(
    mut chunks: BoxStream<'static, Result<Chunk, ModelError>>,
    most: usize,
) -> Result<(String, models::Usage), ModelError> {
    let mut text = String::new();
    while let Some(chunk) = chunks.next().await {
        match chunk? {
            Chunk::Text(piece) if text.len() < most => text.push_str(&piece),
            Chunk::Text(_) | Chunk::Reasoning(_) | Chunk::ToolCall { .. } => {}
            Chunk::Finished { usage, .. } => return Ok((text, usage)),
        }
    }
    Err(ModelError::new(ErrorKind::BrokenStream, "", "The model's answer broke off without an end."))
}

impl From<Stopped> for Broken {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

pub(super) fn call_error(error: &ModelError) -> CallError {
    let retry = match error.kind {
        ErrorKind::RateLimited | ErrorKind::Overloaded => Retry::Later,
        kind if kind.worth_retry() => Retry::Soon,
        _ => Retry::Never,
    };
    CallError {
        code: error.kind.code().into(),
        message: error.message.as_str().into(),
        retry,
        retry_after_ms: error.retry_after_ms,
    }
}

pub(super) fn final_error(code: &str, message: String) -> CallError {
    CallError { code: code.into(), message: message.into(), retry: Retry::Never, retry_after_ms: None }
}

fn interrupted() -> CallError {
    let message = "What the model wrote could not be kept. It is asked again.".into();
    CallError { code: "interrupted".into(), message, retry: Retry::Soon, retry_after_ms: None }
}

pub(super) fn blob_error(error: &BlobError) -> CallError {
    let message = format!("What the model wrote could not be kept: {error}. It is asked again.").into();
    CallError { code: "not_kept".into(), message, retry: Retry::Later, retry_after_ms: None }
}

fn stop(stop: models::Stop) -> Stop {
    match stop {
        models::Stop::End => Stop::End,
        models::Stop::ToolCalls => Stop::ToolCalls,
        models::Stop::Length => Stop::Length,
        models::Stop::ContentFilter => Stop::ContentFilter,
    }
}

pub(super) fn usage(usage: &models::Usage) -> Usage {
    Usage {
        input: usage.input,
        output: usage.output,
        reasoning: usage.reasoning,
        cache_read: usage.cache_read,
        cache_write: usage.cache_write,
        estimated: usage.estimated,
    }
}
