//! `reenact serve`: the server and the page.

use std::{io, path::PathBuf, process::Command, process::Stdio};

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use super::{
    compose::{Listen, compose, version},
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};

/// Serves the page and the interfaces, and prints the address to open.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
The address holds a key: whoever has it is you. Ctrl-C stops the server in good order; killing it is as safe, and what was
begun goes on at the next start. To let others in, put a proxy with TLS in front of it: docs/operations.md.

Examples:
  reenact serve --open                       and opens the page in the browser
  reenact serve --port 0 --json              for programs: a free port, and the address as JSON
  reenact serve --model openai/gpt-5 --log debug")]
pub struct Arguments {
    /// The port to listen on; 0 takes a free one [default: 7717].
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// The address to listen on [default: 127.0.0.1].
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Opens the page in the browser.
    #[arg(long)]
    open: bool,
    /// The model where nobody names one, as PROVIDER/NAME or `offline`.
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// What the offline model answers when.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

impl Arguments {
    /// The flags as settings.
    pub fn flags(&self) -> Vec<(&'static str, Value)> {
        let port = self.port.map(|port| ("server.port", json!(port)));
        let host = self.host.as_ref().map(|host| ("server.host", json!(host)));
        let model = self.model.as_ref().map(|model| ("models.default", json!(model)));
        let scenario = self.scenario.as_ref().map(|path| ("models.scenario", json!(path)));
        [port, host, model, scenario].into_iter().flatten().collect()
    }
}

/// Serves until it is told to stop.
pub fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    actix_rt::System::new().block_on(serve(arguments.open, loaded, json))
}

async fn serve(open: bool, loaded: &Loaded, json: bool) -> Ended {
    take_all_files();
    let mut running = compose(loaded, &Listen::AsSet).await?;
    let address = format!("{}/?key={}", running.base, running.key);
    if json {
        let _unread = json_line(
            &json!({"address": address, "base": running.base, "version": version(), "pid": std::process::id()}),
        )
        .is_err();
    } else {
        // Who does not read it does not stop the server: a service's output may lead nowhere.
        let _unread = Screen::new().line(Tone::Plain, &address).is_err();
    }
    running.wake();
    if open {
        open_browser(&running.address_for_once());
    }
    let ended = tokio::select! {
        stopped = told_to_stop() => stopped.map(|()| Exit::Done).map_err(Failure::from),
        error = running.failed() => Err(Failure::failed(format!("the server ended: {error}"))),
    };
    tracing::info!("stopping");
    running.stop().await;
    ended
}

/// Takes as many open files as this user may have: every socket is one, and what shells give is often little.
fn take_all_files() {
    let files = getrlimit(Resource::Nofile);
    if files.current == files.maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }) {
        tracing::debug!(%error, "no more files may be open than before");
    }
}

/// SIGINT or SIGTERM.
async fn told_to_stop() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

/// Hands the address to whatever opens addresses here. Without one, the printed address does as well.
fn open_browser(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let opened =
        Command::new(program).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if let Err(error) = opened {
        tracing::warn!("`{program}` cannot open the browser ({error}): open the address above");
    }
}
