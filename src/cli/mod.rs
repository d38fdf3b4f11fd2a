//! The command line: one file per subcommand, and what they share. The only room that knows how the server is put together.

mod archive;
mod arguments;
mod ask;
mod backup;
mod client;
mod completions;
mod compose;
mod config;
mod connect;
mod doctor;
mod exit;
mod found;
mod key;
mod log;
mod man;
mod named;
mod provider;
mod ps;
mod rebuild;
mod rename;
mod restore;
mod schemas;
mod screen;
mod serve;
mod settings;
mod socket;
mod stop;
mod story;
mod telling;
mod trust;
mod verify;
mod watch;

pub use arguments::main;
