//! The command line: one file per subcommand, and what they share.

mod arguments;
mod exit;
mod schemas;
mod settings;

pub use arguments::main;
