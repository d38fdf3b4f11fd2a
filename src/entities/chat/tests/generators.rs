//! What may happen to a chat, at random.

use proptest::{prelude::*, sample::Index};
use replay::{
    decider::Attempt,
    ids::{Micros, Revision, StreamId},
};

use super::*;
use crate::entities::chat::{context::TOO_LONG, event::Limit};

/// One thing that happens to a chat.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Command(Command),
    Begin(Index),
    Write {
        want: Index,
        text: String,
        shift: u64,
        reasoning: bool,
    },
    Report {
        want: Index,
        outcome: Outcome,
        late: u32,
    },
    /// Work is begun where it was not, and ends as such work does.
    Serve {
        want: Index,
        call: Outcome,
        tool: Outcome,
    },
    Lose {
        want: Index,
        late: u32,
    },
}

fn commands() -> impl Strategy<Value = Command> {
    let text = prop_oneof![Just(String::new()), "[a-zé ]{1,8}"];
    let post = (proptest::option::of(1..12_u128), text, files()).prop_map(|(n, text, attachments)| {
        Command::PostMessage { message: n.map(id), text: text.as_str().into(), attachments }
    });
    prop_oneof![
        6 => post,
        3 => (1..12_u128).prop_map(|n| Command::UnqueueMessage { message: id(n) }),
        1 => Just(cancel()),
        1 => "[a-z]{0,3}".prop_map(|title| Command::RenameChat { title: title.as_str().into() }),
        1 => "(a|b)/[xy]".prop_map(|model| configure(&model)),
        1 => Just(open_chat()),
        1 => prop_oneof![Just(Command::ArchiveChat {}), Just(Command::UnarchiveChat {})],
        1 => Just(Command::CompactChat {}),
    ]
}

fn files() -> impl Strategy<Value = Vec<Attachment>> {
    proptest::collection::vec("[a-z]{1,3}".prop_map(|name| attachment(&name)), 0..2)
}

fn requests() -> impl Strategy<Value = Vec<ToolRequest>> {
    let class = prop_oneof![Just(ToolClass::Repeat), Just(ToolClass::Once), Just(ToolClass::Keyed)];
    let one = ("(read|edit)", "[12]", class).prop_map(|(name, arguments, class)| request(&name, &arguments, class));
    proptest::collection::vec(one, 0..4)
}

fn retries() -> impl Strategy<Value = Retry> {
    prop_oneof![Just(Retry::Never), Just(Retry::Soon), Just(Retry::Later)]
}

fn call_outcomes() -> impl Strategy<Value = Outcome> {
    let tokens = prop_oneof![20 => 0..100_u64, 1 => Just(TOKEN_BUDGET), 1 => Just(u64::MAX)];
    let window = proptest::option::of(prop_oneof![Just(50_u64), Just(u64::MAX)]);
    let answer = (requests(), tokens, window, proptest::bool::ANY).prop_map(|(tools, input, window, long)| {
        let text = long.then(|| blob(20_000));
        Outcome::Answered(Box::new(Answer { usage: usage(input, 1), window, text, ..answer(tools) }))
    });
    let fail = (retries(), proptest::option::of(proptest::num::u64::ANY))
        .prop_map(|(retry, retry_after_ms)| Outcome::CallFailed(CallError { retry_after_ms, ..error(retry) }));
    let too_long = Just(Outcome::CallFailed(CallError { code: TOO_LONG.into(), ..error(Retry::Never) }));
    prop_oneof![6 => answer, 2 => fail, 1 => too_long]
}

fn tool_outcomes() -> impl Strategy<Value = Outcome> {
    let outcome = prop_oneof![
        2 => Just(ToolOutcome::Succeeded),
        6 => Just(ToolOutcome::Failed),
        1 => Just(ToolOutcome::Unknown),
    ];
    (outcome, "[a-zé]{0,8}").prop_map(|(outcome, output)| ended(outcome, &output))
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        call_outcomes(),
        tool_outcomes(),
        Just(Outcome::Elapsed),
        "[a-z]{0,2}".prop_map(|text| titled(&text)),
        "[a-z]{0,2}".prop_map(|text| summed(&text))
    ]
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let want = proptest::arbitrary::any::<Index>;
    let late = || prop_oneof![9 => Just(0_u32), 1 => Just(1)];
    let write = (want(), "[a-zé]{1,6}", prop_oneof![8 => Just(0_u64), 1 => 1..4_u64], proptest::bool::ANY)
        .prop_map(|(want, text, shift, reasoning)| Step::Write { want, text, shift, reasoning });
    let step = prop_oneof![
        4 => commands().prop_map(Step::Command),
        8 => want().prop_map(Step::Begin),
        10 => write,
        2 => (want(), outcomes(), late()).prop_map(|(want, outcome, late)| Step::Report { want, outcome, late }),
        16 => (want(), call_outcomes(), tool_outcomes()).prop_map(|(want, call, tool)| Step::Serve { want, call, tool }),
        1 => (want(), late()).prop_map(|(want, late)| Step::Lose { want, late }),
    ];
    proptest::collection::vec(step, 0..120)
}

/// Any event at all, about few things, so that events often meet.
pub(super) fn any_event() -> impl Strategy<Value = Event> {
    let number = || prop_oneof![4 => 1..3_u32, 1 => Just(u32::MAX)];
    let call = || (number(), number()).prop_map(|(turn, ordinal)| call_id(turn, ordinal));
    let tool_call = || (number(), number(), 0..2_u32).prop_map(|(turn, ordinal, index)| tool_id(turn, ordinal, index));
    let attempt = || number().prop_map(Attempt);
    let message = || (1..4_u128).prop_map(id);
    let body = || prop_oneof!["[a-zé\"\\\\]{0,6}".prop_map(|text| Body::from(text.as_str())), Just(blob(20_000))];
    let text = || "[a-zé]{0,4}".prop_map(|text| text.as_str().into());
    let retry_at = proptest::option::of((0..9_i64).prop_map(Micros));
    prop_oneof![
        Just(opened()),
        Just(Event::ChatArchived {}),
        Just(Event::CompactionRequested {}),
        (number(), attempt(), 0..9_u64).prop_map(|(number, attempt, upto)| {
            Event::CompactionStarted { number, model: "m".into(), attempt, upto }
        }),
        (number(), attempt(), body(), prop_oneof![0..9_u64, Just(u64::MAX)]).prop_map(
            |(number, attempt, summary, upto)| {
                Event::Compacted { number, attempt, summary, upto, usage: usage(1, 1), latency_ms: 1 }
            }
        ),
        (number(), attempt(), retries()).prop_map(|(number, attempt, retry)| {
            Event::CompactionFailed { number, attempt, error: error(retry), usage: usage(u64::MAX, 1) }
        }),
        Just(Event::ChatRenamed { title: "".into(), by_model: None }),
        (number(), attempt()).prop_map(|(number, attempt)| Event::TitleStarted { number, model: "m".into(), attempt }),
        (number(), attempt(), retries()).prop_map(|(number, attempt, retry)| {
            Event::TitleFailed { number, attempt, error: error(retry), usage: usage(u64::MAX, 1) }
        }),
        Just(Event::ChatUnarchived {}),
        (message(), body(), files()).prop_map(|(message, text, attachments)| Event::MessageQueued {
            message,
            text,
            attachments
        }),
        message().prop_map(|message| Event::MessageUnqueued { message }),
        (message(), body(), files()).prop_map(|(message, text, attachments)| Event::MessagePosted {
            message,
            text,
            attachments
        }),
        (number(), message()).prop_map(|(turn, message)| Event::TurnStarted { turn, message }),
        (call(), attempt()).prop_map(|(call, attempt)| Event::ModelCallStarted { call, model: "m".into(), attempt }),
        (call(), attempt(), text()).prop_map(|(call, attempt, text)| Event::TextAppended {
            call,
            attempt,
            offset: 0,
            text
        }),
        (call(), attempt(), text())
            .prop_map(|(call, attempt, text)| { Event::ReasoningAppended { call, attempt, offset: 9, text } }),
        (call(), tool_call(), body()).prop_map(|(call, tool_call, arguments)| Event::ToolCalled {
            call,
            tool_call,
            provider_id: "".into(),
            name: "read".into(),
            arguments,
            class: ToolClass::Once,
        }),
        (call(), attempt(), proptest::option::of(body())).prop_map(|(call, attempt, text)| {
            let (usage, reasoning) = (usage(u64::MAX, 1), None);
            Event::ModelCallFinished {
                call,
                attempt,
                stop: Stop::Length,
                usage,
                raw_usage: None,
                provider_data: None,
                latency_ms: 1,
                window: Some(10),
                text,
                reasoning,
            }
        }),
        (call(), attempt(), retries(), retry_at).prop_map(|(call, attempt, retry, retry_at)| {
            Event::ModelCallFailed { call, attempt, error: error(retry), retry_at }
        }),
        call().prop_map(|call| Event::WaitElapsed { call }),
        (tool_call(), attempt()).prop_map(|(tool_call, attempt)| Event::ToolStarted { tool_call, attempt }),
        (tool_call(), body()).prop_map(|(tool_call, output)| {
            let outcome = ToolOutcome::Failed;
            Event::ToolFinished { tool_call, outcome, output, latency_ms: 1, truncated: true }
        }),
        number().prop_map(|turn| Event::LimitReached { turn, limit: Limit::Steps { calls: 1 } }),
        number().prop_map(|turn| {
            let (outcome, digest) = (TurnOutcome::Answered, "".into());
            Event::TurnFinished { turn, outcome, usage: usage(1, 1), digest, decider_version: 1 }
        }),
        number().prop_map(|turn| {
            Event::TurnCancelled { turn, usage: usage(1, 1), digest: "".into(), decider_version: 1 }
        }),
        (proptest::option::of(text()), proptest::bool::ANY).prop_map(|(model, run)| {
            let (from, at) = (StreamId::new("chat", id(77)), Revision(4));
            Event::Forked { from, at, title: "T (fork)".into(), model, run, turn: None }
        }),
    ]
}
