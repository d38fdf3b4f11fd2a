//! Tests of the log in files: promises, reopening, torn tails, damage, refusals.

mod copied;
mod damage;
mod failing;
mod power;
mod promises;
mod torn;
mod verified;

use std::path::Path;

use super::{FileLog, OpenReport, Options};

/// Small segments, so that a few records fill several.
fn options() -> Options {
    Options { segment_size: 64 * 1024, ..Options::default() }
}

fn open(dir: &Path) -> (FileLog, OpenReport) {
    FileLog::open(dir, &options()).unwrap()
}
