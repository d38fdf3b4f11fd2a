//! Chat completions as `OpenAI` defined them and most servers speak them: one client for any address.

mod answer;
mod body;
mod calls;
mod client;
mod failure;
mod retry_after;
mod usage;

pub use client::OpenAi;
