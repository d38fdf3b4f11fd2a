//! How a subcommand ends: its exit code, and an error that says what happened and what to do.

use std::{fmt, process::ExitCode};

use super::screen::aside;

/// What the caller of the program learns from its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what it was asked.
    Done = 0,
    /// It could not.
    Failed = 1,
    /// It was asked in a way that it does not understand.
    Usage = 2,
    /// What it was asked about is not there.
    NotFound = 3,
    /// The rules, a missing right or a missing consent forbid it.
    Refused = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotFound => 3,
            Exit::Refused => 4,
        })
    }
}

/// Why a subcommand did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// A stable code, where the server gave one.
    pub code: Option<String>,
    /// What happened and what to do.
    pub error: anyhow::Error,
}

/// What a subcommand ends with.
pub type Ended = Result<Exit, Failure>;

impl Failure {
    /// It was asked in a way that it does not understand.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::of(Exit::Usage, message)
    }

    /// What it was asked about is not there.
    pub fn not_found(message: impl fmt::Display) -> Self {
        Self::of(Exit::NotFound, message)
    }

    /// Something forbids it.
    pub fn refused(message: impl fmt::Display) -> Self {
        Self::of(Exit::Refused, message)
    }

    /// It could not.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self::of(Exit::Failed, message)
    }

    /// The same with the server's code, which also decides the exit code where it is telling.
    pub fn coded(code: &str, message: impl fmt::Display) -> Self {
        let exit = match code {
            "not_found" | "not_open" | "not_registered" | "no_key" | "unknown_stream" | "unknown_kind" => {
                Exit::NotFound
            }
            "internal" | "disk_full" | "unknown_outcome" | "damaged" | "closed" | "busy" => Exit::Failed,
            _ => Exit::Refused,
        };
        Self { exit, code: Some(code.to_owned()), error: anyhow::anyhow!("{message}") }
    }

    fn of(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, code: None, error: anyhow::anyhow!("{message}") }
    }

    /// Says it on standard error: as a sentence, or as one JSON object.
    pub fn report(&self, json: bool) {
        let message = words(&self.error);
        if json {
            aside(serde_json::json!({"error": {"code": self.code, "message": message}}));
        } else {
            aside(format_args!("reenact: {message}"));
        }
    }
}

/// An error and what led to it; what an error says of its cause itself is not said again.
fn words(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, next| match told {
        told if told.is_empty() => next,
        told if told.contains(&next) => told,
        told => format!("{told}: {next}"),
    })
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { exit: Exit::Failed, code: None, error: error.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_codes_decide_the_exit_code() {
        assert_eq!(Failure::coded("not_open", "x").exit, Exit::NotFound);
        assert_eq!(Failure::coded("no_turn", "x").exit, Exit::Refused);
        assert_eq!(Failure::coded("internal", "x").exit, Exit::Failed);
    }

    #[test]
    fn a_cause_is_said_once() {
        let denied = || anyhow::anyhow!("denied (os error 13)");
        assert_eq!(words(&denied().context("log/")), "log/: denied (os error 13)");
        assert_eq!(words(&denied().context("log/: denied (os error 13)")), "log/: denied (os error 13)");
    }

    #[test]
    fn an_error_of_the_machine_is_a_failure() {
        let failure: Failure = std::io::Error::other("no disk").into();
        assert_eq!(failure.exit, Exit::Failed);
        assert_eq!(failure.error.to_string(), "no disk");
    }
}
