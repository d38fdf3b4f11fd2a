//! Modules of their own: driven, replayed and limited like scripts; what is broken or means harm comes to a clear error.

use proptest::prelude::*;
use serde_json::{Value, json};
use workflow::{Ask, Limits, Module, Outcome, Program, Start, Step};

use super::{echo, engine, limits, run_with};

const EXAMPLE: &str = include_str!("../../../docs/examples/ask-twice.wat");

fn module(text: &str) -> Module {
    Module::new("test.wasm", wat::parse_str(text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

#[test]
fn a_module_says_what_it_is_runs_and_replays() {
    let module = module(EXAMPLE);
    let meta = module.meta(engine()).unwrap();
    assert_eq!((&*meta.name, &*meta.phases[0].title), ("ask-twice", "Ask"));
    let pinned = serde_json::to_string(&Program::Module(module.clone())).unwrap();
    let program: Program = serde_json::from_str(&pinned).unwrap();
    assert_eq!(program, Program::Module(module));
    let digests = [(); 2].map(|()| {
        let mut instance = program.instance(engine(), &limits()).unwrap();
        let ran = run_with(&mut instance, Some(json!({"a": 1})), echo);
        let improved = "<Say this better: <Say what a lighthouse is, in a sentence.>>";
        assert_eq!(ran.result(), json!(improved));
        assert!(matches!(&ran.asks[0], Ask::Note { kind, payload } if kind == "phase" && payload == "\"Ask\""));
        assert_eq!(ran.calls()[1].1["label"], "second");
        instance.digest()
    });
    assert_eq!(digests[0], digests[1], "the same answers give the same memory");
    let fails = |_: &str, _: &Value| Outcome::Bad(json!({"name": "TimedOut", "message": "late"}).to_string());
    let ran = run_with(&mut program.instance(engine(), &limits()).unwrap(), None, fails);
    assert_eq!((&*ran.failure().name, &*ran.failure().message), ("TimedOut", "late"));
    let large = |_: &str, _: &Value| Outcome::Good(json!("x".repeat(300_000)).to_string());
    let ran = run_with(&mut program.instance(engine(), &limits()).unwrap(), None, large);
    assert_eq!(ran.result().as_str().unwrap().len(), 300_000, "its memory grows");
}

/// A module with these functions, data and imports, and the rest as it must be.
fn with(start: &str, more: &str) -> Module {
    let meta = r#"{\"name\":\"t\",\"description\":\"d\"}"#;
    module(&format!(
        r#"(module
  (import "workflow" "call" (func $call (param i32 i32 i32 i32) (result i64)))
  (import "workflow" "note" (func $note (param i32 i32 i32 i32)))
  (import "workflow" "budget" (func $budget (param i32) (result f64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "agent")
  (data (i32.const 16) "sleep")
  (data (i32.const 32) "{{\"ms\":1}}")
  (data (i32.const 64) "{{\"prompt\":\"p\"}}")
  (data (i32.const 96) "log")
  (data (i32.const 100) "\"l\"")
  (data (i32.const 128) "{meta}")
  (global $at (mut i32) (i32.const 128))
  (global $length (mut i32) (i32.const 30))
  (func (export "alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "meta") (result i32) (i32.const 0))
  (func (export "text") (result i32) (global.get $at))
  (func (export "text_length") (result i32) (global.get $length))
  (func $agent (call $call (i32.const 0) (i32.const 5) (i32.const 64) (i32.const 14)) drop)
  (func $sleep (call $call (i32.const 16) (i32.const 5) (i32.const 32) (i32.const 8)) drop)
  (func $log (call $note (i32.const 96) (i32.const 3) (i32.const 100) (i32.const 3)))
  (func $start (export "start") (param i32 i32) (result i32) {start})
  (func (export "resume") (param i64 i32 i32 i32) (result i32) (call $start (i32.const 0) (i32.const 0)))
  {more})"#
    ))
}

#[test]
fn a_module_that_means_harm_is_stopped_and_says_where() {
    let cases = [
        ("(loop $l (br $l)) (i32.const 0)", "", "LimitReached", "limits.fuel"),
        ("(call $start (i32.const 0) (i32.const 0))", "", "RangeError", "call stack"),
        ("unreachable", "", "Trapped", "unreachable"),
        ("(i32.load (i32.const -4))", "", "Trapped", "out of bounds"),
        ("(i32.div_s (i32.const 1) (i32.const 0))", "", "Trapped", "divide by zero"),
        ("(i32.const 0)", "", "Stuck", "every call has its answer"),
        ("(i32.const 7)", "", "Error", "\"name\""),
        ("(global.set $at (i32.const -1)) (i32.const 1)", "", "InvalidModule", "outside the memory"),
        ("(global.set $length (i32.const -1)) (i32.const 1)", "", "InvalidModule", "outside the memory"),
        ("(global.set $length (i32.const 5)) (i32.const 1)", "", "InvalidResult", "no JSON"),
        ("(global.set $length (i32.const 5)) (i32.const 2)", "", "Error", "{\"nam"),
        (
            "(call $call (i32.const -1) (i32.const 5) (i32.const 64) (i32.const 14)) drop (i32.const 0)",
            "",
            "InvalidModule",
            "outside the memory",
        ),
        (
            "(call $call (i32.const 0) (i32.const 5) (i32.const 64) (i32.const -1)) drop (i32.const 0)",
            "",
            "InvalidModule",
            "outside the memory",
        ),
        (
            "(call $call (i32.const 0) (i32.const 5) (i32.const 64) (i32.const 7)) drop (i32.const 0)",
            "",
            "InvalidCall",
            "no JSON",
        ),
        (
            "(call $call (i32.const 0) (i32.const 5) (i32.const 32) (i32.const 8)) drop (i32.const 0)",
            "",
            "InvalidCall",
            "`prompt`",
        ),
        (
            "(call $call (i32.const 0) (i32.const 4) (i32.const 64) (i32.const 14)) drop (i32.const 0)",
            "",
            "InvalidCall",
            "there is no call `agen`",
        ),
        (
            "(call $note (i32.const 0) (i32.const 5) (i32.const 100) (i32.const 3)) (i32.const 0)",
            "",
            "InvalidCall",
            "no such note",
        ),
        ("(loop $l (call $agent) (br $l)) (i32.const 0)", "", "LimitReached", "limits.agents"),
        ("(loop $l (call $sleep) (br $l)) (i32.const 0)", "", "LimitReached", "limits.asks"),
        ("(loop $l (call $log) (br $l)) (i32.const 0)", "", "LimitReached", "limits.asks"),
        (
            "(if (i32.eq (memory.grow (i32.const 1000)) (i32.const -1)) (then unreachable)) (i32.const 0)",
            "",
            "Trapped",
            "unreachable",
        ),
        ("(i32.const 0)", "(table 10 funcref) (func (export \"x\") (call_indirect (i32.const 3)))", "Stuck", ""),
    ];
    for (start, more, name, said) in cases {
        let made = with(start, more);
        assert_eq!(made.meta(engine()).unwrap().name, "t", "{start}");
        let small = Limits { memory: 8 << 20, fuel: 100_000_000, ..limits() };
        let ran = [(); 2].map(|()| {
            let mut instance = Program::Module(made.clone()).instance(engine(), &small).unwrap();
            let turn = instance.start(&Start::default());
            assert!(instance.memory() <= 8 << 20);
            (turn, instance.digest())
        });
        assert_eq!(ran[0], ran[1], "{start}");
        let Step::Failed(failure) = &ran[0].0.step else { panic!("{start}: {:?}", ran[0].0.step) };
        assert!(failure.name == name && failure.message.contains(said), "{start}: {failure:?}");
        if name == "Trapped" {
            assert!(failure.stack.starts_with("at start (test.wasm, byte "), "{start}: {failure:?}");
        }
    }
}

#[test]
fn a_spent_budget_ends_a_module_too() {
    let made = with("(call $agent) (i32.const 0)", "");
    let mut instance = Program::Module(made).instance(engine(), &limits()).unwrap();
    assert_eq!(instance.start(&Start { budget: Some(5), ..Start::default() }).step, Step::Pending { calls: 1 });
    let Step::Failed(failure) = instance.resume(1, &Outcome::Good("1".into()), 9).step else { panic!("it goes on") };
    assert_eq!(failure.name, "BudgetSpent");
}

#[track_caller]
fn refused(module: &Module) -> String {
    module.meta(engine()).expect_err("it is refused").to_string()
}

#[test]
fn what_is_no_module_of_a_workflow_is_refused_by_name() {
    assert!(refused(&Module::new("x.wasm", "text")).contains("no WebAssembly module"));
    assert!(refused(&Module::new("x.wasm", *b"\0asm\x0d\0\x01\0")).contains("component"));
    assert!(refused(&Module::new("x.wasm", *b"\0asm\x01\0\0\0\xff")).contains("cannot be used"));
    assert!(refused(&Module::new("x.wasm", [&b"\0asm\x01\0\0\0"[..], &vec![0; 600_000]].concat())).contains("524288"));
    assert!(refused(&module("(module)")).contains("`meta`"));
    let foreign =
        r#"(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))))"#;
    assert!(refused(&module(foreign)).contains("fd_write"));
    let other = r#"(module (import "workflow" "call" (func (param i32))))"#;
    assert!(refused(&module(other)).contains("call"));
    let whole = wat::parse_str(EXAMPLE).unwrap();
    let without = |name: &str| module(&EXAMPLE.replace(&format!("(export \"{name}\")"), ""));
    for name in ["alloc", "text", "text_length", "meta", "start", "resume", "memory"] {
        let said = refused(&without(name));
        assert!(said.contains(name) && said.contains("workflow.wit"), "{name}: {said}");
    }
    assert!(refused(&module(&EXAMPLE.replace("(i32.const 97))", "(i32.const 9))"))).contains("`meta` gives"));
    assert!(
        refused(&module(&EXAMPLE.replace("Asks, and has the answer improved", "                                 ")))
            .contains("`description`")
    );
    let calls = EXAMPLE.replace(
        "(func $meta (export \"meta\") (result i32)",
        "(func $meta (export \"meta\") (result i32) (call $note (i32.const 16) (i32.const 5) (i32.const 32) (i32.const 5))",
    );
    assert!(refused(&module(&calls)).contains("calls the host"));
    let begins = EXAMPLE.replace("(global $free", "(func $spin (loop $l (br $l))) (start $spin) (global $free");
    assert!(refused(&module(&begins)).contains("limits.fuel"));
    let large = EXAMPLE.replace("(memory (export \"memory\") 1)", "(memory (export \"memory\") 60000)");
    assert!(refused(&module(&large)).contains("memory"));
    assert_eq!(Module::new("x.wasm", whole).meta(engine()).unwrap().name, "ask-twice");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_bring_the_host_down(changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4), answer in "[\"\\PC]{0,8}") {
        let mut wasm = wat::parse_str(EXAMPLE).unwrap();
        for (at, byte) in &changes {
            let at = at.index(wasm.len());
            wasm[at] = *byte;
        }
        let program = Program::Module(Module::new("odd.wasm", wasm));
        if let Ok(mut instance) = program.instance(engine(), &Limits { fuel: 50_000_000, memory: 8 << 20, ..limits() }) {
            let mut turn = instance.start(&Start { args: Some(answer.clone()), ..Start::default() });
            for id in 1..4 {
                if !matches!(turn.step, Step::Pending { .. }) {
                    break;
                }
                turn = instance.resume(id, &Outcome::Good(answer.clone()), 1);
            }
        }
    }
}
