//! The log, at a glance: headers, indexes and the last segment. `reenact verify` recomputes every byte.

use std::path::Path;

use replay::verify::{VerifyError, glance};

use super::{disk::size, finding::Finding};

const AREA: &str = "log";

/// Looks at it. Takes no lock: a server may be writing.
pub fn look(dir: &Path) -> Vec<Finding> {
    match glance(dir) {
        Ok(seen) if seen.faults.is_empty() => {
            let segments =
                if seen.segments == 1 { "1 segment".to_owned() } else { format!("{} segments", seen.segments) };
            let found = format!("{} events in {segments}, {}; at a glance all of it fits", seen.head, size(seen.bytes));
            vec![Finding::ok(AREA, found)]
        }
        Ok(seen) => {
            let means = "streams that lost events are read-only, all others go on; backups have what is missing";
            let finding =
                |fault: &_| Finding::problem(AREA, fault, means).todo("reenact verify; then restore from a backup");
            seen.faults.iter().map(finding).collect()
        }
        // A folder without a log was told of before.
        Err(VerifyError::NoLog(_)) => vec![],
        Err(error) => vec![Finding::problem(AREA, error, "the log cannot be read").todo("reenact verify")],
    }
}
