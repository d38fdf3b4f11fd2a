//! For kinds that want no work outside.

use replay::decider::{EffectCommand, Stale};
use serde::{Deserialize, Serialize};

/// What cannot be: the work, the pieces and the outcomes of a kind without effects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Nothing {}

/// The answer of such a kind to whatever the host says of effects.
pub fn refuse(command: EffectCommand<Nothing, Nothing>) -> Stale {
    match command {
        EffectCommand::Begin { key } => Stale { key, attempt: None },
        EffectCommand::Lost { key, attempt } => Stale { key, attempt: Some(attempt) },
        EffectCommand::Progress { piece, .. } => match piece {},
        EffectCommand::Report { outcome, .. } => match outcome {},
    }
}
