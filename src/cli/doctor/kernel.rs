//! What the kernel can do: confine processes, and let one hold many files.

use std::fs;

use rustix::process::{Resource, getrlimit};

use super::finding::Finding;

const AREA: &str = "kernel";
/// Fewer open files than this bring a server of one person to its end, and fewer than that one of a team.
const FEW_FILES: u64 = 256;
const SOME_FILES: u64 = 4096;
/// What a command agent or log would like to have free, in bytes.
const LITTLE_MEMORY: u64 = 256 * 1024 * 1024;

/// What is lost where the kernel cannot confine a process.
const UNCONFINED: &str = "the tools of agents only read, and are kept in the project by this program alone";

/// Looks at it.
pub fn look() -> Vec<Finding> {
    let mut findings = vec![release(), landlock(), seccomp(), files(getrlimit(Resource::Nofile).maximum)];
    findings.extend(memory());
    findings
}

fn release() -> Finding {
    let uname = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    Finding::ok(AREA, format!("{} {} on {}", text(uname.sysname()), text(uname.release()), text(uname.machine())))
}

#[cfg(target_os = "linux")]
fn landlock() -> Finding {
    use landlock::{Access as _, AccessFs, LandlockStatus, Ruleset, RulesetAttr as _};
    // Only who restricts itself is told what the kernel has: a thread does, and ends.
    let asked = std::thread::spawn(|| {
        let ruleset = Ruleset::default().handle_access(AccessFs::from_all(landlock::ABI::V1)).ok()?.create().ok()?;
        Some(ruleset.restrict_self().ok()?.landlock)
    });
    match asked.join().ok().flatten() {
        Some(LandlockStatus::Available { effective_abi, kernel_abi }) => {
            let abi = kernel_abi.map_or_else(|| effective_abi.to_string(), |abi| abi.to_string());
            Finding::ok(AREA, format!("Landlock, ABI {abi}"))
        }
        Some(LandlockStatus::NotEnabled) => {
            Finding::note(AREA, "Landlock is in this kernel, but not switched on", UNCONFINED)
                .todo("add `landlock` to the list `lsm=` on the kernel's command line, and restart the machine")
        }
        Some(LandlockStatus::NotImplemented) | None => {
            Finding::note(AREA, "this kernel has no Landlock (Linux has it from 5.13 on)", UNCONFINED)
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn landlock() -> Finding {
    Finding::note(AREA, "this system has no Landlock: Linux does", UNCONFINED)
}

fn seccomp() -> Finding {
    let actions = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    if actions.split_whitespace().any(|action| action == "errno") {
        return Finding::ok(AREA, "seccomp, with filters");
    }
    Finding::note(AREA, "this kernel has no seccomp filters", UNCONFINED)
}

/// How many files may be open; `None`: any number. A server takes all that it may.
fn files(most: Option<u64>) -> Finding {
    let means = "every page, program and log segment takes one; at the limit nobody else comes in";
    let todo = "ulimit -n 65536 in the shell that starts it; in a systemd unit: LimitNOFILE=65536";
    match most {
        Some(most) if most < FEW_FILES => {
            Finding::problem(AREA, format!("at most {most} open files"), means).todo(todo)
        }
        Some(most) if most < SOME_FILES => Finding::note(AREA, format!("at most {most} open files"), means).todo(todo),
        Some(most) => Finding::ok(AREA, format!("at most {most} open files")),
        None => Finding::ok(AREA, "any number of open files"),
    }
}

fn memory() -> Option<Finding> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let bytes = line.trim().trim_end_matches(" kB").parse::<u64>().ok()?.saturating_mul(1024);
    let found = format!("{} MiB of memory available", bytes / (1024 * 1024));
    if bytes >= LITTLE_MEMORY {
        return Some(Finding::ok(AREA, found));
    }
    Some(Finding::note(
        AREA,
        found,
        "a server of one person needs less than 100 MiB, and more the more streams are open",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn few_files_are_a_problem_and_some_a_note() {
        let status = |most| files(most).status;
        assert_eq!(
            [Some(64), Some(1024), Some(65_536), None].map(status),
            [Status::Problem, Status::Note, Status::Ok, Status::Ok]
        );
    }
}
