//! One living thing with a stream: its state, kept equal to the fold of its events.
//!
//! The actor, the simulation, the tests and the command line all drive this one type. It does no I/O: it answers a command
//! with the records to append, and believes them appended until it is dropped. **If the append fails, drop it and fold anew.**

mod cached;

use std::{
    any::Any,
    collections::{BTreeMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    decider::{Context, Decider, EffectCommand, EffectKey, Stale, Want},
    event::{EventError, decode_new, encode},
    fork::Copied,
    ids::{By, CommandId, Micros, Position, Revision, StreamId},
    log::{Ack, Appended, Expected},
    ports::Ids,
    record::{NewRecord, Record},
};

/// How many commands from outside are remembered, so that one sent again is answered the same.
pub const REMEMBERED: usize = 128;

/// An entity in memory.
pub struct Entity<D: Decider> {
    stream: StreamId,
    state: D::State,
    next: Revision,
    position: Option<Position>,
    /// The last event of the chain of causes that is going on: the cause of what an effect without a begin leads to.
    last: Option<Uuid>,
    /// The first event of that chain.
    corr: Option<Uuid>,
    answered: VecDeque<Answer>,
    /// Its last event is a copy: a fork that is not complete.
    half_copied: bool,
}

/// What an accepted command was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The command.
    pub command: CommandId,
    /// The revision of its last event.
    pub revision: Revision,
    /// Its position; `None` while its append is under way.
    pub position: Option<Position>,
}

/// The answer to a command: what is to be appended.
#[derive(Debug)]
pub struct Decision {
    /// The records, none if nothing changes.
    pub records: Vec<NewRecord>,
    /// What the appender believes about the stream.
    pub expected: Expected,
    /// When the append may be answered.
    pub ack: Ack,
}

/// Who sends a command, and when it is decided.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Who.
    pub by: By,
    /// The id of the command, for those from outside.
    pub command: Option<CommandId>,
    /// The event that led to it.
    pub cause: Option<Uuid>,
    /// When.
    pub now: Micros,
}

/// Why a command was not decided.
#[derive(Debug, thiserror::Error)]
pub enum HandleError<R> {
    /// The rules forbid it.
    #[error(transparent)]
    Rejected(R),
    /// It was accepted before; nothing is done again.
    #[error("this command was accepted before")]
    Repeated(Answer),
    /// The rules panicked, or their events cannot be written. The entity must be dropped and folded anew.
    #[error("the rules of this entity failed: {0}")]
    Broken(String),
    /// It is a fork that is not complete, and takes nothing before it is.
    #[error("this fork is not complete yet")]
    HalfCopied,
    /// Copies do not belong behind the events that it has.
    #[error("this entity is there already")]
    Occupied,
}

/// Why a stream could not be folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// An event is unknown or malformed.
    #[error("revision {revision}: {source}")]
    Event {
        /// Its revision.
        revision: Revision,
        /// Why.
        source: EventError,
    },
    /// A revision is missing.
    #[error("revision {expected} is missing: {found} came instead")]
    Gap {
        /// The revision that should have come.
        expected: Revision,
        /// The one that came.
        found: Revision,
    },
    /// The rules panicked over it.
    #[error("revision {revision}: the rules of this entity failed: {message}")]
    Panicked {
        /// The revision.
        revision: Revision,
        /// What the panic said.
        message: String,
    },
}

impl FoldError {
    /// Whether a newer version of this program could fold it.
    pub fn needs_newer_version(&self) -> bool {
        matches!(self, Self::Event { source: EventError::Unknown { .. }, .. })
    }
}

impl<D: Decider> Entity<D> {
    /// An entity before its first event.
    pub fn new(stream: StreamId) -> Self {
        let state = D::State::default();
        let answered = VecDeque::new();
        Self {
            stream,
            state,
            next: Revision::ZERO,
            position: None,
            last: None,
            corr: None,
            answered,
            half_copied: false,
        }
    }

    /// Folds the next record of its stream.
    ///
    /// # Errors
    /// The record cannot be folded; the entity must be dropped.
    pub fn apply(&mut self, record: &Record) -> Result<(), FoldError> {
        let revision = record.revision;
        if revision != self.next {
            return Err(FoldError::Gap { expected: self.next, found: revision });
        }
        self.apply_next(&record.event, Some(record.position))
    }

    fn apply_next(&mut self, record: &NewRecord, position: Option<Position>) -> Result<(), FoldError> {
        let revision = self.next;
        let event = decode_new::<D::Event>(record).map_err(|source| FoldError::Event { revision, source })?;
        let leads = match event {
            Some(event) => self.fold(&event, record).map_err(|message| FoldError::Panicked { revision, message })?,
            None => record.cmd.is_none(),
        };
        self.note(record, position, leads);
        Ok(())
    }

    /// Answers a command from outside. Its events are folded at once.
    ///
    /// # Errors
    /// It is rejected, was accepted before, or broke the rules.
    pub fn handle(
        &mut self,
        command: D::Command,
        sender: Sender,
        ids: &dyn Ids,
    ) -> Result<Decision, HandleError<D::Rejection>> {
        self.refuse_repeated(&sender)?;
        if self.half_copied {
            return Err(HandleError::HalfCopied);
        }
        let context = Context { now: sender.now, by: sender.by.clone(), fresh: ids.fresh() };
        let events = caught(|| D::decide(&self.state, command, &context)).map_err(HandleError::Broken)?;
        // A command from outside begins a chain of causes of its own.
        let corr = sender.cause.and(self.corr);
        self.record(events.map_err(HandleError::Rejected)?, &sender, corr, ids).map_err(HandleError::Broken)
    }

    fn refuse_repeated<R>(&self, sender: &Sender) -> Result<(), HandleError<R>> {
        let known = |answer: &&Answer| sender.command.as_ref() == Some(&answer.command);
        match self.answered.iter().find(known) {
            Some(answer) => Err(HandleError::Repeated(answer.clone())),
            None => Ok(()),
        }
    }

    /// Takes copies of another stream's events as its next ones: the beginning of a fork.
    ///
    /// # Errors
    /// Something other than the copies before these stands in its stream, or the rules failed over one.
    pub fn copy(&mut self, copied: Copied) -> Result<Decision, HandleError<D::Rejection>> {
        let Copied { from, records } = copied;
        if from != self.next || self.half_copied == (from == Revision::ZERO) {
            return Err(HandleError::Occupied);
        }
        let expected = Expected::next(from);
        for copy in &records {
            self.apply_next(copy, None).map_err(|error| HandleError::Broken(error.to_string()))?;
        }
        Ok(Decision { records, expected, ack: Ack::Durable })
    }

    /// Takes the last copies, none if all are there, and completes the fork with what `rules` say happens to what was open.
    ///
    /// # Errors
    /// As for [`copy`](Self::copy); or it was completed by this command before.
    pub fn fork(
        &mut self,
        copied: Copied,
        rules: impl FnOnce(&D::State) -> Vec<D::Event>,
        sender: &Sender,
        ids: &dyn Ids,
    ) -> Result<Decision, HandleError<D::Rejection>> {
        self.refuse_repeated(sender)?;
        let mut decision = self.copy(copied)?;
        let events = caught(|| rules(&self.state)).map_err(HandleError::Broken)?;
        let own = self.record(events, sender, None, ids).map_err(HandleError::Broken)?;
        decision.records.extend(own.records);
        Ok(decision)
    }

    /// Answers what an effect says. Its events are folded at once.
    ///
    /// # Errors
    /// It is stale, or broke the rules.
    pub fn settle(
        &mut self,
        command: EffectCommand<D::Piece, D::Outcome>,
        sender: Sender,
        ids: &dyn Ids,
    ) -> Result<Decision, HandleError<Stale>> {
        let context = Context { now: sender.now, by: sender.by.clone(), fresh: ids.fresh() };
        let events = caught(|| D::settle(&self.state, command, &context)).map_err(HandleError::Broken)?;
        let sender = Sender { cause: sender.cause.or(self.last), ..sender };
        self.record(events.map_err(HandleError::Rejected)?, &sender, self.corr, ids).map_err(HandleError::Broken)
    }

    fn record(
        &mut self,
        events: Vec<D::Event>,
        sender: &Sender,
        corr: Option<Uuid>,
        ids: &dyn Ids,
    ) -> Result<Decision, String> {
        let expected = Expected::next(self.next);
        let ack = events.iter().map(D::ack).max().unwrap_or(Ack::Written);
        let mut corr = corr;
        let mut records = Vec::with_capacity(events.len());
        for event in &events {
            let encoded = encode(event).map_err(|error| error.to_string())?;
            let id = ids.fresh();
            let record = NewRecord {
                id,
                at: sender.now,
                kind: encoded.kind,
                version: encoded.version,
                by: sender.by.clone(),
                cause: sender.cause,
                corr: Some(*corr.get_or_insert(id)),
                cmd: sender.command.clone(),
                copy_of: None,
                data: encoded.data,
            };
            let leads = self.fold(event, &record)?;
            self.note(&record, None, leads);
            records.push(record);
        }
        Ok(Decision { records, expected, ack })
    }

    /// Folds an event; whether it leads on the chain of causes. What an effect says does. A command from outside does if it
    /// makes new work wanted: one that comes in between, a new title, does not become the cause of the work that goes on.
    fn fold(&mut self, event: &D::Event, record: &NewRecord) -> Result<bool, String> {
        let state = &mut self.state;
        caught(|| {
            if record.cmd.is_none() {
                D::evolve(state, event, record.at);
                return true;
            }
            let before = D::wants(state);
            D::evolve(state, event, record.at);
            D::wants(state).keys().any(|key| !before.contains_key(key))
        })
    }

    fn note(&mut self, record: &NewRecord, position: Option<Position>, leads: bool) {
        let revision = self.next;
        self.next = self.next.next();
        self.position = position.or(self.position);
        self.half_copied = record.copy_of.is_some();
        if leads {
            self.last = Some(record.id);
            self.corr = record.corr.or(self.corr);
        }
        let Some(command) = record.cmd.clone() else {
            return;
        };
        self.answered.retain(|answer| answer.command != command);
        self.answered.push_back(Answer { command, revision, position });
        if self.answered.len() > REMEMBERED {
            self.answered.pop_front();
        }
    }

    /// Says where the records of the last decisions landed.
    pub fn landed(&mut self, appended: Appended) {
        for answer in self.answered.iter_mut().filter(|answer| answer.position.is_none()) {
            // What was decided after this append was handed over lands with another one.
            let within = answer.revision.0.checked_sub(appended.revision.0).filter(|n| *n < appended.count);
            answer.position = within.map(|n| appended.position.plus(n));
        }
        self.position = appended.position.plus(appended.count).before().or(self.position);
    }

    /// The outside work that it wants; none as long as it is a fork that is not complete.
    ///
    /// # Errors
    /// The rules panicked; the entity must be dropped.
    pub fn wants(&self) -> Result<BTreeMap<EffectKey, Want<D::Work>>, String> {
        if self.half_copied {
            return Ok(BTreeMap::new());
        }
        caught(|| D::wants(&self.state))
    }

    /// Its state.
    pub fn state(&self) -> &D::State {
        &self.state
    }

    /// What a page needs of it.
    pub fn view(&self) -> D::View {
        D::view(&self.state)
    }

    /// Its stream.
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// The revision that its next event will have: how many it has.
    pub fn next_revision(&self) -> Revision {
        self.next
    }

    /// The position of the event of this revision, as far as it is remembered.
    pub fn position_of(&self, revision: Revision) -> Option<Position> {
        if Some(revision) == self.next.before() {
            return self.position;
        }
        self.answered.iter().find(|answer| answer.revision == revision)?.position
    }

    /// The position of its last event, once that is appended.
    pub fn position(&self) -> Option<Position> {
        self.position
    }
}

/// Runs rules that should not panic; what a panic said, if they do.
fn caught<T>(rules: impl FnOnce() -> T) -> Result<T, String> {
    // Whoever gets the error drops the entity: a half-changed state is never seen.
    catch_unwind(AssertUnwindSafe(rules)).map_err(|panic| panic_words(panic.as_ref()))
}

/// What a panic said.
pub fn panic_words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".into())
}

#[cfg(test)]
mod tests;
