//! Tool calls that a model wrote as text, in the markup it was trained on, because its server did not read them: they are taken
//! out of the text and made. Only what calls a tool that there is, outside of code that is being shown.

use std::{ops::Range, sync::LazyLock};

use regex::{Captures, Regex};
use serde_json::{Map, Value};

/// A tool call found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// The tool.
    pub name: String,
    /// The arguments, JSON.
    pub arguments: String,
}

/// A form in which calls are written, and how one match of it is read.
struct Form {
    pattern: Regex,
    read: fn(&Captures<'_>) -> Option<Vec<Written>>,
}

static FORMS: LazyLock<[Form; 5]> = LazyLock::new(|| {
    let form = |pattern: &str, read| Form { pattern: Regex::new(pattern).expect("it is tested"), read };
    [
        // <tool_call>{"name": "…", "arguments": {…}}</tool_call>
        form(r"(?s)<tool_call>\s*(\{.*?\})\s*</tool_call>", |found| Some(vec![object(&json(&found[1])?)?])),
        // <function=NAME>{…}</function>, or with <parameter=NAME>…</parameter> inside
        form(r"(?s)<function=([\w.-]+)>(.*?)</function>", |found| Some(vec![named(&found[1], &found[2])])),
        // <invoke name="NAME"><parameter name="…">…</parameter></invoke>
        form(r#"(?s)<invoke name="([\w.-]+)">(.*?)</invoke>"#, |found| Some(vec![named(&found[1], &found[2])])),
        // [TOOL_CALLS] [{"name": "…", "arguments": {…}}]
        form(r"(?s)\[TOOL_CALLS\]\s*(\[.*\])", |found| json(&found[1])?.as_array()?.iter().map(object).collect()),
        form(
            r"(?s)<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?([\w.-]+)(?:<｜tool▁sep｜>)?\s*(?:```json)?\s*(\{.*?\})\s*(?:```)?\s*<｜tool▁call▁end｜>",
            |found| Some(vec![named(&found[1], &found[2])]),
        ),
    ]
});

/// What stands around calls and means nothing without them.
static AROUND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"</?tool_calls?>|</?function_calls>|<｜tool▁calls▁(?:begin|end)｜>").expect("it is tested")
});

static PARAMETER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?s)<parameter(?:=| name=")([\w.-]+)"?>(.*?)</parameter>"#).expect("it is tested"));

/// The text without the calls in it, and the calls in order; nothing where there are none, or one is of no tool that there is.
pub(super) fn taken_out(text: &str, is_tool: impl Fn(&str) -> bool) -> Option<(String, Vec<Written>)> {
    let found = FORMS.iter().find_map(|form| {
        let matches = form.pattern.captures_iter(text).filter_map(|found| {
            let range = found.get(0)?.range();
            (!is_shown_code(text, range.start)).then(|| Some((range, (form.read)(&found)?)))
        });
        matches.collect::<Option<Vec<(Range<usize>, Vec<Written>)>>>().filter(|found| !found.is_empty())
    })?;
    if !found.iter().flat_map(|(_, calls)| calls).all(|call| is_tool(&call.name)) {
        return None;
    }
    let (mut rest, mut calls, mut behind) = (String::new(), vec![], 0);
    for (range, written) in found {
        rest.push_str(&text[behind..range.start]);
        behind = range.end;
        calls.extend(written);
    }
    rest.push_str(&text[behind..]);
    Some((AROUND.replace_all(&rest, "").trim().to_owned(), calls))
}

/// Whether a place lies in a fenced block of code.
fn is_shown_code(text: &str, place: usize) -> bool {
    text[..place].lines().filter(|line| line.trim_start().starts_with("```")).count() % 2 == 1
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

fn object(call: &Value) -> Option<Written> {
    let arguments = match call.get("arguments").or_else(|| call.get("parameters")) {
        Some(Value::String(text)) => text.clone(),
        Some(arguments) => arguments.to_string(),
        None => "{}".to_owned(),
    };
    Some(Written { name: call.get("name")?.as_str()?.to_owned(), arguments })
}

/// A call whose arguments are JSON, or parameters one by one.
fn named(name: &str, inside: &str) -> Written {
    let value = |text: &str| {
        let text = text.trim_matches('\n');
        json(text).filter(|value| value.is_array() || value.is_object()).unwrap_or_else(|| text.into())
    };
    let parameters = || PARAMETER.captures_iter(inside).map(|found| (found[1].to_owned(), value(&found[2])));
    let arguments = if inside.trim_start().starts_with('{') {
        // What is no JSON is mended, or refused with the schema, where all arguments are.
        inside.trim().to_owned()
    } else {
        Value::Object(parameters().collect::<Map<_, _>>()).to_string()
    };
    Written { name: name.to_owned(), arguments }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(String, Vec<(String, String)>)> {
        let (rest, calls) = taken_out(text, |name| name == "read_file" || name == "list_directory")?;
        Some((rest, calls.into_iter().map(|call| (call.name, call.arguments)).collect()))
    }

    #[track_caller]
    fn reads(text: &str, rest: &str, arguments: &str) {
        assert_eq!(found(text), Some((rest.into(), vec![("read_file".into(), arguments.into())])), "{text}");
    }

    #[test]
    fn a_call_is_recognised_in_every_known_markup() {
        let path = r#"{"path":"a.rs"}"#;
        reads(
            "I look.\n<tool_call>\n{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.rs\"}}\n</tool_call>",
            "I look.",
            path,
        );
        reads(
            "<tool_call>\n<function=read_file>\n<parameter=path>\na.rs\n</parameter>\n</function>\n</tool_call>",
            "",
            path,
        );
        reads("<function=read_file>{\"path\":\"a.rs\"}</function>", "", path);
        reads(
            "<function_calls>\n<invoke name=\"read_file\">\n<parameter name=\"path\">a.rs</parameter>\n</invoke>\n</function_calls>",
            "",
            path,
        );
        reads("[TOOL_CALLS] [{\"name\":\"read_file\",\"arguments\":{\"path\":\"a.rs\"}}]", "", path);
        reads(
            "Hm.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>read_file\n```json\n{\"path\":\"a.rs\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            "Hm.",
            path,
        );
        reads("<｜tool▁call▁begin｜>read_file<｜tool▁sep｜>{\"path\":\"a.rs\"}<｜tool▁call▁end｜>", "", path);
    }

    #[test]
    fn several_calls_are_made_in_their_order() {
        let one = |name: &str| format!("<tool_call>{{\"name\": \"{name}\", \"arguments\": {{}}}}</tool_call>");
        let (rest, calls) = found(&format!("First {} then {}", one("list_directory"), one("read_file"))).unwrap();
        assert_eq!(rest, "First  then");
        assert_eq!(calls.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["list_directory", "read_file"]);
    }

    #[test]
    fn what_only_looks_like_a_call_stays_text() {
        for text in [
            "Plain words.",
            "<tool_call>{\"name\": \"launch_rocket\", \"arguments\": {}}</tool_call>",
            "Write it so:\n```\n<tool_call>{\"name\": \"read_file\", \"arguments\": {}}</tool_call>\n```\n",
            "<tool_call>no JSON</tool_call>",
            "The tag <tool_call> begins a call.",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn parameters_that_are_lists_are_lists() {
        let text =
            "<function=read_file><parameter=path>[\"a\", \"b\"]</parameter><parameter=limit>5</parameter></function>";
        reads(text, "", r#"{"limit":"5","path":["a","b"]}"#);
    }

    proptest::proptest! {
        #[test]
        fn no_text_brings_it_down(text in "(<tool_call>|</tool_call>|<function=a>|</function>|\\{|\\}|```|\n|\\[TOOL_CALLS\\]|é|\"name\": \"a\"){0,30}") {
            let _ = taken_out(&text, |_| true);
        }
    }
}
