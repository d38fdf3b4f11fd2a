//! The program itself, and the programs that it works with.

use std::process::{Command, Stdio};

use super::{finding::Finding, programs};
use crate::cli::compose::version;

const AREA: &str = "toolchain";
/// The oldest git whose work trees and diffs behave as today's.
const OLDEST_GIT: (u32, u32) = (2, 20);

/// Looks at them.
pub fn look() -> Vec<Finding> {
    vec![program(), git()]
}

fn program() -> Finding {
    let what = format!("reenact {} for {}-{}", version(), std::env::consts::ARCH, std::env::consts::OS);
    if cfg!(debug_assertions) {
        return Finding::note(AREA, what, "this is a debug build, which is many times slower")
            .todo("cargo build --release --locked");
    }
    Finding::ok(AREA, what)
}

fn git() -> Finding {
    let missing = |found: &str| {
        let means =
            "agents read and search without it; you need it to see what changes in a project, and to take it back";
        let finding = Finding::note(AREA, found, means);
        match programs::install("git") {
            Some(command) => finding.todo(command),
            None => finding,
        }
    };
    let Some(path) = programs::find("git") else { return missing("git is not installed") };
    let Ok(output) = Command::new(&path).arg("--version").stdin(Stdio::null()).output() else {
        return missing(&format!("{} does not start", path.display()));
    };
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match numbers(&said) {
        Some(found) if found < OLDEST_GIT => missing(&format!("{said} is older than 2.20")),
        Some(_) => Finding::ok(AREA, format!("{said} ({})", path.display())),
        None => missing(&format!("{} is no git: it says `{said}`", path.display())),
    }
}

/// The first two numbers of what `git --version` says.
fn numbers(said: &str) -> Option<(u32, u32)> {
    let mut parts = said.strip_prefix("git version ")?.split(['.', ' ']).map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_git_is_read_as_every_system_says_it() {
        assert_eq!(numbers("git version 2.47.3"), Some((2, 47)));
        assert_eq!(numbers("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(numbers("got 1"), None);
    }
}
