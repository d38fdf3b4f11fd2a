//! Reads a scenario file and says exactly where it is wrong.

use regex::Regex;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use thiserror::Error;

use super::format::{Repeat, Rule, ScenarioFile, Step, ToolCallStep, UsageStep, When};

/// The most repetitions of a text.
const MOST_REPETITIONS: u32 = 100_000;

/// A scenario file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the scenario is wrong at {place}: {problem}")]
pub struct ScenarioError {
    /// Where: `rules[2].when.regex`, counted from 0, or a line and column where it is no JSON.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
}

/// The file's content, checked; each rule's regular expression beside it.
pub(super) fn parse(json: &str) -> Result<(ScenarioFile, Vec<Option<Regex>>), ScenarioError> {
    let root: Value = serde_json::from_str(json)
        .map_err(|error| wrong(format!("line {}, column {}", error.line(), error.column()), "it is no JSON"))?;
    let mut root = object("the top", root)?;
    let rules = match root.remove("rules") {
        Some(Value::Array(rules)) => rules,
        Some(_) => return Err(wrong("rules", "it must be a list of rules")),
        None => return Err(wrong("the top", "`rules` is missing")),
    };
    root.insert("rules".to_owned(), Value::Array(Vec::new()));
    let mut file: ScenarioFile = read("the top", Value::Object(root))?;
    if rules.is_empty() {
        return Err(wrong("rules", "there must be at least one rule"));
    }
    let mut patterns = Vec::new();
    for (at, value) in rules.into_iter().enumerate() {
        let rule = rule(&format!("rules[{at}]"), value)?;
        patterns.push(pattern(&format!("rules[{at}].when"), &rule.when)?);
        file.rules.push(rule);
    }
    Ok((file, patterns))
}

fn rule(place: &str, value: Value) -> Result<Rule, ScenarioError> {
    let mut fields = object(place, value)?;
    let when = match fields.remove("when") {
        Some(when) => read(&format!("{place}.when"), when)?,
        None => When::default(),
    };
    let steps = match fields.remove("then") {
        Some(Value::Array(steps)) => steps,
        Some(_) => return Err(wrong(format!("{place}.then"), "it must be a list of steps")),
        None => return Err(wrong(place, "`then` is missing")),
    };
    if let Some(name) = fields.keys().next() {
        return Err(wrong(place, format!("`{name}` is unknown; a rule has `when` and `then`")));
    }
    if steps.is_empty() {
        return Err(wrong(format!("{place}.then"), "there must be at least one step"));
    }
    let last = steps.len() - 1;
    let mut then = Vec::new();
    for (at, value) in steps.into_iter().enumerate() {
        let place = format!("{place}.then[{at}]");
        let step: Step = read(&place, value)?;
        check(&place, &step)?;
        if at < last && matches!(step, Step::Error(_) | Step::BreakOff(_)) {
            return Err(wrong(place, "it ends the answer, so it must be the last step"));
        }
        then.push(step);
    }
    Ok(Rule { when, then })
}

fn pattern(place: &str, when: &When) -> Result<Option<Regex>, ScenarioError> {
    for (name, number) in [("call", when.call), ("times", when.times)] {
        if number == Some(0) {
            return Err(wrong(format!("{place}.{name}"), "it counts from 1"));
        }
    }
    let compile = |text: &String| {
        Regex::new(text)
            .map_err(|error| wrong(format!("{place}.regex"), format!("it is no regular expression: {error}")))
    };
    when.regex.as_ref().map(compile).transpose()
}

fn check(place: &str, step: &Step) -> Result<(), ScenarioError> {
    match step {
        Step::Repeat(Repeat { times, .. }) if !(1..=MOST_REPETITIONS).contains(times) => {
            Err(wrong(format!("{place}.repeat.times"), format!("it must be from 1 to {MOST_REPETITIONS}")))
        }
        Step::ToolCalls(calls) => {
            if calls.is_empty() {
                return Err(wrong(format!("{place}.tool_calls"), "there must be at least one call"));
            }
            for (at, ToolCallStep { name, arguments, id }) in calls.iter().enumerate() {
                let place = format!("{place}.tool_calls[{at}]");
                if name.is_empty() {
                    return Err(wrong(format!("{place}.name"), "it must not be empty"));
                }
                if id.as_ref().is_some_and(String::is_empty) {
                    return Err(wrong(format!("{place}.id"), "it must not be empty; leave it out to have one made up"));
                }
                if !arguments.is_object() && !arguments.is_string() {
                    return Err(wrong(
                        format!("{place}.arguments"),
                        "it must be an object, or a text to be sent as it is",
                    ));
                }
            }
            Ok(())
        }
        Step::Usage(UsageStep { input, output, reasoning, cache_read, cache_write }) => {
            if reasoning > output {
                return Err(wrong(format!("{place}.usage.reasoning"), "it is a part of `output` and cannot be more"));
            }
            if cache_read.saturating_add(*cache_write) > *input {
                return Err(wrong(format!("{place}.usage.cache_read"), "the cached parts cannot be more than `input`"));
            }
            Ok(())
        }
        Step::Repeat(_)
        | Step::Text(_)
        | Step::Reasoning(_)
        | Step::DelayMs(_)
        | Step::WordsPerSecond(_)
        | Step::Stop(_)
        | Step::Error(_)
        | Step::BreakOff(_) => Ok(()),
    }
}

fn object(place: &str, value: Value) -> Result<Map<String, Value>, ScenarioError> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(wrong(place, "it must be an object")),
    }
}

fn read<T: DeserializeOwned>(place: &str, value: Value) -> Result<T, ScenarioError> {
    serde_json::from_value(value).map_err(|error| wrong(place, error.to_string()))
}

fn wrong(place: impl Into<String>, problem: impl Into<String>) -> ScenarioError {
    ScenarioError { place: place.into(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(json: &str, place: &str, problem: &str) {
        let error = parse(json).map(|(file, _)| file).unwrap_err();
        assert_eq!(error.place, place, "{error}");
        assert!(error.problem.contains(problem), "{error}");
    }

    fn rule_with(step: &str) -> String {
        format!(r#"{{"rules": [{{"then": [{{"text": "a"}}]}}, {{"then": [{step}, {{"text": "b"}}]}}]}}"#)
    }

    #[test]
    fn what_is_no_json_names_line_and_column() {
        refused("{\n  nonsense", "line 2, column 3", "no JSON");
    }

    #[test]
    fn a_missing_or_unknown_field_names_its_rule() {
        refused("{}", "the top", "`rules` is missing");
        refused(r#"{"rules": []}"#, "rules", "at least one");
        refused(r#"{"rules": [], "pace": 1}"#, "the top", "unknown field `pace`");
        refused(r#"{"rules": [{"when": {}}]}"#, "rules[0]", "`then` is missing");
        refused(r#"{"rules": [{"then": [{"text": "a"}], "if": 1}]}"#, "rules[0]", "`if` is unknown");
        refused(
            r#"{"rules": [{"when": {"has": 1}, "then": [{"text": "a"}]}]}"#,
            "rules[0].when",
            "unknown field `has`",
        );
    }

    #[test]
    fn a_wrong_matcher_names_its_field() {
        refused(
            r#"{"rules": [{"when": {"regex": "("}, "then": [{"text": "a"}]}]}"#,
            "rules[0].when.regex",
            "regular expression",
        );
        refused(r#"{"rules": [{"when": {"call": 0}, "then": [{"text": "a"}]}]}"#, "rules[0].when.call", "from 1");
    }

    #[test]
    fn a_wrong_step_names_its_place_in_the_rule() {
        refused(&rule_with(r#"{"say": "a"}"#), "rules[1].then[0]", "unknown variant `say`");
        refused(&rule_with(r#"{"error": {"kind": "boom"}}"#), "rules[1].then[0]", "unknown variant `boom`");
        refused(&rule_with(r#"{"break_off": "cut"}"#), "rules[1].then[0]", "last step");
        refused(&rule_with(r#"{"repeat": {"text": "a", "times": 0}}"#), "rules[1].then[0].repeat.times", "from 1");
        refused(
            &rule_with(r#"{"tool_calls": [{"name": "t", "arguments": 1}]}"#),
            "rules[1].then[0].tool_calls[0].arguments",
            "object",
        );
        refused(
            &rule_with(r#"{"usage": {"input": 1, "output": 1, "reasoning": 2}}"#),
            "rules[1].then[0].usage.reasoning",
            "part of",
        );
    }
}
