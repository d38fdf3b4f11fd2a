//! Waiting for a moment of the wall clock.

use std::time::Duration;

use replay::{ids::Micros, ports::Clock};

/// The clock is looked at this often at least: it may be set, and a monotonic sleep stands still in suspend.
const LOOK: Duration = Duration::from_secs(5);

/// Waits until the wall clock shows a moment or a later one.
pub async fn sleep_until(clock: &dyn Clock, until: Micros) {
    loop {
        let left = until.0.saturating_sub(clock.now().0);
        let Ok(left @ 1..) = u64::try_from(left) else { return };
        tokio::time::sleep(Duration::from_micros(left).min(LOOK)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use futures_util::FutureExt as _;

    use super::*;

    /// A wall clock that somebody sets, beside the one that sleeps go by.
    struct Set(AtomicI64);

    impl Set {
        fn to(&self, second: i64) {
            self.0.store(second * 1_000_000, Ordering::SeqCst);
        }
    }

    impl Clock for Set {
        fn now(&self) -> Micros {
            Micros(self.0.load(Ordering::SeqCst))
        }
    }

    const UNTIL: Micros = Micros(100_000_000);

    #[tokio::test(start_paused = true)]
    async fn a_clock_set_forward_fires_soon_though_little_time_has_passed() {
        let clock = Set(AtomicI64::default());
        let mut waiting = Box::pin(sleep_until(&clock, UNTIL));
        assert!((&mut waiting).now_or_never().is_none());
        clock.to(3_600);
        tokio::time::timeout(LOOK, waiting).await.expect("as after a suspend: within five seconds");
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_set_back_delays_and_does_not_fire_before_its_time() {
        let clock = Set(AtomicI64::default());
        clock.to(99);
        let mut waiting = Box::pin(sleep_until(&clock, UNTIL));
        assert!((&mut waiting).now_or_never().is_none());
        clock.to(-3_600);
        let early = tokio::time::timeout(Duration::from_mins(30), &mut waiting).await;
        assert!(early.is_err(), "the wall clock shows an earlier time than when it began");
        clock.to(100);
        tokio::time::timeout(LOOK, waiting).await.expect("at its time");
    }

    #[tokio::test]
    async fn what_is_past_fires_at_once() {
        let clock = Set(AtomicI64::default());
        clock.to(101);
        assert!(sleep_until(&clock, UNTIL).now_or_never().is_some());
        assert!(sleep_until(&clock, Micros(i64::MIN)).now_or_never().is_some());
    }
}
