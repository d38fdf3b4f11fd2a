//! What the world outside sees: HTTP under `/api`, the WebSocket `/ws`, and the page. Wire names exist only here.
//!
//! Every route stands in one table, [`routes`]; the guard in front of them knows who asks and what they may do.

mod app;
mod attachments;
mod audit;
mod blobs;
mod chats;
mod commands;
mod cookie;
mod default_model;
mod directories;
mod event;
mod files;
mod fork;
pub mod frames;
mod gate;
mod guard;
mod health;
mod identity;
mod json_patch;
mod keyring;
pub mod keys;
mod lists;
mod messages;
mod metrics;
mod openapi;
mod origin;
mod page;
mod problem;
mod projects;
mod providers;
mod reading;
mod replay;
mod request_id;
mod routes;
mod search;
mod server;
mod sessions;
mod sign_in;
mod socket;
mod step_cache;
mod streams;
mod subscriptions;
mod tickets;
mod trust;
mod usage;
mod watching;
mod workflows;

pub use app::{App, Settings};
pub use audit::AuditQuery;
pub use json_patch::{Operation, apply};
pub use openapi::{frames as frames_schema, http as http_schema, openapi};
pub use page::is_built_in as page_is_built_in;
pub use problem::Problem;
pub use server::{Server, Stopper, serve};
pub use tickets::Tickets;
