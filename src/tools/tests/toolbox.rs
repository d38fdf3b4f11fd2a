//! What every call has in common: names, arguments, cancelling, refusals.

use super::ground::{context, failure, project, text};
use crate::tools::{ToolClass, ToolOutput, Toolbox};
use std::os::unix::fs::symlink;

#[test]
fn the_list_of_tools_is_sorted_and_always_the_same() {
    let list = || serde_json::to_string(&Toolbox::reading().descriptions()).unwrap();
    assert_eq!(list(), list());
    let names: Vec<String> = Toolbox::reading().descriptions().into_iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["find_files", "list_directory", "read_file", "search_text"]);
    for tool in Toolbox::reading().descriptions() {
        assert_eq!(tool.parameters["type"], "object", "{}", tool.name);
        assert_eq!(tool.parameters["additionalProperties"], false, "{}", tool.name);
        assert!(!tool.parameters.to_string().contains("$ref"), "{}", tool.name);
        assert_eq!(Toolbox::reading().class(&tool.name), ToolClass::Reading);
    }
}

#[test]
fn an_unknown_tool_is_answered_with_the_nearest_names() {
    let temp = project(&[]);
    assert_eq!(
        failure(&temp, "reed_file", "{}"),
        "There is no tool `reed_file`. Did you mean `read_file`? \
         The tools are `find_files`, `list_directory`, `read_file` and `search_text`."
    );
}

#[test]
fn damaged_arguments_are_mended_or_refused_with_the_schema() {
    let temp = project(&[("a.txt", "hello\n")]);
    let expected = "a.txt: lines 1-1 of 1\n1\thello";
    for arguments in [
        "{'path': 'a.txt',}",
        "```json\n{\"path\": \"a.txt\"}\n```",
        "{\"path\": \"a.txt\"",
        r#""{\"path\":\"a.txt\"}""#,
    ] {
        assert_eq!(text(&temp, "read_file", arguments), expected, "{arguments}");
    }
    let refused = failure(&temp, "read_file", "a.txt");
    assert!(refused.starts_with("The arguments of read_file are not valid JSON: "), "{refused}");
    assert!(refused.contains("\"required\":[\"path\"]"), "{refused}");
    assert!(failure(&temp, "read_file", "{}").starts_with("read_file needs the argument `path`, a string"));
    let unknown = failure(&temp, "read_file", r#"{"path": "a.txt", "lines": 3}"#);
    assert!(unknown.contains("read_file has no argument `lines`"), "{unknown}");
    assert!(
        failure(&temp, "read_file", r#"{"path": "a.txt", "offset": 0}"#)
            .contains("`offset` of read_file must be an integer of at least 1")
    );
}

#[test]
fn a_cancelled_call_says_so() {
    let temp = project(&[("a.txt", "x")]);
    let context = context(temp.path());
    context.cancel.cancel();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let output = runtime.block_on(Toolbox::reading().run("search_text", r#"{"pattern": "x"}"#, &context));
    assert_eq!(output, ToolOutput::cancelled());
}

#[test]
fn every_tool_refuses_what_lies_outside_or_is_sensitive() {
    let temp = project(&[(".env", "KEY=1"), ("a.txt", "x")]);
    symlink("/etc", temp.path().join("etc")).unwrap();
    for tool in ["list_directory", "read_file", "find_files", "search_text"] {
        let pattern = if tool.starts_with("find") || tool.starts_with("search") { r#","pattern":"a""# } else { "" };
        for path in ["../x", "/etc", "etc", "etc/passwd", "/proc/self/environ"] {
            let refused = failure(&temp, tool, &format!(r#"{{"path":"{path}"{pattern}}}"#));
            assert!(refused.contains("project"), "{tool} {path}: {refused}");
        }
        let refused = failure(&temp, tool, &format!(r#"{{"path":".env"{pattern}}}"#));
        assert!(refused.contains("is never read"), "{tool}: {refused}");
        assert!(!refused.contains("KEY"));
    }
}
