//! Scripts that wait for answers, kept in memory between two of them. Whatever is not kept is driven anew from the log.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use replay::ids::StreamId;
use workflow::Instance;

/// How many scripts wait in memory; each has about a third of a MiB.
const MOST: usize = 200;

/// The scripts that wait.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<HashMap<StreamId, Waiting>>>);

/// A script that waits.
pub(super) struct Waiting {
    pub instance: Instance,
    /// How many answers it has been brought.
    pub heard: u32,
}

impl Kept {
    /// Takes the script of a run out, if it has been brought just so many answers.
    pub(super) fn take(&self, run: &StreamId, heard: Option<u32>) -> Option<Instance> {
        let waiting = self.0.lock().remove(run)?;
        (Some(waiting.heard) == heard).then_some(waiting.instance)
    }

    pub(super) fn keep(&self, run: &StreamId, waiting: Waiting) {
        let mut kept = self.0.lock();
        if kept.len() >= MOST
            && let Some(other) = kept.keys().find(|other| *other != run).cloned()
        {
            kept.remove(&other);
        }
        kept.insert(run.clone(), waiting);
    }
}
