//! The matching lines of one file, as `search_text` shows them.

use grep_matcher::Matcher;
use grep_regex::RegexMatcher;
use grep_searcher::{Searcher, Sink, SinkContext, SinkContextKind, SinkFinish, SinkMatch};
use std::io::{self, Read};
use tokio_util::sync::CancellationToken;

/// Matches are counted so far; beyond it their number is "at least".
pub(super) const COUNTED: u64 = 10_000;
/// Characters of a line that are shown.
const LINE_CHARACTERS: usize = 500;
/// Characters shown before a match that lies far to the right.
const BEFORE_MATCH: usize = 100;

/// A line of the answer: a match, a line of context, or `--` between them.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) is_match: bool,
}

/// A file whose reading ends when the search is cancelled.
pub(super) struct Cancellable<'c> {
    pub(super) file: std::fs::File,
    pub(super) cancel: &'c CancellationToken,
}

impl Read for Cancellable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() { Err(io::ErrorKind::ConnectionAborted.into()) } else { self.file.read(buffer) }
    }
}

/// Takes the matches of one file.
pub(super) struct Matches<'m> {
    pub(super) matcher: &'m RegexMatcher,
    pub(super) path: &'m str,
    pub(super) room: u64,
    pub(super) lines: &'m mut Vec<Line>,
    pub(super) total: u64,
    pub(super) binary: bool,
    pub(super) context: bool,
}

impl Sink for Matches<'_> {
    type Error = io::Error;

    fn begin(&mut self, _searcher: &Searcher) -> io::Result<bool> {
        if self.context && !self.lines.is_empty() && self.room > 0 {
            self.lines.push(Line { text: "--".to_owned(), is_match: false });
        }
        Ok(true)
    }

    fn matched(&mut self, _searcher: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        self.total += 1;
        if self.total <= self.room {
            let at = self.matcher.find(found.bytes()).ok().flatten().map_or(0, |place| place.start());
            let text = format!("{}:{}:{}", self.path, found.line_number().unwrap_or(0), window(found.bytes(), at));
            self.lines.push(Line { text, is_match: true });
        }
        Ok(self.total <= COUNTED)
    }

    fn context(&mut self, _searcher: &Searcher, found: &SinkContext<'_>) -> io::Result<bool> {
        // What stands before a match belongs to the next one.
        let of_match = self.total + u64::from(*found.kind() == SinkContextKind::Before);
        if of_match <= self.room && self.room > 0 {
            let text = format!("{}-{}-{}", self.path, found.line_number().unwrap_or(0), window(found.bytes(), 0));
            self.lines.push(Line { text, is_match: false });
        }
        Ok(true)
    }

    fn context_break(&mut self, _searcher: &Searcher) -> io::Result<bool> {
        if self.total < self.room {
            self.lines.push(Line { text: "--".to_owned(), is_match: false });
        }
        Ok(true)
    }

    fn binary_data(&mut self, _searcher: &Searcher, _offset: u64) -> io::Result<bool> {
        self.binary = true;
        Ok(false)
    }

    fn finish(&mut self, _searcher: &Searcher, finish: &SinkFinish) -> io::Result<()> {
        self.binary |= finish.binary_byte_offset().is_some();
        // A file without matches leaves no mark.
        if self.total == 0 && self.lines.last().is_some_and(|line| line.text == "--") {
            self.lines.pop();
        }
        Ok(())
    }
}

/// As much of a line as is shown, with the byte `at` in it.
fn window(line: &[u8], at: usize) -> String {
    let (before, after) = line.split_at(at.min(line.len()));
    let before = String::from_utf8_lossy(before);
    let after = String::from_utf8_lossy(after);
    let after = after.trim_end_matches(['\n', '\r']);
    if before.chars().count() + after.chars().count() <= LINE_CHARACTERS {
        return format!("{before}{after}");
    }
    let behind = before.chars().count();
    let dropped = if behind + BEFORE_MATCH <= LINE_CHARACTERS { 0 } else { behind - BEFORE_MATCH };
    let kept: String = before.chars().skip(dropped).chain(after.chars()).take(LINE_CHARACTERS).collect();
    let more = behind - dropped + after.chars().count() > LINE_CHARACTERS;
    format!("{}{kept}{}", if dropped > 0 { "… " } else { "" }, if more { " … [cut]" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_shown_around_its_match() {
        let line = format!("{}needle{}\n", "a".repeat(5_000), "b".repeat(5_000));
        let shown = window(line.as_bytes(), 5_000);
        assert!(shown.starts_with("… aaa") && shown.ends_with("b … [cut]") && shown.contains("needle"), "{shown}");
        assert_eq!(shown.chars().count(), LINE_CHARACTERS + 2 + 8);
        let line = format!("{}needle", "é".repeat(600));
        assert_eq!(window(line.as_bytes(), 1_200), format!("… {}needle", "é".repeat(100)));
        assert_eq!(window(b"short\r\n", 2), "short");
    }
}
