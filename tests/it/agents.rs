//! Agents that workflows ask for by name, and what the options of `agent()` do to them.

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::{
    cli::Home,
    process::Ground,
    runs::{count, object, run, start, until, write},
};

fn agent(home: &Home, name: &str, text: &str) {
    let folder = home.project.path().join(".claude/agents");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
}

fn ran(home: &Home, body: &str) -> Value {
    write(home, "one.js", &format!("export const meta = {{ name: 'one', description: 'x' }}\n{body}"));
    object(&run(home, &["run", "one", "--json"]))
}

#[test]
fn an_agent_of_the_project_has_its_text_its_tools_and_its_model_and_those_alone() {
    let home = Home::new();
    agent(
        &home,
        "looker.md",
        "---\nname: Looker\ndescription: Looks\ntools: Grep, Bash\nmodel: inherit\n---\nLook twice.",
    );
    let ran = ran(&home, "return await agent('read README.md', {agentType: 'looker', label: 'a'})");
    let step = &ran["steps"][0];
    assert_eq!((&step["agent"], &step["brief"]["tools"]), (&json!("Looker"), &json!(["search_text"])), "{ran}");
    assert_eq!(step["brief"]["instructions"], "Look twice.");
    assert!(ran["logs"][0]["text"].as_str().unwrap().contains("no tools Bash here"), "{ran}");
    // The offline model asks for no tool that it was not shown.
    let chat = home.run(&["log", "cat", step["child"].as_str().unwrap(), "--json"]);
    assert!(!chat.out.contains("ToolCalled"), "{chat:?}");
    assert!(chat.out.contains("\"agent\":\"Looker\""), "{chat:?}");
}

#[test]
fn agents_are_listed_and_an_unknown_or_untrusted_one_fails_its_step_by_name() {
    let home = Home::new();
    agent(&home, "bad.md", "nothing");
    agent(&home, "mine.md", "---\nname: mine\ndescription: Mine\n---\nDo it.");
    let listed = home.run(&["agents"]);
    for words in ["mine", "project", "Explore", "built in", "cannot be used: line 1"] {
        assert!(listed.out.contains(words), "{words}: {listed:?}");
    }
    let body = "const said = []
for (const agentType of ['nobody', 'bad', 'Explor'])
  try { await agent('x', {agentType}) } catch (e) { said.push(`${e.name}: ${e.message}`) }
return said";
    let ran = ran(&home, body);
    let said = ran["result"].as_array().unwrap();
    assert!(said[0].as_str().unwrap().contains("UnknownAgent: there is no agent `nobody`; there are: "), "{said:?}");
    assert!(said[1].as_str().unwrap().contains("bad.md: line 1"), "{said:?}");
    assert!(said[2].as_str().unwrap().contains("did you mean `Explore`?"), "{said:?}");
    // A workflow of the user's own, in a project whose agents have changed since it was trusted.
    let own = home.data.path().join(".claude/workflows");
    fs::create_dir_all(&own).unwrap();
    let source = "export const meta = { name: 'own', description: 'x' }\nreturn await agent('x', {agentType: 'mine'})";
    fs::write(own.join("own.js"), source).unwrap();
    agent(&home, "mine.md", "---\nname: mine\n---\nDo something else.");
    let refused = home.run(&["run", "own"]);
    assert!(refused.code == Some(1) && refused.out.contains("not trusted as it is now"), "{refused:?}");
}

#[test]
fn options_limit_an_agent() {
    let home = Home::new();
    let ended = |options: &str| {
        let ran = ran(&home, &format!("return await agent('read README.md\\nlist', {{{options}}})"));
        let chat = home.run(&["log", "cat", ran["steps"][0]["child"].as_str().unwrap(), "--json"]);
        (ran, chat.out)
    };
    for (options, limit) in [
        ("max_tool_calls: 1", r#""kind":"tool_calls","calls":1"#),
        ("max_tool_iters: 1", r#""kind":"steps","calls":1"#),
        ("budget: 1", r#""kind":"output_tokens","budget":1"#),
    ] {
        let (ran, chat) = ended(options);
        let limit: String = limit.chars().filter(|c| !c.is_whitespace()).collect();
        assert!(chat.replace(' ', "").contains(&limit) || chat.contains("LimitReached"), "{options}: {chat}");
        assert!(chat.contains("LimitReached"), "{options}: {chat}");
        assert_eq!(ran["status"], "finished");
    }
    let (_, free) = ended("effort: 'max'");
    assert!(!free.contains("LimitReached") && free.contains(r#""effort":"high""#), "{free}");
    let refused = ran(&home, "try { await agent('x', {capabilities: ['web']}) } catch (e) { return e.name }");
    assert_eq!(refused["result"], "MissingCapability");
}

#[test]
fn a_step_in_a_worktree_of_its_own_leaves_nothing_behind_if_it_changed_nothing() {
    let home = Home::new();
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let ran = Command::new("git").arg("-C").arg(home.project.path()).args(who).args(arguments).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    let body = "try { return await agent('read README.md', {isolation: 'worktree', cache: false}) } catch (e) { return `${e.name}: ${e.message}` }";
    let without = ran(&home, body);
    assert!(without["result"].as_str().unwrap().contains("WorktreeError: a worktree needs git"), "{without}");
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "all"]);
    fs::write(home.project.path().join("README.md"), "# Not committed\n").unwrap();
    let ran = ran(&home, body);
    assert!(ran["result"].as_str().unwrap().contains("Lighthouse"), "what is committed: {ran}");
    assert!(ran["steps"][0]["worktree"].is_null(), "{ran}");
    assert_eq!(git(&["worktree", "list"]).lines().count(), 1);
    assert!(!git(&["branch", "--list"]).contains("reenact"));
}

#[tokio::test]
async fn a_tool_that_an_agent_was_not_given_is_refused_where_it_is_called() {
    let scenario = r#"{"rules": [
        {"when": {"has_tool_result": false}, "then": [{"tool_calls": [{"name": "read_file", "arguments": {"path": "README.md"}}]}]},
        {"when": {"has_tool_result": true}, "then": [{"text": "so be it"}]}]}"#;
    let ground = Ground::new(scenario);
    let folder = ground.project.path().join(".reenact/workflows");
    fs::create_dir_all(&folder).unwrap();
    let source =
        "export const meta = { name: 'one', description: 'x' }\nreturn await agent('x', {tools: ['find_files']})";
    fs::write(folder.join("one.js"), source).unwrap();
    let server = ground.serve();
    let run = start(&server, &ground, "one").await;
    let events = until(&server, &run, |events| count(events, "RunFinished") == 1).await;
    let child = events.iter().find(|event| event["type"] == "StepStarted").unwrap()["data"]["child"].clone();
    let chat = server.events(child.as_str().unwrap()).await;
    let finished = chat.iter().find(|event| event["type"] == "ToolFinished").unwrap();
    assert_eq!(finished["data"]["outcome"], "failed", "{finished}");
    assert!(finished["data"]["output"].as_str().unwrap().contains("is not for this agent"), "{finished}");
}
