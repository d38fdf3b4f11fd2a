//! Which model thinks in which way: read from the version in its name, as the documentation tells them apart.

use serde::Serialize;

use crate::models::{Effort, Message, ModelRequest};

/// The first version that decides for itself how much it thinks.
const ADAPTIVE: (u32, u32) = (4, 6);
/// The first version that thinks when it is given a number of tokens for it.
const BUDGETED: (u32, u32) = (3, 7);
/// The first version whose thinking is bound to everything that stood before it.
const BOUND: (u32, u32) = (5, 1);

/// The field that asks for thinking.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Thinking {
    /// The model decides.
    Adaptive {
        /// Newer models return their thinking empty where nobody asks for it.
        display: &'static str,
        /// What is done with thinking that no longer fits what stands before it.
        #[serde(skip_serializing_if = "Option::is_none")]
        block_binding: Option<Binding>,
    },
    /// Up to so many tokens.
    Enabled {
        /// How many.
        budget_tokens: u32,
    },
}

/// What is done with thinking that no longer fits what stands before it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Binding {
    prefix_mismatch_behavior: &'static str,
}

/// The field that says how much effort a model that thinks adaptively is to make.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Output {
    effort: &'static str,
}

/// How a model is asked to think, if it is.
pub fn thinking(request: &ModelRequest, max_tokens: u32) -> Option<Thinking> {
    match version(&request.model)? {
        version if version >= ADAPTIVE => {
            // Instructions and tools change with a newer server, and old messages are summed up: thinking from before
            // then is left out, rather than the call refused.
            let bound = version >= BOUND;
            let block_binding = bound.then_some(Binding { prefix_mismatch_behavior: "drop_block" });
            Some(Thinking::Adaptive { display: "summarized", block_binding })
        }
        version if version >= BUDGETED && !continues_without_thinking(&request.messages) => {
            // The budget must be less than the limit of the answer, and at least 1,024.
            let budget_tokens = request.effort?.tokens().min(max_tokens / 2);
            (budget_tokens >= 1024).then_some(Thinking::Enabled { budget_tokens })
        }
        _ => None,
    }
}

/// How much effort a model is asked for, if it takes that.
pub fn output(request: &ModelRequest) -> Option<Output> {
    let adaptive = version(&request.model).is_some_and(|version| version >= ADAPTIVE);
    request.effort.filter(|_| adaptive).map(|effort| Output { effort: Effort::name(effort) })
}

/// The header that a field of the request needs.
pub fn beta(model: &str) -> Option<&'static str> {
    version(model).filter(|version| *version >= BOUND).map(|_| "thinking-binding-controls-2026-08-01")
}

/// Whether the turn that goes on called tools without signed thinking before them, as when another model began it: such a
/// turn is refused with a budget for thinking.
fn continues_without_thinking(messages: &[Message]) -> bool {
    let turn = messages.iter().rev().take_while(|message| !matches!(message, Message::User { .. }));
    turn.into_iter().any(|message| {
        matches!(message, Message::Assistant { tool_calls, provider_data: None, .. } if !tool_calls.is_empty())
    })
}

/// The version in a model's name: `(4, 5)` in `claude-sonnet-4-5-20250929`, `(3, 7)` in `claude-3-7-sonnet-latest`.
fn version(model: &str) -> Option<(u32, u32)> {
    let name = &model[model.find("claude-")?..];
    // Some gateways write a point in the version, or a mark of their own behind the name.
    let mut parts = name.split(['-', '.', '@', ':']).skip(1);
    let number = |part: &str| (part.len() <= 2).then(|| part.parse().ok()).flatten();
    let major = parts.by_ref().find_map(number)?;
    Some((major, parts.next().and_then(number).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::ToolCallRequest;

    fn request(model: &str, effort: Option<Effort>) -> ModelRequest {
        ModelRequest { model: model.into(), effort, messages: vec![Message::user("hi")], ..ModelRequest::default() }
    }

    #[test]
    fn the_version_stands_in_the_name() {
        for (name, expected) in [
            ("claude-sonnet-4-5-20250929", Some((4, 5))),
            ("claude-opus-4-20250514", Some((4, 0))),
            ("claude-3-7-sonnet-latest", Some((3, 7))),
            ("claude-fable-5-2", Some((5, 2))),
            ("anthropic/claude-opus-5.5", Some((5, 5))),
            ("claude-sonnet-4-6@20260101", Some((4, 6))),
            ("claude-instant", None),
            ("deepseek-flash", None),
        ] {
            assert_eq!(version(name), expected, "{name}");
        }
    }

    #[test]
    fn newer_models_decide_for_themselves_and_are_asked_to_show_it() {
        let adaptive = |block_binding| Some(Thinking::Adaptive { display: "summarized", block_binding });
        assert_eq!(thinking(&request("claude-opus-4-6", None), 9_000), adaptive(None));
        assert_eq!(thinking(&request("claude-opus-5", None), 9_000), adaptive(None));
        let dropped = Some(Binding { prefix_mismatch_behavior: "drop_block" });
        assert_eq!(thinking(&request("claude-sonnet-5-5", None), 9_000), adaptive(dropped));
        assert!(beta("claude-sonnet-5-5").is_some() && beta("claude-opus-5").is_none());
        assert_eq!(output(&request("claude-opus-5", Some(Effort::Low))), Some(Output { effort: "low" }));
        assert_eq!(output(&request("claude-haiku-4-5", Some(Effort::Low))), None);
    }

    #[test]
    fn older_models_think_within_a_budget_where_effort_is_asked_for() {
        let budget = |tokens: u32| Some(Thinking::Enabled { budget_tokens: tokens });
        assert_eq!(thinking(&request("claude-haiku-4-5", None), 32_000), None);
        assert_eq!(thinking(&request("claude-haiku-4-5", Some(Effort::Medium)), 32_000), budget(8_192));
        assert_eq!(thinking(&request("claude-haiku-4-5", Some(Effort::High)), 32_000), budget(16_000));
        assert_eq!(thinking(&request("claude-haiku-4-5", Some(Effort::High)), 256), None);
        assert_eq!(thinking(&request("claude-3-5-sonnet-latest", Some(Effort::High)), 8_000), None);
    }

    #[test]
    fn a_turn_that_another_model_began_goes_on_without_a_budget() {
        let mut request = request("claude-haiku-4-5", Some(Effort::Medium));
        let call = ToolCallRequest { id: "c".into(), name: "n".into(), arguments: "{}".into() };
        request.messages.push(Message::assistant("", "", vec![call]));
        assert_eq!(thinking(&request, 32_000), None);
        request.messages.push(Message::user("next"));
        assert!(thinking(&request, 32_000).is_some());
    }
}
