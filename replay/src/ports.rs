//! What is not deterministic comes in through these: the time and fresh ids.

use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::ids::Micros;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The time by the wall clock.
    fn now(&self) -> Micros;
}

/// Makes ids.
pub trait Ids: Send + Sync + 'static {
    /// A fresh UUIDv7.
    fn fresh(&self) -> Uuid;
}

/// The machine's own clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine;

impl Clock for Machine {
    fn now(&self) -> Micros {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

impl Ids for Machine {
    fn fresh(&self) -> Uuid {
        Uuid::now_v7()
    }
}
