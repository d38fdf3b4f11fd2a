//! What the program tells on standard error while it works: how much of it, and in which form.

use std::{
    io::{self, IsTerminal as _},
    panic,
};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// The form of what is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Begins to tell: what the filter says; without one, `info` for a server and `warn` for everything else.
///
/// # Errors
/// The filter is none; says what one looks like.
pub fn start(filter: Option<&str>, format: Format, serving: bool) -> Result<(), String> {
    let filter = parse(filter.unwrap_or(if serving { "info" } else { "warn" }))?;
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let ansi = io::stderr().is_terminal() && !plain;
    let telling = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    match format {
        Format::Text => telling.with_ansi(ansi).init(),
        Format::Json => {
            telling.json().flatten_event(true).with_current_span(false).init();
            // What a panic says is for the same reader.
            panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a thread panicked")));
        }
    }
    Ok(())
}

/// The filter: a level alone is for this program, and for its libraries no more than `warn`; everything else is taken as it is.
fn parse(filter: &str) -> Result<EnvFilter, String> {
    let refused = |why: String| {
        format!(
            "`{filter}` is no filter ({why}): write error, warn, info, debug or trace, or such as info,replay=debug"
        )
    };
    let level = filter.trim().to_ascii_lowercase();
    if ["info", "debug", "trace"].contains(&level.as_str()) {
        return EnvFilter::try_new(format!("warn,reenact={level},replay={level}")).map_err(|e| refused(e.to_string()));
    }
    // A bare word is taken for the name of a module, and everything else falls silent: nobody means that.
    let bare = filter
        .split(',')
        .map(str::trim)
        .find(|part| !part.contains(['=', '[', ':']) && !LEVELS.contains(&part.to_ascii_lowercase().as_str()));
    if let Some(bare) = bare {
        return Err(refused(format!("`{bare}` is no level")));
    }
    EnvFilter::try_new(filter).map_err(|error| refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_alone_leaves_libraries_quiet() {
        let filter = parse("Debug").unwrap().to_string();
        for part in ["warn", "reenact=debug", "replay=debug"] {
            assert!(filter.contains(part), "{filter}");
        }
        assert_eq!(parse("error").unwrap().to_string(), "error");
    }

    #[test]
    fn what_is_no_filter_is_refused_with_what_one_looks_like() {
        for wrong in ["inof", "info,replay", "a=b=c", ""] {
            let told = parse(wrong).unwrap_err();
            assert!(told.contains("info,replay=debug"), "{told}");
        }
        for right in ["info,replay=debug", "off", "warn,hyper::client=trace", "reenact[request]=debug"] {
            assert!(parse(right).is_ok(), "{right}");
        }
    }
}
