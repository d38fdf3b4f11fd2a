//! Decides what waits for an entity, as far as one append can carry it. Knows no actor: for a small state it runs on the
//! arbiter, for a large one beside it, since folding and fingerprints of large states take milliseconds.

use std::{collections::VecDeque, sync::Arc};

use replay::{
    decider::{Attempt, EffectCommand, EffectKey},
    entity::{Decision, Sender},
    ids::{By, CommandId},
};
use uuid::Uuid;

use super::{
    Accepted,
    batch::{Batch, Said, Waiting, too_large},
    error::SubmitError,
    registry::Inner,
    request::{Reply, Request},
};
use crate::entities::{AnyEntity, HandleError, Outcome, Piece, Rejected, StateAt, Work};

/// An entity, and what waits for it.
pub(super) struct Deciding {
    pub host: Arc<Inner>,
    pub entity: AnyEntity,
    pub queue: VecDeque<Request>,
}

/// What came of it.
pub(super) struct Decided {
    /// The entity, as if what was decided were appended; useless if the rules failed.
    pub entity: AnyEntity,
    pub batch: Batch,
    /// Work that was begun and starts now.
    pub starts: Vec<Start>,
    /// What work said and is not wanted any more, whatever becomes of the append.
    pub stale: Vec<Said>,
    pub failed: Option<Failed>,
    /// What waits for the next append, or for the next fold.
    pub left: VecDeque<Request>,
}

/// Work that was begun.
pub(super) struct Start {
    pub key: EffectKey,
    pub attempt: Attempt,
    pub work: Work,
    /// The state that wants it; `None` if it was cancelled since.
    pub state: Option<StateAt>,
}

/// The rules failed, or decided what no log can keep.
pub(super) struct Failed {
    pub why: String,
    /// What work said, if it was over that.
    pub over: Option<Said>,
}

fn sender(host: &Inner, by: By, command: Option<CommandId>) -> Sender {
    Sender { by, command, cause: None, now: host.clock.now() }
}

impl Deciding {
    /// Decides until an append is full, something has to look at what is appended, or the rules fail.
    pub fn run(self) -> Decided {
        let Self { host, entity, queue } = self;
        let (batch, left) = (Batch::default(), VecDeque::new());
        let mut decided = Decided { entity, batch, starts: vec![], stale: vec![], failed: None, left };
        let mut queue = queue;
        while decided.failed.is_none()
            && !decided.batch.is_full()
            && let Some(request) = queue.pop_front()
        {
            match request {
                Request::Command { command, by, id, reply } => {
                    let said = decided.entity.handle(*command, sender(&host, by, Some(id)), &*host.ids);
                    decided.answer(said, reply);
                }
                Request::Copy { copied, reply } => {
                    let said = decided.entity.copy(copied);
                    decided.answer(said, reply);
                }
                Request::Fork { copied, fork, by, id, reply } => {
                    let said = decided.entity.fork(copied, *fork, &sender(&host, by, Some(id)), &*host.ids);
                    decided.answer(said, reply);
                }
                request if request.begins() && host.is_closing() => {}
                Request::Effect { command, cause, reply } => decided.effect(&host, command, cause, reply),
                // It looks at a state that must be appended.
                Request::Start { key, attempt, work } if decided.batch.is_empty() => {
                    decided.start(&host, key, attempt, work);
                }
                request @ (Request::Start { .. }
                | Request::Compare
                | Request::Wake { .. }
                | Request::View { .. }
                | Request::Refold
                | Request::Retire { .. }) => {
                    queue.push_front(request);
                    break;
                }
            }
        }
        decided.left = queue;
        decided
    }
}

impl Decided {
    /// Takes the state for work that was begun: a large one takes a while to copy.
    fn start(&mut self, host: &Inner, key: EffectKey, attempt: Attempt, work: Work) {
        let wanted = host.runner.lock().is_running(self.entity.stream(), &key, attempt);
        let state = if wanted { self.entity.state_at() } else { None };
        self.starts.push(Start { key, attempt, work, state });
    }

    /// Keeps what was decided for somebody outside, or says why it was not.
    fn answer(&mut self, decided: Result<Decision, HandleError>, reply: Reply<Accepted>) {
        let refusal = match decided {
            Ok(decision) => match too_large(&decision) {
                None => {
                    self.batch.add(decision);
                    let revision = self.entity.next_revision().before();
                    return self.batch.waiting.push(Waiting::Command { revision, reply });
                }
                Some(error) => {
                    // The entity believes it done.
                    self.failed = Some(Failed { why: error.to_string(), over: None });
                    SubmitError::Rejected(Rejected { code: "too_large", message: error.to_string() })
                }
            },
            Err(HandleError::Repeated(answer)) => {
                return self.batch.waiting.push(Waiting::Command { revision: Some(answer.revision), reply });
            }
            Err(HandleError::Rejected(rejected)) => {
                let error = SubmitError::Rejected(rejected);
                if self.batch.is_empty() {
                    error
                } else {
                    // It is refused because of what is not appended yet, and must not be told so if that fails.
                    return self.batch.waiting.push(Waiting::Refused { error, reply });
                }
            }
            Err(HandleError::Broken(why)) => {
                self.failed = Some(Failed { why: why.clone(), over: None });
                SubmitError::Internal(why)
            }
        };
        drop(reply.send(Err(refusal)));
    }

    fn effect(
        &mut self,
        host: &Inner,
        command: EffectCommand<Piece, Outcome>,
        cause: Option<Uuid>,
        reply: Option<Reply<()>>,
    ) {
        let mut said = Said::of(&command);
        let by = match said {
            Said::Progress | Said::Report { .. } => self.entity.agent(),
            Said::Begin { .. } | Said::Lost { .. } => By::system(),
        };
        let sender = Sender { cause, ..sender(host, by, None) };
        let refusal = match self.entity.settle(command, sender, &*host.ids) {
            Ok(decision) => match too_large(&decision) {
                None => {
                    if let Said::Begin { event, .. } = &mut said {
                        *event = decision.records.first().map(|record| record.id);
                    }
                    self.batch.add(decision);
                    return self.batch.waiting.push(Waiting::Effect { said, reply });
                }
                Some(error) => self.fail(error.to_string(), said),
            },
            Err(HandleError::Repeated(_)) => return,
            Err(HandleError::Rejected(rejected)) => {
                let error = SubmitError::Rejected(rejected);
                if !self.batch.is_empty() {
                    // It is refused because of what is not appended yet: if that fails, a report is said again, not thrown away.
                    return self.batch.waiting.push(Waiting::Stale { said, error, reply });
                }
                self.stale.push(said);
                error
            }
            Err(HandleError::Broken(why)) => self.fail(why, said),
        };
        if let Some(reply) = reply {
            drop(reply.send(Err(refusal)));
        }
    }

    fn fail(&mut self, why: String, over: Said) -> SubmitError {
        self.failed = Some(Failed { why: why.clone(), over: Some(over) });
        SubmitError::Internal(why)
    }
}
