//! The table of what was measured: printed line by line, and written as JSON.

use std::{fs, path::Path};

use serde_json::{Value, json};

/// What has to be reached.
#[derive(Clone, Copy)]
pub enum Bar {
    /// No less than this.
    AtLeast(f64),
    /// No more than this.
    AtMost(f64),
    /// Nothing: it is told because it explains the rest.
    None,
}

/// What was measured so far.
pub struct Table {
    rows: Vec<Value>,
    /// How busy the machine was with other things when this began.
    load: String,
}

impl Table {
    /// An empty table; prints its head.
    pub fn begin() -> Self {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split_whitespace().next().unwrap_or("unknown").to_owned();
        println!("load before: {load}");
        println!("{:<64} {:>12} {:<9} {:>14}", "what", "measured", "unit", "to be reached");
        Self { rows: vec![], load }
    }

    /// Adds a row and prints it.
    pub fn row(&mut self, what: &str, measured: f64, unit: &str, bar: Bar) {
        let (words, holds) = match bar {
            Bar::AtLeast(least) => (format!("at least {least}"), Some(measured >= least)),
            Bar::AtMost(most) => (format!("at most {most}"), Some(measured <= most)),
            Bar::None => (String::new(), None),
        };
        let mark = if holds == Some(false) { "MISSED" } else { "" };
        let digits = if measured.abs() < 100.0 { 2 } else { 0 };
        println!("{what:<64} {measured:>12.digits$} {unit:<9} {words:>14} {mark}");
        self.rows.push(json!({"what": what, "measured": measured, "unit": unit, "bar": words, "holds": holds}));
    }

    /// Writes it into the target folder.
    pub fn write(self) {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-server.json");
        let all = json!({"load_before": self.load, "rows": self.rows});
        fs::write(&path, format!("{all:#}\n")).expect("the target folder can be written to");
        println!("written to {}", path.display());
    }
}

/// The part of the values that is no larger than the answer, for `share` from 0 to 100 percent.
pub fn percentile(values: &mut [f64], share: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get(last * share / 100).copied().unwrap_or(f64::NAN)
}
