//! The futures that do work, by stream and key. They belong to the process, not to an actor: a new actor adopts what runs.

use std::{collections::HashMap, future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use replay::{
    decider::{Attempt, EffectKey},
    ids::{Micros, StreamId},
};
use serde::Serialize;
use tokio::{
    runtime::Runtime,
    sync::Notify,
    task::{self, AbortHandle},
};

use super::{
    error::SubmitError,
    pause::pause,
    perform::{Job, Progress},
    registry::Inner,
};
use crate::entities::{Outcome, Work};

/// A piece of work that runs.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Running {
    /// Whose it is.
    pub stream: StreamId,
    /// Its key.
    pub key: EffectKeyName,
    /// Its attempt.
    pub attempt: Attempt,
    /// Since when it runs.
    pub since: Micros,
}

/// The name of an effect's key, as `call/3.1`.
pub type EffectKeyName = String;

pub(super) struct Tasks {
    // Dropped without waiting: what runs is to be cut off, not waited for.
    runtime: Option<Runtime>,
    running: Mutex<HashMap<(StreamId, EffectKey), Task>>,
    ended: Notify,
}

struct Task {
    attempt: Attempt,
    since: Micros,
    abort: AbortHandle,
    cancelled: tokio_util::sync::CancellationToken,
}

impl Task {
    fn stop(&self) {
        self.cancelled.cancel();
        self.abort.abort();
    }
}

impl Tasks {
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("effects")
            .enable_all()
            .build()?;
        Ok(Self { runtime: Some(runtime), running: Mutex::default(), ended: Notify::new() })
    }

    pub fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.runtime.as_ref().expect("the runtime lives as long as the table").spawn(future)
    }

    /// Does what takes long and waits for nothing, on a thread on which nobody else waits.
    pub fn beside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> tokio::task::JoinHandle<T> {
        self.runtime.as_ref().expect("the runtime lives as long as the table").spawn_blocking(work)
    }

    /// Does a job and appends its report, once.
    pub fn run(&self, host: Arc<Inner>, job: Job) {
        let place = (job.stream.clone(), job.key.clone());
        let (attempt, cancelled) = (job.attempt, job.cancelled.clone());
        let since = host.clock.now();
        let mut running = self.running.lock();
        let mine = place.clone();
        let task = self.spawn(async move {
            let (progress, work) = (job.progress.clone(), job.work.clone());
            let performer = Arc::clone(&host.performer);
            let outcome = match AssertUnwindSafe(async { performer.perform(job).await }).catch_unwind().await {
                Ok(outcome) => outcome,
                Err(panic) => performer.panicked(&work, &replay::entity::panic_words(panic.as_ref())),
            };
            report(&host, &progress, &work, outcome).await;
            host.tasks.remove(&mine, |task| task.abort.id() == task::id());
        });
        if let Some(before) = running.insert(place, Task { attempt, since, abort: task.abort_handle(), cancelled }) {
            before.stop();
        }
    }

    pub fn cancel(&self, stream: &StreamId, key: &EffectKey, attempt: Attempt) {
        let place = (stream.clone(), key.clone());
        if let Some(task) = self.remove(&place, |task| task.attempt == attempt) {
            task.stop();
        }
    }

    /// Whether this attempt runs, or waits for its report to be appended.
    pub fn runs(&self, stream: &StreamId, key: &EffectKey, attempt: Attempt) -> bool {
        let place = (stream.clone(), key.clone());
        self.running.lock().get(&place).is_some_and(|task| task.attempt == attempt)
    }

    fn remove(&self, place: &(StreamId, EffectKey), is: impl Fn(&Task) -> bool) -> Option<Task> {
        let mut running = self.running.lock();
        running.get(place).filter(|task| is(task))?;
        let task = running.remove(place);
        self.ended.notify_waiters();
        task
    }

    pub fn list(&self) -> Vec<Running> {
        let of = |((stream, key), task): (&(StreamId, EffectKey), &Task)| Running {
            stream: stream.clone(),
            key: key.to_string(),
            attempt: task.attempt,
            since: task.since,
        };
        let mut list: Vec<_> = self.running.lock().iter().map(of).collect();
        list.sort_by(|a, b| (a.since, &a.stream, &a.key).cmp(&(b.since, &b.stream, &b.key)));
        list
    }

    /// Waits until nothing runs that was begun. What needs no begin loses nothing by being cut off.
    pub async fn ended(&self) {
        loop {
            let ended = self.ended.notified();
            if self.running.lock().values().all(|task| task.attempt == Attempt::default()) {
                return;
            }
            ended.await;
        }
    }

    pub fn stop_all(&self) {
        for (_, task) in self.running.lock().drain() {
            task.stop();
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Appends the end of some work. Tried until it is kept or not wanted any more: the work is never redone for it.
async fn report(host: &Arc<Inner>, progress: &Progress, work: &Work, outcome: Outcome) {
    let mut outcome = outcome;
    let (mut failures, mut replaced) = (0, false);
    loop {
        let (stream, key) = (&progress.stream, &progress.key);
        match progress.report(outcome.clone()).await {
            Ok(()) | Err(SubmitError::Rejected(_)) => return,
            Err(error) if error.is_final() => return,
            Err(SubmitError::Internal(why)) if replaced => {
                let reason = format!("no end of `{key}` can be kept: {why}");
                return host.retire(stream, reason);
            }
            Err(SubmitError::Internal(why)) => {
                // What cannot be kept as it is would fail again: that it failed is its end.
                tracing::error!(%stream, %key, why, "a report was not accepted; its work counts as failed");
                outcome = host.performer.panicked(work, &why);
                replaced = true;
            }
            Err(error) => {
                tracing::warn!(%stream, %key, %error, "a report could not be kept yet");
                failures += 1;
                tokio::time::sleep(pause(failures)).await;
            }
        }
    }
}
