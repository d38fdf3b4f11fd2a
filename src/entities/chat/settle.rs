//! The answers of a chat to what its effects say, and the limits of a turn.

use std::collections::VecDeque;

use replay::{
    decider::{Attempt, Class, Context, Decider, EffectCommand, EffectKey, Stale, Want},
    ids::Micros,
};

use super::{
    Chat,
    answer::has_answer,
    context as compaction,
    decide::finish_turn,
    event::{CallError, Event, Limit, Retry, ToolOutcome, TurnOutcome},
    ids::{CallId, ToolCallId},
    state::{Call, State, ToolCall},
    title,
    work::{Answer, Outcome, Piece, Streamed, Work},
};
use crate::entities::{body::Body, usage::Usage};

/// The most model calls of one turn; then it sums up.
pub const CALLS: u32 = 200;
/// The same tool call so often in a row is a doom loop.
pub const DOOM: u32 = 3;
/// So many failed tool calls in a row end the turn.
pub const MISTAKES: u32 = 8;
/// A piece of repeatable work that was begun so often without an end is given up: it may be what brings the server down.
pub const ATTEMPTS: u32 = 5;
/// So many model calls in a row may fail before the turn does.
pub const FAILURES: u32 = 6;

const UNKNOWN: &str =
    "The server restarted while this tool ran. Whether it took effect is not known: look before you repeat it.";
const CRASHED: &str = "crashed repeatedly";

pub(super) fn settle(
    state: &State,
    command: EffectCommand<Piece, Outcome>,
    context: &Context,
) -> Result<Vec<Event>, Stale> {
    match command {
        EffectCommand::Begin { key } => {
            begin(state, &wanted(state, &key, None)?, context).ok_or(Stale { key, attempt: None })
        }
        EffectCommand::Progress { key, attempt, piece } => {
            let want = wanted(state, &key, Some(attempt))?;
            progress(state, &want, attempt, piece).ok_or(Stale { key, attempt: Some(attempt) })
        }
        EffectCommand::Report { key, attempt, outcome } => {
            let want = wanted(state, &key, Some(attempt))?;
            report(state, &want, attempt, outcome, context).ok_or(Stale { key, attempt: Some(attempt) })
        }
        EffectCommand::Lost { key, attempt } => {
            let want = wanted(state, &key, Some(attempt))?;
            match (want.class, want.work) {
                (Class::Once, Work::RunTool { tool_call }) => Ok(end_tool(state, unknown(tool_call), context)),
                // What may be repeated begins again instead.
                (
                    _,
                    Work::RunTool { .. }
                    | Work::CallModel { .. }
                    | Work::Compact { .. }
                    | Work::GiveTitle { .. }
                    | Work::Wait { .. },
                ) => Err(Stale { key, attempt: Some(attempt) }),
            }
        }
    }
}

/// The want of a key; of the attempt that was begun, where one is named (for `Free` work any attempt will do).
fn wanted(state: &State, key: &EffectKey, attempt: Option<Attempt>) -> Result<Want<Work>, Stale> {
    let want = Chat::wants(state).remove(key);
    want.filter(|want| attempt.is_none() || want.class == Class::Free || want.begun == attempt)
        .ok_or_else(|| Stale { key: key.clone(), attempt })
}

fn begin(state: &State, want: &Want<Work>, context: &Context) -> Option<Vec<Event>> {
    if want.class == Class::Once && want.begun.is_some() {
        // At most once: what was begun is lost or reported, never begun again.
        return None;
    }
    let attempt = Attempt::after(want.begun);
    let spent = attempt.0 > ATTEMPTS;
    match want.work {
        Work::CallModel { call } => {
            let open = state.current()?;
            if spent {
                return Some(fail_call(state, call, open.attempt.unwrap_or_default(), crashed_repeatedly(), context));
            }
            let model =
                state.about.as_ref().filter(|_| open.attempt.is_none()).map_or(&open.model, |about| &about.model);
            Some(vec![Event::ModelCallStarted { call, model: model.clone(), attempt }])
        }
        Work::RunTool { tool_call } if spent => {
            let output = Body::from(
                format!("This tool {CRASHED}: the server went down {ATTEMPTS} times while it ran.").as_str(),
            );
            let outcome = ToolOutcome::Failed;
            let ended = Event::ToolFinished { tool_call, outcome, output, latency_ms: 0, truncated: false };
            Some(end_tool(state, ended, context))
        }
        Work::RunTool { tool_call } => Some(vec![Event::ToolStarted { tool_call, attempt }]),
        Work::Compact { number } if spent => {
            let (attempt, error) = (want.begun.unwrap_or_default(), crashed_repeatedly());
            Some(compaction::failed(state, number, attempt, error, Usage::default(), context))
        }
        Work::Compact { number } => Some(vec![compaction::begin(state, number, attempt)?]),
        Work::GiveTitle { number } if spent => {
            let (attempt, error, usage) = (want.begun.unwrap_or_default(), crashed_repeatedly(), Usage::default());
            Some(vec![Event::TitleFailed { number, attempt, error, usage }])
        }
        Work::GiveTitle { number } => {
            Some(vec![Event::TitleStarted { number, model: state.about.as_ref()?.model.clone(), attempt }])
        }
        Work::Wait { .. } => None,
    }
}

fn progress(state: &State, want: &Want<Work>, attempt: Attempt, piece: Piece) -> Option<Vec<Event>> {
    let Work::CallModel { call } = want.work else {
        return None;
    };
    let open = state.current()?;
    // The offset tells a piece that came twice, or after one that is missing, from the next one.
    match piece {
        Piece::Text { offset, text } if offset == open.text.bytes() => {
            Some(vec![Event::TextAppended { call, attempt, offset, text }])
        }
        Piece::Reasoning { offset, text } if offset == open.reasoning.bytes() => {
            Some(vec![Event::ReasoningAppended { call, attempt, offset, text }])
        }
        Piece::Text { .. } | Piece::Reasoning { .. } => None,
    }
}

fn report(
    state: &State,
    want: &Want<Work>,
    attempt: Attempt,
    outcome: Outcome,
    context: &Context,
) -> Option<Vec<Event>> {
    match (&want.work, outcome) {
        (Work::CallModel { .. }, Outcome::Answered(answer)) => end_call(state, attempt, *answer, context),
        (Work::CallModel { call }, Outcome::CallFailed(error)) => {
            Some(fail_call(state, *call, attempt, error, context))
        }
        (Work::RunTool { tool_call }, Outcome::ToolEnded { outcome, output, latency_ms, truncated }) => {
            let tool_call = *tool_call;
            Some(end_tool(state, Event::ToolFinished { tool_call, outcome, output, latency_ms, truncated }, context))
        }
        (Work::Compact { number }, Outcome::Summed(summed)) => {
            Some(compaction::settled(state, *number, attempt, summed, context))
        }
        (Work::Compact { number }, Outcome::CallFailed(error)) => {
            Some(compaction::failed(state, *number, attempt, error, Usage::default(), context))
        }
        (Work::GiveTitle { number }, Outcome::Titled(answer)) => Some(vec![title::settled(*number, attempt, answer)]),
        (Work::GiveTitle { number }, Outcome::CallFailed(error)) => {
            Some(vec![Event::TitleFailed { number: *number, attempt, error, usage: Usage::default() }])
        }
        (Work::Wait { call, .. }, Outcome::Elapsed) => Some(vec![Event::WaitElapsed { call: *call }]),
        (
            Work::CallModel { .. }
            | Work::RunTool { .. }
            | Work::Compact { .. }
            | Work::GiveTitle { .. }
            | Work::Wait { .. },
            _,
        ) => None,
    }
}

fn end_call(state: &State, attempt: Attempt, answer: Answer, context: &Context) -> Option<Vec<Event>> {
    let open = state.current()?;
    let call = open.call;
    // What was streamed and is not here was lost with a failed disk: the call begins again rather than end with a gap.
    let kept = Streamed { reasoning: open.reasoning.bytes(), text: open.text.bytes() };
    if answer.streamed.is_some_and(|streamed| streamed != kept) {
        return None;
    }
    // A call that sums up was given no tools: what it asks for all the same is not done.
    let asked = if open.closing { vec![] } else { answer.tools };
    let done = asked.is_empty();
    let mut events: Vec<Event> = (0..)
        .zip(asked)
        .map(|(index, tool)| Event::ToolCalled {
            call,
            tool_call: call.tool(index),
            provider_id: tool.provider_id,
            name: tool.name,
            arguments: tool.arguments,
            class: tool.class,
        })
        .collect();
    let Answer { stop, usage, raw_usage, provider_data, latency_ms, window, text, reasoning, .. } = answer;
    events.push(Event::ModelCallFinished {
        call,
        attempt,
        stop,
        usage,
        raw_usage,
        provider_data,
        latency_ms,
        window,
        text,
        reasoning,
    });
    if done {
        let after = folded(state.clone(), &events, context);
        let outcome = match after.turn.as_ref().and_then(|turn| turn.limit.clone()) {
            Some(limit) => TurnOutcome::Limited { limit },
            None => TurnOutcome::Answered,
        };
        events.extend(finish_turn(&after, outcome));
    }
    Some(events)
}

pub(super) fn fail_call(
    state: &State,
    call: CallId,
    attempt: Attempt,
    error: CallError,
    context: &Context,
) -> Vec<Event> {
    let failures = state.turn.as_ref().map_or(0, |turn| turn.failures) + 1;
    let retry_at = if failures >= FAILURES {
        None
    } else if compaction::may_try_shorter(state, &error) {
        Some(context.now)
    } else {
        back_off(&error, failures, context)
    };
    let mut events = vec![Event::ModelCallFailed { call, attempt, error: error.clone(), retry_at }];
    if retry_at.is_none() {
        let after = folded(state.clone(), &events, context);
        events.extend(finish_turn(&after, TurnOutcome::Failed { error }));
    }
    events
}

/// When a failed call is tried again: when the provider says, else after 1, 2, 4 … s for what broke and after 15, 30, 60 … s
/// for what is overloaded, with up to a quarter more, so that many chats do not come back at once.
fn back_off(error: &CallError, failures: u32, context: &Context) -> Option<Micros> {
    const LONGEST_MS: u64 = 60 * 60 * 1000;
    let base_ms = match error.retry {
        Retry::Never => return None,
        Retry::Soon => 1_000,
        Retry::Later => 15_000,
    };
    if let Some(asked) = error.retry_after_ms {
        return Some(context.now.plus_ms(asked.min(LONGEST_MS)));
    }
    let wait_ms = base_ms << (failures - 1).min(8);
    // The last 16 bits of a UUIDv7 are random.
    let random = u64::from(u16::from_be_bytes([context.fresh.as_bytes()[14], context.fresh.as_bytes()[15]]));
    Some(context.now.plus_ms((wait_ms + wait_ms * random / (4 * 65_536)).min(LONGEST_MS)))
}

/// A tool's answer; after the last one of a call, what the limits say.
fn end_tool(state: &State, ended: Event, context: &Context) -> Vec<Event> {
    let mut events = vec![ended];
    let after = folded(open_part(state), &events, context);
    let waiting = |call: &Call| call.attempt.is_none() && call.tool_calls.is_empty();
    if after.current().is_some_and(waiting)
        && let Some(turn) = after.turn.as_ref().filter(|turn| turn.limit.is_none())
        && let Some(limit) = limit_met(&after)
    {
        events.push(Event::LimitReached { turn: turn.turn, limit });
    }
    let done = |call: &Call| call.tool_calls.iter().all(ToolCall::is_finished);
    if has_answer(&after) && after.current().is_some_and(done) {
        let after = folded(state.clone(), &events, context);
        events.extend(finish_turn(&after, TurnOutcome::Answered));
    }
    events
}

fn limit_met(state: &State) -> Option<Limit> {
    let (turn, about, next) = (state.turn.as_ref()?, state.about.as_ref()?, state.current()?);
    if let Some(repeated) = turn.repeated.as_ref().filter(|repeated| repeated.times >= DOOM) {
        return Some(Limit::DoomLoop { tool: repeated.name.clone(), times: repeated.times });
    }
    if turn.mistakes >= MISTAKES {
        return Some(Limit::ToolMistakes { times: turn.mistakes });
    }
    if turn.usage.total() >= about.token_budget {
        return Some(Limit::Tokens { budget: about.token_budget });
    }
    if let Some(limit) = about.brief.as_ref().and_then(|brief| brief.met(turn, next.call.ordinal)) {
        return Some(limit);
    }
    (next.call.ordinal > CALLS).then_some(Limit::Steps { calls: CALLS })
}

/// The state without the conversation before the current call: all that the limits of a turn look at. A long chat is not
/// copied for every tool.
fn open_part(state: &State) -> State {
    let State { about, messages, turn, turns, usage, context, titling, .. } = state;
    let messages = messages.last().cloned().into_iter().collect();
    State {
        about: about.clone(),
        messages,
        queue: VecDeque::new(),
        turn: turn.clone(),
        turns: *turns,
        usage: *usage,
        context: context.clone(),
        titling: titling.clone(),
    }
}

pub(super) fn folded(mut after: State, events: &[Event], context: &Context) -> State {
    for event in events {
        Chat::evolve(&mut after, event, context.now);
    }
    after
}

fn unknown(tool_call: ToolCallId) -> Event {
    let outcome = ToolOutcome::Unknown;
    Event::ToolFinished { tool_call, outcome, output: UNKNOWN.into(), latency_ms: 0, truncated: false }
}

fn crashed_repeatedly() -> CallError {
    let message = format!(
        "this model call {CRASHED}: the server went down {ATTEMPTS} times while it ran. Look at the server's log before you ask again"
    );
    CallError { code: "crashed_repeatedly".into(), message: message.into(), retry: Retry::Never, retry_after_ms: None }
}
