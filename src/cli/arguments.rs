//! What the program is called with, and who is called for it.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use super::{exit::Ended, schemas};

#[derive(Debug, Parser)]
#[command(name = "reenact", version, about)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What stands before or after any subcommand.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The data folder.
    #[arg(long, global = true, value_name = "DIR", env = "REENACT_DATA")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Schemas(schemas::Arguments),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended: Ended = match &arguments.command {
        Some(Command::Schemas(arguments)) => schemas::run(arguments),
        None => todo!(),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.report(false);
            failure.exit.into()
        }
    }
}
