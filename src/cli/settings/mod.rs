//! The settings: what can be set, and where each value came from.
//!
//! Defaults, then `reenact.toml`, then the environment (with a `.env` beside `reenact.toml` beneath it), then flags:
//! each overrules the ones before.

mod dotenv;
mod layers;
mod models;
mod reference;
mod values;

pub use layers::{Given, Loaded, Setting};
pub use models::ModelSettingsError;
pub use reference::{example, page};
pub use values::Settings;
