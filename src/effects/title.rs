//! Asks a model for the title of a chat: one short question, without tools.

use std::time::{Duration, Instant};

use replay::ids::StreamId;

use super::{
    Effects,
    model_call::{call_error, final_error, usage, whole_text},
};
use crate::{
    entities::{
        body::head,
        chat::{
            self,
            event::{CallError, Retry},
            title::source,
            work::Titled,
        },
    },
    models::{Message, ModelRequest, Purpose, Resolved},
};

/// What a model that gives a title is told.
const INSTRUCTIONS: &str = "You give conversations their titles.";
/// What it is asked behind the beginning of the conversation.
const REQUEST: &str = "Write the title of this conversation: at most six words that tell it from others, in the language of \
                       my first message, without quotes and without a full stop. Answer with the title alone.";
/// How much of the question and of the answer it is shown, in bytes of UTF-8.
const SHOWN: usize = 2 * 1024;
/// How long it may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How much of its answer is looked at, in bytes of UTF-8.
const LOOKED_AT: usize = 4 * 1024;

impl Effects {
    pub(super) async fn give_title(&self, stream: &StreamId, state: &chat::State) -> chat::Outcome {
        match tokio::time::timeout(PATIENCE, self.titled(stream, state)).await {
            Ok(Ok(titled)) => chat::Outcome::Titled(titled),
            Ok(Err(error)) => chat::Outcome::CallFailed(error),
            Err(_) => chat::Outcome::CallFailed(CallError {
                code: "stalled".into(),
                message: "No title came within a minute.".into(),
                retry: Retry::Never,
                retry_after_ms: None,
            }),
        }
    }

    async fn titled(&self, stream: &StreamId, state: &chat::State) -> Result<Titled, CallError> {
        let began = Instant::now();
        let (Some(about), Some((asked, answer))) = (&state.about, source(state)) else {
            return Err(final_error("no_title", "There is nothing to name yet.".into()));
        };
        let Resolved { model, name, info, .. } =
            self.providers.resolve(&about.model).map_err(|error| call_error(&error))?;
        let mut question = head(&self.bodies.read(stream, &asked.text).await, SHOWN).to_owned();
        for attachment in &asked.attachments {
            question.push_str(&["\n[attached: ", &attachment.name, "]"].concat());
        }
        let answer = head(&self.bodies.read(stream, answer).await, SHOWN).to_owned();
        let request = ModelRequest {
            model: name,
            system: INSTRUCTIONS.to_owned(),
            messages: vec![
                Message::user(question),
                Message::Assistant { text: answer, reasoning: String::new(), tool_calls: vec![], provider_data: None },
                Message::user(REQUEST),
            ],
            info,
            purpose: Purpose::Title,
            ..ModelRequest::default()
        };
        let (text, taken) = whole_text(model.stream(request), LOOKED_AT).await.map_err(|error| call_error(&error))?;
        let latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Titled { text: text.into(), usage: usage(&taken), latency_ms })
    }
}
