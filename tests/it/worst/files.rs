//! Strange files through the tools of a running server: huge, endless, binary, no files at all, and swapped while they are read.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{FileExt as _, symlink},
    },
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::process::{Ground, Server, Socket};

const SECRET: &str = "a secret of another folder";
/// The tools read what they show in pieces; nothing of a large file stays.
const ROOM_KIB: u64 = 96 * 1024;

struct Desk {
    ground: Ground,
    server: Server,
    chat: String,
    socket: Socket,
}

impl Desk {
    async fn new() -> Self {
        let ground = Ground::new("");
        let server = ground.serve_as(|command| {
            command.env("REENACT_WORDS_PER_SECOND", "0");
        });
        let (_, session) = server.desk(&ground).await;
        let chat = server.chat(&session).await;
        let mut socket = server.socket().await;
        socket.subscribe(1, &chat, None).await;
        Self { ground, server, chat, socket }
    }

    fn root(&self) -> &Path {
        self.ground.project.path()
    }

    /// Asks the offline model, and answers with how the tool that it called ended.
    async fn ask(&mut self, text: &str) -> Value {
        let command = serde_json::json!({"type": "PostMessage", "text": text});
        let posted = self.socket.command(&self.chat, command).await;
        assert_eq!(posted["op"], "accepted", "{posted}");
        let mut finished = Value::Null;
        loop {
            let frame = self.socket.until(|frame| frame["op"] == "event").await;
            match frame["type"].as_str().unwrap() {
                "ToolFinished" => finished = frame["data"].clone(),
                "TurnFinished" => break,
                _ => {}
            }
        }
        assert!(!finished.is_null(), "`{text}` called no tool");
        finished
    }
}

fn pipe(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
}

#[tokio::test]
async fn huge_files_and_files_that_are_none_are_answered_in_time_and_in_little_memory() {
    let mut desk = Desk::new().await;
    let root = desk.root().to_owned();
    File::create(root.join("sparse.bin")).unwrap().set_len(2 * 1024 * 1024 * 1024).unwrap();
    let two = File::create(root.join("sparse.txt")).unwrap();
    two.write_all_at(&b"first line\n".repeat(2_000), 0).unwrap();
    two.set_len(2 * 1024 * 1024 * 1024).unwrap();
    let line = "z".repeat(100 * 1024 * 1024);
    fs::write(root.join("line.txt"), &line).unwrap();
    // Two GiB in one line, of which the disk holds a hundred MiB.
    let long = File::create(root.join("long.txt")).unwrap();
    long.write_all_at(line.as_bytes(), 0).unwrap();
    long.set_len(2 * 1024 * 1024 * 1024).unwrap();
    fs::write(root.join("binary.dat"), [0_u8, 159, 146, 150].repeat(1_000)).unwrap();
    pipe(&root.join("pipe.txt"));
    symlink("/dev/zero", root.join("zero.txt")).unwrap();
    symlink("/proc/self/environ", root.join("environ.txt")).unwrap();
    symlink("pipe.txt", root.join("link.txt")).unwrap();
    symlink("loop.txt", root.join("loop.txt")).unwrap();
    fs::write(root.join(OsStr::from_bytes(b"br\xfcnn.txt")), "well").unwrap();
    fs::create_dir(root.join(OsStr::from_bytes(b"\xff\xfe"))).unwrap();
    fs::write(root.join(OsStr::from_bytes(b"\xff\xfe")).join("inner.txt"), "a TODO of the inner file").unwrap();

    let before = desk.server.resident_kib();
    for (question, outcome) in [
        ("read sparse.bin", "failed"),
        ("read sparse.txt", "succeeded"),
        ("read sparse.txt:1999-2003", "succeeded"),
        ("read line.txt", "succeeded"),
        ("read line.txt:2-3", "failed"),
        ("read long.txt", "succeeded"),
        ("read long.txt:2-3", "failed"),
        ("read binary.dat", "failed"),
        ("read pipe.txt", "failed"),
        ("read link.txt", "failed"),
        ("read loop.txt", "failed"),
        ("read zero.txt", "failed"),
        ("read environ.txt", "failed"),
        ("read /proc/self/environ", "failed"),
        ("read /proc/1/mem", "failed"),
        ("read /dev/zero", "failed"),
        ("read ../../../../etc/passwd", "failed"),
        ("list", "succeeded"),
        ("search TODO", "succeeded"),
        ("search /zzz+/", "succeeded"),
        ("find **/*", "succeeded"),
    ] {
        let since = Instant::now();
        let finished = desk.ask(question).await;
        let took = since.elapsed();
        assert_eq!(finished["outcome"], outcome, "{question}: {finished}");
        // Each is some hundred milliseconds; waiting for a pipe or reading to an end that never comes is far more.
        assert!(took < Duration::from_secs(30), "{question}: {took:?}");
        assert!(finished.to_string().len() < 64 * 1024, "{question}: what is shown is bounded");
        println!("{question}: {took:?}, {} KiB", desk.server.resident_kib());
    }
    let after = desk.server.resident_kib();
    assert!(after.saturating_sub(before) < ROOM_KIB, "{before} KiB became {after} KiB");
}

#[tokio::test]
async fn a_link_swapped_all_the_time_never_shows_what_is_outside() {
    let mut desk = Desk::new().await;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("notes.txt"), SECRET).unwrap();
    let inside = desk.root().join("inside");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("notes.txt"), "what may be seen").unwrap();
    let (link, next) = (desk.root().join("folder"), desk.root().join("next"));
    symlink("inside", &link).unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let swapping = std::thread::spawn({
        let (over, target) = (over.clone(), outside.path().to_owned());
        move || {
            while !over.load(Ordering::Relaxed) {
                for target in [target.as_path(), Path::new("inside")] {
                    symlink(target, &next).unwrap();
                    fs::rename(&next, &link).unwrap();
                }
            }
        }
    });
    let (mut seen, mut refused) = (0, 0);
    for n in 0..60 {
        let question = ["read folder/notes.txt", "list folder", "search secret", "find **/*.txt"][n % 4];
        let finished = desk.ask(question).await;
        if n % 4 == 0 {
            if finished["outcome"] == "succeeded" { seen += 1 } else { refused += 1 }
        }
    }
    over.store(true, Ordering::Relaxed);
    swapping.join().unwrap();
    println!("read {seen} times, refused {refused} times");
    let all = serde_json::to_string(&desk.server.events(&desk.chat).await).unwrap();
    assert!(!all.contains(SECRET), "what is outside was read");
    assert!(seen > 0 && refused > 0, "the link was never swapped: the test is not testing");
}
