//! How fast scripts are: making an instance, running steps, replaying a run to where it stood; of scripts, and of a
//! module of its own.
//!
//! `cargo bench -p workflow --bench engine` prints a table, with what is to be reached. Each row is the fastest of several
//! times, in ms: what the engine takes, not what else the machine had to do.

use std::time::{Duration, Instant};

use workflow::{Ask, Engine, Instance, Limits, Module, Outcome, Program, Script, Start, Step, Turn};

const STEPS: &str = "export const meta = {name: 'steps', description: 'x'}\nlet n = 0\nfor (let i = 0; i < args; i++) n += (await agent('step ' + i, {label: 'l' + i})).length\nreturn n";
const FAN: &str = "export const meta = {name: 'fan', description: 'x'}\nreturn (await Promise.all(Array.from({length: args}, (_, i) => agent('step ' + i)))).length";

/// The example of a module of its own: two agents, one after the other.
const MODULE: &str = include_str!("../../docs/examples/ask-twice.wat");

fn script(engine: &Engine, source: &str) -> Script {
    let mut script = Script::new("bench.js", source);
    engine.read(&mut script, |_| Err("there is none".into())).expect("a script");
    script
}

fn start(engine: &Engine, script: &Script, steps: u32) -> (Instance, Turn) {
    let limits = Limits { agents: u32::MAX, ..Limits::default() };
    let mut instance = engine.instance(script, &limits).expect("an instance");
    let turn = instance.start(&Start { args: Some(steps.to_string()), ..Start::default() });
    (instance, turn)
}

/// Runs to the end, each call answered as it comes.
fn run(engine: &Engine, script: &Script, steps: u32) {
    let (instance, turn) = start(engine, script, steps);
    answered(instance, turn);
}

fn answered(mut instance: Instance, mut turn: Turn) {
    let answer = Outcome::Good("\"an answer\"".into());
    let mut open = std::collections::VecDeque::new();
    while let Step::Pending { .. } = turn.step {
        open.extend(turn.asks.iter().filter_map(|ask| match ask {
            Ask::Call { id, .. } => Some(*id),
            Ask::Note { .. } => None,
        }));
        turn = instance.resume(open.pop_front().expect("a call"), &answer, 1);
    }
    assert!(matches!(turn.step, Step::Done { .. }), "{:?}", turn.step);
}

fn fastest(times: u32, mut of: impl FnMut()) -> Duration {
    (0..times)
        .map(|_| {
            let begun = Instant::now();
            of();
            begun.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn row(what: &str, took: Duration, most: Option<f64>) {
    let ms = took.as_secs_f64() * 1e3;
    let bar = most.map(|most| format!("at most {most}")).unwrap_or_default();
    let mark = if most.is_some_and(|most| ms > most) { "MISSED" } else { "" };
    println!("{what:<60} {ms:>10.3} ms {bar:>14} {mark}");
}

fn main() {
    let cache = tempfile::tempdir().expect("a folder");
    row("the engine compiled, at its first use", fastest(1, || drop(Engine::new(Some(cache.path())))), None);
    row("the engine mapped, later", fastest(20, || drop(Engine::new(Some(cache.path())))), None);
    let engine = Engine::new(Some(cache.path())).expect("an engine");
    let (steps, fan) = (script(&engine, STEPS), script(&engine, FAN));
    row("a script read, with what it says of itself", fastest(200, || drop(script(&engine, STEPS))), None);
    row("a script loaded into an instance", fastest(200, || drop(start(&engine, &steps, 0))), Some(1.0));
    row("10 steps, one after the other", fastest(100, || run(&engine, &steps, 10)), Some(1.0));
    row("1,000 steps, one after the other", fastest(5, || run(&engine, &steps, 1_000)), None);
    row(
        "10,000 steps, one after the other: the replay of a run",
        fastest(5, || run(&engine, &steps, 10_000)),
        Some(150.0),
    );
    row("1,000 steps at once", fastest(5, || run(&engine, &fan, 1_000)), None);
    let module = Program::Module(Module::new("ask-twice.wasm", wat::parse_str(MODULE).expect("it is a module")));
    let run_module = || {
        let mut instance = module.instance(&engine, &Limits::default()).expect("an instance");
        let turn = instance.start(&Start::default());
        answered(instance, turn);
    };
    row("a module of its own compiled and run, at its first use", fastest(1, run_module), None);
    row("a module of its own: an instance and 2 steps, later", fastest(200, run_module), Some(1.0));
    let large =
        (0..6_000).fold(STEPS.to_owned(), |text, n| format!("{text}\nfunction f{n}(x) {{ return x + {n} * 2 }}"));
    let large = script(&engine, &large);
    row("a script of 230 KB loaded into an instance", fastest(20, || drop(start(&engine, &large, 0))), None);
    let (instance, _) = start(&engine, &steps, 1);
    println!("{:<60} {:>10} KiB", "memory of a script that waits", instance.memory() / 1024);
}
