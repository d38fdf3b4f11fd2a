//! A chat told in a terminal: what it reasons dimmed, what it does as lines, what it writes as it is.

use std::{collections::HashMap, io};

use replay::ids::Micros;

use super::screen::{Screen, Tone, short};
use crate::entities::{
    chat::{
        Event,
        event::{Limit, ToolOutcome, TurnOutcome},
        ids::{CallId, ToolCallId},
    },
    usage::Usage,
};

/// The arguments that say most about a tool call, in the order in which they are told.
const TELLING: &[&str] = &["pattern", "query", "path", "glob"];

/// Tells the events of one chat, in order.
pub struct Story {
    screen: Screen,
    /// Whether messages are told as well; who just asked knows them.
    messages: bool,
    tools: HashMap<ToolCallId, String>,
    /// What was told last, so that a change of voice begins a new line.
    voice: Option<(CallId, Tone)>,
}

impl Story {
    /// A story to standard output.
    pub fn new(messages: bool) -> Self {
        Self { screen: Screen::new(), messages, tools: HashMap::new(), voice: None }
    }

    /// Tells what an event adds that happened `at` a moment.
    pub fn tell(&mut self, event: &Event, at: Micros) -> io::Result<()> {
        match event {
            Event::ReasoningAppended { call, text, .. } => return self.speak(*call, Tone::Dim, text),
            Event::TextAppended { call, text, .. } => return self.speak(*call, Tone::Plain, text),
            Event::ChatRenamed { title, .. } => self.line(Tone::Dim, &format!("— now called {title}"))?,
            Event::ChatConfigured { model } => self.line(Tone::Dim, &format!("— {model} answers from now on"))?,
            Event::CompactionRequested {} => self.line(Tone::Dim, "— it is to be summed up")?,
            Event::CompactionStarted { .. } => self.line(Tone::Dim, "— summing up what was said")?,
            Event::Compacted { .. } => self.line(Tone::Dim, "— the model goes on from a summary")?,
            Event::CompactionFailed { error, .. } => {
                self.line(Tone::Alarm, &format!("! it could not be summed up: {}", error.message))?;
            }
            Event::ChatArchived {} => self.line(Tone::Dim, "— put away")?,
            Event::ChatUnarchived {} => self.line(Tone::Dim, "— brought back")?,
            Event::MessageQueued { text, .. } if self.messages => {
                self.line(Tone::Dim, &format!("waits: {}", short(text.shown(), 200)))?;
            }
            Event::MessageUnqueued { .. } if self.messages => {
                self.line(Tone::Dim, "— a waiting message was taken back")?;
            }
            Event::MessagePosted { text, attachments, .. } if self.messages => {
                self.line(Tone::Strong, &format!("› {}", text.shown().trim_end()))?;
                for attachment in attachments {
                    self.line(Tone::Dim, &format!("  with {} ({})", attachment.name, attachment.media_type))?;
                }
            }
            // Known to who asked, told by what follows, or, where a call is not tried again, by the end of its turn.
            Event::ModelCallFailed { retry_at: None, .. }
            | Event::MessageQueued { .. }
            | Event::MessageUnqueued { .. }
            | Event::MessagePosted { .. }
            | Event::ChatOpened { .. }
            | Event::TitleStarted { .. }
            | Event::TitleFailed { .. }
            | Event::TurnStarted { .. }
            | Event::WaitElapsed { .. }
            | Event::ToolStarted { .. } => {}
            Event::ModelCallStarted { attempt, .. } if attempt.0 > 1 => {
                self.line(Tone::Dim, "— cut off; the model is asked again")?;
            }
            Event::ModelCallStarted { .. } | Event::ModelCallFinished { .. } => self.screen.end_line()?,
            Event::ToolCalled { tool_call, name, arguments, .. } => {
                self.tools.insert(*tool_call, format!("{name} {}", telling(arguments.shown())));
            }
            Event::ModelCallFailed { error, retry_at: Some(retry_at), .. } => {
                self.line(Tone::Alarm, &format!("! {} ({})", error.message, retry_words(at, *retry_at)))?;
            }
            Event::ToolFinished { tool_call, outcome, output, latency_ms, truncated } => {
                let what = self.tools.remove(tool_call).unwrap_or_else(|| "a tool".into());
                let cut = if *truncated { " · cut short" } else { "" };
                match outcome {
                    ToolOutcome::Succeeded => self.line(Tone::Deed, &format!("● {what} · {latency_ms} ms{cut}"))?,
                    ToolOutcome::Failed => {
                        self.line(Tone::Alarm, &format!("● {what} · failed: {}", short(output.shown(), 120)))?;
                    }
                    ToolOutcome::Unknown => self.line(Tone::Alarm, &format!("● {what} · nobody knows how it ended"))?,
                    ToolOutcome::Cancelled => self.line(Tone::Dim, &format!("● {what} · stopped"))?,
                }
            }
            Event::LimitReached { limit, .. } => self.line(Tone::Alarm, &format!("! {}", limit_words(limit)))?,
            Event::TurnFinished { outcome, usage, .. } => {
                if let TurnOutcome::Failed { error } = outcome {
                    self.line(Tone::Alarm, &format!("! the turn failed: {}", error.message))?;
                }
                self.line(Tone::Dim, &usage_words(usage))?;
            }
            Event::Forked { from, at, model, .. } => {
                let model = model.as_ref().map_or_else(String::new, |model| format!("; {model} answers from now on"));
                self.line(Tone::Dim, &format!("— forked from {from} at revision {at}{model}"))?;
            }
            Event::TurnCancelled { usage, .. } => self.line(Tone::Dim, &format!("stopped · {}", usage_words(usage)))?,
        }
        self.voice = None;
        Ok(())
    }

    fn speak(&mut self, call: CallId, tone: Tone, text: &str) -> io::Result<()> {
        if self.voice.is_some_and(|voice| voice != (call, tone)) {
            self.screen.end_line()?;
        }
        self.voice = Some((call, tone));
        self.screen.text(tone, text)
    }

    fn line(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        self.screen.line(tone, text)
    }
}

/// The argument of a tool call that says most, or all of them.
fn telling(arguments: &str) -> String {
    let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(arguments).ok();
    let told: Vec<&str> =
        object.iter().flat_map(|object| TELLING.iter().filter_map(|name| object.get(*name)?.as_str())).collect();
    if told.is_empty() { short(arguments, 80) } else { short(&told.join(" in "), 80) }
}

/// When a failed call is tried again, seen from the moment at which it failed.
fn retry_words(failed_at: Micros, retry_at: Micros) -> String {
    match u64::try_from(retry_at.0.saturating_sub(failed_at.0)).unwrap_or(0).div_ceil(1_000_000) {
        0 => "trying again at once".into(),
        seconds @ 1..=90 => format!("trying again in {seconds} s"),
        seconds => format!("trying again in {} min", seconds.div_ceil(60)),
    }
}

fn limit_words(limit: &Limit) -> String {
    match limit {
        Limit::Steps { calls } => format!("{calls} model calls in one turn: it is summed up and ended"),
        Limit::DoomLoop { tool, times } => {
            format!("{tool} was called {times} times in a row with the same arguments: the turn is summed up and ended")
        }
        Limit::ToolMistakes { times } => format!("{times} tool calls failed in a row: the turn is summed up and ended"),
        Limit::ToolCalls { calls } => format!("{calls} tool calls in one turn: it is summed up and ended"),
        Limit::OutputTokens { budget } => {
            format!("the turn's budget of {budget} output tokens is used up: it is summed up and ended")
        }
        Limit::Tokens { budget } => {
            format!("the turn's budget of {budget} tokens is used up: it is summed up and ended")
        }
    }
}

fn usage_words(usage: &Usage) -> String {
    let about = if usage.estimated { "about " } else { "" };
    let cached = if usage.cache_read > 0 { format!(" ({} cached)", usage.cache_read) } else { String::new() };
    format!("{about}{} tokens in{cached}, {} out", usage.input, usage.output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_call_is_told_by_the_argument_that_matters() {
        assert_eq!(telling(r#"{"path":"src","pattern":"TODO","max":3}"#), "TODO in src");
        assert_eq!(telling(r#"{"path":"README.md"}"#), "README.md");
        assert_eq!(telling(r#"{"count":3}"#), r#"{"count":3}"#);
        assert_eq!(telling("not json"), "not json");
    }

    #[test]
    fn a_pause_is_told_in_whole_seconds_and_never_too_short() {
        let words = |micros: i64| retry_words(Micros(5_000_000), Micros(5_000_000 + micros));
        assert_eq!(words(-1), "trying again at once");
        assert_eq!(words(400_000), "trying again in 1 s");
        assert_eq!(words(14_200_000), "trying again in 15 s");
        assert_eq!(words(600_000_000), "trying again in 10 min");
    }

    #[test]
    fn tokens_are_told_with_what_came_from_the_cache() {
        let usage = Usage { input: 10, output: 2, cache_read: 8, estimated: true, ..Usage::default() };
        assert_eq!(usage_words(&usage), "about 10 tokens in (8 cached), 2 out");
    }
}
