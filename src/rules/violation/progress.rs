//! Reports of progress.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NamedItem;
use crate::protocol::{Profile, Status};

/// What is wrong with a report of progress.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ProgressViolation {
    /// NULL instead of a structure.
    #[error("Progress was called without a structure")]
    NoStructure,
    /// A wrong `cbSize`.
    #[error("cbSize of SYNCMGRPROGRESSITEM is {size}, not 32")]
    Size {
        /// `cbSize`.
        size: u32,
    },
    /// Unknown bits of the mask.
    #[error("the mask has the unknown bits {unknown:#x}")]
    Mask {
        /// The unknown bits.
        unknown: u32,
    },
    /// STATUSTEXT without a text.
    #[error("the mask has STATUSTEXT, but lpcStatusText is NULL")]
    NoText,
    /// A status that the profile does not have.
    #[error("the profile {profile} knows no status {status}")]
    UnknownStatus {
        /// The status.
        status: Status,
        /// The profile.
        profile: Profile,
    },
    /// An item that the handler never enumerated.
    #[error("item {item} was not enumerated")]
    NotEnumerated {
        /// The item.
        item: NamedItem,
    },
    /// An item that is not to be synchronized.
    #[error("item {item} is worked on, but it was not prepared")]
    NotPrepared {
        /// The item.
        item: NamedItem,
    },
    /// A report after the end.
    #[error("progress of item {item} after SynchronizeCompleted")]
    AfterCompletion {
        /// The item.
        item: NamedItem,
    },
    /// A value below 0 or above the maximum.
    #[error("value {value} of maximum {maximum} for item {item}")]
    OutOfRange {
        /// The item.
        item: NamedItem,
        /// `iProgValue`.
        value: i32,
        /// `iMaxValue`.
        maximum: i32,
    },
    /// A value below the one before.
    #[error("the value of item {item} goes back from {from} to {to}")]
    GoesBack {
        /// The item.
        item: NamedItem,
        /// The value before.
        from: i32,
        /// The value now.
        to: i32,
    },
    /// Work after the end of the item.
    #[error("item {item} is {status} again after {ended}")]
    WorksAgain {
        /// The item.
        item: NamedItem,
        /// The status now.
        status: Status,
        /// The final status before.
        ended: Status,
    },
}

impl ProgressViolation {
    pub(super) fn item(&self) -> Option<&NamedItem> {
        match self {
            ProgressViolation::NotEnumerated { item }
            | ProgressViolation::NotPrepared { item }
            | ProgressViolation::AfterCompletion { item }
            | ProgressViolation::OutOfRange { item, .. }
            | ProgressViolation::GoesBack { item, .. }
            | ProgressViolation::WorksAgain { item, .. } => Some(item),
            ProgressViolation::NoStructure
            | ProgressViolation::Size { .. }
            | ProgressViolation::Mask { .. }
            | ProgressViolation::NoText
            | ProgressViolation::UnknownStatus { .. } => None,
        }
    }

    pub(super) fn status(&self) -> Option<Status> {
        match self {
            ProgressViolation::UnknownStatus { status, .. } | ProgressViolation::WorksAgain { status, .. } => {
                Some(*status)
            }
            _ => None,
        }
    }
}
