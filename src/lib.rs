//! Reenact: a self-hosted platform on which AI agents run and survive.

pub mod entities;
pub mod host;
pub mod models;
pub mod tools;
pub mod workspace;
