//! Reports of progress.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NamedItem;
use crate::protocol::{CallMethod, Delay, Profile, Status};

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
    #[error("status {status} is unknown in the profile {profile}")]
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
    #[error("the handler reports work on item {item}, which was not prepared")]
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
    /// A report before the items were prepared.
    #[error("progress of item {item} before PrepareForSync was called")]
    BeforePrepare {
        /// The item.
        item: NamedItem,
    },
    /// A report after the round had failed.
    #[error("progress of item {item} after {method} failed")]
    AfterFailure {
        /// The item.
        item: NamedItem,
        /// The method.
        method: CallMethod,
    },
    /// The first report says that the work is done.
    #[error(
        "the first report of item {item} is {}: no report came before the work, so the user could not cancel the item",
        done(.status.as_ref(), .value.as_ref(), .maximum.as_ref())
    )]
    DoneAtFirst {
        /// The item.
        item: NamedItem,
        /// The status, where it is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<Status>,
        /// `iProgValue`, where it is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<i32>,
        /// `iMaxValue`, where it is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maximum: Option<i32>,
    },
    /// The same value, over and over.
    #[error("the value of item {item} is still {value} after {took}")]
    StandsStill {
        /// The item.
        item: NamedItem,
        /// `iProgValue`.
        value: i32,
        /// How long it has been that.
        took: Delay,
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
    #[error("the value of item {item} decreases from {from} to {to}")]
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

/// The report as people read it: `UPDATING 9/9`.
fn done(status: Option<&Status>, value: Option<&i32>, maximum: Option<&i32>) -> String {
    let status = status.map(ToString::to_string);
    let value = value.map(|value| maximum.map_or(value.to_string(), |maximum| format!("{value}/{maximum}")));
    status.into_iter().chain(value).collect::<Vec<_>>().join(" ")
}

impl ProgressViolation {
    pub(super) fn item(&self) -> Option<&NamedItem> {
        match self {
            ProgressViolation::NotEnumerated { item }
            | ProgressViolation::NotPrepared { item }
            | ProgressViolation::AfterCompletion { item }
            | ProgressViolation::BeforePrepare { item }
            | ProgressViolation::AfterFailure { item, .. }
            | ProgressViolation::DoneAtFirst { item, .. }
            | ProgressViolation::StandsStill { item, .. }
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
            ProgressViolation::DoneAtFirst { status, .. } => *status,
            _ => None,
        }
    }
}
