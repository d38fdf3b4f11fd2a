//! The disk under the data folder: room, the kind of its file system, and whether a sync is what it says.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{finding::Finding, mounts::Mount};

const AREA: &str = "disk";
/// The log's next segment and the one behind it, in bytes.
const NEEDED: u64 = 128 * 1024 * 1024;
const COMFORTABLE: u64 = 1024 * 1024 * 1024;
/// File systems whose other end is on another machine, or in another program.
const REMOTE: &[&str] = &[
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "ceph",
    "glusterfs",
    "lustre",
    "afs",
    "virtiofs",
    "fuse.sshfs",
    "fuse.s3fs",
];
/// Mount options that make a sync a promise nobody keeps.
const NO_BARRIER: &[&str] = &["nobarrier", "barrier=0", "volatile"];
/// How many syncs are timed at most, and for how long.
const SYNCS: usize = 10;
const PATIENCE: Duration = Duration::from_millis(150);
/// Faster than this no disk is that keeps what it says, and slower than that it is felt.
const TOO_FAST: Duration = Duration::from_micros(8);
const SLOW: Duration = Duration::from_millis(50);

/// Looks at it.
pub fn look(data: &Path) -> Vec<Finding> {
    let there = nearest(data);
    let mut findings = vec![room(&there)];
    findings.extend(inodes(&there));
    findings.push(file_system(&there, data));
    if let Some(library) = no_sync_library() {
        let means = "it makes every sync do nothing: a power cut takes back what was acknowledged";
        findings.push(Finding::problem(AREA, format!("LD_PRELOAD loads {library}"), means).todo("unset LD_PRELOAD"));
    }
    findings.extend(syncs(data));
    findings
}

/// The folder itself, or the nearest one above it that is there.
fn nearest(data: &Path) -> PathBuf {
    let there = data.ancestors().find(|path| path.exists()).unwrap_or(data);
    there.canonicalize().unwrap_or_else(|_| there.to_owned())
}

fn room(there: &Path) -> Finding {
    match rustix::fs::statvfs(there) {
        Ok(stat) => judged_room(there, stat.f_bavail.saturating_mul(stat.f_frsize)),
        Err(error) => {
            Finding::problem(AREA, format!("{}: {error}", there.display()), "the data folder cannot lie there")
        }
    }
}

fn judged_room(there: &Path, free: u64) -> Finding {
    let found = format!("{} free at {}", size(free), there.display());
    let todo = format!("make room on that disk, or name another folder with --data: df -h {}", there.display());
    if free < NEEDED {
        let means =
            "the log takes two segments of 64 MiB ahead: without them commands are refused, and nothing is lost";
        return Finding::problem(AREA, found, means).todo(todo);
    }
    if free < COMFORTABLE {
        return Finding::note(AREA, found, "a million events take about half a GiB").todo(todo);
    }
    Finding::ok(AREA, found)
}

fn inodes(there: &Path) -> Option<Finding> {
    let stat = rustix::fs::statvfs(there).ok()?;
    // Some file systems count none.
    (stat.f_files > 0 && stat.f_favail == 0).then(|| {
        Finding::problem(
            AREA,
            format!("no more files fit at {}", there.display()),
            "the log cannot begin its next segment",
        )
        .todo(format!("delete files on that disk: df -i {}", there.display()))
    })
}

fn file_system(there: &Path, data: &Path) -> Finding {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    match Mount::of(there, &mounts) {
        Some(mount) => judged(&mount, data),
        None => Finding::note(AREA, "the kind of the file system is not told here", "nothing is known of its syncs"),
    }
}

fn judged(mount: &Mount, data: &Path) -> Finding {
    let Mount { place, kind, .. } = mount;
    let found = format!("{kind}, mounted at {}", place.display());
    let elsewhere = "reenact --data DIR, with a folder on a disk of this machine";
    if mount.has(&["ro"]).is_some() {
        return Finding::problem(AREA, format!("{found} read-only"), "nothing can be written there")
            .todo(format!("sudo mount -o remount,rw {}", place.display()));
    }
    if let Some(option) = mount.has(NO_BARRIER) {
        let means = "syncs reach no disk: a power cut takes back what was acknowledged, and may damage the log";
        return Finding::problem(AREA, format!("{found} with `{option}`"), means).todo(elsewhere);
    }
    match kind.as_str() {
        "tmpfs" | "ramfs" => {
            let means = "it is memory: at the next restart of the machine everything is gone";
            Finding::note(AREA, found, means).todo(elsewhere)
        }
        kind if REMOTE.contains(&kind) && mount.has(&["nolock", "local_lock=all", "local_lock=flock"]).is_some() => {
            let means = "its locks hold on this machine alone: a second server elsewhere would write into the same log";
            Finding::problem(AREA, format!("{found} without locks"), means).todo(elsewhere)
        }
        kind if REMOTE.contains(&kind) => {
            let means = "locks and syncs are as good as the other end keeps them; an answer waits for the network";
            Finding::note(AREA, found, means).todo(elsewhere)
        }
        "overlay" if data.starts_with("/") && place == Path::new("/") => {
            let means = "it is the layer of a container: when that is removed, everything is gone";
            Finding::note(AREA, found, means)
                .todo("keep the data folder on a volume: docs/operations.md has a container file")
        }
        _ => Finding::ok(AREA, found),
    }
}

/// A library in front of the system's that swallows syncs.
fn no_sync_library() -> Option<String> {
    let loaded = std::env::var("LD_PRELOAD").ok()?;
    loaded
        .split([' ', ':'])
        .find(|library| library.contains("eatmydata") || library.contains("nosync"))
        .map(str::to_owned)
}

/// Times some syncs of a small file in the data folder, if it is there and can be written.
fn syncs(data: &Path) -> Option<Finding> {
    let mut took = timed(data).ok()?;
    took.sort_unstable();
    let middle = *took.get(took.len() / 2)?;
    Some(judged_sync(middle))
}

fn judged_sync(middle: Duration) -> Finding {
    let found = format!("a sync takes {middle:.1?}");
    if middle < TOO_FAST {
        return Finding::note(AREA, found, "no disk is that fast: what is acknowledged may lie in memory only");
    }
    if middle > SLOW {
        return Finding::note(AREA, found, "every command waits for one; many at once share it");
    }
    Finding::ok(AREA, found)
}

fn timed(data: &Path) -> io::Result<Vec<Duration>> {
    let path = data.join(format!(".doctor-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
    // Without a name it goes when it is closed, whatever happens.
    fs::remove_file(&path)?;
    let began = Instant::now();
    let mut took = Vec::with_capacity(SYNCS);
    while took.len() < SYNCS && began.elapsed() < PATIENCE {
        file.write_all(&[0; 4096])?;
        let now = Instant::now();
        file.sync_data()?;
        took.push(now.elapsed());
    }
    Ok(took)
}

/// A number of bytes for people.
pub fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    match bytes / MIB {
        0 => format!("{} KiB", bytes / 1024),
        mib @ 1..1024 => format!("{mib} MiB"),
        mib => format!("{}.{} GiB", mib / 1024, mib % 1024 * 10 / 1024),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    fn mount(kind: &str, options: &str) -> Status {
        let options = options.split(',').map(str::to_owned).collect();
        judged(&Mount { place: "/".into(), kind: kind.into(), options }, Path::new("/data")).status
    }

    #[test]
    fn what_does_not_keep_what_it_acknowledged_is_told() {
        assert_eq!(mount("ext4", "rw,relatime"), Status::Ok);
        assert_eq!(mount("tmpfs", "rw"), Status::Note);
        assert_eq!(mount("nfs4", "rw,hard"), Status::Note);
        assert_eq!(mount("nfs", "rw,nolock"), Status::Problem);
        assert_eq!(mount("ext4", "rw,nobarrier"), Status::Problem);
        assert_eq!(mount("overlay", "rw"), Status::Note);
        assert_eq!(mount("overlay", "rw,volatile"), Status::Problem);
        assert_eq!(mount("ext4", "ro"), Status::Problem);
    }

    #[test]
    fn room_for_two_segments_is_the_least() {
        let status = |free| judged_room(Path::new("/"), free).status;
        assert_eq!([NEEDED - 1, NEEDED, COMFORTABLE].map(status), [Status::Problem, Status::Note, Status::Ok]);
        assert_eq!([900, 5 << 20, (3 << 30) / 2].map(size), ["0 KiB", "5 MiB", "1.5 GiB"]);
    }

    #[test]
    fn timing_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!timed(dir.path()).unwrap().is_empty());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert_eq!(judged_sync(Duration::from_micros(1)).status, Status::Note);
        assert_eq!(judged_sync(Duration::from_millis(1)).status, Status::Ok);
    }
}
