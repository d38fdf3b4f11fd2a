//! The lists of projects, sessions and chats: rows on sled, kept up with the log, read newest first, and followed by position.
//!
//! A change is not pushed: who follows a list asks for the rows that changed since a position, each as it is now. So a
//! slow reader sees fewer steps, never wrong ones, and costs nothing.

use std::{fmt, io, str::FromStr, sync::Arc, time::Duration};

use replay::{
    ids::{Micros, Position, StreamId},
    log::EventLog,
    projection::{self, Derived, DerivedError, Progress, Projected},
};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    fold::{self, Folded, Stored},
    keys,
    rows::{List, Row},
};
use crate::entities::usage::Usage;

/// Which rows of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// The list.
    pub list: List,
    /// Only those of a project.
    pub project: Option<Uuid>,
    /// Only those of a session.
    pub session: Option<Uuid>,
    /// What was put away too.
    pub archived: bool,
}

impl Filter {
    /// The rows of a list that are not put away.
    pub fn all(list: List) -> Self {
        Self { list, project: None, session: None, archived: false }
    }

    fn admits(&self, row: &Row) -> bool {
        self.covers(row) && (self.archived || !row.archived())
    }

    /// Whether it would be admitted if it were not put away.
    fn covers(&self, row: &Row) -> bool {
        row.list() == self.list
            && !row.is_part()
            && self.project.is_none_or(|project| row.project() == project)
            && self.session.is_none_or(|session| row.session() == Some(session))
    }
}

/// Some rows of a list, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
}

/// A place in a list. As text, `BEGAN.KIND.ID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    began: Micros,
    stream: StreamId,
}

/// What is no cursor of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor of a list")]
pub struct BadCursor;

impl Cursor {
    /// Whether it is a place in this list.
    pub fn is_in(&self, list: List) -> bool {
        self.stream.kind() == list.kind()
    }

    fn at(key: &[u8]) -> Option<Self> {
        let (began, stream) = keys::parse_place(key)?;
        Some(Self { began, stream: stream.parse().ok()? })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.began.0, self.stream.as_str().replace('/', "."))
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (began, stream) = text.split_once('.').ok_or(BadCursor)?;
        let began = Micros(began.parse().map_err(|_| BadCursor)?);
        Ok(Self { began, stream: stream.replacen('.', "/", 1).parse().map_err(|_| BadCursor)? })
    }
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The position of the event that changed it last.
    pub position: Position,
    /// The row as it is now, or the stream whose row left the list.
    pub row: Result<Row, StreamId>,
}

/// The lists. Cheap to clone.
#[derive(Clone)]
pub struct Lists {
    rows: Arc<Projected>,
    log: Arc<dyn EventLog>,
}

impl Lists {
    /// Begins to keep the lists up with the log, in a thread of their own that ends with the last clone.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(derived: &Derived, log: Arc<dyn EventLog>) -> io::Result<Self> {
        Ok(Self { rows: Arc::new(Projected::start(derived, log.clone(), Folded)?), log })
    }

    /// How far the lists have come, and its changes.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.rows.watch()
    }

    /// Whether rows may be missing or older than the log for longer than a moment: the lists are being made anew, or wait for
    /// room on the disk.
    pub fn are_rebuilding(&self) -> bool {
        let Progress { live, rebuilt, waits, .. } = self.rows.progress();
        (rebuilt && !live) || waits.is_some()
    }

    /// Waits until the event at a position is folded in. `false`: not in time.
    pub async fn reach(&self, position: Position, timeout: Duration) -> bool {
        // No log reaches the last number there is: it is waited for like any other that does not come.
        self.rows.wait_for(Position(position.0.saturating_add(1)), timeout).await
    }

    /// What is wrong, in words for a person.
    pub fn troubles(&self) -> Vec<String> {
        let Progress { position, live, rebuilt, mut troubles, waits, .. } = self.rows.progress();
        let (done, of) = (position.0, self.log.head().0);
        if let Some(why) = waits {
            troubles.push(format!("the lists are older than the log, {done} of {of} events: {why}"));
        } else if rebuilt && !live {
            let words = format!("the lists are being made anew and are not complete yet: {done} of {of} events");
            troubles.push(words);
        }
        troubles
    }

    /// The row of a stream; `None` where there is none or it left its list.
    pub fn row(&self, stream: &StreamId) -> Option<Row> {
        self.stored(stream).filter(|stored| !stored.gone).map(|stored| stored.row)
    }

    fn stored(&self, stream: &StreamId) -> Option<Stored> {
        fold::read(&known(self.rows.table().get(keys::row(stream)))??)
    }

    fn range(&self, from: &[u8], to: &[u8]) -> impl Iterator<Item = projection::Row> + use<> {
        known(self.rows.table().range(from, to)).into_iter().flatten().map_while(known)
    }

    /// All rows, the newest first, with the position up to which they are folded at least.
    pub fn rows(&self, filter: &Filter) -> (Position, Vec<Row>) {
        let folded = self.rows.caught_up_to();
        (folded, self.page(filter, None, usize::MAX).rows)
    }

    /// At most `limit` rows, the newest first, from a cursor on, which is that of a page before.
    pub fn page(&self, filter: &Filter, cursor: Option<&Cursor>, limit: usize) -> Page {
        let scope = filter.session.or(filter.project);
        let end = keys::scope_end(filter.list, scope);
        let start = cursor.map_or_else(
            || keys::scope(filter.list, scope),
            |Cursor { began, stream }| keys::place(filter.list, scope, *began, stream.as_str()),
        );
        let mut rows = Vec::new();
        for (key, stream) in self.range(&start, &end) {
            let row = std::str::from_utf8(&stream).ok().and_then(|stream| self.row(&stream.parse().ok()?));
            let Some(row) = row.filter(|row| filter.admits(row)) else { continue };
            if rows.len() == limit {
                return Page { rows, next: Cursor::at(&key) };
            }
            rows.push(row);
        }
        Page { rows, next: None }
    }

    /// The tokens of all turns that ended since a time, from the quarter of an hour on in which it lies.
    pub fn spent(&self, since: Micros) -> Usage {
        let mut sum = Usage::default();
        for (_, json) in self.range(&keys::spent(since), &keys::spent(Micros(i64::MAX))) {
            sum += serde_json::from_slice(&json).unwrap_or_default();
        }
        sum
    }

    /// The rows that changed at a position or later, in the order of their last changes, with the position to ask from next.
    pub fn changes(&self, filter: &Filter, from: Position) -> (Position, Vec<Change>) {
        let folded = self.rows.caught_up_to();
        let range = self.range(&keys::changes_from(from), &keys::changes_end());
        let stream_of = |stream: &[u8]| std::str::from_utf8(stream).ok()?.parse::<StreamId>().ok();
        let changes = range.filter_map(|(_, stream)| self.stored(&stream_of(&stream)?)).filter_map(|stored| {
            filter.covers(&stored.row).then(|| Change {
                position: stored.position,
                row: if stored.gone || !filter.admits(&stored.row) {
                    Err(stored.row.stream().clone())
                } else {
                    Ok(stored.row)
                },
            })
        });
        (folded, changes.collect())
    }
}

/// What can be read. Where the database cannot be read it is being opened anew, and the lists say that they are rebuilding.
fn known<T>(read: Result<T, DerivedError>) -> Option<T> {
    read.inspect_err(|error| tracing::warn!(%error, "rows of the lists are left out")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entities::{chat, project, session},
        projections::{ChatRow, ChatState},
    };
    use replay::{
        event::{Event, encode},
        ids::By,
        log::{Ack, Append, Expected},
        memory::MemoryLog,
        record::NewRecord,
    };

    /// A log, and the lists that follow it.
    struct Desk {
        log: Arc<dyn EventLog>,
        lists: Lists,
        folder: tempfile::TempDir,
    }

    impl Desk {
        fn new() -> Self {
            let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
            let folder = tempfile::tempdir().unwrap();
            let lists = Lists::start(&Derived::open(&folder.path().join("index")), log.clone()).unwrap();
            Self { log, lists, folder }
        }

        /// Something happens, at a time in seconds, and the lists know of it.
        async fn happens<E: Event>(&self, stream: &StreamId, second: i64, event: E) -> Position {
            let encoded = encode(&event).unwrap();
            let record = NewRecord {
                id: Uuid::now_v7(),
                at: Micros(second * 1_000_000),
                kind: encoded.kind,
                version: encoded.version,
                by: By::person("owner"),
                cause: None,
                corr: None,
                cmd: None,
                copy_of: None,
                data: encoded.data,
            };
            let append =
                Append { stream: stream.clone(), expected: Expected::Any, records: vec![record], ack: Ack::Durable };
            let position = self.log.append(append).await.unwrap().position;
            assert!(self.lists.reach(position, Duration::from_secs(10)).await);
            position
        }

        async fn session(&self, second: i64, project: u128) -> StreamId {
            let stream = StreamId::new("session", Uuid::from_u128(second.unsigned_abs().into()));
            let opened =
                session::Event::SessionOpened { project: Uuid::from_u128(project), title: "Desk".into(), model: None };
            self.happens(&stream, second, opened).await;
            stream
        }

        async fn chat(&self, second: i64, session: &StreamId) -> StreamId {
            let stream = StreamId::new("chat", Uuid::from_u128(second.unsigned_abs().into()));
            let opened = chat::Event::ChatOpened {
                session: session.uuid().unwrap(),
                project: Uuid::nil(),
                title: "".into(),
                model: "offline".into(),
                agent: "default".into(),
                origin: chat::event::Origin::User,
                token_budget: 1,
                answer: None,
                brief: None,
            };
            self.happens(&stream, second, opened).await;
            stream
        }

        fn chat_row(&self, stream: &StreamId) -> ChatRow {
            let Some(Row::Chat(row)) = self.lists.row(stream) else { panic!("no row of {stream}") };
            row
        }
    }

    fn sessions() -> Filter {
        Filter::all(List::Sessions)
    }

    fn names(rows: &[Row]) -> Vec<StreamId> {
        rows.iter().map(|row| row.stream().clone()).collect()
    }

    #[tokio::test]
    async fn a_chat_is_told_by_its_turns() {
        let desk = Desk::new();
        let session = desk.session(1, 0).await;
        let chat = desk.chat(2, &session).await;
        let message = Uuid::nil();
        let posted = chat::Event::MessagePosted { message, text: "x".repeat(500).as_str().into(), attachments: vec![] };
        desk.happens(&chat, 3, posted).await;
        desk.happens(&chat, 4, chat::Event::TurnStarted { turn: 1, message }).await;
        let row = desk.chat_row(&chat);
        assert_eq!(
            (row.state, row.turns, row.last.len(), row.updated_at),
            (ChatState::Running, 1, 120, Micros(4_000_000))
        );
        let usage = Usage { input: 7, ..Usage::default() };
        let cancelled = chat::Event::TurnCancelled { turn: 1, usage, digest: "".into(), decider_version: 1 };
        desk.happens(&chat, 5, cancelled).await;
        let row = desk.chat_row(&chat);
        assert_eq!((row.state, row.usage.input, row.opened_at), (ChatState::Cancelled, 7, Micros(2_000_000)));
        let outcome = chat::event::TurnOutcome::Limited { limit: chat::event::Limit::Steps { calls: 200 } };
        let limited = chat::Event::TurnFinished { turn: 2, outcome, usage, digest: "".into(), decider_version: 1 };
        desk.happens(&chat, 6, limited).await;
        assert_eq!(desk.chat_row(&chat).state, ChatState::Waiting);
        let Some(Row::Session(row)) = desk.lists.row(&session) else { panic!() };
        assert_eq!((row.chats, row.updated_at), (1, Micros(2_000_000)));
    }

    #[tokio::test]
    async fn tokens_are_counted_by_when_their_turns_ended() {
        let desk = Desk::new();
        let session = desk.session(1, 0).await;
        let chat = desk.chat(2, &session).await;
        for (turn, minute) in [(1, 10), (2, 50), (3, 120)] {
            let usage = Usage { input: 10, output: 1, ..Usage::default() };
            let ended = chat::Event::TurnCancelled { turn, usage, digest: "".into(), decider_version: 1 };
            desk.happens(&chat, minute * 60, ended).await;
        }
        let since = |minute: i64| desk.lists.spent(Micros(minute * 60_000_000)).total();
        assert_eq!([0, 15, 59, 60, 121, 200].map(since), [33, 22, 22, 11, 11, 0]);

        // What was taken beside a turn counts too, for the day and for the chat.
        let usage = Usage { input: 5, ..Usage::default() };
        let titled = chat::event::TitleCall { number: 1, usage, latency_ms: 9 };
        let renamed = chat::Event::ChatRenamed { title: "Oil".into(), by_model: Some(titled) };
        desk.happens(&chat, 121 * 60, renamed).await;
        assert_eq!(([121, 180].map(since), desk.chat_row(&chat).usage.total()), ([16, 0], 38));
    }

    #[tokio::test]
    async fn how_one_looks_at_a_session_does_not_change_when_it_was_used() {
        let desk = Desk::new();
        let session = desk.session(1, 0).await;
        desk.happens(&session, 9, session::Event::PanesArranged { panes: "row_a_b".into() }).await;
        let Some(Row::Session(row)) = desk.lists.row(&session) else { panic!() };
        assert_eq!((&*row.panes, row.updated_at), ("row_a_b", Micros(1_000_000)));
    }

    #[tokio::test]
    async fn the_newest_come_first_and_a_cursor_goes_on_where_a_page_ended() {
        let desk = Desk::new();
        let mut all = Vec::new();
        for second in 1..=5 {
            all.push(desk.session(second, u128::from(second == 3)).await);
        }
        all.reverse();
        let first = desk.lists.page(&sessions(), None, 2);
        assert_eq!(names(&first.rows), all[..2]);
        let rest = desk.lists.page(&sessions(), first.next.as_ref(), 9);
        assert_eq!((names(&rest.rows), rest.next), (all[2..].to_vec(), None));
        let of_project = Filter { project: Some(Uuid::from_u128(1)), ..sessions() };
        assert_eq!(names(&desk.lists.rows(&of_project).1), all[2..3]);
    }

    #[tokio::test]
    async fn who_follows_sees_each_row_that_changed_once_as_it_is_now() {
        let desk = Desk::new();
        let first = desk.session(1, 0).await;
        let (from, _) = desk.lists.rows(&sessions());
        let second = desk.session(2, 0).await;
        for n in 0..10 {
            desk.happens(&first, 3 + n, session::Event::SessionRenamed { title: format!("{n}").into() }).await;
        }
        let (next, changes) = desk.lists.changes(&sessions(), from);
        let rows: Vec<Row> = changes.into_iter().map(|change| change.row.unwrap()).collect();
        assert_eq!(names(&rows), [second, first]);
        assert!(matches!(&rows[1], Row::Session(row) if &*row.title == "9"), "{rows:?}");
        assert_eq!(desk.lists.changes(&sessions(), next).1, []);
    }

    #[tokio::test]
    async fn a_project_leaves_its_list_and_comes_back() {
        let desk = Desk::new();
        let all = Filter::all(List::Projects);
        let stream = StreamId::new("project", Uuid::from_u128(1));
        let registered = || project::Event::ProjectRegistered { path: "/p".into(), name: "P".into(), slug: "p".into() };
        desk.happens(&stream, 1, registered()).await;
        desk.happens(&stream, 2, project::Event::ProjectTrusted { digest: "0".into() }).await;
        let removed = desk.happens(&stream, 3, project::Event::ProjectRemoved {}).await;
        assert_eq!((desk.lists.row(&stream), desk.lists.rows(&all).1), (None, vec![]));
        let (next, changes) = desk.lists.changes(&all, Position::ZERO);
        assert_eq!(changes, [Change { position: removed, row: Err(stream.clone()) }]);
        desk.happens(&stream, 4, registered()).await;
        assert_eq!(names(&desk.lists.rows(&all).1), [stream]);
        assert!(matches!(&desk.lists.changes(&all, next).1[0].row, Ok(Row::Project(row)) if !row.trusted));
    }

    #[tokio::test]
    async fn what_is_put_away_leaves_the_list_of_who_did_not_ask_for_it_and_comes_back() {
        let desk = Desk::new();
        let session = desk.session(1, 0).await;
        let chat = desk.chat(2, &session).await;
        let chats = Filter::all(List::Chats);
        let with_archived = Filter { archived: true, ..chats };
        let (from, _) = desk.lists.rows(&chats);
        let position = desk.happens(&chat, 3, chat::Event::ChatArchived {}).await;
        assert!(desk.chat_row(&chat).archived, "it is still there by its name");
        assert_eq!(desk.lists.rows(&chats).1, []);
        assert_eq!(names(&desk.lists.rows(&with_archived).1), std::slice::from_ref(&chat));
        assert_eq!(desk.lists.changes(&chats, from).1, [Change { position, row: Err(chat.clone()) }]);
        assert!(desk.lists.changes(&with_archived, from).1[0].row.is_ok());
        desk.happens(&chat, 4, chat::Event::ChatUnarchived {}).await;
        assert_eq!(names(&desk.lists.rows(&chats).1), std::slice::from_ref(&chat));
        assert!(desk.lists.changes(&chats, from).1[0].row.is_ok());
        desk.happens(&session, 5, session::Event::SessionArchived {}).await;
        assert_eq!(desk.lists.rows(&sessions()).1, []);
        desk.happens(&session, 6, session::Event::SessionUnarchived {}).await;
        assert_eq!(names(&desk.lists.rows(&sessions()).1), [session]);
    }

    #[tokio::test]
    async fn a_session_is_called_as_its_first_chat_is_until_somebody_names_it() {
        let desk = Desk::new();
        let stream = StreamId::new("session", Uuid::from_u128(1));
        let opened = session::Event::SessionOpened { project: Uuid::nil(), title: "".into(), model: None };
        desk.happens(&stream, 1, opened).await;
        let (first, second) = (desk.chat(2, &stream).await, desk.chat(3, &stream).await);
        let title = |desk: &Desk| match desk.lists.row(&stream) {
            Some(Row::Session(row)) => (row.title.to_string(), row.named),
            other => panic!("{other:?}"),
        };
        let usage = Usage { input: 7, ..Usage::default() };
        let by_model = Some(chat::event::TitleCall { number: 1, usage, latency_ms: 1 });
        desk.happens(&second, 4, chat::Event::ChatRenamed { title: "Wick".into(), by_model: None }).await;
        assert_eq!(title(&desk), (String::new(), false));
        desk.happens(&first, 5, chat::Event::ChatRenamed { title: "Oil".into(), by_model }).await;
        assert_eq!((title(&desk), desk.chat_row(&first).usage.input), (("Oil".into(), false), 7));
        desk.happens(&stream, 6, session::Event::SessionRenamed { title: "Mine".into() }).await;
        desk.happens(&first, 7, chat::Event::ChatRenamed { title: "Lamp".into(), by_model: None }).await;
        assert_eq!(title(&desk), ("Mine".into(), true));
    }

    #[tokio::test]
    async fn rows_made_anew_are_the_same() {
        let desk = Desk::new();
        let session = desk.session(1, 0).await;
        for second in 2..6 {
            let chat = desk.chat(second, &session).await;
            desk.happens(&chat, 10, chat::Event::ChatRenamed { title: "T".into(), by_model: None }).await;
        }
        let anew = Lists::start(&Derived::open(&desk.folder.path().join("other")), desk.log.clone()).unwrap();
        assert!(anew.reach(desk.log.head().before().unwrap(), Duration::from_secs(10)).await);
        for filter in [sessions(), Filter::all(List::Chats)] {
            assert_eq!(anew.rows(&filter), desk.lists.rows(&filter));
            assert_eq!(anew.changes(&filter, Position::ZERO), desk.lists.changes(&filter, Position::ZERO));
        }
    }
}
