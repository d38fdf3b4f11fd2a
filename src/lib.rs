//! Reenact: a self-hosted platform on which AI agents run and survive. `docs/ARCHITECTURE.md` is the map of these rooms.

pub mod agents;
pub mod api;
pub mod cli;
pub mod effects;
pub mod entities;
pub mod host;
pub mod models;
pub mod projections;
pub mod scripts;
pub mod tools;
pub mod workspace;
