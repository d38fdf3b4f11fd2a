//! The host under faults: actors that panic, appends that fail, work that hangs or comes late.

mod service;
mod snapshots;
mod stage;
mod work;
