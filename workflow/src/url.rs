//! URLs for scripts: read, written and changed by the WHATWG's standard. Pure functions.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Url, form_urlencoded, quirks};

/// What the prelude asks, as JSON.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Request {
    Parse { url: String, base: Option<String> },
    Set { url: String, part: String, value: String },
    Pairs { query: String },
    Query { pairs: Vec<(String, String)> },
}

#[derive(Debug, Serialize)]
struct Parts<'a> {
    href: &'a str,
    origin: String,
    protocol: &'a str,
    username: &'a str,
    password: &'a str,
    host: &'a str,
    hostname: &'a str,
    port: &'a str,
    pathname: &'a str,
    search: &'a str,
    hash: &'a str,
}

/// Answers a request: the parts of a URL, pairs or a text; `null` where it is none.
pub(crate) fn answer(request: &str) -> String {
    let answer = match serde_json::from_str(request) {
        Ok(Request::Parse { url, base }) => parse(&url, base.as_deref()).map(|url| parts(&url)),
        Ok(Request::Set { url, part, value }) => set(&url, &part, &value).map(|url| parts(&url)),
        Ok(Request::Pairs { query }) => {
            serde_json::to_value(form_urlencoded::parse(query.as_bytes()).collect::<Vec<_>>()).ok()
        }
        Ok(Request::Query { pairs }) => {
            Some(form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into())
        }
        Err(_) => None,
    };
    answer.unwrap_or(Value::Null).to_string()
}

fn parse(url: &str, base: Option<&str>) -> Option<Url> {
    let base = base.map(Url::parse).transpose().ok()?;
    Url::options().base_url(base.as_ref()).parse(url).ok()
}

fn set(url: &str, part: &str, value: &str) -> Option<Url> {
    let mut url = Url::parse(url).ok()?;
    match part {
        "href" => url = Url::parse(value).ok()?,
        "protocol" => quirks::set_protocol(&mut url, value).ok()?,
        "username" => quirks::set_username(&mut url, value).ok()?,
        "password" => quirks::set_password(&mut url, value).ok()?,
        "host" => quirks::set_host(&mut url, value).ok()?,
        "hostname" => quirks::set_hostname(&mut url, value).ok()?,
        "port" => quirks::set_port(&mut url, value).ok()?,
        "pathname" => quirks::set_pathname(&mut url, value),
        "search" => quirks::set_search(&mut url, value),
        "hash" => quirks::set_hash(&mut url, value),
        _ => return None,
    }
    Some(url)
}

fn parts(url: &Url) -> Value {
    let parts = Parts {
        href: quirks::href(url),
        origin: quirks::origin(url),
        protocol: quirks::protocol(url),
        username: quirks::username(url),
        password: quirks::password(url),
        host: quirks::host(url),
        hostname: quirks::hostname(url),
        port: quirks::port(url),
        pathname: quirks::pathname(url),
        search: quirks::search(url),
        hash: quirks::hash(url),
    };
    serde_json::to_value(parts).unwrap_or(Value::Null)
}
