//! `reenact completions`: what a shell needs to complete what is typed.

use std::io;

use clap::Args;
use clap_complete::Shell;

use super::{
    arguments,
    exit::{Ended, Exit},
};

/// Prints the completions of this program for a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Where to put it:
  bash        reenact completions bash > ~/.local/share/bash-completion/completions/reenact
  zsh         reenact completions zsh > ~/.zfunc/_reenact, and in ~/.zshrc, before compinit: fpath+=~/.zfunc
  fish        reenact completions fish > ~/.config/fish/completions/reenact.fish
  elvish      reenact completions elvish >> ~/.config/elvish/rc.elv
  powershell  reenact completions powershell >> $PROFILE")]
pub struct Arguments {
    /// The shell.
    shell: Shell,
}

/// Prints them.
pub fn run(arguments: &Arguments) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut arguments::command(), arguments::NAME, &mut script);
    io::Write::write_all(&mut io::stdout(), &script)?;
    Ok(Exit::Done)
}
