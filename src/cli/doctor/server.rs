//! The server that holds the data folder: whether it answers, and what it says of itself.

use std::{fs, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::{Patient, finding::Finding};
use crate::cli::{client::Client, compose::version, exit::Failure};

const AREA: &str = "server";
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_millis(400);

/// What the server says.
#[derive(Default)]
pub struct Said {
    /// How it is; nothing where none runs.
    pub findings: Vec<Finding>,
    /// The providers that it can ask, by id; `None` where it could not be asked.
    pub providers: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Health {
    version: String,
    troubles: Vec<String>,
}

/// Asks it, if one runs.
pub async fn ask(patient: &Patient<'_>) -> Said {
    let Some(base) = patient.base() else { return Said::default() };
    let data = &patient.loaded.data;
    let Ok(key) = fs::read_to_string(data.join("key")) else {
        let means = "it cannot be asked how it is";
        let finding = Finding::note(AREA, "the key of the running server cannot be read by you", means);
        return Said { findings: vec![finding], providers: None };
    };
    let asked = async {
        let client = Client::new(data, base, key.trim())?;
        let health: Health = client.get("/health").await?;
        let providers: Value = client.get("/api/providers").await?;
        Ok::<_, Failure>((health, configured(&providers)))
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok((health, providers))) => Said { findings: health_of(&health), providers: Some(providers) },
        Ok(Err(failure)) => {
            Said { findings: vec![silent(base, &format!("{:#}", failure.error), patient)], providers: None }
        }
        Err(_) => Said { findings: vec![silent(base, "it did not answer in time", patient)], providers: None },
    }
}

/// The ids of the providers that can be asked.
fn configured(providers: &Value) -> Vec<String> {
    let all = providers["providers"].as_array().into_iter().flatten();
    all.filter(|one| one["configured"] == true).filter_map(|one| Some(one["id"].as_str()?.to_owned())).collect()
}

fn silent(base: &str, why: &str, patient: &Patient<'_>) -> Finding {
    let pid = patient.holder.as_ref().map_or(0, |holder| holder.pid);
    let means = "pages and commands wait for it; killing it is safe, and what was begun goes on at the next start";
    Finding::problem(AREA, format!("the server at {base} is not well: {why}"), means)
        .todo(format!("kill {pid} and start it again; its standard error says more"))
}

fn health_of(health: &Health) -> Vec<Finding> {
    let Health { version: runs, troubles } = health;
    let mut findings: Vec<Finding> = troubles
        .iter()
        .map(|trouble| Finding::problem(AREA, trouble, "the running server says so at /health").todo("reenact verify"))
        .collect();
    if *runs != version() {
        let means = format!("it is another build than this program ({})", version());
        findings.push(
            Finding::note(AREA, format!("the running server is {runs}"), means).todo("stop it and start it again"),
        );
    }
    if findings.is_empty() {
        findings.push(Finding::ok(AREA, "the running server is well"));
    }
    findings
}
