//! The fixed list of places that are never read, listed or searched, not even inside a grant: where keys, passwords and
//! tokens are kept by convention.
//!
//! Names are compared without regard to case, because some file systems do the same. A file that only shows the shape
//! of such a file (`.env.example`) is not sensitive.

use std::path::{Component, Path};

/// Folders that hold secrets, whatever is in them.
const FOLDERS: &[&str] = &[
    ".ssh",
    ".aws",
    ".gnupg",
    ".azure",
    ".kube",
    ".password-store",
    ".gcloud",
    ".mozilla",
    ".thunderbird",
    ".1password",
    ".bitcoin",
    ".ethereum",
    "keychains",
    "keyrings",
];

/// A folder that holds secrets only where another stands above it: (parent, folder).
const NESTED_FOLDERS: &[(&str, &str)] = &[
    (".config", "gcloud"),
    (".config", "gh"),
    (".config", "hub"),
    (".config", "op"),
    (".config", "rclone"),
    (".config", "containers"),
    (".config", "google-chrome"),
    (".config", "chromium"),
    (".config", "bravesoftware"),
    ("share", "kwalletd"),
];

/// Files that hold secrets wherever they stand.
const FILES: &[&str] = &[
    ".netrc",
    "_netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".my.cnf",
    ".mylogin.cnf",
    ".git-credentials",
    ".gitcookies",
    ".htpasswd",
    ".s3cfg",
    ".boto",
    ".dockercfg",
    ".vault-token",
    ".terraformrc",
    "terraform.rc",
    "credentials",
    "credentials.json",
    "credentials.toml",
    "credentials.db",
    "credentials.tfrc.json",
    "application_default_credentials.json",
    "gradle-wrapper-credentials.properties",
    "logins.json",
    "key4.db",
    "wallet.dat",
    "shadow-",
    "gshadow",
    "reenact.toml",
];

/// A file that holds secrets only beneath a certain folder: (parent, file).
const NESTED_FILES: &[(&str, &str)] = &[
    (".docker", "config.json"),
    (".cargo", "credentials"),
    (".gem", "credentials"),
    (".m2", "settings.xml"),
    (".m2", "settings-security.xml"),
    (".gradle", "gradle.properties"),
    (".config", "hosts.yml"),
    ("etc", "shadow"),
    ("etc", "sudoers"),
];

/// Endings of key files and stores of keys.
const ENDINGS: &[&str] = &[
    ".pem",
    ".key",
    ".p12",
    ".pfx",
    ".pkcs12",
    ".jks",
    ".keystore",
    ".kdbx",
    ".ppk",
    ".keychain",
    ".keychain-db",
    ".gpg-key",
    ".ovpn",
    ".env",
];

/// Private keys of ssh begin so; what ends in `.pub` is public.
const SSH_KEYS: &[&str] = &["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_xmss"];

/// JSON files with the keys of cloud services begin so.
const SERVICE_KEYS: &[&str] = &["client_secret", "service-account", "service_account"];

/// What stands at the end of the name of a file that shows only the shape of a sensitive one.
const SHAPES: &[&str] = &["example", "sample", "template", "dist", "defaults"];

/// Whether `path`, or any folder on it, is a place where secrets are kept.
pub fn is_sensitive(path: &Path) -> bool {
    let names: Vec<String> = path
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy().to_lowercase()),
            _ => None,
        })
        .collect();
    names.iter().enumerate().any(|(index, name)| {
        let parent = index.checked_sub(1).map_or("", |above| names[above].as_str());
        is_sensitive_name(parent, name) || is_git_configuration(&names[..index], name)
    })
}

fn is_sensitive_name(parent: &str, name: &str) -> bool {
    FOLDERS.contains(&name)
        || FILES.contains(&name)
        || NESTED_FOLDERS.contains(&(parent, name))
        || NESTED_FILES.contains(&(parent, name))
        || is_environment(name)
        || ENDINGS.iter().any(|ending| name.strip_suffix(ending).is_some_and(|stem| !is_shape(stem)))
        || SSH_KEYS.iter().any(|key| name.starts_with(key)) && !is_public_key(name)
        || SERVICE_KEYS.iter().any(|key| name.starts_with(key)) && name.rsplit('.').next() == Some("json")
}

fn is_environment(name: &str) -> bool {
    name.strip_prefix(".env").is_some_and(|rest| !is_shape(rest))
}

fn is_shape(name: &str) -> bool {
    name.rsplit(['.', '-', '_']).next().is_some_and(|last| SHAPES.contains(&last))
}

fn is_public_key(name: &str) -> bool {
    name.rsplit('.').next() == Some("pub")
}

/// Git keeps addresses with passwords in them in its configuration, that of submodules and worktrees too.
fn is_git_configuration(above: &[String], name: &str) -> bool {
    matches!(name, "config" | "config.worktree") && above.iter().any(|folder| folder == ".git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(paths: &[&str], expected: bool) {
        for path in paths {
            assert_eq!(is_sensitive(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn places_of_secrets_are_sensitive_at_any_depth() {
        check(
            &[
                ".env",
                ".env.local",
                "app/.env.production",
                ".envrc",
                ".env.example.local",
                "deploy/prod.env",
                ".ssh/config",
                "home/me/.aws/credentials",
                ".gnupg/pubring.kbx",
                "id_rsa",
                "keys/id_ed25519_work",
                "certs/server.pem",
                "certs/server.key",
                ".netrc",
                ".npmrc",
                ".docker/config.json",
                ".kube/config",
                ".cargo/credentials.toml",
                ".git/config",
                ".git/modules/lib/config",
                "Library/Keychains/login.keychain-db",
                "client_secret_1.json",
            ],
            true,
        );
    }

    #[test]
    fn case_does_not_hide_a_secret() {
        check(&[".ENV", ".Ssh/known_hosts", "Server.PEM", "ID_RSA"], true);
    }

    #[test]
    fn what_only_looks_alike_can_be_read() {
        check(
            &[
                ".env.example",
                ".env.sample",
                ".env.local.example",
                "certs/server.example.pem",
                ".env.template",
                "example.env",
                "src/environment.rs",
                "src/keys.rs",
                "id_rsa.pub",
                "config.json",
                ".config/app.toml",
                "docs/ssh.md",
                ".git/HEAD",
                ".github/workflows/ci.yml",
                "src/shadow",
                "src/credentials.rs",
                "keychain.rs",
                "config",
            ],
            false,
        );
    }
}
