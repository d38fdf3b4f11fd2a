//! What a tool answers, and the bounded page it writes its answer on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// No tool's text is longer than this, in bytes.
pub const MAX_TEXT_BYTES: usize = 32 * 1024;

/// Left free at the end of a page for the notes that say what is missing.
const RESERVED_BYTES: usize = 4 * 1024;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolOutcome {
    /// The text is what was asked for.
    Succeeded,
    /// The text says why not, and what to do.
    Failed,
}

/// The answer of a tool, for the model and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolOutput {
    /// How it ended.
    pub outcome: ToolOutcome,
    /// UTF-8, at most [`MAX_TEXT_BYTES`].
    pub text: String,
    /// Whether there is more than the text shows; the text then says how to see it.
    pub truncated: bool,
    /// How many lines, entries, files or matches the text shows, where it shows such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<u64>,
    /// How many there are; a lower bound where the text says "at least".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

impl ToolOutput {
    /// A failure; `text` says what happened and what to do.
    pub fn failed(text: impl Into<String>) -> Self {
        let mut text = text.into();
        let truncated = cut_to(&mut text, MAX_TEXT_BYTES);
        Self { outcome: ToolOutcome::Failed, text, truncated, shown: None, total: None }
    }

    /// The answer of a call that was stopped before its end.
    pub fn cancelled() -> Self {
        Self::failed("Cancelled before it was done. Nothing was changed.")
    }
}

/// A text of bounded length, written line by line. Notes always find room.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// Adds a line, unless it would leave no room for notes; answers whether it was added.
    pub(super) fn line(&mut self, line: &str) -> bool {
        if self.text.len() + line.len() + 1 > MAX_TEXT_BYTES - RESERVED_BYTES {
            return false;
        }
        self.text.push_str(line);
        self.text.push('\n');
        true
    }

    /// Adds a sentence about what the page does not show.
    pub(super) fn note(&mut self, note: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "[{note}]");
    }

    /// The answer: this page, `shown` of `total` things on it.
    pub(super) fn finish(mut self, truncated: bool, shown: u64, total: u64) -> ToolOutput {
        let cut = cut_to(&mut self.text, MAX_TEXT_BYTES);
        self.text.truncate(self.text.trim_end_matches('\n').len());
        ToolOutput {
            outcome: ToolOutcome::Succeeded,
            text: self.text,
            truncated: truncated || cut,
            shown: Some(shown),
            total: Some(total),
        }
    }
}

/// Cuts `text` to at most `bytes`, between characters; answers whether anything was cut.
fn cut_to(text: &mut String, bytes: usize) -> bool {
    let cut = text.len() > bytes;
    text.truncate(text.floor_char_boundary(bytes));
    cut
}

/// `1204` as `1,204`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1` as `1 file`, `1204` as `1,204 files`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A size in bytes for people: `312 B`, `1.2 KiB`, `3.4 GiB`.
pub(super) fn size(bytes: u64) -> String {
    let (mut whole, mut tenths, mut unit) = (bytes, 0, "B");
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if whole < 1024 {
            break;
        }
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit = larger;
    }
    if unit == "B" { format!("{whole} B") } else { format!("{whole}.{tenths} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_never_longer_than_its_bound_and_its_notes_find_room() {
        let mut page = Page::default();
        let mut lines = 0;
        while page.line(&"é".repeat(100)) {
            lines += 1;
        }
        assert_eq!(lines, (MAX_TEXT_BYTES - RESERVED_BYTES) / 201);
        page.note("the rest is missing");
        let output = page.finish(true, lines as u64, 1_000);
        assert!(output.text.len() <= MAX_TEXT_BYTES);
        assert!(output.text.ends_with("[the rest is missing]"));
    }

    #[test]
    fn a_long_failure_is_cut_between_characters() {
        let output = ToolOutput::failed("é".repeat(MAX_TEXT_BYTES));
        assert_eq!(output.text.len(), MAX_TEXT_BYTES);
        assert!(output.truncated);
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([grouped(0), grouped(999), grouped(1_204), grouped(1_234_567)], ["0", "999", "1,204", "1,234,567"]);
        assert_eq!([size(0), size(1_023), size(1_536), size(3 << 30)], ["0 B", "1023 B", "1.5 KiB", "3.0 GiB"]);
        assert_eq!([counted(1, "file", "files"), counted(2, "file", "files")], ["1 file", "2 files"]);
    }

    #[test]
    fn an_output_is_written_with_stable_words() {
        let json = serde_json::to_value(Page::default().finish(false, 0, 0)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"outcome": "succeeded", "text": "", "truncated": false, "shown": 0, "total": 0})
        );
    }
}
