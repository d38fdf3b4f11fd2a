//! The keys of the table. All numbers are big-endian, so that keys are in the order of numbers.

use replay::ids::{Micros, Position, StreamId};
use uuid::Uuid;

use super::rows::{List, Row};

/// `r` stream: the row.
pub fn row(stream: &StreamId) -> Vec<u8> {
    [b"r", stream.as_str().as_bytes()].concat()
}

/// `p` position stream: the rows in the order in which they changed last, each once.
pub fn change(position: Position, stream: &StreamId) -> Vec<u8> {
    [&changes_from(position)[..], stream.as_str().as_bytes()].concat()
}

/// Where the changes from a position on begin.
pub fn changes_from(position: Position) -> Vec<u8> {
    [&b"p"[..], &position.0.to_be_bytes()].concat()
}

/// Behind the last change.
pub fn changes_end() -> Vec<u8> {
    b"q".to_vec()
}

/// `o` list scope age stream: the rows of a list, the newest first.
pub fn order(row: &Row) -> Vec<Vec<u8>> {
    let list = row.list();
    let scopes: Vec<Option<Uuid>> = match row {
        Row::Project(_) => vec![None],
        Row::Session(row) => vec![None, Some(row.project)],
        Row::Chat(row) => vec![None, Some(row.project), Some(row.session)],
        Row::Run(row) => vec![None, Some(row.project), Some(row.session)],
    };
    let place = |scope| place(list, scope, row.began(), row.stream().as_str());
    scopes.into_iter().map(place).collect()
}

/// All rows of a list in a scope: what their keys begin with.
pub fn scope(list: List, scope: Option<Uuid>) -> Vec<u8> {
    [b"o", &list.kind().as_bytes()[..1], scope.unwrap_or_default().as_bytes()].concat()
}

/// Behind all rows of a list in a scope.
pub fn scope_end(list: List, scope: Option<Uuid>) -> Vec<u8> {
    [&self::scope(list, scope)[..], &[0xff; 9]].concat()
}

/// The place of a row in a list: its age is turned round, so that the newest comes first.
pub fn place(list: List, within: Option<Uuid>, began: Micros, stream: &str) -> Vec<u8> {
    let age = u64::MAX - u64::try_from(began.0).unwrap_or(0);
    [&scope(list, within)[..], &age.to_be_bytes(), stream.as_bytes()].concat()
}

/// How long a slot is in which tokens are counted: no time zone begins its day within one.
const SLOT: i64 = 15 * 60 * 1_000_000;

/// `u` slot: the tokens that were taken in that time, by turns and beside them.
pub fn spent(at: Micros) -> Vec<u8> {
    [&b"u"[..], &u64::try_from(at.0.max(0) / SLOT).unwrap_or(0).to_be_bytes()].concat()
}

/// The time and the stream in a place.
pub fn parse_place(key: &[u8]) -> Option<(Micros, &str)> {
    let rest = key.get(18..)?;
    let (age, stream) = rest.split_first_chunk::<8>()?;
    let began = i64::try_from(u64::MAX - u64::from_be_bytes(*age)).ok()?;
    Some((Micros(began), std::str::from_utf8(stream).ok()?))
}
