//! Signing a browser in: a key becomes a cookie, and leaves the address.

use actix_web::{HttpResponse, HttpResponseBuilder, http::header, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::{Settings, Shared},
    identity::{Identity, Means, bad_key},
    keyring::Known,
    problem::Problem,
};
use crate::entities::system::Role;

/// A key to sign in with.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The key.
    pub key: String,
}

/// Who signed in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SignedIn {
    /// Who stands in the log.
    pub user: replay::ids::By,
    /// What they may do.
    pub role: Role,
}

fn known(shared: &Shared, key: &str) -> Result<Known, Problem> {
    shared.keyring.borrow().find(key.trim()).cloned().ok_or_else(bad_key)
}

/// `POST /api/sign-in`
pub async fn sign_in(shared: web::Data<Shared>, body: web::Json<SignIn>) -> Result<HttpResponse, Problem> {
    let known = known(&shared, &body.key)?;
    let identity = Identity::of(&known, Means::Cookie, false);
    let signed_in = SignedIn { user: identity.by, role: identity.role };
    Ok(HttpResponse::Ok()
        .cookie(shared.cookies.issue(&known))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(signed_in))
}

/// `POST /api/sign-out`
pub async fn sign_out(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::NoContent().cookie(shared.cookies.withdraw()).finish()
}

/// `GET /?key=…`: the key becomes a cookie, and the address loses it.
///
/// # Errors
/// The key is not good.
pub fn by_address(shared: &Shared, key: &str) -> Result<HttpResponse, Problem> {
    let known = known(shared, key)?;
    Ok(to_the_page().cookie(shared.cookies.issue(&known)).finish())
}

/// `GET /?ticket=…`: the first one who shows it is signed in with the data folder's own key. A ticket that is not good any more
/// leads to the page all the same, where a browser that has its cookie already is signed in.
pub fn by_ticket(shared: &Shared, ticket: &str) -> HttpResponse {
    let Settings { tickets, folder_key, .. } = &shared.app.settings;
    let known = if tickets.take(ticket) { known(shared, folder_key).ok() } else { None };
    let Some(known) = known else {
        tracing::warn!(
            "a ticket came that is not good any more. If the browser that was just opened is not signed in, somebody else on this \
             machine was faster: stop the server, delete the file `key` in the data folder, start it again, and revoke the old key"
        );
        return to_the_page().finish();
    };
    to_the_page().cookie(shared.cookies.issue(&known)).finish()
}

fn to_the_page() -> HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, "/")).insert_header((header::CACHE_CONTROL, "no-store"));
    response
}
