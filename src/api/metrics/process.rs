//! What the kernel says of this process; nothing where it is not Linux.

use std::{fs, time::Duration};

/// The numbers of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Process {
    /// Time of the processor used, its own and the kernel's for it, in seconds.
    pub cpu_seconds: f64,
    /// When it was started, in seconds since 1970.
    pub started_at: f64,
    /// Memory held, in bytes.
    pub resident_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Open files and sockets.
    pub open_files: usize,
    /// How many may be open; `None`: any number.
    pub most_files: Option<u64>,
}

impl Process {
    /// Looks at this process.
    pub fn look() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let system = fs::read_to_string("/proc/stat").ok()?;
        let booted: u64 = system.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        let (ticks, page) = (rustix::param::clock_ticks_per_second(), rustix::param::page_size());
        let Stat { cpu, started, threads, resident } = Stat::parse(&stat)?;
        let seconds = |count: u64| Duration::from_millis(count.saturating_mul(1000) / ticks.max(1)).as_secs_f64();
        Some(Self {
            cpu_seconds: seconds(cpu),
            started_at: Duration::from_secs(booted).as_secs_f64() + seconds(started),
            resident_bytes: resident.saturating_mul(u64::try_from(page).ok()?),
            threads,
            // The listing holds one open itself.
            open_files: fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1),
            most_files: rustix::process::getrlimit(rustix::process::Resource::Nofile).current,
        })
    }
}

/// What is wanted of `/proc/self/stat`, see `proc_pid_stat(5)`. Times are in ticks of the clock, memory in pages.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    cpu: u64,
    started: u64,
    threads: u64,
    resident: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The name before it may hold spaces and brackets.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        // The first field behind the name is the third of the page.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self { cpu: field(14)? + field(15)?, threads: field(20)?, started: field(22)?, resident: field(24)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_behind_any_name() {
        let text = "42 (a (b) c) S 1 42 42 0 -1 4194304 10 0 0 0 70 30 0 0 20 0 9 0 12345 1000000 250 1844 1 1 0 0";
        assert_eq!(Stat::parse(text), Some(Stat { cpu: 100, started: 12_345, threads: 9, resident: 250 }));
        assert_eq!(Stat::parse("42 (short) S 1"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_threads_and_files() {
        let process = Process::look().unwrap();
        assert!(process.resident_bytes > 1_000_000 && process.threads > 0 && process.open_files > 0, "{process:?}");
        assert!(process.started_at > 1.6e9, "{process:?}");
    }
}
