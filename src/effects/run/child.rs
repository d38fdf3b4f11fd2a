//! The stream in which a step happens, seen from its run: waited for, and stopped with it.

use std::time::Duration;

use replay::{
    ids::{By, CommandId, Revision, StreamId},
    log::{Delivery, Selection},
};

use super::super::Effects;
use crate::{
    entities::{Command, chat, run},
    host::{Host, Job},
};

impl Effects {
    /// Waits for an event of a stream, as long as other events of it come.
    pub(super) async fn until(
        &self,
        stream: &StreamId,
        silence: Duration,
        is: impl Fn(&str) -> bool,
    ) -> Result<(), Waited> {
        let selection = Selection::Stream { stream: stream.clone(), from: Revision::ZERO };
        let mut events = self.log.subscribe(selection);
        loop {
            let delivery = tokio::time::timeout(silence, events.next()).await.map_err(|_| Waited::Silent)?;
            match delivery {
                Some(Ok(Delivery::Records(records))) if records.iter().any(|record| is(&record.event.kind)) => {
                    return Ok(());
                }
                Some(Ok(Delivery::Records(_) | Delivery::Live)) => {}
                Some(Err(error)) => return Err(Waited::Failed(error.to_string())),
                // The log closes, and with it the server: this is begun again at the next start.
                None => std::future::pending().await,
            }
        }
    }
}

/// Why a wait ended without what it waited for.
pub(super) enum Waited {
    /// Nothing came for too long.
    Silent,
    /// The log could not be read.
    Failed(String),
}

/// Stops what a step began, if the step is given up before it ends.
pub(super) struct StopsChild {
    done: tokio_util::sync::DropGuard,
}

impl StopsChild {
    pub(super) fn new(host: &Host, stream: &StreamId, job: &Job) -> Self {
        let done = tokio_util::sync::CancellationToken::new();
        let (host, stream, ended, cancelled) = (host.clone(), stream.clone(), done.clone(), job.cancelled.clone());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = cancelled.cancelled() => cancel(&host, &stream).await,
                () = ended.cancelled() => {}
            }
        });
        Self { done: done.drop_guard() }
    }

    pub(super) fn disarm(self) {
        drop(self.done);
    }
}

/// Stops a chat's turn, or a run. That it has ended already is as good.
pub(super) async fn cancel(host: &Host, stream: &StreamId) {
    let command: Command = match stream.kind() {
        "run" => run::Command::CancelRun {}.into(),
        _ => chat::Command::CancelTurn {}.into(),
    };
    if let Err(error) = host.submit(stream.clone(), command, By::system(), None).await {
        tracing::debug!(%stream, %error, "what a step began could not be stopped");
    }
}

pub(in crate::effects) fn id(name: &str) -> Option<CommandId> {
    name.parse().ok()
}
