//! Workflows through the whole server. A step that does nothing is a timer of 0 ms: asked for durably, waited for, settled, and
//! brought to its script.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    process::{Server, serve},
    table::{Bar, Table, percentile},
};

const SEQUENCE: usize = 1_000;
const RUNS: usize = 200;
const STEPS: usize = 10;
const LONG: usize = 10_000;

fn write(home: &Path, name: &str, body: &str) {
    let folder = home.join(".claude/workflows");
    fs::create_dir_all(&folder).expect("a folder that can be written to");
    let source = format!("export const meta = {{ name: '{name}', description: 'x' }}\n{body}");
    fs::write(folder.join(format!("{name}.js")), source).expect("a folder that can be written to");
}

/// The event times of a run's request and of its end, in µs.
async fn ended(server: &Server, run: &str) -> (f64, f64) {
    loop {
        let row = server.http("GET", &format!("/api/runs/{run}"), None).await;
        if let Some(ended) = row["ended_at"].as_f64() {
            assert_eq!(row["state"], "finished", "{row}");
            return (row["requested_at"].as_f64().expect("a time"), ended);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn start(server: &Server, session: &str, workflow: &str) -> String {
    let run = server.http("POST", "/api/runs", Some(json!({"workflow": workflow, "session": session}))).await;
    run["id"].as_str().expect("a run has an id").to_owned()
}

/// The time of the last event of a type in a stream from a revision on, in µs.
async fn last(server: &Server, stream: &str, from: usize, kind: &str) -> Option<f64> {
    let page = server.http("GET", &format!("/api/streams/{stream}?from={from}&limit=500"), None).await;
    let of = |event: &&Value| event["type"] == kind;
    page["items"].as_array()?.iter().rev().find(of)?["at"].as_f64()
}

/// Overwrites of 512 bytes in an allocated file, each made durable: what the disk can do, per second.
fn bare_syncs(folder: &Path) -> f64 {
    let path = folder.join("bare");
    fs::write(&path, vec![0; 8 << 20]).expect("room for 8 MiB");
    let file = File::options().write(true).open(&path).expect("the file just written");
    file.sync_all().expect("a working disk");
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < Duration::from_secs(2) {
        file.write_all_at(&[1; 512], u64::from(count % 16_000) * 512).expect("a working disk");
        file.sync_data().expect("a working disk");
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// Measures.
pub async fn measure(table: &mut Table) {
    let (data, home, project) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    write(home.path(), "sequence", &format!("for (let n = 0; n < {SEQUENCE}; n += 1) await sleep(0)\nreturn 1"));
    write(home.path(), "short", &format!("for (let n = 0; n < {STEPS}; n += 1) await sleep(0)\nreturn 1"));
    write(
        home.path(),
        "long",
        &format!(
            "for (let n = 0; n < {LONG}; n += 1) await sleep(0)\nawait approve('Go on?')\nawait sleep(0)\nreturn 1"
        ),
    );
    let variables = [
        ("HOME", home.path().to_string_lossy().into_owned()),
        ("REENACT_MODULE_CACHE", env!("CARGO_TARGET_TMPDIR").to_owned()),
        ("REENACT_LANES_RUNS", RUNS.to_string()),
    ];
    let bare = bare_syncs(home.path());
    table.row("bare overwrite and fdatasync", bare, "syncs/s", Bar::None);
    let server = serve(data.path(), &variables);
    let session = server.session(project.path()).await;
    // The engine is compiled, and everything is warm.
    let warm = start(&server, &session, "short").await;
    ended(&server, &warm).await;

    let run = start(&server, &session, "sequence").await;
    let (begun, end) = ended(&server, &run).await;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let rate = SEQUENCE as f64 / ((end - begun) / 1e6);
    table.row("one workflow, 1,000 no-op steps in sequence", rate, "steps/s", Bar::None);
    // Half of what a single appender reaches, which is to be 0.6 of this.
    table.row("the same, by the bare rate", rate / bare, "", Bar::AtLeast(0.3));

    let cpu = server.cpu_seconds();
    let mut runs = vec![];
    for _ in 0..RUNS {
        runs.push(start(&server, &session, "short").await);
    }
    let (mut first, mut end, mut times) = (f64::MAX, 0_f64, vec![]);
    for run in runs {
        let (begun, over) = ended(&server, &run).await;
        (first, end) = (first.min(begun), end.max(over));
        times.push((over - begun) / 1e3);
    }
    let cpu = server.cpu_seconds() - cpu;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let steps = (RUNS * STEPS) as f64;
    table.row("200 workflows of 10 no-op steps", steps / ((end - first) / 1e6), "steps/s", Bar::AtLeast(15_000.0));
    table.row("the same, CPU time of the server for a step", cpu * 1e3 / steps, "ms", Bar::AtMost(0.12));
    table.row("the same, p99 of a workflow", percentile(&mut times, 99), "ms", Bar::AtMost(130.0));

    let long = start(&server, &session, "long").await;
    loop {
        let row = server.http("GET", &format!("/api/runs/{long}"), None).await;
        if row["questions"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server.kill();
    let server = serve(data.path(), &variables);
    let stream = format!("run/{long}");
    let approval = format!("/api/runs/{long}/steps/{}/approval", LONG + 1);
    let landed = server.http("POST", &approval, Some(json!({"approved": true}))).await;
    let from = landed["revision"].as_u64().and_then(|revision| usize::try_from(revision).ok()).expect("a revision");
    ended(&server, &long).await;
    let from = from.saturating_sub(3);
    let answered = last(&server, &stream, from, "ApprovalAnswered").await.expect("it was answered");
    let asked = last(&server, &stream, from, "StepRequested").await.expect("it went on");
    table.row(
        "replay of a run of 10,000 steps to its next new step",
        (asked - answered) / 1e3,
        "ms",
        Bar::AtMost(150.0),
    );
    server.kill();
}
