//! `reenact doctor`: what is wrong on this machine, and how to mend it. Changes nothing, takes no lock, works beside a server.

mod browser;
mod clock;
mod data;
mod disk;
mod finding;
mod kernel;
mod keys;
mod log;
mod mounts;
mod ports;
mod programs;
mod server;
mod settings;
mod toolchain;

use clap::Args;
use replay::file::{Holder, holder};

use self::finding::{Status, tell};
use super::{
    exit::{Ended, Exit},
    settings::{Given, Loaded},
};

/// Looks at this machine: what is wrong for Reenact, what it means, and what to do about it.
#[derive(Debug, Args)]
#[command(after_help = "\
Each line is ok, a note (it works, and you may want to know) or a problem (mend it). It changes nothing, and works beside a
running server. The exit code is 1 if there is a problem.

Examples:
  reenact doctor             in less than a second
  reenact doctor --online    asks the providers too whether their keys are good
  reenact doctor --json      one finding a line, for programs")]
pub struct Arguments {
    /// Also asks each provider that is set up whether it answers and takes its key.
    #[arg(long)]
    online: bool,
}

/// What is looked at.
struct Patient<'a> {
    loaded: &'a Loaded,
    /// Who holds the log, if somebody does and that can be seen.
    holder: Option<Holder>,
}

impl Patient<'_> {
    /// Where the server is that holds the data folder.
    fn base(&self) -> Option<&str> {
        self.holder.as_ref().map(|holder| holder.note.as_str()).filter(|note| !note.is_empty())
    }
}

/// Looks at everything, and tells it.
pub async fn run(arguments: &Arguments, given: &Given, json: bool) -> Ended {
    let (loaded, mut findings) = settings::look(given)?;
    let log = loaded.data.join("log");
    let patient = Patient { holder: holder(&log).ok().flatten(), loaded: &loaded };
    let server = server::ask(&patient).await;
    findings.extend(toolchain::look());
    findings.extend(kernel::look());
    findings.extend(disk::look(&loaded.data));
    findings.extend(ports::look(&patient));
    findings.extend(data::look(&patient));
    findings.extend(server.findings);
    findings.extend(log::look(&log));
    findings.extend(keys::look(&patient, server.providers.as_deref(), arguments.online).await);
    findings.extend(browser::look(&patient));
    findings.extend(clock::look(&log));
    tell(&findings, json)?;
    let troubled = findings.iter().any(|finding| finding.status == Status::Problem);
    Ok(if troubled { Exit::Failed } else { Exit::Done })
}
