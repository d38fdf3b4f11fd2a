//! Finds words in a chat: in what was said and answered, and in what tools were asked and gave.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use actix_web::web;
use regex::{Regex, RegexBuilder};
use replay::blobs::{BlobId, BlobStore};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::Shared,
    commands::blocking,
    messages::chat,
    problem::Problem,
    reading::{Answer, answer, limit},
};
use crate::entities::{
    body::Body,
    chat::{
        State,
        ids::ToolCallId,
        state::{Message, ToolState},
    },
};

/// How long one search may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many bytes of long texts one search reads from the disk.
const LONG_TEXTS: u64 = 64 * 1024 * 1024;
/// The longest words that are looked for, in characters.
const LONGEST_QUERY: usize = 200;
/// How many characters of a text stand before and after what was found.
const BEFORE: usize = 60;
const AFTER: usize = 120;

/// What to look for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct SearchQuery {
    /// The words, at most 200 characters; case does not matter, nor how many spaces or line ends stand between them.
    pub q: String,
    /// How many finds, 1 to 500; 50 where absent.
    pub limit: Option<usize>,
}

/// What was found in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finds {
    /// The finds, the newest first; one for each text.
    pub items: Vec<Find>,
    /// There may be more: the limit was reached, or the chat is too long to be searched whole.
    pub truncated: bool,
}

/// A text of a chat that holds the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Find {
    /// The index of its message in the whole conversation, as in `/messages?before=`.
    pub index: u64,
    /// Which text of the message.
    pub kind: FindKind,
    /// The tool call, for what a tool was asked and gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call: Option<ToolCallId>,
    /// A piece of the text around the first place where the words stand, on one line.
    pub snippet: String,
    /// Where they stand in it: from and to, counted in UTF-16 code units as JavaScript does.
    pub marks: Vec<Mark>,
}

/// A place in a snippet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
}

/// Which text of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindKind {
    /// What a person or a program said.
    Said,
    /// What the model answered.
    Answer,
    /// What a tool was asked.
    Arguments,
    /// What a tool gave.
    Output,
}

/// `GET /api/chats/{id}/search`
pub async fn find(shared: web::Data<Shared>, id: web::Path<String>, query: web::Query<SearchQuery>) -> Answer<Finds> {
    let words = pattern(&query.q)?;
    let chat = chat(&shared, &id).await?;
    let blobs = shared.app.host.blobs().clone();
    let limit = limit(query.limit);
    let search = move || {
        let texts = Texts { blobs: &blobs, room: LONG_TEXTS, until: Instant::now() + PATIENCE, cut: false };
        texts.search(chat.state(), &words, limit)
    };
    answer(blocking(search).await?)
}

/// Words as a pattern: any case, any white space between them.
fn pattern(words: &str) -> Result<Regex, Problem> {
    let bad = |detail: &str| Problem::bad_request("bad_query", detail);
    if words.chars().count() > LONGEST_QUERY {
        return Err(bad("`q` is longer than 200 characters: look for less"));
    }
    let words: Vec<String> = words.split_whitespace().map(regex::escape).collect();
    if words.is_empty() {
        return Err(bad("`q` holds no words: say what to look for"));
    }
    RegexBuilder::new(&words.join(r"\s+")).case_insensitive(true).build().map_err(Problem::internal)
}

/// The texts of a chat, as far as time and memory allow.
struct Texts<'b> {
    blobs: &'b BlobStore,
    /// How many bytes of long texts may still be read.
    room: u64,
    until: Instant,
    /// Something was left out.
    cut: bool,
}

impl Texts<'_> {
    fn search(mut self, state: &State, words: &Regex, limit: usize) -> Finds {
        let mut items = Vec::new();
        for (index, message) in state.messages.iter().enumerate().rev() {
            let index = u64::try_from(index).unwrap_or(u64::MAX);
            if Instant::now() > self.until {
                self.cut = true;
                break;
            }
            for (kind, tool_call, body) in texts(message).into_iter().rev() {
                let Some((snippet, marks)) = self.find(body, words) else { continue };
                if items.len() == limit {
                    return Finds { items, truncated: true };
                }
                items.push(Find { index, kind, tool_call, snippet, marks });
            }
        }
        Finds { items, truncated: self.cut }
    }

    fn find(&mut self, body: &Body, words: &Regex) -> Option<(String, Vec<Mark>)> {
        let whole = self.whole(body);
        let text = whole.as_deref().unwrap_or_else(|| body.shown());
        words.find(text).map(|found| snippet(text, found.range(), words))
    }

    /// A long text, if it is there and there is room for it.
    fn whole(&mut self, body: &Body) -> Option<String> {
        let reference = match body {
            Body::Text(_) => return None,
            Body::Blob(reference) => reference,
            // What was broken off stands in events, which are not read for this.
            Body::Written(_) => {
                self.cut = true;
                return None;
            }
        };
        let id: BlobId = reference.blob.parse().ok()?;
        let Some(room) = self.room.checked_sub(reference.bytes) else {
            self.cut = true;
            return None;
        };
        self.room = room;
        match self.blobs.get(id) {
            Ok(bytes) => bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => {
                tracing::warn!(%error, "a long text could not be searched");
                self.cut = true;
                None
            }
        }
    }
}

/// The texts of a message, in order.
fn texts(message: &Message) -> Vec<(FindKind, Option<ToolCallId>, &Body)> {
    match message {
        Message::User(posted) => vec![(FindKind::Said, None, &posted.text)],
        Message::Call(call) => {
            let mut texts = vec![(FindKind::Answer, None, &call.text)];
            for tool in &call.tool_calls {
                texts.push((FindKind::Arguments, Some(tool.tool_call), &tool.arguments));
                if let ToolState::Finished { output, .. } = &tool.state {
                    texts.push((FindKind::Output, Some(tool.tool_call), output));
                }
            }
            texts
        }
        Message::End(_) => vec![],
    }
}

/// A piece of a text around what was found, on one line, and where the words stand in it.
fn snippet(text: &str, found: Range<usize>, words: &Regex) -> (String, Vec<Mark>) {
    let start = text[..found.start].char_indices().rev().take(BEFORE).last().map_or(found.start, |(at, _)| at);
    let end = text[found.end..].char_indices().nth(AFTER).map_or(text.len(), |(at, _)| found.end + at);
    let one_line = |character: char| if character.is_control() { ' ' } else { character };
    let piece: String = text[start..end].chars().map(one_line).collect();
    let snippet = format!("{}{piece}{}", if start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" });
    let units = |bytes: usize| snippet[..bytes].encode_utf16().count();
    let marks = words.find_iter(&snippet).map(|place| Mark { from: units(place.start()), to: units(place.end()) });
    let marks = marks.collect();
    (snippet, marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(text: &str, words: &str) -> (String, Vec<(usize, usize)>) {
        let words = pattern(words).unwrap();
        let first = words.find(text).expect("the words are there").range();
        let (snippet, marks) = snippet(text, first, &words);
        (snippet, marks.into_iter().map(|mark| (mark.from, mark.to)).collect())
    }

    #[test]
    fn words_are_found_in_any_case_across_lines_and_marked_as_javascript_counts() {
        assert_eq!(found("The OIL\n  lamp", "oil lamp"), ("The OIL   lamp".into(), vec![(4, 14)]));
        assert_eq!(found("😀 Öl, öl", "ÖL"), ("😀 Öl, öl".into(), vec![(3, 5), (7, 9)]));
        assert_eq!(found("a.b axb", "a.b"), ("a.b axb".into(), vec![(0, 3)]), "no regular expression");
    }

    #[test]
    fn of_a_long_text_the_neighbourhood_is_shown() {
        let text = format!("{} needle {}", "é".repeat(500), "b".repeat(500));
        let (snippet, marks) = found(&text, "needle");
        assert_eq!(snippet.chars().count(), 1 + BEFORE + 6 + AFTER + 1);
        assert_eq!(marks, [(61, 67)]);
    }

    #[test]
    fn no_words_and_too_many_are_refused() {
        assert_eq!(pattern(" \n").unwrap_err().code, "bad_query");
        assert_eq!(pattern(&"x".repeat(201)).unwrap_err().status, 400);
    }
}
