//! The futures that do work, by stream and key. They belong to the process, not to an actor: a new actor adopts what runs.

use std::{collections::HashMap, future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use replay::{
    decider::{Attempt, EffectKey},
    ids::{Micros, StreamId},
};
use serde::Serialize;
use tokio::{runtime::Runtime, sync::Notify, task::AbortHandle};

use super::{perform::Job, registry::Inner};

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
    emptied: Notify,
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
        Ok(Self { runtime: Some(runtime), running: Mutex::default(), emptied: Notify::new() })
    }

    pub fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.runtime.as_ref().expect("the runtime lives as long as the table").spawn(future)
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
            progress.report(outcome).await;
            host.tasks.remove(&mine, attempt);
        });
        if let Some(before) = running.insert(place, Task { attempt, since, abort: task.abort_handle(), cancelled }) {
            before.stop();
        }
    }

    pub fn cancel(&self, stream: &StreamId, key: &EffectKey, attempt: Attempt) {
        let place = (stream.clone(), key.clone());
        if let Some(task) = self.remove(&place, attempt) {
            task.stop();
        }
    }

    fn remove(&self, place: &(StreamId, EffectKey), attempt: Attempt) -> Option<Task> {
        let mut running = self.running.lock();
        if running.get(place)?.attempt != attempt {
            return None;
        }
        let task = running.remove(place);
        if running.is_empty() {
            self.emptied.notify_waiters();
        }
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

    /// Waits until nothing runs.
    pub async fn ended(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.running.lock().is_empty() {
                return;
            }
            emptied.await;
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
