//! `reenact man`: the manual pages, made from the same words as the help.

use std::{fs, io, path::PathBuf};

use anyhow::Context as _;
use clap::Args;
use clap_mangen::Man;

use super::{
    arguments,
    exit::{Ended, Exit},
};

/// Prints the manual page, or writes the pages of all commands into a folder.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reenact man | man -l -                     reads the page of the program
  reenact man ~/.local/share/man/man1        installs all pages: then `man reenact-ask` works")]
pub struct Arguments {
    /// Where to write the pages: reenact.1, reenact-ask.1 and so on.
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints or writes them.
pub fn run(arguments: &Arguments) -> Ended {
    // A page of its own for `help` would say what every page says.
    let command = arguments::command().disable_help_subcommand(true);
    if let Some(dir) = &arguments.dir {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        clap_mangen::generate_to(command, dir).with_context(|| format!("cannot write to {}", dir.display()))?;
    } else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page)?;
        io::Write::write_all(&mut io::stdout(), &page)?;
    }
    Ok(Exit::Done)
}
