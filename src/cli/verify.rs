//! `reenact verify`: is every byte of the log what was written, and does it still give the same states? Works beside a server.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use clap::Args;
use replay::{
    ids::StreamId,
    snapshot::{Snapshot, SnapshotStore},
    verify::{Report, verify, verify_each},
};
use serde_json::{Value, json};

use super::{
    compose::version,
    connect,
    exit::{Ended, Exit},
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};
use crate::entities::{AnyEntity, Kind, Refold};

/// How often progress is told.
const PACE: Duration = Duration::from_millis(200);

/// Recomputes the whole log; fails if anything is not as it was written. Works beside a running server.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Also folds every stream anew, and compares the states with those that were recorded when turns ended, and with snapshots.
    #[arg(long)]
    deep: bool,
}

/// Recomputes the whole log; fails if anything is not as it was written.
pub fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    connect::there(loaded)?;
    let dir = loaded.data.join("log");
    let mut telling = Progress::new(json);
    if !arguments.deep {
        let report = verify(&dir, |done, of| telling.segments(done, of))?;
        telling.end();
        return tell(&report, None, json);
    }
    let snapshots = Snapshots::read(&loaded.data);
    let mut refold = Refold::with_snapshots(snapshots.sound);
    let telling = std::cell::RefCell::new(telling);
    let report = verify_each(
        &dir,
        |done, of| telling.borrow_mut().segments(done, of),
        |record, chain| {
            refold.apply(record, chain);
            telling.borrow_mut().events(refold.folded());
        },
    )?;
    telling.borrow_mut().end();
    tell(&report, Some((&refold, &snapshots.passed_over)), json)
}

/// The snapshots beside a log, as a server of this very program would look at them.
struct Snapshots {
    sound: Vec<Snapshot>,
    /// What a server passes over, and why.
    passed_over: Vec<String>,
}

impl Snapshots {
    /// Reads them. What cannot be read is passed over too: it changes no answer.
    fn read(data: &Path) -> Self {
        let dir = data.join("snapshots");
        let store = SnapshotStore::new(&dir, &version());
        let mut read = Self { sound: vec![], passed_over: vec![] };
        let streams = store.streams().unwrap_or_else(|error| {
            read.passed_over.push(format!("{}: {error}", dir.display()));
            vec![]
        });
        for stream in streams {
            match sound(&store, &stream) {
                Ok(snapshot) => read.sound.extend(snapshot),
                Err(why) => read.passed_over.push(format!("the snapshot of {stream} is passed over: {why}")),
            }
        }
        read
    }
}

fn sound(store: &SnapshotStore, stream: &StreamId) -> Result<Option<Snapshot>, String> {
    let Some(bytes) = store.get(stream).map_err(|error| error.to_string())? else { return Ok(None) };
    let kind = Kind::of(stream).ok_or_else(|| format!("it is of kind {}", stream.kind()))?;
    let snapshot = Snapshot::read(bytes).map_err(|misfit| misfit.to_string())?;
    let entity = AnyEntity::of_snapshot(kind, &snapshot, store.program(), stream.clone());
    entity.map(|_| Some(snapshot)).map_err(|misfit| misfit.to_string())
}

/// What was found, as JSON.
pub fn found(report: &Report) -> Value {
    let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    json!({
        "good": report.is_good(),
        "log": report.log,
        "segments": report.segments,
        "records": report.records,
        "redacted": report.redacted,
        "streams": report.streams,
        "head": report.head,
        "chain": report.chain,
        "root": report.root,
        "unfinished": report.unfinished,
        "faults": faults,
    })
}

fn tell(report: &Report, deep: Option<(&Refold, &[String])>, json: bool) -> Ended {
    let same = deep.is_none_or(|(refold, _)| refold.differences().is_empty());
    let exit = if report.is_good() && same { Exit::Done } else { Exit::Failed };
    if json {
        let mut object = found(report);
        if let Some((refold, passed_over)) = deep {
            object["good"] = json!(exit == Exit::Done);
            object["deep"] = json!({
                "folded": refold.folded(),
                "compared": refold.compared(),
                "other_version": refold.other_version(),
                "unknown": refold.unknown(),
                "snapshots": refold.snapshots(),
                "snapshots_passed_over": passed_over,
                "differences": refold.differences(),
            });
        }
        json_line(&object)?;
        return Ok(exit);
    }
    let mut screen = Screen::new();
    let counts = [(report.records, "event"), (report.streams, "stream"), (report.segments, "segment")]
        .map(|(number, what)| format!("{number} {what}{}", if number == 1 { "" } else { "s" }));
    let counts = format!("{} in {} and {}", counts[0], counts[1], counts[2]);
    if report.is_good() {
        screen.line(Tone::Plain, &format!("good: {counts}"))?;
        screen.line(Tone::Dim, &format!("chain {}", report.chain))?;
        if let Some(root) = &report.root {
            screen.line(Tone::Dim, &format!("root  {root}"))?;
        }
    } else {
        report.faults.iter().try_for_each(|fault| screen.line(Tone::Alarm, &fault.to_string()))?;
        let advice =
            "what is not named here is as it was written, and other streams go on; restore the rest from a backup";
        let faults = report.faults.len();
        let faults = format!("{faults} fault{}", if faults == 1 { "" } else { "s" });
        screen.line(Tone::Plain, &format!("damaged, {faults}; {counts} are readable: {advice}"))?;
    }
    if let Some((refold, passed_over)) = deep {
        tell_deep(&mut screen, refold, passed_over)?;
    }
    Ok(exit)
}

fn tell_deep(screen: &mut Screen, refold: &Refold, passed_over: &[String]) -> io::Result<()> {
    let differences = refold.differences();
    passed_over.iter().try_for_each(|snapshot| screen.line(Tone::Dim, snapshot))?;
    differences.iter().try_for_each(|difference| screen.line(Tone::Alarm, &difference.to_string()))?;
    let mut parts = vec![format!("folded {} events anew", refold.folded())];
    parts.push(format!("{} recorded states compared", refold.compared()));
    if refold.other_version() > 0 {
        parts.push(format!("{} are of another version of the rules and were not", refold.other_version()));
    }
    if refold.snapshots() > 0 {
        parts.push(format!("{} snapshots compared", refold.snapshots()));
    }
    if refold.unknown() > 0 {
        parts.push(format!("{} events are of kinds or types that only a newer version knows", refold.unknown()));
    }
    let line = parts.join("; ");
    if differences.is_empty() {
        return screen.line(Tone::Plain, &format!("{line}: all the same"));
    }
    let advice = "reads and exports of these streams work; keep this log, and report what is said here with the output of `reenact --version`";
    screen.line(Tone::Plain, &format!("{line}: {} differ. {advice}", differences.len()))
}

/// A line on standard error that says how far it is, where a person sees it.
struct Progress {
    shown: bool,
    told: Instant,
    done: u64,
    of: u64,
}

impl Progress {
    fn new(json: bool) -> Self {
        Self { shown: !json && io::stderr().is_terminal(), told: Instant::now(), done: 0, of: 0 }
    }

    fn segments(&mut self, done: u64, of: u64) {
        (self.done, self.of) = (done, of);
        self.say(&format!("{done} of {of} segments"));
    }

    fn events(&mut self, folded: u64) {
        let (done, of) = (self.done, self.of);
        if of > 0 {
            self.say(&format!("{done} of {of} segments, {folded} events folded"));
        } else {
            self.say(&format!("{folded} events folded"));
        }
    }

    fn say(&mut self, words: &str) {
        if self.shown && self.told.elapsed() >= PACE {
            self.told = Instant::now();
            // Nobody is to fail because progress could not be shown.
            let _unseen = write!(io::stderr(), "\r\x1b[K{words}").is_err();
        }
    }

    fn end(&self) {
        if self.shown {
            let _unseen = write!(io::stderr(), "\r\x1b[K").is_err();
        }
    }
}
