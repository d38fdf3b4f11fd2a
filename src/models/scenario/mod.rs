//! Scenario files: what the offline model answers when, for tests and demonstrations. See `docs/offline-model.md`.

mod format;
mod parse;
mod rules;

pub use format::{Break, Fault, Repeat, Rule, ScenarioFile, Step, ToolCallStep, UsageStep, When};
pub use parse::ScenarioError;
pub use rules::Scenario;
