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
