//! Keys in a file that its owner alone can read.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use parking_lot::Mutex;

use super::{KeepError, KeepKeys, Kept};
use crate::models::ApiKey;

/// A file of keys: a JSON object from a provider's name to its key. It comes into being with the first key.
pub struct KeyFile {
    path: PathBuf,
    /// One change at a time: each reads, changes and writes the whole file.
    changing: Mutex<()>,
}

impl KeyFile {
    /// The file at a path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), changing: Mutex::new(()) }
    }

    fn place(&self) -> String {
        format!("the file {}", self.path.display())
    }

    fn io(&self, source: io::Error) -> KeepError {
        KeepError::Io { path: self.path.clone(), source }
    }

    fn read(&self) -> Result<BTreeMap<String, String>, KeepError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(self.io(error)),
        };
        // The error of the parser could quote what it read.
        serde_json::from_str(&text).map_err(|error| {
            let problem = format!("line {}, column {}", error.line(), error.column());
            KeepError::Unreadable { path: self.path.clone(), problem }
        })
    }

    /// Writes the whole file beside the old one and puts it in its place: a crash leaves the one or the other.
    fn write(&self, keys: &BTreeMap<String, String>) -> Result<(), KeepError> {
        let fresh = self.path.with_extension("new");
        let written = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            // One that a crash left behind keeps its own mode otherwise.
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
            serde_json::to_writer_pretty(&file, keys)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)?;
            File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
        };
        written().map_err(|error| self.io(error))
    }
}

impl KeepKeys for KeyFile {
    fn get(&self, provider: &str) -> Result<Option<Kept>, KeepError> {
        let key = self.read()?.remove(provider).map(ApiKey::new).filter(|key| !key.is_empty());
        Ok(key.map(|key| Kept { key, place: self.place() }))
    }

    fn set(&self, provider: &str, key: &ApiKey) -> Result<String, KeepError> {
        let _changing = self.changing.lock();
        let mut keys = self.read()?;
        keys.insert(provider.to_owned(), key.reveal().to_owned());
        self.write(&keys)?;
        Ok(self.place())
    }

    fn forget(&self, provider: &str) -> Result<bool, KeepError> {
        let _changing = self.changing.lock();
        let mut keys = self.read()?;
        if keys.remove(provider).is_none() {
            return Ok(false);
        }
        self.write(&keys)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reveal(keys: &KeyFile, provider: &str) -> Option<String> {
        keys.get(provider).unwrap().map(|kept| kept.key.reveal().to_owned())
    }

    #[test]
    fn keys_are_kept_replaced_and_forgotten_and_are_their_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        let keys = KeyFile::new(&path);
        assert!(reveal(&keys, "openai").is_none() && !path.exists());
        keys.set("openai", &ApiKey::new("one")).unwrap();
        keys.set("gemini", &ApiKey::new("two")).unwrap();
        keys.set("openai", &ApiKey::new("three")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = KeyFile::new(&path);
        assert_eq!((reveal(&again, "openai"), reveal(&again, "gemini")), (Some("three".into()), Some("two".into())));
        assert!(again.forget("openai").unwrap() && !again.forget("openai").unwrap());
        assert_eq!((reveal(&again, "openai"), reveal(&again, "gemini")), (None, Some("two".into())));
    }

    #[test]
    fn what_a_crash_left_open_to_others_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join("secrets.new");
        fs::write(&left, "half").unwrap();
        fs::set_permissions(&left, fs::Permissions::from_mode(0o644)).unwrap();
        let path = folder.path().join("secrets");
        KeyFile::new(&path).set("openai", &ApiKey::new("k")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!left.exists());
    }

    #[test]
    fn a_file_that_was_spoilt_is_not_overwritten_and_is_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        fs::write(&path, "{\"openai\": \"sk-secret\", oops}").unwrap();
        let keys = KeyFile::new(&path);
        let error = keys.set("gemini", &ApiKey::new("k")).unwrap_err().to_string();
        assert!(error.contains("secrets") && !error.contains("sk-secret"), "{error}");
        assert!(fs::read_to_string(&path).unwrap().contains("sk-secret"));
    }
}
