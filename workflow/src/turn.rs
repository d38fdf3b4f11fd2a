//! What a program is given and gives back, from one answer to the next.

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// What a script may use. All of it is counted, and so the same in every replay, but for `emergency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Polls of the interpreter between two answers, one for every 10,000 turns of a loop or calls.
    pub polls: u32,
    /// Instructions between two answers, for what the interpreter does without a poll; about 2e9 are a second.
    pub fuel: u64,
    /// Bytes of the script's memory, at most 256 MiB.
    pub memory: u32,
    /// Agents in one run.
    pub agents: u32,
    /// Items of one list.
    pub items: u32,
    /// Calls, phases and lines of the log between two answers.
    pub asks: u32,
    /// Characters of all that is asked for and said between two answers, and of the result.
    pub text: u32,
    /// Seconds of the clock between two answers, the last resort on a slow machine. It depends on the machine: no result.
    pub emergency_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        let emergency_s = 120;
        let (polls, fuel, memory) = (40_000, 120_000_000_000, 128 << 20);
        Self { polls, fuel, memory, agents: 1_000, items: 4_096, asks: 10_000, text: 16 << 20, emergency_s }
    }
}

/// What a run begins with.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The arguments, as JSON; `None`: there are none, and the script finds `undefined`.
    pub args: Option<String>,
    /// When the run began, in milliseconds since 1970.
    pub now_ms: i64,
    /// What random numbers grow from.
    pub seed: u32,
    /// How many output tokens it may spend.
    pub budget: Option<u64>,
}

/// Something that a script asks for, or says, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// It wants an answer.
    Call {
        /// Its number, from 1, in the order of the calls.
        id: u64,
        /// What for: `agent`, `workflow`, `tool`, `approve`, `sleep`.
        kind: String,
        /// With what, as JSON.
        payload: String,
    },
    /// It wants none.
    Note {
        /// What sort: `phase`, `log`, `after`, `cancel`, `floating`.
        kind: String,
        /// What it says, as JSON.
        payload: String,
    },
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With a value, as JSON.
    Good(String),
    /// With an error: `{name, message}` as JSON.
    Bad(String),
}

/// Where a script stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It waits for this many calls.
    Pending {
        /// How many have no answer; never 0.
        calls: u32,
    },
    /// It has come to its result, as JSON.
    Done {
        /// The result.
        result: String,
    },
    /// It has failed, and would so again.
    Failed(Failure),
    /// It was stopped for the time it took on this machine. This is not its result.
    Stopped,
}

/// What a script did until nothing in it could run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// What it asked for and said, in order.
    pub asks: Vec<Ask>,
    /// Where it stands.
    pub step: Step,
}
