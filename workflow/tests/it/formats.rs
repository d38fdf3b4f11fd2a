//! All formats that people bring, and what is wrong with those that are none.

use serde_json::{Value, json};
use workflow::{Limits, LoadError, Script};

use super::{body, echo, engine, read, run, run_with};

fn of(source: &str, args: Option<Value>) -> Value {
    let (script, _) = read("x.js", source).unwrap_or_else(|error| panic!("{error}\n{source}"));
    run(engine().instance(&script, &Limits::default()).unwrap(), args).result()
}

#[track_caller]
fn wrong(source: &str) -> String {
    match read("x.js", source) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it is read: {source}"),
    }
}

#[test]
fn the_body_format_has_await_and_return_at_its_top() {
    let source = "export const meta = { name: 'b', description: 'B' }\nphase('One')\nconst said = await agent('hi', {label: 'x'})\nreturn { said, args }";
    assert_eq!(of(source, Some(json!([1]))), json!({"said": "<hi>", "args": [1]}));
    assert_eq!(of("export const meta = {name: 'b', description: 'B'}\nawait agent('only')", None), Value::Null);
    let own = "export const meta = {name: 'b', description: 'B'}\nconst args = globalThis.args ?? 'none'\nconst budget = 3\nreturn [args, budget]";
    assert_eq!(of(own, None), json!(["none", 3]));
    assert_eq!(of("export const meta = {name: 'b', description: 'B'}\nreturn typeof args", None), json!("undefined"));
}

#[test]
fn the_other_formats_have_a_function_for_a_body() {
    let main = "export const meta = {name: 'm', description: 'M'}\nexport default async function main(args) { return [args.x, await agent('y')] }";
    assert_eq!(of(main, Some(json!({"x": 1}))), json!([1, "<y>"]));
    let object = "export const workflow = { name: 'o', description: 'O', async run(args) { return await this.help(args) }, help: async (a) => agent(a) }";
    assert_eq!(of(object, Some(json!("z"))), json!("<z>"));
    let default =
        "export default { meta: {name: 'd', description: 'D'}, async run(args, ctx) { return ctx.agent(args) } }";
    assert_eq!(of(default, Some(json!("w"))), json!("<w>"));
    for common in [
        "module.exports = async function (args) { return agent(args) }",
        "const meta = {name: 'c', description: 'C'};\nmodule.exports = { meta, run: async (args) => agent(args) }",
        "module.exports = { meta: {name: 'c', description: 'C'}, default: async (args) => agent(args), other: 1 }",
        "exports.meta = {name: 'c', description: 'C'};\nexports.run = async (args) => agent(args)",
    ] {
        assert_eq!(of(common, Some(json!("v"))), json!("<v>"), "{common}");
    }
}

#[test]
fn meta_is_read_without_running_anything() {
    let source = "// one\n/* two */\nexport const meta = {\n  name: 'deep', description: \"it's\", whenToUse: `now`,\n  phases: [{title: 'A', detail: 'a'}, {title: 'B', model: 'opus'}],\n};\nthrow new Error('it ran')";
    let (_, meta) = read("x.js", source).unwrap();
    assert_eq!(
        (meta.name.as_str(), meta.description.as_str(), meta.when_to_use.as_deref()),
        ("deep", "it's", Some("now"))
    );
    assert_eq!(meta.phases.iter().map(|phase| &*phase.title).collect::<Vec<_>>(), ["A", "B"]);
    let (_, meta) = read("dir/some-name.js", "export default async function () {}").unwrap();
    assert_eq!((meta.name.as_str(), meta.description.as_str()), ("some-name", ""));
    let (_, meta) = read("x.js", "module.exports = { meta: {name: 'c', description: 'C'}, run() {} }").unwrap();
    assert_eq!(meta.name, "c");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let said = wrong("export const meta = {name: f(), description: 'x'}\nreturn 1");
    assert!(said.contains("plain literal") && said.contains("x.js:1:28"), "{said}");
    let said = wrong("export const meta = {description: 'x'}\nreturn 1");
    assert!(said.contains("`meta.name` is missing"), "{said}");
    assert!(wrong("return 1").contains("export const meta"));
    let said = wrong("export const meta = {name: 'a', description: 'x'}\nconst a = ;\nreturn 1");
    assert!(said.contains("SyntaxError") && said.contains("x.js:2:11"), "{said}");
    let said = wrong("export const meta = {name: 'a', description: 'x'}\nconst f = (a: string) => a\nreturn 1");
    assert!(said.contains("TypeScript") && said.contains("x.js:2:"), "{said}");
    let said = wrong("export const meta = {name: 'a', description: 'x'}\ninterface A {}\nreturn 1");
    assert!(said.contains("TypeScript"), "{said}");
    let said = wrong("import fs from 'fs'\nexport const meta = {name: 'a', description: 'x'}\nreturn 1");
    assert!(said.contains("`fs`") && said.contains("own folder"), "{said}");
    let large = format!("export const meta = {{name: 'a', description: 'x'}}\n// {}", "x".repeat(600_000));
    assert!(wrong(&large).contains("524288"));
}

#[test]
fn files_of_its_folder_are_imported_and_pinned_with_it() {
    let source = "import { twice } from './shared/twice.js'\nexport const meta = {name: 'i', description: 'I'}\nreturn twice(await agent('a'))";
    let mut script = Script::new("i.js", source);
    let files = |file: &str| match file {
        "shared/twice.js" => Ok("import { join } from './join.js'\nexport const twice = (x) => join(x, x)".to_owned()),
        "shared/join.js" => Ok("export const join = (...of) => of.join('+')".to_owned()),
        other => Err(format!("no {other}")),
    };
    engine().read(&mut script, files).unwrap();
    assert_eq!(script.files.keys().collect::<Vec<_>>(), ["shared/join.js", "shared/twice.js"]);
    let pinned: Script = serde_json::from_str(&serde_json::to_string(&script).unwrap()).unwrap();
    assert_eq!(run(engine().instance(&pinned, &Limits::default()).unwrap(), None).result(), json!("<a>+<a>"));
    let mut outside = Script::new(
        "i.js",
        "import x from '../../secret.js'\nexport const meta = {name: 'i', description: 'I'}\nreturn x",
    );
    let error = engine().read(&mut outside, |_| Ok("export default 1".into())).unwrap_err();
    assert!(matches!(&error, LoadError::Import { file, .. } if file.contains("secret")), "{error}");
}

#[test]
fn errors_have_file_line_and_column() {
    let ran = run(body("const a = 1\nfunction f() {\n  return undefined.x\n}\nawait agent('x')\nreturn f()"), None);
    let failure = ran.failure();
    assert_eq!(failure.name, "TypeError");
    assert_eq!(failure.place.as_ref().unwrap().to_string(), "test.js:4:10", "{failure:?}");
    let ran = run(body("const x = 1\nawait agent('fail it is tired')"), None);
    assert_eq!(ran.failure().to_string(), "AgentError: it is tired (test.js:3:7)");
    let ran = run(body("throw 'just a text'"), None);
    assert_eq!((ran.failure().name.as_str(), ran.failure().message.as_str()), ("Thrown", "just a text"));
}

#[test]
fn parallel_and_pipeline_bear_what_fails() {
    let ran = run(
        body(
            "return await parallel([() => agent('a'), () => agent('fail b'), () => { throw new Error('c') }, 4, () => 'd'])",
        ),
        None,
    );
    assert_eq!(ran.result(), json!(["<a>", null, null, null, "d"]));
    assert!(ran.log().iter().any(|line| line.contains("parallel[1]: AgentError: b")), "{:?}", ran.log());
    let ran = run(
        body(
            "return await pipeline(['a', 'b'], (p, item, i) => agent(p + i), async (p, item) => { if (item === 'b') throw 1; return p + item })",
        ),
        None,
    );
    assert_eq!(ran.result(), json!(["<a0>a", null]));
}

#[test]
fn what_a_call_is_given_is_handed_on() {
    let ran = run(
        body(
            "phase('P')\nawait agent('x', {label: undefined, model: 'm', nonsense: 1, ...{schema: {type: 'object'}}})\nawait tool('read_file', {path: 'a'})\nawait workflow('other', 1)\nawait approve('ok?', {detail: 'd', timeout_ms: 5})\nawait sleep(10)",
        ),
        None,
    );
    assert_eq!(
        ran.calls(),
        [
            ("agent".to_owned(), json!({"prompt": "x", "model": "m", "schema": {"type": "object"}, "phase": "P"})),
            ("tool".to_owned(), json!({"name": "read_file", "args": {"path": "a"}, "phase": "P"})),
            ("workflow".to_owned(), json!({"name": "other", "args": 1})),
            ("approve".to_owned(), json!({"question": "ok?", "detail": "d", "timeout_ms": 5, "phase": "P"})),
            ("sleep".to_owned(), json!({"ms": 10})),
        ]
    );
    assert!(ran.log()[0].contains("`nonsense`"));
}

#[test]
fn timers_race_with_agents_and_replay() {
    let source = "const late = (ms) => new Promise((_, no) => setTimeout(() => no(new Error('late')), ms))\nconst a = await Promise.race([agent('quick'), late(5000)])\nlet b\ntry { b = await Promise.race([new Promise(() => {}), late(10)]) } catch (e) { b = e.message }\nconst t = setTimeout(() => log('never'), 1)\nclearTimeout(t)\nreturn [a, b]";
    assert_eq!(run(body(source), None).result(), json!(["<quick>", "late"]));
    let ran = run(body("await new Promise(() => {})"), None);
    assert!(ran.failure().message.contains("nothing can settle"), "{:?}", ran.failure());
    let ran = run(body("agent('left', {label: 'lonely'})\nreturn 1"), None);
    assert_eq!(ran.result(), json!(1));
    assert!(ran.asks.iter().any(|ask| format!("{ask:?}").contains("agent lonely")), "{:?}", ran.asks);
}

#[test]
fn there_is_no_clock_and_no_chance_in_a_body_and_the_same_in_every_replay_elsewhere() {
    for what in ["Date.now()", "new Date()", "Date()", "Math.random()", "new (new Date(0)).constructor()"] {
        let ran = run(body(&format!("return {what}")), None);
        assert!(ran.failure().message.contains("pass the value in args"), "{what}: {:?}", ran.failure());
    }
    assert_eq!(run(body("return [new Date(0).toISOString(), new Date(2020, 1).getFullYear(), Date.UTC(2020, 0), new Date(5) instanceof Date]"), None).result(), json!(["1970-01-01T00:00:00.000Z", 2020, 1_577_836_800_000_i64, true]));
    let main =
        "export default async function () { return [Date.now(), new Date().getTime(), Math.random(), Math.random()] }";
    let once = of(main, None);
    assert_eq!((&once[0], &once[1]), (&json!(1_700_000_000_000_i64), &json!(1_700_000_000_000_i64)));
    assert_ne!(once[2], once[3]);
    assert_eq!(once, of(main, None));
}

#[test]
fn what_a_browser_has_and_a_workflow_needs_is_there() {
    let source = "const u = new URL('/a b?x=1&y=2#z', 'https://user@example.com:8080'); u.searchParams.append('z', 'ä'); u.hash = '';\nlet bad; try { new URL('nope') } catch (e) { bad = e instanceof TypeError }\nconst c = structuredClone({d: new Date(5), m: new Map([[1, {a: [1]}]])});\nreturn [u.href, u.host, u.pathname, [...u.searchParams.keys()], bad, URL.canParse('http://x'), c.m.get(1).a[0], c.d.getTime(), new TextDecoder().decode(new TextEncoder().encode('hé😀')), [3,1,2].toSorted(), 'a-a'.replaceAll('a', 'b'), Object.hasOwn({a: 1}, 'a')]";
    assert_eq!(
        run(body(source), None).result(),
        json!([
            "https://user@example.com:8080/a%20b?x=1&y=2&z=%C3%A4",
            "example.com:8080",
            "/a%20b",
            ["x", "y", "z"],
            true,
            true,
            1,
            5,
            "hé😀",
            [1, 2, 3],
            "b-b",
            true
        ])
    );
    let modern = "class A { #x = 1; get x() { return this.#x } static { A.y = 2 } }\nfunction* g() { yield* [1, 2] }\nasync function* h() { for (const x of g()) yield await agent(String(x)) }\nconst out = []; for await (const x of h()) out.push(x)\nreturn [new A().x, A.y, out, 'x1y22'.match(/(?<n>\\d+)$/u).groups.n, [..._('ab')]]\nfunction _(s) { return s.matchAll(/./g).map((m) => m[0]) }";
    assert_eq!(run(body(modern), None).result(), json!([1, 2, ["<1>", "<2>"], "22", ["a", "b"]]));
}

#[test]
fn the_budget_is_that_of_the_answers_so_far() {
    let mut instance = body(
        "const before = budget.spent()\nawait agent('a')\nconst after = [budget.total, budget.spent(), budget.remaining()]\nreturn [before, after[0], after[1], after[2] === Infinity]",
    );
    assert_eq!(run_with(&mut instance, None, echo).result(), json!([0, null, 10, true]));
}
