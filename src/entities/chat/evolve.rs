//! How each event changes a chat. Total: an event that does not fit the state changes nothing.

use std::sync::Arc;

use replay::{decider::Attempt, ids::Micros};

use super::{
    answer::has_answer,
    context::TOO_LONG,
    event::{Event, Origin, ToolOutcome},
    fork,
    ids::{CallId, ToolCallId},
    settle::DOOM,
    state::{
        About, Call, CallState, Interrupted, Message, Posted, Queued, Repeated, State, ToolCall, ToolState, Turn,
        TurnEnd,
    },
    title::{self, Titling},
    written::{Part, kept},
};
use crate::entities::{body::Body, usage::Usage};

/// What the model is told of a tool that was stopped.
const STOPPED: &str = "The user stopped the turn before this tool answered.";

pub(super) fn evolve(state: &mut State, event: &Event, at: Micros) {
    match event {
        Event::ChatOpened { session, project, title, model, agent, origin, token_budget, answer, brief } => {
            state.about.get_or_insert_with(|| About {
                session: *session,
                project: *project,
                title: title.clone(),
                model: model.clone(),
                agent: agent.clone(),
                origin: origin.clone(),
                token_budget: *token_budget,
                answer: answer.clone(),
                brief: brief.clone(),
                opened_at: at,
                archived: false,
            });
        }
        Event::ChatRenamed { title, by_model } => {
            if let Some(about) = &mut state.about {
                about.title = title.clone();
                state.titling = Titling::default();
                state.usage += by_model.as_ref().map(|call| call.usage).unwrap_or_default();
            }
        }
        Event::TitleStarted { number, attempt, .. } => title::started(state, *number, *attempt),
        Event::TitleFailed { number, usage, .. } => title::failed(state, *number, *usage),
        Event::ChatConfigured { model } => {
            if let Some(about) = &mut state.about {
                about.model = model.clone();
            }
            if let Some(call) =
                state.current_mut().filter(|call| call.state == CallState::Open && call.attempt.is_none())
            {
                call.model = model.clone();
            }
            state.context_configured();
        }
        Event::CompactionRequested {} => state.context_requested(at),
        Event::CompactionStarted { number, attempt, upto, .. } => state.context_compacting(*number, *attempt, *upto),
        Event::Compacted { number, summary, upto, usage, .. } => {
            state.context_compacted(*number, summary, *upto, *usage);
        }
        Event::CompactionFailed { number, usage, .. } => state.context_not_compacted(*number, *usage),
        Event::ChatArchived {} => archive(state, true),
        Event::ChatUnarchived {} => archive(state, false),
        Event::MessageQueued { message, text, attachments } => {
            let (text, attachments) = (text.clone(), attachments.clone());
            state.queue.push_back(Queued { message: *message, text, attachments, at });
        }
        Event::MessageUnqueued { message } => state.queue.retain(|queued| queued.message != *message),
        Event::MessagePosted { message, text, attachments } => {
            state.queue.retain(|queued| queued.message != *message);
            state.context_posted(text, attachments);
            let (text, attachments) = (text.clone(), attachments.clone());
            state.messages.push(Message::User(Posted { message: *message, text, attachments, at }));
        }
        Event::TurnStarted { .. } if state.turn.is_some() => {}
        Event::TurnStarted { turn, message } => {
            state.turns = *turn;
            state.turn = Some(Turn {
                turn: *turn,
                message: *message,
                started_at: at,
                usage: Usage::default(),
                failures: 0,
                mistakes: 0,
                repeated: None,
                limit: None,
                shortened: false,
                tools: 0,
            });
            push_call(state, CallId { turn: *turn, ordinal: 1 }, at);
        }
        Event::ModelCallStarted { call, model, attempt } => {
            if let Some(open) = open_call(state, *call) {
                open.interrupt();
                open.model = model.clone();
                open.attempt = Some(*attempt);
            }
        }
        Event::ReasoningAppended { call, attempt, text, .. } => {
            if let Some(open) = attempt_of(state, *call, *attempt) {
                open.reasoning.push_str(text);
            }
        }
        Event::TextAppended { call, attempt, text, .. } => {
            if let Some(open) = attempt_of(state, *call, *attempt) {
                open.text.push_str(text);
            }
        }
        Event::ToolCalled { call, tool_call, provider_id, name, arguments, class } => {
            if let Some(open) = open_call(state, *call) {
                open.tool_calls.push(ToolCall {
                    tool_call: *tool_call,
                    provider_id: provider_id.clone(),
                    name: name.clone(),
                    arguments: arguments.clone(),
                    class: *class,
                    since: at,
                    state: ToolState::Requested,
                });
                note_repetition(state, name, arguments);
                // Counted where it matters: the states of all other chats are as they were without it.
                let counts = state.about.as_ref().and_then(|about| about.brief.as_ref()?.tool_calls).is_some();
                if let Some(turn) = state.turn.as_mut().filter(|_| counts) {
                    turn.tools += 1;
                }
            }
        }
        Event::ModelCallFinished {
            call,
            attempt,
            stop,
            usage,
            provider_data,
            latency_ms,
            window,
            text,
            reasoning,
            ..
        } => {
            if let Some(open) = attempt_of(state, *call, *attempt) {
                open.state = CallState::Finished { stop: *stop };
                open.provider_data.clone_from(provider_data);
                open.usage = *usage;
                open.latency_ms = *latency_ms;
                if let Some(text) = text {
                    open.text = text.clone();
                }
                if let Some(reasoning) = reasoning {
                    open.reasoning = reasoning.clone();
                }
                open.keep();
                state.usage += *usage;
                state.context_used(*usage, *window);
                if let Some(turn) = &mut state.turn {
                    turn.usage += *usage;
                    turn.failures = 0;
                }
            }
        }
        Event::ModelCallFailed { call, error, retry_at, .. } => {
            if let Some(open) = open_call(state, *call) {
                open.state = CallState::Failed { error: error.clone(), retry_at: *retry_at };
                open.keep();
                if let Some(turn) = &mut state.turn {
                    turn.failures += 1;
                }
                if *error.code == *TOO_LONG && retry_at.is_some() {
                    state.context_too_long(at);
                }
            }
        }
        Event::WaitElapsed { call } => {
            let waits = |current: &Call| matches!(current.state, CallState::Failed { retry_at: Some(_), .. });
            if state.current().is_some_and(|current| current.call == *call && waits(current)) {
                push_call(state, call.next(), at);
            }
        }
        Event::ToolStarted { tool_call, attempt } => {
            if let Some(tool) = tool(state, *tool_call) {
                tool.state = ToolState::Started { attempt: *attempt, at };
            }
        }
        Event::ToolFinished { tool_call, outcome, output, latency_ms, truncated } => {
            let Some(tool) = tool(state, *tool_call) else {
                return;
            };
            let (bytes, output, latency_ms) = (output.bytes(), output.clone(), *latency_ms);
            tool.state = ToolState::Finished { outcome: *outcome, output, latency_ms, truncated: *truncated };
            state.context_added(bytes);
            if let Some(turn) = &mut state.turn {
                turn.mistakes = if *outcome == ToolOutcome::Failed { turn.mistakes + 1 } else { 0 };
            }
            let done = |call: &&Call| call.tool_calls.iter().all(ToolCall::is_finished);
            let next = state.current().filter(done).map(|call| call.call.next());
            // The answer that was wanted is there: the model is asked nothing more.
            if let Some(next) = next.filter(|_| !has_answer(state)) {
                push_call(state, next, at);
            }
        }
        Event::LimitReached { turn, limit } => {
            let Some(open) = state.turn.as_mut().filter(|open| open.turn == *turn) else {
                return;
            };
            open.limit = Some(limit.clone());
            if let Some(call) = state.current_mut().filter(|call| call.attempt.is_none()) {
                call.closing = true;
            }
        }
        Event::TurnFinished { turn, outcome, usage, decider_version, .. } => {
            end(state, *turn, Some(outcome.clone()), *usage, at);
            title::turn_ended(state, outcome, *decider_version, at);
        }
        Event::TurnCancelled { turn, usage, .. } => {
            if let Some(call) = state.current_mut().filter(|call| call.call.turn == *turn) {
                call.stop();
            }
            end(state, *turn, None, *usage, at);
        }
        Event::Forked { from, at: revision, title, model, run, turn: _ } => {
            let origin = Origin::Fork { stream: from.clone(), revision: *revision };
            fork::part_ways(state, origin, title, model.as_ref(), at);
            if *run { fork::go_on(state, at) } else { fork::give_up(state, at) }
        }
    }
}

fn archive(state: &mut State, archived: bool) {
    if let Some(about) = &mut state.about {
        about.archived = archived;
    }
}

impl Call {
    /// Puts what an attempt that was cut off had written aside.
    pub(super) fn interrupt(&mut self) {
        self.keep();
        let text = std::mem::take(&mut self.text);
        let reasoning = std::mem::take(&mut self.reasoning);
        if let Some(attempt) = self.attempt
            && !(text.is_empty() && reasoning.is_empty())
        {
            self.interrupted.push(Interrupted { attempt, reasoning, text });
        }
    }

    /// Nothing is added to its texts any more.
    fn keep(&mut self) {
        let (call, attempt) = (self.call, self.attempt);
        self.text = kept(std::mem::take(&mut self.text), call, attempt, Part::Text);
        self.reasoning = kept(std::mem::take(&mut self.reasoning), call, attempt, Part::Reasoning);
    }

    fn stop(&mut self) {
        self.keep();
        match self.state {
            CallState::Open => self.state = CallState::Cancelled,
            // It stays failed, so that what it wrote stays out of the prompt; only the next try is called off.
            CallState::Failed { ref mut retry_at, .. } => *retry_at = None,
            CallState::Finished { .. } | CallState::Cancelled => {}
        }
        for tool in self.tool_calls.iter_mut().filter(|tool| !tool.is_finished()) {
            let outcome = ToolOutcome::Cancelled;
            tool.state = ToolState::Finished { outcome, output: STOPPED.into(), latency_ms: 0, truncated: false };
        }
    }
}

pub(super) fn push_call(state: &mut State, call: CallId, since: Micros) {
    let model: Arc<str> = state.about.as_ref().map_or_else(|| "".into(), |about| about.model.clone());
    let closing = state.turn.as_ref().is_some_and(|turn| turn.limit.is_some());
    state.messages.push(Message::Call(Box::new(Call {
        call,
        model,
        state: CallState::Open,
        attempt: None,
        since,
        reasoning: Body::default(),
        text: Body::default(),
        interrupted: vec![],
        tool_calls: vec![],
        usage: Usage::default(),
        provider_data: None,
        latency_ms: 0,
        closing,
    })));
    state.context_before_call(since);
}

fn open_call(state: &mut State, id: CallId) -> Option<&mut Call> {
    state.current_mut().filter(|call| call.call == id && call.state == CallState::Open)
}

fn attempt_of(state: &mut State, id: CallId, attempt: Attempt) -> Option<&mut Call> {
    open_call(state, id).filter(|call| call.attempt == Some(attempt))
}

fn tool(state: &mut State, id: ToolCallId) -> Option<&mut ToolCall> {
    let call = state.current_mut().filter(|call| matches!(call.state, CallState::Finished { .. }))?;
    call.tool_calls.iter_mut().find(|tool| tool.tool_call == id && !tool.is_finished())
}

fn note_repetition(state: &mut State, name: &Arc<str>, arguments: &Body) {
    let Some(turn) = &mut state.turn else { return };
    match &mut turn.repeated {
        // A row that is long enough stays noted until its call has all its answers, whatever else that call asked for.
        Some(last) if last.times >= DOOM => {}
        Some(last) if last.name == *name && last.arguments == *arguments => last.times += 1,
        repeated => *repeated = Some(Repeated { name: name.clone(), arguments: arguments.clone(), times: 1 }),
    }
}

pub(super) fn end(
    state: &mut State,
    turn: u32,
    outcome: Option<super::event::TurnOutcome>,
    usage: Usage,
    ended_at: Micros,
) {
    let Some(started_at) = state.turn.as_ref().filter(|open| open.turn == turn).map(|open| open.started_at) else {
        return;
    };
    state.turn = None;
    state.messages.push(Message::End(TurnEnd { turn, outcome, usage, started_at, ended_at }));
    state.context_turn_ended(ended_at);
}
