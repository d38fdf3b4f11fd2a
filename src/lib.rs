//! Reenact, the product: agents that run and survive, on the event log of the crate `replay`.

pub mod tools;
pub mod workspace;
