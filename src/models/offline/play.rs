//! Plays an answer as a stream, word by word at a pace.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::usage::Written;
use crate::models::{Chunk, ModelError, ModelRequest, Stop, Usage};

/// One thing to do while answering.
#[derive(Clone, Debug, PartialEq)]
pub enum Beat {
    /// Write text, word by word.
    Text(String),
    /// Write reasoning, word by word.
    Reasoning(String),
    /// Call a tool; calls are sent together at the end, as models do.
    ToolCall {
        /// The call's id; `None` makes one up from the conversation.
        id: Option<String>,
        /// The tool's name.
        name: String,
        /// The arguments as they are to arrive.
        arguments: String,
    },
    /// Say nothing for a while.
    Pause(Duration),
    /// Write so many words in a second from here on; 0 writes without pause.
    Pace(u32),
    /// Report this usage instead of what was counted.
    Usage(Usage),
    /// Stop for this reason instead of the one that follows from the tool calls.
    Stop(Stop),
    /// End with an error.
    Fail(ModelError),
}

/// The stream of an answer; times pass on tokio's clock.
pub fn play(
    request: ModelRequest,
    beats: Vec<Beat>,
    words_per_second: u32,
) -> BoxStream<'static, Result<Chunk, ModelError>> {
    let first_id = request.tool_calls_so_far();
    let playing = Playing {
        request,
        beats: beats.into(),
        words: VecDeque::new(),
        calls: VecDeque::new(),
        called: 0,
        first_id,
        pause: between_words(words_per_second),
        written: Written::default(),
        usage: None,
        stop: None,
        over: false,
    };
    stream::unfold(playing, |mut playing| async move { playing.next().await.map(|chunk| (chunk, playing)) }).boxed()
}

struct Playing {
    request: ModelRequest,
    beats: VecDeque<Beat>,
    words: VecDeque<Chunk>,
    calls: VecDeque<Chunk>,
    called: u32,
    first_id: usize,
    pause: Duration,
    written: Written,
    usage: Option<Usage>,
    stop: Option<Stop>,
    over: bool,
}

impl Playing {
    async fn next(&mut self) -> Option<Result<Chunk, ModelError>> {
        if self.over {
            return None;
        }
        loop {
            if let Some(word) = self.words.pop_front() {
                wait(self.pause).await;
                return Some(Ok(word));
            }
            match self.beats.pop_front() {
                Some(Beat::Text(text)) => {
                    self.written.answer += characters(&text);
                    self.words.extend(words(&text).map(|word| Chunk::Text(word.to_owned())));
                }
                Some(Beat::Reasoning(text)) => {
                    self.written.reasoning += characters(&text);
                    self.words.extend(words(&text).map(|word| Chunk::Reasoning(word.to_owned())));
                }
                Some(Beat::ToolCall { id, name, arguments }) => self.call(id, name, arguments),
                Some(Beat::Pause(pause)) => wait(pause).await,
                Some(Beat::Pace(words_per_second)) => self.pause = between_words(words_per_second),
                Some(Beat::Usage(usage)) => self.usage = Some(usage),
                Some(Beat::Stop(stop)) => self.stop = Some(stop),
                Some(Beat::Fail(error)) => {
                    self.over = true;
                    return Some(Err(error));
                }
                None => return Some(Ok(self.end())),
            }
        }
    }

    fn call(&mut self, id: Option<String>, name: String, arguments: String) {
        self.written.answer += characters(&name) + characters(&arguments);
        let index = self.called;
        self.called += 1;
        let id =
            id.unwrap_or_else(|| format!("offline_{}", u64::from(index) + u64::try_from(self.first_id).unwrap_or(0)));
        self.calls.push_back(Chunk::ToolCall { index, id, name, arguments });
    }

    fn end(&mut self) -> Chunk {
        if let Some(call) = self.calls.pop_front() {
            return call;
        }
        self.over = true;
        let stop = self.stop.unwrap_or(if self.called > 0 { Stop::ToolCalls } else { Stop::End });
        let usage = self.usage.take().unwrap_or_else(|| self.written.usage(&self.request));
        Chunk::Finished { stop, usage, provider_data: None }
    }
}

async fn wait(pause: Duration) {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}

fn between_words(words_per_second: u32) -> Duration {
    if words_per_second == 0 { Duration::ZERO } else { Duration::from_secs(1) / words_per_second }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(char::is_whitespace)
}

fn characters(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{ErrorKind, Message, ToolCallRequest};

    async fn played(request: ModelRequest, beats: Vec<Beat>) -> Vec<Result<Chunk, ModelError>> {
        play(request, beats, 0).collect().await
    }

    fn call(name: &str) -> Beat {
        Beat::ToolCall { id: None, name: name.into(), arguments: "{}".into() }
    }

    #[tokio::test]
    async fn words_come_one_by_one_and_join_to_the_text() {
        let chunks = played(ModelRequest::default(), vec![Beat::Text("one two\n\nthree".into())]).await;
        let words: Vec<String> = chunks
            .into_iter()
            .filter_map(|chunk| match chunk {
                Ok(Chunk::Text(word)) => Some(word),
                _ => None,
            })
            .collect();
        assert_eq!(words, ["one ", "two\n", "\n", "three"]);
    }

    #[tokio::test]
    async fn tool_calls_come_after_the_text_with_ids_that_the_conversation_has_not_used() {
        let earlier = ToolCallRequest { id: "offline_0".into(), name: "a".into(), arguments: "{}".into() };
        let message = Message::assistant("", "", vec![earlier]);
        let request = ModelRequest { messages: vec![message], ..ModelRequest::default() };
        let chunks = played(request, vec![call("x"), Beat::Text("t".into()), call("y")]).await;
        let expected = |index: u32, id: &str, name: &str| {
            Ok(Chunk::ToolCall { index, id: id.into(), name: name.into(), arguments: "{}".into() })
        };
        assert_eq!(
            chunks[..3],
            [Ok(Chunk::Text("t".into())), expected(0, "offline_1", "x"), expected(1, "offline_2", "y"),]
        );
        assert!(matches!(chunks[3..], [Ok(Chunk::Finished { stop: Stop::ToolCalls, .. })]), "{chunks:?}");
    }

    #[tokio::test]
    async fn nothing_follows_an_error() {
        let error = ModelError::new(ErrorKind::RateLimited, "offline", "wait");
        let chunks = played(ModelRequest::default(), vec![Beat::Fail(error.clone()), Beat::Text("t".into())]).await;
        assert_eq!(chunks, [Err(error)]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_pace_is_kept_on_the_clock() {
        let start = tokio::time::Instant::now();
        let beats = vec![
            Beat::Text("a b ".into()),
            Beat::Pace(4),
            Beat::Text("c d".into()),
            Beat::Pause(Duration::from_secs(3)),
        ];
        let chunks: Vec<_> = play(ModelRequest::default(), beats, 2).collect().await;
        assert_eq!(chunks.len(), 5);
        assert_eq!(start.elapsed(), Duration::from_millis(2 * 500 + 2 * 250 + 3_000));
    }
}
