//! `reenact verify`: is every byte of the log what was written? Works beside a running server.

use serde_json::json;

use super::{
    exit::{Ended, Exit},
    screen::{Screen, Tone, json_line},
    settings::Loaded,
};

/// Recomputes the whole log; fails if anything is not as it was written.
pub fn run(loaded: &Loaded, json: bool) -> Ended {
    let report = replay::verify::verify(&loaded.data.join("log"), |_, _| {})?;
    let exit = if report.is_good() { Exit::Done } else { Exit::Failed };
    let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    if json {
        json_line(&json!({
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
        }))?;
        return Ok(exit);
    }
    let mut screen = Screen::new();
    let counts = format!("{} events in {} streams and {} segments", report.records, report.streams, report.segments);
    if faults.is_empty() {
        screen.line(Tone::Plain, &format!("good: {counts}"))?;
        screen.line(Tone::Dim, &format!("chain {}", report.chain))?;
        if let Some(root) = &report.root {
            screen.line(Tone::Dim, &format!("root  {root}"))?;
        }
        return Ok(exit);
    }
    faults.iter().try_for_each(|fault| screen.line(Tone::Alarm, fault))?;
    let advice = "what is not named here is as it was written, and other streams go on; restore the rest from a backup";
    screen.line(Tone::Plain, &format!("damaged, {} faults; {counts} are readable: {advice}", faults.len()))?;
    Ok(exit)
}
