//! An event-sourcing engine: an append-only log of streams, entities whose state is the fold of their events, and
//! effects derived from that state. It knows no AI, no HTTP and no actor framework; it would serve a shop as well.

mod admission;
pub mod audit;
pub mod blobs;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod decider;
pub mod digest;
pub mod entity;
pub mod event;
pub mod figures;
pub mod file;
mod follow;
pub mod fork;
pub mod ids;
pub mod log;
pub mod memory;
mod merkle;
pub mod ports;
pub mod projection;
pub mod record;
pub mod runner;
pub mod snapshot;
pub mod verify;
