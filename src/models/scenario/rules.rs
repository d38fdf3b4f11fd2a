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
        Ok(Self {
            file: Arc::new(file),
            patterns: Arc::new(patterns),
            used: Arc::default(),
        })
    }

    /// The JSON Schema of scenario files.
    pub fn schema() -> Value {
        schemars::schema_for!(ScenarioFile).to_value()
    }

    /// What the first rule that fits answers; `None` if none fits.
    pub(in crate::models) fn beats(&self, request: &ModelRequest) -> Option<Vec<Beat>> {
        let rules = self.file.rules.iter().zip(self.patterns.iter()).enumerate();
        for (at, (rule, pattern)) in rules {
            if fits(&rule.when, pattern.as_ref(), request) && self.may_use(at, &rule.when, request)
            {
                let pace = self.file.words_per_second.map(Beat::Pace);
                return Some(
                    pace.into_iter()
                        .chain(rule.then.iter().flat_map(beats))
                        .collect(),
                );
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
    let (text, since) = request
        .last_user_message()
        .unwrap_or(("", &request.messages[..]));
    let call = 1 + since
        .iter()
        .filter(|message| matches!(message, Message::Assistant { .. }))
        .count();
    let result = since.iter().rev().find_map(|message| match message {
        Message::ToolResult { text, .. } => Some(text.as_str()),
        Message::User { .. } | Message::Assistant { .. } => None,
    });
    when.contains
        .as_ref()
        .is_none_or(|words| contains(text, words))
        && pattern.is_none_or(|pattern| pattern.is_match(text))
        && when.call.is_none_or(|nth| usize::try_from(nth) == Ok(call))
        && when
            .has_tool_result
            .is_none_or(|expected| expected == result.is_some())
        && when
            .tool_result_contains
            .as_ref()
            .is_none_or(|words| result.is_some_and(|text| contains(text, words)))
        && when
            .system_contains
            .as_ref()
            .is_none_or(|words| contains(&request.system, words))
}

fn contains(text: &str, words: &str) -> bool {
    text.to_lowercase().contains(&words.to_lowercase())
}

fn beats(step: &Step) -> Vec<Beat> {
    match step {
        Step::Text(text) => vec![Beat::Text(text.clone())],
        Step::Reasoning(text) => vec![Beat::Reasoning(text.clone())],
        Step::Repeat(repeat) => (1..=repeat.times)
            .map(|n| Beat::Text(repeat.text.replace("{n}", &n.to_string())))
            .collect(),
        Step::ToolCalls(calls) => calls.iter().map(tool_call).collect(),
        Step::DelayMs(ms) => vec![Beat::Pause(Duration::from_millis(*ms))],
        Step::WordsPerSecond(pace) => vec![Beat::Pace(*pace)],
        Step::Usage(usage) => vec![Beat::Usage(reported(*usage))],
        Step::Stop(stop) => vec![Beat::Stop(*stop)],
        Step::Error(fault) => vec![Beat::Fail(error(fault))],
        Step::BreakOff(how) => vec![Beat::Fail(broken_off(*how))],
    }
}

fn tool_call(call: &ToolCallStep) -> Beat {
    let arguments = match &call.arguments {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Beat::ToolCall {
        id: call.id.clone(),
        name: call.name.clone(),
        arguments,
    }
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
        message: message.unwrap_or_else(|| {
            format!("The scenario says that the model failed ({}).", fault.kind)
        }),
        status: fault.status,
        retry_after_ms: fault.retry_after_ms,
        provider: OFFLINE.to_owned(),
    }
}

fn broken_off(how: Break) -> ModelError {
    match how {
        Break::Cut => ModelError::new(
            ErrorKind::BrokenStream,
            OFFLINE,
            "The scenario broke the answer off.",
        ),
        Break::Stall => ModelError::new(
            ErrorKind::Stalled,
            OFFLINE,
            "The scenario let the answer stall.",
        ),
    }
}
