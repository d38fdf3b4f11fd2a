//! What an actor and the runner tell each other: what is wanted, what was begun, what ended, what to start.

use std::{collections::BTreeMap, sync::Arc};

use replay::{
    decider::{Attempt, Class, EffectKey, Want},
    runner::Action,
};
use tokio_util::sync::CancellationToken;

use super::{
    Host,
    actor::EntityActor,
    batch::Said,
    decide::Start,
    error::SubmitError,
    perform::{Job, Progress},
    request::Request,
};
use crate::entities::Work;

impl EntityActor {
    /// Tells the runner what is wanted, and does what it says.
    pub(super) fn compare(&mut self) {
        let Some(entity) = &self.entity else { return };
        if !self.kind.has_effects() || self.refusal.is_some() {
            return;
        }
        match entity.wants() {
            Ok(wants) => {
                // What a power cut can still take back may make it want something again.
                let durable = self.host.log.next_revision(&self.stream) >= entity.next_revision();
                self.host.wanting.lock().set(&self.stream, !(wants.is_empty() && durable));
                let actions = self.host.runner.lock().compare(&self.stream, wants, self.host.clock.now());
                self.act(actions);
            }
            Err(message) => self.retire(SubmitError::Quarantined(message)),
        }
    }

    /// Takes over what runs from the actor before, and gives up what should run and does not: its start was lost.
    pub(super) fn adopt(&mut self) {
        let starts = |key: &EffectKey, attempt: Attempt| {
            let is = |request: &Request| matches!(request, Request::Start { key: of, attempt: at, .. } if (of, *at) == (key, attempt));
            self.queue.iter().any(is) || self.host.tasks.runs(&self.stream, key, attempt)
        };
        let actions = self.host.runner.lock().adopted(&self.stream, starts);
        self.act(actions);
    }

    /// Takes the stream out of service: nothing of it waits or runs any more.
    pub(super) fn retire(&mut self, why: SubmitError) {
        match &why {
            SubmitError::Quarantined(reason) => self.host.quarantine(&self.stream, reason),
            why => tracing::warn!(stream = %self.stream, %why, "a stream is out of service"),
        }
        self.refusal = Some(why);
        let actions = self.host.runner.lock().compare(&self.stream, BTreeMap::new(), self.host.clock.now());
        self.act(actions);
    }

    /// Does what the runner says. What is for this stream goes into its own queue, so that it comes in order.
    pub(super) fn act(&mut self, actions: Vec<Action<Work>>) {
        for action in actions {
            match action {
                Action::Begin { stream, key } if stream == self.stream => self.queue.push_back(Request::begin(key)),
                Action::Lose { stream, key, attempt } if stream == self.stream => {
                    self.queue.push_back(Request::lose(key, attempt));
                }
                Action::Start { stream, key, attempt, work } if stream == self.stream => {
                    self.queue.push_back(Request::Start { key, attempt, work });
                }
                Action::Quarantine { stream, reason } if stream == self.stream => {
                    self.retire(SubmitError::Quarantined(reason));
                }
                action @ (Action::Begin { .. }
                | Action::Lose { .. }
                | Action::Start { .. }
                | Action::Cancel { .. }
                | Action::Quarantine { .. }) => self.host.act(action),
            }
        }
    }

    /// What an effect said is appended.
    pub(super) fn said(&mut self, said: Said) {
        match said {
            Said::Progress => return,
            Said::Begin { key, event } => match self.want(&key).and_then(|want| want.begun) {
                Some(attempt) => {
                    self.begins.extend(event.map(|event| (key.clone(), event)));
                    let actions = self.host.runner.lock().begun(&self.stream, &key, attempt);
                    self.act(actions);
                }
                None => self.refused(&key),
            },
            Said::Lost { key } => self.refused(&key),
            Said::Report { key, attempt } => {
                let actions = self.host.runner.lock().ended(&self.stream, &key, attempt);
                self.act(actions);
                if self.want(&key).is_some_and(|want| want.class == Class::Free || want.begun == Some(attempt)) {
                    self.strike(&key);
                }
            }
        }
        self.stirred = true;
    }

    /// What an effect said is not wanted any more.
    pub(super) fn stale(&mut self, said: &Said) {
        match said {
            Said::Progress => return,
            Said::Begin { key, .. } | Said::Lost { key } => self.refused(key),
            Said::Report { key, attempt } => {
                let actions = self.host.runner.lock().ended(&self.stream, key, *attempt);
                self.act(actions);
            }
        }
        self.stirred = true;
    }

    /// What an effect said could not be appended. A report is said again; a begin comes back when wants are compared.
    pub(super) fn unsaid(&mut self, said: &Said) {
        if let Said::Begin { key, .. } | Said::Lost { key } = said {
            let actions = self.host.runner.lock().refused(&self.stream, key);
            self.act(actions);
        }
    }

    /// The rules failed over what an effect said. Its work is not tried again at once.
    pub(super) fn broke(&mut self, said: &Said) {
        self.unsaid(said);
        if let Said::Begin { key, .. } | Said::Lost { key } = said {
            self.strike(key);
        }
    }

    /// The entity did not begin this work, or settled what was lost; if it is wanted all the same, its rules disagree with
    /// themselves, and it must not go on in a circle.
    fn refused(&mut self, key: &EffectKey) {
        let actions = self.host.runner.lock().refused(&self.stream, key);
        self.act(actions);
        if self.want(key).is_some() {
            self.strike(key);
        }
    }

    fn strike(&self, key: &EffectKey) {
        tracing::error!(stream = %self.stream, %key, "it was settled and is wanted all the same: a bug of the rules");
        self.host.runner.lock().strike(&self.stream, key, self.host.clock.now());
    }

    fn want(&self, key: &EffectKey) -> Option<Want<Work>> {
        self.entity.as_ref()?.wants().ok()?.remove(key)
    }

    /// Starts work that was begun, unless it was cancelled since.
    pub(super) fn start(&mut self, start: Start) {
        let Start { key, attempt, work, state } = start;
        let cause = self.begins.remove(&key);
        let Some(state) = state.filter(|_| self.host.runner.lock().is_running(&self.stream, &key, attempt)) else {
            return;
        };
        let (host, stream) = (Arc::clone(&self.host), self.stream.clone());
        let progress = Progress { host, stream: stream.clone(), key: key.clone(), attempt, cause };
        let (host, cancelled) = (Host(Arc::clone(&self.host)), CancellationToken::new());
        let job = Job { stream, key, attempt, work, state, progress, host, cancelled };
        self.host.tasks.run(Arc::clone(&self.host), job);
    }
}
