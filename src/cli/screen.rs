//! What goes to the terminal: colour only where a person sees it, tables, times, and JSON for programs.

use std::io::{self, IsTerminal, Write};

use owo_colors::{OwoColorize, Style};
use replay::ids::Micros;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

/// The least that a cell, and a line of wrapped text, is given.
const NARROWEST: usize = 12;
/// What stands between two cells.
const GAP: &str = "  ";

/// Standard output.
pub struct Screen {
    colour: bool,
    /// The cursor stands at the start of a line.
    fresh: bool,
    /// How many columns the terminal has; `None` where nobody looks.
    columns: Option<usize>,
}

/// How a piece of text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// What was asked for.
    Plain,
    /// What is beside the point.
    Dim,
    /// What a person said.
    Strong,
    /// What was done.
    Deed,
    /// What went wrong.
    Alarm,
}

impl Screen {
    /// Standard output, coloured if it is a terminal and `NO_COLOR` is not set.
    pub fn new() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let terminal = io::stdout().is_terminal();
        let size = || rustix::termios::tcgetwinsize(io::stdout()).ok();
        let columns = terminal.then(size).flatten().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
        Self { colour: terminal && !plain, fresh: true, columns }
    }

    /// Writes a piece of text as it is, and at once.
    pub fn text(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let text = printable(text);
        let mut out = io::stdout().lock();
        if self.colour && tone != Tone::Plain {
            write!(out, "{}", text.style(style(tone)))?;
        } else {
            out.write_all(text.as_bytes())?;
        }
        self.fresh = text.ends_with('\n');
        out.flush()
    }

    /// Writes a line of its own.
    pub fn line(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        self.end_line()?;
        self.text(tone, &format!("{text}\n"))
    }

    /// Ends the line if something stands in it.
    pub fn end_line(&mut self) -> io::Result<()> {
        if self.fresh { Ok(()) } else { self.text(Tone::Plain, "\n") }
    }

    /// Writes the rest of a line and ends it; on a terminal words go to the next line, `indent` columns in, before they are cut.
    pub fn wrapped(&mut self, tone: Tone, indent: usize, text: &str) -> io::Result<()> {
        let lines = match self.columns {
            Some(columns) => wrapped(text, columns.saturating_sub(indent).max(NARROWEST)),
            None => vec![text.to_owned()],
        };
        let break_ = format!("\n{}", " ".repeat(indent));
        self.text(tone, &format!("{}\n", lines.join(&break_)))
    }

    /// Writes rows in columns as wide as they need, or as the terminal has room for; the first is never cut.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
            cells.chain([head[column].width()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let widths = self.columns.map_or(widths.clone(), |columns| fitted(widths, columns));
        let padded = |cells: &mut dyn Iterator<Item = &str>| {
            let cells: Vec<String> = cells.zip(&widths).map(|(cell, width)| in_columns(cell, *width)).collect();
            cells.join(GAP).trim_end().to_owned()
        };
        self.line(Tone::Dim, &padded(&mut head.iter().copied()))?;
        rows.iter().try_for_each(|row| self.line(Tone::Plain, &padded(&mut row.iter().map(String::as_str))))
    }
}

/// Widths that fit into a terminal: cut from the last column on, and not below what can still be read.
fn fitted(mut widths: Vec<usize>, columns: usize) -> Vec<usize> {
    let all = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
    let mut too_many = all.saturating_sub(columns);
    for width in widths.iter_mut().skip(1).rev() {
        let cut = width.saturating_sub(NARROWEST).min(too_many);
        *width -= cut;
        too_many -= cut;
    }
    widths
}

/// A cell as wide as its column: cut with `…`, or filled up.
fn in_columns(cell: &str, width: usize) -> String {
    let mut text = cell.to_owned();
    while text.width() > width {
        // Room for the mark that something is left out.
        while text.width() >= width.max(1) {
            text.pop();
        }
        text.push('…');
    }
    let missing = width.saturating_sub(text.width());
    text + &" ".repeat(missing)
}

/// A text in lines of at most so many columns, broken between words.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always one");
        if !line.is_empty() && line.width() + 1 + word.width() > columns {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// Says something on standard error, beside the result. Nobody fails because it cannot be heard.
pub fn aside(text: impl std::fmt::Display) {
    let _unheard = writeln!(io::stderr(), "{text}").is_err();
}

/// Writes one JSON value on one line.
pub fn json_line(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// A moment as people write it, in UTC, to the second.
pub fn moment(at: Micros) -> String {
    jiff::Timestamp::from_microsecond(at.0)
        .map_or_else(|_| at.0.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// The first `most` characters of a text on one line; `…` where something is left out.
pub fn short(text: &str, most: usize) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = line.char_indices().nth(most) {
        line.truncate(cut);
        line.push('…');
    }
    line
}

/// Text without the control characters that would steer the terminal.
pub fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t')).collect()
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Dim => Style::new().dimmed(),
        Tone::Strong => Style::new().bold(),
        Tone::Deed => Style::new().cyan(),
        Tone::Alarm => Style::new().red(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r\nc\td\u{9b}x"), "a[2Jb\nc\tdx");
    }

    #[test]
    fn a_table_fits_into_a_narrow_terminal_and_its_first_column_stays_whole() {
        assert_eq!(fitted(vec![40, 10, 60], 120), [40, 10, 60]);
        assert_eq!(fitted(vec![40, 10, 60], 80), [40, 10, 26]);
        assert_eq!(fitted(vec![40, 30, 60], 40), [40, NARROWEST, NARROWEST], "what cannot fit is left to the terminal");
        assert_eq!(in_columns("日本語", 6), "日本語");
        assert_eq!(in_columns("日本語", 5), "日本…");
        assert_eq!(in_columns("ab", 4), "ab  ");
    }

    #[test]
    fn words_are_not_broken() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a-long-word b", 4), ["a-long-word", "b"]);
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(short("ä b\n  c", 10), "ä b c");
        assert_eq!(short("ääää", 2), "ää…");
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        assert_eq!(moment(Micros(1_000_000)), "1970-01-01 00:00:01");
    }
}
