//! Where keys are kept that somebody set while the server ran: never in the log, and never in a backup.

mod file;
mod keyring;

use std::{io, path::Path, path::PathBuf};

use thiserror::Error;

use super::ApiKey;
pub use file::KeyFile;
pub use keyring::SystemKeyring;

/// A place that keeps the keys of providers. Its functions wait for the disk or for another program.
pub trait KeepKeys: Send + Sync {
    /// The key of a provider.
    fn get(&self, provider: &str) -> Result<Option<Kept>, KeepError>;

    /// Keeps a key in place of the one before; says where, for people.
    fn set(&self, provider: &str, key: &ApiKey) -> Result<String, KeepError>;

    /// Forgets the key of a provider; whether there was one.
    fn forget(&self, provider: &str) -> Result<bool, KeepError>;
}

/// A key that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The key.
    pub key: ApiKey,
    /// Where it is kept, for people: `the system's keyring`.
    pub place: String,
}

/// Where keys are to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the system's keyring where there is one, else in the file.
    Auto,
    /// In the system's keyring alone.
    Keyring,
    /// In the file alone.
    File,
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
    #[error("the system's keyring cannot be used: {0}. Keys are kept in a file with models.keep_keys = \"file\"")]
    Keyring(String),
}

/// The system's keyring and the file beside it.
pub struct Keys {
    keyring: Option<SystemKeyring>,
    file: Option<KeyFile>,
}

impl Keys {
    /// The keys of the server with this data folder.
    pub fn of(data: &Path, place: Place) -> Self {
        let keyring = SystemKeyring::new("secret-tool", data);
        let keyring = match place {
            Place::Auto => keyring.is_there().then_some(keyring),
            Place::Keyring => Some(keyring),
            Place::File => None,
        };
        Self { keyring, file: (place != Place::Keyring).then(|| KeyFile::new(data.join("secrets"))) }
    }

    fn places(&self) -> impl Iterator<Item = &dyn KeepKeys> {
        let keyring = self.keyring.iter().map(|keyring| keyring as &dyn KeepKeys);
        keyring.chain(self.file.iter().map(|file| file as &dyn KeepKeys))
    }
}

impl KeepKeys for Keys {
    fn get(&self, provider: &str) -> Result<Option<Kept>, KeepError> {
        let mut failed = None;
        for place in self.places() {
            match place.get(provider) {
                Ok(None) => {}
                Ok(kept) => return Ok(kept),
                // It may stand in the other place.
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    fn set(&self, provider: &str, key: &ApiKey) -> Result<String, KeepError> {
        let places: Vec<_> = self.places().collect();
        let mut refused = None;
        for (at, place) in places.iter().enumerate() {
            let kept = match place.set(provider, key) {
                Ok(kept) => kept,
                // A keyring can be there and take nothing: it is locked, or has no collection. The file takes the key then.
                Err(error) => {
                    refused = refused.or(Some(error));
                    continue;
                }
            };
            // One key in one place: an older one elsewhere would stand before this one, or come up again when this one is
            // forgotten. What cannot even be read there does neither.
            let others = places.iter().enumerate().filter(|(other, _)| *other != at);
            for (_, other) in others {
                if matches!(other.get(provider), Ok(Some(_))) {
                    other.forget(provider)?;
                }
            }
            return Ok(kept);
        }
        refused.map_or(Ok(String::new()), Err)
    }

    fn forget(&self, provider: &str) -> Result<bool, KeepError> {
        let mut found = false;
        for place in self.places() {
            found |= place.forget(provider)?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_moves_from_the_file_to_the_keyring_and_is_forgotten_everywhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = || Some(KeyFile::new(folder.path().join("secrets")));
        let before = Keys { keyring: None, file: file() };
        assert!(before.set("openai", &ApiKey::new("one")).unwrap().contains("secrets"));

        let keys = Keys { keyring: Some(keyring::tests::fake(folder.path())), file: file() };
        assert_eq!(keys.get("openai").unwrap().unwrap().key.reveal(), "one");
        assert_eq!(keys.set("openai", &ApiKey::new("two")).unwrap(), "the system's keyring");
        assert_eq!(keys.get("openai").unwrap().unwrap().key.reveal(), "two");
        assert_eq!(before.get("openai").unwrap(), None, "the file no longer holds it");
        assert!(keys.forget("openai").unwrap() && !keys.forget("openai").unwrap());
        assert_eq!(keys.get("openai").unwrap(), None);
    }
    #[test]
    fn what_the_keyring_does_not_take_the_file_keeps() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::new(folder.path().join("secrets"));
        let keyring = keyring::tests::full(folder.path());
        assert!(keyring.is_there());
        let keys = Keys { keyring: Some(keyring), file: Some(file) };
        assert!(keys.set("openai", &ApiKey::new("one")).unwrap().contains("secrets"));
        assert_eq!(keys.get("openai").unwrap().unwrap().key.reveal(), "one");

        let alone = Keys { keyring: Some(keyring::tests::full(folder.path())), file: None };
        assert!(alone.set("openai", &ApiKey::new("one")).unwrap_err().to_string().contains("no collection"));
    }
}
