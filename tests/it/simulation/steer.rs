//! How an actor of the simulated server decides, appends, and keeps its runner told. The same steps as those of the host's
//! actor, in the same order.

use std::collections::BTreeMap;

use replay::{
    decider::{Attempt, Class, EffectCommand, EffectKey, Want},
    entity::{HandleError, Sender},
    ids::{By, StreamId},
    log::{AppendError, EventLog as _},
    ports::Ids as _,
    runner::Action,
};

use super::{
    actor::{Batch, Phase, Request, Said, Stage, Task, Waiting, Who},
    failure::Failure,
    faults::Broken,
    host::Host,
    story::Story,
    world::{Client, Stop},
};

/// What somebody hears of what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Kept,
    NotWanted,
}

impl<S: Story> Host<'_, S> {
    /// Makes the entity anew from the log.
    pub fn fold(&mut self, stream: &StreamId) -> Result<(), Stop> {
        self.world.sync();
        let entity = self.world.wake(stream)?;
        let wants = entity.wants().map_err(|why| failed(stream, why))?;
        for (key, want) in wants {
            if let (Class::Once, Some(begun)) = (want.class, want.begun)
                && !runs(&self.tasks, stream, &key, begun)
            {
                self.world.cut_off.insert((stream.clone(), key));
            }
        }
        let actor = self.actor(stream);
        actor.entity = Some(entity);
        actor.phase = Phase::Idle;
        let failures = actor.failures;
        let (queue, tasks) = (&self.actors[stream].queue, &self.tasks);
        let starts = |key: &EffectKey, attempt| {
            let is = |request: &Request<S>| matches!(request, Request::Start { key: of, attempt: at, .. } if (of, *at) == (key, attempt));
            queue.iter().any(is) || runs(tasks, stream, key, attempt)
        };
        let actions = self.runner.adopted(stream, starts);
        self.act(actions)?;
        if failures == 0 {
            return self.compare(stream);
        }
        self.actor(stream).pauses = true;
        Ok(())
    }

    /// Decides what waits, as far as one append can carry it.
    pub fn turn(&mut self, stream: &StreamId) -> Result<(), Stop> {
        while !self.actor(stream).is_busy() && !self.actor(stream).queue.is_empty() {
            let batch = self.decide(stream)?;
            if !batch.records.is_empty() {
                self.actor(stream).phase = Phase::Appending(batch);
                return Ok(());
            }
            self.settle_batch(stream, batch.waiting)?;
            if std::mem::take(&mut self.actor(stream).stirred) {
                self.compare(stream)?;
            }
        }
        Ok(())
    }

    fn decide(&mut self, stream: &StreamId) -> Result<Batch<S>, Stop> {
        let mut batch = Batch::new();
        while !self.actor(stream).is_busy()
            && let Some(request) = self.actor(stream).queue.pop_front()
        {
            if !batch.records.is_empty() && request.looks() {
                self.actor(stream).queue.push_front(request);
                break;
            }
            match request {
                Request::Command { client, number } => self.take_command(stream, client, number, &mut batch)?,
                Request::Effect { command, task } => self.take_effect(stream, command, task, &mut batch)?,
                Request::Start { key, attempt, work } => self.start(stream, key, attempt, &work),
                Request::Compare => self.compare(stream)?,
                Request::Refold => {
                    let actor = self.actor(stream);
                    (actor.entity, actor.phase) = (None, Phase::Folding);
                }
            }
        }
        Ok(batch)
    }

    fn take_command(
        &mut self,
        stream: &StreamId,
        client: usize,
        number: usize,
        batch: &mut Batch<S>,
    ) -> Result<(), Stop> {
        let id = if self.world.faults.is(Broken::ForgetsCommands) {
            self.world.ids.fresh().to_string().parse().expect("a UUID is the id of a command")
        } else {
            Client::<S>::id_of(number)
        };
        let sender = Sender { by: By::person("owner"), command: Some(id), cause: None, now: self.world.now };
        let command = self.world.clients[client].commands[number].clone();
        let Some(entity) = self.actors.get_mut(stream).and_then(|actor| actor.entity.as_mut()) else {
            return Err(failed(stream, "it is not folded".into()));
        };
        let revision = match entity.handle(command, sender, &self.world.ids) {
            Ok(decision) => {
                batch.add(decision);
                entity.next_revision().before()
            }
            Err(HandleError::Repeated(answer)) => Some(answer.revision),
            Err(HandleError::Rejected(why)) if !batch.records.is_empty() => {
                batch.waiting.push(Waiting::Refused { why, client, number });
                return Ok(());
            }
            Err(HandleError::Rejected(why)) => return Ok(self.world.refuse(client, number, &why)?),
            Err(HandleError::Broken(why)) => return Err(failed(stream, why)),
            Err(other @ (HandleError::HalfCopied | HandleError::Occupied)) => {
                return Err(failed(stream, other.to_string()));
            }
        };
        batch.waiting.push(Waiting::Command { revision, client, number });
        Ok(())
    }

    fn take_effect(
        &mut self,
        stream: &StreamId,
        command: EffectCommand<S::Piece, S::Outcome>,
        task: Option<u64>,
        batch: &mut Batch<S>,
    ) -> Result<(), Stop> {
        let said = Said::of(&command);
        if let Said::Begin { .. } = said {
            self.world.moment()?;
        }
        let sender = Sender { by: By::system(), command: None, cause: None, now: self.world.now };
        let Some(entity) = self.actors.get_mut(stream).and_then(|actor| actor.entity.as_mut()) else {
            return Err(failed(stream, "it is not folded".into()));
        };
        match entity.settle(command, sender, &self.world.ids) {
            Ok(decision) => {
                batch.add(decision);
                batch.waiting.push(Waiting::Effect { said, task });
                Ok(())
            }
            Err(HandleError::Repeated(_)) => Ok(()),
            Err(HandleError::Rejected(_)) if !batch.records.is_empty() => {
                batch.waiting.push(Waiting::Stale { said, task });
                Ok(())
            }
            Err(HandleError::Rejected(_)) => {
                self.stale(stream, &said)?;
                self.answer(task, Heard::NotWanted)
            }
            Err(HandleError::Broken(why)) => Err(failed(stream, why)),
            Err(other @ (HandleError::HalfCopied | HandleError::Occupied)) => Err(failed(stream, other.to_string())),
        }
    }

    /// An append is over.
    pub fn land(&mut self, stream: &StreamId) -> Result<(), Stop> {
        self.world.moment()?;
        let Phase::Appending(batch) = std::mem::replace(&mut self.actor(stream).phase, Phase::Idle) else {
            return Ok(());
        };
        let appended = if self.world.faults.happens_one_in(20) {
            Err(AppendError::Full)
        } else if self.world.faults.cuts_one_in(50) {
            self.failed_sync(stream, &batch)
        } else {
            self.world.append(batch.append_to(stream))
        };
        self.world.moment()?;
        match appended {
            Ok(appended) => {
                let actor = self.actor(stream);
                (actor.failures, actor.since_snapshot) = (0, actor.since_snapshot + appended.count);
                if let Some(entity) = &mut actor.entity {
                    entity.landed(appended);
                }
                self.settle_batch(stream, batch.waiting)?;
                self.actor(stream).stirred = false;
                self.compare(stream)
            }
            Err(_) => self.not_appended(stream, batch.waiting),
        }
    }

    /// Whether the records survive is not known: by the seed, they do or they do not.
    fn failed_sync(&mut self, stream: &StreamId, batch: &Batch<S>) -> Result<replay::log::Appended, AppendError> {
        if self.world.faults.size(2) == 0 {
            self.world.append(batch.append_to(stream))?;
            self.world.sync();
        } else {
            // With it goes what was written before and not yet durable.
            self.world.log.cut_power();
        }
        let others: Vec<_> = self.actors.keys().filter(|other| *other != stream).cloned().collect();
        for other in others {
            self.send(&other, Request::Refold);
        }
        self.world.disk_failed = true;
        Err(AppendError::Unknown("the disk failed".into()))
    }

    fn not_appended(&mut self, stream: &StreamId, waiting: Vec<Waiting<S>>) -> Result<(), Stop> {
        for waiting in waiting {
            if let Waiting::Effect { said: Said::Begin { key } | Said::Lost { key }, .. }
            | Waiting::Stale { said: Said::Begin { key } | Said::Lost { key }, .. } = &waiting
            {
                let actions = self.runner.refused(stream, key);
                self.act(actions)?;
            }
            self.unanswered([waiting.who()].into_iter());
        }
        let actor = self.actor(stream);
        actor.failures += 1;
        (actor.entity, actor.phase) = (None, Phase::Folding);
        Ok(())
    }

    /// Who asked hears that it could not be kept, or nothing at all: it is asked again.
    pub fn unanswered(&mut self, who: impl Iterator<Item = Who>) {
        for who in who {
            match who {
                Who::Client(client) => self.world.clients[client].waits = false,
                Who::Task(serial) => {
                    if let Some(task) = self.tasks.get_mut(&serial) {
                        task.waits = false;
                    }
                }
                Who::Nobody => {}
            }
        }
    }

    fn answer(&mut self, task: Option<u64>, heard: Heard) -> Result<(), Stop> {
        let Some(serial) = task else { return Ok(()) };
        let Some(task) = self.tasks.get_mut(&serial) else { return Ok(()) };
        task.waits = false;
        let Stage::Saying(n) = task.stage else { return Ok(()) };
        if n < task.performance.pieces.len() {
            task.stage = Stage::Saying(n + 1);
            return Ok(());
        }
        let (stream, key) = (task.stream.clone(), task.key.clone());
        self.tasks.remove(&serial);
        if heard == Heard::Kept && self.world.faults.is(Broken::RecordsBeforeDoing) {
            self.world.perform(&stream, &key)?;
        }
        Ok(())
    }

    fn settle_batch(&mut self, stream: &StreamId, waiting: Vec<Waiting<S>>) -> Result<(), Stop> {
        for waiting in waiting {
            match waiting {
                Waiting::Command { revision, client, number } => {
                    let Some(revision) = revision else { continue };
                    if revision >= self.world.log.next_revision(stream) {
                        // It changed nothing, behind an event that is only written.
                        self.world.sync();
                    }
                    if revision >= self.world.log.next_revision(stream) {
                        // A failed disk took that event.
                        self.send(stream, Request::Refold);
                        self.unanswered([Who::Client(client)].into_iter());
                        continue;
                    }
                    self.world.acknowledge(client, number, revision)?;
                }
                Waiting::Refused { why, client, number } => self.world.refuse(client, number, &why)?,
                Waiting::Effect { said, task } => {
                    self.said(stream, said)?;
                    self.answer(task, Heard::Kept)?;
                }
                Waiting::Stale { said, task } => {
                    self.stale(stream, &said)?;
                    self.answer(task, Heard::NotWanted)?;
                }
            }
        }
        Ok(())
    }

    /// Tells the runner what is wanted, and does what it says.
    fn compare(&mut self, stream: &StreamId) -> Result<(), Stop> {
        let Some(entity) = &self.actor(stream).entity else { return Ok(()) };
        let wants = entity.wants().map_err(|why| failed(stream, why))?;
        for (key, want) in &wants {
            self.world.classes.insert((stream.clone(), key.clone()), want.class);
        }
        let actions = self.runner.compare(stream, wants, self.world.now);
        self.act(actions)
    }

    /// Does what the runner says.
    pub fn act(&mut self, actions: Vec<Action<S::Work>>) -> Result<(), Stop> {
        for action in actions {
            match action {
                Action::Begin { stream, key } => {
                    if self.world.faults.is(Broken::DoesBeforeBeginning) {
                        self.world.perform(&stream, &key)?;
                    }
                    let command = EffectCommand::Begin { key };
                    self.send(&stream, Request::Effect { command, task: None });
                }
                Action::Lose { stream, key, attempt } => {
                    let command = EffectCommand::Lost { key, attempt };
                    self.send(&stream, Request::Effect { command, task: None });
                }
                Action::Start { stream, key, attempt, work } => {
                    self.send(&stream, Request::Start { key, attempt, work });
                }
                Action::Cancel { stream, key, attempt } => {
                    self.tasks.retain(|_, task| (&task.stream, &task.key, task.attempt) != (&stream, &key, attempt));
                }
                Action::Quarantine { stream, reason } => return Err(failed(&stream, reason)),
            }
        }
        Ok(())
    }

    /// What work said is appended.
    fn said(&mut self, stream: &StreamId, said: Said) -> Result<(), Stop> {
        match said {
            Said::Progress => return Ok(()),
            Said::Begin { key } => {
                self.world.moment()?;
                match self.want(stream, &key).and_then(|want| want.begun) {
                    Some(attempt) => {
                        let actions = self.runner.begun(stream, &key, attempt);
                        self.act(actions)?;
                    }
                    None => self.refused(stream, &key)?,
                }
            }
            Said::Lost { key } => self.refused(stream, &key)?,
            Said::Report { key, attempt } => {
                self.world.moment()?;
                let actions = self.runner.ended(stream, &key, attempt);
                self.act(actions)?;
                let still = |want: Want<S::Work>| want.class == Class::Free || want.begun == Some(attempt);
                if self.want(stream, &key).is_some_and(still) {
                    return Err(failed(stream, format!("`{key}` is wanted after its report")));
                }
            }
        }
        self.actor(stream).stirred = true;
        Ok(())
    }

    /// What work said is not wanted any more.
    fn stale(&mut self, stream: &StreamId, said: &Said) -> Result<(), Stop> {
        match said {
            Said::Progress => return Ok(()),
            Said::Begin { key } | Said::Lost { key } => self.refused(stream, key)?,
            Said::Report { key, attempt } => {
                let actions = self.runner.ended(stream, key, *attempt);
                self.act(actions)?;
            }
        }
        self.actor(stream).stirred = true;
        Ok(())
    }

    fn refused(&mut self, stream: &StreamId, key: &EffectKey) -> Result<(), Stop> {
        let actions = self.runner.refused(stream, key);
        self.act(actions)?;
        if self.want(stream, key).is_some() {
            return Err(failed(stream, format!("`{key}` did not begin and is wanted all the same")));
        }
        Ok(())
    }

    fn want(&mut self, stream: &StreamId, key: &EffectKey) -> Option<Want<S::Work>> {
        self.actor(stream).entity.as_ref()?.wants().ok()?.remove(key)
    }
}

/// Whether this attempt runs.
fn runs<S: Story>(tasks: &BTreeMap<u64, Task<S>>, stream: &StreamId, key: &EffectKey, attempt: Attempt) -> bool {
    tasks.values().any(|task| (&task.stream, &task.key, task.attempt) == (stream, key, attempt))
}

fn failed(stream: &StreamId, why: String) -> Stop {
    Failure::RulesFailed { stream: stream.clone(), why }.into()
}
