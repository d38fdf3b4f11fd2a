//! Counts what agents do: model calls, tokens, tool calls, turns. It is told by nobody: it reads the log, as everyone does, from
//! the moment of the start on.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use replay::{
    event::decode,
    ids::StreamId,
    log::{Delivery, EventLog, Selection},
    record::Record,
};

use crate::{
    api::app::Shared,
    entities::{
        Kind,
        chat::{
            Event,
            event::{ToolOutcome, TurnOutcome},
            ids::{CallId, ToolCallId},
        },
        usage::Usage,
    },
};

/// The limits of durations, in seconds: a file that is read, and an answer that takes minutes.
const LIMITS: [f64; 12] = [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
/// The tool of a call to one that there is none of, or that was called before the start.
const OTHER: &str = "other";
/// How long to wait before the log is read again after it could not be.
const PAUSE: Duration = Duration::from_secs(1);

/// The events that are counted, or that others need to be counted.
const TYPES: &[&str] = &[
    "ModelCallStarted",
    "ModelCallFinished",
    "ModelCallFailed",
    "ToolCalled",
    "ToolFinished",
    "TurnFinished",
    "TurnCancelled",
];

/// The counters.
pub struct Agents {
    calls: Family<Call, Counter>,
    call_duration: Family<Provider, Histogram>,
    tokens: Family<Tokens, Counter>,
    tools: Family<Tool, Counter>,
    tool_duration: Family<ToolName, Histogram>,
    turns: Family<Turn, Counter>,
    known: BTreeSet<String>,
    open: Mutex<HashMap<StreamId, Open>>,
}

/// What the end of a turn's work does not say itself.
#[derive(Debug, Default)]
struct Open {
    /// The provider of each call.
    calls: HashMap<CallId, String>,
    /// The tool of each tool call.
    tools: HashMap<ToolCallId, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    provider: String,
    outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Provider {
    provider: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tokens {
    provider: String,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tool {
    tool: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToolName {
    tool: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Turn {
    outcome: &'static str,
}

impl Agents {
    /// With the tools that there are.
    pub(super) fn register(registry: &mut Registry, tools: &[String]) -> Self {
        let spread = || Histogram::new(LIMITS);
        let agents = Self {
            calls: Family::default(),
            call_duration: Family::new_with_constructor(spread as fn() -> Histogram),
            tokens: Family::default(),
            tools: Family::default(),
            tool_duration: Family::new_with_constructor(spread as fn() -> Histogram),
            turns: Family::default(),
            known: tools.iter().cloned().collect(),
            open: Mutex::default(),
        };
        let Self { calls, call_duration, tokens, tools, tool_duration, turns, .. } = &agents;
        registry.register(
            "model_calls",
            "Model calls that ended: `finished`, or the code of what went wrong",
            calls.clone(),
        );
        registry.register_with_unit(
            "model_call_duration",
            "From the request to the last byte of an answer that was finished",
            Unit::Seconds,
            call_duration.clone(),
        );
        registry.register(
            "model_tokens",
            "Tokens of finished model calls; `input` has what was read from the cache in it, `output` the reasoning",
            tokens.clone(),
        );
        registry.register("tool_calls", "Tool calls that ended", tools.clone());
        registry.register_with_unit(
            "tool_call_duration",
            "From start to end of a tool",
            Unit::Seconds,
            tool_duration.clone(),
        );
        registry.register("turns", "Turns that ended", turns.clone());
        agents
    }

    fn count(&self, record: &Record) {
        let stream = &record.stream;
        if stream.kind() != Kind::Chat.name() || !TYPES.contains(&&*record.event.kind) || record.event.copy_of.is_some()
        {
            return;
        }
        // What cannot be read is told by whoever folds it.
        let Ok(Some(event)) = decode::<Event>(record) else { return };
        let mut all = self.open.lock();
        let open = all.entry(stream.clone()).or_default();
        match event {
            Event::ModelCallStarted { call, model, .. } => {
                let provider = model.split('/').next().unwrap_or_default().to_owned();
                open.calls.insert(call, provider);
            }
            Event::ModelCallFinished { call, usage, latency_ms, .. } => {
                let provider = provider(open, call);
                self.finished(provider, &usage, latency_ms);
            }
            Event::ModelCallFailed { call, error, .. } => {
                let provider = provider(open, call);
                self.calls.get_or_create(&Call { provider, outcome: error.code.to_string() }).inc();
            }
            Event::ToolCalled { tool_call, name, .. } => {
                let name = if self.known.contains(&*name) { name.to_string() } else { OTHER.to_owned() };
                open.tools.insert(tool_call, name);
            }
            Event::ToolFinished { tool_call, outcome, latency_ms, .. } => {
                let tool = open.tools.remove(&tool_call).unwrap_or_else(|| OTHER.to_owned());
                self.tool_ended(tool, outcome, latency_ms);
            }
            Event::TurnFinished { outcome, .. } => {
                self.turn(match outcome {
                    TurnOutcome::Answered => "answered",
                    TurnOutcome::Limited { .. } => "limited",
                    TurnOutcome::Failed { .. } => "failed",
                });
                all.remove(stream);
            }
            Event::TurnCancelled { .. } => {
                self.turn("cancelled");
                all.remove(stream);
            }
            // None of the types that are counted.
            _ => {}
        }
    }

    fn finished(&self, provider: String, usage: &Usage, latency_ms: u64) {
        for (kind, tokens) in [
            ("input", usage.input),
            ("output", usage.output),
            ("reasoning", usage.reasoning),
            ("cache_read", usage.cache_read),
            ("cache_write", usage.cache_write),
        ] {
            self.tokens.get_or_create(&Tokens { provider: provider.clone(), kind }).inc_by(tokens);
        }
        let label = Provider { provider };
        self.call_duration.get_or_create(&label).observe(Duration::from_millis(latency_ms).as_secs_f64());
        self.calls.get_or_create(&Call { provider: label.provider, outcome: "finished".to_owned() }).inc();
    }

    fn tool_ended(&self, tool: String, outcome: ToolOutcome, latency_ms: u64) {
        let (outcome, ran) = match outcome {
            ToolOutcome::Succeeded => ("succeeded", true),
            ToolOutcome::Failed => ("failed", true),
            ToolOutcome::Unknown => ("unknown", false),
            ToolOutcome::Cancelled => ("cancelled", false),
        };
        let label = ToolName { tool };
        if ran {
            self.tool_duration.get_or_create(&label).observe(Duration::from_millis(latency_ms).as_secs_f64());
        }
        self.tools.get_or_create(&Tool { tool: label.tool, outcome }).inc();
    }

    fn turn(&self, outcome: &'static str) {
        self.turns.get_or_create(&Turn { outcome }).inc();
    }
}

fn provider(open: &mut Open, call: CallId) -> String {
    open.calls.remove(&call).unwrap_or_else(|| OTHER.to_owned())
}

/// Counts what is appended from now on, until the log is closed.
pub async fn follow(shared: Arc<Shared>) {
    let log: &Arc<dyn EventLog> = shared.app.host.log();
    loop {
        let mut records = log.subscribe(Selection::All { from: log.head() });
        loop {
            match records.next().await {
                Some(Ok(Delivery::Records(records))) => {
                    for record in &records {
                        shared.metrics.agents.count(record);
                    }
                }
                Some(Ok(Delivery::Live)) => {}
                Some(Err(error)) => {
                    tracing::warn!(%error, "some of what agents did was not counted");
                    break;
                }
                None => return,
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
