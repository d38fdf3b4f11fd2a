//! What outlives a crash of the simulated server: the log, the clock, the people, and what was done outside.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{FutureExt as _, StreamExt as _};
use replay::{
    decider::{Class, EffectKey},
    entity::Entity,
    ids::{CommandId, Micros, Position, Revision, StreamId},
    log::{Append, AppendError, Appended, EventLog as _},
    memory::MemoryLog,
    record::Record,
};
use uuid::Uuid;

use super::{
    dice::{Dice, SeededIds},
    failure::Failure,
    faults::{Broken, Crash, Faults},
    lists::Lists,
    readers::Reader,
    snapshots::Snapshots,
    story::Story,
};

/// Why a life of the server ends.
#[derive(Debug)]
pub enum Stop {
    Crash(Crash),
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What outlives a crash.
pub struct World<S: Story> {
    pub log: MemoryLog,
    pub script: S::Script,
    pub clients: Vec<Client<S>>,
    pub now: Micros,
    pub ids: SeededIds,
    /// Decides what happens next.
    pub dice: Dice,
    pub faults: Faults,
    /// How many moments there were at which the server may crash.
    pub moments: u64,
    pub crashes: u64,
    /// How often each piece of work happened.
    pub done: BTreeMap<(StreamId, EffectKey), usize>,
    /// The class of everything that was ever wanted.
    pub classes: BTreeMap<(StreamId, EffectKey), Class>,
    /// What was found begun while it ran nowhere.
    pub cut_off: BTreeSet<(StreamId, EffectKey)>,
    /// Who follows: the log, and each client's stream.
    pub readers: Vec<Reader>,
    pub lists: Lists<S::Lists>,
    pub snapshots: Snapshots,
    /// How many appends find the disk full from now on.
    pub full: usize,
    /// A sync failed, and took back what was written before it.
    pub disk_failed: bool,
}

/// Somebody who sends commands, one after another, each until it is acknowledged.
pub struct Client<S: Story> {
    pub stream: StreamId,
    pub commands: Vec<S::Command>,
    /// What was answered, in order: the last event at the time, or `None` where the command was refused.
    pub answered: Vec<Option<(Revision, Uuid)>>,
    /// It waits for the answer to the next one.
    pub waits: bool,
}

impl<S: Story> Client<S> {
    pub fn is_done(&self) -> bool {
        self.answered.len() == self.commands.len()
    }

    /// The commands that were accepted.
    pub fn accepted(&self) -> Vec<&S::Command> {
        let accepted = |(command, answer): (_, &Option<_>)| answer.is_some().then_some(command);
        self.commands.iter().zip(&self.answered).filter_map(accepted).collect()
    }

    pub fn id_of(number: usize) -> CommandId {
        format!("command-{number}").parse().unwrap()
    }
}

impl<S: Story> World<S> {
    pub fn new(seed: u64, faults: Faults) -> Self {
        let mut dice = Dice::new(seed);
        let script = S::script(&mut dice);
        let client = |(stream, commands)| Client { stream, commands, answered: vec![], waits: false };
        let clients: Vec<Client<S>> = S::clients(&script).into_iter().map(client).collect();
        let streams = clients.iter().map(|client| Some(client.stream.clone()));
        let readers = [None].into_iter().chain(streams).map(Reader::new).collect();
        Self {
            log: MemoryLog::manual(),
            script,
            clients,
            now: Micros(1_000_000_000),
            ids: SeededIds::new(seed),
            dice,
            faults,
            moments: 0,
            crashes: 0,
            done: BTreeMap::new(),
            classes: BTreeMap::new(),
            cut_off: BTreeSet::new(),
            readers,
            lists: Lists::default(),
            snapshots: Snapshots::default(),
            full: 0,
            disk_failed: false,
        }
    }

    /// A moment at which the server may crash.
    pub fn moment(&mut self) -> Result<(), Stop> {
        self.moments += 1;
        match self.faults.crashes_at(self.moments) {
            Some(crash) => Err(Stop::Crash(crash)),
            None => Ok(()),
        }
    }

    /// What a crash leaves.
    pub fn crashed(&mut self, crash: Crash) {
        self.crashes += 1;
        match crash {
            Crash::Kill => self.sync(),
            Crash::PowerCut => self.log.cut_power(),
        }
        for client in &mut self.clients {
            client.waits = false;
        }
        self.readers.iter_mut().for_each(Reader::cut);
        self.lists.stop();
    }

    pub fn append(&mut self, append: Append) -> Result<Appended, AppendError> {
        let full = self.full > 0;
        self.full = self.full.saturating_sub(1);
        if full && !S::is_vital(&append.stream, &append.records) {
            return Err(AppendError::Full);
        }
        self.log.append(append).now_or_never().expect("a log in memory answers at once")
    }

    pub fn sync(&self) {
        self.log.sync().now_or_never().expect("a log in memory answers at once").unwrap();
    }

    /// The durable records of a stream.
    pub fn records(&self, stream: &StreamId) -> Vec<Record> {
        self.records_from(stream, Revision::ZERO)
    }

    fn records_from(&self, stream: &StreamId, from: Revision) -> Vec<Record> {
        let records = self.log.read_stream(stream.clone(), from).collect::<Vec<_>>();
        let records = records.now_or_never().expect("a log in memory answers at once");
        records.into_iter().map(Result::unwrap).collect()
    }

    /// The durable records of the whole log, from a position on.
    pub fn all_records(&self, from: Position) -> Vec<Record> {
        self.some_records(from, usize::MAX)
    }

    fn some_records(&self, from: Position, most: usize) -> Vec<Record> {
        let records = self.log.read_log(from).take(most).collect::<Vec<_>>();
        let records = records.now_or_never().expect("a log in memory answers at once");
        records.into_iter().map(Result::unwrap).collect()
    }

    /// The `n`th of those who follow reads what has come.
    pub fn read(&mut self, n: usize) -> Result<(), Failure> {
        let too_late = self.faults.is(Broken::SubscribesTooLate);
        let readers = self.readers.len();
        self.readers[n % readers].go_on(&self.log, too_late)
    }

    /// Everybody reads to the end, and so do the lists.
    pub fn catch_up(&mut self) -> Result<(), Failure> {
        let head = self.log.head();
        for n in 0..self.readers.len() {
            // A delivery holds at most a few hundred events; one more says that it was all.
            for _ in 0..head.0 + 3 {
                self.read(n)?;
            }
        }
        while self.lists.at() < head {
            self.list(1000);
        }
        Ok(())
    }

    /// The lists follow by some events, at most.
    pub fn list(&mut self, most: usize) {
        let before = self.lists.at().before().and_then(|before| self.some_records(before, 1).pop());
        let missed = self.faults.is(Broken::ListsSkip) && !self.lists.is_resumed();
        self.lists.resume(before.as_ref());
        let from = if missed { self.log.head().before().unwrap_or_default() } else { self.lists.at() };
        self.lists.follow(&self.some_records(from, most));
    }

    /// Every stream, in order.
    pub fn streams(&self) -> BTreeSet<StreamId> {
        self.log.streams().into_iter().map(|(stream, _)| stream).collect()
    }

    /// The entity of a stream, folded from its first event.
    pub fn fold(&self, stream: &StreamId) -> Result<Entity<S>, Failure> {
        self.fold_on(Entity::new(stream.clone()))
    }

    /// The entity of a stream as a host wakes it: from its snapshot, if that can be believed.
    pub fn wake(&self, stream: &StreamId) -> Result<Entity<S>, Failure> {
        let blind = self.faults.is(Broken::SnapshotsAhead);
        let believed = self.snapshots.believed(stream, &self.log, blind);
        self.fold_on(believed.unwrap_or_else(|| Entity::new(stream.clone())))
    }

    fn fold_on(&self, mut entity: Entity<S>) -> Result<Entity<S>, Failure> {
        let stream = entity.stream().clone();
        for record in self.records_from(&stream, entity.next_revision()) {
            let why = |error: replay::entity::FoldError| error.to_string();
            entity.apply(&record).map_err(|error| Failure::RulesFailed { stream: stream.clone(), why: why(error) })?;
        }
        Ok(entity)
    }

    /// A client hears that its command was accepted, and looks whether that is so.
    pub fn acknowledge(&mut self, client: usize, number: usize, revision: Revision) -> Result<(), Failure> {
        let client = &self.clients[client];
        let stream = client.stream.clone();
        let record = self.records(&stream).into_iter().find(|record| record.revision == revision);
        let Some(record) = record else { return Err(Failure::AcknowledgedLost { stream }) };
        let answer = Some((revision, record.event.id));
        match client.answered.get(number) {
            Some(before) if *before == answer => {}
            // It was refused, and came again at a better moment.
            Some(None) => {}
            Some(Some(_)) => return Err(Failure::AnsweredDifferently { stream }),
            None => self.answered(&stream, answer),
        }
        Ok(())
    }

    /// A client hears that its command came at the wrong moment, which is possible where that is a matter of moments.
    pub fn refuse(&mut self, client: usize, number: usize, why: &S::Rejection) -> Result<(), Failure> {
        let client = &self.clients[client];
        let stream = client.stream.clone();
        // One that was accepted and comes again is answered the same; the answer to one that was refused is not kept.
        if !S::may_refuse(why) || client.answered.get(number).is_some_and(Option::is_some) {
            return Err(Failure::Refused { stream, why: why.to_string() });
        }
        if client.answered.len() == number {
            self.answered(&stream, None);
        }
        Ok(())
    }

    fn answered(&mut self, stream: &StreamId, answer: Option<(Revision, Uuid)>) {
        let client = self.clients.iter_mut().find(|client| client.stream == *stream).unwrap();
        client.answered.push(answer);
        client.waits = false;
    }

    /// A piece of work happens outside.
    pub fn perform(&mut self, stream: &StreamId, key: &EffectKey) -> Result<(), Stop> {
        self.moment()?;
        *self.done.entry((stream.clone(), key.clone())).or_default() += 1;
        self.moment()
    }
}
