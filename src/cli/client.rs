//! The command line as a client of a server: HTTP requests, and problems as failures.

use std::path::{Path, PathBuf};

use replay::file::holder;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::exit::{Exit, Failure};
use crate::api::Problem;

/// How many rows are read at once.
const PAGE: usize = 200;

/// A server, and the key to it.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    data: PathBuf,
    base: String,
    key: String,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Value>,
    next_cursor: Option<String>,
    #[serde(default)]
    rebuilding: bool,
}

impl Client {
    /// The server at `base` (`http://HOST:PORT`) that holds the data folder, and the key to it.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(data: &Path, base: &str, key: &str) -> Result<Self, Failure> {
        crate::models::install_crypto();
        // The server is on this machine: a proxy would not find it.
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { http, data: data.to_owned(), base: base.trim_end_matches('/').to_owned(), key: key.to_owned() })
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where the socket is.
    pub fn socket(&self) -> String {
        format!("{}/ws", self.base.replacen("http", "ws", 1))
    }

    /// Looks up where the server is by now; whether somebody holds the data folder at all.
    pub fn find_again(&mut self) -> bool {
        match holder(&self.data.join("log")) {
            Ok(Some(holder)) if !holder.note.is_empty() => {
                holder.note.trim_end_matches('/').clone_into(&mut self.base);
                true
            }
            Ok(_) | Err(_) => false,
        }
    }

    /// Reads.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Writes.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Puts something in the place of what was there.
    pub async fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// Sends a file as it is.
    pub async fn upload<T: DeserializeOwned>(&self, path: &str, bytes: Vec<u8>) -> Result<T, Failure> {
        self.send(self.request(Method::POST, path).body(bytes)).await
    }

    /// Changes.
    pub async fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    /// Removes.
    pub async fn delete(&self, path: &str) -> Result<(), Failure> {
        let _gone: Value = self.send(self.request(Method::DELETE, path)).await?;
        Ok(())
    }

    /// Reads what comes piece by piece.
    pub async fn open(&self, path: &str, query: &[(&str, String)]) -> Result<Response, Failure> {
        let mut request = self.request(Method::GET, path).build()?;
        request.url_mut().query_pairs_mut().extend_pairs(query);
        let answer = self.http.execute(request).await.map_err(|error| self.silent(error))?;
        let status = answer.status();
        if status.is_success() { Ok(answer) } else { Err(problem(status, &answer.bytes().await?)) }
    }

    /// Reads every page of a list.
    pub async fn all(&self, path: &str) -> Result<Vec<Value>, Failure> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let page: Page = self.get(&format!("{path}{mark}limit={PAGE}{cursor}")).await?;
            items.extend(page.items);
            if page.rebuilding && page.next_cursor.is_none() {
                tracing::warn!(
                    "the server is making its lists anew: what you look for may be missing here. Nothing is lost; ask again in a while"
                );
            }
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(items),
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        request.bearer_auth(&self.key).header("x-reenact-client", "cli")
    }

    fn silent(&self, error: reqwest::Error) -> Failure {
        Failure::failed(format!("the server at {} does not answer: {}", self.base, without_address(error)))
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let answer = request.send().await.map_err(|error| self.silent(error))?;
        let status = answer.status();
        let body = answer.bytes().await?;
        if !status.is_success() {
            return Err(problem(status, &body));
        }
        // An answer without a body is `null`.
        let body: &[u8] = if body.is_empty() { b"null" } else { &body };
        serde_json::from_slice(body)
            .map_err(|error| Failure::failed(format!("the server at {} is of another version: {error}", self.base)))
    }
}

/// An error of the connection, without the address that the message names anyway.
fn without_address(error: reqwest::Error) -> String {
    let error = error.without_url();
    let source = std::error::Error::source(&error).map(ToString::to_string);
    source.map_or_else(|| error.to_string(), |source| format!("{error} ({source})"))
}

fn problem(status: StatusCode, body: &[u8]) -> Failure {
    let exit = match status {
        StatusCode::NOT_FOUND => Exit::NotFound,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Exit::Usage,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::CONFLICT => Exit::Refused,
        _ => Exit::Failed,
    };
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => Failure { exit, code: Some(problem.code), error: anyhow::anyhow!(problem.detail) },
        Err(_) => Failure { exit, code: None, error: anyhow::anyhow!("the server answered {status}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_its_code_and_words() {
        let body =
            br#"{"type":"about:blank","title":"Not Found","status":404,"code":"no_chat","detail":"there is no chat"}"#;
        let failure = problem(StatusCode::NOT_FOUND, body);
        assert_eq!((failure.exit, failure.code.as_deref()), (Exit::NotFound, Some("no_chat")));
        assert_eq!(failure.error.to_string(), "there is no chat");
        assert_eq!(problem(StatusCode::BAD_GATEWAY, b"<html>").exit, Exit::Failed);
    }
}
