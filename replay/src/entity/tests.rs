//! What an entity remembers, refuses and survives.

mod snapshots;

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::*;
use crate::{
    decider::{Attempt, Class, Lane, Rejection},
    event::Old,
    record::Data,
};

/// A list of jobs, each to be done outside, and notes that are not.
enum Jobs {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Added {
        job: String,
    },
    Noted {},
    Begun {
        job: String,
        attempt: Attempt,
    },
    Done {
        job: String,
    },
    Broke {},
    /// Not of the form that events have.
    Bare,
}

/// What `Added` was called, and how it said it.
#[derive(Deserialize)]
struct Ordered1 {
    title: String,
}

impl crate::event::Event for Event {
    fn version(name: &str) -> u16 {
        if matches!(name, "Noted" | "Ordered") { 2 } else { 1 }
    }

    fn upcast(old: &Old<'_>) -> Option<Result<Self, serde_json::Error>> {
        (old.name == "Ordered").then(|| old.read(|Ordered1 { title }| Self::Added { job: title }))
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Command {
    Add(String),
    AddTwo(String, String),
    Note,
    Nothing,
    Refuse,
    PanicInDecide,
    PanicInEvolve,
    WriteBare,
}

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("no")]
struct No;

impl Rejection for No {
    fn code(&self) -> &'static str {
        "no"
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct State {
    jobs: BTreeMap<String, Option<Attempt>>,
    notes: u32,
}

impl Decider for Jobs {
    const KIND: &'static str = "jobs";
    const VERSION: u32 = 1;
    type State = State;
    type Event = Event;
    type Command = Command;
    type Rejection = No;
    type Work = String;
    type Piece = ();
    type Outcome = ();
    type View = u32;

    fn decide(_: &State, command: Command, _: &Context) -> Result<Vec<Event>, No> {
        let added = |job: &str| Event::Added { job: job.into() };
        match command {
            Command::Add(job) => Ok(vec![added(&job)]),
            Command::AddTwo(one, two) => Ok(vec![added(&one), added(&two)]),
            Command::Note => Ok(vec![Event::Noted {}]),
            Command::Nothing => Ok(vec![]),
            Command::Refuse => Err(No),
            Command::PanicInDecide => panic!("out of {}", "luck"),
            Command::PanicInEvolve => Ok(vec![Event::Noted {}, Event::Broke {}]),
            Command::WriteBare => Ok(vec![Event::Bare]),
        }
    }

    fn settle(state: &State, command: EffectCommand<(), ()>, _: &Context) -> Result<Vec<Event>, Stale> {
        match command {
            EffectCommand::Begin { key } if state.jobs.contains_key(key.as_str()) => {
                let attempt = Attempt::after(state.jobs[key.as_str()]);
                Ok(vec![Event::Begun { job: key.as_str().into(), attempt }])
            }
            EffectCommand::Report { key, .. } if state.jobs.contains_key(key.as_str()) => {
                Ok(vec![Event::Done { job: key.as_str().into() }])
            }
            EffectCommand::Progress { .. } => panic!("nothing streams here"),
            EffectCommand::Begin { key } => Err(Stale { key, attempt: None }),
            EffectCommand::Report { key, attempt, .. } | EffectCommand::Lost { key, attempt } => {
                Err(Stale { key, attempt: Some(attempt) })
            }
        }
    }

    fn evolve(state: &mut State, event: &Event, _: Micros) {
        match event {
            Event::Added { job } => drop(state.jobs.insert(job.clone(), None)),
            Event::Noted {} => state.notes += 1,
            Event::Begun { job, attempt } => drop(state.jobs.insert(job.clone(), Some(*attempt))),
            Event::Done { job } => drop(state.jobs.remove(job)),
            Event::Broke {} => panic!("cannot fold this"),
            Event::Bare => {}
        }
    }

    fn wants(state: &State) -> BTreeMap<EffectKey, Want<String>> {
        let lane = || Lane { name: "jobs".into(), group: "g".into() };
        let want = |job: &String, begun: Option<Attempt>| {
            assert!(job != "bad", "cannot want this");
            Want { class: Class::Repeat, begun, lane: lane(), since: Micros(0), work: job.clone() }
        };
        state.jobs.iter().map(|(job, begun)| (EffectKey::new(job.as_str()), want(job, *begun))).collect()
    }

    fn ack(event: &Event) -> Ack {
        if matches!(event, Event::Begun { .. }) { Ack::Written } else { Ack::Durable }
    }

    fn view(state: &State) -> u32 {
        state.notes
    }
}

#[derive(Default)]
struct Counter(AtomicU64);

impl Ids for Counter {
    fn fresh(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

fn stream() -> StreamId {
    "jobs/1".parse().unwrap()
}

/// An entity and its log, in which every decision lands at once, at positions that are ten further on.
struct Desk {
    entity: Entity<Jobs>,
    log: Vec<Record>,
    ids: Counter,
}

impl Desk {
    fn new() -> Self {
        Self { entity: Entity::new(stream()), log: vec![], ids: Counter::default() }
    }

    fn handle(&mut self, id: &str, command: Command) -> Result<Vec<NewRecord>, HandleError<No>> {
        let decision = self.entity.handle(command, outside(id), &self.ids)?;
        Ok(self.land(decision))
    }

    fn settle(&mut self, command: EffectCommand<(), ()>) -> Result<Vec<NewRecord>, HandleError<Stale>> {
        let decision = self.entity.settle(command, inside(), &self.ids)?;
        Ok(self.land(decision))
    }

    fn land(&mut self, decision: Decision) -> Vec<NewRecord> {
        let next = self.log.len() as u64;
        assert_eq!(decision.expected, Expected::next(Revision(next)));
        let records = decision.records;
        let count = records.len() as u64;
        for (revision, event) in (next..).zip(records.clone()) {
            let (position, revision) = (Position(revision + 10), Revision(revision));
            self.log.push(Record { position, revision, stream: stream(), event });
        }
        if count > 0 {
            self.entity.landed(Appended { position: Position(next + 10), revision: Revision(next), count });
        }
        records
    }

    /// The same entity, folded from its log.
    fn replayed(&self) -> Self {
        let mut entity = Entity::new(stream());
        self.log.iter().for_each(|record| entity.apply(record).unwrap());
        Self { entity, log: self.log.clone(), ids: Counter(AtomicU64::new(1_000_000)) }
    }
}

fn outside(id: &str) -> Sender {
    Sender { by: By::person("owner"), command: Some(id.parse().unwrap()), cause: None, now: Micros(5) }
}

fn inside() -> Sender {
    Sender { by: By::system(), command: None, cause: None, now: Micros(6) }
}

fn add(job: &str) -> Command {
    Command::Add(job.into())
}

fn add_two() -> Command {
    Command::AddTwo("a".into(), "b".into())
}

fn begin(job: &str) -> EffectCommand<(), ()> {
    EffectCommand::Begin { key: EffectKey::new(job) }
}

fn report(job: &str, attempt: u32) -> EffectCommand<(), ()> {
    EffectCommand::Report { key: EffectKey::new(job), attempt: Attempt(attempt), outcome: () }
}

#[track_caller]
fn repeated<R: std::fmt::Debug>(result: Result<Vec<NewRecord>, HandleError<R>>) -> Answer {
    match result {
        Err(HandleError::Repeated(answer)) => answer,
        other => panic!("it was accepted before: {other:?}"),
    }
}

#[track_caller]
fn broken<T: std::fmt::Debug, R: std::fmt::Debug>(result: Result<T, HandleError<R>>) -> String {
    match result {
        Err(HandleError::Broken(words)) => words,
        other => panic!("the rules broke: {other:?}"),
    }
}

fn answer(id: &str, revision: u64) -> Answer {
    let (revision, position) = (Revision(revision), Some(Position(revision + 10)));
    Answer { command: id.parse().unwrap(), revision, position }
}

#[test]
fn a_command_sent_again_is_answered_the_same_and_done_once() {
    let mut desk = Desk::new();
    desk.handle("one", add_two()).unwrap();
    desk.handle("two", Command::Note).unwrap();
    for mut desk in [desk.replayed(), desk] {
        assert_eq!(repeated(desk.handle("one", add_two())), answer("one", 1), "its last event");
        assert_eq!(repeated(desk.handle("two", Command::Note)), answer("two", 2));
        assert_eq!((desk.entity.state().notes, desk.entity.next_revision()), (1, Revision(3)));
    }
}

#[test]
fn while_its_append_is_under_way_an_answer_has_no_position() {
    let mut entity = Entity::<Jobs>::new(stream());
    let ids = Counter::default();
    entity.handle(Command::Note, outside("one"), &ids).unwrap();
    entity.handle(Command::Note, outside("two"), &ids).unwrap();
    let again = |entity: &mut Entity<Jobs>, id| match entity.handle(Command::Note, outside(id), &ids) {
        Err(HandleError::Repeated(answer)) => answer.position,
        other => panic!("it was accepted before: {other:?}"),
    };
    assert_eq!(again(&mut entity, "one"), None);
    entity.landed(Appended { position: Position(7), revision: Revision(0), count: 1 });
    assert_eq!((again(&mut entity, "one"), again(&mut entity, "two")), (Some(Position(7)), None));
    assert_eq!(entity.position(), Some(Position(7)));
    entity.landed(Appended { position: Position(9), revision: Revision(1), count: 1 });
    assert_eq!((again(&mut entity, "one"), again(&mut entity, "two")), (Some(Position(7)), Some(Position(9))));
    assert_eq!(entity.position(), Some(Position(9)));
}

#[test]
fn the_last_commands_are_remembered_and_older_ones_are_not() {
    let mut desk = Desk::new();
    for n in 0..=REMEMBERED {
        desk.handle(&format!("c{n}"), Command::Note).unwrap();
    }
    for mut desk in [desk.replayed(), desk] {
        assert_eq!(repeated(desk.handle("c1", Command::Note)), answer("c1", 1), "the oldest that is remembered");
        desk.handle("c0", Command::Note).unwrap();
        desk.handle("c1", Command::Note).unwrap();
    }
}

#[test]
fn what_was_rejected_or_changed_nothing_may_be_sent_again() {
    let mut desk = Desk::new();
    for _ in 0..2 {
        assert!(matches!(desk.handle("one", Command::Refuse), Err(HandleError::Rejected(No))));
        assert!(desk.handle("two", Command::Nothing).unwrap().is_empty());
    }
    assert_eq!(desk.entity.next_revision(), Revision::ZERO);
    desk.handle("one", Command::Note).unwrap();
}

#[test]
fn what_effects_say_is_not_remembered_but_stale_the_second_time() {
    let mut desk = Desk::new();
    desk.handle("one", add("a")).unwrap();
    desk.settle(begin("a")).unwrap();
    desk.settle(report("a", 1)).unwrap();
    let stale = Stale { key: EffectKey::new("a"), attempt: Some(Attempt(1)) };
    assert!(matches!(desk.settle(report("a", 1)), Err(HandleError::Rejected(again)) if again == stale));
}

#[test]
fn an_append_is_durable_if_one_of_its_events_is() {
    let ids = Counter::default();
    let mut entity = Entity::<Jobs>::new(stream());
    assert_eq!(entity.handle(add("a"), outside("one"), &ids).unwrap().ack, Ack::Durable);
    assert_eq!(entity.settle(begin("a"), inside(), &ids).unwrap().ack, Ack::Written);
}

#[test]
fn a_panic_of_the_rules_is_an_error_with_its_words() {
    assert_eq!(broken(Desk::new().handle("one", Command::PanicInDecide)), "out of luck");
    assert_eq!(broken(Desk::new().handle("one", Command::PanicInEvolve)), "cannot fold this");
    let progress = EffectCommand::Progress { key: EffectKey::new("a"), attempt: Attempt(1), piece: () };
    assert_eq!(broken(Desk::new().settle(progress)), "nothing streams here");
}

#[test]
fn a_panic_over_what_is_wanted_is_found_before_the_event_is_written() {
    assert_eq!(broken(Desk::new().handle("one", add("bad"))), "cannot want this");
}

#[test]
fn an_event_that_is_not_of_the_form_of_events_is_not_written() {
    let words = broken(Desk::new().handle("one", Command::WriteBare));
    assert!(words.contains("{type, data}"), "{words}");
}

#[test]
fn a_command_begins_a_chain_of_causes_and_its_effects_go_on_with_it() {
    let mut desk = Desk::new();
    let added = desk.handle("one", add_two()).unwrap();
    let first = Some(added[0].id);
    assert_eq!(added.iter().map(|record| (record.cause, record.corr)).collect::<Vec<_>>(), [(None, first); 2]);
    for mut desk in [desk.replayed(), desk] {
        let begun = &desk.settle(begin("a")).unwrap()[0];
        assert_eq!((begun.cause, begun.corr, &begun.cmd), (Some(added[1].id), first, &None));
        let done = &desk.settle(report("a", 1)).unwrap()[0];
        assert_eq!((done.cause, done.corr), (Some(begun.id), first));
        let later = &desk.handle("two", add("c")).unwrap()[0];
        assert_eq!((later.cause, later.corr), (None, Some(later.id)));
        assert_eq!(desk.settle(begin("c")).unwrap()[0].corr, Some(later.id));
    }
}

#[test]
fn a_command_in_between_does_not_become_the_cause_of_what_goes_on() {
    let mut desk = Desk::new();
    let added = desk.handle("one", add("a")).unwrap()[0].clone();
    let begun = desk.settle(begin("a")).unwrap()[0].clone();
    let noted = &desk.handle("two", Command::Note).unwrap()[0];
    assert_eq!((noted.cause, noted.corr), (None, Some(noted.id)), "it is a chain of its own");
    for mut desk in [desk.replayed(), desk] {
        let done = &desk.settle(report("a", 1)).unwrap()[0];
        assert_eq!((done.cause, done.corr), (Some(begun.id), Some(added.id)));
    }
}

#[test]
fn a_cause_that_is_named_is_kept_and_its_chain_goes_on() {
    let mut desk = Desk::new();
    let added = desk.handle("one", add("a")).unwrap()[0].clone();
    let cause = Some(Uuid::from_u128(77));
    let sender = Sender { cause, ..outside("two") };
    let decision = desk.entity.handle(Command::Note, sender, &desk.ids).unwrap();
    assert_eq!((decision.records[0].cause, decision.records[0].corr), (cause, Some(added.id)));
    let sender = Sender { cause, ..inside() };
    let decision = desk.entity.settle(begin("a"), sender, &desk.ids).unwrap();
    assert_eq!((decision.records[0].cause, decision.records[0].corr), (cause, Some(added.id)));
}

#[test]
fn a_record_says_who_when_and_for_which_command() {
    let record = &Desk::new().handle("one", Command::Note).unwrap()[0];
    assert_eq!((&record.by, record.at, &*record.kind, record.version), (&By::person("owner"), Micros(5), "Noted", 2));
    assert_eq!((record.cmd.as_ref().map(CommandId::as_str), record.data.json()), (Some("one"), "{}"));
}

fn record(revision: u64, kind: &str, version: u16, data: &str) -> Record {
    let data = Data::Json(serde_json::value::RawValue::from_string(data.into()).unwrap().into());
    let (id, by, kind) = (Uuid::from_u128(5), By::system(), kind.into());
    let (cause, corr, cmd, copy_of) = (None, None, None, None);
    let event = NewRecord { id, at: Micros(1), kind, version, by, cause, corr, cmd, copy_of, data };
    Record { position: Position(revision), revision: Revision(revision), stream: stream(), event }
}

#[test]
fn a_missing_or_doubled_revision_is_a_gap() {
    let mut entity = Entity::<Jobs>::new(stream());
    entity.apply(&record(0, "Noted", 2, "{}")).unwrap();
    for found in [0, 2] {
        let error = entity.apply(&record(found, "Noted", 2, "{}")).unwrap_err();
        let (expected, found) = (Revision(1), Revision(found));
        assert!(matches!(error, FoldError::Gap { expected: e, found: f } if e == expected && f == found), "{error}");
        assert!(!error.needs_newer_version());
    }
}

#[test]
fn news_from_a_later_version_needs_that_version() {
    for (kind, version) in [("Postponed", 1), ("Noted", 3)] {
        let error = Entity::<Jobs>::new(stream()).apply(&record(0, kind, version, "{}")).unwrap_err();
        assert!(error.needs_newer_version(), "{error}");
        assert!(error.to_string().contains("newer version"), "{error}");
    }
}

#[test]
fn an_older_version_of_an_event_is_folded_and_unknown_fields_are_passed_over() {
    let mut entity = Entity::<Jobs>::new(stream());
    entity.apply(&record(0, "Noted", 1, r#"{"color":"red"}"#)).unwrap();
    entity.apply(&record(1, "Added", 1, r#"{"color":{"r":1},"job":"a"}"#)).unwrap();
    assert_eq!((entity.state().notes, entity.wants().unwrap().len()), (1, 1));
}

#[test]
fn a_stream_of_old_events_is_folded_and_goes_on_in_new_ones() {
    let mut desk = Desk::new();
    desk.log.push(record(0, "Ordered", 1, r#"{"title":"a"}"#));
    desk.log.push(record(1, "Noted", 1, "{}"));
    desk.log.push(record(2, "Added", 1, r#"{"job":"b"}"#));
    let mut desk = desk.replayed();
    assert_eq!(desk.entity.wants().unwrap().into_keys().map(|key| key.to_string()).collect::<Vec<_>>(), ["a", "b"]);
    let added = &desk.handle("one", add("c")).unwrap()[0];
    assert_eq!((&*added.kind, added.version), ("Added", 1));
    assert_eq!(desk.settle(begin("a")).unwrap().len(), 1, "what was ordered then is done now");
    assert_eq!(desk.replayed().entity.state(), desk.entity.state());
}

#[test]
fn data_that_does_not_fit_its_type_is_damage_not_news() {
    for data in ["{}", r#"{"job":7}"#, "null", "[]"] {
        let error = Entity::<Jobs>::new(stream()).apply(&record(0, "Added", 1, data)).unwrap_err();
        assert!(matches!(error, FoldError::Event { source: EventError::Form { .. }, .. }), "{data}: {error}");
        assert!(!error.needs_newer_version());
    }
}

#[test]
fn a_recorded_event_over_which_the_rules_panic_is_named() {
    let error = Entity::<Jobs>::new(stream()).apply(&record(0, "Broke", 1, "{}")).unwrap_err();
    let FoldError::Panicked { revision: Revision(0), message } = &error else { panic!("{error}") };
    assert_eq!(message, "cannot fold this");
}

#[test]
fn redacted_data_is_folded_over_and_still_counts() {
    let mut entity = Entity::<Jobs>::new(stream());
    let mut redacted = record(0, "Added", 1, "{}");
    redacted.event.data = Data::Redacted;
    redacted.event.cmd = Some("one".parse().unwrap());
    entity.apply(&redacted).unwrap();
    assert_eq!((entity.state(), entity.next_revision()), (&State::default(), Revision(1)));
    let again = entity.handle(Command::Note, outside("one"), &Counter::default());
    assert!(matches!(again, Err(HandleError::Repeated(_))), "its command is remembered");
}

fn copied(from: u64, records: &[NewRecord]) -> Copied {
    Copied { from: Revision(from), records: records.to_vec() }
}

/// The events of a desk as copies for another stream.
fn copies(desk: &Desk) -> Vec<NewRecord> {
    let mut copies = crate::fork::Copies::to("jobs/2".parse().unwrap());
    desk.log.iter().map(|record| copies.copy(record)).collect()
}

fn noted(_: &State) -> Vec<Event> {
    vec![Event::Noted {}]
}

#[test]
fn a_half_copied_fork_wants_nothing_and_takes_nothing_but_its_rest() {
    let mut original = Desk::new();
    original.handle("one", add_two()).unwrap();
    let all = copies(&original);
    let mut fork = Desk::new();
    let first = fork.entity.copy(copied(0, &all[..1])).unwrap();
    assert_eq!((first.expected, first.ack), (Expected::NoStream, Ack::Durable));
    fork.land(first);
    for mut fork in [fork.replayed(), fork] {
        assert_eq!(fork.entity.wants().unwrap().len(), 0, "its state wants job a");
        assert!(matches!(fork.handle("two", Command::Note), Err(HandleError::HalfCopied)));
        assert!(matches!(fork.entity.copy(copied(0, &all)), Err(HandleError::Occupied)), "not from the start");
        let rest = fork.entity.fork(copied(1, &all[1..]), noted, &outside("fork"), &fork.ids).unwrap();
        fork.land(rest);
        assert_eq!(fork.entity.wants().unwrap().len(), 2);
        assert_eq!(fork.entity.state().notes, 1);
        let again = fork.entity.fork(copied(0, &all), noted, &outside("fork"), &fork.ids);
        assert_eq!(repeated(again.map(|decision| decision.records)), answer("fork", 2));
        assert!(matches!(fork.entity.copy(copied(3, &all)), Err(HandleError::Occupied)), "it is complete");
        fork.handle("two", Command::Note).unwrap();
    }
}

#[test]
fn the_state_where_a_stream_is_forked_is_that_of_the_original_and_its_commands_are_not_those_of_the_fork() {
    let mut original = Desk::new();
    original.handle("one", add_two()).unwrap();
    original.settle(begin("a")).unwrap();
    let mut fork = Desk::new();
    let first = fork.entity.copy(copied(0, &copies(&original))).unwrap();
    fork.land(first);
    assert_eq!(fork.entity.state(), original.entity.state());
    let rest = fork.entity.fork(copied(3, &[]), noted, &outside("fork"), &fork.ids).unwrap();
    fork.land(rest);
    assert_eq!(fork.handle("one", Command::Note).unwrap().len(), 1, "this command was not sent to the fork before");
}
