//! Why a command did not reach its entity, or was not accepted.

use replay::log::{AppendError, ReadError};

use super::fold::FoldFailure;
use crate::entities::Rejected;

/// Why a command was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The rules forbid it.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The kind of the stream is not known.
    #[error("`{0}` is not a kind of stream that this server knows")]
    UnknownKind(String),
    /// Too many commands wait for this entity.
    #[error("too many commands wait for this stream: send it again in a moment")]
    Busy,
    /// The stream is out of service.
    #[error("this stream is out of service: {0}. Its events can still be read and exported")]
    Quarantined(String),
    /// The stream was written by a newer version.
    #[error("this stream needs a newer version of Reenact: {0}")]
    NeedsNewerVersion(String),
    /// The stream lost events to damage.
    #[error("{0}")]
    Damaged(String),
    /// No room on the disk.
    #[error("the disk that holds the log is full: make room; nothing was changed, and writing resumes by itself")]
    Full,
    /// A write failed, and nobody knows whether it survives.
    #[error("{0}. Send the command again with the same id: it is done once at most")]
    Unknown(String),
    /// A bug.
    #[error("the server failed over this command: {0}")]
    Internal(String),
    /// The server is stopping.
    #[error("the server is stopping: send it again when it is back")]
    Closed,
}

impl SubmitError {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejected) => rejected.code,
            Self::UnknownKind(_) => "unknown_kind",
            Self::Busy => "busy",
            Self::Quarantined(_) => "quarantined",
            Self::NeedsNewerVersion(_) => "needs_newer_version",
            Self::Damaged(_) => "damaged",
            Self::Full => "disk_full",
            Self::Unknown(_) => "unknown_outcome",
            Self::Internal(_) => "internal",
            Self::Closed => "closed",
        }
    }

    /// Whether sending it again, or differently, is no use: the stream itself takes nothing.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::UnknownKind(_)
            | Self::Quarantined(_)
            | Self::NeedsNewerVersion(_)
            | Self::Damaged(_)
            | Self::Closed => true,
            Self::Rejected(_) | Self::Busy | Self::Full | Self::Unknown(_) | Self::Internal(_) => false,
        }
    }

    pub(super) fn of_append(error: &AppendError) -> Self {
        match error {
            AppendError::Full => Self::Full,
            AppendError::Closed => Self::Closed,
            AppendError::Damaged(_) => Self::Damaged(error.to_string()),
            AppendError::Unknown(_) | AppendError::WrongRevision { .. } => Self::Unknown(error.to_string()),
            AppendError::DataTooLarge { .. } | AppendError::FrameTooLarge { .. } | AppendError::BadRecord(_) => {
                Self::Internal(error.to_string())
            }
        }
    }

    pub(super) fn of_fold(failure: &FoldFailure) -> Self {
        match failure {
            FoldFailure::UnknownKind(kind) => Self::UnknownKind(kind.clone()),
            FoldFailure::Read(error @ ReadError::Damaged { .. }) => Self::Damaged(error.to_string()),
            FoldFailure::Read(ReadError::Io(_)) | FoldFailure::Stopped(_) => Self::Unknown(failure.to_string()),
            FoldFailure::Fold(error) if error.needs_newer_version() => Self::NeedsNewerVersion(error.to_string()),
            FoldFailure::Fold(error) => Self::Quarantined(error.to_string()),
        }
    }
}
