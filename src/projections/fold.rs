//! How events change the rows.

use std::sync::Arc;

use replay::{
    event::decode,
    ids::{Micros, Position, StreamId},
    projection::{Projection, Rows},
    record::Record,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    keys,
    rows::{ChatRow, ChatState, ProjectRow, Row, RunRow, RunStatus, SessionRow},
};
use crate::entities::{
    chat::{
        self,
        event::{Origin, TurnOutcome},
    },
    project,
    run::{self, event::StepKind},
    session,
    usage::Usage,
};

/// How much of a message stands in a row, in characters.
const LAST: usize = 120;

/// A row as the table keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// The position of the event that changed it last.
    pub position: Position,
    /// It left its list.
    pub gone: bool,
    /// The row.
    pub row: Row,
}

/// The projection of the lists.
#[derive(Debug, Default)]
pub struct Folded;

impl Projection for Folded {
    const NAME: &'static str = "lists";
    const VERSION: u32 = 7;

    /// What is unknown, malformed or of no interest changes nothing.
    fn project(&mut self, rows: &mut Rows<'_>, record: &Record) {
        let changed = match record.stream.kind() {
            "project" => project(rows, record),
            "session" => session(rows, record),
            "chat" => chat(rows, record),
            "run" => run(rows, record),
            _ => None,
        };
        if let Some(stored) = changed {
            put(rows, stored);
        }
    }
}

/// Reads a row.
pub(super) fn read(json: &[u8]) -> Option<Stored> {
    serde_json::from_slice(json).ok()
}

/// The row of a stream.
fn get(rows: &mut Rows<'_>, stream: &StreamId) -> Option<Stored> {
    read(&rows.get(keys::row(stream))?)
}

fn put(rows: &mut Rows<'_>, stored: Stored) {
    let stream = stored.row.stream().clone();
    let places = |of: &Stored| if of.gone || of.row.is_part() { vec![] } else { keys::order(&of.row) };
    let old = get(rows, &stream);
    let (before, now) = (old.as_ref().map(places).unwrap_or_default(), places(&stored));
    if let Some(old) = &old {
        rows.remove(keys::change(old.position, &stream));
    }
    rows.insert(keys::change(stored.position, &stream), stream.as_str().as_bytes());
    // Most of what happens moves a row in no list.
    for key in before.iter().filter(|key| !now.contains(key)) {
        rows.remove(key.clone());
    }
    for key in now.into_iter().filter(|key| !before.contains(key)) {
        rows.insert(key, stream.as_str().as_bytes());
    }
    // A row is made of strings, numbers and booleans: it can always be written.
    if let Ok(json) = serde_json::to_vec(&stored) {
        rows.insert(keys::row(&stream), json);
    }
}

fn event<E: replay::event::Event>(record: &Record) -> Option<E> {
    decode::<E>(record).ok().flatten()
}

fn project(rows: &mut Rows<'_>, record: &Record) -> Option<Stored> {
    let (stream, at, position) = (&record.stream, record.event.at, record.position);
    let known = get(rows, stream);
    let gone = known.as_ref().is_some_and(|stored| stored.gone);
    let known = known.and_then(|stored| match stored.row {
        Row::Project(row) => Some(row),
        Row::Session(_) | Row::Chat(_) | Row::Run(_) => None,
    });
    let changed = |row: ProjectRow, gone| {
        Some(Stored { position, gone, row: Row::Project(ProjectRow { updated_at: at, ..row }) })
    };
    match event::<project::Event>(record)? {
        project::Event::ProjectRegistered { path, name, slug } => {
            let id = stream.uuid()?;
            let stream = stream.clone();
            let row = ProjectRow { stream, id, path, name, slug, trusted: false, registered_at: at, updated_at: at };
            changed(row, false)
        }
        project::Event::ProjectRenamed { name } => changed(ProjectRow { name, ..known? }, gone),
        project::Event::ProjectTrusted { .. } => changed(ProjectRow { trusted: true, ..known? }, gone),
        project::Event::ProjectTrustWithdrawn {} => changed(ProjectRow { trusted: false, ..known? }, gone),
        project::Event::AnswersForgotten { .. } => None,
        project::Event::ProjectRemoved {} => changed(known?, true),
    }
}

fn session_row(rows: &mut Rows<'_>, stream: &StreamId) -> Option<SessionRow> {
    match get(rows, stream)?.row {
        Row::Session(row) => Some(row),
        Row::Project(_) | Row::Chat(_) | Row::Run(_) => None,
    }
}

fn session(rows: &mut Rows<'_>, record: &Record) -> Option<Stored> {
    let (stream, at, position) = (&record.stream, record.event.at, record.position);
    let changed = |row: SessionRow| {
        Some(Stored { position, gone: false, row: Row::Session(SessionRow { updated_at: at, ..row }) })
    };
    match event::<session::Event>(record)? {
        session::Event::SessionOpened { project, title, model } => changed(SessionRow {
            stream: stream.clone(),
            id: stream.uuid()?,
            project,
            named: !title.is_empty(),
            title,
            model,
            archived: false,
            panes: "".into(),
            chats: 0,
            first_chat: None,
            opened_at: at,
            updated_at: at,
        }),
        session::Event::SessionRenamed { title } => {
            changed(SessionRow { title, named: true, ..session_row(rows, stream)? })
        }
        session::Event::SessionConfigured { model } => changed(SessionRow { model, ..session_row(rows, stream)? }),
        session::Event::SessionArchived {} => changed(SessionRow { archived: true, ..session_row(rows, stream)? }),
        session::Event::SessionUnarchived {} => changed(SessionRow { archived: false, ..session_row(rows, stream)? }),
        // How one looks at it is nothing that happens in it: it keeps its place among the sessions.
        session::Event::PanesArranged { panes } => {
            let row = SessionRow { panes, ..session_row(rows, stream)? };
            Some(Stored { position, gone: false, row: Row::Session(row) })
        }
        session::Event::ReadAccessGranted { .. } | session::Event::ReadAccessRevoked { .. } => None,
    }
}

fn chat(rows: &mut Rows<'_>, record: &Record) -> Option<Stored> {
    // By far the most events are pieces of text, and none of them changes a row: they are not even parsed.
    if matches!(&*record.event.kind, "TextAppended" | "ReasoningAppended") {
        return None;
    }
    let (stream, at, position) = (&record.stream, record.event.at, record.position);
    let known = |rows: &mut Rows<'_>| match get(rows, stream)?.row {
        Row::Chat(row) => Some(row),
        Row::Project(_) | Row::Session(_) | Row::Run(_) => None,
    };
    // A fork is in no list before it is complete: then its last event is no copy.
    let gone = record.event.copy_of.is_some();
    let changed = |row: ChatRow| Some(Stored { position, gone, row: Row::Chat(ChatRow { updated_at: at, ..row }) });
    match event::<chat::Event>(record)? {
        chat::Event::ChatOpened { session, project, title, model, origin, .. } => {
            if !gone && !matches!(origin, Origin::Run { .. }) {
                count(rows, session, stream.uuid()?, &title, at, position);
            }
            changed(ChatRow {
                stream: stream.clone(),
                id: stream.uuid()?,
                session,
                project,
                title,
                model,
                origin,
                turns: 0,
                state: ChatState::Idle,
                last: "".into(),
                usage: Usage::default(),
                archived: false,
                opened_at: at,
                updated_at: at,
            })
        }
        chat::Event::ChatRenamed { title, by_model } => {
            let usage = by_model.map(|call| call.usage).unwrap_or_default();
            let row = known(rows)?;
            let row = took(rows, row, at, usage, gone);
            if !gone {
                name(rows, &row, &title, at, position);
            }
            changed(ChatRow { title, ..row })
        }
        // Within a turn, the end of the turn counts it.
        chat::Event::Compacted { usage, .. } | chat::Event::CompactionFailed { usage, .. } => {
            let row = known(rows)?;
            let in_turn = row.state == ChatState::Running;
            changed(took(rows, row, at, usage, gone || in_turn))
        }
        chat::Event::TitleFailed { usage, .. } => {
            let row = known(rows)?;
            changed(took(rows, row, at, usage, gone))
        }
        chat::Event::ChatConfigured { model } => changed(ChatRow { model, ..known(rows)? }),
        chat::Event::ChatArchived {} => changed(ChatRow { archived: true, ..known(rows)? }),
        chat::Event::ChatUnarchived {} => changed(ChatRow { archived: false, ..known(rows)? }),
        chat::Event::MessagePosted { text, attachments, .. } => {
            let names = attachments.iter().map(|attachment| &*attachment.name).collect::<Vec<_>>().join(", ");
            let said = if text.is_empty() { &names } else { text.shown() };
            let last: String = said.chars().take(LAST).collect();
            changed(ChatRow { last: last.into(), ..known(rows)? })
        }
        chat::Event::TurnStarted { turn, .. } => {
            changed(ChatRow { turns: turn, state: ChatState::Running, ..known(rows)? })
        }
        chat::Event::TurnFinished { outcome, usage, .. } => {
            let state = match outcome {
                TurnOutcome::Answered => ChatState::Idle,
                TurnOutcome::Limited { .. } => ChatState::Waiting,
                TurnOutcome::Failed { .. } => ChatState::Failed,
            };
            let row = known(rows)?;
            let row = took(rows, row, at, usage, gone);
            changed(ChatRow { state, ..row })
        }
        chat::Event::TurnCancelled { usage, .. } => {
            let row = known(rows)?;
            let row = took(rows, row, at, usage, gone);
            changed(ChatRow { state: ChatState::Cancelled, ..row })
        }
        // Of a fork that is forked itself.
        chat::Event::Forked { .. } if gone => None,
        chat::Event::Forked { from, at: revision, title, model, turn, run: _ } => {
            let row = known(rows)?;
            count(rows, row.session, row.id, &title, at, position);
            let origin = Origin::Fork { stream: from, revision };
            let (state, turns) = match turn {
                Some(turn) => (ChatState::Running, turn),
                None if row.state == ChatState::Running => (ChatState::Cancelled, row.turns),
                None => (row.state, row.turns),
            };
            let model = model.unwrap_or_else(|| row.model.clone());
            changed(ChatRow { origin, title, model, state, turns, archived: false, opened_at: at, ..row })
        }
        chat::Event::MessageQueued { .. }
        | chat::Event::MessageUnqueued { .. }
        | chat::Event::CompactionRequested {}
        | chat::Event::CompactionStarted { .. }
        | chat::Event::TitleStarted { .. }
        | chat::Event::ModelCallStarted { .. }
        | chat::Event::ReasoningAppended { .. }
        | chat::Event::TextAppended { .. }
        | chat::Event::ToolCalled { .. }
        | chat::Event::ModelCallFinished { .. }
        | chat::Event::ModelCallFailed { .. }
        | chat::Event::WaitElapsed { .. }
        | chat::Event::ToolStarted { .. }
        | chat::Event::ToolFinished { .. }
        | chat::Event::LimitReached { .. } => None,
    }
}

fn run(rows: &mut Rows<'_>, record: &Record) -> Option<Stored> {
    let (stream, at, position) = (&record.stream, record.event.at, record.position);
    let known = |rows: &mut Rows<'_>| match get(rows, stream)?.row {
        Row::Run(row) => Some(row),
        Row::Project(_) | Row::Session(_) | Row::Chat(_) => None,
    };
    let changed = |row: RunRow| Some(Stored { position, gone: false, row: Row::Run(RunRow { updated_at: at, ..row }) });
    let ended = |row: RunRow, state| changed(RunRow { state, questions: 0, ended_at: Some(at), ..row });
    match event::<run::Event>(record)? {
        run::Event::RunRequested(of) => changed(RunRow {
            stream: stream.clone(),
            id: stream.uuid()?,
            session: of.session,
            project: of.project,
            workflow: of.workflow,
            description: of.description,
            model: of.model,
            parent: of.parent,
            state: RunStatus::Running,
            questions: 0,
            steps: 0,
            settled: 0,
            usage: Usage::default(),
            requested_at: at,
            ended_at: None,
            updated_at: at,
        }),
        run::Event::StepRequested(asked) => {
            let row = known(rows)?;
            let questions = row.questions + u32::from(asked.kind == StepKind::Approve);
            changed(RunRow { steps: row.steps + 1, questions, ..row })
        }
        // The tokens of its agents count in their chats.
        run::Event::StepSettled { usage, .. } => {
            let mut row = known(rows)?;
            row.usage += usage;
            changed(RunRow { settled: row.settled + 1, ..row })
        }
        run::Event::ApprovalAnswered { .. } => {
            let row = known(rows)?;
            changed(RunRow { questions: row.questions.saturating_sub(1), ..row })
        }
        run::Event::RunQueued {} => changed(RunRow { state: RunStatus::Queued, ..known(rows)? }),
        run::Event::RunPaused { .. } => changed(RunRow { state: RunStatus::Paused, ..known(rows)? }),
        run::Event::RunStarted {} | run::Event::RunResumed {} => {
            changed(RunRow { state: RunStatus::Running, ..known(rows)? })
        }
        run::Event::RunFinished { .. } => ended(known(rows)?, RunStatus::Finished),
        run::Event::RunFailed { .. } | run::Event::RunDiverged { .. } => ended(known(rows)?, RunStatus::Failed),
        run::Event::RunCancelled {} => ended(known(rows)?, RunStatus::Cancelled),
        run::Event::StepTryFailed { usage, .. } => {
            let mut row = known(rows)?;
            row.usage += usage;
            changed(row)
        }
        run::Event::PhaseStarted { .. }
        | run::Event::StepRetried { .. }
        | run::Event::RunWorked { .. }
        | run::Event::LogWritten { .. }
        | run::Event::StepStarted { .. }
        | run::Event::StepCancelled { .. }
        | run::Event::ScriptAdvanced { .. } => None,
    }
}

/// Tokens were taken: by a turn that ended, or beside turns. They count for the chat, and once in the slot of that time; in a
/// fork, what was taken elsewhere counts for neither.
fn took(rows: &mut Rows<'_>, mut row: ChatRow, at: Micros, usage: Usage, elsewhere: bool) -> ChatRow {
    if elsewhere || usage == Usage::default() {
        return row;
    }
    row.usage += usage;
    let key = keys::spent(at);
    let mut sum: Usage = rows.get(&key).and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    sum += usage;
    // Numbers can always be written.
    if let Ok(json) = serde_json::to_vec(&sum) {
        rows.insert(key, json);
    }
    row
}

/// A session has one chat more; the first one names it, where nobody has.
fn count(rows: &mut Rows<'_>, session: Uuid, chat: Uuid, title: &Arc<str>, at: Micros, position: Position) {
    if let Some(mut row) = session_row(rows, &StreamId::new("session", session)) {
        row.chats += 1;
        row.first_chat = row.first_chat.or(Some(chat));
        if row.first_chat == Some(chat) && !row.named {
            row.title = title.clone();
        }
        put(rows, Stored { position, gone: false, row: Row::Session(SessionRow { updated_at: at, ..row }) });
    }
}

/// A session that nobody has named is called as its first chat is.
fn name(rows: &mut Rows<'_>, chat: &ChatRow, title: &Arc<str>, at: Micros, position: Position) {
    let session = session_row(rows, &StreamId::new("session", chat.session));
    if let Some(row) = session.filter(|row| row.first_chat == Some(chat.id) && !row.named) {
        let row = Row::Session(SessionRow { title: title.clone(), updated_at: at, ..row });
        put(rows, Stored { position, gone: false, row });
    }
}
