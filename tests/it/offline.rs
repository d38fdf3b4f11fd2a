//! The offline model and its scenarios, asked as any other model.

use reenact::models::{ErrorKind, Message, ModelRequest, OfflineSettings, Scenario, Stop, ToolCallRequest};

use crate::asking::{Answer, ask, offline, question};

async fn plain(request: ModelRequest) -> Answer {
    ask(&offline(OfflineSettings::default()), "offline", request).await
}

#[tokio::test]
async fn a_file_is_read_and_shown_in_two_calls() {
    let mut request = question("read README.md");
    let asked = plain(request.clone()).await;
    assert_eq!(asked.stop(), Stop::ToolCalls);
    let [(id, name, arguments)] = &asked.calls[..] else { panic!("{asked:?}") };
    assert_eq!((name.as_str(), arguments.as_str()), ("read_file", r#"{"path":"README.md"}"#));
    assert_eq!(asked.usage().cache_read, 0);

    let call = ToolCallRequest { id: id.clone(), name: name.clone(), arguments: arguments.clone() };
    request.messages.push(Message::assistant(asked.text, asked.reasoning, vec![call]));
    let text = "README.md: lines 1-1 of 1\n# Title\n".into();
    request.messages.push(Message::ToolResult { tool_call_id: id.clone(), name: name.clone(), text, failed: false });
    let shown = plain(request).await;
    assert_eq!(shown.stop(), Stop::End);
    assert!(shown.text.contains("```markdown\n# Title\n```"), "{shown:?}");
    assert_eq!(shown.usage().cache_read, asked.end.unwrap().1.input);
}

#[tokio::test]
async fn the_same_question_has_the_same_answer() {
    assert_eq!(plain(question("What is this?")).await, plain(question("What is this?")).await);
}

#[tokio::test]
async fn the_example_in_the_documentation_is_a_scenario_that_plays() {
    let page = include_str!("../../docs/offline-model.md");
    let example = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let scenario = Scenario::parse(example).unwrap();
    let providers = offline(OfflineSettings { scenario: Some(scenario), ..OfflineSettings::default() });

    let first = ask(&providers, "offline", question("What does the README say?")).await;
    assert_eq!((first.stop(), first.calls.len()), (Stop::ToolCalls, 2));
    let busy = ask(&providers, "offline", question("Are you busy?")).await;
    assert_eq!((busy.error().kind, busy.error().retry_after_ms), (ErrorKind::RateLimited, Some(2_000)));
    let again = ask(&providers, "offline", question("Are you busy?")).await;
    assert_eq!(again.text, "Not any more.");
    let cut = ask(&providers, "offline", question("Count")).await;
    assert!(cut.text.starts_with("1, 2, 3, "), "{cut:?}");
    assert_eq!(cut.error().kind, ErrorKind::BrokenStream);
    let other = ask(&providers, "offline", question("Hello")).await;
    assert!(other.text.contains("offline model"), "{other:?}");
}
