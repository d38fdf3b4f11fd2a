//! Workflows: scripts in JavaScript that run as deterministic WebAssembly modules.
//!
//! A script is data to one engine, QuickJS-ng, which is compiled to WebAssembly without WASI: it has no clock, no file, no
//! network and no randomness, and four imports, all of them here. It runs until nothing in it can run, hands over what it
//! asked for, and is brought the answers one at a time. The same answers in the same order give the same run, bit for bit.
//!
//! ```no_run
//! use workflow::{Engine, Limits, Outcome, Script, Start, Step};
//!
//! let engine = Engine::new(None)?;
//! let script = Script::new("hello.js", "export const meta = {name: 'hello', description: ''}\nreturn await agent('hi')");
//! let mut instance = engine.instance(&script, &Limits::default())?;
//! let turn = instance.start(&Start::default());
//! assert_eq!(turn.step, Step::Pending { calls: 1 });
//! let turn = instance.resume(1, &Outcome::Good("\"hello\"".into()), 12);
//! assert_eq!(turn.step, Step::Done { result: "\"hello\"".into() });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It knows no events, no models and no HTTP: what is done with what a script asks for is its user's.

mod compiled;
mod engine;
mod failure;
mod instance;
mod json;
mod literal;
mod meta;
mod module;
mod script;
mod turn;
mod url;

pub use engine::{Engine, EngineError};
pub use failure::{Failure, Place};
pub use instance::Instance;
pub use meta::{Meta, Phase};
pub use module::{Module, Program};
pub use script::{Format, LARGEST, LoadError, Script};
pub use turn::{Ask, Limits, Outcome, Start, Step, Turn};
