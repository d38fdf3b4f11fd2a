//! An entity that is made from a snapshot and the tail is the one that is folded from zero, or the snapshot is not believed.

use futures_util::FutureExt as _;
use proptest::{prelude::*, sample::Index};

use super::*;
use crate::{
    log::{Append, Chain, EventLog, Link, LogId},
    memory::MemoryLog,
    snapshot::{Misfit, Snapshot},
};

const PROGRAM: &str = "jobs 1.0";

fn log_id() -> LogId {
    LogId { id: Uuid::nil(), epoch: 0 }
}

/// The snapshot of an entity whose events all landed where a [`Desk`] lets them land.
fn snapshot_of(entity: &Entity<Jobs>) -> Vec<u8> {
    let link = Link { position: entity.position().unwrap(), chain: Chain([7; 32]) };
    entity.snapshot(PROGRAM, log_id(), link).unwrap().unwrap()
}

fn restored(bytes: Vec<u8>) -> Result<Entity<Jobs>, Misfit> {
    Entity::of_snapshot(&Snapshot::read(bytes)?, PROGRAM, stream())
}

/// The bytes of a snapshot with a change in its head, and a checksum that fits.
fn with_head(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    use sha2::Digest as _;
    let text = std::str::from_utf8(&bytes[65..]).unwrap().replacen(from, to, 1);
    let sum = crate::digest::hex(&sha2::Sha256::digest(&text));
    format!("{sum}\n{text}").into_bytes()
}

/// A desk at which something of everything happened.
fn busy() -> Desk {
    let mut desk = Desk::new();
    desk.handle("one", add_two()).unwrap();
    desk.settle(begin("a")).unwrap();
    desk.handle("two", Command::Note).unwrap();
    desk.settle(report("a", 1)).unwrap();
    desk
}

#[derive(Debug, Clone)]
enum Step {
    Add(u8),
    AddTwo(u8),
    Note,
    Again(Index),
    Begin(Index),
    Report(Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        any::<u8>().prop_map(Step::Add),
        any::<u8>().prop_map(Step::AddTwo),
        Just(Step::Note),
        any::<Index>().prop_map(Step::Again),
        any::<Index>().prop_map(Step::Begin),
        any::<Index>().prop_map(Step::Report),
    ];
    proptest::collection::vec(step, 1..60)
}

fn play(desk: &mut Desk, steps: Vec<Step>) {
    for (n, step) in steps.into_iter().enumerate() {
        let wanted: Vec<_> = desk.entity.wants().unwrap().into_iter().collect();
        let pick = |index: Index| (!wanted.is_empty()).then(|| index.get(&wanted).clone());
        let id = format!("c{n}");
        match step {
            Step::Add(job) => drop(desk.handle(&id, add(&job.to_string())).unwrap()),
            Step::AddTwo(job) => {
                drop(desk.handle(&id, Command::AddTwo(job.to_string(), format!("{job}+"))).unwrap());
            }
            Step::Note => drop(desk.handle(&id, Command::Note).unwrap()),
            Step::Again(index) if n > 0 => drop(desk.handle(&format!("c{}", index.index(n)), Command::Note)),
            Step::Again(_) => {}
            Step::Begin(index) => {
                let Some((key, _)) = pick(index) else { continue };
                desk.settle(EffectCommand::Begin { key }).unwrap();
            }
            Step::Report(index) => {
                let Some((key, want)) = pick(index) else { continue };
                let attempt = want.begun.unwrap_or_default();
                desk.settle(EffectCommand::Report { key, attempt, outcome: () }).unwrap();
            }
        }
    }
}

proptest! {
    #[test]
    fn a_snapshot_and_the_tail_are_the_fold_from_zero_at_every_cut(steps in steps()) {
        let mut desk = Desk::new();
        play(&mut desk, steps);
        prop_assume!(!desk.log.is_empty());
        let whole = snapshot_of(&desk.replayed().entity);
        prop_assert_eq!(&whole, &snapshot_of(&desk.entity), "what lives is what is folded");
        let mut folded = Entity::<Jobs>::new(stream());
        for (cut, record) in desk.log.iter().enumerate() {
            folded.apply(record).unwrap();
            let mut entity = restored(snapshot_of(&folded)).unwrap();
            prop_assert!(entity.is_as_in(&Snapshot::read(snapshot_of(&folded)).unwrap()).unwrap());
            desk.log[cut + 1..].iter().for_each(|record| entity.apply(record).unwrap());
            prop_assert_eq!(&whole, &snapshot_of(&entity));
        }
    }

    #[test]
    fn no_bytes_whatever_are_taken_for_a_snapshot(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Snapshot::read(bytes).is_err());
    }
}

#[test]
fn as_many_commands_are_remembered_as_by_a_fold() {
    let mut desk = Desk::new();
    for n in 0..=REMEMBERED {
        desk.handle(&format!("c{n}"), Command::Note).unwrap();
    }
    let entity = restored(snapshot_of(&desk.entity)).unwrap();
    let mut desk = Desk { entity, ..desk };
    for n in 1..=REMEMBERED {
        assert_eq!(repeated(desk.handle(&format!("c{n}"), Command::Note)), answer(&format!("c{n}"), n as u64));
    }
    desk.handle("c0", Command::Note).unwrap();
}

#[test]
fn causes_go_on_as_after_a_fold() {
    let mut desk = Desk::new();
    let added = desk.handle("one", add("a")).unwrap()[0].clone();
    let begun = desk.settle(begin("a")).unwrap()[0].clone();
    desk.handle("two", Command::Note).unwrap();
    let entity = restored(snapshot_of(&desk.entity)).unwrap();
    let mut desk = Desk { entity, ..desk };
    let done = &desk.settle(report("a", 1)).unwrap()[0];
    assert_eq!((done.cause, done.corr), (Some(begun.id), Some(added.id)));
}

#[test]
fn before_its_first_event_there_is_nothing_to_keep() {
    let link = Link { position: Position(0), chain: Chain([0; 32]) };
    assert_eq!(Entity::<Jobs>::new(stream()).snapshot(PROGRAM, log_id(), link).unwrap(), None);
}

#[test]
fn a_snapshot_with_a_flipped_bit_or_cut_off_is_damaged() {
    let bytes = snapshot_of(&busy().entity);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert_eq!(Snapshot::read(flipped).err(), Some(Misfit::Damaged), "bit {bit} of byte {at}");
        }
        assert_eq!(Snapshot::read(bytes[..at].to_vec()).err(), Some(Misfit::Damaged), "cut at byte {at}");
    }
    assert_eq!(Snapshot::read([&bytes[..], b"\0"].concat()).err(), Some(Misfit::Damaged));
    assert!(restored(bytes).is_ok());
}

#[test]
fn a_snapshot_of_another_form_program_stream_kind_or_version_is_not_believed() {
    let bytes = snapshot_of(&busy().entity);
    let changed = |from: &str, to: &str| {
        let changed = with_head(&bytes, from, to);
        assert_ne!(changed, bytes, "{from}");
        restored(changed).err().unwrap()
    };
    assert_eq!(changed(r#""format":1"#, r#""format":2"#), Misfit::Format(2));
    for (from, to, what) in [
        (r#""program":"jobs 1.0""#, r#""program":"jobs 1.1""#, "program jobs 1.1"),
        (r#""stream":"jobs/1""#, r#""stream":"jobs/2""#, "stream jobs/2"),
        (r#""kind":"jobs""#, r#""kind":"jubs""#, "kind jubs"),
        (r#""version":1"#, r#""version":2"#, "version 2"),
    ] {
        assert_eq!(changed(from, to), Misfit::Other(what.into()));
    }
    assert!(matches!(changed(r#""notes":"#, r#""nodes":"#), Misfit::Form(_)));
    assert_eq!(changed(r#""revision":"#, r#""rewision":"#), Misfit::Damaged);
}

#[test]
fn a_snapshot_that_says_something_else_than_the_fold_is_told_from_it() {
    let desk = busy();
    let bytes = snapshot_of(&desk.entity);
    let same = |bytes: &[u8]| desk.entity.is_as_in(&Snapshot::read(bytes.to_vec()).unwrap()).unwrap();
    assert!(same(&bytes));
    assert!(!same(&with_head(&bytes, r#""notes":1"#, r#""notes":2"#)));
    assert!(!same(&with_head(&bytes, r#""command":"one""#, r#""command":"won""#)));
    assert!(!same(&with_head(&bytes, r#""position":14"#, r#""position":15"#)));
}

/// Appends what was decided, and tells the entity.
fn append(log: &MemoryLog, entity: &mut Entity<Jobs>, decision: Decision) {
    let Decision { records, expected, ack } = decision;
    let appended = log.append(Append { stream: stream(), expected, records, ack }).now_or_never().unwrap().unwrap();
    entity.landed(appended);
}

fn note(log: &MemoryLog, entity: &mut Entity<Jobs>, id: &str, ids: &Counter) {
    let decision = entity.handle(Command::Note, outside(id), ids).unwrap();
    append(log, entity, decision);
}

/// A snapshot of all that is durable.
fn taken(log: &MemoryLog, entity: &Entity<Jobs>) -> Snapshot {
    let revision = entity.next_revision().before().unwrap();
    let link = log.link(stream(), revision).now_or_never().unwrap().unwrap().unwrap();
    Snapshot::read(entity.snapshot(PROGRAM, log.id(), link).unwrap().unwrap()).unwrap()
}

fn stands(snapshot: &Snapshot, log: &MemoryLog) -> Result<(), Misfit> {
    snapshot.stands_in(log).now_or_never().unwrap()
}

#[test]
fn a_snapshot_of_another_log_is_not_believed() {
    let (log, other, ids) = (MemoryLog::manual(), MemoryLog::manual(), Counter::default());
    let mut entity = Entity::new(stream());
    note(&log, &mut entity, "one", &ids);
    let snapshot = taken(&log, &entity);
    assert_eq!(stands(&snapshot, &log), Ok(()));
    note(&log, &mut entity, "two", &ids);
    assert_eq!(stands(&snapshot, &log), Ok(()), "what comes behind it does not matter");
    note(&other, &mut Entity::new(stream()), "one", &ids);
    assert_eq!(stands(&snapshot, &other), Err(Misfit::Other(format!("log {}", log.id()))));
}

#[test]
fn a_snapshot_of_what_a_power_cut_took_is_not_believed_even_when_something_else_stands_there() {
    let (log, ids) = (MemoryLog::manual(), Counter::default());
    let mut entity = Entity::new(stream());
    note(&log, &mut entity, "one", &ids);
    let decision = entity.handle(add("a"), outside("two"), &ids).unwrap();
    append(&log, &mut entity, decision);
    let begun = entity.settle(begin("a"), inside(), &ids).unwrap();
    assert_eq!(begun.ack, Ack::Written);
    append(&log, &mut entity, begun);
    assert_eq!(log.link(stream(), Revision(2)).now_or_never().unwrap(), Ok(None), "what is only written is no place");
    // As if somebody had called it durable.
    let link = Link { position: Position(2), chain: Chain([7; 32]) };
    let snapshot = Snapshot::read(entity.snapshot(PROGRAM, log.id(), link).unwrap().unwrap()).unwrap();
    assert_eq!(stands(&snapshot, &log), Err(Misfit::Foreign(Revision(2))), "it lies ahead");
    log.sync().now_or_never().unwrap().unwrap();
    assert_eq!(stands(&snapshot, &log), Err(Misfit::Foreign(Revision(2))), "its chain is another");
    assert_eq!(stands(&taken(&log, &entity), &log), Ok(()));
}
