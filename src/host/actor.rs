//! The actor of one entity. It never waits: while an append is under way, what comes is queued; then the whole queue is decided
//! in order and handed over as one append.

use std::{
    collections::{HashMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use actix::{
    Actor, ActorContext as _, ActorFutureExt as _, AsyncContext as _, Context, Handler, SpawnHandle, WrapFuture as _,
};
use replay::{
    decider::EffectKey,
    entity::panic_words,
    ids::{Revision, StreamId},
    log::{AppendError, Appended},
    snapshot::Pace,
};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    Accepted,
    batch::{Batch, Waiting, position_in},
    decide::{Decided, Deciding, Failed},
    error::SubmitError,
    fold::FoldFailure,
    pause::pause,
    registry::Inner,
    request::Request,
};
use crate::entities::{AnyEntity, Kind};

/// How many commands may wait for one entity.
const QUEUE: usize = 1_024;
/// After so long without a command, an entity that wants nothing sleeps.
const IDLE: Duration = Duration::from_mins(1);
const IDLE_CHECK: Duration = Duration::from_secs(20);

/// From this weight on, what an entity is asked is decided beside its arbiter: the fingerprint of such a state takes about a
/// millisecond, and others wait for the arbiter too.
const HEAVY: u64 = 256 * 1024;

/// The actor of one entity.
pub(super) struct EntityActor {
    pub(super) host: Arc<Inner>,
    pub(super) kind: Kind,
    pub(super) stream: StreamId,
    /// `None` while it is folded, and when that failed.
    pub(super) entity: Option<AnyEntity>,
    pub(super) queue: VecDeque<Request>,
    /// An append or a fold is under way.
    busy: bool,
    /// Why the stream takes no commands.
    pub(super) refusal: Option<SubmitError>,
    /// The events with which work was begun: the causes of what it leads to.
    pub(super) begins: HashMap<EffectKey, Uuid>,
    /// The runner changed its mind about this stream without an append: what is wanted has to be compared again.
    pub(super) stirred: bool,
    /// Appends and folds in a row that failed.
    failures: u32,
    /// What is done once the pause after a failure is over.
    later: Option<SpawnHandle>,
    used: Used,
    /// How much is folded in, in bytes of events' data: the state is about that large at most.
    weight: u64,
    /// How much has happened since the last snapshot.
    pace: Pace,
    /// A snapshot is being made.
    snapshotting: bool,
    life: u64,
}

/// Who has asked an actor something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Used {
    /// Nobody yet, not even who woke it.
    Not,
    /// The host: whether it wants something.
    ByHost,
    /// Someone outside, at this moment last.
    FromOutside(Instant),
    /// Nobody asks any more: it sleeps.
    Asleep,
}

impl Actor for EntityActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(IDLE_CHECK, Self::sleep_if_idle);
        self.fold(ctx);
    }
}

impl Handler<Request> for EntityActor {
    type Result = ();

    fn handle(&mut self, request: Request, ctx: &mut Self::Context) {
        if request.is_from_outside() {
            if self.queue.len() >= QUEUE {
                return request.refuse(SubmitError::Busy);
            }
            self.used = Used::FromOutside(Instant::now());
        } else if self.used == Used::Not {
            self.used = Used::ByHost;
        }
        self.queue.push_back(request);
        self.turn(ctx);
    }
}

impl EntityActor {
    pub fn new(host: Arc<Inner>, kind: Kind, stream: StreamId, life: u64) -> Self {
        Self {
            host,
            kind,
            stream,
            entity: None,
            queue: VecDeque::new(),
            busy: false,
            refusal: None,
            begins: HashMap::new(),
            stirred: false,
            failures: 0,
            later: None,
            used: Used::Not,
            weight: 0,
            pace: Pace::default(),
            snapshotting: false,
            life,
        }
    }

    /// Makes the entity anew from the log.
    fn fold(&mut self, ctx: &mut Context<Self>) {
        self.entity = None;
        if let Some(reason) = self.host.why_quarantined(&self.stream) {
            return self.retire(SubmitError::Quarantined(reason));
        }
        self.busy = true;
        let folded = self.host.fold_written(self.stream.clone());
        ctx.spawn(folded.into_actor(self).map(|folded, actor, ctx| {
            actor.busy = false;
            match folded.unwrap_or_else(|error| Err(FoldFailure::Stopped(error.to_string()))) {
                Ok(folded) => {
                    actor.entity = Some(folded.entity);
                    (actor.weight, actor.pace) = (folded.weight, folded.pace);
                    actor.snapshot_if_due(ctx);
                    actor.adopt();
                    if actor.failures == 0 {
                        actor.compare();
                    } else {
                        // What is wanted would be tried at once, and fail again: not in a circle without a pause.
                        actor.after_pause(ctx, |actor, _| actor.queue.push_back(Request::Compare));
                    }
                }
                Err(failure) => actor.not_folded(&failure, ctx),
            }
            actor.turn(ctx);
        }));
    }

    fn not_folded(&mut self, failure: &FoldFailure, ctx: &mut Context<Self>) {
        if !failure.may_pass() {
            return self.retire(SubmitError::of_fold(failure));
        }
        tracing::warn!(stream = %self.stream, error = %failure, "a stream could not be folded; it is tried again");
        self.failures += 1;
        self.refusal = Some(SubmitError::of_fold(failure));
        let actions = self.host.runner.lock().orphaned(&self.stream);
        self.act(actions);
        self.after_pause(ctx, |actor, ctx| {
            actor.refusal = None;
            actor.fold(ctx);
        });
    }

    fn after_pause(&mut self, ctx: &mut Context<Self>, next: fn(&mut Self, &mut Context<Self>)) {
        if let Some(before) = self.later.take() {
            ctx.cancel_future(before);
        }
        self.later = Some(ctx.run_later(pause(self.failures), move |actor, ctx| {
            actor.later = None;
            next(actor, ctx);
            actor.turn(ctx);
        }));
    }

    /// Answers and decides what waits, until something is under way.
    fn turn(&mut self, ctx: &mut Context<Self>) {
        while !self.busy
            && let Some(request) = self.queue.pop_front()
        {
            if let Some(error) = self.refusal_of(&request) {
                request.refuse(error);
            } else if request.is_decided() {
                self.queue.push_front(request);
                self.decide(ctx);
            } else {
                self.look(request, ctx);
            }
        }
        // Woken only to see whether it wants something, it makes room for others at once.
        if self.used == Used::ByHost && self.is_idle() {
            self.sleep(ctx);
        }
    }

    /// Decides what waits, as far as one append can carry it: beside the arbiter, if that takes long.
    fn decide(&mut self, ctx: &mut Context<Self>) {
        let Some(entity) = self.entity.take() else { return self.fold(ctx) };
        let deciding = Deciding { host: Arc::clone(&self.host), entity, queue: std::mem::take(&mut self.queue) };
        if self.weight < HEAVY {
            return self.decided(deciding.run(), ctx);
        }
        self.busy = true;
        let decided = self.host.tasks.beside(move || deciding.run());
        ctx.spawn(decided.into_actor(self).map(|decided, actor, ctx| {
            actor.busy = false;
            match decided {
                Ok(decided) => actor.decided(decided, ctx),
                // As if it had panicked here.
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    Err(_) => ctx.stop(),
                },
            }
            actor.turn(ctx);
        }));
    }

    fn decided(&mut self, decided: Decided, ctx: &mut Context<Self>) {
        let Decided { entity, batch, starts, stale, failed, left } = decided;
        for request in left.into_iter().rev() {
            self.queue.push_front(request);
        }
        self.entity = Some(entity);
        for start in starts {
            self.start(start);
        }
        for said in &stale {
            self.stale(said);
        }
        let broken = failed.is_some();
        if let Some(Failed { why, over }) = failed {
            if let Some(said) = &over {
                self.broke(said);
            }
            // What was decided before is good, and appended; what is still to be decided waits for the new fold.
            tracing::error!(stream = %self.stream, why, "the rules failed; the entity is folded anew");
            self.entity = None;
        }
        if !batch.is_empty() {
            return self.append(batch, ctx);
        }
        self.settle_batch(batch.waiting, None);
        if broken {
            self.fold(ctx);
        } else if std::mem::take(&mut self.stirred) {
            self.compare();
        }
    }

    /// A stream out of service can still be looked at, if there is something to see.
    fn refusal_of(&self, request: &Request) -> Option<SubmitError> {
        let passes = match request {
            Request::View { .. } => self.entity.is_some(),
            request => matches!(request, Request::Retire { .. }),
        };
        self.refusal.clone().filter(|_| !passes)
    }

    /// Does what changes nothing of the entity itself.
    fn look(&mut self, request: Request, ctx: &mut Context<Self>) {
        match request {
            Request::View { reply } => drop(reply.send(self.view())),
            Request::Compare => self.compare(),
            Request::Wake { reply } => drop(reply.send(Ok(()))),
            Request::Refold => self.fold(ctx),
            Request::Retire { reason } => self.retire(SubmitError::Quarantined(reason)),
            request @ (Request::Command { .. }
            | Request::Copy { .. }
            | Request::Fork { .. }
            | Request::Effect { .. }
            | Request::Start { .. }) => self.queue.push_front(request),
        }
    }

    fn view(&self) -> Result<(Revision, Box<RawValue>), SubmitError> {
        let internal = |why: String| SubmitError::Internal(why);
        let entity = self.entity.as_ref().ok_or_else(|| internal("it is not folded".into()))?;
        let view = catch_unwind(AssertUnwindSafe(|| entity.view())).map_err(|panic| internal(panic_words(&*panic)))?;
        Ok((entity.next_revision(), view.map_err(|error| internal(error.to_string()))?))
    }

    fn append(&mut self, batch: Batch, ctx: &mut Context<Self>) {
        self.busy = true;
        if self.kind.has_effects() {
            // Before the append, so that no note of the host can miss what it leads to.
            self.host.wanting.lock().set(&self.stream, true);
        }
        let bytes = batch.bytes();
        let (append, waiting) = batch.into_append(self.stream.clone());
        let appended = self.host.log.append(append);
        ctx.spawn(appended.into_actor(self).map(move |appended, actor, ctx| {
            actor.busy = false;
            match appended {
                Ok(appended) => {
                    actor.weight += bytes;
                    actor.pace.count(appended.count, bytes);
                    actor.snapshot_if_due(ctx);
                    actor.appended(waiting, appended, ctx);
                }
                Err(error) => actor.not_appended(waiting, &error, ctx),
            }
            actor.turn(ctx);
        }));
    }

    fn appended(&mut self, waiting: Vec<Waiting>, appended: Appended, ctx: &mut Context<Self>) {
        self.failures = 0;
        if let Some(entity) = &mut self.entity {
            entity.landed(appended);
        }
        self.settle_batch(waiting, Some(appended));
        self.stirred = false;
        if self.entity.is_some() {
            self.compare();
        } else {
            self.fold(ctx);
        }
    }

    /// Has a snapshot made in the background, if enough has happened since the last one.
    fn snapshot_if_due(&mut self, ctx: &mut Context<Self>) {
        if self.snapshotting || !self.pace.is_due() || self.host.is_closing() {
            return;
        }
        self.snapshotting = true;
        self.pace.begin();
        let made = self.host.snapshot(self.stream.clone());
        ctx.spawn(made.into_actor(self).map(|made, actor, _| {
            actor.snapshotting = false;
            if let Ok(Some(size)) = made {
                actor.pace.made(size);
            }
        }));
    }

    fn not_appended(&mut self, waiting: Vec<Waiting>, error: &AppendError, ctx: &mut Context<Self>) {
        tracing::warn!(stream = %self.stream, %error, "not appended");
        let refusal = SubmitError::of_append(error);
        for waiting in waiting {
            match waiting {
                Waiting::Command { reply, .. } | Waiting::Refused { reply, .. } => {
                    drop(reply.send(Err(refusal.clone())));
                }
                Waiting::Effect { said, reply } | Waiting::Stale { said, reply, .. } => {
                    self.unsaid(&said);
                    if let Some(reply) = reply {
                        drop(reply.send(Err(refusal.clone())));
                    }
                }
            }
        }
        self.failures += 1;
        self.entity = None;
        match error {
            AppendError::Damaged(_) | AppendError::Closed => self.retire(refusal),
            AppendError::Full
            | AppendError::Unknown(_)
            | AppendError::WrongRevision { .. }
            | AppendError::DataTooLarge { .. }
            | AppendError::FrameTooLarge { .. }
            | AppendError::BadRecord(_) => self.fold(ctx),
        }
    }

    /// Answers all who waited for an append, and tells the runner what it meant.
    fn settle_batch(&mut self, waiting: Vec<Waiting>, appended: Option<Appended>) {
        for waiting in waiting {
            match waiting {
                Waiting::Command { revision, reply } => {
                    let before = self.entity.as_ref().and_then(|entity| revision.and_then(|at| entity.position_of(at)));
                    let position = revision.and_then(|at| position_in(appended, at)).or(before);
                    self.host.answer(&self.stream, Accepted { revision, position }, reply);
                }
                Waiting::Refused { error, reply } => drop(reply.send(Err(error))),
                Waiting::Effect { said, reply } => {
                    self.said(said);
                    if let Some(reply) = reply {
                        drop(reply.send(Ok(())));
                    }
                }
                Waiting::Stale { said, error, reply } => {
                    self.stale(&said);
                    if let Some(reply) = reply {
                        drop(reply.send(Err(error)));
                    }
                }
            }
        }
    }

    fn is_idle(&self) -> bool {
        !self.busy && self.queue.is_empty() && self.later.is_none() && self.host.runner.lock().is_idle(&self.stream)
    }

    fn sleep_if_idle(&mut self, ctx: &mut Context<Self>) {
        let lately = matches!(self.used, Used::FromOutside(last) if last.elapsed() < IDLE);
        if !lately && self.is_idle() {
            self.sleep(ctx);
        }
    }

    /// Whoever asks from now on wakes another; what is in the mailbox already is asked again.
    fn sleep(&mut self, ctx: &mut Context<Self>) {
        self.used = Used::Asleep;
        self.host.forget(&self.stream, self.life);
        ctx.stop();
    }
}

impl Drop for EntityActor {
    fn drop(&mut self) {
        let actions = self.host.runner.lock().orphaned(&self.stream);
        self.act(actions);
        self.host.forget(&self.stream, self.life);
        if self.used != Used::Asleep && !self.host.is_closing() {
            self.host.revive(&self.stream);
        }
    }
}
