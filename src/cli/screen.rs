//! What goes to the terminal: colour only where a person sees it, tables, times, and JSON for programs.

use std::io::{self, IsTerminal, Write};

use owo_colors::{OwoColorize, Style};
use replay::ids::Micros;
use serde::Serialize;

/// Standard output.
pub struct Screen {
    colour: bool,
    /// The cursor stands at the start of a line.
    fresh: bool,
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
        Self { colour: io::stdout().is_terminal() && !plain, fresh: true }
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

    /// Writes rows in columns as wide as they need.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain([head[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let padded = |cells: &mut dyn Iterator<Item = &str>| {
            let cells: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        };
        self.line(Tone::Dim, &padded(&mut head.iter().copied()))?;
        rows.iter().try_for_each(|row| self.line(Tone::Plain, &padded(&mut row.iter().map(String::as_str))))
    }
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
fn printable(text: &str) -> String {
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
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(short("ä b\n  c", 10), "ä b c");
        assert_eq!(short("ääää", 2), "ää…");
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        assert_eq!(moment(Micros(1_000_000)), "1970-01-01 00:00:01");
    }
}
