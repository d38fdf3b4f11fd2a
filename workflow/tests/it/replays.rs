//! The same answers in the same order are the same run, bit for bit.

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_prefix_of_any_order_replays_to_the_same(script in 0..SCRIPTS.len(), order in proptest::collection::vec(0_usize..7, 1..12), cut in any::<proptest::sample::Index>()) {
        let mut first = body(SCRIPTS[script]);
        let (asks, answers, step) = live(&mut first, &order);
        let mut again = body(SCRIPTS[script]);
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
    }
}
