//! The keys that are good, kept in memory and up with the stream `system/host`.

use std::{collections::BTreeMap, sync::Arc};

use replay::{
    event::decode,
    ids::Revision,
    log::{Delivery, EventLog, Selection},
    record::Record,
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::{oneshot, watch};

use crate::entities::system::{self, Role};

/// The name of the key that the first start writes into the data folder. Whoever holds it is the owner.
pub const OWNER: &str = "owner";

/// The keys that are good, as of a revision of `system/host`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keyring {
    keys: BTreeMap<Arc<str>, Known>,
    next: Revision,
}

/// A key that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: Arc<str>,
    /// What it may do.
    pub role: Role,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: Arc<str>,
}

/// The SHA-256 of a key, in lower-case hexadecimal: what the log keeps of it.
pub fn hash(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

/// Bytes as lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

impl Keyring {
    /// The key, if it is good. Takes the same time for every key, good or not.
    pub fn find(&self, key: &str) -> Option<&Known> {
        let wanted = hash(key);
        let mut found = None;
        for known in self.keys.values() {
            if bool::from(known.sha256.as_bytes().ct_eq(wanted.as_bytes())) {
                found = Some(known);
            }
        }
        found
    }

    /// The good key of a name.
    pub fn named(&self, name: &str) -> Option<&Known> {
        self.keys.get(name)
    }

    /// The revision of `system/host` that is not folded in yet.
    pub fn next(&self) -> Revision {
        self.next
    }

    fn apply(&mut self, record: &Record) {
        self.next = record.revision.next();
        match decode::<system::Event>(record) {
            Ok(Some(system::Event::KeyCreated { name, role, sha256 })) => {
                let sha256 = sha256.to_ascii_lowercase().into();
                self.keys.insert(name.clone(), Known { name, role, sha256 });
            }
            Ok(Some(system::Event::KeyRevoked { name })) => {
                self.keys.remove(&name);
            }
            Ok(Some(_) | None) => {}
            Err(error) => {
                tracing::warn!(%error, revision = %record.revision, "an event of system/host is not understood");
            }
        }
    }
}

/// Follows `system/host` until the log is closed; `caught_up` hears when all that was there is folded in.
pub async fn follow(log: Arc<dyn EventLog>, keyring: watch::Sender<Arc<Keyring>>, caught_up: oneshot::Sender<()>) {
    let mut caught_up = Some(caught_up);
    let mut records = log.subscribe(Selection::Stream { stream: system::stream(), from: Revision::ZERO });
    while let Some(delivery) = records.next().await {
        match delivery {
            Ok(Delivery::Records(records)) => {
                let mut next = Keyring::clone(&keyring.borrow());
                for record in &records {
                    next.apply(record);
                }
                keyring.send_replace(Arc::new(next));
            }
            Ok(Delivery::Live) => {
                // Nobody may be waiting any more.
                let _heard = caught_up.take().is_some_and(|caught_up| caught_up.send(()).is_ok());
            }
            Err(error) => {
                // A revocation may stand behind the damage: better nobody than somebody who may not.
                tracing::error!(%error, "the keys cannot be read: nobody can sign in");
                keyring.send_replace(Arc::default());
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(keys: &[(&str, &str)]) -> Keyring {
        let known =
            |(name, key): &(&str, &str)| Known { name: (*name).into(), role: Role::Viewer, sha256: hash(key).into() };
        let keys = keys.iter().map(|key| (key.0.into(), known(key))).collect();
        Keyring { keys, next: Revision::ZERO }
    }

    #[test]
    fn a_key_is_found_by_what_it_is_and_nothing_else_is() {
        let keyring = keyring(&[("owner", "abc"), ("ci", "def")]);
        assert_eq!(keyring.find("def").map(|known| &*known.name), Some("ci"));
        for wrong in ["", "ab", "abcd", "ABC", &hash("abc")] {
            assert_eq!(keyring.find(wrong), None, "{wrong}");
        }
    }
}
