//! The settings: whether they can be read, and whether others can read the keys in them.

use std::{fs, os::unix::fs::MetadataExt as _};

use super::finding::Finding;
use crate::cli::{
    exit::Failure,
    settings::{Given, Loaded},
};

const AREA: &str = "settings";

/// Loads them; where they are wrong, what is left are the defaults.
pub fn look(given: &Given) -> Result<(Loaded, Vec<Finding>), Failure> {
    match given.load() {
        Ok(loaded) => {
            let findings = files(given, &loaded);
            Ok((loaded, findings))
        }
        Err(error) => {
            // Without a data folder there is nothing to look at.
            let loaded = given.without_settings().map_err(Failure::usage)?;
            let means = "nothing starts with them; what follows goes by the defaults";
            let finding = Finding::problem(AREA, error, means)
                .todo("mend the value named here; `reenact config --example` shows every key");
            Ok((loaded, vec![finding]))
        }
    }
}

fn files(given: &Given, loaded: &Loaded) -> Vec<Finding> {
    let file = given.settings_file(&loaded.data);
    let both = [file.with_file_name(".env"), file];
    let there: Vec<_> = both.iter().filter(|path| path.is_file()).collect();
    let set = loaded.list.iter().filter(|setting| setting.is_set()).count();
    let mut findings: Vec<Finding> = there
        .iter()
        .filter_map(|path| {
            let mode = fs::metadata(path).ok()?.mode() & 0o777;
            let holds_key = fs::read_to_string(path).is_ok_and(|text| holds_key(&text));
            (mode & 0o077 != 0 && holds_key).then(|| {
                Finding::problem(
                    AREA,
                    format!("{} has mode {mode:o} and holds a key", path.display()),
                    "others can read it",
                )
                .todo(format!("chmod 600 {}", path.display()))
            })
        })
        .collect();
    if findings.is_empty() {
        let names: Vec<String> = there.iter().map(|path| path.display().to_string()).collect();
        let from = if names.is_empty() { "no file".to_owned() } else { names.join(" and ") };
        findings.push(Finding::ok(AREA, format!("{set} set, from {from}, the environment and flags: reenact config")));
    }
    findings
}

/// Whether a settings file or a `.env` sets something that is secret.
fn holds_key(text: &str) -> bool {
    let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#') && line.contains('='))
        .any(|line| name(line) == "key" || name(line).ends_with("_key") || name(line).ends_with("_token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_file_is_seen_and_a_comment_is_none() {
        assert!(holds_key("[openai]\nkey = \"sk-1\"\n"));
        assert!(holds_key("OPENAI_API_KEY=sk-1\n"));
        assert!(!holds_key("[openai]\n#key = \"sk-1\"\nbase_url = \"http://a/?key=1\"\n"));
    }
}
