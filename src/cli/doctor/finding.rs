//! What the doctor finds, and how it is told.

use std::{fmt, io};

use serde::Serialize;

use crate::cli::screen::{Screen, Tone, json_line};

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// It works, and somebody may want to know.
    Note,
    /// To be mended.
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where it belongs: `disk`, `keys` …
    pub area: &'static str,
    /// How it is.
    pub status: Status,
    /// What was found.
    pub found: String,
    /// What that means; `null` where all is well.
    pub means: Option<String>,
    /// What to do about it: a command, where one does it.
    #[serde(rename = "do")]
    pub todo: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(area: &'static str, found: impl fmt::Display) -> Self {
        Self { area, status: Status::Ok, found: found.to_string(), means: None, todo: None }
    }

    /// Somebody may want to know.
    pub fn note(area: &'static str, found: impl fmt::Display, means: impl fmt::Display) -> Self {
        Self { area, status: Status::Note, found: found.to_string(), means: Some(means.to_string()), todo: None }
    }

    /// Something is to be mended.
    pub fn problem(area: &'static str, found: impl fmt::Display, means: impl fmt::Display) -> Self {
        Self { status: Status::Problem, ..Self::note(area, found, means) }
    }

    /// What to do about it.
    #[must_use]
    pub fn todo(self, todo: impl fmt::Display) -> Self {
        Self { todo: Some(todo.to_string()), ..self }
    }
}

/// Tells all findings: in the areas' order, with what to do right below what is wrong.
pub fn tell(findings: &[Finding], json: bool) -> anyhow::Result<()> {
    if json {
        return findings.iter().try_for_each(json_line);
    }
    let mut screen = Screen::new();
    let mut area = "";
    for finding in findings {
        if finding.area != area {
            area = finding.area;
            screen.line(Tone::Strong, area)?;
        }
        one(&mut screen, finding)?;
    }
    let count = |status| findings.iter().filter(|finding| finding.status == status).count();
    let (notes, problems) = (count(Status::Note), count(Status::Problem));
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let line = format!(
        "{} looked at: {}, {}",
        plural(findings.len(), "thing"),
        plural(notes, "note"),
        plural(problems, "problem")
    );
    screen.line(if problems > 0 { Tone::Alarm } else { Tone::Plain }, &line)?;
    Ok(())
}

fn one(screen: &mut Screen, finding: &Finding) -> io::Result<()> {
    let (word, tone) = match finding.status {
        Status::Ok => ("ok", Tone::Deed),
        Status::Note => ("note", Tone::Strong),
        Status::Problem => ("problem", Tone::Alarm),
    };
    screen.text(tone, &format!("  {word:<8} "))?;
    screen.wrapped(Tone::Plain, 11, &finding.found)?;
    if let Some(means) = &finding.means {
        screen.text(Tone::Plain, &" ".repeat(11))?;
        screen.wrapped(Tone::Dim, 11, means)?;
    }
    if let Some(todo) = &finding.todo {
        // Whole, so that it can be copied.
        screen.line(Tone::Plain, &format!("           → {todo}"))?;
    }
    Ok(())
}
