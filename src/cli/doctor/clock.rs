//! The clock: it dates events, and timers go by it.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use replay::{
    ids::Micros,
    ports::{Clock as _, Machine},
};

use super::finding::Finding;
use crate::cli::screen::moment;

const AREA: &str = "clock";
/// By how much a file may be ahead of the clock: some file systems round.
const TOLERANCE: Duration = Duration::from_secs(5);
/// Where systemd says that the clock was set by others' clocks.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

/// Looks at it; the files of the log and of this program were written in the past.
pub fn look(log: &Path) -> Vec<Finding> {
    let written = std::fs::read_dir(log)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.metadata().ok()?.modified().ok());
    let built = std::env::current_exe().ok().and_then(|path| path.metadata().ok()?.modified().ok());
    vec![judged(Machine.now(), SystemTime::now(), written.chain(built).max())]
}

fn judged(now: Micros, clock: SystemTime, last: Option<SystemTime>) -> Finding {
    let shown = format!("{} UTC", moment(now));
    let ahead = last.and_then(|last| last.duration_since(clock).ok()).filter(|ahead| *ahead > TOLERANCE);
    if let Some(ahead) = ahead {
        let found = format!("{shown}, which is {} s before the log or this program was written", ahead.as_secs());
        let means = "the clock was set back: new events bear earlier times than old ones, and timers wait longer";
        return Finding::problem(AREA, found, means).todo("sudo timedatectl set-ntp true");
    }
    let synchronized = if Path::new(SYNCHRONIZED).exists() { ", synchronized" } else { "" };
    Finding::ok(AREA, format!("{shown}{synchronized}"))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_is_a_problem() {
        let clock = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let status =
            |last: u64| judged(Micros(0), clock, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(last))).status;
        assert_eq!([999_999, 1_000_003, 1_000_060].map(status), [Status::Ok, Status::Ok, Status::Problem]);
        assert_eq!(judged(Micros(0), clock, None).status, Status::Ok);
    }
}
