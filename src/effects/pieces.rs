//! A text as it streams: the first piece at once, then what came within 20 ms, each no larger than an event should be.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    entities::{Piece, body::head, chat},
    host::{Progress, Stopped},
};

/// The most that one piece holds, in bytes: an event has room for it even where JSON writes every byte as `\u0000`.
const PIECE: usize = 8 * 1024;
/// How long pieces are gathered.
const GATHER: Duration = Duration::from_millis(20);

/// What a model has written so far, and how much of it was passed on.
pub(super) struct Pieces {
    progress: Progress,
    reasoning: Written,
    text: Written,
    passed_at: Option<Instant>,
}

#[derive(Default)]
struct Written {
    whole: String,
    passed: usize,
}

impl Pieces {
    pub fn new(progress: Progress) -> Self {
        Self { progress, reasoning: Written::default(), text: Written::default(), passed_at: None }
    }

    pub fn reasoning(&mut self, piece: &str) {
        self.reasoning.whole.push_str(piece);
    }

    pub fn text(&mut self, piece: &str) {
        self.text.whole.push_str(piece);
    }

    /// When the next piece is due; `None` if there is nothing to pass on.
    pub fn due(&self) -> Option<Instant> {
        let waiting = self.reasoning.waits() || self.text.waits();
        waiting.then(|| self.passed_at.map_or_else(Instant::now, |at| at + GATHER))
    }

    /// Passes on what waits, reasoning first.
    pub async fn pass(&mut self) -> Result<(), Stopped> {
        while let Some((offset, text)) = self.reasoning.take() {
            self.progress.send(Piece::Chat(chat::Piece::Reasoning { offset, text: text.into() })).await?;
        }
        while let Some((offset, text)) = self.text.take() {
            self.progress.send(Piece::Chat(chat::Piece::Text { offset, text: text.into() })).await?;
        }
        self.passed_at = Some(Instant::now());
        Ok(())
    }

    /// The whole reasoning and the whole text.
    pub fn into_whole(self) -> (String, String) {
        (self.reasoning.whole, self.text.whole)
    }
}

impl Written {
    fn waits(&self) -> bool {
        self.passed < self.whole.len()
    }

    fn take(&mut self) -> Option<(u64, String)> {
        if !self.waits() {
            return None;
        }
        let offset = self.passed;
        let piece = head(&self.whole[offset..], PIECE).to_owned();
        self.passed += piece.len();
        Some((offset as u64, piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_characters_and_nothing_is_lost() {
        let mut written = Written { whole: format!("{}{}", "é".repeat(PIECE), "\0".repeat(2 * PIECE)), passed: 0 };
        let mut whole = String::new();
        while let Some((offset, piece)) = written.take() {
            assert_eq!(offset, whole.len() as u64);
            assert!(serde_json::to_string(&piece).unwrap().len() < replay::log::MAX_DATA);
            whole.push_str(&piece);
        }
        assert_eq!(whole, written.whole);
    }
}
