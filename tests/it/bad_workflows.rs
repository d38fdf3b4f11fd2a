//! What is wrong with a workflow, or means harm, told by a real server: each a message that says what it is and where, and the
//! server goes on.

use std::{fs, time::Duration};

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::{
    corpus::{is_end, trusted_session},
    process::{Ground, Server},
};

const SCENARIO: &str = r#"{"words_per_second": 0, "rules": [
    {"when": {}, "then": [{"text": "said"}, {"usage": {"input": 10, "output": 100}}]}
]}"#;

/// Name, body, the name of the error, what it says, where it says that it is.
const FAILING: [(&str, &str, &str, &str, &str); 9] = [
    (
        "loops",
        "let n = 0\nfunction spin() { while (true) { n++ } }\nspin()",
        "LimitReached",
        "limits.polls",
        "loops.js:3:",
    ),
    (
        "bomb",
        "const all = []\nfor (;;) all.push('x'.repeat(1e6) + all.length)",
        "LimitReached",
        "128 MiB of memory",
        "bomb.js:3:",
    ),
    (
        "agents",
        "const all = []\nfor (let n = 0; n < 1001; n++) all.push(agent('a' + n))\nreturn 1",
        "LimitReached",
        "1000 agents",
        "agents.js:3:",
    ),
    ("list", "return await pipeline(new Array(4097).fill('x'), (x) => x)", "LimitReached", "4097 items", "list.js:2:"),
    (
        "spent",
        "await agent('one')\nawait agent('two')\nawait agent('three')",
        "BudgetSpent",
        "150 output tokens is spent",
        "spent.js:4:",
    ),
    ("clock", "const at =\n  Date.now()\nreturn at", "NotDeterministic", "pass the value in args", "clock.js:3:"),
    ("deep", "return await workflow('deeper')", "LimitReached", "cannot run a third", "deep.js:2:"),
    ("lost", "return await workflow('quite')", "WorkflowError", "did you mean `quiet`?", "lost.js:2:"),
    ("chatty", "for (;;) log('again')", "LimitReached", "limits.asks", "chatty.js:2:"),
];

/// Name, body, and what is said before it runs at all.
const REFUSED: [(&str, &str, &[&str]); 5] = [
    ("typed", "const n: number = 1\nreturn n", &["TypeScript", "typed.js:2:8"]),
    ("syntax", "const a = 1\nreturn a +* 2", &["SyntaxError", "syntax.js:3:"]),
    ("foreign", "return 1\n", &["`fs`", "own folder"]),
    ("quie", "", &["there is no workflow `quie`", "did you mean `quiet`?"]),
    ("large", "return 1", &["524288"]),
];

fn ground() -> Ground {
    let ground = Ground::new(SCENARIO);
    let folder = ground.project.path().join(".claude/workflows");
    fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, before: &str, body: &str| {
        let source = format!("{before}export const meta = {{ name: '{name}', description: 'x' }}\n{body}");
        fs::write(folder.join(format!("{name}.js")), source).unwrap();
    };
    for (name, body, ..) in FAILING {
        write(name, "", body);
    }
    write("typed", "", REFUSED[0].1);
    write("syntax", "", REFUSED[1].1);
    write("foreign", "import fs from 'fs'\n", REFUSED[2].1);
    write("large", "", &format!("// {}\nreturn 1", "x".repeat(600_000)));
    write("quiet", "", "return (await agent('x')).length");
    write("deeper", "", "return await workflow('quiet')");
    ground
}

/// Runs a workflow to its end.
async fn ended(server: &Server, session: &str, workflow: &str, budget: Option<u64>) -> Result<Value, (u16, Value)> {
    let new = json!({"workflow": workflow, "session": session, "budget": budget, "cache": false});
    let (status, run) = server.http("POST", "/api/runs", Some(new)).await;
    if status != 200 {
        return Err((status, run));
    }
    // An endless loop may run for half a minute, longer where the machine has other things to do.
    for _ in 0..2_400 {
        let events = server.events(run["stream"].as_str().unwrap()).await;
        if let Some(end) = events.last().filter(|event| is_end(event)) {
            return Ok(end["data"].clone());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{workflow} did not end")
}

#[tokio::test]
async fn what_is_wrong_with_a_workflow_is_said_with_its_place_and_the_server_goes_on() {
    let ground = ground();
    let server = ground.serve();
    let (_, session) = trusted_session(&server, &ground).await;
    for (name, _, words) in REFUSED {
        let (status, said) = ended(&server, &session, name, None).await.unwrap_err();
        let detail = said["detail"].as_str().unwrap();
        assert!([404, 422].contains(&status), "{name}: {said}");
        for word in words {
            assert!(detail.contains(word), "{name}: {said}");
        }
    }
    let wrong: Vec<String> = stream::iter(FAILING)
        .map(|(name, _, error, said, place)| {
            let (server, session) = (&server, &session);
            async move {
                let end = ended(server, session, name, (name == "spent").then_some(150)).await.unwrap();
                let of = &end["error"];
                let is = of["name"] == error
                    && of["message"].as_str().is_some_and(|message| message.contains(said))
                    && of["place"].as_str().is_some_and(|at| at.starts_with(place));
                (!is).then(|| format!("{name} is to fail with {error} ({said}) at {place}: {end}"))
            }
        })
        .buffer_unordered(3)
        .filter_map(|wrong| async { wrong })
        .collect()
        .await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let end = ended(&server, &session, "quiet", None).await.unwrap();
    assert_eq!(end["result"], "4", "the server goes on");
    assert!(server.resident_kib() < 1024 * 1024, "{} KiB", server.resident_kib());
}
