//! An entity made from the log, from the nearest snapshot on.

use std::sync::Arc;

use futures_util::StreamExt as _;
use replay::{
    entity::FoldError,
    ids::{Revision, StreamId},
    log::{EventLog, ReadError},
    snapshot::Pace,
};

use super::snapshots::Snapshots;
use crate::entities::{AnyEntity, Kind};

/// Why a stream could not be folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldFailure {
    /// Its kind is not known.
    #[error("`{0}` is not a kind of stream that this server knows")]
    UnknownKind(String),
    /// A record could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record could not be folded.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// The fold was cut off.
    #[error("the fold was cut off: {0}")]
    Stopped(String),
}

impl FoldFailure {
    /// Whether the same fold may succeed a moment later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Read(ReadError::Io(_)) | Self::Stopped(_) => true,
            Self::Read(ReadError::Damaged { .. }) | Self::UnknownKind(_) | Self::Fold(_) => false,
        }
    }
}

/// So many events are folded before others have their turn.
const STRIDE: u64 = 256;

/// An entity that was folded, and how much of it no snapshot holds.
pub(super) struct Folded {
    pub entity: AnyEntity,
    /// How much is folded in, in bytes of events' data; where a snapshot stands for some, as much as that takes.
    pub weight: u64,
    pub pace: Pace,
}

/// Folds the durable events of a stream, up to and with a revision (all, where absent).
pub(super) async fn fold(
    log: &Arc<dyn EventLog>,
    snapshots: &Snapshots,
    stream: &StreamId,
    upto: Option<Revision>,
) -> Result<Folded, FoldFailure> {
    let kind = Kind::of(stream).ok_or_else(|| FoldFailure::UnknownKind(stream.kind().to_owned()))?;
    let (mut entity, mut weight) = match snapshots.nearest(log, (kind, stream), upto).await {
        Some(nearest) => nearest,
        None => (AnyEntity::new(kind, stream.clone()), 0),
    };
    let mut pace = Pace::behind(weight);
    let mut records = log.read_stream(stream.clone(), entity.next_revision());
    while let Some(record) = records.next().await {
        let record = record?;
        if upto.is_some_and(|upto| record.revision > upto) {
            break;
        }
        entity.apply(&record)?;
        let bytes = record.event.data.json().len() as u64;
        weight += bytes;
        pace.count(1, bytes);
        if record.revision.0 % STRIDE == STRIDE - 1 {
            tokio::task::yield_now().await;
        }
    }
    Ok(Folded { entity, weight, pace })
}
