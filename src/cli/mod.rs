//! The command line: one file per subcommand, and what they share. The only room that knows how the server is put together.

mod archive;
mod arguments;
mod ask;
mod audit;
mod backup;
mod changes;
mod client;
mod completions;
mod compose;
mod config;
mod connect;
mod exit;
mod fork;
mod key;
mod log;
mod man;
mod provider;
mod ps;
mod rebuild;
mod rename;
mod replay;
mod restore;
mod schemas;
mod screen;
mod serve;
mod settings;
mod socket;
mod stepping;
mod stop;
mod story;
mod telling;
mod tree;
mod trust;
mod verify;
mod watch;

pub use arguments::main;
