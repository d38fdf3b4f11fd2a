//! What is mounted where, as Linux tells it in `/proc/self/mountinfo`, see `proc_pid_mountinfo(5)`.

use std::path::{Path, PathBuf};

/// A file system where it is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub place: PathBuf,
    /// Its type: `ext4`.
    pub kind: String,
    /// All options, of the mount and of the file system.
    pub options: Vec<String>,
}

impl Mount {
    /// The mount that holds a path, which is absolute and without links.
    pub fn of(path: &Path, mountinfo: &str) -> Option<Self> {
        let mounts = mountinfo.lines().filter_map(Self::parse).filter(|mount| path.starts_with(&mount.place));
        // Of two at the same place the later hides the earlier.
        mounts.max_by_key(|mount| mount.place.components().count())
    }

    /// Whether it has one of these options.
    pub fn has(&self, options: &[&str]) -> Option<&str> {
        self.options.iter().map(String::as_str).find(|option| options.contains(option))
    }

    fn parse(line: &str) -> Option<Self> {
        let (mount, system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(4);
        let (place, options) = (unescaped(mount.next()?), mount.next()?);
        let mut system = system.split(' ');
        let kind = system.next()?.to_owned();
        let more = system.nth(1).unwrap_or_default();
        let options = options.split(',').chain(more.split(',')).filter(|option| !option.is_empty());
        Some(Self { place: place.into(), kind, options: options.map(str::to_owned).collect() })
    }
}

/// Blanks and backslashes stand there as octal numbers.
fn unescaped(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
        22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n\
        30 22 0:26 / /tmp rw,nosuid - tmpfs tmpfs rw,size=1024k\n\
        31 22 0:27 / /srv/my\\040disk ro - ext4 /dev/vdb rw,nobarrier\n";

    fn of(path: &str) -> Mount {
        Mount::of(Path::new(path), TABLE).unwrap()
    }

    #[test]
    fn the_longest_place_holds_a_path() {
        assert_eq!(of("/home/me").kind, "ext4");
        assert_eq!(of("/tmp/x").kind, "tmpfs");
        assert_eq!(of("/tmpfile").place, Path::new("/"));
    }

    #[test]
    fn options_of_mount_and_file_system_are_seen() {
        let mount = of("/srv/my disk/data");
        assert_eq!(mount.has(&["barrier=0", "nobarrier"]), Some("nobarrier"));
        assert_eq!(mount.has(&["ro"]), Some("ro"));
    }
}
