//! Reenact: a self-hosted platform on which AI agents run and survive.

pub mod cli;
pub mod entities;
pub mod models;
pub mod tools;
pub mod workspace;
