//! The product seen from outside: one test binary, one module per thing that is tested.
#![expect(
    clippy::unwrap_used,
    reason = "in a test a panic is the report; the lint spares only functions marked as tests"
)]

mod agents;
mod aimock;
mod api;
mod asking;
mod audits;
mod backup;
mod bad_workflows;
mod bare_server;
mod by_hand;
mod chats;
mod cli;
mod cli_wrong;
mod corpus;
mod crashed_runs;
mod damage;
mod deep;
mod directing;
mod doctor;
mod exposition;
mod folds;
mod forks;
mod house;
mod keys_of_providers;
mod kills;
mod logs;
mod metrics;
mod offline;
mod prefixes;
mod process;
mod programs;
mod provider;
mod queueing;
mod rebuild;
mod recorded;
mod replays;
mod reuse;
mod run_told;
mod runs;
mod served;
mod simulation;
mod socket;
mod sources;
mod turns;
mod under_faults;
mod versions;
mod watching;
mod wire;
mod wire_broken;
mod wire_others;
mod worst;
