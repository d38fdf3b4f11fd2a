//! Which effects run: a pure state machine that compares what streams want with what runs.
//!
//! It holds no futures and sends no messages. The host tells it what is wanted and what ended, and does the [`Action`]s it
//! answers with; the simulation does the same, with scripted work.
//!
//! ```text
//!           wanted                begun by the entity            reported
//! (nothing) ──────▶ Waiting ─▶ Beginning ──────────▶ Running ─────────────▶ (nothing)
//!                   in a lane  reserved before Begin
//! ```

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    decider::{Attempt, Class, EffectKey, Lane, Want},
    ids::{Micros, StreamId},
};

/// What the host is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action<W> {
    /// Send the entity `Begin`; on acceptance call [`Runner::begun`], on refusal [`Runner::refused`].
    Begin {
        /// The stream.
        stream: StreamId,
        /// Which work.
        key: EffectKey,
    },
    /// Start the work. When its report is appended or refused, call [`Runner::ended`].
    Start {
        /// The stream.
        stream: StreamId,
        /// Which work.
        key: EffectKey,
        /// Which attempt; 0 for `Free` work.
        attempt: Attempt,
        /// The work.
        work: W,
    },
    /// Stop the work: nobody waits for it any more.
    Cancel {
        /// The stream.
        stream: StreamId,
        /// Which work.
        key: EffectKey,
        /// Which attempt.
        attempt: Attempt,
    },
    /// Send the entity `Lost`: the work was begun and runs nowhere.
    Lose {
        /// The stream.
        stream: StreamId,
        /// Which work.
        key: EffectKey,
        /// Which attempt.
        attempt: Attempt,
    },
    /// Take the stream out of service: its rules are broken. What it had running was cancelled just before.
    Quarantine {
        /// The stream.
        stream: StreamId,
        /// Why.
        reason: String,
    },
}

/// After so many reports that left their own key wanted, the stream is quarantined.
const STRIKES: u32 = 5;

#[derive(Debug)]
struct Entry<W> {
    want: Want<W>,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// In its lane's queue.
    Waiting,
    /// It has its place in the lane; the entity was asked to begin, or to settle what was lost.
    Beginning,
    /// It runs.
    Running(Attempt),
}

#[derive(Debug, Default)]
struct LaneState {
    capacity: usize,
    /// Who has a place.
    places: usize,
    /// Who waits: by group, oldest first.
    waiting: BTreeMap<String, BTreeSet<(Micros, StreamId, EffectKey)>>,
    /// The group that was served last: the next one in order comes next.
    served: String,
}

#[derive(Debug)]
struct Strike {
    count: u32,
    until: Micros,
}

/// Where work waits and runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The lane.
    pub lane: Arc<str>,
    /// What kind of work: what stands before the slash in its key, as `call` in `call/3.1`.
    pub kind: String,
}

/// How much work there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// How many pieces wait for their lane.
    pub waiting: usize,
    /// How many have a place in it: they begin or run.
    pub running: usize,
}

/// The table of running effects of one process.
#[derive(Debug)]
pub struct Runner<W> {
    entries: HashMap<StreamId, BTreeMap<EffectKey, Entry<W>>>,
    lanes: HashMap<String, LaneState>,
    capacities: HashMap<String, usize>,
    default_capacity: usize,
    strikes: HashMap<(StreamId, EffectKey), Strike>,
}

impl<W: Clone + PartialEq> Runner<W> {
    /// With the capacity of every lane that is not named, and those of the named ones. A name may stand for a family: `model`
    /// for `model/openai`.
    pub fn new(default_capacity: usize, capacities: HashMap<String, usize>) -> Self {
        let (entries, lanes, strikes) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { entries, lanes, capacities, default_capacity, strikes }
    }

    /// Says what a stream wants now: after each change, and when it is woken.
    pub fn compare(&mut self, stream: &StreamId, wants: BTreeMap<EffectKey, Want<W>>, now: Micros) -> Vec<Action<W>> {
        let mut actions = vec![];
        let mut lanes = BTreeSet::new();
        for key in self.keys_not_in(stream, &wants) {
            self.drop_entry(stream, &key, &mut actions, &mut lanes);
        }
        if !self.strikes.is_empty() {
            self.strikes.retain(|(of, key), _| of != stream || wants.contains_key(key));
        }
        for (key, want) in wants {
            if let Err(reason) = self.want(stream, key, want, now, &mut actions, &mut lanes) {
                // A stream out of service keeps no places.
                for key in self.keys_not_in(stream, &BTreeMap::new()) {
                    self.drop_entry(stream, &key, &mut actions, &mut lanes);
                }
                actions.push(Action::Quarantine { stream: stream.clone(), reason });
                break;
            }
        }
        for lane in lanes {
            self.admit(&lane, &mut actions);
        }
        actions
    }

    fn keys_not_in(&self, stream: &StreamId, wants: &BTreeMap<EffectKey, Want<W>>) -> Vec<EffectKey> {
        let Some(entries) = self.entries.get(stream) else {
            return vec![];
        };
        entries.keys().filter(|key| !wants.contains_key(key)).cloned().collect()
    }

    fn want(
        &mut self,
        stream: &StreamId,
        key: EffectKey,
        want: Want<W>,
        now: Micros,
        actions: &mut Vec<Action<W>>,
        lanes: &mut BTreeSet<String>,
    ) -> Result<(), String> {
        if let Some(entry) = self.entries.get_mut(stream).and_then(|entries| entries.get_mut(&key)) {
            if entry.want.work != want.work {
                return Err(format!("`{key}` names other work than before"));
            }
            match entry.phase {
                // A new actor adopts what runs, if it is the attempt that was begun.
                Phase::Running(attempt) if want.class != Class::Free && want.begun != Some(attempt) => {
                    self.drop_entry(stream, &key, actions, lanes);
                }
                // Whoever has a place keeps it, wherever new work of this kind queues now.
                Phase::Beginning | Phase::Running(_) => {
                    let lane = entry.want.lane.clone();
                    entry.want = Want { lane, ..want };
                    return Ok(());
                }
                Phase::Waiting if entry.want.lane == want.lane && entry.want.since == want.since => {
                    entry.want = want;
                    return Ok(());
                }
                // It waits in another queue from now on.
                Phase::Waiting => self.drop_entry(stream, &key, actions, lanes),
            }
        }
        if let Some(strike) = self.strikes.get(&(stream.clone(), key.clone())) {
            if strike.count >= STRIKES {
                return Err(format!("`{key}` is still wanted after {STRIKES} reports"));
            }
            if now < strike.until {
                return Ok(());
            }
        }
        let lane = want.lane.clone();
        let place = (want.since, stream.clone(), key.clone());
        self.entries.entry(stream.clone()).or_default().insert(key, Entry { want, phase: Phase::Waiting });
        self.lane(&lane.name).waiting.entry(lane.group.to_string()).or_default().insert(place);
        lanes.insert(lane.name.to_string());
        Ok(())
    }

    /// The entity began an attempt of this work; compare its wants after this.
    pub fn begun(&mut self, stream: &StreamId, key: &EffectKey, attempt: Attempt) -> Vec<Action<W>> {
        let entry = self.entries.get_mut(stream).and_then(|entries| entries.get_mut(key));
        let Some(entry) = entry.filter(|entry| entry.phase == Phase::Beginning) else {
            return vec![];
        };
        entry.phase = Phase::Running(attempt);
        entry.want.begun = Some(attempt);
        vec![Action::Start { stream: stream.clone(), key: key.clone(), attempt, work: entry.want.work.clone() }]
    }

    /// The entity refused to begin this work, or settled what was lost; compare its wants after this.
    pub fn refused(&mut self, stream: &StreamId, key: &EffectKey) -> Vec<Action<W>> {
        self.free(stream, key, |phase| phase == Phase::Beginning)
    }

    /// The report of this attempt was appended or refused; compare the stream's wants after this.
    pub fn ended(&mut self, stream: &StreamId, key: &EffectKey, attempt: Attempt) -> Vec<Action<W>> {
        self.free(stream, key, |phase| phase == Phase::Running(attempt))
    }

    /// A report was accepted and yet its own key is wanted as before: a bug of the rules. The key waits 1, 2, 4 … s.
    pub fn strike(&mut self, stream: &StreamId, key: &EffectKey, now: Micros) {
        let strike = self.strikes.entry((stream.clone(), key.clone())).or_insert(Strike { count: 0, until: now });
        strike.until = now.plus_ms(1000 << strike.count.min(16));
        strike.count += 1;
    }

    /// The streams with a key whose time of waiting after a strike is over: compare their wants.
    pub fn due(&self, now: Micros) -> Vec<StreamId> {
        let waits = |stream: &StreamId, key: &EffectKey| {
            self.entries.get(stream).is_none_or(|entries| !entries.contains_key(key))
        };
        let due = |((stream, key), strike): (&(StreamId, EffectKey), &Strike)| {
            (strike.until <= now && strike.count < STRIKES && waits(stream, key)).then(|| stream.clone())
        };
        self.strikes.iter().filter_map(due).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The stream's actor is gone, with whatever it was asked to begin. What runs goes on, and waits to be adopted.
    pub fn orphaned(&mut self, stream: &StreamId) -> Vec<Action<W>> {
        self.forget(stream, |_, phase| !matches!(phase, Phase::Running(_)))
    }

    /// The stream has a new actor. What has a place to run and does not, as its start was lost with the actor before, gives
    /// the place back; compare the stream's wants after this.
    pub fn adopted(&mut self, stream: &StreamId, runs: impl Fn(&EffectKey, Attempt) -> bool) -> Vec<Action<W>> {
        self.forget(stream, |key, phase| matches!(phase, Phase::Running(attempt) if !runs(key, attempt)))
    }

    /// Whether this attempt has its place and was not cancelled.
    pub fn is_running(&self, stream: &StreamId, key: &EffectKey, attempt: Attempt) -> bool {
        let entry = self.entries.get(stream).and_then(|entries| entries.get(key));
        entry.is_some_and(|entry| entry.phase == Phase::Running(attempt))
    }

    /// Whether nothing of a stream waits, begins or runs.
    pub fn is_idle(&self, stream: &StreamId) -> bool {
        self.entries.get(stream).is_none_or(BTreeMap::is_empty)
    }

    /// How many pieces of work run or begin.
    pub fn running(&self) -> usize {
        self.entries.values().flat_map(BTreeMap::values).filter(|entry| entry.phase != Phase::Waiting).count()
    }

    /// How much work waits and runs, and where. Places without any are left out.
    pub fn load(&self) -> BTreeMap<Place, Load> {
        let mut all: BTreeMap<Place, Load> = BTreeMap::new();
        for (key, entry) in self.entries.values().flatten() {
            let kind = key.as_str().split('/').next().unwrap_or_default().to_owned();
            let load = all.entry(Place { lane: entry.want.lane.name.clone(), kind }).or_default();
            match entry.phase {
                Phase::Waiting => load.waiting += 1,
                Phase::Beginning | Phase::Running(_) => load.running += 1,
            }
        }
        all
    }

    fn free(&mut self, stream: &StreamId, key: &EffectKey, fits: impl Fn(Phase) -> bool) -> Vec<Action<W>> {
        self.forget(stream, |of, phase| of == key && fits(phase))
    }

    /// Forgets what does not run, or has ended by itself: there is nothing to cancel.
    fn forget(&mut self, stream: &StreamId, gone: impl Fn(&EffectKey, Phase) -> bool) -> Vec<Action<W>> {
        let Some(entries) = self.entries.get(stream) else {
            return vec![];
        };
        let keys: Vec<_> =
            entries.iter().filter(|(key, entry)| gone(key, entry.phase)).map(|(key, _)| key.clone()).collect();
        let (mut actions, mut lanes) = (vec![], BTreeSet::new());
        for key in keys {
            self.drop_entry(stream, &key, &mut actions, &mut lanes);
        }
        actions.clear();
        for lane in lanes {
            self.admit(&lane, &mut actions);
        }
        actions
    }

    fn drop_entry(
        &mut self,
        stream: &StreamId,
        key: &EffectKey,
        actions: &mut Vec<Action<W>>,
        lanes: &mut BTreeSet<String>,
    ) {
        let Some(entries) = self.entries.get_mut(stream) else {
            return;
        };
        let Some(entry) = entries.remove(key) else {
            return;
        };
        if entries.is_empty() {
            self.entries.remove(stream);
        }
        let Lane { name, group } = &entry.want.lane;
        let lane = self.lane(name);
        match entry.phase {
            Phase::Waiting => {
                if let Some(queue) = lane.waiting.get_mut(&**group) {
                    queue.remove(&(entry.want.since, stream.clone(), key.clone()));
                    if queue.is_empty() {
                        lane.waiting.remove(&**group);
                    }
                }
            }
            Phase::Beginning => lane.places -= 1,
            Phase::Running(attempt) => {
                lane.places -= 1;
                actions.push(Action::Cancel { stream: stream.clone(), key: key.clone(), attempt });
            }
        }
        lanes.insert(name.to_string());
    }

    fn lane(&mut self, name: &str) -> &mut LaneState {
        if !self.lanes.contains_key(name) {
            let family = name.split('/').next().unwrap_or(name);
            let capacity = self.capacities.get(name).or_else(|| self.capacities.get(family));
            let capacity = *capacity.unwrap_or(&self.default_capacity);
            self.lanes.insert(name.to_owned(), LaneState { capacity, ..LaneState::default() });
        }
        self.lanes.get_mut(name).expect("it was inserted above if it was missing")
    }

    /// Gives free places to those who wait: the groups in turn, within a group the oldest first.
    fn admit(&mut self, name: &str, actions: &mut Vec<Action<W>>) {
        while let Some((stream, key)) = self.lane(name).take() {
            let entry = self.entries.get_mut(&stream).and_then(|entries| entries.get_mut(&key));
            let entry = entry.expect("whoever waits in a lane has an entry");
            match (entry.want.class, entry.want.begun) {
                (Class::Free, _) => {
                    let attempt = Attempt(0);
                    entry.phase = Phase::Running(attempt);
                    actions.push(Action::Start { stream, key, attempt, work: entry.want.work.clone() });
                }
                (Class::Once, Some(attempt)) => {
                    entry.phase = Phase::Beginning;
                    actions.push(Action::Lose { stream, key, attempt });
                }
                (Class::Once, None) | (Class::Repeat | Class::Keyed, _) => {
                    entry.phase = Phase::Beginning;
                    actions.push(Action::Begin { stream, key });
                }
            }
        }
    }
}

impl LaneState {
    fn take(&mut self) -> Option<(StreamId, EffectKey)> {
        use std::ops::Bound::{Excluded, Unbounded};
        if self.places >= self.capacity {
            return None;
        }
        let after = self.waiting.range::<str, _>((Excluded(self.served.as_str()), Unbounded)).next();
        let group = after.or_else(|| self.waiting.iter().next())?.0.clone();
        let queue = self.waiting.get_mut(&group)?;
        let (_, stream, key) = queue.pop_first()?;
        if queue.is_empty() {
            self.waiting.remove(&group);
        }
        self.places += 1;
        self.served = group;
        Some((stream, key))
    }
}

#[cfg(test)]
mod tests;
