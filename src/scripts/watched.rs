//! Folders of workflows, watched: says that something in them changed, not what. Whoever hears it lists them again.
//!
//! A folder that is not there yet is seen when it comes: of the folders on the way to it, those that are there are watched
//! too. What happens in quick succession is told once.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode, ModifyKind},
};
use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

/// After so much quiet a change is told: an editor writes a file in several steps.
const QUIET: Duration = Duration::from_millis(80);
/// So long it is kept back at most, where there is no quiet.
const LONGEST: Duration = Duration::from_secs(1);

/// Why folders are not watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The machine's limit, mostly.
    #[error(
        "the folders of workflows cannot be watched: {0}. A list is as it was when it was read; on Linux the limits are \
         fs.inotify.max_user_instances and fs.inotify.max_user_watches"
    )]
    Refused(#[from] notify::Error),
}

/// A folder in which workflows lie, or will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    /// The folders on the way to it, the outermost first.
    on_the_way: Vec<PathBuf>,
    path: PathBuf,
}

impl Folder {
    /// One of a project's.
    pub fn beneath(project: &Path, folder: &str) -> Self {
        Self::within(project, &project.join(folder))
    }

    /// One of the user's: two folders up is the one of their configuration, or their home.
    pub fn of_user(folder: &Path) -> Self {
        Self::within(folder.ancestors().nth(2).unwrap_or(folder), folder)
    }

    fn within(outermost: &Path, path: &Path) -> Self {
        let mut on_the_way: Vec<PathBuf> =
            path.ancestors().skip(1).take_while(|above| above.starts_with(outermost)).map(Path::to_owned).collect();
        on_the_way.reverse();
        Self { on_the_way, path: path.to_owned() }
    }

    /// What happened at a path is of a script in it, or brings or takes the folder itself.
    fn concerns(&self, path: &Path) -> Option<Concern> {
        if self.path.starts_with(path) {
            return Some(Concern::Way);
        }
        path.starts_with(&self.path).then_some(Concern::Script)
    }
}

/// What a change concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concern {
    /// A folder that is watched, or is to be.
    Way,
    /// Something in one.
    Script,
}

/// The folders that are watched now, by the project whose they are.
#[derive(Default)]
pub(super) struct Watches(Mutex<HashMap<Option<PathBuf>, Weak<Shared>>>);

struct Shared {
    folders: Arc<[Folder]>,
    changes: Arc<watch::Sender<u64>>,
    /// A folder came or went: what is watched is not what is there.
    is_off: Arc<AtomicBool>,
    watcher: Mutex<Option<RecommendedWatcher>>,
}

/// Folders that are watched for as long as this lives.
pub struct Watched {
    shared: Arc<Shared>,
    seen: watch::Receiver<u64>,
}

impl Watches {
    pub fn watch(&self, project: Option<&Path>, folders: Vec<Folder>) -> Result<Watched, WatchError> {
        let mut watches = self.0.lock();
        watches.retain(|_, shared| shared.strong_count() > 0);
        let key = project.map(Path::to_owned);
        let known = watches.get(&key).and_then(Weak::upgrade);
        let shared = if let Some(shared) = known {
            shared
        } else {
            let shared = Arc::new(Shared::new(folders));
            shared.arm()?;
            watches.insert(key, Arc::downgrade(&shared));
            shared
        };
        let seen = shared.changes.subscribe();
        Ok(Watched { shared, seen })
    }
}

impl Shared {
    fn new(folders: Vec<Folder>) -> Self {
        let changes = Arc::new(watch::channel(0).0);
        Self { folders: folders.into(), changes, is_off: Arc::default(), watcher: Mutex::default() }
    }

    /// Watches what is there now, in the place of what was there before.
    fn arm(&self) -> Result<(), WatchError> {
        let mut watcher = self.watcher.lock();
        // Before the folders are looked at: one that comes meanwhile is looked for again.
        self.is_off.store(false, Ordering::SeqCst);
        let (folders, changes, is_off) = (self.folders.clone(), self.changes.clone(), self.is_off.clone());
        let mut fresh = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let concern = match &event {
                Ok(event) => concern(&folders, event),
                // It has lost the thread: all may be another.
                Err(_) => Some(Concern::Way),
            };
            if concern == Some(Concern::Way) {
                is_off.store(true, Ordering::SeqCst);
            }
            if concern.is_some() {
                changes.send_modify(|changes| *changes += 1);
            }
        })?;
        let mut watched = std::collections::BTreeSet::new();
        for folder in &*self.folders {
            for above in &folder.on_the_way {
                if above.is_dir() && watched.insert(above) {
                    watch_one(&mut fresh, above, RecursiveMode::NonRecursive)?;
                }
            }
            if folder.path.is_dir() {
                watch_one(&mut fresh, &folder.path, RecursiveMode::Recursive)?;
            }
        }
        *watcher = Some(fresh);
        Ok(())
    }
}

/// A folder that went in between is no error: that it went is seen above it.
fn watch_one(watcher: &mut RecommendedWatcher, folder: &Path, mode: RecursiveMode) -> Result<(), WatchError> {
    match watcher.watch(folder, mode) {
        Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) || !folder.is_dir() => Ok(()),
        watched => Ok(watched?),
    }
}

/// What an event concerns, if anything: that a script was read does not.
fn concern(folders: &[Folder], event: &Event) -> Option<Concern> {
    let moves = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => false,
        EventKind::Access(_) => return None,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    };
    if event.need_rescan() {
        return Some(Concern::Way);
    }
    let mut found = None;
    for path in &event.paths {
        for concern in folders.iter().filter_map(|folder| folder.concerns(path)) {
            match concern {
                Concern::Way if moves => return Some(Concern::Way),
                // Times and rights of a folder on the way say nothing of the scripts.
                Concern::Way => {}
                Concern::Script => found = Some(Concern::Script),
            }
        }
    }
    found
}

impl Watched {
    /// Waits until something has changed and it is quiet again.
    ///
    /// # Errors
    /// Folders that came cannot be watched.
    pub async fn changed(&mut self) -> Result<(), WatchError> {
        // The sender lives as long as this does.
        if self.seen.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        let at_last = Instant::now() + LONGEST;
        loop {
            let until = at_last.min(Instant::now() + QUIET);
            if timeout_at(until, self.seen.changed()).await.is_err() {
                break;
            }
        }
        // What came while nobody watched is not told of: the list is read after this.
        if self.shared.is_off.load(Ordering::SeqCst) {
            let shared = self.shared.clone();
            if let Ok(armed) = tokio::task::spawn_blocking(move || shared.arm()).await {
                armed?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::scripts::Scripts;

    async fn change(watched: &mut Watched) {
        tokio::time::timeout(Duration::from_secs(20), watched.changed()).await.expect("it is told").unwrap();
    }

    async fn quiet(watched: &mut Watched) -> bool {
        tokio::time::timeout(QUIET * 3, watched.changed()).await.is_err()
    }

    #[tokio::test]
    async fn a_folder_is_seen_when_it_comes_and_what_is_written_in_it_then() {
        let project = tempfile::tempdir().unwrap();
        let scripts = Scripts::new(None, vec![]);
        let mut watched = scripts.watch(Some(project.path())).unwrap();
        let folder = project.path().join(".claude/workflows");
        fs::create_dir(project.path().join(".claude")).unwrap();
        change(&mut watched).await;
        fs::create_dir(&folder).unwrap();
        change(&mut watched).await;
        fs::write(folder.join("a.js"), "1").unwrap();
        change(&mut watched).await;
        // As an editor does it.
        fs::write(folder.join("a.js~"), "2").unwrap();
        fs::rename(folder.join("a.js~"), folder.join("a.js")).unwrap();
        change(&mut watched).await;
        fs::remove_dir_all(project.path().join(".claude")).unwrap();
        change(&mut watched).await;
        while !quiet(&mut watched).await {}
        fs::create_dir_all(&folder).unwrap();
        change(&mut watched).await;
        fs::write(folder.join("b.js"), "1").unwrap();
        change(&mut watched).await;
    }

    #[tokio::test]
    async fn reading_scripts_and_writing_elsewhere_is_no_change() {
        let (project, user) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = project.path().join(".reenact/workflows");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.js"), "1").unwrap();
        let users = user.path().join("reenact/workflows");
        let scripts = Scripts::new(None, vec![users.clone()]);
        let mut watched = scripts.watch(Some(project.path())).unwrap();
        fs::read_to_string(folder.join("a.js")).unwrap();
        fs::read_dir(&folder).unwrap().for_each(drop);
        fs::write(project.path().join("notes.txt"), "x").unwrap();
        fs::write(project.path().join(".reenact/agents.md"), "x").unwrap();
        assert!(quiet(&mut watched).await, "nothing that concerns a script happened");
        fs::create_dir_all(&users).unwrap();
        change(&mut watched).await;
    }

    #[tokio::test]
    async fn all_who_watch_the_same_share_it_and_it_ends_with_them() {
        let project = tempfile::tempdir().unwrap();
        let scripts = Scripts::new(None, vec![]);
        let (one, mut other) =
            (scripts.watch(Some(project.path())).unwrap(), scripts.watch(Some(project.path())).unwrap());
        assert!(Arc::ptr_eq(&one.shared, &other.shared));
        let shared = Arc::downgrade(&one.shared);
        drop(one);
        fs::create_dir(project.path().join(".boocode")).unwrap();
        change(&mut other).await;
        drop(other);
        assert!(shared.upgrade().is_none());
    }
}
