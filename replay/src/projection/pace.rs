//! How fast a projection follows what comes one by one. A batch costs about the same whether it holds one event or a hundred, and
//! wakes the database's threads: where nobody waits for it, events of a moment come together in one.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::ids::Position;

/// For so long events come together. Nobody sees that on a page.
const MOMENT: Duration = Duration::from_millis(10);
/// A delivery of so many events is a batch worth its costs.
const MANY: usize = 64;

/// What a follower and those who wait for it tell each other.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Somebody waits until all before this position is there.
    wanted: Mutex<Position>,
    told: Condvar,
}

impl Pace {
    /// All before this position is wanted now.
    pub fn want(&self, position: Position) {
        let mut wanted = self.wanted();
        if *wanted < position {
            *wanted = position;
            self.told.notify_all();
        }
    }

    /// Nobody waits any more: the follower ends.
    pub fn end(&self) {
        self.want(Position(u64::MAX));
    }

    /// Lets more come together behind a batch of so many events, unless somebody waits for what is not there yet. Blocks.
    pub fn gather(&self, events: usize, at: Position) {
        if events < MANY {
            let waits = self.told.wait_timeout_while(self.wanted(), MOMENT, |wanted| *wanted <= at);
            drop(waits);
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Position> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
