//! The same answers in the same order are the same run, bit for bit: of scripts as people write them, and of any that a
//! generator makes.

use proptest::prelude::*;
use serde_json::Value;
use workflow::{Ask, Instance, Outcome, Start, Step};

use super::body;

const SCRIPTS: [&str; 5] = [
    "const r = await parallel([1,2,3,4].map((n) => async () => { const a = await agent('a' + n); return await agent('b' + a) }))\nreturn r",
    "return await pipeline(['x','y','z'], (p) => agent(p), (p, i, n) => n === 1 ? agent('fail ' + p) : agent(p + n))",
    "const all = []\nfor (let i = 0; i < 5; i++) all.push(agent('s' + i).then((x) => { log(x); return x.length }))\nconst first = await Promise.race(all)\nreturn [first, await Promise.all(all)]",
    "const t = []\nawait Promise.all([3, 1, 2].map(async (ms) => { await sleep(ms); t.push(ms); if (ms > 1) await agent('t' + t.join()) }))\nreturn t",
    "return await flow({steps: [{id: 'a', kind: 'agent', run: () => 'A'}, {id: 'b', kind: 'agent', run: () => 'B'}, {id: 'c', kind: 'code', deps: ['a', 'b'], run: (c) => c.results.a + c.results.b}]})",
];

fn answer(kind: &str, payload: &str) -> Outcome {
    let payload: Value = serde_json::from_str(payload).expect("JSON");
    super::echo(kind, &payload)
}

/// Runs in an order of the answers that `choose` says; gives the answers in it.
fn live(instance: &mut Instance, choose: &[usize]) -> (Vec<Ask>, Vec<(u64, Outcome)>, Step) {
    let mut turn = instance.start(&Start::default());
    let (mut asks, mut open, mut answers) = (vec![], vec![], vec![]);
    for at in choose.iter().cycle() {
        for ask in &turn.asks {
            match ask {
                Ask::Call { id, kind, payload } => open.push((*id, answer(kind, payload))),
                Ask::Note { kind, payload } if kind == "cancel" => {
                    open.retain(|(id, _)| payload.parse() != Ok(*id));
                }
                Ask::Note { .. } => {}
            }
        }
        asks.append(&mut turn.asks);
        if !matches!(turn.step, Step::Pending { .. }) {
            return (asks, answers, turn.step);
        }
        let (id, outcome) = open.remove(at % open.len());
        answers.push((id, outcome.clone()));
        turn = instance.resume(id, &outcome, 1);
    }
    unreachable!("a cycle has no end")
}

/// A script as a tree of what scripts are made of.
#[derive(Debug, Clone)]
enum Part {
    Agent,
    Failing,
    Sleep(u16),
    Timer(u16),
    Question,
    Nested,
    Chance(Box<Part>),
    Limited(Box<Part>, u16),
    Caught(Box<Part>),
    Again(u8, Box<Part>),
    Then(Vec<Part>),
    Parallel(Vec<Part>),
    All(Vec<Part>),
    Race(Vec<Part>),
    Settled(Vec<Part>),
    Pipeline(u8, Vec<Part>),
    Floating(Box<Part>),
}

fn part() -> impl Strategy<Value = Part> {
    let leaf = prop_oneof![
        6 => Just(Part::Agent),
        1 => Just(Part::Failing),
        1 => (0_u16..50).prop_map(Part::Sleep),
        1 => (0_u16..50).prop_map(Part::Timer),
        1 => Just(Part::Question),
        1 => Just(Part::Nested),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let one = inner.clone().prop_map(Box::new);
        let some = || proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            one.clone().prop_map(Part::Chance),
            (one.clone(), 0_u16..50).prop_map(|(of, ms)| Part::Limited(of, ms)),
            one.clone().prop_map(Part::Caught),
            (1_u8..4, one.clone()).prop_map(|(times, of)| Part::Again(times, of)),
            some().prop_map(Part::Then),
            some().prop_map(Part::Parallel),
            some().prop_map(Part::All),
            some().prop_map(Part::Race),
            some().prop_map(Part::Settled),
            (1_u8..4, some()).prop_map(|(items, stages)| Part::Pipeline(items, stages)),
            one.prop_map(Part::Floating),
        ]
    })
}

impl Part {
    /// As an expression whose value is a promise. What an agent is asked tells what was before it.
    fn js(&self) -> String {
        let list = |of: &[Part]| of.iter().map(Part::js).collect::<Vec<_>>().join(", ");
        let thunks = |of: &[Part]| of.iter().map(|of| format!("() => {}", of.js())).collect::<Vec<_>>().join(", ");
        match self {
            Self::Agent => "agent(next('a'), {label: next('l')})".into(),
            Self::Failing => "agent(next('fail '))".into(),
            Self::Sleep(ms) => format!("sleep({ms})"),
            Self::Timer(ms) => format!("new Promise((over) => setTimeout(() => over(next('t')), {ms}))"),
            Self::Question => "approve(next('q')).then((said) => said.by)".into(),
            Self::Nested => "workflow('other', next('w'))".into(),
            Self::Chance(of) => format!("(async () => (n % 2 ? {} : next('even')))()", of.js()),
            Self::Limited(of, ms) => format!(
                "(async () => {{ let t; const late = new Promise((_, no) => {{ t = setTimeout(() => no(new Error(next('late'))), {ms}) }}); return Promise.race([{}, late]).finally(() => clearTimeout(t)) }})()",
                of.js()
            ),
            Self::Caught(of) => format!(
                "(async () => {{ try {{ return await {} }} catch (e) {{ log(e.name, e.message); return next('caught') }} finally {{ phase(next('p')) }} }})()",
                of.js()
            ),
            Self::Again(times, of) => format!(
                "(async () => {{ const all = []; for (let i = 0; i < {times}; i++) all.push(await {}); return all }})()",
                of.js()
            ),
            Self::Then(of) => {
                let steps: Vec<_> = of.iter().map(|of| format!("all.push(await {})", of.js())).collect();
                format!("(async () => {{ const all = []; {}; return all }})()", steps.join("; "))
            }
            Self::Parallel(of) => format!("parallel([{}])", thunks(of)),
            Self::All(of) => format!("Promise.all([{}])", list(of)),
            Self::Race(of) => format!("Promise.race([{}])", list(of)),
            Self::Settled(of) => format!("Promise.allSettled([{}])", list(of)),
            Self::Pipeline(items, stages) => {
                format!("pipeline(Array({items}).fill(0), {})", thunks(stages))
            }
            Self::Floating(of) => {
                format!("(async () => {{ {}.catch((e) => log(e.message)); return next('left') }})()", of.js())
            }
        }
    }

    fn script(&self) -> String {
        format!("let n = 0\nconst next = (what) => `${{what}}${{n++}}`\nreturn [await {}, n]", self.js())
    }
}

/// Runs a script in an order, then again from a prefix of its answers.
fn replays(script: &str, order: &[usize], cut: proptest::sample::Index) -> Result<(), TestCaseError> {
    let mut first = body(script);
    let (asks, answers, step) = live(&mut first, order);
    let mut again = body(script);
    let mut turn = again.start(&Start::default());
    let mut replayed = std::mem::take(&mut turn.asks);
    let upto = cut.index(answers.len() + 1);
    for (id, outcome) in &answers[..upto] {
        turn = again.resume(*id, outcome, 1);
        replayed.append(&mut turn.asks);
    }
    prop_assert_eq!(&asks[..replayed.len()], &replayed[..]);
    for (id, outcome) in &answers[upto..] {
        turn = again.resume(*id, outcome, 1);
        replayed.append(&mut turn.asks);
    }
    prop_assert_eq!((&asks, &step), (&replayed, &turn.step));
    prop_assert_eq!(first.digest(), again.digest(), "the whole memory, bit for bit");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_prefix_of_any_order_replays_to_the_same(script in 0..SCRIPTS.len(), order in proptest::collection::vec(0_usize..7, 1..12), cut in any::<proptest::sample::Index>()) {
        replays(SCRIPTS[script], &order, cut)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_prefix_of_any_script_replays_to_the_same(of in part(), order in proptest::collection::vec(0_usize..97, 1..40), cut in any::<proptest::sample::Index>()) {
        replays(&of.script(), &order, cut)?;
    }
}
