//! What the program tells on standard error while it works.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// Begins to tell: what the filter says; without one, `info` for a server and `warn` for everything else.
///
/// # Errors
/// The filter is none; says what one looks like.
pub fn start(filter: Option<&str>, serving: bool) -> Result<(), String> {
    let usual = if serving { "info,actix_server=warn" } else { "warn" };
    let filter = filter.unwrap_or(usual);
    let parsed = EnvFilter::try_new(filter).map_err(|error| {
        format!(
            "`{filter}` is no filter ({error}): write error, warn, info, debug or trace, or such as info,replay=debug"
        )
    })?;
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let ansi = io::stderr().is_terminal() && !plain;
    tracing_subscriber::fmt().with_env_filter(parsed).with_writer(io::stderr).with_ansi(ansi).with_target(false).init();
    Ok(())
}
