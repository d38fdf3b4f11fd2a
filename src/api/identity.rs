//! Who asks: found from the key in a header or query, or from the cookie.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload, dev::ServiceRequest, http::header};
use replay::ids::By;

use super::{
    app::Shared,
    keyring::{Known, OWNER},
    problem::Problem,
};
use crate::entities::system::Role;

/// The header by which the command line says that a person holds it.
pub const CLIENT: &str = "x-reenact-client";

/// The code of what somebody is told who shows no key.
pub const UNAUTHORIZED: &str = "unauthorized";

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name of the key.
    pub key: Arc<str>,
    /// What it may do.
    pub role: Role,
    /// Who stands in the log.
    pub by: By,
}

/// How somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// With a key in a header, or in the address of a socket: no browser does that by itself.
    Key,
    /// With the cookie, which a browser sends along with every request.
    Cookie,
}

impl Identity {
    /// A person is who holds the owner's key, by cookie or at the command line; everybody else is a program.
    pub fn of(known: &Known, means: Means, at_command_line: bool) -> Self {
        let in_person = &*known.name == OWNER && (means == Means::Cookie || at_command_line);
        let by = if in_person { By::person(OWNER) } else { By::key(&known.name) };
        Self { key: known.name.clone(), role: known.role, by }
    }

    /// Who sent a request, and how they signed in.
    ///
    /// # Errors
    /// Nobody that is known.
    pub fn find(request: &ServiceRequest, shared: &Shared, socket: bool) -> Result<(Self, Means), Problem> {
        let keyring = shared.keyring.borrow().clone();
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let at_command_line = text(CLIENT) == Some("cli");
        let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
            let (scheme, key) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
        });
        let in_address = || socket.then(|| query(request.query_string(), "api_key")).flatten();
        if let Some(key) = bearer.or_else(|| text("x-api-key")).map(str::to_owned).or_else(in_address) {
            let known = keyring.find(&key).ok_or_else(bad_key)?;
            return Ok((Self::of(known, Means::Key, at_command_line), Means::Key));
        }
        let cookie = request.cookie(shared.cookies.name());
        let known = cookie.and_then(|cookie| shared.cookies.find(cookie.value(), &keyring).cloned());
        let known = known.ok_or_else(|| {
            let detail = "sign in first: open the address that `reenact serve` printed, or send the key as `Authorization: Bearer KEY`";
            Problem::new(actix_web::http::StatusCode::UNAUTHORIZED, UNAUTHORIZED, detail)
        })?;
        Ok((Self::of(&known, Means::Cookie, false), Means::Cookie))
    }

    /// Refuses who may not.
    ///
    /// # Errors
    /// The role is too small.
    pub fn need(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        let word = |role| match role {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Admin => "admin",
        };
        let detail = format!(
            "the key `{}` has the role {}, and this needs {}: use a key of that role (`reenact key add NAME --role {}`)",
            self.key,
            word(self.role),
            word(role),
            word(role)
        );
        Err(Problem::forbidden("forbidden", detail))
    }
}

/// What somebody with a wrong key is told.
pub fn bad_key() -> Problem {
    let detail = "this key is not known, or was revoked: `reenact serve` prints an address with a good one, and `reenact key ls` lists all";
    Problem::new(actix_web::http::StatusCode::UNAUTHORIZED, "bad_key", detail)
}

/// A value in a query, percent-decoded.
pub fn query(query: &str, name: &str) -> Option<String> {
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(query).ok()?;
    pairs.into_inner().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

impl FromRequest for Identity {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The guard put it there.
        let found = request.extensions().get::<Self>().cloned();
        ready(found.ok_or_else(|| Problem::internal("a route without a guard")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, role: Role) -> Known {
        Known { name: name.into(), role, sha256: "00".into() }
    }

    #[test]
    fn a_person_is_who_holds_the_owners_key_by_cookie_or_at_the_command_line() {
        let owner = known(OWNER, Role::Admin);
        assert_eq!(Identity::of(&owner, Means::Cookie, false).by, By::person("owner"));
        assert_eq!(Identity::of(&owner, Means::Key, true).by, By::person("owner"));
        assert_eq!(Identity::of(&owner, Means::Key, false).by, By::key("owner"));
        let ci = known("ci", Role::Operator);
        assert_eq!(Identity::of(&ci, Means::Cookie, true).by, By::key("ci"), "a program stays one");
    }

    #[test]
    fn a_role_includes_the_smaller_ones() {
        let operator = Identity::of(&known("ci", Role::Operator), Means::Key, false);
        assert!(operator.need(Role::Viewer).is_ok());
        assert!(operator.need(Role::Operator).is_ok());
        let refused = operator.need(Role::Admin).unwrap_err();
        assert_eq!(refused.code, "forbidden");
        assert!(refused.detail.contains("needs admin"), "{}", refused.detail);
    }

    #[test]
    fn a_value_in_an_address_is_decoded() {
        assert_eq!(query("a=1&api_key=x%20y", "api_key").as_deref(), Some("x y"));
        assert_eq!(query("", "api_key"), None);
    }
}
