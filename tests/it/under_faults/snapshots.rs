//! Long streams wake from snapshots, and no snapshot, whatever became of it, changes an answer.

use std::{fs, path::PathBuf, time::Duration};

use reenact::{
    entities::{Command, chat},
    host::{Accepted, Host},
};
use replay::{
    ids::{By, CommandId, Revision, StreamId},
    snapshot::{Head, LEAST, Snapshot},
};
use serde_json::Value;

use super::stage::{FailingClock, PATIENCE, Stage, start};

fn title(n: u64) -> Command {
    chat::Command::RenameChat { title: n.to_string().as_str().into() }.into()
}

fn id(n: u64) -> CommandId {
    format!("rename-{n}").parse().unwrap()
}

async fn rename(host: &Host, chat: &StreamId, n: u64) -> Accepted {
    host.submit(chat.clone(), title(n), By::person("owner"), Some(id(n))).await.unwrap()
}

/// A chat with many events, and its snapshot.
struct Long {
    stage: Stage,
    chat: StreamId,
    /// How many titles it had.
    titles: u64,
}

impl Long {
    async fn new() -> Self {
        let stage = Stage::new(&[]);
        let chat = stage.chat("a/x").await;
        let titles = LEAST + 20;
        for n in 0..titles {
            rename(&stage.host, &chat, n).await;
        }
        let long = Self { stage, chat, titles };
        long.snapshot_behind(Revision(0)).await;
        long
    }

    fn file(&self) -> PathBuf {
        self.stage.data.path().join("snapshots").join(self.chat.as_str())
    }

    /// Waits for a snapshot that is good and holds a revision.
    async fn snapshot_behind(&self, revision: Revision) {
        let there = async {
            loop {
                let bytes = fs::read(self.file()).unwrap_or_default();
                let of_chat = |head: &Head| head.stream == self.chat && head.revision >= revision;
                if Snapshot::read(bytes).is_ok_and(|snapshot| of_chat(snapshot.head())) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, there).await.expect("a snapshot is made");
    }

    /// The next life of the server on the same log and folder.
    fn again(&self) -> Host {
        start(self.stage.log.clone(), FailingClock::default().into(), self.stage.data.path(), &[]).0
    }

    /// All that a life answers about the chat: its view, its state then and now, and commands that were done before.
    async fn answers(&self, host: &Host) -> Vec<String> {
        let (revision, view) = host.view(&self.chat).await.unwrap();
        let mut answers = vec![format!("{revision:?} {view}")];
        for upto in [Some(Revision(3)), Some(Revision(self.titles - 2)), None] {
            let state: Value = host.fold(&self.chat, upto).await.unwrap().state().unwrap();
            answers.push(format!("{upto:?} {state}"));
        }
        for n in [self.titles - 128, self.titles - 1] {
            answers.push(format!("{:?}", rename(host, &self.chat, n).await));
        }
        answers
    }
}

#[actix_web::test]
async fn a_long_chat_wakes_from_its_snapshot_and_reads_only_what_came_behind_it() {
    let long = Long::new().await;
    let living = long.answers(&long.stage.host).await;
    let host = long.again();
    host.view(&long.chat).await.unwrap();
    let from = long.stage.log.read_from().unwrap();
    assert!(from >= Revision(LEAST), "{from}");
    assert_eq!(long.answers(&host).await, living);
    let told = rename(&host, &long.chat, long.titles).await;
    assert_eq!(told.revision, Some(Revision(long.titles + 1)), "it goes on where the chat stands");
}

#[actix_web::test]
async fn a_snapshot_that_is_gone_damaged_or_of_another_time_changes_no_answer_and_is_made_anew() {
    let long = Long::new().await;
    let living = long.answers(&long.stage.host).await;
    let good = fs::read(long.file()).unwrap();
    let other = Long::new().await;
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    let cases = [
        ("gone", None),
        ("empty", Some(vec![])),
        ("noise", Some(vec![0x5A; 5000])),
        ("cut off", Some(good[..good.len() / 2].to_vec())),
        ("with a flipped bit in its sum", Some(flipped(3))),
        ("with a flipped bit in its head", Some(flipped(90))),
        ("with a flipped bit in its state", Some(flipped(good.len() - 40))),
        ("of another log", Some(fs::read(other.file()).unwrap())),
    ];
    for (what, bytes) in cases {
        match bytes {
            Some(bytes) => fs::write(long.file(), bytes).unwrap(),
            None => fs::remove_dir_all(long.stage.data.path().join("snapshots")).unwrap(),
        }
        let host = long.again();
        host.view(&long.chat).await.unwrap();
        assert_eq!(long.stage.log.read_from(), Some(Revision(0)), "{what}: it is passed over");
        assert_eq!(long.answers(&host).await, living, "{what}");
        // All that was folded is behind no snapshot: it is due at once.
        long.snapshot_behind(Revision(LEAST)).await;
    }
}

#[actix_web::test]
async fn where_snapshots_cannot_be_kept_everything_works_without_them() {
    let stage = Stage::new(&[]);
    fs::write(stage.data.path().join("snapshots"), "a file stands where the folder should").unwrap();
    let chat = stage.chat("a/x").await;
    for n in 0..LEAST + 5 {
        rename(&stage.host, &chat, n).await;
    }
    let (_, before) = stage.host.view(&chat).await.unwrap();
    let (next, _) = start(stage.log.clone(), FailingClock::default().into(), stage.data.path(), &[]);
    assert_eq!(next.view(&chat).await.unwrap().1.get(), before.get());
    assert_eq!(rename(&next, &chat, LEAST).await.revision, Some(Revision(LEAST + 1)));
}
