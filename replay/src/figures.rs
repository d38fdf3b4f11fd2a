//! What a log has done, in numbers: counted as it happens, read by whoever looks after it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What a log has done since it was opened, and what it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many appends became durable.
    pub appends: u64,
    /// How many events were in them.
    pub events: u64,
    /// How many bytes were written, marks included.
    pub written_bytes: u64,
    /// How long it took to make writes durable.
    pub syncs: Spread,
    /// How many writes and syncs failed.
    pub failures: u64,
    /// How many segments there are.
    pub segments: u64,
    /// How many bytes they take on the disk, the one allocated ahead left out.
    pub size_bytes: u64,
}

/// How often something took how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread {
    /// How often it took at most so many µs, and more than the entry before. The last has no limit: `u64::MAX`.
    pub counts: Vec<(u64, u64)>,
    /// How long it took in all, in µs.
    pub sum_us: u64,
}

/// The limits of [`Spread`], in µs: from a disk that keeps its cache through a power cut to one that is in trouble.
const LIMITS: [u64; 13] = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000];

/// The counters behind [`Figures`].
#[derive(Debug, Default)]
pub(crate) struct Tally {
    appends: AtomicU64,
    events: AtomicU64,
    written_bytes: AtomicU64,
    failures: AtomicU64,
    syncs: [AtomicU64; LIMITS.len() + 1],
    syncs_us: AtomicU64,
}

impl Tally {
    /// Appends became durable, with so many events in all.
    pub fn landed(&self, appends: u64, events: u64) {
        self.appends.fetch_add(appends, Ordering::Relaxed);
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    /// Bytes were written.
    pub fn wrote(&self, bytes: u64) {
        self.written_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A sync succeeded.
    pub fn synced(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = LIMITS.iter().position(|limit| took <= *limit).unwrap_or(LIMITS.len());
        self.syncs[place].fetch_add(1, Ordering::Relaxed);
        self.syncs_us.fetch_add(took, Ordering::Relaxed);
    }

    /// A write or a sync failed.
    pub fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn read(&self) -> Figures {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let limits = LIMITS.into_iter().chain([u64::MAX]);
        Figures {
            appends: of(&self.appends),
            events: of(&self.events),
            written_bytes: of(&self.written_bytes),
            syncs: Spread { counts: limits.zip(self.syncs.iter().map(of)).collect(), sum_us: of(&self.syncs_us) },
            failures: of(&self.failures),
            segments: 0,
            size_bytes: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_where_it_belongs() {
        let tally = Tally::default();
        for us in [50, 51, 2_000_000] {
            tally.synced(Duration::from_micros(us));
        }
        let spread = tally.read().syncs;
        let counted: Vec<_> = spread.counts.iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [&(50, 1), &(100, 1), &(u64::MAX, 1)]);
        assert_eq!(spread.sum_us, 2_000_101);
    }
}
