//! The actor of one entity. It never waits: while an append is under way, what comes is queued; then the whole queue is decided
//! in order and handed over as one append.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use actix::{
    Actor, ActorContext as _, ActorFutureExt as _, AsyncContext as _, Context, Handler, Message, WrapFuture as _,
};
use replay::{
    decider::{Attempt, EffectCommand, EffectKey},
    entity::Sender,
    ids::{By, CommandId, Revision, StreamId},
    log::{AppendError, Appended},
    runner::Action,
};
use serde_json::value::RawValue;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Accepted,
    batch::{Batch, Said, Waiting, position_in},
    error::SubmitError,
    fold::{FoldFailure, fold},
    perform::{Job, Progress},
    registry::Inner,
};
use crate::entities::{AnyEntity, Command, HandleError, Kind, Outcome, Piece, Work, system};

/// How many commands may wait for one entity.
const QUEUE: usize = 1_024;
/// After so long without a command, an entity that wants nothing sleeps.
const IDLE: Duration = Duration::from_secs(60);
const IDLE_CHECK: Duration = Duration::from_secs(20);

/// What can be asked of an actor.
pub(super) enum Request {
    /// A command from outside.
    Command { command: Box<Command>, by: By, id: CommandId, reply: oneshot::Sender<Result<Accepted, SubmitError>> },
    /// What an effect says.
    Effect {
        command: EffectCommand<Piece, Outcome>,
        cause: Option<Uuid>,
        reply: Option<oneshot::Sender<Result<(), SubmitError>>>,
    },
    /// Work that has its place in its lane and was begun.
    Start { key: EffectKey, attempt: Attempt, work: Work },
    /// Compare what is wanted with what runs.
    Compare,
    /// What a page needs, and the revision that comes next.
    View { reply: oneshot::Sender<Result<(Revision, Box<RawValue>), SubmitError>> },
    /// Go out of service.
    Retire { reason: String },
}

impl Message for Request {
    type Result = ();
}

impl Request {
    pub fn begin(key: EffectKey) -> Self {
        Self::Effect { command: EffectCommand::Begin { key }, cause: None, reply: None }
    }

    pub fn lose(key: EffectKey, attempt: Attempt) -> Self {
        Self::Effect { command: EffectCommand::Lost { key, attempt }, cause: None, reply: None }
    }

    /// A note of the host in its own stream, which nobody waits for.
    pub fn note(command: system::Command) -> Self {
        let (reply, _) = oneshot::channel();
        Self::Command { command: Box::new(command.into()), by: By::system(), id: CommandId::fresh(), reply }
    }

    fn refuse(self, error: SubmitError) {
        // Whoever does not wait any more does not need the answer.
        match self {
            Self::Command { reply, .. } => drop(reply.send(Err(error))),
            Self::View { reply } => drop(reply.send(Err(error))),
            Self::Effect { reply: Some(reply), .. } => drop(reply.send(Err(error))),
            Self::Effect { reply: None, .. } | Self::Start { .. } | Self::Compare | Self::Retire { .. } => {}
        }
    }
}

/// The actor of one entity.
pub(super) struct EntityActor {
    host: Arc<Inner>,
    kind: Kind,
    stream: StreamId,
    entity: Option<AnyEntity>,
    queue: VecDeque<Request>,
    /// An append or a fold is under way.
    busy: bool,
    /// Why the stream takes no commands.
    refusal: Option<SubmitError>,
    /// The events with which work was begun: the causes of what it leads to.
    begins: HashMap<EffectKey, Uuid>,
    used: Instant,
    life: u64,
    sleeping: bool,
}

impl Actor for EntityActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.fold(ctx);
        ctx.run_interval(IDLE_CHECK, Self::sleep_if_idle);
    }
}

impl Handler<Request> for EntityActor {
    type Result = ();

    fn handle(&mut self, request: Request, ctx: &mut Self::Context) {
        let from_outside = matches!(request, Request::Command { .. } | Request::View { .. });
        if from_outside && self.queue.len() >= QUEUE {
            return request.refuse(SubmitError::Busy);
        }
        if from_outside {
            self.used = Instant::now();
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
            used: Instant::now(),
            life,
            sleeping: false,
        }
    }

    /// Makes the entity anew from the log.
    fn fold(&mut self, ctx: &mut Context<Self>) {
        self.entity = None;
        self.busy = true;
        let (host, stream) = (Arc::clone(&self.host), self.stream.clone());
        let folded = self.host.tasks.spawn(async move {
            // What is written and not yet synced belongs to the entity too.
            if let Err(error) = host.log.sync().await {
                tracing::warn!(%stream, %error, "the log could not be synced before a fold");
            }
            fold(&host.log, &stream, None).await
        });
        ctx.spawn(folded.into_actor(self).map(|folded, actor, ctx| {
            actor.busy = false;
            match folded.unwrap_or_else(|error| Err(FoldFailure::Stopped(error.to_string()))) {
                Ok(entity) => {
                    actor.entity = Some(entity);
                    actor.compare();
                }
                Err(failure) => actor.refuse(SubmitError::of_fold(&failure)),
            }
            actor.turn(ctx);
        }));
    }

    fn refuse(&mut self, error: SubmitError) {
        if let SubmitError::Quarantined(reason) = &error {
            self.host.quarantine(&self.stream, reason);
        } else {
            tracing::warn!(stream = %self.stream, %error, "a stream cannot be folded");
        }
        self.refusal = Some(error);
    }

    /// Decides what waits, as far as one append can carry it.
    fn turn(&mut self, ctx: &mut Context<Self>) {
        while !self.busy && !self.queue.is_empty() {
            let mut batch = Batch::default();
            while let Some(request) = self.queue.pop_front() {
                // What looks at the state sees only what is appended.
                let looks = !matches!(request, Request::Command { .. } | Request::Effect { .. });
                if !batch.is_empty() && (looks || batch.is_full()) {
                    self.queue.push_front(request);
                    break;
                }
                if let Some(error) = self.refusal.clone() {
                    request.refuse(error);
                } else if let Err(broken) = self.take(request, &mut batch) {
                    // Nothing of this batch is appended: all but the one that broke the rules is decided again.
                    tracing::error!(stream = %self.stream, %broken, "the rules failed; the entity is folded anew");
                    self.refuse_batch(batch, &SubmitError::Internal(broken));
                    return self.fold(ctx);
                }
            }
            if batch.is_empty() {
                self.settle_batch(batch.waiting, None);
            } else {
                self.append(batch, ctx);
            }
        }
    }

    fn take(&mut self, request: Request, batch: &mut Batch) -> Result<(), String> {
        let Some(entity) = &mut self.entity else {
            request.refuse(SubmitError::Internal("it is not folded".into()));
            return Ok(());
        };
        let now = self.host.clock.now();
        match request {
            Request::Command { command, by, id, reply } => {
                let sender = Sender { by, command: Some(id), cause: None, now };
                match entity.handle(*command, sender, &*self.host.ids) {
                    Ok(decision) => {
                        batch.add(decision);
                        batch.waiting.push(Waiting::Command { revision: entity.next_revision().before(), reply });
                    }
                    Err(HandleError::Repeated(answer)) => {
                        batch.waiting.push(Waiting::Command { revision: Some(answer.revision), reply });
                    }
                    Err(HandleError::Rejected(rejected)) => drop(reply.send(Err(SubmitError::Rejected(rejected)))),
                    Err(HandleError::Broken(why)) => {
                        drop(reply.send(Err(SubmitError::Internal(why.clone()))));
                        return Err(why);
                    }
                }
            }
            Request::Effect { command, cause, reply } => {
                let mut said = Said::of(&command);
                let by = match said {
                    Said::Progress | Said::Report { .. } => entity.agent(),
                    Said::Begin { .. } | Said::Lost { .. } => By::system(),
                };
                match entity.settle(command, Sender { by, command: None, cause, now }, &*self.host.ids) {
                    Ok(decision) => {
                        if let Said::Begin { event, .. } = &mut said {
                            *event = decision.records.first().map(|record| record.id);
                        }
                        batch.add(decision);
                        batch.waiting.push(Waiting::Effect { said, reply });
                    }
                    Err(HandleError::Broken(why)) => {
                        if let Some(reply) = reply {
                            drop(reply.send(Err(SubmitError::Internal(why.clone()))));
                        }
                        return Err(why);
                    }
                    Err(HandleError::Repeated(_)) => {}
                    Err(HandleError::Rejected(rejected)) => self.stale(&said, reply, rejected),
                }
            }
            Request::View { reply } => {
                let view = entity.view().map_err(|error| SubmitError::Internal(error.to_string()));
                drop(reply.send(view.map(|view| (entity.next_revision(), view))));
            }
            Request::Start { key, attempt, work } => self.start(key, attempt, work),
            Request::Compare => self.compare(),
            Request::Retire { reason } => self.refusal = Some(SubmitError::Quarantined(reason)),
        }
        Ok(())
    }

    fn stale(
        &mut self,
        said: &Said,
        reply: Option<oneshot::Sender<Result<(), SubmitError>>>,
        rejected: crate::entities::Rejected,
    ) {
        if let Some(reply) = reply {
            drop(reply.send(Err(SubmitError::Rejected(rejected))));
        }
        let actions = match said {
            Said::Begin { key, .. } | Said::Lost { key } => self.host.runner.lock().refused(&self.stream, key),
            Said::Report { key, attempt } => self.host.runner.lock().ended(&self.stream, key, *attempt),
            Said::Progress => vec![],
        };
        self.act(actions);
    }

    fn append(&mut self, batch: Batch, ctx: &mut Context<Self>) {
        self.busy = true;
        if self.kind.has_effects() {
            // Before the append, so that no note of the host can miss what it leads to.
            self.host.wanting.lock().set(&self.stream, true);
        }
        let (append, waiting) = batch.into_append(self.stream.clone());
        let appended = self.host.log.append(append);
        ctx.spawn(appended.into_actor(self).map(move |appended, actor, ctx| {
            actor.busy = false;
            match appended {
                Ok(appended) => {
                    if let Some(entity) = &mut actor.entity {
                        entity.landed(appended);
                    }
                    actor.settle_batch(waiting, Some(appended));
                    actor.compare();
                    actor.turn(ctx);
                }
                Err(error) => actor.not_appended(waiting, &error, ctx),
            }
        }));
    }

    fn not_appended(&mut self, waiting: Vec<Waiting>, error: &AppendError, ctx: &mut Context<Self>) {
        tracing::warn!(stream = %self.stream, %error, "not appended; the entity is folded anew");
        let refusal = SubmitError::of_append(error);
        if matches!(error, AppendError::Damaged(_)) {
            self.refusal = Some(refusal.clone());
        }
        let mut batch = Batch::default();
        batch.waiting = waiting;
        self.refuse_batch(batch, &refusal);
        self.fold(ctx);
    }

    fn refuse_batch(&mut self, batch: Batch, error: &SubmitError) {
        for waiting in batch.waiting {
            match waiting {
                Waiting::Command { reply, .. } => drop(reply.send(Err(error.clone()))),
                Waiting::Effect { said, reply } => {
                    if let Some(reply) = reply {
                        drop(reply.send(Err(error.clone())));
                    }
                    if let Said::Begin { key, .. } | Said::Lost { key } = said {
                        let actions = self.host.runner.lock().refused(&self.stream, &key);
                        self.act(actions);
                    }
                }
            }
        }
    }

    /// Answers all who waited for an append, and tells the runner what it meant.
    fn settle_batch(&mut self, waiting: Vec<Waiting>, appended: Option<Appended>) {
        let mut actions = vec![];
        for waiting in waiting {
            match waiting {
                Waiting::Command { revision, reply } => {
                    let before = self.entity.as_ref().and_then(|entity| revision.and_then(|at| entity.position_of(at)));
                    let position = revision.and_then(|at| position_in(appended, at)).or(before);
                    drop(reply.send(Ok(Accepted { revision, position })));
                }
                Waiting::Effect { said, reply } => {
                    actions.extend(self.said(said));
                    if let Some(reply) = reply {
                        drop(reply.send(Ok(())));
                    }
                }
            }
        }
        self.act(actions);
    }

    fn said(&mut self, said: Said) -> Vec<Action<Work>> {
        let Some(entity) = &self.entity else { return vec![] };
        match said {
            Said::Progress => vec![],
            Said::Lost { key } => self.host.runner.lock().refused(&self.stream, &key),
            Said::Begin { key, event } => match entity.begun(&key) {
                Some(attempt) => {
                    self.begins.extend(event.map(|event| (key.clone(), event)));
                    self.host.runner.lock().begun(&self.stream, &key, attempt)
                }
                None => self.host.runner.lock().refused(&self.stream, &key),
            },
            Said::Report { key, attempt } => {
                let mut runner = self.host.runner.lock();
                let actions = runner.ended(&self.stream, &key, attempt);
                if entity.begun(&key) == Some(attempt) {
                    runner.strike(&self.stream, &key, self.host.clock.now());
                }
                actions
            }
        }
    }

    fn compare(&mut self) {
        let Some(entity) = &self.entity else { return };
        if !self.kind.has_effects() || self.refusal.is_some() {
            return;
        }
        match entity.wants() {
            Ok(wants) => {
                self.host.wanting.lock().set(&self.stream, !wants.is_empty());
                let actions = self.host.runner.lock().compare(&self.stream, wants, self.host.clock.now());
                self.act(actions);
            }
            Err(message) => self.refuse(SubmitError::Quarantined(message)),
        }
    }

    /// Does what the runner says. What is for this stream goes into its own queue, so that it comes in order.
    fn act(&mut self, actions: Vec<Action<Work>>) {
        for action in actions {
            match action {
                Action::Begin { stream, key } if stream == self.stream => self.queue.push_back(Request::begin(key)),
                Action::Lose { stream, key, attempt } if stream == self.stream => {
                    self.queue.push_back(Request::lose(key, attempt));
                }
                Action::Start { stream, key, attempt, work } if stream == self.stream => {
                    self.queue.push_back(Request::Start { key, attempt, work });
                }
                action @ (Action::Begin { .. }
                | Action::Lose { .. }
                | Action::Start { .. }
                | Action::Cancel { .. }
                | Action::Quarantine { .. }) => self.host.act(action),
            }
        }
    }

    fn start(&mut self, key: EffectKey, attempt: Attempt, work: Work) {
        // It may have been cancelled since it was admitted.
        if !self.host.runner.lock().is_running(&self.stream, &key, attempt) {
            return;
        }
        let Some(state) = self.entity.as_ref().and_then(AnyEntity::state_at) else { return };
        let (host, stream) = (Arc::clone(&self.host), self.stream.clone());
        let cause = self.begins.remove(&key);
        let progress = Progress { host, stream: stream.clone(), key: key.clone(), attempt, cause };
        let job = Job { stream, key, attempt, work, state, progress, cancelled: CancellationToken::new() };
        self.host.tasks.run(Arc::clone(&self.host), job);
    }

    fn sleep_if_idle(&mut self, ctx: &mut Context<Self>) {
        let idle = !self.busy && self.queue.is_empty() && self.used.elapsed() >= IDLE;
        if idle && self.host.runner.lock().is_idle(&self.stream) {
            self.sleeping = true;
            // Whoever asks from now on wakes another; what is in the mailbox already is asked again.
            self.host.forget(&self.stream, self.life);
            ctx.stop();
        }
    }
}

impl Drop for EntityActor {
    fn drop(&mut self) {
        let actions = self.host.runner.lock().orphaned(&self.stream);
        self.act(actions);
        self.host.forget(&self.stream, self.life);
        if !self.sleeping && !self.host.is_closing() {
            // It ended by a panic: whoever is sent to it next, or the wake below, folds it anew.
            tracing::error!(stream = %self.stream, "an actor ended; its entity is folded anew");
            if let Err(error) = self.host.send(&self.stream, Request::Compare) {
                tracing::error!(stream = %self.stream, %error, "it could not be woken");
            }
        }
    }
}
