//! The rules of `flow()`, each as a test.

use serde_json::{Value, json};
use workflow::{Ask, Outcome};

use super::{body, echo, run, run_with};

fn flow(steps: &str) -> Value {
    run(body(&format!("return await flow({{steps: [{steps}]}})")), None).result()
}

#[track_caller]
fn fails(source: &str) -> String {
    run(body(&format!("return await flow({source})")), None).failure().message.clone()
}

#[test]
fn the_first_case_that_holds_wins_and_the_others_are_skipped() {
    let made = flow(
        "{id: 's', kind: 'switch', cases: [{label: 'no', condition: () => false, stepIds: ['a']}, {label: 'yes', condition: () => true, stepIds: ['b']}, {label: 'too', condition: () => true, stepIds: ['c']}]}, {id: 'a', kind: 'code', deps: ['s'], run: () => 1}, {id: 'b', kind: 'code', deps: ['s'], run: () => 2}, {id: 'c', kind: 'code', deps: ['s'], run: () => 3}, {id: 'd', kind: 'code', deps: ['a', 'b', 'c'], run: (ctx) => Object.keys(ctx.results)}",
    );
    assert_eq!(made["results"], json!({"s": "branch:yes", "b": 2, "d": ["s", "b"]}));
    assert_eq!(
        made["states"],
        json!({"s": "completed", "a": "skipped", "b": "completed", "c": "skipped", "d": "completed"})
    );
}

#[test]
fn without_a_case_that_holds_the_default_runs_and_without_one_nothing_is_excluded() {
    let with = flow(
        "{id: 's', kind: 'switch', cases: [{label: 'no', condition: () => false, stepIds: ['a']}], defaultBranch: ['b']}, {id: 'a', kind: 'code', deps: ['s'], run: () => 1}, {id: 'b', kind: 'code', deps: ['s'], run: () => 2}",
    );
    assert_eq!(with["states"], json!({"s": "completed", "a": "skipped", "b": "completed"}));
    let without = flow(
        "{id: 's', kind: 'switch', cases: [{label: 'no', condition: () => false, stepIds: ['a']}]}, {id: 'a', kind: 'code', deps: ['s'], run: () => 1}",
    );
    assert_eq!((&without["results"]["s"], &without["states"]["a"]), (&json!(""), &json!("completed")));
}

#[test]
fn a_step_in_the_chosen_branch_and_in_another_runs() {
    let made = flow(
        "{id: 's', kind: 'switch', cases: [{label: 'x', condition: () => true, stepIds: ['a']}, {label: 'y', condition: () => true, stepIds: ['a', 'b']}]}, {id: 'a', kind: 'code', deps: ['s'], run: () => 1}, {id: 'b', kind: 'code', deps: ['s'], run: () => 2}",
    );
    assert_eq!(made["states"], json!({"s": "completed", "a": "completed", "b": "skipped"}));
}

#[test]
fn a_condition_that_throws_fails_the_run_and_names_the_step() {
    let said = fails(
        "{steps: [{id: 'which', kind: 'switch', cases: [{label: 'x', condition: () => { throw new Error('hm') }, stepIds: []}]}]}",
    );
    assert!(said.contains("`which`") && said.contains("hm"), "{said}");
}

#[test]
fn a_batch_has_its_capacity_and_others_are_not_held_by_it() {
    let steps: Vec<String> =
        (0..4).map(|n| format!("{{id: 'b{n}', kind: 'agent', batch: 'x', run: () => 'b{n}'}}")).collect();
    let source = format!(
        "return await flow({{batchConfig: {{maxConcurrent: 2}}, steps: [{}, {{id: 'free', kind: 'agent', run: () => 'free'}}, {{id: 'other', kind: 'agent', batch: 'y', run: () => 'other'}}]}})",
        steps.join(", ")
    );
    let mut instance = body(&source);
    let turn = instance.start(&workflow::Start::default());
    let prompts: Vec<String> = turn
        .asks
        .iter()
        .filter_map(|ask| match ask {
            Ask::Call { kind, payload, .. } if kind == "agent" => {
                serde_json::from_str::<Value>(payload).ok()?["prompt"].as_str().map(str::to_owned)
            }
            _ => None,
        })
        .collect();
    assert_eq!(prompts, ["b0", "b1", "free", "other"]);
    assert_eq!(run(body(&source), None).result()["states"]["b3"], json!("completed"));
}

fn late(times: u64) -> impl Fn(&str, &Value) -> Outcome {
    let left = std::cell::Cell::new(times);
    move |kind, payload| {
        if kind == "agent" && left.get() > 0 {
            left.set(left.get() - 1);
            return Outcome::Bad(json!({"name": "TimedOut", "message": "late"}).to_string());
        }
        echo(kind, payload)
    }
}

#[test]
fn an_agent_step_that_timed_out_is_tried_again_while_it_may() {
    let source = "return await flow({steps: [{id: 'a', kind: 'agent', maxRetries: 2, timeoutMs: 50, run: () => 'x'}]})";
    let ran = run_with(&mut body(source), None, late(2));
    assert_eq!(ran.result()["results"], json!({"a": "<x>"}));
    assert_eq!(ran.calls().iter().filter(|(kind, of)| kind == "agent" && of["timeout_ms"] == 50).count(), 3);
    let ran = run_with(&mut body(source), None, late(3));
    assert_eq!(ran.failure().name, "TimedOut");
    assert!(ran.failure().message.contains("`a`"), "{:?}", ran.failure());
}

#[test]
fn trigger_rules_say_what_a_step_waits_for() {
    let failing =
        "{id: 'bad', kind: 'code', run: () => { throw new Error('no') }}, {id: 'good', kind: 'code', run: () => 1}";
    let made = flow(&format!(
        "{failing}, {{id: 'one', kind: 'code', deps: ['bad', 'good'], trigger_rule: 'one_success', run: () => 'one'}}, {{id: 'done', kind: 'code', deps: ['bad', 'good'], trigger_rule: 'all_done', run: () => 'done'}}"
    ));
    assert_eq!(made["states"], json!({"bad": "failed", "good": "completed", "one": "completed", "done": "completed"}));
    assert!(made["errors"]["bad"].as_str().unwrap().contains("no"));
    let said =
        fails(&format!("{{steps: [{failing}, {{id: 'all', kind: 'code', deps: ['bad', 'good'], run: () => 1}}]}}"));
    assert!(said.contains("`bad`"), "{said}");
}

#[test]
fn a_step_with_a_condition_is_skipped_and_holds_up_nobody() {
    let made = flow(
        "{id: 'a', kind: 'code', when: () => false, run: () => 1}, {id: 'b', kind: 'code', deps: ['a'], run: () => 2}",
    );
    assert_eq!(made["states"], json!({"a": "skipped", "b": "completed"}));
}

#[test]
fn approvals_are_asked_and_a_refusal_fails_the_step() {
    let source = "return await flow({name: 'f', render: (c) => 'report ' + c.results.ok.by, output: () => 'r.md', steps: [{id: 'ok', kind: 'approval', run: () => 'Go?'}]})";
    let made = run(body(source), None).result();
    assert_eq!((&made["name"], &made["report"], &made["file"]), (&json!("f"), &json!("report owner"), &json!("r.md")));
    let refuse = |kind: &str, payload: &Value| match kind {
        "approve" => Outcome::Good(json!({"approved": false, "by": "owner", "comment": "not today"}).to_string()),
        _ => echo(kind, payload),
    };
    let ran = run_with(&mut body(source), None, refuse);
    assert!(ran.failure().message.contains("not today"), "{:?}", ran.failure());
}

#[test]
fn what_is_wrong_with_a_graph_is_said_before_its_first_step() {
    for (steps, said) in [
        ("[]", "at least one step"),
        (
            "[{id: 'a', kind: 'code', deps: ['b'], run() {}}, {id: 'b', kind: 'code', deps: ['a'], run() {}}]",
            "a → b → a",
        ),
        ("[{id: 'a', kind: 'code', deps: ['nobody'], run() {}}]", "`nobody`"),
        ("[{id: 'a', kind: 'code', run() {}}, {id: 'a', kind: 'code', run() {}}]", "two steps have the id `a`"),
        ("[{id: 'a', kind: 'other', run() {}}]", "must be one of agent, code, approval, switch"),
        ("[{id: 'a', kind: 'code'}]", "no function `run`"),
        ("[{id: 'a', kind: 'code', trigger_rule: 'never', run() {}}]", "trigger_rule"),
        ("[{id: 'a', kind: 'switch', cases: [{label: 'x', condition: () => true, stepIds: ['gone']}]}]", "`gone`"),
    ] {
        let heard = fails(&format!("{{steps: {steps}}}"));
        assert!(heard.contains(said), "{heard}");
    }
}

#[test]
fn what_a_step_comes_after_is_said_through_steps_that_ask_for_nothing() {
    let ran = run(
        body(
            "return await flow({steps: [{id: 'a', kind: 'agent', run: () => 'a'}, {id: 'b', kind: 'agent', run: () => 'b'}, {id: 'c', kind: 'code', deps: ['a', 'b'], run: () => 1}, {id: 's', kind: 'switch', deps: ['c'], cases: [{label: 'x', condition: () => true, stepIds: ['y']}, {label: 'z', condition: () => true, stepIds: ['n']}]}, {id: 'y', kind: 'approval', deps: ['s'], run: () => 'go on?'}, {id: 'n', kind: 'agent', deps: ['s'], run: () => 'no'}, {id: 'e', kind: 'agent', deps: ['y', 'n'], trigger_rule: 'all_done', run: () => 'e'}]})",
        ),
        None,
    );
    let agents: Vec<_> = ran.calls().into_iter().filter(|(kind, _)| kind != "sleep").map(|(kind, _)| kind).collect();
    assert_eq!(agents, ["agent", "agent", "approve", "agent"]);
    assert_eq!(
        ran.after(),
        [(3, vec![1, 2]), (4, vec![3, 1, 2])],
        "the last one is also behind the branch that is excluded"
    );
}

#[test]
fn a_stage_of_a_pipeline_comes_after_what_the_stage_before_asked_for() {
    let ran = run(
        body(
            "await agent('alone')\nreturn await pipeline(['x', 'y'], (p) => agent(p), (p) => p + '!', (p) => parallel([() => agent('l' + p), () => agent('r' + p)]), (p) => agent('end'))",
        ),
        None,
    );
    let after = ran.after();
    assert_eq!(after, [(4, vec![2]), (5, vec![2]), (6, vec![3]), (7, vec![3]), (8, vec![4, 5]), (9, vec![6, 7])]);
    let within = run(
        body(
            "return await pipeline([1], () => agent('a'), () => pipeline([1, 2], (n) => agent('b' + n)), () => agent('c'))",
        ),
        None,
    );
    assert_eq!(within.after(), [(2, vec![1]), (3, vec![1]), (4, vec![2, 3])]);
}
