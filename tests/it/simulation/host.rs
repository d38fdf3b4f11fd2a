//! The simulated server of one life: it does what the host does with entities and runner, one randomly chosen step at a time.

use std::collections::{BTreeMap, HashMap};

use replay::{
    decider::{Attempt, Decider, EffectCommand, EffectKey},
    ids::{Micros, StreamId},
    runner::Runner,
};

use super::{
    actor::{Actor, Phase, Request, Stage, Task, Waiting},
    failure::Failure,
    faults::Broken,
    snapshots::{self, Mishap},
    story::Story,
    world::{Client, Stop, World},
};

/// More steps than this, and a run goes in a circle.
const STEPS: usize = 100_000;

/// After so many events a snapshot is made, so that in a short story there are several.
const SNAPSHOT: u64 = 10;
/// How long slow work takes.
const SLOW_MS: u64 = 3_600_000;

/// What work said, and to whom.
type Said<S> = (StreamId, EffectCommand<<S as Decider>::Piece, <S as Decider>::Outcome>);

/// A life of the server.
pub struct Host<'w, S: Story> {
    pub world: &'w mut World<S>,
    pub runner: Runner<S::Work>,
    pub actors: BTreeMap<StreamId, Actor<S>>,
    pub tasks: BTreeMap<u64, Task<S>>,
    /// What work said and will be heard to say again.
    echoes: Vec<Said<S>>,
    serial: u64,
}

/// What may happen next.
#[derive(Debug, Clone)]
enum Step {
    Send { client: usize },
    Turn(StreamId),
    Land(StreamId),
    Fold(StreamId),
    GoOn(StreamId),
    Snapshot(StreamId),
    Work(u64),
    Echo(usize),
}

/// Lives until nothing happens any more, or something goes wrong.
pub fn live<S: Story>(world: &mut World<S>) -> Result<(), Stop> {
    let capacities = HashMap::from([("model".to_owned(), 1), ("tools".to_owned(), 2), ("jobs".to_owned(), 3)]);
    let runner = Runner::new(8, capacities);
    let (actors, tasks) = (BTreeMap::new(), BTreeMap::new());
    let mut host = Host { world, runner, actors, tasks, echoes: vec![], serial: 0 };
    if !host.world.faults.is(Broken::SleepsThroughStart) {
        host.actors = host.world.streams().into_iter().map(|stream| (stream, Actor::new())).collect();
    }
    host.run()
}

impl<S: Story> Host<'_, S> {
    fn run(&mut self) -> Result<(), Stop> {
        for _ in 0..STEPS {
            self.trouble()?;
            let steps = self.steps();
            if steps.is_empty() {
                match self.next_timer() {
                    Some(then) => self.world.now = then,
                    None => return self.end(),
                }
                continue;
            }
            let step = steps[self.world.dice.below(steps.len())].clone();
            let passed = self.world.dice.below(50);
            self.world.now = self.world.now.plus_ms(u64::try_from(passed).unwrap());
            if self.world.dice.one_in(8) {
                // What is written does not wait long.
                self.world.sync();
            }
            if self.world.dice.one_in(6) {
                let reader = self.world.dice.below(8);
                self.world.read(reader)?;
            }
            if self.world.dice.one_in(10) {
                let most = 1 + self.world.dice.below(6);
                self.world.list(most);
            }
            self.take(step)?;
        }
        Err(Failure::Endless.into())
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = vec![];
        let ready = |client: &Client<S>| !client.is_done() && !client.waits;
        let clients = self.world.clients.iter().enumerate().filter(|(_, client)| ready(client));
        steps.extend(clients.map(|(client, _)| Step::Send { client }));
        for (stream, actor) in &self.actors {
            match actor.phase {
                Phase::Folding => steps.push(Step::Fold(stream.clone())),
                Phase::Appending(_) => steps.push(Step::Land(stream.clone())),
                Phase::Idle if actor.queue.is_empty() => {}
                Phase::Idle => steps.push(Step::Turn(stream.clone())),
            }
            if actor.pauses {
                steps.push(Step::GoOn(stream.clone()));
            }
            if actor.since_snapshot >= SNAPSHOT {
                steps.push(Step::Snapshot(stream.clone()));
            }
        }
        let due = |task: &Task<S>| !task.waits && self.timer(task).is_none();
        steps.extend(self.tasks.iter().filter(|(_, task)| due(task)).map(|(serial, _)| Step::Work(*serial)));
        steps.extend((0..self.echoes.len()).map(Step::Echo));
        steps
    }

    /// The moment that a piece of work waits for.
    fn timer(&self, task: &Task<S>) -> Option<Micros> {
        task.performance.not_before.filter(|then| task.stage == Stage::Doing && *then > self.world.now)
    }

    fn next_timer(&self) -> Option<Micros> {
        self.tasks.values().filter_map(|task| self.timer(task)).min()
    }

    fn take(&mut self, step: Step) -> Result<(), Stop> {
        match step {
            Step::Send { client } => {
                let sender = &mut self.world.clients[client];
                sender.waits = true;
                let (stream, number) = (sender.stream.clone(), sender.answered.len());
                self.send(&stream, Request::Command { client, number });
            }
            Step::Turn(stream) => self.turn(&stream)?,
            Step::Land(stream) => self.land(&stream)?,
            Step::Fold(stream) => self.fold(&stream)?,
            Step::GoOn(stream) => {
                self.actor(&stream).pauses = false;
                self.send(&stream, Request::Compare);
            }
            Step::Snapshot(stream) => self.snapshot(&stream)?,
            Step::Work(serial) => self.work(serial)?,
            Step::Echo(n) => {
                let (stream, command) = self.echoes.swap_remove(n);
                self.send(&stream, Request::Effect { command, task: None });
            }
        }
        Ok(())
    }

    pub fn actor(&mut self, stream: &StreamId) -> &mut Actor<S> {
        self.actors.entry(stream.clone()).or_insert_with(Actor::new)
    }

    pub fn send(&mut self, stream: &StreamId, request: Request<S>) {
        self.actor(stream).queue.push_back(request);
    }

    /// Starts work; it is told apart from all others by a number.
    pub fn start(&mut self, stream: &StreamId, key: EffectKey, attempt: Attempt, work: &S::Work) {
        if !self.runner.is_running(stream, &key, attempt) {
            return;
        }
        let Some(entity) = &self.actors[stream].entity else { return };
        let mut performance = S::perform(&self.world.script, entity.state(), work);
        if self.world.faults.happens_one_in(15) {
            let then = self.world.now.plus_ms(SLOW_MS);
            performance.not_before = performance.not_before.max(Some(then));
        }
        if let Some(outcome) = S::panicked(work).filter(|_| self.world.faults.happens_one_in(12)) {
            performance.pieces.truncate(self.world.faults.size(performance.pieces.len() + 1));
            performance.outcome = outcome;
        }
        self.tasks.retain(|_, task| (&task.stream, &task.key) != (stream, &key));
        self.serial += 1;
        let task = Task { stream: stream.clone(), key, attempt, performance, stage: Stage::Doing, waits: false };
        self.tasks.insert(self.serial, task);
    }

    /// A piece of work goes one step on.
    fn work(&mut self, serial: u64) -> Result<(), Stop> {
        let task = self.tasks.get_mut(&serial).expect("only what runs is chosen");
        let (stream, key, attempt) = (task.stream.clone(), task.key.clone(), task.attempt);
        let Stage::Saying(n) = task.stage else {
            task.stage = Stage::Saying(0);
            let faults = &self.world.faults;
            let early = faults.is(Broken::DoesBeforeBeginning) && attempt != Attempt::default();
            if !early && !faults.is(Broken::RecordsBeforeDoing) {
                self.world.perform(&stream, &key)?;
            }
            return Ok(());
        };
        task.waits = true;
        let command = if let Some(piece) = task.performance.pieces.get(n).cloned() {
            EffectCommand::Progress { key, attempt, piece }
        } else {
            let outcome = task.performance.outcome.clone();
            self.world.moment()?;
            EffectCommand::Report { key, attempt, outcome }
        };
        if self.world.faults.happens_one_in(6) {
            self.echoes.push((stream.clone(), command.clone()));
        }
        self.send(&stream, Request::Effect { command, task: Some(serial) });
        Ok(())
    }

    /// Makes a snapshot of what is durable of a stream, folded from the snapshot before it on.
    fn snapshot(&mut self, stream: &StreamId) -> Result<(), Stop> {
        self.actor(stream).since_snapshot = 0;
        let faults = &self.world.faults;
        let bytes = if faults.is(Broken::SnapshotsAhead) {
            let living = self.actors[stream].entity.as_ref();
            living.and_then(|entity| snapshots::ahead(entity, &self.world.log))
        } else {
            let folded = self.world.wake(stream)?;
            let link = snapshots::link(&folded, &self.world.log);
            link.and_then(|link| snapshots::of(&folded, &self.world.log, link))
        };
        self.world.moment()?;
        if let Some(bytes) = bytes.filter(|_| self.world.full == 0) {
            let forgets = self.world.faults.is(Broken::SnapshotsForgetCommands);
            let bytes = if forgets { snapshots::forgetful(&bytes) } else { bytes };
            self.world.snapshots.put(stream, bytes);
            self.world.moment()?;
        }
        Ok(())
    }

    /// The smaller faults.
    fn trouble(&mut self) -> Result<(), Stop> {
        self.misfortune();
        if self.world.faults.happens_one_in(40) {
            let jump = [-3_600_000_000, 3_600_000_000, -20_000_000, 20_000_000][self.world.faults.size(4)];
            self.world.now = Micros(self.world.now.0 + jump);
        }
        if self.world.faults.happens_one_in(25) {
            // Somebody hears no answer, and asks again.
            let client = self.world.faults.size(self.world.clients.len());
            self.world.clients[client].waits = false;
        }
        if self.world.faults.happens_one_in(25) {
            let idle = |(stream, actor): &(&StreamId, &Actor<S>)| {
                !actor.is_busy() && actor.queue.is_empty() && !actor.pauses && self.runner.is_idle(stream)
            };
            let idle = self.actors.iter().find(idle).map(|(stream, _)| stream.clone());
            self.actors.retain(|stream, _| Some(stream) != idle.as_ref());
        }
        if !self.actors.is_empty() && self.world.faults.cuts_one_in(60) {
            let n = self.world.faults.size(self.actors.len());
            let stream = self.actors.keys().nth(n).expect("it is one of them").clone();
            self.die(&stream)?;
        }
        Ok(())
    }

    /// What becomes of files and connections.
    fn misfortune(&mut self) {
        let world = &mut *self.world;
        // What becomes of a snapshot would hide that it should never have been made.
        if !world.faults.is(Broken::SnapshotsAhead) && world.faults.happens_one_in(25) {
            let (n, at) = (world.faults.size(2), world.faults.size(4096));
            let mishaps =
                [Mishap::Lost, Mishap::Flipped(at), Mishap::CutOff(at), Mishap::Old, Mishap::Foreign, Mishap::AllLost];
            let mishap = mishaps[world.faults.size(mishaps.len())];
            world.snapshots.suffer(n, mishap);
        }
        if !world.faults.is(Broken::SnapshotsAhead) && world.faults.happens_one_in(40) {
            let n = world.faults.size(self.actors.len().max(1));
            // One that lies ahead of the durable head, as no server makes it.
            if let Some((stream, actor)) = self.actors.iter().nth(n)
                && let Some(bytes) = actor.entity.as_ref().and_then(|entity| snapshots::ahead(entity, &world.log))
            {
                world.snapshots.put(stream, bytes);
            }
        }
        if world.faults.happens_one_in(15) {
            let n = world.faults.size(world.readers.len());
            world.readers[n].cut();
        }
        if world.faults.happens_one_in(40) {
            if world.faults.size(2) == 0 { world.lists.lose() } else { world.lists.set_back() }
        }
        if world.faults.happens_one_in(60) {
            world.full = 1 + world.faults.size(8);
        }
    }

    /// An actor panics, and takes a piece of work with it.
    fn die(&mut self, stream: &StreamId) -> Result<(), Stop> {
        let actor = self.actors.remove(stream).expect("only who lives dies");
        if let Phase::Appending(batch) = &actor.phase {
            // It is on its way already, and nobody hears how it went.
            drop(self.world.append(batch.append_to(stream)));
            self.unanswered(batch.waiting.iter().map(Waiting::who));
        }
        self.unanswered(actor.queue.iter().map(Request::who));
        let own = self.tasks.iter().find(|(_, task)| task.stream == *stream).map(|(serial, _)| *serial);
        if let Some(serial) = own.filter(|_| self.world.faults.size(2) == 0) {
            self.tasks.remove(&serial);
        }
        let actions = self.runner.orphaned(stream);
        self.act(actions)?;
        self.actor(stream);
        Ok(())
    }

    /// Nothing happens any more.
    fn end(&mut self) -> Result<(), Stop> {
        self.world.sync();
        self.world.catch_up()?;
        for (stream, actor) in &self.actors {
            let Some(entity) = &actor.entity else { continue };
            // State, answers and causes, in memory, folded from the first event, and from the snapshot.
            let (folded, woken) = (self.world.fold(stream)?, self.world.wake(stream)?);
            let whole = |entity| {
                let link = snapshots::link(entity, &self.world.log);
                (entity.next_revision(), link.and_then(|link| snapshots::of(entity, &self.world.log, link)))
            };
            if whole(entity) != whole(&folded) || whole(&woken) != whole(&folded) {
                return Err(Failure::StateIsNotFold { stream: stream.clone() }.into());
            }
        }
        Ok(())
    }
}
