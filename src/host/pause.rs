//! How long to wait after failures in a row.

use std::time::Duration;

/// 100 ms, twice that, and so on; 5 s at most, so that what waits goes on soon after the trouble is over.
pub(super) fn pause(failures: u32) -> Duration {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(5);
    (FIRST * 2_u32.pow(failures.saturating_sub(1).min(6))).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_longer_up_to_five_seconds() {
        let waits: Vec<_> = [1, 2, 3, 6, 7, u32::MAX].map(|failures| pause(failures).as_millis()).into();
        assert_eq!(waits, [100, 200, 400, 3200, 5000, 5000]);
    }
}
