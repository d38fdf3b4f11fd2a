//! Keys: the server's own in the data folder, and those of the providers of models.

use std::{fs, io, os::unix::fs::MetadataExt as _, path::Path};

use futures_util::future::join_all;

use super::{Patient, finding::Finding};
use crate::{
    cli::compose::providers,
    models::{OFFLINE, ProviderInfo, Providers},
};

const AREA: &str = "keys";

/// Looks at them; `at_server` are the providers that a running server can ask.
pub async fn look(patient: &Patient<'_>, at_server: Option<&[String]>, online: bool) -> Vec<Finding> {
    let data = &patient.loaded.data;
    let mut findings: Vec<Finding> = own(data).into_iter().chain(kept(data)).collect();
    let providers = match providers(patient.loaded) {
        Ok(providers) => providers,
        Err(error) => {
            let error = format!("{:#}", anyhow::Error::from(error));
            findings.push(Finding::problem(AREA, error, "the server does not start").todo("reenact config"));
            return findings;
        }
    };
    let over_http: Vec<_> = providers.list().into_iter().filter(|info| info.id != OFFLINE && info.configured).collect();
    findings.extend(over_http.iter().map(configured));
    if over_http.is_empty() {
        let means = "only the offline model answers, which is no language model";
        findings.push(
            Finding::note(AREA, "no provider of models is set up", means).todo("reenact provider set-key openai"),
        );
    }
    findings.extend(over_http.iter().filter_map(|info| unknown_to_server(info, at_server)));
    findings.extend(default_model(&providers));
    if online {
        findings.extend(join_all(over_http.iter().map(|info| answers(&providers, info))).await);
    }
    findings
}

/// The key that the command line and the printed address use.
fn own(data: &Path) -> Option<Finding> {
    let path = data.join("key");
    let shown = path.display();
    let found = match fs::metadata(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return data.join("log").is_dir().then(|| {
                let means = "the next start makes another; then revoke the one that was lost";
                Finding::note(AREA, format!("{shown} is gone"), means)
                    .todo("reenact serve; reenact key ls; reenact key revoke owner")
            });
        }
        Err(error) => return Some(Finding::problem(AREA, format!("{shown}: {error}"), "commands cannot sign in")),
    };
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        let means = "who can read it is you, for this server";
        return Some(
            Finding::problem(AREA, format!("{shown} has mode {mode:o}"), means).todo(format!("chmod 600 {shown}")),
        );
    }
    Some(match fs::read_to_string(&path) {
        Ok(key) if key.trim().is_empty() => {
            Finding::note(AREA, format!("{shown} is empty"), "the next start writes another key").todo("reenact serve")
        }
        Ok(_) => Finding::ok(AREA, format!("{shown}, mode {mode:o}")),
        Err(error) => Finding::problem(AREA, format!("{shown}: {error}"), "commands cannot sign in"),
    })
}

/// The file with the keys that were set while a server ran.
fn kept(data: &Path) -> Option<Finding> {
    let path = data.join("secrets");
    let mode = fs::metadata(&path).ok()?.mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let means = "others on this machine can read the keys of your providers";
        Finding::problem(AREA, format!("{} has mode {mode:o}", path.display()), means)
            .todo(format!("chmod 600 {}", path.display()))
    })
}

/// Where a provider's key and address come from.
fn configured(info: &ProviderInfo) -> Finding {
    let origin = info.key.as_ref().and_then(|key| key.origin.as_deref());
    let key = origin.map_or_else(|| "without a key".to_owned(), |origin| format!("key from {origin}"));
    Finding::ok(AREA, format!("{}: {key}, at {}", info.id, info.base_url.as_deref().unwrap_or_default()))
}

/// A provider that this shell has and the running server has not: it was started with another environment.
fn unknown_to_server(info: &ProviderInfo, at_server: Option<&[String]>) -> Option<Finding> {
    (!at_server?.contains(&info.id)).then(|| {
        let means = "it was started before, or with other variables";
        Finding::note(AREA, format!("the running server does not have {}", info.id), means)
            .todo("stop it and start it again from here, or put the key into reenact.toml")
    })
}

fn default_model(providers: &Providers) -> Option<Finding> {
    let name = providers.default_model();
    match providers.resolve(name) {
        Ok(_) if name == OFFLINE => None,
        Ok(_) => Some(Finding::ok(AREA, format!("{name} answers where nobody names a model"))),
        Err(error) => {
            let found = format!("the default model {name} cannot be asked: {}", error.message);
            Some(
                Finding::problem(AREA, found, "the server does not start, or cannot answer with it")
                    .todo("reenact serve --model offline"),
            )
        }
    }
}

/// Asks a provider for one word, as `reenact provider test` does.
async fn answers(providers: &Providers, info: &ProviderInfo) -> Finding {
    match providers.try_out(&info.id, None).await {
        Ok(trial) => {
            let who = trial.model.map_or_else(|| info.id.clone(), |model| format!("{}/{model}", info.id));
            Finding::ok(AREA, format!("{who} answers, within {} ms", trial.latency_ms))
        }
        Err(error) => {
            let means = format!("nothing can be asked of it now ({})", error.kind);
            Finding::problem(AREA, format!("{}: {}", info.id, error.message), means)
                .todo(format!("reenact provider test {}", info.id))
        }
    }
}
