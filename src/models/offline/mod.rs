//! The offline model: deterministic, built in, and labelled as what it is.
//!
//! It understands four plain requests, calls the real tools for them and shows what they gave; where a scenario has a
//! rule that fits, it plays that instead. It knows nothing but the request in hand.

mod answer;
mod excerpt;
mod model;
mod pattern;
pub(super) mod play;
mod shape;
mod summary;
mod title;
mod usage;
mod wish;

pub use model::OfflineModel;
