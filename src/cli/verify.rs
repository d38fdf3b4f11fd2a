//! `reenact verify`: is every byte of the log what was written, and does it still give the same states? Works beside a server.

use std::{
    cell::RefCell,
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use clap::Args;
use replay::{
    ids::StreamId,
    snapshot::{Snapshot, SnapshotStore},
    verify::{VerifyError, verify_each},
};

use super::{
    compose::version,
    connect,
    exit::{Ended, Exit, Failure},
    found::{Deep, Found},
    named::Named,
    screen::{Screen, json_line},
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
    let telling = RefCell::new(Progress::new(json));
    let mut named = Named::default();
    let mut deep = arguments.deep.then(|| {
        let Snapshots { sound, passed_over } = Snapshots::read(&loaded.data);
        Deep { refold: Refold::with_snapshots(sound), passed_over }
    });
    let report = verify_each(
        &dir,
        |done, of| telling.borrow_mut().segments(done, of),
        |record, chain| {
            named.note(record);
            if let Some(Deep { refold, .. }) = &mut deep {
                refold.apply(record, chain);
                telling.borrow_mut().events(refold.folded());
            }
        },
    )
    .map_err(|error| match error {
        VerifyError::NoLog(_) => Failure::not_found(error),
        other => other.into(),
    })?;
    let lost = named.lost(&loaded.data.join("blobs"))?;
    telling.borrow_mut().end();
    let found = Found { report, blobs: named.count(), lost, deep };
    if json {
        json_line(&found.json())?;
    } else {
        found.tell(&mut Screen::new())?;
    }
    Ok(if found.is_good() { Exit::Done } else { Exit::Failed })
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
