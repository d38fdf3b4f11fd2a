//! For every kind: an entity that is made from a snapshot and the tail is the one that is folded from zero, at every cut.

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use replay::{
    entity::Sender,
    ids::{By, Micros, Position, Revision, StreamId},
    log::{Appended, Chain, Link, LogId},
    ports::Ids,
    record::Record,
    snapshot::Snapshot,
};
use uuid::Uuid;

use super::{AnyEntity, Command, HandleError, Kind, chat, project, run, session, system};

const PROGRAM: &str = "test";

#[derive(Default)]
struct Counter(AtomicU64);

impl Ids for Counter {
    fn fresh(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

/// A command to an entity of this kind that is often accepted.
fn commands(kind: Kind) -> BoxedStrategy<Command> {
    let id = || (1..5_u128).prop_map(Uuid::from_u128);
    let text = || "[a-c]{0,2}".prop_map(std::sync::Arc::<str>::from);
    let path = || "/[a-c]".prop_map(std::sync::Arc::<str>::from);
    let digest = || "[ab]".prop_map(|letter| std::sync::Arc::<str>::from(letter.repeat(64)));
    let stream = || id().prop_map(|id| StreamId::new("chat", id));
    match kind {
        Kind::Session => {
            use session::Command as C;
            prop_oneof![
                2 => (id(), text()).prop_map(|(project, title)| C::OpenSession { project, title, model: None }),
                2 => text().prop_map(|title| C::RenameSession { title }),
                2 => proptest::option::of(text()).prop_map(|model| C::ConfigureSession { model }),
                3 => path().prop_map(|path| C::GrantReadAccess { path }),
                2 => path().prop_map(|path| C::RevokeReadAccess { path }),
                1 => Just(C::ArchiveSession {}),
            ]
            .prop_map(Command::from)
            .boxed()
        }
        Kind::Chat => {
            use chat::Command as C;
            let open = |(session, title)| C::OpenChat {
                session,
                project: Uuid::from_u128(9),
                title,
                model: "a/b".into(),
                agent: "default".into(),
                token_budget: 1000,
                origin: None,
                answer: None,
                brief: None,
            };
            prop_oneof![
                3 => (id(), text()).prop_map(open),
                4 => (proptest::option::of(id()), text())
                    .prop_map(|(message, text)| C::PostMessage { message, text: (&*text).into(), attachments: vec![] }),
                1 => id().prop_map(|message| C::UnqueueMessage { message }),
                1 => Just(C::CancelTurn {}),
                1 => text().prop_map(|title| C::RenameChat { title }),
                1 => text().prop_map(|model| C::ConfigureChat { model }),
                1 => Just(C::ArchiveChat {}),
                1 => Just(C::UnarchiveChat {}),
            ]
            .prop_map(Command::from)
            .boxed()
        }
        Kind::Project => {
            use project::Command as C;
            prop_oneof![
                3 => (path(), proptest::option::of(text())).prop_map(|(path, name)| C::RegisterProject { path, name }),
                2 => text().prop_map(|name| C::RenameProject { name }),
                2 => digest().prop_map(|digest| C::TrustProject { digest }),
                1 => Just(C::WithdrawTrust {}),
                1 => Just(C::RemoveProject {}),
            ]
            .prop_map(Command::from)
            .boxed()
        }
        Kind::Run => {
            use run::Command as C;
            prop_oneof![
                3 => (id(), text()).prop_map(|(run, text)| C::RequestRun(Box::new(run::event::Requested {
                    run,
                    session: run,
                    project: run,
                    workflow: text.clone(),
                    description: text,
                    script: "{}".into(),
                    engine: "e".into(),
                    phases: vec![],
                    arguments: None,
                    model: "offline".into(),
                    budget: Some(5),
                    time_limit_ms: Some(9),
                    seed: 1,
                    parent: None,
                    resume: None,
                    anew: false,
                }))),
                2 => Just(C::PauseRun {}),
                2 => Just(C::ResumeRun {}),
                1 => Just(C::CancelRun {}),
                1 => (0..3_u32).prop_map(|step| C::StopStep { step }),
            ]
            .prop_map(Command::from)
            .boxed()
        }
        Kind::System => {
            use system::Command as C;
            let role = || prop_oneof![Just(system::Role::Admin), Just(system::Role::Viewer)];
            prop_oneof![
                1 => text().prop_map(|version| C::NoteStart { version }),
                1 => Just(C::NoteStop {}),
                3 => (text(), role(), digest()).prop_map(|(name, role, sha256)| C::CreateKey { name, role, sha256 }),
                2 => text().prop_map(|name| C::RevokeKey { name }),
                1 => text().prop_map(|what| C::NoteDamage { segment: 1, offset: 2, what }),
                2 => (stream(), text()).prop_map(|(stream, reason)| C::Quarantine { stream, reason }),
                2 => stream().prop_map(|stream| C::Release { stream }),
            ]
            .prop_map(Command::from)
            .boxed()
        }
    }
}

/// A kind, and commands under ids of which some come twice.
fn stories() -> impl Strategy<Value = (Kind, Vec<(u8, Command)>)> {
    proptest::sample::select(Kind::ALL)
        .prop_flat_map(|kind| (Just(kind), proptest::collection::vec((0..40_u8, commands(kind)), 1..40)))
}

fn snapshot_of(entity: &AnyEntity) -> Vec<u8> {
    let (log, position) = (LogId { id: Uuid::nil(), epoch: 0 }, entity.position().unwrap());
    entity.snapshot(PROGRAM, log, Link { position, chain: Chain([1; 32]) }).unwrap().unwrap()
}

fn play(entity: &mut AnyEntity, commands: Vec<(u8, Command)>) -> Vec<Record> {
    let (ids, mut log) = (Counter::default(), Vec::<Record>::new());
    for (n, (id, command)) in (0..).zip(commands) {
        let id = Some(format!("c{id}").parse().unwrap());
        let sender = Sender { by: By::person("owner"), command: id, cause: None, now: Micros(n) };
        let decision = match entity.handle(command, sender, &ids) {
            Ok(decision) => decision,
            Err(HandleError::Broken(why)) => panic!("{why}"),
            Err(HandleError::Rejected(_) | HandleError::Repeated(_)) => continue,
        };
        let (first, count) = (log.len() as u64, decision.records.len() as u64);
        if count == 0 {
            continue;
        }
        // Other streams stand between.
        let position = log.last().map_or(Position(5), |record| record.position.plus(3));
        entity.landed(Appended { position, revision: Revision(first), count });
        for (n, event) in (0..).zip(decision.records) {
            let (position, revision) = (position.plus(n), Revision(first + n));
            log.push(Record { position, revision, stream: entity.stream().clone(), event });
        }
    }
    log
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_and_the_tail_are_the_fold_from_zero_for_every_kind((kind, commands) in stories()) {
        let stream: StreamId = format!("{}/1", kind.name()).parse().unwrap();
        let mut living = AnyEntity::new(kind, stream.clone());
        let log = play(&mut living, commands);
        prop_assume!(!log.is_empty());
        let whole = snapshot_of(&living);
        let mut folded = AnyEntity::new(kind, stream.clone());
        for (cut, record) in log.iter().enumerate() {
            folded.apply(record).unwrap();
            let snapshot = Snapshot::read(snapshot_of(&folded)).unwrap();
            let mut entity = AnyEntity::of_snapshot(kind, &snapshot, PROGRAM, stream.clone()).unwrap();
            prop_assert!(entity.is_as_in(&snapshot).unwrap());
            log[cut + 1..].iter().for_each(|record| entity.apply(record).unwrap());
            prop_assert_eq!(&whole, &snapshot_of(&entity), "state, answers and causes");
            prop_assert_eq!(living.digest().unwrap(), entity.digest().unwrap());
            let (view, same) = (living.view().unwrap(), entity.view().unwrap());
            prop_assert_eq!(view.get(), same.get());
            prop_assert_eq!(living.wants().unwrap(), entity.wants().unwrap());
        }
        prop_assert_eq!(&whole, &snapshot_of(&folded));
    }
}
