//! The frames of the WebSocket `reenact.v1`: JSON texts, one object each.

use replay::ids::{By, Position, Revision, StreamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

use super::{event::EventOut, problem::Problem};
use crate::{
    entities::system::Role,
    projections::{List, Row},
};

/// The name of the protocol.
pub const PROTOCOL: &str = "reenact.v1";
/// The largest frame that a client may send, in bytes.
pub const LARGEST_FRAME: usize = 1024 * 1024;

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// Follow a stream, a list or files.
    Subscribe(Subscribe),
    /// Stop following.
    Unsubscribe {
        /// The number given when subscribing.
        sub: u64,
    },
    /// Ask something of an entity.
    Command(CommandFrame),
    /// Ask for a `pong`.
    Ping {},
    /// Several frames in one, done in order; none of them a batch.
    Batch {
        /// The frames.
        frames: Vec<Value>,
    },
}

/// Files that can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilesOf {
    /// Those of the workflows that `GET /api/workflows` lists.
    Workflows,
}

/// A wish to follow a stream, a list or files: exactly one of `stream`, `list` and `files`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// A number that no open subscription of this socket has; it stands in all answers.
    pub sub: u64,
    /// The stream.
    pub stream: Option<StreamId>,
    /// The last revision seen; from the start, or with a view, where absent.
    pub after: Option<Revision>,
    /// `false`: only events, however many; `true`: a view first, always; absent: a view where it is shorter.
    pub view: Option<bool>,
    /// The list.
    pub list: Option<List>,
    /// The files.
    pub files: Option<FilesOf>,
    /// Only the rows, or the files, of a project.
    pub project: Option<Uuid>,
    /// Only the rows of a session.
    pub session: Option<Uuid>,
    /// `true`: the rows of what was put away too.
    pub archived: Option<bool>,
}

/// Something asked of an entity.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandFrame {
    /// Its id, 1 to 64 visible ASCII characters; an accepted one sent again is answered the same and done once.
    pub id: String,
    /// The entity.
    pub stream: String,
    /// The command, as `{"type":"PostMessage",…}`.
    pub command: Value,
}

/// What the server sends.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame of a socket.
    Hello {
        /// Which log, as `UUID.EPOCH`; of another one, a client drops what it has.
        log: String,
        /// The server's version; a page of another one reloads itself.
        version: String,
        /// Who is signed in.
        user: By,
        /// What they may do.
        role: Role,
    },
    /// An event of a stream.
    Event(EventFrame),
    /// A stream as it is.
    View {
        /// The subscription.
        sub: u64,
        /// The revision of the last event in it; `null` for a stream that is not there yet.
        revision: Option<Revision>,
        /// What a page needs of it, by its kind.
        #[schemars(with = "Value")]
        view: Box<RawValue>,
    },
    /// Everything that was there has been sent; what follows is new.
    Live {
        /// The subscription.
        sub: u64,
    },
    /// All rows of a list.
    Rows {
        /// The subscription.
        sub: u64,
        /// How many events of the log are folded in at least.
        position: Position,
        /// The rows, the newest first.
        rows: Vec<Row>,
        /// Rows may be missing or old for more than a moment: the lists are being made anew from the log, or wait for room on
        /// the disk. All rows come again once that is over.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        rebuilding: bool,
    },
    /// A row is new or has changed: it takes the place of the one with the same `stream`.
    Row {
        /// The subscription.
        sub: u64,
        /// The position of the event that changed it last.
        position: Position,
        /// The row.
        row: Box<Row>,
    },
    /// A row left the list.
    Gone {
        /// The subscription.
        sub: u64,
        /// The position of the event that took it away.
        position: Position,
        /// The row's stream.
        stream: StreamId,
    },
    /// Files that are followed are not what they were: read again what is made of them.
    Changed {
        /// The subscription.
        sub: u64,
    },
    /// A command is done.
    Accepted {
        /// Its id.
        id: String,
        /// The revision of its last event, or of the stream's last event if nothing had to change.
        revision: Option<Revision>,
        /// The position of that event.
        position: Option<Position>,
    },
    /// A command is not done.
    Rejected {
        /// Its id.
        id: String,
        /// A stable code.
        code: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// A frame was wrong, or a subscription ended.
    Error {
        /// The subscription, where it is about one.
        #[serde(skip_serializing_if = "Option::is_none")]
        sub: Option<u64>,
        /// A stable code.
        code: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The answer to `ping`.
    Pong {},
}

/// An event of a stream that is followed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventFrame {
    /// The subscription.
    pub sub: u64,
    /// The event.
    #[serde(flatten)]
    pub event: EventOut,
}

impl ServerFrame {
    /// An error frame.
    pub fn error(sub: Option<u64>, problem: Problem) -> Self {
        problem.log();
        Self::Error { sub, code: problem.code, message: problem.detail }
    }

    /// A command's rejection.
    pub fn rejected(id: String, problem: Problem) -> Self {
        problem.log();
        Self::Rejected { id, code: problem.code, message: problem.detail }
    }

    /// The frame as JSON.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            tracing::error!(%error, "a frame cannot be written");
            r#"{"op":"error","code":"internal","message":"the server failed over a frame; its log on standard error says more"}"#.into()
        })
    }
}

/// Reads a frame.
///
/// # Errors
/// What is sent instead: for a command with an id its rejection, else an error that says what is wrong.
pub fn parse(text: &str) -> Result<ClientFrame, Box<ServerFrame>> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let detail = format!("this frame is not JSON: {error}. Send one JSON object with `op` as one text frame");
        ServerFrame::error(None, Problem::bad_request("bad_json", detail))
    })?;
    of_value(value)
}

/// Reads a frame from JSON.
///
/// # Errors
/// See [`parse`].
pub fn of_value(value: Value) -> Result<ClientFrame, Box<ServerFrame>> {
    const OPS: [&str; 5] = ["subscribe", "unsubscribe", "command", "ping", "batch"];
    let sub = value.get("sub").and_then(Value::as_u64);
    let op = value.get("op").and_then(Value::as_str).map(str::to_owned);
    let id = value.get("id").and_then(Value::as_str).map(str::to_owned);
    match op.as_deref() {
        Some(known) if OPS.contains(&known) => {}
        Some(unknown) => {
            let unknown: String = unknown.chars().take(40).collect();
            let detail = format!("`{unknown}` is no op: there are {}", OPS.join(", "));
            return Err(Box::new(ServerFrame::error(sub, Problem::bad_request("unknown_op", detail))));
        }
        None => {
            let detail = format!("a frame is a JSON object with `op`, one of {}", OPS.join(", "));
            return Err(Box::new(ServerFrame::error(sub, Problem::bad_request("unknown_op", detail))));
        }
    }
    serde_json::from_value(value).map_err(|error| {
        let op = op.unwrap_or_default();
        let problem = Problem::bad_request(
            "bad_frame",
            format!("this `{op}` does not fit: {error}; docs/protocol.md has all fields"),
        );
        Box::new(match id.filter(|_| op == "command") {
            Some(id) => ServerFrame::rejected(id, problem),
            None => ServerFrame::error(sub, problem),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(text: &str) -> Value {
        serde_json::from_str(&parse(text).unwrap_err().text()).unwrap()
    }

    #[test]
    fn a_frame_is_read_by_its_op() {
        let frame = parse(r#"{"op":"subscribe","sub":1,"stream":"chat/a","after":41}"#).unwrap();
        let ClientFrame::Subscribe(subscribe) = frame else { panic!("{frame:?}") };
        assert_eq!((subscribe.sub, subscribe.after), (1, Some(Revision(41))));
        assert_eq!(parse(r#"{"op":"ping"}"#).unwrap(), ClientFrame::Ping {});
    }

    #[test]
    fn what_is_wrong_with_a_frame_is_said() {
        assert_eq!(refused("{")["code"], "bad_json");
        assert_eq!(refused("[]")["code"], "unknown_op");
        assert_eq!(refused(r#"{"op":"sing"}"#)["code"], "unknown_op");
        let refused = refused(r#"{"op":"subscribe","sub":3,"stream":"Chat"}"#);
        assert_eq!((&refused["code"], &refused["sub"]), (&"bad_frame".into(), &3.into()));
        assert!(refused["message"].as_str().unwrap().contains("KIND/ID"), "{refused}");
    }

    #[test]
    fn a_command_that_does_not_fit_is_rejected_under_its_id() {
        let refused = refused(r#"{"op":"command","id":"c1","stream":"chat/a"}"#);
        assert_eq!((&refused["op"], &refused["id"]), (&"rejected".into(), &"c1".into()));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in any::<String>(), op in "[a-z]{0,12}") {
            drop(parse(&text));
            drop(parse(&serde_json::json!({ "op": op, "sub": text, "id": text }).to_string()));
        }
    }
}
