//! Admission, adoption, losses, strikes; and what holds over any sequence of them.

use std::sync::Arc;

use super::*;

mod properties;

fn stream(id: &str) -> StreamId {
    format!("chat/{id}").parse().unwrap()
}

fn key(name: &str) -> EffectKey {
    EffectKey::new(name)
}

fn lane(name: &str, group: &str) -> Lane {
    Lane { name: name.into(), group: group.into() }
}

/// A want that begins at 0 in the lane `tools`, in the group `g`.
fn want(class: Class) -> Want<Arc<str>> {
    Want { class, begun: None, lane: lane("tools", "g"), since: Micros(0), work: "work".into() }
}

fn since(at: i64) -> Want<Arc<str>> {
    Want { since: Micros(at), ..want(Class::Repeat) }
}

fn begun(class: Class, attempt: u32) -> Want<Arc<str>> {
    Want { begun: Some(Attempt(attempt)), ..want(class) }
}

fn wants<const N: usize>(wants: [(&str, Want<Arc<str>>); N]) -> BTreeMap<EffectKey, Want<Arc<str>>> {
    wants.into_iter().map(|(name, want)| (key(name), want)).collect()
}

fn runner(capacity: usize) -> Runner<Arc<str>> {
    Runner::new(capacity, HashMap::new())
}

fn begin(id: &str, name: &str) -> Action<Arc<str>> {
    Action::Begin { stream: stream(id), key: key(name) }
}

fn start(id: &str, name: &str, attempt: u32) -> Action<Arc<str>> {
    Action::Start { stream: stream(id), key: key(name), attempt: Attempt(attempt), work: "work".into() }
}

fn cancel(id: &str, name: &str, attempt: u32) -> Action<Arc<str>> {
    Action::Cancel { stream: stream(id), key: key(name), attempt: Attempt(attempt) }
}

fn lose(id: &str, name: &str, attempt: u32) -> Action<Arc<str>> {
    Action::Lose { stream: stream(id), key: key(name), attempt: Attempt(attempt) }
}

const NOW: Micros = Micros(0);

/// A runner in which `k` of stream `a` runs as attempt 1.
fn running(class: Class) -> Runner<Arc<str>> {
    let mut runner = runner(1);
    assert_eq!(runner.compare(&stream("a"), wants([("k", want(class))]), NOW), [begin("a", "k")]);
    assert_eq!(runner.begun(&stream("a"), &key("k"), Attempt(1)), [start("a", "k", 1)]);
    assert_eq!(runner.compare(&stream("a"), wants([("k", begun(class, 1))]), NOW), []);
    runner
}

#[test]
fn work_starts_after_the_entity_began_it() {
    let mut runner = running(Class::Once);
    assert_eq!(runner.running(), 1);
    assert_eq!(runner.ended(&stream("a"), &key("k"), Attempt(1)), []);
    assert_eq!(runner.compare(&stream("a"), wants([]), NOW), []);
    assert!(runner.is_idle(&stream("a")));
}

#[test]
fn the_load_says_where_work_waits_and_runs() {
    let mut runner = runner(1);
    let place = |kind: &str| Place { lane: "tools".into(), kind: kind.into() };
    assert_eq!(runner.load(), BTreeMap::new());
    runner.compare(
        &stream("a"),
        wants([("tool/1", want(Class::Repeat)), ("tool/2", since(1)), ("wait/1", since(2))]),
        NOW,
    );
    let load = runner.load();
    assert_eq!(load[&place("tool")], Load { waiting: 1, running: 1 });
    assert_eq!(load[&place("wait")], Load { waiting: 1, running: 0 });
    runner.compare(&stream("a"), wants([]), NOW);
    assert_eq!(runner.load(), BTreeMap::new());
}

#[test]
fn free_work_starts_at_once_and_goes_on_without_an_attempt() {
    let mut runner = runner(1);
    let timer = || wants([("k", want(Class::Free))]);
    assert_eq!(runner.compare(&stream("a"), timer(), NOW), [start("a", "k", 0)]);
    assert_eq!(runner.compare(&stream("a"), timer(), NOW), []);
    assert_eq!(runner.orphaned(&stream("a")), []);
    assert_eq!(runner.compare(&stream("a"), timer(), NOW), [], "it is adopted");
    assert_eq!(runner.ended(&stream("a"), &key("k"), Attempt(0)), []);
    assert!(runner.is_idle(&stream("a")));
}

#[test]
fn a_lane_admits_as_many_as_it_has_places_the_oldest_first() {
    let mut runner = runner(2);
    let four = wants([("a", since(4)), ("b", since(3)), ("c", since(2)), ("d", since(1))]);
    assert_eq!(runner.compare(&stream("a"), four, NOW), [begin("a", "d"), begin("a", "c")]);
    assert_eq!(runner.refused(&stream("a"), &key("d")), [begin("a", "b")]);
    assert_eq!(runner.refused(&stream("a"), &key("c")), [begin("a", "a")]);
    assert_eq!(runner.running(), 2);
}

#[test]
fn the_groups_of_a_lane_take_turns() {
    let mut runner = runner(1);
    let of = |group: &str, at| Want { lane: lane("tools", group), ..since(at) };
    let first = wants([("1", of("x", 1)), ("2", of("x", 2)), ("3", of("x", 3))]);
    assert_eq!(runner.compare(&stream("a"), first, NOW), [begin("a", "1")]);
    runner.compare(&stream("b"), wants([("4", of("y", 8)), ("5", of("y", 9))]), NOW);
    let mut order = vec![];
    let (mut id, mut name) = ("a", "1".to_owned());
    loop {
        match &runner.refused(&stream(id), &key(&name))[..] {
            [Action::Begin { stream, key }] => {
                id = if *stream == self::stream("a") { "a" } else { "b" };
                name = key.as_str().to_owned();
                order.push(name.clone());
            }
            [] => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(order, ["4", "2", "5", "3"]);
}

#[test]
fn lanes_have_places_of_their_own_and_a_family_shares_its_number_not_its_places() {
    let capacities = HashMap::from([("model".to_owned(), 1), ("model/big".to_owned(), 2)]);
    let mut runner = Runner::new(1, capacities);
    let of = |name: &str, at| Want { lane: lane(name, "g"), ..since(at) };
    let all = wants([
        ("1", of("model/big", 1)),
        ("2", of("model/big", 2)),
        ("3", of("model/big", 3)),
        ("4", of("model/lab", 4)),
        ("5", of("model/lab", 5)),
        ("6", of("tools", 6)),
        ("7", of("tools", 7)),
    ]);
    let begun: Vec<_> = runner.compare(&stream("a"), all, NOW);
    assert_eq!(begun, [begin("a", "1"), begin("a", "2"), begin("a", "4"), begin("a", "6")]);
}

#[test]
fn what_is_wanted_no_more_is_cancelled_and_its_place_is_free() {
    let mut runner = running(Class::Repeat);
    assert_eq!(runner.compare(&stream("b"), wants([("k", want(Class::Repeat))]), NOW), []);
    assert_eq!(runner.compare(&stream("a"), wants([]), NOW), [cancel("a", "k", 1), begin("b", "k")]);
    assert_eq!(runner.ended(&stream("a"), &key("k"), Attempt(1)), [], "that it has ended is no news");
    assert_eq!(runner.running(), 1);
}

#[test]
fn what_waits_is_dropped_without_a_word() {
    let mut runner = running(Class::Repeat);
    runner.compare(&stream("b"), wants([("k", want(Class::Repeat))]), NOW);
    assert_eq!(runner.compare(&stream("b"), wants([]), NOW), []);
    assert_eq!(runner.ended(&stream("a"), &key("k"), Attempt(1)), []);
}

#[test]
fn what_is_cancelled_while_it_begins_never_starts() {
    let mut runner = runner(1);
    runner.compare(&stream("a"), wants([("k", want(Class::Repeat))]), NOW);
    assert_eq!(runner.compare(&stream("a"), wants([]), NOW), []);
    assert_eq!(runner.begun(&stream("a"), &key("k"), Attempt(1)), []);
    assert_eq!(runner.running(), 0);
}

#[test]
fn a_new_actor_adopts_the_attempt_that_was_begun() {
    let mut runner = running(Class::Once);
    assert_eq!(runner.orphaned(&stream("a")), []);
    assert_eq!(runner.compare(&stream("a"), wants([("k", begun(Class::Once, 1))]), NOW), []);
    assert_eq!(runner.ended(&stream("a"), &key("k"), Attempt(1)), []);
}

#[test]
fn another_attempt_than_the_begun_one_is_cancelled() {
    let mut runner = running(Class::Repeat);
    let actions = runner.compare(&stream("a"), wants([("k", begun(Class::Repeat, 2))]), NOW);
    assert_eq!(actions, [cancel("a", "k", 1), begin("a", "k")]);
    assert_eq!(runner.ended(&stream("a"), &key("k"), Attempt(1)), [], "the old one's end is not the new one's");
    assert_eq!(runner.begun(&stream("a"), &key("k"), Attempt(3)), [start("a", "k", 3)]);
}

#[test]
fn with_its_actor_goes_what_was_asked_to_begin_and_others_come() {
    let mut runner = runner(1);
    assert_eq!(runner.compare(&stream("a"), wants([("k", want(Class::Repeat))]), NOW), [begin("a", "k")]);
    assert_eq!(runner.compare(&stream("b"), wants([("k", want(Class::Repeat))]), NOW), []);
    assert_eq!(runner.orphaned(&stream("a")), [begin("b", "k")]);
    assert_eq!(runner.begun(&stream("a"), &key("k"), Attempt(1)), [], "the answer to the dead is not heard");
    assert!(runner.is_idle(&stream("a")));
}

#[test]
fn begun_work_that_runs_nowhere_is_lost_or_begins_again_by_its_class() {
    for (class, action) in
        [(Class::Once, lose("a", "k", 3)), (Class::Repeat, begin("a", "k")), (Class::Keyed, begin("a", "k"))]
    {
        let actions = runner(1).compare(&stream("a"), wants([("k", begun(class, 3))]), NOW);
        assert_eq!(actions, [action], "{class:?}");
    }
}

#[test]
fn what_was_lost_is_settled_once_and_frees_its_place() {
    let mut runner = runner(1);
    let lost = || wants([("k", begun(Class::Once, 1))]);
    assert_eq!(runner.compare(&stream("a"), lost(), NOW), [lose("a", "k", 1)]);
    assert_eq!(runner.compare(&stream("a"), lost(), NOW), []);
    assert_eq!(runner.refused(&stream("a"), &key("k")), []);
    assert!(runner.is_idle(&stream("a")));
}

#[test]
fn a_begin_that_is_answered_twice_starts_once() {
    let mut runner = running(Class::Repeat);
    assert_eq!(runner.begun(&stream("a"), &key("k"), Attempt(2)), []);
    assert_eq!(runner.refused(&stream("a"), &key("k")), [], "nor does a late refusal end it");
    assert_eq!(runner.running(), 1);
}

#[test]
fn a_key_with_other_work_is_a_bug_that_takes_the_stream_out_of_service() {
    let mut runner = running(Class::Repeat);
    runner.compare(&stream("b"), wants([("k", want(Class::Repeat))]), NOW);
    let other = Want { work: "other".into(), ..begun(Class::Repeat, 1) };
    let (stream, reason) = (stream("a"), "`k` names other work than before".into());
    let actions = runner.compare(&stream, wants([("k", other), ("l", want(Class::Repeat))]), NOW);
    assert_eq!(actions, [cancel("a", "k", 1), Action::Quarantine { stream: stream.clone(), reason }, begin("b", "k")]);
    assert!(runner.is_idle(&stream), "it keeps no place");
}

#[test]
fn what_waits_may_move_to_another_lane() {
    let mut runner = running(Class::Repeat);
    runner.compare(&stream("b"), wants([("k", since(5))]), NOW);
    let moved = Want { lane: lane("model/lab", "g"), ..since(5) };
    assert_eq!(runner.compare(&stream("b"), wants([("k", moved)]), NOW), [begin("b", "k")]);
    assert_eq!(runner.ended(&stream("a"), &key("k"), Attempt(1)), [], "it waits in its old lane no more");
    assert_eq!(runner.refused(&stream("b"), &key("k")), []);
    assert_eq!(runner.compare(&stream("c"), wants([("k", since(6))]), NOW), [begin("c", "k")]);
}

#[test]
fn what_has_a_place_keeps_it_though_its_want_moves_to_another_lane() {
    let mut runner = runner(1);
    runner.compare(&stream("a"), wants([("k", want(Class::Repeat))]), NOW);
    let moved = Want { lane: lane("model/lab", "g"), ..want(Class::Repeat) };
    assert_eq!(runner.compare(&stream("a"), wants([("k", moved.clone())]), NOW), []);
    assert_eq!(runner.begun(&stream("a"), &key("k"), Attempt(1)), [start("a", "k", 1)]);
    assert_eq!(runner.compare(&stream("b"), wants([("k", want(Class::Repeat))]), NOW), [], "its old lane is full");
    assert_eq!(runner.ended(&stream("a"), &key("k"), Attempt(1)), [begin("b", "k")]);
}

#[test]
fn what_waits_may_begin_to_wait_anew() {
    let mut runner = running(Class::Repeat);
    runner.compare(&stream("b"), wants([("k", since(1))]), NOW);
    runner.compare(&stream("c"), wants([("k", since(2))]), NOW);
    runner.compare(&stream("b"), wants([("k", since(3))]), NOW);
    assert_eq!(runner.ended(&stream("a"), &key("k"), Attempt(1)), [begin("c", "k")]);
}

/// A report was accepted and its key is wanted as before.
fn strike(runner: &mut Runner<Arc<str>>, attempt: u32, now: Micros) -> Vec<Action<Arc<str>>> {
    runner.strike(&stream("a"), &key("k"), now);
    runner.ended(&stream("a"), &key("k"), Attempt(attempt));
    runner.compare(&stream("a"), wants([("k", begun(Class::Repeat, attempt))]), now)
}

#[test]
fn a_key_that_its_report_leaves_wanted_waits_ever_longer_and_then_ends_the_stream() {
    let mut runner = running(Class::Repeat);
    let mut now = NOW;
    for (attempt, wait_ms) in [(1, 1000), (2, 2000), (3, 4000), (4, 8000)] {
        assert_eq!(strike(&mut runner, attempt, now), [], "it waits");
        assert_eq!(runner.due(now.plus_ms(wait_ms - 1)), []);
        now = now.plus_ms(wait_ms);
        assert_eq!(runner.due(now), [stream("a")]);
        let again = wants([("k", begun(Class::Repeat, attempt))]);
        assert_eq!(runner.compare(&stream("a"), again, now), [begin("a", "k")]);
        assert_eq!(runner.due(now), [], "it runs again: nobody needs to look");
        let next = attempt + 1;
        assert_eq!(runner.begun(&stream("a"), &key("k"), Attempt(next)), [start("a", "k", next)]);
    }
    let actions = strike(&mut runner, 5, now);
    let [Action::Quarantine { reason, .. }] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(reason, "`k` is still wanted after 5 reports");
    assert_eq!(runner.due(Micros(i64::MAX)), [], "a stream out of service is not woken");
}

#[test]
fn strikes_are_forgotten_once_the_key_is_wanted_no_more() {
    let mut runner = running(Class::Repeat);
    strike(&mut runner, 1, NOW);
    runner.compare(&stream("a"), wants([]), NOW);
    assert_eq!(runner.compare(&stream("a"), wants([("k", want(Class::Repeat))]), NOW), [begin("a", "k")]);
}
