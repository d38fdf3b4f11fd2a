//! What verifying a log found: in words that say what is lost and what to do, and as JSON.

use std::io;

use replay::verify::{Harm, LogFault, Report};
use serde_json::{Value, json};

use super::{
    named::LostBlob,
    screen::{Screen, Tone},
};
use crate::entities::Refold;

/// All that was found.
pub struct Found {
    /// What the bytes say.
    pub report: Report,
    /// How many blobs the log names.
    pub blobs: usize,
    /// Those of them that cannot be read.
    pub lost: Vec<LostBlob>,
    /// What folding the log anew gives, if that was asked for.
    pub deep: Option<Deep>,
}

/// The log folded anew.
pub struct Deep {
    /// What it gives.
    pub refold: Refold,
    /// The snapshots that a server passes over, and why.
    pub passed_over: Vec<String>,
}

impl Found {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        let same = self.deep.as_ref().is_none_or(|deep| deep.refold.differences().is_empty());
        self.report.is_good() && self.lost.is_empty() && same
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let Self { report, blobs, lost, deep } = self;
        let fault = |fault: &LogFault| json!({"what": fault.to_string(), "advice": advice(fault)});
        let faults: Vec<Value> = report.faults.iter().map(fault).collect();
        let mut object = json!({
            "good": self.is_good(),
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
            "blobs": blobs,
            "lost_blobs": lost,
        });
        if let Some(Deep { refold, passed_over }) = deep {
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
        object
    }

    /// In words.
    pub fn tell(&self, screen: &mut Screen) -> io::Result<()> {
        let Self { report, blobs, lost, deep } = self;
        for fault in &report.faults {
            screen.line(Tone::Alarm, &fault.to_string())?;
            screen.line(Tone::Plain, &format!("  {}", advice(fault)))?;
        }
        lost.iter().try_for_each(|blob| screen.line(Tone::Alarm, &blob.to_string()))?;
        let counts = format!(
            "{} events in {} streams and {} segments, {} blobs",
            report.records,
            report.streams,
            report.segments,
            blobs - lost.len()
        );
        if report.is_good() && lost.is_empty() {
            screen.line(Tone::Plain, &format!("good: {counts}"))?;
            screen.line(Tone::Dim, &format!("chain {}", report.chain))?;
            if let Some(root) = &report.root {
                screen.line(Tone::Dim, &format!("root  {root}"))?;
            }
        } else {
            let faults = report.faults.len() + lost.len();
            let advice = "keep this log as it is until you have what you need";
            screen.line(Tone::Plain, &format!("damaged, {faults} faults; as they were written: {counts}; {advice}"))?;
        }
        if report.unfinished > 0 {
            let words = format!(
                "{} bytes at the end were never acknowledged: they are being written just now, or the machine stopped while they \
                 were; the next start cuts them off",
                report.unfinished
            );
            screen.line(Tone::Dim, &words)?;
        }
        deep.as_ref().map_or(Ok(()), |deep| deep.tell(screen))
    }
}

impl Deep {
    fn tell(&self, screen: &mut Screen) -> io::Result<()> {
        let Self { refold, passed_over } = self;
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
}

/// What a fault means, and what to do.
fn advice(fault: &LogFault) -> String {
    const BACKUP: &str = "restore a backup into a fresh data folder (`reenact restore`)";
    match fault {
        LogFault::Lost(damage) if damage.first == damage.end => "Nothing is lost; look at the disk.".to_owned(),
        LogFault::Lost(_) => format!(
            "What these events said is gone. Their streams can be read up to there and take no more commands; all others go on. To \
             have them back, {BACKUP}."
        ),
        LogFault::Altered { .. } | LogFault::Segment { harm: Harm::Altered, .. } => format!(
            "A program or the disk changed it after it was written: do not trust what it says now. To have what it said, {BACKUP}."
        ),
        LogFault::Missing { segment } => format!(
            "All events in it are lost, and no server starts without it. Put the file {segment:010}.seg back from wherever it went; \
             else {BACKUP}."
        ),
        LogFault::Segment { harm: Harm::None, .. } => "Nothing is lost; look at the disk.".to_owned(),
        LogFault::Segment { segment, harm: Harm::Misplaced, .. } => format!(
            "It does not belong here, and no server starts with it. Put the file {segment:010}.seg back that belongs here; else {BACKUP}."
        ),
    }
}
