//! Programs of this machine: whether they are there, and how one would get them.

use std::{env, os::unix::fs::PermissionsExt as _, path::PathBuf};

/// Where the shell would find a program.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0))
}

/// The command that installs a package here; `None` where nobody knows.
pub fn install(package: &str) -> Option<String> {
    const WAYS: &[(&str, &str)] = &[
        ("apt-get", "sudo apt-get install -y"),
        ("dnf", "sudo dnf install -y"),
        ("pacman", "sudo pacman -S --noconfirm"),
        ("zypper", "sudo zypper install -y"),
        ("apk", "sudo apk add"),
        ("brew", "brew install"),
    ];
    let (_, way) = WAYS.iter().find(|(program, _)| find(program).is_some())?;
    Some(format!("{way} {package}"))
}
