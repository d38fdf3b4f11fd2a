//! Chat completions as `OpenAI` defined them and most servers speak them: one client for any address.

mod answer;
mod body;
mod calls;
mod client;
mod failure;
#[cfg(test)]
mod properties;
mod retry_after;
mod usage;

pub use client::OpenAi;
