//! A host in miniature drives the runner at random: places are neither exceeded nor lost, and nothing runs twice.

use proptest::{prelude::*, sample::Index};

use super::*;

const CAPACITY: usize = 2;
const LANES: [&str; 2] = ["tools", "model/lab"];

#[derive(Debug, Clone)]
enum Step {
    /// A stream wants another piece of work, or one that it wanted before.
    Want { stream: usize, key: usize, class: Class, lane: usize },
    /// It does not want it any more.
    Drop { stream: usize, key: usize },
    /// It queues elsewhere.
    Move { stream: usize, key: usize, lane: usize },
    /// The entity answers what it was asked.
    Answer { asked: Index, accept: bool },
    /// What runs ends; or its report leaves it wanted.
    End { running: Index, wanted_still: bool },
    /// Something that does not run is said to have ended, begun or been refused.
    Stray { stream: usize, key: usize },
    /// The actor ends.
    Orphan { stream: usize },
    /// It is woken.
    Wake { stream: usize },
    /// Time passes.
    Pass { ms: u64 },
}

type Name = (StreamId, EffectKey);

#[derive(Debug, Clone, PartialEq)]
enum Asked {
    Begin,
    Lose(Attempt),
}

#[derive(Debug)]
struct Held {
    lane: Arc<str>,
    running: Option<Attempt>,
}

struct Host {
    runner: Runner<Arc<str>>,
    wants: BTreeMap<StreamId, BTreeMap<EffectKey, Want<Arc<str>>>>,
    asleep: BTreeSet<StreamId>,
    asked: Vec<(Name, Asked)>,
    /// Who has a place, by what the runner said.
    held: BTreeMap<Name, Held>,
    struck: BTreeMap<Name, (u32, Micros)>,
    now: Micros,
}

impl Host {
    fn new() -> Self {
        let (wants, asleep, asked) = (BTreeMap::new(), BTreeSet::new(), vec![]);
        let (held, struck) = (BTreeMap::new(), BTreeMap::new());
        Self { runner: runner(CAPACITY), wants, asleep, asked, held, struck, now: Micros(0) }
    }

    fn stream(n: usize) -> StreamId {
        stream(["a", "b", "c"][n])
    }

    fn key(n: usize) -> EffectKey {
        key(["k", "l", "m", "n"][n])
    }

    fn compare(&mut self, stream: &StreamId) {
        if self.asleep.contains(stream) {
            return;
        }
        let wants = self.wants.get(stream).cloned().unwrap_or_default();
        self.held.retain(|(of, key), held| of != stream || wants.contains_key(key) || held.running.is_some());
        self.struck.retain(|(of, key), _| of != stream || wants.contains_key(key));
        let actions = self.runner.compare(stream, wants, self.now);
        self.act(actions);
        let idle = |(of, _): &Name| of != stream;
        let gone = self.held.keys().filter(|name| !idle(name)).all(|(_, key)| self.wants[stream].contains_key(key));
        assert!(gone, "nothing of a stream has a place that it does not want");
    }

    fn act(&mut self, actions: Vec<Action<Arc<str>>>) {
        for action in actions {
            match action {
                Action::Begin { stream, key } => {
                    self.hold((stream, key), None, Some(Asked::Begin));
                }
                Action::Lose { stream, key, attempt } => {
                    let want = &self.wants[&stream][&key];
                    assert_eq!((want.class, want.begun), (Class::Once, Some(attempt)));
                    self.hold((stream, key), None, Some(Asked::Lose(attempt)));
                }
                Action::Start { stream, key, attempt, work } => {
                    let want = &self.wants[&stream][&key];
                    assert_eq!(want.work, work);
                    if want.class == Class::Free {
                        self.hold((stream, key), Some(attempt), None);
                    } else {
                        assert_eq!(want.begun, Some(attempt), "nothing starts but the attempt that was begun");
                        let held = self.held.get_mut(&(stream, key)).expect("it had its place before it began");
                        assert_eq!(held.running.replace(attempt), None, "nothing runs twice");
                    }
                }
                Action::Cancel { stream, key, attempt } => {
                    let held = self.held.remove(&(stream, key)).expect("what is cancelled runs");
                    assert_eq!(held.running, Some(attempt));
                }
                Action::Quarantine { stream, reason } => {
                    assert!(reason.contains("still wanted after 5 reports"), "{reason}");
                    self.wants.remove(&stream);
                    self.asked.retain(|((of, _), _)| *of != stream);
                    self.wants.insert(stream.clone(), BTreeMap::new());
                    self.compare(&stream);
                }
            }
        }
    }

    fn hold(&mut self, name: Name, running: Option<Attempt>, asked: Option<Asked>) {
        let lane = self.wants[&name.0][&name.1].lane.name.clone();
        let before = self.held.insert(name.clone(), Held { lane, running });
        assert!(before.is_none(), "{name:?} has one place only");
        self.asked.extend(asked.map(|asked| (name, asked)));
    }

    fn check(&self) {
        assert_eq!(self.runner.running(), self.held.len(), "{:?}", self.held);
        let taken = |lane: &str| self.held.values().filter(|held| &*held.lane == lane).count();
        assert!(LANES.iter().all(|lane| taken(lane) <= CAPACITY), "{:?}", self.held);
        for (stream, wants) in self.wants.iter().filter(|(stream, _)| !self.asleep.contains(*stream)) {
            for (key, want) in wants {
                let name = (stream.clone(), key.clone());
                let struck = self.struck.get(&name).is_some_and(|(_, until)| *until > self.now);
                let waits = !self.held.contains_key(&name) && !struck;
                assert!(!waits || taken(&want.lane.name) == CAPACITY, "{name:?} waits though there is room");
            }
        }
    }

    fn want_mut(&mut self, name: &Name) -> Option<&mut Want<Arc<str>>> {
        self.wants.get_mut(&name.0)?.get_mut(&name.1)
    }

    fn unwant(&mut self, name: &Name) {
        if let Some(wants) = self.wants.get_mut(&name.0) {
            wants.remove(&name.1);
        }
    }

    /// The runner frees the place of what was asked and not done.
    fn refuse(&mut self, name: &Name) {
        if self.held.get(name).is_some_and(|held| held.running.is_none()) {
            self.held.remove(name);
        }
        let actions = self.runner.refused(&name.0, &name.1);
        self.act(actions);
    }

    fn answer(&mut self, name: Name, asked: Asked, accept: bool) {
        let now_begun = self.want_mut(&name).filter(|want| match asked {
            Asked::Begin => accept && (want.class != Class::Once || want.begun.is_none()),
            Asked::Lose(attempt) => want.begun == Some(attempt),
        });
        match (now_begun, asked) {
            (Some(want), Asked::Begin) => {
                let attempt = Attempt::after(want.begun);
                want.begun = Some(attempt);
                let actions = self.runner.begun(&name.0, &name.1, attempt);
                self.act(actions);
            }
            (Some(_), Asked::Lose(_)) => {
                self.unwant(&name);
                self.refuse(&name);
            }
            (None, _) => self.refuse(&name),
        }
        self.compare(&name.0);
    }

    fn end(&mut self, name: Name, attempt: Attempt, wanted_still: bool) {
        if wanted_still {
            self.runner.strike(&name.0, &name.1, self.now);
            let (count, until) = self.struck.entry(name.clone()).or_insert((0, self.now));
            *until = self.now.plus_ms(1000 << *count);
            *count += 1;
        } else {
            self.unwant(&name);
        }
        self.held.remove(&name);
        let actions = self.runner.ended(&name.0, &name.1, attempt);
        self.act(actions);
        self.compare(&name.0);
    }

    fn running(&self) -> Vec<(Name, Attempt)> {
        self.held.iter().filter_map(|(name, held)| Some((name.clone(), held.running?))).collect()
    }

    fn pass(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        for stream in self.runner.due(self.now) {
            self.compare(&stream);
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Want { stream, key, class, lane } => {
                let (stream, key, since) = (Self::stream(stream), Self::key(key), self.now);
                let lane = super::lane(LANES[lane], stream.as_str());
                let new = Want { class, begun: None, lane, since, work: key.as_str().into() };
                self.wants.entry(stream.clone()).or_default().entry(key).or_insert(new);
                self.compare(&stream);
            }
            Step::Drop { stream, key } => {
                let stream = Self::stream(stream);
                self.unwant(&(stream.clone(), Self::key(key)));
                self.compare(&stream);
            }
            Step::Move { stream, key, lane } => {
                let name = (Self::stream(stream), Self::key(key));
                if let Some(want) = self.want_mut(&name) {
                    want.lane.name = LANES[lane].into();
                }
                self.compare(&name.0);
            }
            Step::Answer { asked, accept } => {
                if !self.asked.is_empty() {
                    let at = asked.index(self.asked.len());
                    let (name, asked) = self.asked.remove(at);
                    self.answer(name, asked, accept);
                }
            }
            Step::End { running, wanted_still } => {
                let all = self.running();
                if !all.is_empty() {
                    let (name, attempt) = running.get(&all).clone();
                    self.end(name, attempt, wanted_still);
                }
            }
            Step::Stray { stream, key } => {
                let name = (Self::stream(stream), Self::key(key));
                assert_eq!(self.runner.ended(&name.0, &name.1, Attempt(99)), []);
                if self.held.get(&name).is_none_or(|held| held.running.is_some()) {
                    assert_eq!(self.runner.refused(&name.0, &name.1), []);
                    assert_eq!(self.runner.begun(&name.0, &name.1, Attempt(99)), []);
                }
            }
            Step::Orphan { stream } => {
                let stream = Self::stream(stream);
                self.asleep.insert(stream.clone());
                self.asked.retain(|((of, _), _)| *of != stream);
                self.held.retain(|(of, _), held| *of != stream || held.running.is_some());
                let actions = self.runner.orphaned(&stream);
                self.act(actions);
            }
            Step::Wake { stream } => {
                let stream = Self::stream(stream);
                self.asleep.remove(&stream);
                self.compare(&stream);
            }
            Step::Pass { ms } => self.pass(ms),
        }
        self.check();
    }

    /// Everyone is awake, and everything ends.
    fn drain(&mut self) {
        for n in 0..3 {
            self.step(Step::Wake { stream: n });
        }
        for _ in 0..1000 {
            if let Some((name, asked)) = self.asked.pop() {
                self.answer(name, asked, true);
            } else if let Some((name, attempt)) = self.running().pop() {
                self.end(name, attempt, false);
            } else {
                self.pass(60_000);
            }
            self.check();
            if self.wants.values().all(BTreeMap::is_empty) {
                return;
            }
        }
        panic!("everything that is wanted comes to its end");
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let class = prop_oneof![Just(Class::Free), Just(Class::Repeat), Just(Class::Keyed), Just(Class::Once)];
    let (stream, key, lane) = (|| 0..3_usize, || 0..4_usize, || 0..LANES.len());
    let index = any::<Index>;
    let step = prop_oneof![
        6 => (stream(), key(), class, lane()).prop_map(|(stream, key, class, lane)| {
            Step::Want { stream, key, class, lane }
        }),
        2 => (stream(), key()).prop_map(|(stream, key)| Step::Drop { stream, key }),
        2 => (stream(), key(), lane()).prop_map(|(stream, key, lane)| Step::Move { stream, key, lane }),
        6 => (index(), proptest::bool::weighted(0.8)).prop_map(|(asked, accept)| Step::Answer { asked, accept }),
        4 => (index(), proptest::bool::weighted(0.2)).prop_map(|(running, wanted_still)| {
            Step::End { running, wanted_still }
        }),
        1 => (stream(), key()).prop_map(|(stream, key)| Step::Stray { stream, key }),
        1 => stream().prop_map(|stream| Step::Orphan { stream }),
        1 => stream().prop_map(|stream| Step::Wake { stream }),
        1 => (0..5000_u64).prop_map(|ms| Step::Pass { ms }),
    ];
    proptest::collection::vec(step, 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn places_are_kept_nothing_runs_twice_and_nobody_waits_for_nothing(steps in steps()) {
        let mut host = Host::new();
        for step in steps {
            host.step(step);
        }
        host.drain();
        prop_assert_eq!(host.runner.running(), 0);
        prop_assert!((0..3).all(|n| host.runner.is_idle(&Host::stream(n))));
    }
}
