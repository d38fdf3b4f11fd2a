//! The data folder: whose it is, who may look inside, who holds it, and what is derived in it.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use rustix::fs::{Access, access};

use super::{Patient, finding::Finding};

const AREA: &str = "data";

/// Looks at it.
pub fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let data = &patient.loaded.data;
    let found = match fs::metadata(data) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return vec![not_there(data)],
        Err(error) => {
            let means = "nothing in it can be read or written";
            return vec![
                Finding::problem(AREA, format!("{}: {error}", data.display()), means).todo("name another with --data"),
            ];
        }
    };
    let mut findings = vec![folder(data, found.uid())];
    let rooms = ["log", "blobs", "index"].map(|room| data.join(room));
    findings.extend(rooms.iter().filter_map(|room| open_to_others(room)));
    findings.extend(held(patient));
    findings.extend(derived(data));
    findings
}

fn not_there(data: &Path) -> Finding {
    let found = format!("{} is not there yet", data.display());
    Finding::note(AREA, found, "the first start makes it, for you alone").todo("reenact serve")
}

fn folder(data: &Path, owner: u32) -> Finding {
    let me = rustix::process::geteuid().as_raw();
    let shown = data.display();
    if access(data, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_err() {
        let means = "the server does not start on it, and nothing in it is changed";
        let finding =
            Finding::problem(AREA, format!("{shown} cannot be written by you (it belongs to user {owner})"), means);
        return finding
            .todo(format!("run as that user: sudo -u '#{owner}' reenact serve; or name another with --data"));
    }
    if owner != me {
        let means = "what is written there now belongs to you, and the other user cannot use it";
        let finding = Finding::note(AREA, format!("{shown} belongs to user {owner}, and you are user {me}"), means);
        return finding.todo(format!("run as that user: sudo -u '#{owner}' reenact …"));
    }
    Finding::ok(AREA, format!("{shown}, yours"))
}

/// A folder that others may look into.
fn open_to_others(path: &Path) -> Option<Finding> {
    let mode = fs::metadata(path).ok()?.mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let means = "others on this machine can read what was said in chats";
        Finding::problem(AREA, format!("{} has mode {mode:o}", path.display()), means)
            .todo(format!("chmod -R go-rwx {}", path.display()))
    })
}

fn held(patient: &Patient<'_>) -> Option<Finding> {
    let holder = patient.holder.as_ref()?;
    let Some(base) = patient.base() else {
        let found = format!("held by process {}, which does not say where it listens", holder.pid);
        let means = "it is starting, or it is a command that needs the log alone; others wait for it";
        return Some(Finding::note(AREA, found, means).todo(format!("if it stays so: kill {}", holder.pid)));
    };
    Some(Finding::ok(AREA, format!("held by process {} at {base}", holder.pid)))
}

fn derived(data: &Path) -> Option<Finding> {
    if !data.join("log").is_dir() {
        return None;
    }
    let finding = if data.join("index.broken").exists() {
        Finding::note(AREA, "the lists broke when they were used last", "the next start makes them anew")
            .todo("reenact serve")
    } else if data.join("index").is_dir() {
        Finding::ok(AREA, "lists (index/), which can be made anew from the log at any time")
    } else {
        Finding::note(AREA, "there are no lists (index/)", "the next start makes them anew from the log")
            .todo("reenact serve")
    };
    Some(finding)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::finding::Status;
    use super::*;

    #[test]
    fn a_room_that_others_may_look_into_is_a_problem_with_the_command_that_closes_it() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |mode| fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
        mode(0o700);
        assert_eq!(open_to_others(dir.path()), None);
        mode(0o750);
        let finding = open_to_others(dir.path()).unwrap();
        assert_eq!(finding.status, Status::Problem);
        assert!(finding.todo.unwrap().starts_with("chmod -R go-rwx"));
    }
}
