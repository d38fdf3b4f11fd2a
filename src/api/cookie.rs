//! The cookie that signs a browser in: not the key itself, and good only as long as the key is.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use replay::log::LogId;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::keyring::{Keyring, Known, hex};

/// Makes cookies and knows them again.
#[derive(Clone)]
pub struct Cookies {
    name: String,
    secret: [u8; 32],
}

/// How long a browser keeps it, in days.
const DAYS: i64 = 365;

impl Cookies {
    /// Cookies of this log, made with a secret that only this data folder has: its own key.
    ///
    /// The name tells servers on one machine apart: to a browser, the ports of a host are one.
    pub fn new(log: LogId, folder_key: &str) -> Self {
        let name = format!("reenact-{}", &log.id.simple().to_string()[..12]);
        Self { name, secret: hmac(&Sha256::digest(folder_key.as_bytes()), b"reenact cookie v1") }
    }

    /// The cookie's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn token(&self, known: &Known) -> String {
        let words = format!("{}\0{}", known.name, known.sha256);
        format!("{}.{}", known.name, hex(&hmac(&self.secret, words.as_bytes())))
    }

    /// A cookie for whoever showed this key.
    pub fn issue(&self, known: &Known) -> Cookie<'static> {
        Cookie::build(self.name.clone(), self.token(known))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .max_age(Duration::days(DAYS))
            .finish()
    }

    /// A cookie that takes the other one away.
    pub fn withdraw(&self) -> Cookie<'static> {
        let mut cookie =
            Cookie::build(self.name.clone(), "").path("/").http_only(true).same_site(SameSite::Strict).finish();
        cookie.make_removal();
        cookie
    }

    /// The good key that a cookie was issued for.
    pub fn find<'k>(&self, value: &str, keyring: &'k Keyring) -> Option<&'k Known> {
        let known = keyring.named(value.split_once('.')?.0)?;
        bool::from(self.token(known).as_bytes().ct_eq(value.as_bytes())).then_some(known)
    }
}

/// HMAC-SHA-256 (RFC 2104) with a key of 32 bytes.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // Test case 2.
        let digest = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&digest), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn cookies_of_another_folder_key_are_others() {
        let log = LogId { id: Uuid::nil(), epoch: 0 };
        let known = Known { name: "owner".into(), role: crate::entities::system::Role::Admin, sha256: "00".into() };
        assert_ne!(Cookies::new(log, "a").token(&known), Cookies::new(log, "b").token(&known));
        assert_eq!(Cookies::new(log, "a").find("owner.00", &Keyring::default()), None);
    }
}
