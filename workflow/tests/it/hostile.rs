//! Scripts that try to get out, to take everything, or to turn what they stand on against the host. Each comes to an error that
//! says what it is, or to nothing worse than its own result; twice the same gives the same memory, and the next script runs.

use serde_json::json;
use workflow::{Ask, Limits, Step};

use super::{Ran, body, echo, engine, limits, read, run, run_with};

/// How a hostile script ends.
enum End {
    /// With an error of this name, which says this.
    Error(&'static str, &'static str),
    /// With this result, as JSON.
    Result(&'static str),
    /// By itself, somehow: what it comes to is its own affair.
    Somehow,
}
use End::{Error, Result, Somehow};

#[track_caller]
fn ended(source: &str) -> (Ran, [u8; 32]) {
    let source = format!("export const meta = {{name: 'test', description: 'A test'}}\n{source}");
    let (script, _) = read("test.js", &source).unwrap_or_else(|error| panic!("{error}: {source}"));
    let limits = Limits { polls: 150, fuel: 1_500_000_000, ..limits() };
    let mut instance = engine().instance(&script, &limits).unwrap();
    let ran = run_with(&mut instance, None, echo);
    (ran, instance.digest())
}

#[track_caller]
fn tried(cases: &[(&str, End)]) {
    for (source, end) in cases {
        let (ran, digest) = ended(source);
        let (again, same) = ended(source);
        assert_eq!((&ran.asks, &ran.step), (&again.asks, &again.step), "{source}: it is not the same twice");
        assert_eq!(digest, same, "{source}: its memory is not the same twice");
        match (end, &ran.step) {
            (Error(name, said), Step::Failed(failure)) => {
                assert!(failure.name == *name && failure.message.contains(said), "{source}: {failure:?}");
            }
            (Result(result), Step::Done { result: came }) => assert_eq!(came, result, "{source}"),
            (Somehow, Step::Failed(_) | Step::Done { .. }) => {}
            (_, step) => panic!("{source}: {step:?}"),
        }
    }
    assert_eq!(run(body("return await agent('a')"), None).result(), json!("<a>"), "the next script runs");
}

#[test]
fn code_made_of_text_stands_in_the_same_sandbox() {
    tried(&[
        ("return Function('return typeof process + typeof require')()", Result(r#""undefinedfunction""#)),
        ("return new Function('a', 'return a + 1')(1)", Result("2")),
        ("return (0, eval)('1 + 1')", Result("2")),
        ("return agent.constructor.constructor('return typeof globalThis.hostCall')()", Result(r#""undefined""#)),
        ("return (async () => {}).constructor('return await agent(\"in\")')()", Result(r#""<in>""#)),
        ("return (function* () {}).constructor('yield typeof std')().next().value", Result(r#""undefined""#)),
        ("return parallel.caller", Error("TypeError", "")),
        ("return (function f() { return f.caller })()", Somehow),
        (
            "return Reflect.ownKeys(globalThis).filter((k) => /host|std|os$|native|bjson|worker/i.test(String(k)))",
            Result("[]"),
        ),
        ("return await import('./other.js')", Error("ModuleMissing", "other.js")),
        ("return await import('data:text/javascript,export default 1')", Error("ModuleMissing", "data:")),
        ("return import.meta.url ?? 'none'", Somehow),
        ("return new Function('}); return 1; ({')()", Error("SyntaxError", "")),
        ("return this === undefined", Result("true")),
        ("return Object.getOwnPropertyNames(Object.getPrototypeOf(async function () {})).length > 0", Result("true")),
    ]);
}

#[test]
fn loops_without_end_are_ended_wherever_they_are() {
    let ended = || Error("LimitReached", "limits.");
    tried(&[
        ("for (;;);", ended()),
        ("try { for (;;); } catch { return 'caught' } finally { for (;;); }", ended()),
        ("await Promise.resolve().then(() => { for (;;); })", ended()),
        ("const f = () => Promise.resolve().then(f)\nawait f()", ended()),
        ("queueMicrotask(function again() { queueMicrotask(again) })\nawait agent('x')", Somehow),
        ("return await agent('x', { get label() { for (;;); } })", ended()),
        ("return { toJSON() { for (;;); } }", ended()),
        ("return new Proxy({}, { ownKeys() { for (;;); } })", ended()),
        (
            "return await agent('x', new Proxy({}, { get() { for (;;); }, ownKeys() { return ['a'] }, getOwnPropertyDescriptor() { return {enumerable: true, configurable: true, value: 1} } }))",
            ended(),
        ),
        ("log({ toString() { for (;;); }, toJSON() { for (;;); } })", ended()),
        ("return await { then() { for (;;); } }", ended()),
        ("await agent('x')\nsetTimeout(() => { for (;;); }, 1)\nawait new Promise(() => {})", ended()),
        ("return [3, 1, 2].sort(() => { for (;;); })", ended()),
        ("return 'a'.replace(/a/, () => { for (;;); })", ended()),
        ("function* g() { for (;;) yield 1 }\nreturn [...g()].length", ended()),
        ("return Array.from({ length: 2 ** 31 }, () => 0).length", Somehow),
        ("return /^(\\w+\\s?)*$/.test('aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa!')", Somehow),
        ("return [].indexOf.call({ length: 2 ** 53 - 1 }, 1)", ended()),
        ("throw { toJSON() { for (;;); } }", Error("Error", "could not be described")),
        (
            "const e = new Error('x')\nObject.defineProperty(e, 'name', { get() { for (;;); } })\nthrow e",
            Error("Error", "could not be described"),
        ),
        (
            "Object.defineProperty(Error, Symbol.hasInstance, { value() { for (;;); } })\nthrow new Error('x')",
            Error("Error", "could not be described"),
        ),
    ]);
}

#[test]
fn what_is_too_large_is_refused() {
    tried(&[
        ("let s = 'x'\nfor (;;) s += s", Somehow),
        ("const all = []\nfor (let n = 0; ; n++) all.push('text ' + n)", Error("LimitReached", "")),
        ("const all = []\nfor (;;) all.push(new ArrayBuffer(1 << 20))", Error("LimitReached", "")),
        ("const all = []\nfor (;;) all.push(Promise.resolve(all).then(() => {}))", Error("LimitReached", "")),
        ("const m = new Map()\nfor (let n = 0; ; n++) m.set(n, { n })", Error("LimitReached", "")),
        ("return new Uint8Array(2 ** 33)", Somehow),
        ("return 2n ** (2n ** 40n)", Somehow),
        ("return 'x'.padEnd(2 ** 30)", Somehow),
        ("return Array(2 ** 27).join('xxxxxxxxxx').length", Somehow),
        ("return 'x'.repeat(20 << 20)", Error("LimitReached", "limits.")),
        ("for (;;) log('again')", Error("LimitReached", "limits.asks")),
        ("for (;;) sleep(1)", Error("LimitReached", "limits.asks")),
        ("for (;;) phase('again')", Error("LimitReached", "limits.asks")),
        ("for (let n = 0; ; n++) try { log(n) } catch { if (n > 11e3) return 'gave up' }", Result(r#""gave up""#)),
        ("for (;;) log('x'.repeat(1 << 20))", Error("LimitReached", "")),
        ("throw new Error('x'.repeat(1 << 20))", Error("Error", "xxx")),
        ("const e = new Error('m')\ne.stack = 'at f (a.js:1:1)\\n'.repeat(1e5)\nthrow e", Error("Error", "m")),
        ("const f = (n) => [f(n + 1)]\nreturn f(0)", Error("RangeError", "")),
        ("return JSON.parse('['.repeat(1e6))", Somehow),
        ("let a = []\nfor (let n = 0; n < 1e5; n++) a = [a]\nreturn a", Somehow),
        ("let a = []\nfor (let n = 0; n < 300; n++) a = [a]\nreturn a", Error("InvalidResult", "lie in each other")),
        (
            "let a = {}\nfor (let n = 0; n < 300; n++) a = { a }\nreturn await agent('x', { schema: a })",
            Error("InvalidCall", "nests too deep"),
        ),
        ("return new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('')", Somehow),
        ("return eval('1' + '+1'.repeat(1e5))", Somehow),
        ("return eval('['.repeat(1e5))", Somehow),
        (
            "let f = () => 1\nfor (let n = 0; n < 1e5; n++) { const g = f; f = () => g() }\nreturn f()",
            Error("RangeError", ""),
        ),
    ]);
    let (ran, _) = ended("throw new Error('x'.repeat(1 << 20))");
    assert!(ran.failure().message.len() < 20_000, "{}", ran.failure().message.len());
}

#[test]
fn many_promises_are_no_harm() {
    tried(&[
        ("return (await Promise.all(Array.from({ length: 10_000 }, async (_, n) => n))).length", Result("10000")),
        (
            "let n = 0\nfor (let i = 0; i < 10_000; i++) Promise.reject(i).catch(() => n++)\nawait null\nawait null\nreturn n",
            Result("10000"),
        ),
        (
            "let p = Promise.resolve(0)\nfor (let i = 0; i < 10_000; i++) p = p.then((n) => n + 1)\nreturn await p",
            Result("10000"),
        ),
        ("for (let i = 0; i < 10_000; i++) Promise.reject(new Error('nobody cares'))\nreturn 1", Result("1")),
        ("return (await Promise.all(Array.from({ length: 1_000 }, (_, n) => agent('a' + n)))).length", Result("1000")),
        (
            "await Promise.all(Array.from({ length: 1_001 }, (_, n) => agent('a' + n)))",
            Error("LimitReached", "1000 agents"),
        ),
        ("return await parallel(Array(4_097).fill(() => 1))", Error("LimitReached", "4097")),
        ("return await pipeline(Array(4_097).fill(1), (x) => x)", Error("LimitReached", "4097")),
    ]);
}

#[test]
fn what_is_put_in_the_place_of_what_is_built_in_harms_the_script_alone() {
    tried(&[
        ("globalThis.Promise = class {}\nreturn await agent('a')", Result(r#""<a>""#)),
        (
            "globalThis.Map = globalThis.Array = globalThis.Object = undefined\nreturn await agent('a')",
            Result(r#""<a>""#),
        ),
        ("JSON.stringify = () => '{'\nJSON.parse = () => { throw 1 }\nreturn await agent('a')", Result(r#""<a>""#)),
        (
            "Map.prototype.get = Map.prototype.set = () => { throw 1 }\nObject.defineProperty(Map.prototype, 'size', { value: 7 })\nreturn await agent('a')",
            Result(r#""<a>""#),
        ),
        (
            "Object.defineProperty(Map.prototype, 'size', { value: 7 })\nawait new Promise(() => {})",
            Error("Stuck", "nothing can settle"),
        ),
        ("Object.prototype.kind = 'timer'\nObject.prototype.run = () => log('mine')\nreturn await agent('a')", Somehow),
        (
            "Object.defineProperty(Object.prototype, 'label', { get() { throw new Error('mine') } })\nreturn await agent('a')",
            Somehow,
        ),
        ("Array.prototype[Symbol.iterator] = function* () {}\nreturn await parallel([() => agent('a')])", Somehow),
        (
            "Array.prototype.map = Array.prototype.includes = () => { throw new Error('mine') }\nreturn await agent('a', {label: 'x'})",
            Error("Error", "mine"),
        ),
        ("Promise.prototype.then = null\nreturn await agent('a')", Result(r#""<a>""#)),
        (
            "Promise.prototype.then = () => { throw new Error('mine') }\nreturn await Promise.all([agent('a')])",
            Error("Error", "mine"),
        ),
        ("String.prototype.slice = String.prototype.replace = () => ({})\nreturn await agent('a')", Somehow),
        ("Object.prototype.toJSON = () => 'mine'\nreturn await agent('a')", Somehow),
        ("String.prototype.toJSON = () => { throw new Error('mine') }\nreturn new String('x')", Error("Error", "mine")),
        ("Object.freeze(Object.prototype)\nObject.freeze(globalThis)\nreturn await agent('a')", Result(r#""<a>""#)),
        ("delete globalThis.agent\nreturn typeof agent", Result(r#""undefined""#)),
        (
            "globalThis.agent = () => 'mine'\nreturn [await agent('a'), (await flow({steps: [{id: 'x', kind: 'agent', run: () => 'p'}]})).results.x]",
            Result(r#"["mine","<p>"]"#),
        ),
        (
            "Object.setPrototypeOf(globalThis, new Proxy({}, { get() { for (;;); }, has: () => true }))\nreturn await agent('a')",
            Somehow,
        ),
        ("for (const k of Reflect.ownKeys(globalThis)) try { delete globalThis[k] } catch {}\nreturn 1", Result("1")),
        (
            "budget.spent = () => -1e9\nObject.defineProperty(budget, 'total', { get: () => null })\nreturn await agent('a')",
            Result(r#""<a>""#),
        ),
        ("Error.prepareStackTrace = () => { for (;;); }\nthrow new Error('x')", Somehow),
        ("Error.prepareStackTrace = () => ({ odd: true })\nreturn await agent('fail x')", Error("AgentError", "x")),
        (
            "Error.prepareStackTrace = (e, frames) => frames\nconst s = new Error('x').stack\nreturn Array.isArray(s) || typeof s",
            Somehow,
        ),
        ("Error.stackTraceLimit = 0\nthrow new Error('x')", Error("Error", "x")),
        (
            "Error.prototype.toString = () => { throw 1 }\nreturn await parallel([() => { throw new Error('y') }])",
            Somehow,
        ),
        (
            "Object.defineProperty(Error.prototype, 'message', { get() { throw 1 } })\nthrow new TypeError()",
            Error("TypeError", ""),
        ),
        ("Symbol.prototype[Symbol.toPrimitive] = () => { for (;;); }\nthrow Symbol('x')", Somehow),
    ]);
}

#[test]
fn odd_values_at_the_border_are_errors_or_texts() {
    tried(&[
        ("throw undefined", Error("Thrown", "undefined")),
        ("throw null", Error("Thrown", "null")),
        ("throw 7n", Error("Thrown", "7")),
        ("throw Symbol('odd')", Error("Thrown", "Symbol(odd)")),
        ("throw () => 1", Error("Thrown", "=>")),
        ("throw Object.create(null)", Error("Thrown", "{}")),
        ("throw new Proxy({}, { get() { throw 1 } })", Error("Error", "could not be described")),
        ("throw new Proxy(new Error('p'), {})", Error("Error", "p")),
        ("const a = {}\na.a = a\nthrow a", Error("Thrown", "object")),
        ("return 7n", Error("TypeError", "BigInt")),
        ("return Symbol('s')", Result("null")),
        ("return () => 1", Result("null")),
        ("return undefined", Result("null")),
        ("return NaN", Result("null")),
        (
            "return [undefined, () => 1, -0, Infinity, new Date(0), /x/, new Map([[1, 2]]), new Set([1]), new Uint8Array(2)]",
            Result(r#"[null,null,0,null,"1970-01-01T00:00:00.000Z",{},{},{},{"0":0,"1":0}]"#),
        ),
        ("const a = {}\na.a = a\nreturn a", Error("TypeError", "circular")),
        ("const a = {}\na.a = a\nreturn await agent('x', { schema: a })", Error("TypeError", "circular")),
        ("return await agent('x', { schema: { n: 1n } })", Error("TypeError", "BigInt")),
        ("return await agent(1)", Error("TypeError", "the prompt must be a string")),
        ("return await agent()", Error("TypeError", "the prompt must be a string")),
        ("return await agent(new String('x'))", Error("TypeError", "the prompt must be a string")),
        ("return await agent('x', 'label')", Error("TypeError", "the options must be an object")),
        ("return await agent('half \\ud83d', { label: '\\udead' })", Somehow),
        ("return '\\ud83d'", Result("\"\u{fffd}\"")),
        ("return '\\\\ud83d'", Result(r#""\\ud83d""#)),
        ("return await agent('zero \\0 inside')", Result(r#""<zero \u0000 inside>""#)),
        ("return await parallel('abc')", Error("TypeError", "an array of functions is needed")),
        ("return await pipeline({ length: 2 }, (x) => x)", Result("[null,null]")),
        ("return await pipeline(null)", Error("TypeError", "")),
        ("return await workflow(() => 1)", Error("TypeError", "must be a string")),
        ("return await sleep('soon')", Error("TypeError", "must be a number")),
        ("return await sleep(-1) ?? 'over'", Result(r#""over""#)),
        ("return await sleep(1e300) ?? 'over'", Result(r#""over""#)),
        ("setTimeout('code', 1)", Error("TypeError", "a function is needed")),
        ("clearTimeout({}); clearTimeout(99); clearTimeout('__proto__'); clearTimeout(null)\nreturn 1", Result("1")),
        ("return await flow(null)", Error("InvalidFlow", "at least one step")),
        ("return await { get then() { throw new Error('mine') } }", Error("Error", "mine")),
        ("return Promise.reject(new Error('late'))", Error("Error", "late")),
        ("phase({ toString() { throw new Error('mine') } })", Error("Error", "mine")),
    ]);
    let ran = run(body("await agent('half \\ud83d of it')"), None);
    assert!(
        matches!(&ran.asks[0], Ask::Call { payload, .. } if payload.contains("half \u{fffd} of it")),
        "{:?}",
        ran.asks
    );
}
