//! Finds the rule that fits a request and turns its steps into beats to be played.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use regex::Regex;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::format::{Break, Fault, ScenarioFile, Step, ToolCallStep, UsageStep, When};
use super::parse::{ScenarioError, parse};
use crate::models::offline::play::Beat;
use crate::models::{ErrorKind, Message, ModelError, ModelRequest, OFFLINE, Usage};

/// A scenario, ready to be played. Clones share what `times` has counted.
#[derive(Clone, Debug)]
pub struct Scenario {
    file: Arc<ScenarioFile>,
    patterns: Arc<Vec<Option<Regex>>>,
    used: Arc<Mutex<Uses>>,
}

/// How often a rule with `times` has answered a request: by rule and the request's digest.
type Uses = HashMap<(usize, [u8; 32]), u32>;

impl Scenario {
    /// Reads and checks a scenario file's content.
    pub fn parse(json: &str) -> Result<Self, ScenarioError> {
        let (file, patterns) = parse(json)?;
        Ok(Self { file: Arc::new(file), patterns: Arc::new(patterns), used: Arc::default() })
    }

    /// The JSON Schema of scenario files.
    pub fn schema() -> Value {
        schemars::schema_for!(ScenarioFile).to_value()
    }

    /// What the first rule that fits answers; `None` if none fits.
    pub(in crate::models) fn beats(&self, request: &ModelRequest) -> Option<Vec<Beat>> {
        let rules = self.file.rules.iter().zip(self.patterns.iter()).enumerate();
        for (at, (rule, pattern)) in rules {
            if fits(&rule.when, pattern.as_ref(), request) && self.may_use(at, &rule.when, request) {
                let pace = self.file.words_per_second.map(Beat::Pace);
                return Some(pace.into_iter().chain(rule.then.iter().flat_map(beats)).collect());
            }
        }
        None
    }

    fn may_use(&self, rule: usize, when: &When, request: &ModelRequest) -> bool {
        let Some(times) = when.times else { return true };
        // Debug writes every field, so that two requests that differ anywhere have different digests.
        let digest = Sha256::digest(format!("{request:?}").as_bytes()).into();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let count = used.entry((rule, digest)).or_insert(0);
        *count = count.saturating_add(1);
        *count <= times
    }
}

fn fits(when: &When, pattern: Option<&Regex>, request: &ModelRequest) -> bool {
    let (text, since) = request.last_user_message().unwrap_or(("", &request.messages[..]));
    let call = 1 + since.iter().filter(|message| matches!(message, Message::Assistant { .. })).count();
    let result = since.iter().rev().find_map(|message| match message {
        Message::ToolResult { text, .. } => Some(text.as_str()),
        Message::User { .. } | Message::Assistant { .. } => None,
    });
    when.purpose.unwrap_or_default() == request.purpose
        && when.contains.as_ref().is_none_or(|words| contains(text, words))
        && pattern.is_none_or(|pattern| pattern.is_match(text))
        && when.call.is_none_or(|nth| usize::try_from(nth) == Ok(call))
        && when.has_tool_result.is_none_or(|expected| expected == result.is_some())
        && when.tool_result_contains.as_ref().is_none_or(|words| result.is_some_and(|text| contains(text, words)))
        && when.system_contains.as_ref().is_none_or(|words| contains(&request.system, words))
}

fn contains(text: &str, words: &str) -> bool {
    text.to_lowercase().contains(&words.to_lowercase())
}

fn beats(step: &Step) -> Vec<Beat> {
    match step {
        Step::Text(text) => vec![Beat::Text(text.clone())],
        Step::Reasoning(text) => vec![Beat::Reasoning(text.clone())],
        Step::Repeat(repeat) => {
            (1..=repeat.times).map(|n| Beat::Text(repeat.text.replace("{n}", &n.to_string()))).collect()
        }
        Step::ToolCalls(calls) => calls.iter().map(tool_call).collect(),
        Step::DelayMs(ms) => vec![Beat::Pause(Duration::from_millis(*ms))],
        Step::WordsPerSecond(pace) => vec![Beat::Pace(*pace)],
        Step::Usage(usage) => vec![Beat::Usage(reported(*usage))],
        Step::Stop(reason) => vec![Beat::Stop(*reason)],
        Step::Error(fault) => vec![Beat::Fail(error(fault))],
        Step::BreakOff(how) => vec![Beat::Fail(broken_off(*how))],
    }
}

fn tool_call(call: &ToolCallStep) -> Beat {
    let arguments = match &call.arguments {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Beat::ToolCall { id: call.id.clone(), name: call.name.clone(), arguments }
}

fn reported(usage: UsageStep) -> Usage {
    Usage {
        input: usage.input,
        output: usage.output,
        reasoning: usage.reasoning,
        cache_read: usage.cache_read,
        cache_write: usage.cache_write,
        estimated: false,
        raw: serde_json::to_value(usage).ok(),
    }
}

fn error(fault: &Fault) -> ModelError {
    let message = fault.message.clone();
    ModelError {
        kind: fault.kind,
        message: message.unwrap_or_else(|| format!("The scenario says that the model failed ({}).", fault.kind)),
        status: fault.status,
        retry_after_ms: fault.retry_after_ms,
        provider: OFFLINE.to_owned(),
    }
}

fn broken_off(how: Break) -> ModelError {
    match how {
        Break::Cut => ModelError::new(ErrorKind::BrokenStream, OFFLINE, "The scenario broke the answer off."),
        Break::Stall => ModelError::new(ErrorKind::Stalled, OFFLINE, "The scenario let the answer stall."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Stop;

    fn answer() -> Message {
        Message::assistant("", "", vec![])
    }

    fn result(text: &str) -> Message {
        Message::ToolResult { tool_call_id: "c".into(), name: "n".into(), text: text.into(), failed: false }
    }

    fn asked(messages: Vec<Message>) -> ModelRequest {
        ModelRequest { system: "Be brief".into(), messages, ..ModelRequest::default() }
    }

    fn when(when: &str) -> Scenario {
        Scenario::parse(&format!(r#"{{"rules": [{{"when": {when}, "then": [{{"text": "yes"}}]}}]}}"#)).unwrap()
    }

    fn fits(matcher: &str, messages: Vec<Message>) -> bool {
        when(matcher).beats(&asked(messages)).is_some()
    }

    #[test]
    fn a_matcher_looks_at_the_last_user_message() {
        let talk = || vec![Message::user("Weather?"), answer(), Message::user("in Oslo")];
        assert!(fits(r#"{"contains": "OSLO"}"#, talk()));
        assert!(!fits(r#"{"contains": "weather"}"#, talk()));
        assert!(fits(r#"{"regex": "^in \\w+$"}"#, talk()));
        assert!(fits("{}", talk()));
    }

    #[test]
    fn a_matcher_counts_the_calls_of_the_turn_and_sees_its_tool_results() {
        let turn = || vec![Message::user("a"), answer(), result("4 °C")];
        assert!(fits(r#"{"call": 2}"#, turn()));
        assert!(!fits(r#"{"call": 1}"#, turn()));
        assert!(fits(r#"{"has_tool_result": true, "tool_result_contains": "4 °c"}"#, turn()));
        assert!(fits(r#"{"has_tool_result": false}"#, vec![Message::user("a"), result("x"), Message::user("b")]));
    }

    #[test]
    fn all_that_is_given_must_hold() {
        assert!(fits(r#"{"contains": "a", "system_contains": "brief"}"#, vec![Message::user("a")]));
        assert!(!fits(r#"{"contains": "a", "system_contains": "long"}"#, vec![Message::user("a")]));
    }

    #[test]
    fn a_rule_with_times_lets_the_next_one_answer_the_same_request() {
        let scenario = Scenario::parse(
            r#"{"rules": [
                {"when": {"times": 1}, "then": [{"error": {"kind": "rate_limited", "retry_after_ms": 5}}]},
                {"then": [{"text": "now"}]}
            ]}"#,
        )
        .unwrap();
        let first = scenario.beats(&asked(vec![Message::user("a")])).unwrap();
        let [Beat::Fail(error)] = &first[..] else { panic!("{first:?}") };
        assert_eq!((error.kind, error.retry_after_ms), (ErrorKind::RateLimited, Some(5)));
        assert_eq!(scenario.beats(&asked(vec![Message::user("a")])), Some(vec![Beat::Text("now".into())]));
        let another = scenario.beats(&asked(vec![Message::user("b")])).unwrap();
        assert!(matches!(&another[..], [Beat::Fail(_)]), "{another:?}");
    }

    #[test]
    fn steps_become_beats_in_order() {
        let scenario = Scenario::parse(
            r#"{"words_per_second": 5, "rules": [{"then": [
                {"reasoning": "r"}, {"repeat": {"text": "{n} ", "times": 2}}, {"delay_ms": 7}, {"words_per_second": 0},
                {"tool_calls": [{"name": "t", "arguments": {"a": 1}}, {"name": "u", "arguments": "{", "id": "i"}]},
                {"usage": {"input": 9, "output": 2}}, {"stop": "length"}, {"break_off": "stall"}
            ]}]}"#,
        )
        .unwrap();
        let beats = scenario.beats(&asked(vec![])).unwrap();
        assert_eq!(
            beats[..9],
            [
                Beat::Pace(5),
                Beat::Reasoning("r".into()),
                Beat::Text("1 ".into()),
                Beat::Text("2 ".into()),
                Beat::Pause(Duration::from_millis(7)),
                Beat::Pace(0),
                Beat::ToolCall { id: None, name: "t".into(), arguments: r#"{"a":1}"#.into() },
                Beat::ToolCall { id: Some("i".into()), name: "u".into(), arguments: "{".into() },
                Beat::Usage(Usage {
                    input: 9,
                    output: 2,
                    raw: serde_json::to_value(UsageStep { input: 9, output: 2, ..UsageStep::default() }).ok(),
                    ..Usage::default()
                }),
            ]
        );
        assert_eq!(beats[9], Beat::Stop(Stop::Length));
        assert!(matches!(&beats[10..], [Beat::Fail(error)] if error.kind == ErrorKind::Stalled), "{beats:?}");
    }

    #[test]
    fn the_schema_knows_every_field_of_a_rule() {
        let schema = Scenario::schema().to_string();
        for field in ["tool_result_contains", "words_per_second", "break_off", "retry_after_ms"] {
            assert!(schema.contains(field), "{field}");
        }
    }
}
