//! Scripts that wait for answers, kept in memory between two of them. Whatever is not kept is driven anew from the log.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use replay::ids::StreamId;
use workflow::Instance;

use super::reuse::Resumed;

/// How many scripts wait in memory; each has about a third of a MiB.
const MOST: usize = 200;

/// How many runs that others go on from are kept in memory.
const MOST_RESUMED: usize = 16;

/// The scripts that wait, and the runs that others go on from.
#[derive(Clone, Default)]
pub struct Kept(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Each with the moment at which it began to wait, as a number that grows.
    waiting: Mutex<HashMap<StreamId, (u64, Waiting)>>,
    resumed: Mutex<HashMap<StreamId, Arc<Resumed>>>,
    moments: AtomicU64,
}

/// A script that waits.
pub(super) struct Waiting {
    pub instance: Instance,
    /// How many answers it has been brought.
    pub heard: u32,
}

impl Kept {
    /// Takes the script of a run out, if it has been brought just so many answers.
    pub(super) fn take(&self, run: &StreamId, heard: Option<u32>) -> Option<Instance> {
        let (_, waiting) = self.0.waiting.lock().remove(run)?;
        (Some(waiting.heard) == heard).then_some(waiting.instance)
    }

    /// What a run that is over did, if it is kept.
    pub(super) fn resumed(&self, run: &StreamId) -> Option<Arc<Resumed>> {
        self.0.resumed.lock().get(run).cloned()
    }

    pub(super) fn keep_resumed(&self, run: &StreamId, resumed: Arc<Resumed>) {
        let mut kept = self.0.resumed.lock();
        if kept.len() >= MOST_RESUMED {
            kept.clear();
        }
        kept.insert(run.clone(), resumed);
    }

    /// Keeps the script of a run. Where there are too many, the one that has waited longest goes.
    pub(super) fn keep(&self, run: &StreamId, waiting: Waiting) {
        let moment = self.0.moments.fetch_add(1, Ordering::Relaxed);
        let mut kept = self.0.waiting.lock();
        if kept.len() >= MOST
            && !kept.contains_key(run)
            && let Some(longest) = kept.iter().min_by_key(|(_, (since, _))| *since).map(|(run, _)| run.clone())
        {
            kept.remove(&longest);
        }
        kept.insert(run.clone(), (moment, waiting));
    }
}
