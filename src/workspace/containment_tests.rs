//! Every way out of a project that was thought of, tried on real folders.

use super::{Access, Located, PathCode, Workspace};
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A project beside a folder that is none of its business.
struct Ground {
    temp: TempDir,
    project: PathBuf,
    outside: PathBuf,
}

fn ground() -> Ground {
    let temp = tempfile::tempdir().unwrap();
    let base = temp.path().canonicalize().unwrap();
    let (project, outside) = (base.join("project"), base.join("outside"));
    fs::create_dir_all(project.join("src")).unwrap();
    fs::create_dir_all(&outside).unwrap();
    fs::write(project.join("README.md"), "readme").unwrap();
    fs::write(project.join("src/main.rs"), "fn main() {}").unwrap();
    fs::write(outside.join("secret.txt"), "secret").unwrap();
    Ground { temp, project, outside }
}

impl Ground {
    fn open(&self) -> Workspace {
        Workspace::open(&self.project).unwrap()
    }

    #[track_caller]
    fn refused(&self, path: &str) -> (PathCode, String) {
        let space = self.open();
        match space.locate(path) {
            Ok(located) => panic!("`{path}` was opened: {located:?}"),
            Err(error) => (error.code, error.to_string()),
        }
    }
}

#[track_caller]
fn text(space: &Workspace, path: &str) -> String {
    let mut text = String::new();
    space.open_file(path).unwrap().file.read_to_string(&mut text).unwrap();
    text
}

fn pipe(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
}

#[test]
fn files_of_the_project_are_read_however_their_path_is_spelled() {
    let ground = ground();
    let space = ground.open();
    for path in ["src/main.rs", "./src/main.rs", "src/../src/main.rs", "src//main.rs", "src/./main.rs"] {
        assert_eq!(text(&space, path), "fn main() {}", "{path}");
        assert_eq!(space.open_file(path).unwrap().path, "src/main.rs");
    }
    let absolute = ground.project.join("src/main.rs");
    assert_eq!(space.open_file(absolute.to_str().unwrap()).unwrap().path, "src/main.rs");
    for path in ["", ".", "./", "src/..", ground.project.to_str().unwrap()] {
        assert_eq!(space.open_directory(path).unwrap().path, ".", "{path}");
    }
}

#[test]
fn a_project_opened_through_a_link_understands_paths_through_that_link() {
    let ground = ground();
    let link = ground.temp.path().join("link");
    symlink(&ground.project, &link).unwrap();
    let space = Workspace::open(&link).unwrap();
    assert_eq!(space.root(), ground.project);
    assert_eq!(text(&space, link.join("README.md").to_str().unwrap()), "readme");
    assert_eq!(text(&space, ground.project.join("README.md").to_str().unwrap()), "readme");
}

#[test]
fn dots_do_not_lead_out() {
    let ground = ground();
    let through_root = ground.project.join("../outside/secret.txt");
    for path in ["../outside/secret.txt", "src/../../outside/secret.txt", "..", through_root.to_str().unwrap()] {
        let (code, message) = ground.refused(path);
        assert_eq!(code, PathCode::OutsideProject, "{path}");
        assert!(message.contains("leads out of the project with `..`. Use a path inside"), "{message}");
    }
}

#[test]
fn absolute_paths_elsewhere_are_refused_and_the_likely_one_is_named() {
    let ground = ground();
    for path in ["/etc/passwd", "/proc/self/environ", "/dev/zero", "/", ground.outside.to_str().unwrap()] {
        assert_eq!(ground.refused(path).0, PathCode::OutsideProject, "{path}");
    }
    // A neighbour whose name begins as the project's does.
    let neighbour = format!("{}-old/secret.txt", ground.project.display());
    assert_eq!(ground.refused(&neighbour).0, PathCode::OutsideProject);
    let (_, message) = ground.refused("/src/main.rs");
    assert!(message.ends_with("Paths are relative to the project: did you mean `src/main.rs`?"), "{message}");
}

#[test]
fn links_out_of_the_project_are_refused_and_links_inside_are_followed() {
    let ground = ground();
    let link = |target: &str, name: &str| symlink(target, ground.project.join(name)).unwrap();
    link(ground.outside.join("secret.txt").to_str().unwrap(), "absolute");
    link("../outside/secret.txt", "relative");
    link(ground.outside.to_str().unwrap(), "folder");
    link("../outside", "near");
    link("/proc/self/environ", "environment");
    link("/", "root");
    link("/dev/zero", "zero");
    link("relative", "twice");
    for path in [
        "absolute",
        "relative",
        "folder/secret.txt",
        "near/secret.txt",
        "folder",
        "environment",
        "zero",
        "twice",
        "root/etc/passwd",
    ] {
        let (code, message) = ground.refused(path);
        assert_eq!(code, PathCode::OutsideProject, "{path}");
        assert!(message.contains("link that leads out"), "{message}");
    }
    link("src", "inside");
    link("../README.md", "src/readme");
    let space = ground.open();
    assert_eq!(text(&space, "inside/main.rs"), "fn main() {}");
    assert_eq!(text(&space, "src/readme"), "readme");
    assert_eq!(space.open_file("inside/main.rs").unwrap().path, "src/main.rs");
    link("loop-b", "loop-a");
    link("loop-a", "loop-b");
    assert_eq!(ground.refused("loop-a").0, PathCode::InvalidPath);
}

#[test]
fn a_folder_exchanged_for_a_link_after_the_project_was_opened_leads_nowhere() {
    let ground = ground();
    let space = ground.open();
    assert_eq!(text(&space, "src/main.rs"), "fn main() {}");
    fs::write(ground.outside.join("main.rs"), "outside").unwrap();
    fs::remove_dir_all(ground.project.join("src")).unwrap();
    symlink(&ground.outside, ground.project.join("src")).unwrap();
    assert_eq!(space.open_file("src/main.rs").unwrap_err().code, PathCode::OutsideProject);
}

#[test]
fn while_a_link_is_swapped_all_the_time_nothing_from_outside_is_ever_read() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let ground = ground();
    let space = ground.open();
    fs::write(ground.outside.join("main.rs"), "outside").unwrap();
    let (live, aside, evil) = (ground.project.join("src"), ground.project.join("spare"), ground.project.join("evil"));
    symlink(&ground.outside, &evil).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                fs::rename(&live, &aside).unwrap();
                fs::rename(&evil, &live).unwrap();
                fs::rename(&live, &evil).unwrap();
                fs::rename(&aside, &live).unwrap();
            }
        });
        for _ in 0..3_000 {
            if let Ok(mut opened) = space.open_file("src/main.rs") {
                let mut text = String::new();
                opened.file.read_to_string(&mut text).unwrap();
                assert_eq!(text, "fn main() {}");
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn what_is_no_file_is_refused_without_waiting_for_it() {
    let ground = ground();
    pipe(&ground.project.join("pipe"));
    let _socket = std::os::unix::net::UnixListener::bind(ground.project.join("socket")).unwrap();
    symlink("pipe", ground.project.join("link-to-pipe")).unwrap();
    for path in ["pipe", "socket", "link-to-pipe"] {
        assert_eq!(ground.refused(path).0, PathCode::NotRegular, "{path}");
    }
}

#[test]
fn sensitive_places_are_refused_by_every_spelling() {
    let ground = ground();
    for file in [".env", ".env.example", "server.key", ".git/config", ".git/HEAD", ".ssh/known_hosts"] {
        fs::create_dir_all(ground.project.join(file).parent().unwrap()).unwrap();
        fs::write(ground.project.join(file), "x").unwrap();
    }
    symlink(".env", ground.project.join("notes.txt")).unwrap();
    symlink(".ssh", ground.project.join("folder")).unwrap();
    let absolute = ground.project.join(".env");
    for path in [
        ".env",
        "./.env",
        "src/../.env",
        absolute.to_str().unwrap(),
        "notes.txt",
        "folder",
        "folder/known_hosts",
        "server.key",
        ".git/config",
        ".env.absent",
        "/root/.ssh/id_rsa",
    ] {
        let (code, message) = ground.refused(path);
        assert_eq!(code, PathCode::Sensitive, "{path}");
        assert!(message.contains("ask the user for that value"), "{message}");
    }
    let space = ground.open();
    assert_eq!(text(&space, ".env.example"), "x");
    assert_eq!(text(&space, ".git/HEAD"), "x");
}

#[test]
fn wrong_paths_are_answered_with_what_to_do() {
    let ground = ground();
    let (code, message) = ground.refused("src/mian.rs");
    assert_eq!(code, PathCode::NotFound);
    assert!(message.contains("Did you mean `src/main.rs`?"), "{message}");
    assert_eq!(ground.refused("absent/deep/file").0, PathCode::NotFound);
    assert_eq!(ground.refused("README.md/x").0, PathCode::NotADirectory);
    assert_eq!(ground.refused("a\0b").0, PathCode::InvalidPath);
    assert_eq!(ground.refused(&"x".repeat(300)).0, PathCode::InvalidPath);
    let space = ground.open();
    assert_eq!(space.open_file("src").unwrap_err().code, PathCode::NotAFile);
    assert_eq!(space.open_directory("README.md").unwrap_err().code, PathCode::NotADirectory);
}

#[test]
fn a_near_name_never_tells_of_a_sensitive_file() {
    let ground = ground();
    fs::write(ground.project.join("server.key"), "x").unwrap();
    let (_, message) = ground.refused("server.ke");
    assert!(!message.contains("server.key"), "{message}");
}

#[test]
fn a_grant_opens_its_folder_for_reading_and_nothing_beside_it() {
    let ground = ground();
    let granted = ground.outside.join("docs");
    fs::create_dir_all(granted.join(".ssh")).unwrap();
    fs::write(granted.join("guide.md"), "guide").unwrap();
    fs::write(granted.join(".env"), "x").unwrap();
    symlink("../secret.txt", granted.join("link")).unwrap();
    let access = Access { grants: vec![granted.clone()], ..Access::default() };
    let space = Workspace::open_with(&ground.project, access).unwrap();
    let path = |name: &str| granted.join(name).display().to_string();
    assert_eq!(text(&space, &path("guide.md")), "guide");
    assert_eq!(space.open_file(&path("guide.md")).unwrap().path, path("guide.md"));
    assert_eq!(space.open_directory(&path("")).unwrap().path, granted.display().to_string());
    let code = |name: &str| space.locate(&path(name)).unwrap_err().code;
    assert_eq!(code(".env"), PathCode::Sensitive);
    assert_eq!(code(".ssh"), PathCode::Sensitive);
    assert_eq!(code("link"), PathCode::OutsideProject);
    assert_eq!(code("../secret.txt"), PathCode::OutsideProject);
}

#[test]
fn a_grant_of_one_file_opens_that_file_alone() {
    let ground = ground();
    fs::write(ground.outside.join("other.txt"), "other").unwrap();
    let file = ground.outside.join("secret.txt");
    let access = Access { grants: vec![file.clone()], ..Access::default() };
    let space = Workspace::open_with(&ground.project, access).unwrap();
    assert_eq!(text(&space, file.to_str().unwrap()), "secret");
    for path in [ground.outside.join("other.txt"), ground.outside.clone()] {
        assert_eq!(space.locate(path.to_str().unwrap()).unwrap_err().code, PathCode::OutsideProject);
    }
}

#[test]
fn grants_that_cannot_be_are_told_and_do_not_hinder_the_project() {
    let ground = ground();
    let keys = ground.outside.join(".ssh");
    fs::create_dir(&keys).unwrap();
    let grants = vec![ground.outside.join("absent"), keys, PathBuf::from("relative"), PathBuf::from("/proc/self")];
    let space = Workspace::open_with(&ground.project, Access { grants, ..Access::default() }).unwrap();
    let codes: Vec<PathCode> = space.unusable_grants().iter().map(|error| error.code).collect();
    assert_eq!(codes, [PathCode::NotFound, PathCode::Sensitive, PathCode::InvalidPath, PathCode::InvalidPath]);
    assert_eq!(text(&space, "README.md"), "readme");
}

#[test]
fn the_servers_own_folder_is_closed_inside_a_project_but_not_a_worktree_inside_it() {
    let ground = ground();
    let data = ground.project.join("data");
    fs::create_dir_all(data.join("worktrees/one")).unwrap();
    fs::write(data.join("first"), "x").unwrap();
    fs::write(data.join("worktrees/one/file"), "work").unwrap();
    let access = || Access { denied: vec![data.clone()], ..Access::default() };
    let space = Workspace::open_with(&ground.project, access()).unwrap();
    assert_eq!(space.locate("data/first").unwrap_err().code, PathCode::Sensitive);
    assert_eq!(space.locate("data").unwrap_err().code, PathCode::Sensitive);
    let worktree = Workspace::open_with(&data.join("worktrees/one"), access()).unwrap();
    assert_eq!(text(&worktree, "file"), "work");
    let through_grant = Access { grants: vec![data.clone()], denied: vec![data.clone()] };
    let space = Workspace::open_with(&ground.outside, through_grant).unwrap();
    assert_eq!(space.unusable_grants().len(), 1);
}

#[test]
fn locate_tells_files_from_folders() {
    let ground = ground();
    let space = ground.open();
    assert!(matches!(space.locate("src").unwrap(), Located::Directory(_)));
    assert!(matches!(space.locate("README.md").unwrap(), Located::File(file) if file.bytes == 6));
}
