//! What a handler does after it was asked to stop.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NamedItem;
use crate::protocol::{Delay, Status};

/// What a handler does after it was asked to stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum StopViolation {
    /// It works on.
    #[error("item {item} was told to stop, but continues: {reports} reports of work since (tolerated: {tolerated})")]
    WorksOn {
        /// The item.
        item: NamedItem,
        /// How many reports of work came since.
        reports: u32,
        /// How many may come.
        tolerated: u32,
    },
    /// It finished what it was told to skip.
    #[error("item {item} was skipped, but SUCCEEDED")]
    Finished {
        /// The item.
        item: NamedItem,
    },
    /// It finished what it was told to stop, with most of the work to do.
    #[error("item {item} was told to stop with at least half of its work to do, but was finished in full")]
    FinishedInFull {
        /// The item.
        item: NamedItem,
    },
    /// Its end does not say that it was stopped.
    #[error("item {item} was told to stop, but ends {status}")]
    OtherEnd {
        /// The item.
        item: NamedItem,
        /// How it ended.
        status: Status,
    },
    /// Every item was stopped, and the round does not end.
    #[error("all items were told to stop, but Synchronize was not completed")]
    NotCompleted,
    /// `SetItemStatus` waits for a callback that is not answered.
    #[error("SetItemStatus did not return before a callback was answered, and took {took}")]
    WaitedForCallback {
        /// How long it took.
        took: Delay,
    },
    /// The call that tells of it does not return.
    #[error("SetItemStatus did not return")]
    SetItemStatusHangs,
}

impl StopViolation {
    pub(super) fn item(&self) -> Option<&NamedItem> {
        match self {
            StopViolation::WorksOn { item, .. }
            | StopViolation::Finished { item }
            | StopViolation::FinishedInFull { item }
            | StopViolation::OtherEnd { item, .. } => Some(item),
            StopViolation::NotCompleted
            | StopViolation::WaitedForCallback { .. }
            | StopViolation::SetItemStatusHangs => None,
        }
    }

    pub(super) fn status(&self) -> Option<Status> {
        match self {
            StopViolation::WorksOn { .. } => Some(Status::UPDATING),
            StopViolation::Finished { .. } | StopViolation::FinishedInFull { .. } => Some(Status::SUCCEEDED),
            StopViolation::OtherEnd { status, .. } => Some(*status),
            StopViolation::NotCompleted
            | StopViolation::WaitedForCallback { .. }
            | StopViolation::SetItemStatusHangs => None,
        }
    }
}
