//! The one way in: every command, by HTTP or socket, is checked here against what no single entity can know.

use std::{path::Path, sync::Arc};

use actix_web::{http::StatusCode, web};
use replay::ids::{CommandId, StreamId};
use serde::de::DeserializeOwned;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{app::Shared, attachments, identity::Identity, problem::Problem, trust};
use crate::{
    entities::{
        Command, Kind,
        body::{self, BlobRef, Body},
        chat, project, run, session,
        system::Role,
    },
    host::Accepted,
    workspace::project_path,
};

/// The longest message, in bytes of UTF-8.
pub const LONGEST_MESSAGE: usize = 1024 * 1024;

/// Reads a command from the wire.
///
/// # Errors
/// The kind of the stream is not known, or the command is none of that kind.
pub fn parse(stream: &StreamId, json: &str) -> Result<Command, Problem> {
    let kind = Kind::of(stream).ok_or_else(|| unknown_kind(stream.kind()))?;
    let command = Command::parse(kind, json).map_err(|error| {
        let detail = format!("this is no command to a {}: {error}", kind.name());
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_command", detail)
    })?;
    if let Command::Run(run::Command::RequestRun(_)) = command {
        let detail = "a run is started with POST /api/runs, which pins what it runs";
        return Err(Problem::conflict("not_here", detail));
    }
    Ok(command)
}

/// What is said of a stream of a kind that nobody knows.
pub fn unknown_kind(kind: &str) -> Problem {
    let kinds: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    Problem::not_found("unknown_kind", format!("`{kind}` is not a kind of stream: there are {}", kinds.join(", ")))
}

/// Sends a command to an entity on behalf of somebody.
///
/// # Errors
/// They may not, it does not fit, or the entity refuses it.
pub async fn submit(
    shared: &Shared,
    who: &Identity,
    stream: StreamId,
    command: impl Into<Command>,
    id: Option<CommandId>,
) -> Result<Accepted, Problem> {
    let command = command.into();
    who.need(role_for(&command))?;
    let kind = command.kind().name();
    // The id stands in the log with the events, too.
    let id = id.unwrap_or_else(CommandId::fresh);
    let span = tracing::error_span!("command", id = id.as_str(), %stream, by = &*who.key);
    let submitted = async {
        let command = prepare(shared, &stream, command).await?;
        let accepted = shared.app.host.submit(stream, command, who.by.clone(), Some(id)).await?;
        let position = accepted.position.map(|position| position.0);
        tracing::debug!(revision = accepted.revision.map(|revision| revision.0), position, "accepted");
        Ok(accepted)
    };
    let submitted = submitted.instrument(span).await;
    shared.metrics.command(kind, submitted.is_ok());
    submitted
}

/// What may be sent by whom. To let what a folder names run is to configure the machine.
fn role_for(command: &Command) -> Role {
    match command {
        Command::Project(project::Command::TrustProject { .. }) | Command::System(_) => Role::Admin,
        Command::Project(_) | Command::Session(_) | Command::Chat(_) | Command::Run(_) => Role::Operator,
    }
}

async fn prepare(shared: &Shared, stream: &StreamId, command: Command) -> Result<Command, Problem> {
    if Kind::of(stream) != Some(command.kind()) {
        return Err(Problem::conflict(
            "wrong_kind",
            format!("this command is for a {}, and {stream} is none", command.kind().name()),
        ));
    }
    match &command {
        Command::System(_) => {
            let detail =
                "the server's own stream takes no commands from outside: keys are made and revoked at /api/keys";
            return Err(Problem::forbidden("system_stream", detail));
        }
        Command::Project(_) | Command::Session(_) | Command::Chat(_) | Command::Run(_) if stream.uuid().is_none() => {
            let detail = format!("`{}` is not the id of a {}: it is a UUID", stream.id(), stream.kind());
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_id", detail));
        }
        Command::Project(_) | Command::Session(_) | Command::Chat(_) | Command::Run(_) => {}
    }
    Ok(match command {
        Command::Project(command) => prepare_project(shared, stream, command).await?.into(),
        Command::Session(command) => prepare_session(shared, command).await?.into(),
        Command::Chat(command) => prepare_chat(shared, command).await?.into(),
        Command::Run(_) | Command::System(_) => command,
    })
}

async fn prepare_project(
    shared: &Shared,
    stream: &StreamId,
    command: project::Command,
) -> Result<project::Command, Problem> {
    match command {
        project::Command::RegisterProject { path, name } => {
            let path = canonical(path).await?;
            if stream.uuid() != Some(project::id_of(&path)) {
                let detail = format!(
                    "the project in `{path}` is project/{}: send the command there, or POST /api/projects",
                    project::id_of(&path)
                );
                return Err(Problem::conflict("wrong_project_id", detail));
            }
            Ok(project::Command::RegisterProject { path, name })
        }
        project::Command::TrustProject { digest } => {
            let state: project::State = view(shared, stream).await?;
            if state.registered {
                let shown = trust::survey(state.path).await?;
                if *shown.digest != *digest {
                    let detail = "what the project's files name is not what this digest was made of: look at it again, then trust the digest shown now";
                    return Err(Problem::conflict("digest_changed", detail));
                }
            }
            Ok(project::Command::TrustProject { digest })
        }
        project::Command::RenameProject { .. }
        | project::Command::WithdrawTrust {}
        | project::Command::ForgetAnswers { .. }
        | project::Command::RemoveProject {} => Ok(command),
    }
}

async fn prepare_session(shared: &Shared, command: session::Command) -> Result<session::Command, Problem> {
    match &command {
        session::Command::OpenSession { project, model, .. } => {
            known_project(shared, *project).await?;
            known_model(shared, model.as_ref())?;
        }
        session::Command::ConfigureSession { model } => known_model(shared, model.as_ref())?,
        session::Command::GrantReadAccess { path } => {
            return Ok(session::Command::GrantReadAccess { path: canonical(path.clone()).await? });
        }
        session::Command::RenameSession { .. }
        | session::Command::ArrangePanes { .. }
        | session::Command::RevokeReadAccess { .. }
        | session::Command::ArchiveSession {}
        | session::Command::UnarchiveSession {} => {}
    }
    Ok(command)
}

async fn prepare_chat(shared: &Shared, command: chat::Command) -> Result<chat::Command, Problem> {
    match &command {
        chat::Command::OpenChat { session, project, model, .. } => {
            open_session(shared, *session, *project).await?;
            known_model(shared, Some(model))?;
        }
        chat::Command::ConfigureChat { model } => known_model(shared, Some(model))?,
        chat::Command::PostMessage { .. }
        | chat::Command::UnqueueMessage { .. }
        | chat::Command::CancelTurn {}
        | chat::Command::RenameChat { .. }
        | chat::Command::CompactChat {}
        | chat::Command::ArchiveChat {}
        | chat::Command::UnarchiveChat {} => {}
    }
    Ok(match command {
        chat::Command::PostMessage { message, text, attachments } => {
            attachments::check(shared, &attachments).await?;
            chat::Command::PostMessage { message, text: stored(shared, text).await?, attachments }
        }
        other => other,
    })
}

/// The canonical path of a folder that an agent may be let into: it is there, and no place where keys are kept.
///
/// # Errors
/// It cannot.
pub async fn canonical(path: Arc<str>) -> Result<Arc<str>, Problem> {
    let found = blocking(move || project_path(Path::new(&*path))).await??;
    let path = found.to_str().ok_or_else(|| {
        let detail = format!("the name of `{}` is not UTF-8: rename the folder", found.display());
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_path", detail)
    })?;
    Ok(path.into())
}

/// Does what blocks on a thread that may block.
///
/// # Errors
/// It panicked, or the server stops.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    web::block(work)
        .await
        .map_err(|_| Problem::unavailable("closed", "the server is stopping: send it again when it is back"))
}

/// A long text goes into a blob, before the event that names it.
pub async fn stored(shared: &Shared, text: Body) -> Result<Body, Problem> {
    let Body::Text(text) = text else {
        let detail = "send the text itself: what is long is stored by the server";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "text_expected", detail));
    };
    if text.len() > LONGEST_MESSAGE {
        let detail = format!(
            "the message has {} bytes, and at most {LONGEST_MESSAGE} fit: put it into a file of the project and name that",
            text.len()
        );
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "message_too_long", detail));
    }
    if text.len() <= body::INLINE_LIMIT {
        return Ok(Body::Text(text));
    }
    let blobs = shared.app.host.blobs().clone();
    let head: Arc<str> = body::head(&text, body::HEAD_LIMIT).into();
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    let blob = blocking(move || blobs.put(text.as_bytes())).await??;
    Ok(Body::Blob(BlobRef {
        blob: blob.to_string().into(),
        bytes,
        media_type: "text/plain; charset=utf-8".into(),
        head,
    }))
}

/// A session takes chats: it is there, works on this project, and was not put away.
///
/// # Errors
/// It does not.
pub async fn open_session(shared: &Shared, session: Uuid, project: Uuid) -> Result<(), Problem> {
    let state: session::State = view(shared, &StreamId::new("session", session)).await?;
    match state.project {
        None => {
            let detail = format!("there is no session {session}: open it first");
            Err(Problem::not_found("no_session", detail))
        }
        Some(of_session) if of_session != project => {
            let detail = format!("session {session} works on project {of_session}, not on {project}");
            Err(Problem::conflict("wrong_project", detail))
        }
        Some(_) if state.archived => Err(Problem::conflict(
            "archived",
            format!("session {session} is archived: bring it back first, or open another"),
        )),
        Some(_) => known_project(shared, project).await,
    }
}

async fn known_project(shared: &Shared, project: Uuid) -> Result<(), Problem> {
    let state: project::State = view(shared, &StreamId::new("project", project)).await?;
    if state.registered {
        return Ok(());
    }
    Err(Problem::not_found("no_project", format!("there is no project {project}: register its folder first")))
}

/// A model is one that can be asked; none is as good.
///
/// # Errors
/// It cannot.
pub fn known_model(shared: &Shared, model: Option<&Arc<str>>) -> Result<(), Problem> {
    let Some(model) = model else { return Ok(()) };
    match shared.app.providers.resolve(model) {
        Ok(_) => Ok(()),
        Err(error) => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.kind.code(), error.message)),
    }
}

/// What a page sees of an entity; its empty state where it is not there.
///
/// # Errors
/// See [`crate::host::SubmitError`].
pub async fn view<T: DeserializeOwned>(shared: &Shared, stream: &StreamId) -> Result<T, Problem> {
    let (_, view) = shared.app.host.view(stream).await?;
    serde_json::from_str(view.get()).map_err(Problem::internal)
}
