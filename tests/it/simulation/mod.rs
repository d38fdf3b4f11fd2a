//! The core under every fault at every moment, by seeds: entities, runner and log as in the product, on one thread, with a
//! scheduler that picks what happens next at random and a plan of what goes wrong.
//!
//! A run with faults must end as the clean run of its seed does, and lose nothing that anybody was told. `make sim` runs more
//! seeds than the tests do; a seed that failed is run again by `REENACT_SIM_FROM=SEED REENACT_SIM_SEEDS=1 make sim`, and goes
//! into [`kept`] once what it found is mended.

mod actor;
mod chat;
mod dice;
mod ends;
mod failure;
mod faults;
mod host;
mod jobs;
mod kept;
mod lists;
mod readers;
mod snapshots;
mod steer;
mod stopping;
mod story;
mod world;

use std::cmp::Reverse;

use reenact::entities::chat::Chat;
use replay::decider::Class;

use self::{
    ends::{Ends, check},
    failure::Failure,
    faults::{Broken, Crash, Faults},
    jobs::Jobs,
    stopping::Stopping,
    story::Story,
    world::{Stop, World},
};

/// Runs a seed from its first life to the end of its last, and checks what every run must keep.
fn run<S: Story>(seed: u64, faults: Faults) -> Result<World<S>, Failure> {
    let mut world = World::new(seed, faults);
    loop {
        match host::live(&mut world) {
            Ok(()) => break,
            Err(Stop::Crash(crash)) => world.crashed(crash),
            Err(Stop::Failed(failure)) => return Err(failure),
        }
    }
    check(&world)?;
    Ok(world)
}

fn compare<S: Story>(world: &World<S>, clean: &Ends) -> Result<(), Failure> {
    if !S::COMPARED {
        return Ok(());
    }
    Ends::of(world)?.compare(clean)?;
    let missing = |place: &&_| !world.done.contains_key(*place) && !world.cut_off.contains(*place);
    match clean.done().iter().find(missing) {
        Some((stream, key)) => Err(Failure::NeverDone { stream: stream.clone(), key: key.clone() }),
        None => Ok(()),
    }
}

/// Runs a seed with faults, compares its end with the clean run's, and runs it again: the same must happen, to the byte.
fn run_twice<S: Story>(seed: u64, faults: &Faults) -> Result<u64, Failure> {
    let clean = Ends::of(&run::<S>(seed, Faults::none())?)?;
    let one = run::<S>(seed, faults.clone())?;
    compare(&one, &clean)?;
    let story = |world: &World<S>| {
        let record = |record: replay::record::Record| format!("{record:?}");
        let records: Vec<_> = world.all_records(replay::ids::Position(0)).into_iter().map(record).collect();
        (records, world.moments, world.crashes, world.done.clone())
    };
    let other = run::<S>(seed, faults.clone())?;
    if story(&one) == story(&other) { Ok(one.crashes) } else { Err(Failure::NotDeterministic) }
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// The first seed, and how many.
fn seeds() -> (u64, u64) {
    (from_environment("REENACT_SIM_FROM", 0), from_environment("REENACT_SIM_SEEDS", 200))
}

/// Runs many seeds, and says how often the server crashed in them.
fn run_seeds<S: Story>(name: &str) {
    let (from, count) = seeds();
    let mut crashes = 0;
    for seed in kept::of(name).chain(from..from + count) {
        match run_twice::<S>(seed, &Faults::random(seed)) {
            Ok(more) => crashes += more,
            Err(failure) => panic!(
                "seed {seed} of {name}: {failure}\nagain: REENACT_SIM_FROM={seed} REENACT_SIM_SEEDS=1 make sim\nonce mended, it belongs into tests/it/simulation/kept.rs"
            ),
        }
    }
    println!("{name}: {count} seeds from {from}, {crashes} crashes, every end as it must be");
    assert!(crashes >= count || count < 20, "the faults do not crash the server often enough to prove anything");
}

/// Of ten seeds the one whose story has work of the most classes in the fewest moments: a crash at each of them takes a while.
fn telling<S: Story>(from: u64) -> u64 {
    let clean = |seed| run::<S>(seed, Faults::none()).unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
    let told = |seed| {
        let world = clean(seed);
        let has = |class| world.classes.values().any(|of| *of == class);
        let classes = [Class::Free, Class::Repeat, Class::Keyed, Class::Once].into_iter().filter(|class| has(*class));
        (classes.count(), Reverse(world.moments))
    };
    (from..from + 10).max_by_key(|seed| told(*seed)).expect("there are ten")
}

/// Crashes at each moment of a run, in both ways; one run for `part` seeds.
fn crash_everywhere<S: Story>(name: &str, part: u64) {
    let mut runs = 0;
    let (from, count) = seeds();
    for nth in 0..count.div_ceil(part) {
        let seed = telling::<S>(from + 10 * nth);
        let clean = run::<S>(seed, Faults::none()).unwrap();
        let ends = Ends::of(&clean).unwrap();
        for moment in 1..=clean.moments {
            for crash in [Crash::Kill, Crash::PowerCut] {
                let world = run::<S>(seed, Faults::one(moment, crash)).and_then(|world| {
                    compare(&world, &ends)?;
                    Ok(world)
                });
                let world = world.unwrap_or_else(|failure| panic!("seed {seed}, {crash:?} at {moment}: {failure}"));
                assert_eq!(world.crashes, 1);
                runs += 1;
            }
        }
    }
    println!("{name}: {runs} runs, each with a crash at another moment");
}

#[test]
fn jobs_of_every_class_survive_everything() {
    run_seeds::<Jobs>("jobs");
}

#[test]
fn a_chat_with_tools_survives_everything() {
    run_seeds::<Chat>("chat");
}

#[test]
fn chats_whose_turns_are_stopped_at_any_moment_survive_everything() {
    run_seeds::<Stopping>("stopping");
}

#[test]
fn jobs_survive_a_crash_at_every_moment() {
    crash_everywhere::<Jobs>("jobs", 100);
}

#[test]
fn a_chat_survives_a_crash_at_every_moment() {
    crash_everywhere::<Chat>("chat", 200);
}

#[test]
fn a_chat_whose_turns_are_stopped_survives_a_crash_at_every_moment() {
    crash_everywhere::<Stopping>("stopping", 200);
}

/// The seeds find a core that is broken on purpose, by this sort of failure.
fn is_found_out<S: Story>(broken: Broken, by: impl Fn(&Failure) -> bool) {
    let mut found = vec![];
    for seed in 0..40 {
        match run_twice::<S>(seed, &Faults::random(seed).broken(broken)) {
            Err(failure) if by(&failure) => return,
            Err(failure) => found.push(failure),
            Ok(_) => {}
        }
    }
    panic!("{broken:?} is not found out; found was {found:?}");
}

fn are_found_out(broken: Broken, by: fn(&Failure) -> bool) {
    is_found_out::<Jobs>(broken, by);
    is_found_out::<Chat>(broken, by);
}

/// A command was done twice, or answered otherwise.
fn is_doubled(failure: &Failure) -> bool {
    matches!(failure, Failure::EndDiffers { .. } | Failure::AnsweredDifferently { .. } | Failure::Refused { .. })
}

#[test]
fn a_server_that_wakes_nobody_at_start_is_found_out() {
    are_found_out(Broken::SleepsThroughStart, |failure| matches!(failure, Failure::StillWanted { .. }));
}

#[test]
fn a_server_that_forgets_commands_is_found_out() {
    are_found_out(Broken::ForgetsCommands, is_doubled);
}

#[test]
fn outcomes_recorded_before_the_work_is_done_are_found_out() {
    are_found_out(Broken::RecordsBeforeDoing, |failure| matches!(failure, Failure::NeverDone { .. }));
}

#[test]
fn work_done_before_its_begin_is_appended_is_found_out() {
    are_found_out(Broken::DoesBeforeBeginning, |failure| matches!(failure, Failure::OnceTwice { .. }));
}

#[test]
fn snapshots_that_are_ahead_of_the_log_are_found_out() {
    are_found_out(Broken::SnapshotsAhead, |_| true);
}

#[test]
fn snapshots_that_forget_commands_are_found_out() {
    // The state that wakes is compared with the fold before anyone asks twice: that is what finds it in nearly every seed.
    let found = |failure: &Failure| is_doubled(failure) || matches!(failure, Failure::StateIsNotFold { .. });
    are_found_out(Broken::SnapshotsForgetCommands, found);
}

#[test]
fn a_subscription_that_begins_too_late_is_found_out() {
    are_found_out(Broken::SubscribesTooLate, |failure| matches!(failure, Failure::Gap { .. }));
}

#[test]
fn lists_that_skip_what_they_missed_are_found_out() {
    are_found_out(Broken::ListsSkip, |failure| matches!(failure, Failure::ListsDiffer { .. }));
}

#[test]
fn kept_seeds_are_those_of_stories_that_there_are() {
    let known = ["jobs", "chat", "stopping"];
    assert!(kept::KEPT.iter().all(|kept| known.contains(&kept.story) && !kept.found.is_empty()));
}
