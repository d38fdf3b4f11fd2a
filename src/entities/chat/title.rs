//! The title that a model gives a chat: when it is wanted, what it is made from, and what becomes of the answer.
//!
//! It is wanted once a turn was answered and nobody has named the chat, and is nobody's trouble: where it fails, the chat
//! goes on without one, and after a few tries it is left at that.

use std::sync::Arc;

use replay::{
    decider::{Attempt, Class, EffectKey, Lane, Want},
    ids::Micros,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    event::{CallError, Event, Retry, TitleCall, TurnOutcome},
    state::{Call, CallState, Message, Posted, State, TurnEnd},
    work::{Titled, Work, provider_of},
};
use crate::entities::{body::Body, usage::Usage};

/// So often a model is asked for a title.
pub const TRIES: u32 = 3;
/// Turns that ended under earlier rules ask for no title: nobody pays for naming a whole history.
const SINCE: u32 = 4;
/// The longest title that is taken from a model, in characters.
const LONGEST: usize = 80;

/// How the naming of a chat stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Titling {
    /// A model is to be asked.
    pub due: bool,
    /// Since when.
    pub since: Micros,
    /// The attempt that was begun last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Attempt>,
    /// How often it failed.
    pub failed: u32,
}

impl Titling {
    /// Whether there is nothing to remember.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn number(&self) -> u32 {
        self.failed.saturating_add(1)
    }
}

/// What a chat without a title wants.
pub(super) fn want(state: &State) -> Option<(EffectKey, Want<Work>)> {
    let about = state.about.as_ref().filter(|about| about.title.is_empty())?;
    let titling = Some(&state.titling).filter(|titling| titling.due)?;
    let number = titling.number();
    let name = format!("model/{}", provider_of(&about.model)).into();
    let lane = Lane { name, group: about.session.to_string().into() };
    let work = Work::GiveTitle { number };
    let want = Want { class: Class::Repeat, begun: titling.begun, lane, since: titling.since, work };
    Some((EffectKey::new(format!("title/{number}")), want))
}

/// A turn ended: a title may be due.
pub(super) fn turn_ended(state: &mut State, outcome: &TurnOutcome, decider_version: u32, at: Micros) {
    let answered = matches!(outcome, TurnOutcome::Answered | TurnOutcome::Limited { .. });
    let unnamed = state.about.as_ref().is_some_and(|about| about.title.is_empty());
    let titling = &mut state.titling;
    if answered && unnamed && decider_version >= SINCE && !titling.due && titling.failed < TRIES {
        titling.due = true;
        titling.since = at;
    }
}

/// A model is being asked.
pub(super) fn started(state: &mut State, number: u32, attempt: Attempt) {
    if state.titling.due && number == state.titling.number() {
        state.titling.begun = Some(attempt);
    }
}

/// It gave none.
pub(super) fn failed(state: &mut State, number: u32, usage: Usage) {
    if state.titling.due && number == state.titling.number() {
        state.titling = Titling { failed: number, ..Titling::default() };
        state.usage += usage;
    }
}

/// What becomes of a model's answer.
pub(super) fn settled(number: u32, attempt: Attempt, answer: Titled) -> Event {
    let Titled { text, usage, latency_ms } = answer;
    #[expect(clippy::single_match_else, reason = "both ends are told alike")]
    match clean(&text) {
        Some(title) => Event::ChatRenamed { title, by_model: Some(TitleCall { number, usage, latency_ms }) },
        None => {
            let message = "the model gave no title".into();
            let error = CallError { code: "no_title".into(), message, retry: Retry::Never, retry_after_ms: None };
            Event::TitleFailed { number, attempt, error, usage }
        }
    }
}

/// What the title is made from: what was asked first, and how it was answered.
pub fn source(state: &State) -> Option<(&Posted, &Body)> {
    let (mut asked, mut answer) = (None, None);
    for message in &state.messages {
        match message {
            Message::User(posted) => asked = asked.or(Some(posted)),
            Message::Call(call) if is_answer(call) => answer = Some(&call.text),
            Message::End(TurnEnd { outcome: Some(TurnOutcome::Answered | TurnOutcome::Limited { .. }), .. })
                if answer.is_some() =>
            {
                break;
            }
            Message::Call(_) | Message::End(_) => {}
        }
    }
    asked.zip(answer)
}

fn is_answer(call: &Call) -> bool {
    matches!(call.state, CallState::Finished { .. }) && !call.text.is_empty()
}

/// A title as people write one, out of what a model wrote: its first line, without quotes, marks and a full stop.
fn clean(text: &str) -> Option<Arc<str>> {
    let text = text.rsplit("</think>").next().unwrap_or(text);
    let line = text.lines().map(bare).find(|line| !line.is_empty())?;
    let line: String = line.chars().filter(|character| !character.is_control()).collect();
    let Some((cut, _)) = line.char_indices().nth(LONGEST) else { return Some(line.into()) };
    let whole_words = line[..cut].rfind(' ').unwrap_or(cut);
    Some(format!("{}…", line[..whole_words].trim_end()).into())
}

/// A line without what stands around a title.
fn bare(line: &str) -> &str {
    let around = |character: char| character.is_whitespace() || "#*_\"'“”„‘’«»".contains(character);
    let behind = |character: char| character == '.' || around(character);
    let line = line.trim_start_matches(around).trim_end_matches(behind);
    let rest = line.get(..6).filter(|start| start.eq_ignore_ascii_case("title:")).map(|start| &line[start.len()..]);
    rest.map_or(line, |rest| rest.trim_matches(around))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(clean(text).as_deref().unwrap_or_default(), expected, "{text:?}");
    }

    #[test]
    fn a_title_is_taken_out_of_what_a_model_writes() {
        check("Lamp oil", "Lamp oil");
        check("\n  \"Lamp oil.\"\n\nIt fits because…", "Lamp oil");
        check("**Title:** Lamp oil", "Lamp oil");
        check("# .gitignore and `main.rs`.", ".gitignore and `main.rs`");
        check("<think>Hm. A title.</think>\nLamp oil", "Lamp oil");
        check("Öl für die Lampe", "Öl für die Lampe");
        check(" \n\"\"\n", "");
    }

    #[test]
    fn a_long_one_is_cut_between_words() {
        let title = clean(&"lamp ".repeat(40)).unwrap();
        assert!(title.chars().count() <= LONGEST + 1 && title.ends_with("lamp…"), "{title}");
        assert_eq!(clean(&"é".repeat(300)).unwrap().chars().count(), LONGEST + 1);
    }
}
