//! The client's end of the socket: follows one stream from a revision on, and goes on after a broken connection.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use replay::ids::{Micros, Revision, StreamId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderValue},
};

use super::{client::Client, exit::Failure, screen::aside};
use crate::entities::{chat, run};

/// The first and the longest pause before the next try to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// How long a server may stay away.
const PATIENCE: Duration = Duration::from_mins(1);
/// The server pings after 20 s of silence; after this much it is gone.
const SILENCE: Duration = Duration::from_mins(1);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An event as the server sends it: all of its fields, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Event(Map<String, Value>);

impl Event {
    /// A field as text; empty where there is none.
    pub fn text(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A field as JSON.
    pub fn value(&self, field: &str) -> &Value {
        self.0.get(field).unwrap_or(&Value::Null)
    }

    /// Its revision.
    pub fn revision(&self) -> Revision {
        Revision(self.value("revision").as_u64().unwrap_or_default())
    }

    /// When it happened.
    pub fn at(&self) -> Micros {
        Micros(self.value("at").as_i64().unwrap_or_default())
    }

    /// The event of a chat that it is, if this program knows it.
    pub fn chat(&self) -> Option<chat::Event> {
        self.of()
    }

    /// The event of a run that it is, if this program knows it.
    pub fn run(&self) -> Option<run::Event> {
        self.of()
    }

    fn of<E: serde::de::DeserializeOwned>(&self) -> Option<E> {
        let value = serde_json::json!({"type": self.value("type"), "data": self.value("data")});
        serde_json::from_value(value).ok()
    }
}

/// What following hands out.
#[derive(Debug)]
pub enum Said {
    /// The next event.
    Event(Box<Event>),
    /// All that was there has been handed out. Said again after every broken connection.
    Live,
}

#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Sent<'a> {
    Subscribe {
        sub: u64,
        stream: &'a StreamId,
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<Revision>,
        view: bool,
    },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Received {
    Event(Event),
    Live {},
    Error {
        code: String,
        message: String,
    },
    #[serde(other)]
    Other,
}

/// One stream, followed.
pub struct Following {
    client: Client,
    stream: StreamId,
    after: Option<Revision>,
    socket: Option<Socket>,
}

impl Following {
    /// Follows a stream from the revision behind `after` on (from its start, where absent).
    pub async fn start(client: &Client, stream: &StreamId, after: Option<Revision>) -> Result<Self, Failure> {
        let mut following = Self { client: client.clone(), stream: stream.clone(), after, socket: None };
        following.socket = Some(following.connect().await.map_err(|error| failed(&error))?);
        Ok(following)
    }

    /// What comes next. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Said, Failure> {
        loop {
            let Some(socket) = &mut self.socket else {
                self.reconnect().await?;
                continue;
            };
            let message = tokio::time::timeout(SILENCE, socket.next()).await;
            let text = match message {
                Ok(Some(Ok(Message::Text(text)))) => text,
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_)))) => continue,
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => {
                    self.socket = None;
                    continue;
                }
            };
            match serde_json::from_str(&text) {
                Ok(Received::Event(event)) => {
                    self.after = Some(event.revision());
                    let mut event = event;
                    event.0.remove("sub");
                    return Ok(Said::Event(Box::new(event)));
                }
                Ok(Received::Live {}) => return Ok(Said::Live),
                Ok(Received::Error { code, message }) => return Err(Failure::coded(&code, message)),
                Ok(Received::Other) => {}
                Err(error) => {
                    return Err(Failure::failed(format!(
                        "the server sent what this program does not understand: {error}"
                    )));
                }
            }
        }
    }

    async fn connect(&self) -> Result<Socket, Error> {
        let mut request = self.client.socket().into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("authorization", HeaderValue::try_from(format!("Bearer {}", self.client.key()))?);
        headers.insert("x-reenact-client", HeaderValue::from_static("cli"));
        headers.insert("sec-websocket-protocol", HeaderValue::from_static("reenact.v1"));
        let (mut socket, _) = connect_async(request).await?;
        let subscribe = Sent::Subscribe { sub: 1, stream: &self.stream, after: self.after, view: false };
        let text = serde_json::to_string(&subscribe).expect("a frame of texts and numbers can be JSON");
        socket.send(Message::text(text)).await?;
        Ok(socket)
    }

    /// Tries until the server is back, wherever it listens by then.
    async fn reconnect(&mut self) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        let mut pause = PAUSES.0;
        let mut told = false;
        loop {
            sleep(pause).await;
            if self.client.find_again()
                && let Ok(socket) = self.connect().await
            {
                self.socket = Some(socket);
                if told {
                    aside("reenact: the server is back");
                }
                return Ok(());
            }
            if !told {
                aside(format_args!("reenact: the server is away; waiting up to {} s for it", PATIENCE.as_secs()));
                told = true;
            }
            if Instant::now() > deadline {
                return Err(Failure::failed(format!(
                    "the server went away and did not come back within {} s; what was begun goes on when it starts: reenact watch {}",
                    PATIENCE.as_secs(),
                    self.stream
                )));
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }
}

fn failed(error: &Error) -> Failure {
    match error {
        Error::Http(answer) if answer.status() == 401 => Failure::coded(
            "unauthorized",
            "the server does not take the key in the data folder: was it revoked, or does another server hold the port?",
        ),
        error => Failure::failed(format!("the server's socket cannot be opened: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_an_event_with_all_of_its_fields_or_passes_by() {
        let text = r#"{"op":"event","sub":1,"revision":3,"type":"TurnStarted","data":{"turn":1,"message":"00000000-0000-0000-0000-000000000000"}}"#;
        let Received::Event(event) = serde_json::from_str(text).unwrap() else { panic!("not an event") };
        assert_eq!(event.revision(), Revision(3));
        assert!(matches!(event.chat(), Some(chat::Event::TurnStarted { turn: 1, .. })));
        assert!(matches!(serde_json::from_str(r#"{"op":"hello","log":"x"}"#), Ok(Received::Other)));
    }

    #[test]
    fn a_subscription_asks_for_events_behind_a_revision() {
        let stream: StreamId = "chat/x".parse().unwrap();
        let frame = Sent::Subscribe { sub: 1, stream: &stream, after: Some(Revision(4)), view: false };
        let expected = r#"{"op":"subscribe","sub":1,"stream":"chat/x","after":4,"view":false}"#;
        assert_eq!(serde_json::to_string(&frame).unwrap(), expected);
    }
}
