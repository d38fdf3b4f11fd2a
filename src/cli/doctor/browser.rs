//! The page, and what would open it.

use std::env;

use super::{Patient, finding::Finding, ports::is_loopback, programs};
use crate::api::page_is_built_in;

const AREA: &str = "browser";

/// Looks at them.
pub fn look(patient: &Patient<'_>) -> Vec<Finding> {
    vec![page(), opener(patient)]
}

fn page() -> Finding {
    if page_is_built_in() {
        return Finding::ok(AREA, "the page is built into this program");
    }
    Finding::problem(
        AREA,
        "this program was built without its page",
        "the command line and the interfaces work, the browser shows a note",
    )
    .todo("make run")
}

fn opener(patient: &Patient<'_>) -> Finding {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let port = patient.loaded.settings.server.port;
    let remote = is_set("SSH_CONNECTION") && is_loopback(&patient.loaded.settings.server.host);
    if remote {
        let means = "`--open` would open nothing that you see, and the address is this machine's own";
        return Finding::note(AREA, "you are here over ssh", means).todo(format!(
            "on your own machine: ssh -N -L {port}:127.0.0.1:{port} HOST; then open the printed address there"
        ));
    }
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let shown = cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    match programs::find(program) {
        Some(path) if shown => Finding::ok(AREA, format!("`--open` works, with {}", path.display())),
        found => {
            let missing = if found.is_some() { "there is no display here" } else { "xdg-open is not installed" };
            let means = "`reenact serve --open` opens nothing; the printed address does as well";
            Finding::note(AREA, missing, means).todo("copy the address that `reenact serve` prints into a browser")
        }
    }
}
