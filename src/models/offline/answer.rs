//! What the offline model says: tool calls for what it understood, a summing up of what tools gave, or what it is.

use std::fmt::Write as _;

use serde_json::Value;

use super::excerpt::{excerpt, language};
use super::play::Beat;
use super::shape::handed_in;
use super::wish::{Wish, wishes};
use crate::models::{Message, ModelRequest, ToolCallRequest};

/// The sentence that says what it is, in every answer that is text.
const LABEL: &str = "_This is the offline model: it runs tools and shows what they gave, without understanding it._";

/// The whole answer to a request; the same for the same request.
pub fn answer(request: &ModelRequest) -> Vec<Beat> {
    let Some((text, since)) = request.last_user_message() else {
        return vec![Beat::Text(introduction(request, None))];
    };
    if let Some(beats) = handed_in(request, since) {
        return beats;
    }
    let results = results(since);
    if !results.is_empty() {
        let reasoning = match results.len() {
            1 => "The tool has answered, so I show what it gave.".to_owned(),
            several => format!("The {several} tools have answered, so I show what they gave."),
        };
        return vec![Beat::Reasoning(reasoning), Beat::Text(summing_up(&results))];
    }
    let wishes = wishes(text);
    if wishes.is_empty() {
        let reasoning = "The message is none of the requests that I understand, so I say what I am.".to_owned();
        return vec![Beat::Reasoning(reasoning), Beat::Text(introduction(request, Some(text)))];
    }
    grant(request, &wishes)
}

fn grant(request: &ModelRequest, wishes: &[Wish]) -> Vec<Beat> {
    let asked: Vec<String> = wishes.iter().map(Wish::words).collect();
    let mut missing: Vec<&str> = Vec::new();
    let mut calls = Vec::new();
    for wish in wishes {
        match request.tools.iter().find(|tool| tool.name == wish.tool()) {
            Some(tool) => {
                calls.push(Beat::ToolCall { id: None, name: tool.name.clone(), arguments: wish.arguments(tool) });
            }
            None if missing.contains(&wish.tool()) => {}
            None => missing.push(wish.tool()),
        }
    }
    let mut beats = vec![Beat::Reasoning(format!("The message asks {}.", asked.join(" and ")))];
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        beats.push(Beat::Text(format!(
            "For that I would need {}, which I was not given here.\n\n{LABEL}",
            names.join(" and ")
        )));
    }
    beats.extend(calls);
    beats
}

struct ToolAnswer<'a> {
    call: Option<&'a ToolCallRequest>,
    name: &'a str,
    text: &'a str,
    failed: bool,
}

fn results(since: &[Message]) -> Vec<ToolAnswer<'_>> {
    let call_of = |id: &str| {
        since.iter().find_map(|message| match message {
            Message::Assistant { tool_calls, .. } => tool_calls.iter().find(|call| call.id == id),
            Message::User { .. } | Message::ToolResult { .. } => None,
        })
    };
    let answers = since.iter().filter_map(|message| match message {
        Message::ToolResult { tool_call_id, name, text, failed } => {
            Some(ToolAnswer { call: call_of(tool_call_id), name, text, failed: *failed })
        }
        Message::User { .. } | Message::Assistant { .. } => None,
    });
    answers.collect()
}

fn summing_up(results: &[ToolAnswer<'_>]) -> String {
    let parts: Vec<String> = results.iter().map(ToolAnswer::summary).collect();
    format!("{}\n\n{LABEL}", parts.join("\n\n"))
}

impl ToolAnswer<'_> {
    /// A tool's answer begins with a line that says what follows; the rest is shown as it is.
    fn summary(&self) -> String {
        let about = self.about().unwrap_or_default();
        let name = self.name;
        let subject = if about.is_empty() { String::new() } else { format!(" `{}`", about.replace('`', "'")) };
        if self.failed {
            return format!("**{name}**{subject} failed:\n\n{}", excerpt(self.text, "text"));
        }
        let (head, rest) = self.text.split_once('\n').unwrap_or((self.text, ""));
        let head = head.strip_prefix(&format!("{about}: ")).unwrap_or(head).trim();
        if head.is_empty() && rest.trim().is_empty() {
            return format!("**{name}**{subject} gave nothing.");
        }
        let head = plain(head);
        if rest.trim().is_empty() {
            return format!("**{name}**{subject}: {head}");
        }
        let language = if name == "read_file" { language(&about) } else { "text" };
        format!("**{name}**{subject}: {head}\n\n{}", excerpt(rest, language))
    }

    /// What the call was about: its first argument that is a text.
    fn about(&self) -> Option<String> {
        let arguments: Value = serde_json::from_str(&self.call?.arguments).ok()?;
        let first = ["path", "pattern"].iter().find_map(|name| arguments.get(name)?.as_str());
        let first = first.or_else(|| arguments.as_object()?.values().find_map(Value::as_str))?;
        Some(first.to_owned())
    }
}

/// A text that Markdown shows as it is.
fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars() {
        if char.is_ascii_punctuation() && !matches!(char, '.' | ',' | ':' | '/' | '-' | '\'' | '"') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

fn introduction(request: &ModelRequest, text: Option<&str>) -> String {
    let mut answer = String::from(
        "I am the **offline model**. I am built in and need no key and no network, but I am no language model: \
         I follow a few plain requests, call the real tools for them and show what they give.\n\n",
    );
    if let Some(text) = text {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (start, dots) = if words.len() > 12 { (&words[..12], " …") } else { (&words[..], "") };
        // Writing to a String cannot fail.
        let _ = writeln!(answer, "Your message (“{}{dots}”) is none of them. What I understand:\n", start.join(" "));
    }
    let requests = [
        ("list_directory", "`list` or `list FOLDER`", "what is in the project or a folder"),
        ("read_file", "`read FILE` or `read FILE 10-20`", "a file, or some of its lines"),
        ("search_text", "`search WORDS` or `search /REGEX/`", "where words stand in the project's files"),
        ("find_files", "`find GLOB`", "files by name, as `find **/*.rs`"),
    ];
    let known = |tool: &str| request.tools.iter().any(|spec| spec.name == tool);
    let rows: Vec<String> = requests
        .iter()
        .filter(|(tool, ..)| request.tools.is_empty() || known(tool))
        .map(|(_, request, does)| format!("| {request} | {does} |"))
        .collect();
    if !rows.is_empty() {
        let _ = write!(answer, "| request | gives |\n| --- | --- |\n{}\n\n", rows.join("\n"));
    }
    answer.push_str("Several requests may stand in one message, one to a line. For real answers set a provider's key, such as `OPENAI_API_KEY` or `DEEPSEEK_API_KEY`, and choose its model.");
    answer
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::ToolSpec;

    fn tool(name: &str) -> ToolSpec {
        let schema = json!({"type": "object", "properties": {"path": {}, "pattern": {}}});
        ToolSpec { name: name.into(), description: String::new(), schema }
    }

    fn asked(messages: Vec<Message>) -> ModelRequest {
        ModelRequest { messages, tools: vec![tool("read_file"), tool("list_directory")], ..ModelRequest::default() }
    }

    fn said(request: &ModelRequest) -> String {
        let texts = answer(request).into_iter().filter_map(|beat| match beat {
            Beat::Text(text) => Some(text),
            _ => None,
        });
        texts.collect()
    }

    fn after_a_tool(name: &str, arguments: &str, text: &str, failed: bool) -> String {
        let call = ToolCallRequest { id: "c".into(), name: name.into(), arguments: arguments.into() };
        let result = Message::ToolResult { tool_call_id: "c".into(), name: name.into(), text: text.into(), failed };
        let answer = Message::assistant("", "", vec![call]);
        said(&asked(vec![Message::user("read a.rs"), answer, result]))
    }

    #[test]
    fn a_request_calls_the_tool_that_grants_it() {
        let beats = answer(&asked(vec![Message::user("read a.rs\nlist")]));
        let call =
            |name: &str, arguments: &str| Beat::ToolCall { id: None, name: name.into(), arguments: arguments.into() };
        let reasoning = Beat::Reasoning("The message asks to read `a.rs` and to list `.`.".into());
        let calls = [call("read_file", r#"{"path":"a.rs"}"#), call("list_directory", r#"{"path":"."}"#)];
        assert_eq!(beats, [&[reasoning][..], &calls].concat());
    }

    #[test]
    fn a_tool_that_is_not_there_is_named() {
        let text = said(&asked(vec![Message::user("search TODO")]));
        assert!(text.contains("`search_text`, which I was not given"), "{text}");
    }

    #[test]
    fn what_a_tool_gave_is_summed_up_with_an_excerpt_in_its_language() {
        let text = after_a_tool("read_file", r#"{"path":"a.rs"}"#, "a.rs: lines 1-1 of 1\nfn main() {}\n", false);
        assert!(text.starts_with("**read_file** `a.rs`: lines 1-1 of 1\n\n```rust\nfn main() {}\n```"), "{text}");
        assert!(text.ends_with(LABEL), "{text}");
    }

    #[test]
    fn a_tool_that_failed_or_gave_nothing_is_said_to_have() {
        let failed = after_a_tool("read_file", r#"{"path":"a.rs"}"#, "no such file", true);
        assert!(failed.contains("`a.rs` failed:\n\n```text\nno such file\n```"), "{failed}");
        let nothing_found = after_a_tool("search_text", r#"{"pattern":"a*"}"#, "no match in 3 *files*", false);
        assert!(nothing_found.starts_with("**search_text** `a*`: no match in 3 \\*files\\*\n\n"), "{nothing_found}");
        let empty = after_a_tool("read_file", "no JSON", "", false);
        assert!(empty.starts_with("**read_file** gave nothing."), "{empty}");
    }

    #[test]
    fn anything_else_is_answered_with_what_it_is_and_the_requests_that_have_a_tool() {
        let text = said(&asked(vec![Message::user("Hello there")]));
        assert!(text.contains("offline model") && text.contains("“Hello there”"), "{text}");
        assert!(text.contains("`read FILE`") && !text.contains("`find GLOB`"), "{text}");
    }

    #[test]
    fn results_of_an_earlier_turn_are_not_summed_up_again() {
        let result =
            Message::ToolResult { tool_call_id: "c".into(), name: "n".into(), text: "x".into(), failed: false };
        let text = said(&asked(vec![Message::user("read a"), result, Message::user("thanks")]));
        assert!(text.contains("“thanks”"), "{text}");
    }
}
