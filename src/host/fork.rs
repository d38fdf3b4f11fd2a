//! Forks: a stream's events copied to another one, append by append, and the event that makes a chat of its own of them.
//!
//! ```text
//! copies ─▶ copies ─▶ … ─▶ last copies and `Forked`
//! ```
//!
//! A crash may fall between any two appends. What stands there then ends in a copy: it wants nothing, takes no commands and is
//! in no list. The copies are the same whoever makes them, so the same request goes on where they end.

use std::sync::Arc;

use futures_util::StreamExt as _;
use replay::{
    fork::{Copied, Copies},
    ids::{By, CommandId, Revision, StreamId},
    log::ReadError,
    record::NewRecord,
};

use super::{
    Accepted,
    error::SubmitError,
    fold::{FoldFailure, fold},
    registry::Inner,
    request::Request,
};
use crate::entities::{Rejected, chat::Fork, occupied};

/// An append takes no further copies once they are this large, in bytes: well below what a frame may hold.
const FULL: usize = 2 * 1024 * 1024;
/// What a copy takes besides its data, in bytes, generously.
const WRAPPING: usize = 512;
/// How often a fork is looked at anew because its stream was not where it was thought to be.
const TRIES: usize = 3;

impl Inner {
    pub async fn fork(
        self: &Arc<Self>,
        fork: Fork,
        to: StreamId,
        by: By,
        id: CommandId,
    ) -> Result<Accepted, SubmitError> {
        let _alone = self.forking.lock().await;
        let mut left = TRIES;
        loop {
            left -= 1;
            let forked = self.fork_once(&fork, &to, &by, &id).await;
            match &forked {
                // An append that was thought to be lost has landed after all: the next look sees it.
                Err(SubmitError::Rejected(rejected)) if *rejected == occupied() && left > 0 => {}
                Ok(_) | Err(_) => return forked,
            }
        }
    }

    async fn fork_once(
        self: &Arc<Self>,
        fork: &Fork,
        to: &StreamId,
        by: &By,
        id: &CommandId,
    ) -> Result<Accepted, SubmitError> {
        if self.log.next_revision(&fork.from) <= fork.at {
            let message = format!("{} has no revision {}: name one that it has", fork.from, fork.at);
            return Err(Rejected { code: "no_revision", message }.into());
        }
        let there = self.log.next_revision(to);
        let last = self.last(to, there).await?;
        let complete = last.as_ref().is_some_and(|last| last.copy_of.is_none());
        if complete {
            // Its own answer, if this request made it; else it refuses.
            return self.complete(fork, to, Copied { from: there, records: vec![] }, by, id).await;
        }
        // What cannot be folded is not copied.
        self.folds(fork).await?;
        let (mut copied, mut bytes) = (Copied { from: there, records: vec![] }, 0);
        let mut copying = Copies::to(to.clone());
        let mut originals = self.log.read_stream(fork.from.clone(), Revision::ZERO);
        while let Some(original) = originals.next().await {
            let original = original.map_err(|error| read_error(&error))?;
            if original.revision > fork.at {
                break;
            }
            let copy = copying.copy(&original);
            if original.revision < there {
                if original.revision.next() == there && last.as_ref().is_some_and(|last| last.id != copy.id) {
                    return Err(occupied().into());
                }
                continue;
            }
            bytes += copy.data.json().len() + WRAPPING;
            copied.records.push(copy);
            if bytes >= FULL && original.revision < fork.at {
                self.ask(to, |reply| Request::Copy { copied: copied.clone(), reply }).await?;
                (copied, bytes) = (Copied { from: original.revision.next(), records: vec![] }, 0);
            }
        }
        if copied.from.plus(copied.records.len() as u64) != fork.at.next() {
            // More was copied before than this request wants.
            return Err(occupied().into());
        }
        self.complete(fork, to, copied, by, id).await
    }

    async fn complete(
        self: &Arc<Self>,
        fork: &Fork,
        to: &StreamId,
        copied: Copied,
        by: &By,
        id: &CommandId,
    ) -> Result<Accepted, SubmitError> {
        let request = |reply| {
            let fork = Box::new(fork.clone());
            Request::Fork { copied: copied.clone(), fork, by: by.clone(), id: id.clone(), reply }
        };
        self.ask(to, request).await
    }

    async fn folds(self: &Arc<Self>, fork: &Fork) -> Result<(), SubmitError> {
        let (host, from, at) = (Arc::clone(self), fork.from.clone(), fork.at);
        let folding =
            self.tasks.spawn(async move { fold(&host.log, &host.snapshots, &from, Some(at)).await.map(drop) });
        let folded = folding.await.unwrap_or_else(|error| Err(FoldFailure::Stopped(error.to_string())));
        folded.map_err(|failure| SubmitError::of_fold(&failure))
    }

    /// The last event of a stream whose next revision is this.
    async fn last(&self, stream: &StreamId, next: Revision) -> Result<Option<NewRecord>, SubmitError> {
        let Some(last) = next.before() else { return Ok(None) };
        let record = self.log.read_stream(stream.clone(), last).next().await;
        Ok(record.transpose().map_err(|error| read_error(&error))?.map(|record| record.event))
    }
}

fn read_error(error: &ReadError) -> SubmitError {
    SubmitError::of_fold(&FoldFailure::Read(error.clone()))
}
