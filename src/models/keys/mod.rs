//! Where keys are kept that somebody set while the server ran: never in the log, and never in a backup.

mod file;

use std::{io, path::PathBuf};

use thiserror::Error;

use super::ApiKey;
pub use file::KeyFile;

/// A place that keeps the keys of providers. Its functions wait for the disk or for another program.
pub trait KeepKeys: Send + Sync {
    /// What it is called: `the system's keyring`.
    fn label(&self) -> String;

    /// The key of a provider.
    fn get(&self, provider: &str) -> Result<Option<ApiKey>, KeepError>;

    /// Keeps a key in place of the one before.
    fn set(&self, provider: &str, key: &ApiKey) -> Result<(), KeepError>;

    /// Forgets the key of a provider; whether there was one.
    fn forget(&self, provider: &str) -> Result<bool, KeepError>;
}

/// A key could not be kept, read or forgotten.
#[derive(Debug, Error)]
pub enum KeepError {
    /// The file cannot be used.
    #[error("{} cannot be used: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what was written.
    #[error("{} is not a list of keys ({problem}): mend it, or delete it and set the keys again", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The system's keyring does not do what it is asked.
    #[error("the system's keyring cannot be used: {0}")]
    Keyring(String),
}
