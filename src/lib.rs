//! Reenact: a self-hosted platform on which AI agents run and survive.

pub mod api;
pub mod entities;
pub mod host;
pub mod models;
pub mod projections;
pub mod tools;
pub mod workspace;
