//! The product seen from outside: one test binary, one module per thing that is tested.
#![expect(
    clippy::unwrap_used,
    reason = "in a test a panic is the report; the lint spares only functions marked as tests"
)]

mod aimock;
mod api;
mod asking;
mod audits;
mod backup;
mod bare_server;
mod chats;
mod cli;
mod damage;
mod deep;
mod folds;
mod forks;
mod house;
mod keys_of_providers;
mod kills;
mod logs;
mod offline;
mod process;
mod provider;
mod rebuild;
mod recorded;
mod replays;
mod served;
mod simulation;
mod socket;
mod turns;
mod under_faults;
mod wire;
mod wire_broken;
mod worst;
