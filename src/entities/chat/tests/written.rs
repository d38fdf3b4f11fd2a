//! Long texts that were broken off: a reference stands in the state, and the events give the text back.

use replay::{
    event::encode,
    ids::{Position, Revision, StreamId},
    record::{NewRecord, Record},
};

use super::*;
use crate::entities::{
    body::{HEAD_LIMIT, INLINE_LIMIT},
    chat::{
        prompt::{self, prompt},
        written::{Part, Written},
    },
};

/// The events of a story as they stand in a log.
fn records(story: &Story) -> Vec<Record> {
    let stream: StreamId = "chat/one".parse().unwrap();
    let of = |(n, event): (u64, &Event)| {
        let encoded = encode(event).unwrap();
        let event = NewRecord {
            id: Uuid::nil(),
            at: Micros(0),
            kind: encoded.kind,
            version: encoded.version,
            by: By::system(),
            cause: None,
            corr: None,
            cmd: None,
            copy_of: None,
            data: encoded.data,
        };
        Record { position: Position(n), revision: Revision(n), stream: stream.clone(), event }
    };
    (0..).zip(&story.events).map(of).collect()
}

/// The text that a body stands for.
#[track_caller]
fn whole(story: &Story, body: &Body) -> String {
    let Body::Written(reference) = body else { panic!("{body:?}") };
    let mut text = String::new();
    let found = records(story).iter().any(|record| reference.gather(&mut text, record));
    assert!(found, "its last piece is known as such");
    text
}

/// Longer than a state holds, its head ending within a character.
fn long(word: &str) -> String {
    let text = format!("{word}{}", "é".repeat(INLINE_LIMIT / 2));
    assert!(text.len() > INLINE_LIMIT && !text.is_char_boundary(HEAD_LIMIT), "{word}");
    text
}

/// Writes a text in pieces, as a model does.
fn write(story: &mut Story, attempt: u32, text: &str) {
    let middle = text.floor_char_boundary(text.len() / 2);
    story.write("call/1.1", attempt, 0, &text[..middle]).unwrap();
    story.write("call/1.1", attempt, middle as u64, &text[middle..]).unwrap();
}

#[test]
fn a_long_text_that_was_stopped_stands_in_its_events_and_goes_to_the_model_again() {
    let mut story = Story::calling();
    let (text, reasoning) = (long("one"), long("two"));
    story.reason("call/1.1", 1, 0, &reasoning).unwrap();
    write(&mut story, 1, &text);
    story.tell(cancel());
    let call = story.call(1, 1);
    assert_eq!((whole(&story, &call.text), whole(&story, &call.reasoning)), (text.clone(), reasoning));
    assert_eq!((call.text.bytes(), call.text.shown()), (text.len() as u64, &text[..HEAD_LIMIT - 1]));
    assert!(serde_json::to_string(&story.state).unwrap().len() < 3 * HEAD_LIMIT);
    let sent = prompt(&story.state);
    let written = |part: &prompt::Part| matches!(part, prompt::Part::Assistant { text: Body::Written(_), .. });
    assert!(sent.iter().any(written), "{sent:?}");
}

#[test]
fn so_do_long_texts_that_were_cut_off_or_failed_each_under_its_own_attempt() {
    let mut story = Story::calling();
    let (first, second) = (long("one"), long("two"));
    write(&mut story, 1, &first);
    story.begin("call/1.1");
    write(&mut story, 2, &second);
    story.report("call/1.1", 2, failed(Retry::Soon));
    let call = story.call(1, 1);
    assert_eq!(whole(&story, &call.interrupted[0].text), first);
    assert_eq!(whole(&story, &call.text), second);
}

#[test]
fn a_short_text_stays_as_it_is() {
    let mut story = Story::calling();
    let text = "x".repeat(INLINE_LIMIT);
    write(&mut story, 1, &text);
    story.tell(cancel());
    assert_eq!(story.call(1, 1).text, text.as_str().into());
}

#[test]
fn a_reference_is_told_from_a_text_and_from_a_blob() {
    let json = r#"{"call":"3.1","attempt":2,"part":"reasoning","bytes":20000,"head":"Hm"}"#;
    let body: Body = serde_json::from_str(json).unwrap();
    let (call, attempt, part) = (call_id(3, 1), Attempt(2), Part::Reasoning);
    assert_eq!(body, Body::Written(Written { call, attempt, part, bytes: 20_000, head: "Hm".into() }));
    assert_eq!(serde_json::to_string(&body).unwrap(), json);
}
