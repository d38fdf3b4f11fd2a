//! Asks a model to sum a conversation up, so that it can go on where it no longer fits.
//!
//! The question is the conversation as the model was sent it before, so that providers' prefix caches hit, and a request
//! behind it. Where a provider has said that it is too long, long outputs of tools are cut first, the oldest first, and then
//! the oldest messages go.

use std::time::Instant;

use replay::ids::StreamId;

use super::{
    Effects,
    model_call::{blob_error, call_error, final_error, usage, whole_text},
};
use crate::{
    entities::{
        body::head,
        chat::{self, context::Reason, event::CallError, prompt::past, work::Summed},
    },
    models::{Message, ModelRequest, Purpose},
};

/// What the model is asked behind the conversation.
const REQUEST: &str = include_str!("agents/compaction.md");
/// How much of a summary is kept, in bytes of UTF-8.
const LONGEST: usize = 128 * 1024;
/// How much of a tool's output stays where there is no room for all of it, in bytes of UTF-8.
const OUTPUT: usize = 512;

impl Effects {
    pub(super) async fn compact(&self, stream: &StreamId, state: &chat::State) -> chat::Outcome {
        match self.summed(stream, state).await {
            Ok(summed) => chat::Outcome::Summed(summed),
            Err(error) => chat::Outcome::CallFailed(error),
        }
    }

    async fn summed(&self, stream: &StreamId, state: &chat::State) -> Result<Summed, CallError> {
        let began = Instant::now();
        let (Some(about), Some(compaction)) = (&state.about, &state.context.compaction) else {
            return Err(final_error("internal", "There is nothing to sum up. This is a bug; please report it.".into()));
        };
        let found = self.providers.resolve(&about.model).map_err(|error| call_error(&error))?;
        let folder = self.folder(about.project, about.brief.as_deref()).await;
        let folder = folder.map_err(|why| final_error("no_project", why))?;
        let upto = compaction.upto.map_or(usize::MAX, |upto| usize::try_from(upto).unwrap_or(usize::MAX));
        let parts = past(state, upto.min(state.messages.len()));
        let mut request = self.request(stream, parts, &found, &folder, about).await;
        request.messages.push(Message::user(REQUEST));
        request.purpose = Purpose::Summary;
        let known = found.info.context_window.or(self.context_window).map(|window| window / 10 * 7);
        let room = match compaction.reason {
            // What is known of the window was wrong, or nothing is: less than was sent must do.
            Reason::TooLong => Some(known.unwrap_or(u64::MAX).min(request.estimated_tokens() / 2)),
            Reason::Requested | Reason::NearlyFull => known,
        };
        if let Some(room) = room {
            shorten(&mut request, room);
        }
        let (text, taken) =
            whole_text(found.model.stream(request), LONGEST).await.map_err(|error| call_error(&error))?;
        let summary = self.bodies.write(text).await.map_err(|error| blob_error(&error))?;
        let latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Summed { summary, usage: usage(&taken), latency_ms })
    }
}

/// Makes a request fit into so many tokens: cuts what tools gave, the oldest first, and then leaves the oldest messages out. The
/// last message, which says what to do, stays.
fn shorten(request: &mut ModelRequest, room: u64) {
    let mut taken = request.estimated_tokens();
    for message in &mut request.messages {
        if taken <= room {
            return;
        }
        let before = message.characters();
        if let Message::ToolResult { text, .. } = message
            && text.len() > 2 * OUTPUT
        {
            *text = format!("{}\n[cut: {} bytes in all]", head(text, OUTPUT), text.len());
        }
        taken = taken.saturating_sub((before - message.characters().min(before)) / 4);
    }
    let fits = |from: usize, request: &ModelRequest| request.estimated_tokens_of(&request.messages[from..]) <= room;
    let last = request.messages.len().saturating_sub(1);
    // An answer of a tool makes no sense without its question.
    let begins = |message: &Message| !matches!(message, Message::ToolResult { .. });
    let from = (0..last).find(|from| begins(&request.messages[*from]) && fits(*from, request)).unwrap_or(last);
    request.messages.drain(..from);
    if from > 0 && !matches!(request.messages[0], Message::User { .. }) {
        // Some providers want a conversation to begin with the user.
        request.messages.insert(0, Message::user("[Earlier messages are left out.]"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::ToolCallRequest;

    fn conversation() -> ModelRequest {
        let asked = |id: &str| Message::Assistant {
            text: String::new(),
            reasoning: String::new(),
            tool_calls: vec![ToolCallRequest { id: id.into(), name: "read_file".into(), arguments: "{}".into() }],
            provider_data: None,
        };
        let gave = |id: &str| Message::ToolResult {
            tool_call_id: id.into(),
            name: "read_file".into(),
            text: "x".repeat(40_000),
            failed: false,
        };
        let messages =
            vec![Message::user("Where?"), asked("1"), gave("1"), asked("2"), gave("2"), Message::user("Sum up.")];
        ModelRequest { messages, ..ModelRequest::default() }
    }

    fn lengths(request: &ModelRequest) -> Vec<u64> {
        request.messages.iter().map(Message::characters).collect()
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        let mut request = conversation();
        shorten(&mut request, 30_000);
        assert_eq!(request, conversation());
    }

    #[test]
    fn the_oldest_output_is_cut_first() {
        let mut request = conversation();
        shorten(&mut request, 12_000);
        assert_eq!(request.messages.len(), 6);
        assert!(lengths(&request)[2] < 700 && lengths(&request)[4] > 40_000, "{:?}", lengths(&request));
        assert!(request.estimated_tokens() <= 12_000);
    }

    #[test]
    fn then_the_oldest_messages_go_and_the_request_stays() {
        let mut request = conversation();
        shorten(&mut request, 170);
        assert_eq!(request.messages[0], Message::user("[Earlier messages are left out.]"));
        assert!(matches!(request.messages[1], Message::Assistant { .. }), "no answer without its question");
        assert_eq!(request.messages.len(), 4);
        shorten(&mut request, 0);
        assert_eq!(request.messages, [Message::user("Sum up.")]);
    }
}
