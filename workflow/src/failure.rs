//! What went wrong in a script, and where.

use std::fmt;

use serde::{Deserialize, Serialize};
use wasmtime::{Trap, WasmBacktrace};

use crate::{module::Refused, turn::Limits};

/// An error of a script: its own, or one of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The name of the error: `TypeError`, `SyntaxError`, `LimitReached`; `Thrown` where what was thrown is no error.
    pub name: String,
    /// What it says.
    pub message: String,
    /// Where it came from, if the script is there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
    /// The calls that led there, a line each.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub stack: String,
}

/// A place in a file of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file, as the script is named.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl Failure {
    /// One without a place.
    pub fn new(name: &str, message: impl Into<String>) -> Self {
        Self { name: name.into(), message: message.into(), place: None, stack: String::new() }
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(mut self, file: &str, line: u32, column: u32) -> Self {
        self.place = Some(Place { file: file.into(), line, column });
        self
    }

    /// Of what the engine says: `[name, message, stack, classes]`. In the first line of the script, `shift` columns are not its
    /// own. An error of a class that the script wrote was made in the constructor; it came from where that was called.
    pub(crate) fn of(said: &str, script: &str, shift: u32) -> Self {
        type Said = (String, String, String, Vec<String>);
        let Ok((name, message, stack, classes)) = serde_json::from_str::<Said>(said) else {
            return Self::new("Error", "the engine failed, and could not say how");
        };
        let engine = ["<workflow>", "<input>", "(native)"];
        let lines = stack.lines().filter(|line| !engine.iter().any(|of| line.contains(of)));
        let lines: Vec<String> = lines.map(|line| moved(line.trim(), script, shift)).collect();
        let makes = |line: &&String| {
            let made = line.strip_prefix("at ").and_then(|line| line.split_once(" (")).map(|(name, _)| name);
            made.is_some_and(|made| classes.iter().any(|class| class == made))
        };
        let place = lines.iter().skip_while(makes).find_map(|line| Place::in_line(line));
        Self { name: cut(name, 200), message: cut(message, 16 << 10), place, stack: cut(lines.join("\n"), 16 << 10) }
    }
}

impl Failure {
    /// Of what a module says: `{name, message}` as JSON, or a text.
    pub(crate) fn of_module(said: &str) -> Self {
        #[derive(Deserialize)]
        struct Said {
            #[serde(default)]
            name: Option<String>,
            message: String,
        }
        match serde_json::from_str::<Said>(said) {
            Ok(Said { name, message }) => {
                Self::new(&cut(name.unwrap_or_else(|| "Error".into()), 200), cut(message, 16 << 10))
            }
            Err(_) => Self::new("Error", cut(said.to_owned(), 16 << 10)),
        }
    }
}

/// At most so many bytes of a text: a script may say what it wants.
fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}

/// A line of a stack, in the columns of the script as its author wrote it.
fn moved(line: &str, script: &str, shift: u32) -> String {
    match Place::in_line(line) {
        Some(place) if place.line == 1 && place.file == script && shift > 0 => {
            let own = place.column.saturating_sub(shift).max(1);
            line.replace(&format!("{script}:1:{}", place.column), &format!("{script}:1:{own}"))
        }
        _ => line.to_owned(),
    }
}

impl Place {
    /// The place that a line of a stack names: `at main (file.js:3:7)` or `at file.js:3:7`.
    fn in_line(line: &str) -> Option<Self> {
        let inner = line.rsplit_once('(').map_or(line, |(_, inner)| inner.trim_end_matches(')'));
        let inner = inner.strip_prefix("at ").unwrap_or(inner).trim();
        let (rest, column) = inner.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some(Self { file: file.into(), line: line.parse().ok()?, column: column.parse().ok()? })
    }
}

/// What went wrong, where code was stopped from outside; of a module with the function that it was in.
pub(crate) fn failure_of(error: &wasmtime::Error, name: &str, limits: &Limits, is_module: bool) -> Failure {
    if let Some(refused) = error.downcast_ref::<Refused>() {
        return refused.0.clone();
    }
    let trace = error.downcast_ref::<WasmBacktrace>().filter(|_| is_module);
    let stack: Vec<String> = trace.map_or(vec![], |trace| {
        let frame = |frame: &wasmtime::FrameInfo| {
            let function = frame.func_name().map_or_else(|| format!("function {}", frame.func_index()), str::to_owned);
            format!("at {function} ({name}, byte {})", frame.module_offset().unwrap_or(0))
        };
        trace.frames().iter().take(20).map(frame).collect()
    });
    let mut failure = match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            let fuel = limits.fuel;
            Failure::new(
                "LimitReached",
                format!(
                    "the script ran for {fuel} instructions without waiting for anything; raise limits.fuel if it has so much to do"
                ),
            )
        }
        Some(Trap::StackOverflow) => Failure::new("RangeError", "Maximum call stack size exceeded"),
        Some(trap) => Failure::new("Trapped", trap.to_string()),
        None if is_module => Failure::new("InvalidModule", error.root_cause().to_string()),
        None => Failure::new("EngineError", error.root_cause().to_string()),
    };
    failure.stack = stack.join("\n");
    failure
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.message)?;
        match &self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_from_the_stack_without_the_prelude_and_without_what_was_put_before_the_first_line() {
        let said = r#"["TypeError","no","    at call (<workflow>:4:2)\n    at step (a.js:1:62)\n    at <anonymous> (a.js:3:5)\n",[]]"#;
        let failure = Failure::of(said, "a.js", 42);
        assert_eq!(failure.to_string(), "TypeError: no (a.js:1:20)");
        assert_eq!(failure.stack, "at step (a.js:1:20)\nat <anonymous> (a.js:3:5)");
        let failure = Failure::of(r#"["SyntaxError","no","    at dir/b.js:3:13\n",[]]"#, "a.js", 42);
        assert_eq!(failure.place, Some(Place { file: "dir/b.js".into(), line: 3, column: 13 }));
        let said =
            r#"["Mine","no","    at Base (a.js:2:1)\n    at Mine (a.js:3:1)\n    at f (a.js:9:5)\n",["Mine","Base"]]"#;
        assert_eq!(Failure::of(said, "a.js", 0).place.unwrap().line, 9);
    }
}
