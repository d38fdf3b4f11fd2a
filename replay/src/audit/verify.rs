//! Verifies an export by itself: every leaf and the chain from the bytes, what is shown against the bytes, order and counts.

use std::{
    fmt,
    io::{self, BufRead, Read as _},
    ops::Range,
};

use serde::Serialize;

use super::{
    VERSION,
    line::{Filter, Hex, Line, Whole},
};
use crate::{
    digest::hex,
    file::format::{Digest32, record},
    ids::Position,
};

/// The longest line there can be, in bytes: data of 64 KiB, every byte of it escaped, and what a record has besides.
const LONGEST: u64 = 1024 * 1024;
/// So many faults are named; the rest are counted.
const NAMED: usize = 1_000;

/// What verifying an export found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// The log that it is of, as it says.
    pub log: String,
    /// The first position of its range, as it says.
    pub from: Position,
    /// The position behind it.
    pub to: Position,
    /// What is in it whole, as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// How many records are there whole.
    pub records: u64,
    /// How many are there by their leaves.
    pub left_out: u64,
    /// How many of those that are whole have had their data redacted.
    pub redacted: u64,
    /// The chain after the last line that could be read: to be compared with that of the log.
    pub chain: Option<String>,
    /// What is wrong, in the order of the file.
    pub faults: Vec<Fault>,
    /// How many more are wrong than are named.
    pub more: u64,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }
}

/// One thing that is wrong with an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The line of the file, from 1.
    pub line: u64,
    /// The position of the record, where one is concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// What sort of thing.
    pub kind: FaultKind,
    /// What is wrong, in words.
    pub what: String,
}

/// What sort of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A record is not what its leaf, or the chain, was made of.
    Changed,
    /// The chain does not go on from one record to the next.
    Broken,
    /// What is shown for people is not what the bytes say.
    Misleading,
    /// Records are not there.
    Missing,
    /// A record stands there twice.
    Twice,
    /// A record stands behind one that it should stand before.
    OutOfOrder,
    /// The log itself had lost records.
    Lost,
    /// The file ends too early.
    CutOff,
    /// A line is not as an export writes it.
    Malformed,
    /// The first or the last line says something else than what is there.
    Miscounted,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(position) = self.position {
            write!(f, ", position {position}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Why a file could not be verified at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is no export.
    #[error("this is no export of a log: its first line does not say so ({0})")]
    NotOne(String),
    /// It is of a newer format.
    #[error("this export has format version {0}; this program reads version {VERSION}: use a newer one")]
    Newer(u32),
    /// It could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Verifies an export, line by line. Blocks; holds a line in memory, never the whole.
///
/// # Errors
/// The file is no export, or cannot be read. What is wrong with an export is no error: it is what was found.
pub fn verify(mut file: impl BufRead) -> Result<Verified, VerifyError> {
    let mut text = Vec::new();
    let first = next_line(&mut file, &mut text)?;
    let mut checking = begin(first, &text)?;
    loop {
        checking.line += 1;
        match next_line(&mut file, &mut text)? {
            Next::Line => checking.take(&text),
            // A last line without its end is whole all the same if it can be read.
            Next::Torn if serde_json::from_slice::<Line>(&text).is_ok() => checking.take(&text),
            Next::Torn => checking.torn(),
            Next::TooLong => checking.fault(None, FaultKind::Malformed, "it is longer than any line of an export"),
            Next::End => return Ok(checking.end()),
        }
    }
}

enum Next {
    /// A line is there.
    Line,
    /// The file ends within a line.
    Torn,
    /// A line is too long, and was passed over.
    TooLong,
    End,
}

fn next_line(file: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<Next> {
    text.clear();
    file.by_ref().take(LONGEST).read_until(b'\n', text)?;
    match text.pop() {
        None => Ok(Next::End),
        Some(b'\n') => Ok(Next::Line),
        Some(last) if (text.len() as u64) + 1 < LONGEST => {
            text.push(last);
            Ok(Next::Torn)
        }
        Some(_) => {
            file.skip_until(b'\n')?;
            Ok(Next::TooLong)
        }
    }
}

fn begin(first: Next, text: &[u8]) -> Result<Checking, VerifyError> {
    let not_one = |why: &dyn fmt::Display| VerifyError::NotOne(why.to_string());
    match first {
        Next::Line | Next::Torn => {}
        Next::TooLong => return Err(not_one(&"it is too long")),
        Next::End => return Err(not_one(&"it is empty")),
    }
    // Before anything else: a newer version may have lines that this one cannot read.
    let version = serde_json::from_slice::<serde_json::Value>(text).map_err(|error| not_one(&error))?;
    let version = version["version"].as_u64().unwrap_or(u64::from(VERSION));
    if version > u64::from(VERSION) {
        return Err(VerifyError::Newer(u32::try_from(version).unwrap_or(u32::MAX)));
    }
    let line = serde_json::from_slice::<Line>(text).map_err(|error| not_one(&error))?;
    let written = is_written(&line, text);
    let Line::Export { version: _, log, from, to, records, chain_before, filter, .. } = line else {
        return Err(not_one(&"it is another line of one"));
    };
    let mut checking = Checking::new(Verified {
        log,
        from,
        to,
        filter,
        records: 0,
        left_out: 0,
        redacted: 0,
        chain: None,
        faults: vec![],
        more: 0,
    });
    checking.before(chain_before.map(|Hex(chain)| chain));
    if !written {
        checking.not_written();
    }
    if to < from || records != to.0 - from.0 {
        let what = format!("it says {records} records, and the range from {from} to {to} has another number");
        checking.fault(None, FaultKind::Miscounted, what);
    }
    if from == Position::ZERO && checking.chain.as_ref().is_none_or(|chain| chain.given != Digest32::default()) {
        checking.fault(None, FaultKind::Miscounted, "the chain of a log begins with zeros, and this one does not");
        // What follows is held to the chain as it must begin: one changed line is one fault.
        checking.before(Some(Digest32::default()));
    }
    Ok(checking)
}

/// Whether a line is byte for byte what an export writes for it.
fn is_written(line: &Line, text: &[u8]) -> bool {
    serde_json::to_vec(line).is_ok_and(|written| written == text)
}

/// The chain after a record: as the line says, and as the lines up to there give.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chain {
    given: Digest32,
    computed: Digest32,
}

impl Chain {
    /// Whether the record of this leaf behind it has this chain.
    fn leads_to(&self, leaf: &Digest32, chain: &Digest32) -> bool {
        [self.given, self.computed].iter().any(|before| record::chain(before, leaf) == *chain)
    }
}

struct Checking {
    found: Verified,
    line: u64,
    next: u64,
    /// `None`: not known, because records are missing or lost.
    chain: Option<Chain>,
    missing: Vec<(u64, Range<u64>)>,
    lost: u64,
    ended: bool,
}

impl Checking {
    fn new(found: Verified) -> Self {
        let next = found.from.0;
        Self { found, line: 1, next, chain: None, missing: vec![], lost: 0, ended: false }
    }

    fn fault(&mut self, position: Option<Position>, kind: FaultKind, what: impl Into<String>) {
        self.fault_at(self.line, position, kind, what);
    }

    fn fault_at(&mut self, line: u64, position: Option<Position>, kind: FaultKind, what: impl Into<String>) {
        if self.found.faults.len() < NAMED {
            self.found.faults.push(Fault { line, position, kind, what: what.into() });
        } else {
            self.found.more += 1;
        }
    }

    fn not_written(&mut self) {
        self.fault(None, FaultKind::Malformed, "it is not byte for byte as an export writes it: it was written anew");
    }

    fn before(&mut self, chain: Option<Digest32>) {
        self.chain = chain.map(|chain| Chain { given: chain, computed: chain });
    }

    fn torn(&mut self) {
        let what = "the file is cut off within this line";
        self.fault(None, FaultKind::CutOff, what);
        self.ended = true;
    }

    fn take(&mut self, text: &[u8]) {
        if self.ended {
            return self.fault(None, FaultKind::Malformed, "it stands behind the last line of the export");
        }
        let line = match serde_json::from_slice::<Line>(text) {
            Ok(line) => line,
            Err(error) => {
                let what = format!("it is no line of an export: {error}");
                return self.fault(None, FaultKind::Malformed, what);
            }
        };
        if !is_written(&line, text) {
            self.not_written();
        }
        match line {
            Line::Export { .. } => {
                self.fault(None, FaultKind::Malformed, "it is a first line, and stands further down");
            }
            Line::Record(whole) => self.whole(&whole),
            Line::LeftOut { position, leaf: Hex(leaf), chain: Hex(chain) } => {
                self.found.left_out += 1;
                if self.found.filter.is_none() {
                    let what = "it is left out, and the first line names no filter";
                    self.fault(Some(position), FaultKind::Changed, what);
                }
                self.link(position, leaf, leaf, chain);
            }
            Line::Lost { position, to, chain } => self.lose(position, to, chain.map(|Hex(chain)| chain)),
            Line::End { records, left_out, lost, chain } => {
                self.last(records, left_out, lost, chain.map(|Hex(chain)| chain));
            }
        }
    }

    fn whole(&mut self, whole: &Whole) {
        self.found.records += 1;
        self.found.redacted += u64::from(whole.data.is_none());
        let (Hex(leaf), Hex(chain)) = (whole.leaf, whole.chain);
        let commitment = whole.commitment();
        let made = commitment.map_or(leaf, |commitment| record::leaf(&whole.header.0, &commitment));
        let decoded = whole.decoded();
        // Where the header is what the leaf was made of, it knows better than the line.
        let inside = decoded.as_ref().map(|(inside, _)| *inside).filter(|_| leaf == made);
        let position = inside.unwrap_or(whole.position);
        if commitment.is_none() {
            let what = "it has neither salt and data nor, redacted, a commitment";
            self.fault(Some(position), FaultKind::Malformed, what);
        }
        self.link(position, leaf, made, chain);
        let Some((inside, shown)) = decoded else {
            return self.fault(Some(position), FaultKind::Changed, "its header is none that a log holds");
        };
        if inside != whole.position {
            let what = format!("the line says position {}, and the header position {inside}", whole.position);
            self.fault(Some(position), FaultKind::Misleading, what);
        }
        if shown != whole.event {
            let what = format!("what is shown beside the bytes is not what they say, which is {}", json(&shown));
            self.fault(Some(position), FaultKind::Misleading, what);
        }
        if self.found.filter.as_ref().is_some_and(|filter| !filter.admits(&shown)) {
            let what = "it does not fit the filter that the first line names";
            self.fault(Some(position), FaultKind::Miscounted, what);
        }
    }

    /// Puts the next line behind those before: its leaf as it says and as its bytes give, the chain after it as it says.
    fn link(&mut self, position: Position, leaf: Digest32, made: Digest32, chain: Digest32) {
        let order = self.order(position);
        let known = self.chain.as_ref().filter(|_| order == Order::Next);
        let follows = known.map(|known| known.leads_to(&leaf, &chain));
        let by_bytes = known.is_some_and(|known| known.leads_to(&made, &chain));
        let computed = known.map_or(chain, |known| record::chain(&known.given, &leaf));
        let (kind, what) = match (leaf == made, follows) {
            (true, Some(true) | None) => {
                return self.go_on(order, chain, computed);
            }
            (false, _) if by_bytes => (FaultKind::Changed, "its leaf was changed: its bytes and the chain agree"),
            (false, Some(false)) => {
                let what = "it was changed: its bytes do not give its leaf, and its leaf does not give the chain";
                (FaultKind::Changed, what)
            }
            (false, _) => (FaultKind::Changed, "its header, salt or data was changed: they do not give its leaf"),
            (true, Some(false)) => {
                let what = "the chain breaks here: its own chain was changed, or it or the one before it was, together with its leaf";
                (FaultKind::Broken, what)
            }
        };
        self.fault(Some(position), kind, what);
        self.go_on(order, chain, computed);
    }

    fn go_on(&mut self, order: Order, given: Digest32, computed: Digest32) {
        if order != Order::Behind {
            self.chain = Some(Chain { given, computed });
        }
    }

    fn order(&mut self, position: Position) -> Order {
        let at = position.0;
        if at < self.found.from.0 || at >= self.found.to.0 {
            let what = format!("it is not in the range from {} to {}", self.found.from, self.found.to);
            self.fault(Some(position), FaultKind::Miscounted, what);
            return Order::Behind;
        }
        if at < self.next {
            let place = self.missing.iter().position(|(_, missing)| missing.contains(&at));
            let Some(place) = place else {
                self.fault(Some(position), FaultKind::Twice, "it stands there twice");
                return Order::Behind;
            };
            let (line, missing) = self.missing.remove(place);
            let rests = [missing.start..at, at + 1..missing.end];
            self.missing.extend(rests.into_iter().filter(|rest| !rest.is_empty()).map(|rest| (line, rest)));
            let last = self.next - 1;
            let what = format!("it stands behind position {last}, and should stand before it");
            self.fault(Some(position), FaultKind::OutOfOrder, what);
            return Order::Behind;
        }
        let gap = self.next..at;
        self.next = at.saturating_add(1);
        if gap.is_empty() {
            return Order::Next;
        }
        self.missing.push((self.line, gap));
        Order::Gap
    }

    fn lose(&mut self, position: Position, to: Position, chain: Option<Digest32>) {
        if to <= position {
            return self.fault(Some(position), FaultKind::Malformed, "nothing is lost where it says so");
        }
        self.order(position);
        self.next = self.next.max(to.0);
        self.lost += to.0 - position.0;
        self.before(chain);
        let last = to.0 - 1;
        let what = match to.0 - position.0 {
            1 => "the log had lost this record when it was exported: nothing can be said of it".to_owned(),
            _ => format!(
                "the log had lost the records up to position {last} when it was exported: nothing can be said of them"
            ),
        };
        self.fault(Some(position), FaultKind::Lost, what);
    }

    fn last(&mut self, records: u64, left_out: u64, lost: u64, chain: Option<Digest32>) {
        self.ended = true;
        if self.next < self.found.to.0 {
            self.missing.push((self.line, self.next..self.found.to.0));
        }
        let range = self.found.to.0.saturating_sub(self.found.from.0);
        let counts =
            [("records", records, range), ("left out", left_out, self.found.left_out), ("lost", lost, self.lost)];
        for (name, said, there) in counts {
            if said != there && self.missing.is_empty() {
                let what = format!("it counts {said} {name}, and there are {there}");
                self.fault(None, FaultKind::Miscounted, what);
            }
        }
        let fits = match (&self.chain, chain) {
            (Some(known), Some(said)) => said == known.given || said == known.computed,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        // Behind a gap at the end the chain is that of records that are missing, and they are named.
        let cut = self.missing.iter().any(|(line, _)| *line == self.line);
        if !fits && !cut {
            let what = "the chain that it ends with is not the one after the last record";
            self.fault(None, FaultKind::Broken, what);
        }
    }

    fn end(mut self) -> Verified {
        if !self.ended {
            let what = match self.next.checked_sub(1).filter(|last| *last >= self.found.from.0) {
                Some(last) => format!("the file is cut off: nothing follows position {last}, not even the last line"),
                None => "the file is cut off behind its first line".to_owned(),
            };
            self.fault(None, FaultKind::CutOff, what);
        }
        for (line, missing) in std::mem::take(&mut self.missing) {
            let position = Some(Position(missing.start));
            let last = missing.end - 1;
            let what = if missing.start == last {
                "this record is missing".to_owned()
            } else {
                format!("the records up to position {last} are missing")
            };
            self.fault_at(line, position, FaultKind::Missing, what);
        }
        self.found.faults.sort_by_key(|fault| fault.line);
        self.found.chain = self.chain.map(|chain| hex(&chain.given));
        self.found
    }
}

/// Where a line stands among those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// It is the one that comes next.
    Next,
    /// Others are missing before it.
    Gap,
    /// It should have come before, or should not be there.
    Behind,
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
