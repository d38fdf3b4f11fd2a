//! What a page sees.

use super::*;
use crate::entities::chat::view::{MESSAGES, page};

/// A chat of so many turns, each of three messages: question, answer, end.
fn turns(count: u32) -> Story {
    let mut story = Story::opened();
    for turn in 1..=count {
        story.tell(post(turn.into(), &format!("question {turn}")));
        story.begin(&format!("call/{turn}.1"));
        story.report(&format!("call/{turn}.1"), 1, answered(vec![]));
    }
    story
}

#[test]
fn a_short_chat_is_seen_whole() {
    let mut story = turns(2);
    story.tell(post(10, "now"));
    story.tell(post(11, "later"));
    let view = Chat::view(&story.state);
    assert_eq!((view.first, &view.messages), (0, &story.state.messages));
    assert_eq!((view.queue, view.turn), (story.state.queue, story.state.turn));
    assert_eq!((view.about, view.turns, view.usage), (story.state.about, 3, usage(20, 4)));
}

#[test]
fn of_a_long_chat_the_last_messages_are_seen() {
    let story = turns(20);
    let view = Chat::view(&story.state);
    assert_eq!((view.first, view.messages.len()), (10, MESSAGES));
    assert_eq!(view.messages, story.state.messages[10..]);
}

#[test]
fn older_messages_are_read_page_by_page_without_gap_or_double() {
    let story = turns(20);
    let mut read = Chat::view(&story.state).messages;
    let mut first = Chat::view(&story.state).first;
    while first > 0 {
        let older = page(&story.state, usize::try_from(first).unwrap(), 4);
        first = older.first;
        read.splice(0..0, older.messages);
    }
    assert_eq!(read, story.state.messages);
}

#[test]
fn a_page_beyond_the_end_is_the_last_one_and_before_the_start_there_is_none() {
    let story = turns(2);
    let last = page(&story.state, 1000, 4);
    assert_eq!((last.first, last.messages.as_slice()), (2, &story.state.messages[2..]));
    let none = page(&story.state, 0, 4);
    assert_eq!((none.first, none.messages.len()), (0, 0));
}

#[test]
fn before_it_is_open_a_chat_shows_nothing() {
    let view = Chat::view(&State::default());
    assert!(view.about.is_none() && view.messages.is_empty() && view.turn.is_none());
}
