//! What a script may try: each ends as an error of its own, with a place where there is one, and harms nobody.

use serde_json::json;
use workflow::{Limits, Step};

use super::{body, engine, read, run};

#[test]
fn endless_loops_and_memory_bombs_end_as_errors_of_the_script() {
    let ran = run(body("let i = 0\nwhile (true) { i++ }"), None);
    assert_eq!(ran.failure().name, "LimitReached");
    assert!(ran.failure().message.contains("limits.polls"), "{:?}", ran.failure());
    // The engine knows the function; within it, the last call.
    assert!(ran.failure().place.is_some(), "{:?}", ran.failure());
    let ran = run(body("const a = []\nfor (;;) a.push(new Uint8Array(1e6))"), None);
    assert!(ran.failure().message.contains("MiB of memory"), "{:?}", ran.failure());
    let ran = run(body("function f(n) { return f(n + 1) + 1 }\nreturn f(0)"), None);
    assert_eq!(ran.failure().name, "RangeError", "{:?}", ran.failure());
    for bomb in [
        "return 'x'.repeat(2 ** 40)",
        "return new Array(2 ** 31).fill(0).length",
        "return /(a+)+$/.test('a'.repeat(40) + 'b')",
        "return JSON.stringify(new Array(5e7).fill('x')).length",
        "return 10n ** 10n ** 9n",
    ] {
        let ran = run(body(bomb), None);
        assert!(matches!(ran.step, Step::Failed(_)), "{bomb}: {:?}", ran.step);
    }
}

#[test]
fn a_promise_chain_without_end_ends() {
    let ran = run(body("const spin = async () => { for (;;) await null }\nawait spin()"), None);
    assert!(ran.failure().message.contains("limits."), "{:?}", ran.failure());
}

#[test]
fn there_is_nothing_to_escape_to() {
    let names = "return ['process', 'fetch', 'require', 'Deno', 'WebAssembly', 'performance', 'SharedArrayBuffer', 'Atomics', 'WeakRef', 'std', 'os', 'print', 'XMLHttpRequest', 'WebSocket', 'Worker', 'navigator'].filter((name) => name !== 'require' && typeof globalThis[name] !== 'undefined')";
    assert_eq!(run(body(names), None).result(), json!([]));
    for (what, said) in [
        ("require('fs')", "no modules"),
        ("setInterval(() => {}, 1)", "write a loop"),
        ("await import('fs')", "fs"),
        ("Function('return process')()", "process"),
        ("(0, eval)('process.exit()')", "process"),
        ("[].constructor.constructor('return Date.now()')()", "pass the value in args"),
        ("agent.constructor('return Math.random()')()", "pass the value in args"),
    ] {
        let ran = run(body(&format!("return {what}")), None);
        assert!(ran.failure().message.contains(said), "{what}: {:?}", ran.failure());
    }
}

#[test]
fn games_with_prototypes_harm_the_script_alone() {
    let source = "Object.prototype.kind = 'x'; Array.prototype.map = () => { throw new Error('mine') }; Promise.prototype.then = null; JSON.stringify = () => '{'; Map.prototype.get = () => undefined;\nreturn await agent('a')";
    let ran = run(body(source), None);
    assert!(!matches!(ran.step, Step::Pending { .. }), "{:?}", ran.step);
    assert_eq!(
        run(body("return await agent('a')"), None).result(),
        json!("<a>"),
        "another instance knows nothing of it"
    );
}

#[test]
fn limits_say_which_they_are() {
    let source = "export const meta = {name: 'l', description: 'L'}\nfor (let i = 0; i < 4; i++) await agent('a' + i)";
    let (script, _) = read("l.js", source).unwrap();
    let limits = Limits { agents: 3, ..Limits::default() };
    let ran = run(engine().instance(&script, &limits).unwrap(), None);
    assert!(
        ran.failure().message.contains("3 agents") && ran.failure().message.contains("limits.agents"),
        "{:?}",
        ran.failure()
    );
    assert_eq!(ran.failure().place.as_ref().unwrap().line, 2);
    let ran = run(body("return await parallel(new Array(4097).fill(() => 1))"), None);
    assert!(ran.failure().message.contains("4097"), "{:?}", ran.failure());
    let ran = run(body("return (await Promise.all(Array.from({length: 10000}, async (_, i) => i))).length"), None);
    assert_eq!(ran.result(), json!(10_000));
}
