//! The WebSocket: reads frames, answers commands from a task of their own, keeps a task for each subscription, and ends a
//! socket that is silent, whose key was revoked, or whose server stops.

use std::{cell::Cell, collections::HashMap, rc::Rc, time::Instant};

use actix_web::{FromRequest as _, HttpRequest, HttpResponse, dev, error::PayloadError, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, Session};
use futures_util::{StreamExt as _, stream};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinHandle},
};
use tokio_util::sync::CancellationToken;

use super::{
    app::Shared,
    commands,
    frames::{self, ClientFrame, CommandFrame, FilesOf, LARGEST_FRAME, PROTOCOL, ServerFrame, Subscribe},
    gate::Gate,
    identity::Identity,
    lists,
    metrics::{Followed, Outgoing},
    problem::Problem,
    request_id,
    subscriptions::{self, Closed, Following, Outlet},
    watching,
};
use crate::{
    entities::{Kind, system::Role},
    projections::{Filter, List},
};

/// How many commands of one socket may wait.
const COMMANDS: usize = 256;
/// How many subscriptions one socket may have.
const SUBSCRIPTIONS: usize = 10_000;

/// `GET /ws`
pub async fn open(
    request: HttpRequest,
    body: web::Payload,
    shared: web::Data<Shared>,
    who: Identity,
) -> Result<HttpResponse, Problem> {
    let no_socket = |error: &dyn std::fmt::Display| {
        let detail = format!("this address is for WebSockets ({PROTOCOL}): {error}");
        Problem::bad_request("not_a_websocket", detail)
    };
    let (refusals, refused) = mpsc::channel(8);
    let gated = gated(body, refusals);
    let mut payload = dev::Payload::Stream { payload: gated };
    let body = web::Payload::from_request(&request, &mut payload).await.map_err(|error| no_socket(&error))?;
    let (response, session, incoming) =
        actix_ws::handle_with_protocols(&request, body, &[PROTOCOL]).map_err(|error| no_socket(&error))?;
    let incoming =
        incoming.max_frame_size(LARGEST_FRAME).aggregate_continuations().max_continuation_size(LARGEST_FRAME);
    request_id::spawn(run(shared, who, session, incoming, refused));
    Ok(response)
}

type Chunks = std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<web::Bytes, PayloadError>>>>;

/// What comes from the client, without frames that are too large.
fn gated(body: web::Payload, refusals: mpsc::Sender<u64>) -> Chunks {
    let start = (body, Gate::new(LARGEST_FRAME), refusals);
    Box::pin(stream::unfold(start, async |(mut body, mut gate, refusals)| {
        let chunk = match body.next().await? {
            Ok(chunk) => {
                let passed = gate.pass(chunk);
                for bytes in passed.refused {
                    // Somebody who sends so many that the socket cannot keep up is told about some of them.
                    let _told = refusals.try_send(bytes).is_ok();
                }
                Ok(passed.bytes.freeze())
            }
            Err(error) => Err(error),
        };
        Some((chunk, (body, gate, refusals)))
    }))
}

/// Why a socket ends.
enum End {
    Gone,
    Silent,
    Stopping,
    Revoked,
    Broken(String),
}

async fn run(
    shared: web::Data<Shared>,
    who: Identity,
    session: Session,
    incoming: AggregatedMessageStream,
    refused: mpsc::Receiver<u64>,
) {
    let _open = shared.metrics.sockets.open();
    let heard = Rc::new(Cell::new(Instant::now()));
    let silent = CancellationToken::new();
    let heartbeat = request_id::spawn(beat(shared.clone(), session.clone(), heard.clone(), silent.clone()));
    // Boxed, for a channel keeps room for 32 of what it carries, and most sockets send nothing.
    let (commands, waiting) = mpsc::channel(COMMANDS);
    let out = Outgoing { session: session.clone(), shared: shared.clone() };
    let answering = request_id::spawn(answer(shared.clone(), who.clone(), out.clone(), waiting));
    let mut connection =
        Connection { shared: shared.clone(), who: who.clone(), out, commands, subscriptions: HashMap::new() };
    let end = tokio::select! {
        end = connection.read(incoming, refused, &heard) => end,
        () = silent.cancelled() => End::Silent,
        () = shared.stopping.cancelled() => End::Stopping,
        () = revoked(&shared, &who) => End::Revoked,
    };
    drop(connection);
    heartbeat.abort();
    answering.abort();
    let reason = |code, words: &str| Some(CloseReason { code, description: Some(words.to_owned()) });
    let reason = match end {
        End::Gone => None,
        End::Silent => reason(CloseCode::Policy, "nothing was heard for too long: connect again"),
        End::Stopping => reason(CloseCode::Restart, "the server is stopping: connect again in a moment"),
        End::Revoked => reason(CloseCode::Policy, "the key was revoked: sign in with another one"),
        End::Broken(why) => reason(CloseCode::Protocol, &why.chars().take(100).collect::<String>()),
    };
    // A reader that takes nothing does not get to read this either.
    let _told = tokio::time::timeout(std::time::Duration::from_secs(1), session.close(reason)).await.is_ok();
}

/// Ends when the key is good no more.
async fn revoked(shared: &Shared, who: &Identity) {
    let mut keyring = shared.keyring.clone();
    // The end of the keyring's task is the end of the server, which is seen elsewhere.
    if keyring.wait_for(|keyring| keyring.named(&who.key).is_none()).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Pings a silent socket, and says when it was silent for too long.
async fn beat(shared: web::Data<Shared>, session: Session, heard: Rc<Cell<Instant>>, silent: CancellationToken) {
    let settings = &shared.app.settings;
    let mut pinged: Option<JoinHandle<()>> = None;
    let mut ticks = tokio::time::interval(settings.ping_after);
    ticks.tick().await;
    loop {
        let left = settings.close_after.saturating_sub(heard.get().elapsed());
        tokio::select! {
            () = tokio::time::sleep(left) => {
                if heard.get().elapsed() >= settings.close_after {
                    silent.cancel();
                    break;
                }
            }
            _ = ticks.tick() => {
                // A ping that waits behind unread frames does not get a second one behind it.
                if pinged.as_ref().is_none_or(JoinHandle::is_finished) {
                    let mut session = session.clone();
                    pinged = Some(request_id::spawn(async move {
                        // A closed socket is noticed by whoever reads from it.
                        let _sent = session.ping(b"").await.is_ok();
                    }));
                }
            }
        }
    }
    if let Some(pinged) = pinged {
        pinged.abort();
    }
}

/// Answers the commands of a socket one after the other, in the order in which they came.
async fn answer(
    shared: web::Data<Shared>,
    who: Identity,
    mut out: Outgoing,
    mut waiting: mpsc::Receiver<Box<CommandFrame>>,
) {
    while let Some(frame) = waiting.recv().await {
        let id = frame.id.clone();
        let answer = match command(&shared, &who, *frame).await {
            Ok(accepted) => ServerFrame::Accepted { id, revision: accepted.revision, position: accepted.position },
            Err(problem) => ServerFrame::rejected(id, problem),
        };
        if out.send(&answer).await.is_err() {
            return;
        }
    }
}

async fn command(shared: &Shared, who: &Identity, frame: CommandFrame) -> Result<crate::host::Accepted, Problem> {
    shared.count(&who.key)?;
    let id = frame.id.parse().map_err(|error| Problem::bad_request("bad_command_id", format!("{error}")))?;
    let stream = frame.stream.parse().map_err(|error| Problem::bad_request("bad_stream", format!("{error}")))?;
    let command = commands::parse(&stream, &frame.command.to_string())?;
    commands::submit(shared, who, stream, command, Some(id)).await
}

/// One socket.
struct Connection {
    shared: web::Data<Shared>,
    who: Identity,
    out: Outgoing,
    commands: mpsc::Sender<Box<CommandFrame>>,
    subscriptions: HashMap<u64, AbortHandle>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.subscriptions.values().for_each(AbortHandle::abort);
    }
}

impl Connection {
    async fn read(
        &mut self,
        mut incoming: AggregatedMessageStream,
        mut refused: mpsc::Receiver<u64>,
        heard: &Cell<Instant>,
    ) -> End {
        let hello = ServerFrame::Hello {
            log: self.shared.app.host.log().id().to_string(),
            version: self.shared.app.settings.version.clone(),
            user: self.who.by.clone(),
            role: self.who.role,
        };
        if self.out.send(&hello).await.is_err() {
            return End::Gone;
        }
        loop {
            let message = tokio::select! {
                message = incoming.recv() => message,
                Some(bytes) = refused.recv() => {
                    heard.set(Instant::now());
                    let detail = format!("a frame of {bytes} bytes was dropped: at most {LARGEST_FRAME} fit into one");
                    let problem = Problem::bad_request("frame_too_large", detail);
                    if self.out.send(&ServerFrame::error(None, problem)).await.is_err() {
                        return End::Gone;
                    }
                    continue;
                }
            };
            heard.set(Instant::now());
            let sent = match message {
                None | Some(Ok(AggregatedMessage::Close(_))) => return End::Gone,
                Some(Err(error)) => return End::Broken(error.to_string()),
                Some(Ok(AggregatedMessage::Text(text))) => match frames::parse(&text) {
                    Ok(frame) => self.frame(frame, true).await,
                    Err(answer) => self.out.send(&answer).await,
                },
                Some(Ok(AggregatedMessage::Binary(_))) => {
                    let problem = Problem::bad_request("binary_frame", "frames are JSON: send them as text");
                    self.out.send(&ServerFrame::error(None, problem)).await
                }
                Some(Ok(AggregatedMessage::Ping(bytes))) => self.out.session.pong(&bytes).await.map_err(|_| Closed),
                Some(Ok(AggregatedMessage::Pong(_))) => Ok(()),
            };
            if sent.is_err() {
                return End::Gone;
            }
        }
    }

    async fn frame(&mut self, frame: ClientFrame, batch_fits: bool) -> Result<(), Closed> {
        match frame {
            ClientFrame::Ping {} => self.out.send(&ServerFrame::Pong {}).await,
            ClientFrame::Subscribe(wish) => {
                let sub = wish.sub;
                match self.subscribe(wish) {
                    Ok(()) => Ok(()),
                    Err(problem) => self.out.send(&ServerFrame::error(Some(sub), problem)).await,
                }
            }
            ClientFrame::Unsubscribe { sub } => {
                let Some(task) = self.subscriptions.remove(&sub) else {
                    let problem =
                        Problem::not_found("unknown_sub", format!("there is no subscription {sub} on this socket"));
                    return self.out.send(&ServerFrame::error(Some(sub), problem)).await;
                };
                task.abort();
                Ok(())
            }
            ClientFrame::Command(frame) => match self.commands.try_send(Box::new(frame)) {
                Ok(()) => Ok(()),
                Err(mpsc::error::TrySendError::Full(frame) | mpsc::error::TrySendError::Closed(frame)) => {
                    let detail = format!(
                        "{COMMANDS} commands of this socket wait already: wait for answers before you send more"
                    );
                    self.out.send(&ServerFrame::rejected(frame.id, Problem::unavailable("busy", detail))).await
                }
            },
            ClientFrame::Batch { frames } if batch_fits => {
                for value in frames {
                    match frames::of_value(value) {
                        Ok(frame) => Box::pin(self.frame(frame, false)).await?,
                        Err(answer) => self.out.send(&answer).await?,
                    }
                }
                Ok(())
            }
            ClientFrame::Batch { .. } => {
                let problem = Problem::bad_request("bad_frame", "a batch holds no batch: send its frames in one");
                self.out.send(&ServerFrame::error(None, problem)).await
            }
        }
    }

    fn subscribe(&mut self, wish: Subscribe) -> Result<(), Problem> {
        let sub = wish.sub;
        if self.subscriptions.get(&sub).is_some_and(|task| !task.is_finished()) {
            let detail = format!("subscription {sub} is open already: choose another number, or unsubscribe first");
            return Err(Problem::conflict("sub_taken", detail));
        }
        self.subscriptions.retain(|_, task| !task.is_finished());
        if self.subscriptions.len() >= SUBSCRIPTIONS {
            let detail = format!("this socket has {SUBSCRIPTIONS} subscriptions: unsubscribe from what is not needed");
            return Err(Problem::conflict("too_many_subscriptions", detail));
        }
        let (shared, mut out) = (self.shared.clone(), self.out.clone());
        let task = match (wish.stream, wish.list, wish.files) {
            (Some(stream), None, None)
                if wish.project.is_none() && wish.session.is_none() && wish.archived.is_none() =>
            {
                self.may_follow(&stream)?;
                let wish = Following { sub, stream, after: wish.after, view: wish.view };
                let counted = shared.metrics.sockets.follow(Followed::Stream);
                request_id::spawn(async move {
                    let _counted = counted;
                    subscriptions::follow(&shared, wish, &mut out).await
                })
            }
            (None, Some(list), None) if wish.after.is_none() && wish.view.is_none() => {
                if list == List::Projects && (wish.project.is_some() || wish.session.is_some()) {
                    return Err(Problem::bad_request(
                        "bad_frame",
                        "the list of projects is not narrowed by `project` or `session`",
                    ));
                }
                let archived = wish.archived.unwrap_or_default();
                let filter = Filter { list, project: wish.project, session: wish.session, archived };
                let counted = shared.metrics.sockets.follow(Followed::List);
                request_id::spawn(async move {
                    let _counted = counted;
                    lists::follow(&shared, sub, filter, &mut out).await
                })
            }
            (None, None, Some(FilesOf::Workflows))
                if wish.after.is_none() && wish.view.is_none() && wish.session.is_none() && wish.archived.is_none() =>
            {
                let counted = shared.metrics.sockets.follow(Followed::Files);
                request_id::spawn(async move {
                    let _counted = counted;
                    watching::follow(&shared, sub, wish.project, &mut out).await
                })
            }
            _ => {
                let detail = "subscribe to a `stream` (with `after`, `view`), to a `list` (with `project`, `session`, `archived`) or to `files` (with `project`), one of them";
                return Err(Problem::bad_request("bad_frame", detail));
            }
        };
        self.subscriptions.insert(sub, task.abort_handle());
        Ok(())
    }

    fn may_follow(&self, stream: &replay::ids::StreamId) -> Result<(), Problem> {
        match Kind::of(stream) {
            Some(Kind::System) => self.who.need(Role::Admin),
            Some(_) => Ok(()),
            // A stream that a newer version wrote can be read all the same.
            None if self.shared.app.host.log().next_revision(stream) > replay::ids::Revision::ZERO => Ok(()),
            None => Err(commands::unknown_kind(stream.kind())),
        }
    }
}
