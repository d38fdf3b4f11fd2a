//! A run as a story: its phases, steps and log as they come, and on a terminal a line beneath that says how far it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use replay::{
    ids::{Micros, StreamId},
    ports::{Clock as _, Machine},
};
use serde_json::Value;

use super::{
    exit::Failure,
    screen::{Screen, Tone, printable, short},
    socket::{Following, Said},
};
use crate::entities::{
    body::Body,
    run::{
        Event,
        event::{StepKind, StepOutcome, StepRequest},
    },
    usage::Usage,
};

/// How wide the line beneath may be: what wraps could not be taken back.
const WIDEST: usize = 79;
/// So often the line beneath is written anew.
const TICK: Duration = Duration::from_secs(1);
/// After so long in the queue it is said where nobody sees the line beneath.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was told of a run so far.
pub struct RunStory {
    screen: Screen,
    stream: StreamId,
    /// Nothing is told at all: only the end is waited for.
    silent: bool,
    beneath: Beneath,
    labels: BTreeMap<u32, String>,
    open: BTreeSet<u32>,
    settled: usize,
    phase: Option<String>,
    usage: Usage,
    since: Option<Micros>,
    queued: Option<Instant>,
}

/// The line beneath what is told.
struct Beneath {
    terminal: bool,
    shown: bool,
}

impl RunStory {
    /// One that is told, or only listened to.
    pub fn new(stream: &StreamId, silent: bool) -> Self {
        Self {
            screen: Screen::new(),
            stream: stream.clone(),
            silent,
            beneath: Beneath { terminal: !silent && io::stderr().is_terminal(), shown: false },
            labels: BTreeMap::new(),
            open: BTreeSet::new(),
            settled: 0,
            phase: None,
            usage: Usage::default(),
            since: None,
            queued: None,
        }
    }

    /// Tells an event; whether it is the last.
    pub fn hear(&mut self, event: &Event, at: Micros) -> io::Result<bool> {
        let over = self.note(event, at);
        if self.silent {
            return Ok(over);
        }
        if let Some((tone, text)) = self.words(event) {
            self.beneath.clear()?;
            self.screen.line(tone, &text)?;
        }
        if over {
            self.beneath.clear()?;
        } else {
            self.show(at)?;
        }
        Ok(over)
    }

    /// What comes next; the line beneath goes with the time meanwhile.
    pub async fn next(&mut self, following: &mut Following) -> Result<Said, Failure> {
        // Kept over the ticks: a connection that is made anew takes longer than from one to the next.
        let mut next = std::pin::pin!(following.next());
        loop {
            tokio::select! {
                said = &mut next => return said,
                () = tokio::time::sleep(TICK) => self.tick(Machine.now())?,
            }
        }
    }

    fn tick(&mut self, now: Micros) -> io::Result<()> {
        if self.silent {
            return Ok(());
        }
        if !self.beneath.terminal && self.queued.is_some_and(|since| since.elapsed() > PATIENCE) {
            self.queued = None;
            return self.screen.line(Tone::Dim, "queued: it begins when another workflow is over (lanes.runs)");
        }
        self.show(now)
    }

    fn note(&mut self, event: &Event, at: Micros) -> bool {
        self.since = self.since.or(Some(at));
        match event {
            Event::RunQueued {} => self.queued = Some(Instant::now()),
            Event::RunStarted {} => self.queued = None,
            Event::PhaseStarted { title } => self.phase = Some(title.to_string()),
            Event::StepRequested(asked) => {
                self.labels.insert(asked.step, asked.label.to_string());
                self.open.insert(asked.step);
            }
            Event::StepSettled { step, usage, .. } => {
                self.open.remove(step);
                self.settled += 1;
                self.usage += *usage;
            }
            Event::StepCancelled { step } => {
                self.open.remove(step);
            }
            Event::RunFinished { .. }
            | Event::RunFailed { .. }
            | Event::RunCancelled {}
            | Event::RunDiverged { .. } => {
                return true;
            }
            Event::RunRequested(_)
            | Event::LogWritten { .. }
            | Event::StepStarted { .. }
            | Event::StepTryFailed { .. }
            | Event::StepRetried { .. }
            | Event::RunWorked { .. }
            | Event::ApprovalAnswered { .. }
            | Event::ScriptAdvanced { .. }
            | Event::RunPaused { .. }
            | Event::RunResumed {} => {}
        }
        false
    }

    /// How an event is told; some are not.
    fn words(&self, event: &Event) -> Option<(Tone, String)> {
        match event {
            Event::PhaseStarted { title } => Some((Tone::Strong, title.to_string())),
            Event::LogWritten { text } => Some((Tone::Dim, format!("  {text}"))),
            Event::StepRequested(asked) if asked.kind == StepKind::Approve => {
                Some((Tone::Strong, question(&self.stream, asked)))
            }
            Event::StepSettled { step, outcome, usage, latency_ms, cached_from, worktree, changed: _ } => {
                let left = worktree
                    .as_ref()
                    .map(|left| format!("\n  {} files changed in {} on branch {}", left.files, left.path, left.branch));
                let left = left.unwrap_or_default();
                let label = self.labels.get(step).map(String::as_str).unwrap_or_default();
                let seconds = Duration::from_millis(*latency_ms).as_secs_f64();
                match outcome {
                    StepOutcome::Succeeded { .. } if label.starts_with("sleep ") => None,
                    StepOutcome::Succeeded { .. } if cached_from.is_some() => {
                        Some((Tone::Dim, format!("✓ {label}  from the cache")))
                    }
                    StepOutcome::Succeeded { .. } => {
                        Some((Tone::Deed, format!("✓ {label}  {seconds:.1} s, {} tokens{left}", usage.total())))
                    }
                    StepOutcome::Failed { name, message } => {
                        Some((Tone::Alarm, format!("✗ {label}: {name}: {message}{left}")))
                    }
                    StepOutcome::Stopped => Some((Tone::Alarm, format!("– {label}: stopped{left}"))),
                }
            }
            Event::StepTryFailed { step, name, message, wait_ms, .. } => {
                let label = self.labels.get(step).map(String::as_str).unwrap_or_default();
                let seconds = Duration::from_millis(*wait_ms).as_secs_f64();
                Some((Tone::Dim, format!("↻ {label}: {name}: {message}; tried again in {seconds:.0} s")))
            }
            Event::ApprovalAnswered { step, approved, comment } => {
                let said = comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
                let answer = if *approved { "yes" } else { "no" };
                Some((Tone::Strong, format!("! step {step} was answered with {answer}{said}")))
            }
            Event::RunPaused { difference: Some(apart) } => {
                let shown = |body: &Option<Body>| body.as_ref().map_or("nothing", Body::shown).to_owned();
                let what = "paused: the engine of this version asks for something else than what is recorded";
                let (recorded, asked) = (shown(&apart.recorded), shown(&apart.asked));
                let next = "stop it, and go on in a new run with `reenact run NAME --resume RUN`";
                Some((Tone::Alarm, format!("{what}, step {}\n- {recorded}\n+ {asked}\n{next}", apart.step)))
            }
            Event::RunPaused { difference: None } => {
                Some((Tone::Dim, "paused: `reenact watch` and the page show what is under way".into()))
            }
            Event::RunResumed {} => Some((Tone::Dim, "goes on".into())),
            Event::RunRequested(_)
            | Event::StepRequested(_)
            | Event::StepStarted { .. }
            | Event::StepRetried { .. }
            | Event::RunWorked { .. }
            | Event::StepCancelled { .. }
            | Event::ScriptAdvanced { .. }
            | Event::RunQueued {}
            | Event::RunStarted {}
            | Event::RunFinished { .. }
            | Event::RunFailed { .. }
            | Event::RunCancelled {}
            | Event::RunDiverged { .. } => None,
        }
    }

    fn show(&mut self, now: Micros) -> io::Result<()> {
        if !self.beneath.terminal {
            return Ok(());
        }
        let seconds = self.since.map_or(0, |since| now.ms_since(since) / 1_000);
        let mut parts = vec![if self.queued.is_some() {
            "queued".to_owned()
        } else {
            format!("{} of {} steps", self.settled, self.labels.len())
        }];
        parts.extend(self.phase.clone());
        parts.push(format!("{} tokens", self.usage.total()));
        parts.push(format!("{}:{:02}", seconds / 60, seconds % 60));
        if let Some(label) = self.open.last().and_then(|step| self.labels.get(step)) {
            parts.push(label.clone());
        }
        self.beneath.show(&short(&parts.join(" · "), WIDEST))
    }
}

/// A question of the script, and how it is answered.
fn question(run: &StreamId, asked: &StepRequest) -> String {
    let payload: Value = serde_json::from_str(asked.payload.shown()).unwrap_or_default();
    let question = payload["question"].as_str().unwrap_or(&asked.label);
    let detail = payload["detail"].as_str().map(|detail| format!("\n  {detail}")).unwrap_or_default();
    format!("? {question}{detail}\n  step {} waits: reenact approve {run} {}", asked.step, asked.step)
}

impl Beneath {
    fn show(&mut self, text: &str) -> io::Result<()> {
        let mut out = io::stderr().lock();
        write!(out, "\r\x1b[2K{}", printable(text))?;
        self.shown = true;
        out.flush()
    }

    fn clear(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.shown) {
            return Ok(());
        }
        let mut out = io::stderr().lock();
        write!(out, "\r\x1b[2K")?;
        out.flush()
    }
}

/// The whole of a short body, or what is shown of a long one.
pub fn shown(body: Option<&Body>) -> String {
    body.map_or("nothing".to_owned(), |body| body.shown().to_owned())
}
