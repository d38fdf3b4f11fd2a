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
    faults::{Crash, Faults},
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
    /// What a reader saw.
    pub seen: Vec<Uuid>,
}

/// Somebody who sends commands, one after another, each until it is acknowledged.
pub struct Client<S: Story> {
    pub stream: StreamId,
    pub commands: Vec<S::Command>,
    /// What was acknowledged, in order: the last event when it was.
    pub acknowledged: Vec<(Revision, Uuid)>,
    /// It waits for the answer to the next one.
    pub waits: bool,
}

impl<S: Story> Client<S> {
    pub fn is_done(&self) -> bool {
        self.acknowledged.len() == self.commands.len()
    }

    pub fn id_of(number: usize) -> CommandId {
        format!("command-{number}").parse().unwrap()
    }
}

impl<S: Story> World<S> {
    pub fn new(seed: u64, faults: Faults) -> Self {
        let mut dice = Dice::new(seed);
        let script = S::script(&mut dice);
        let client = |(stream, commands)| Client { stream, commands, acknowledged: vec![], waits: false };
        let clients = S::clients(&script).into_iter().map(client).collect();
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
            seen: vec![],
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
    }

    pub fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.log.append(append).now_or_never().expect("a log in memory answers at once")
    }

    pub fn sync(&self) {
        self.log.sync().now_or_never().expect("a log in memory answers at once").unwrap();
    }

    /// The durable records of a stream.
    pub fn records(&self, stream: &StreamId) -> Vec<Record> {
        let records = self.log.read_stream(stream.clone(), Revision::ZERO).collect::<Vec<_>>();
        let records = records.now_or_never().expect("a log in memory answers at once");
        records.into_iter().map(Result::unwrap).collect()
    }

    /// The durable records of the whole log, from a position on.
    pub fn all_records(&self, from: Position) -> Vec<Record> {
        let records = self.log.read_log(from).collect::<Vec<_>>();
        let records = records.now_or_never().expect("a log in memory answers at once");
        records.into_iter().map(Result::unwrap).collect()
    }

    /// Somebody reads what is new.
    pub fn read(&mut self) {
        let from = Position(u64::try_from(self.seen.len()).unwrap());
        let new = self.all_records(from);
        self.seen.extend(new.iter().map(|record| record.event.id));
    }

    /// Every stream, in order.
    pub fn streams(&self) -> BTreeSet<StreamId> {
        self.log.streams().into_iter().map(|(stream, _)| stream).collect()
    }

    pub fn fold(&self, stream: &StreamId) -> Result<Entity<S>, Failure> {
        let mut entity = Entity::new(stream.clone());
        for record in self.records(stream) {
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
        let answer = (revision, record.event.id);
        match client.acknowledged.get(number) {
            Some(before) if *before == answer => {}
            Some(_) => return Err(Failure::AnsweredDifferently { stream }),
            None => {
                let client = self.clients.iter_mut().find(|client| client.stream == stream).unwrap();
                client.acknowledged.push(answer);
                client.waits = false;
            }
        }
        Ok(())
    }

    /// A piece of work happens outside.
    pub fn perform(&mut self, stream: &StreamId, key: &EffectKey) -> Result<(), Stop> {
        self.moment()?;
        *self.done.entry((stream.clone(), key.clone())).or_default() += 1;
        self.moment()
    }
}
