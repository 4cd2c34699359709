//! The enumerator.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NamedItem, with};
use crate::protocol::{CallMethod, HResult};

/// What an enumerator does wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum EnumerationViolation {
    /// Success without an enumerator, a failure with one, or a failure that must not be.
    #[error("{method} returned {hr} {} an enumerator", with(.given))]
    Enumerator {
        /// `EnumSyncMgrItems` or `Clone`.
        method: CallMethod,
        /// The result.
        hr: HResult,
        /// Whether an enumerator came with it.
        given: bool,
    },
    /// `Next` is not there.
    #[error("Next returned E_NOTIMPL")]
    NextNotImplemented,
    /// `Next` after the end.
    #[error("past the end, Next returned {hr} and {items} items instead of S_FALSE and none")]
    PastEnd {
        /// The result.
        hr: HResult,
        /// How many items came.
        items: u64,
    },
    /// A failure with items.
    #[error("Next returned {hr} and delivered {items} items")]
    FailedWithItems {
        /// The result.
        hr: HResult,
        /// How many items came.
        items: u64,
    },
    /// Too many items, a wrong count, or a result that does not fit them.
    #[error(
        "Next was asked for {asked} items, delivered {delivered}{}, and returned {hr}",
        .said.map_or(String::new(), |said| format!(", said {said}"))
    )]
    Count {
        /// `celt`.
        asked: u64,
        /// How many items came.
        delivered: u64,
        /// What `pceltFetched` says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<u64>,
        /// The result.
        hr: HResult,
    },
    /// `Next` for one item, without a place for the count.
    #[error("Next for one item, with NULL for pceltFetched, returned {hr} and {items} items")]
    Uncounted {
        /// The result.
        hr: HResult,
        /// How many items came.
        items: u64,
    },
    /// It stands elsewhere than it should.
    #[error("after {after}, Next delivered {}", astray(.found.as_ref(), .expected.as_ref()))]
    Astray {
        /// What was done to it before: `Skip` or `Clone`.
        after: CallMethod,
        /// What came; nothing is the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        found: Option<NamedItem>,
        /// What was due; nothing is the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<NamedItem>,
    },
    /// It has gone back.
    #[error("after {after}, Next delivered item {found} again")]
    Again {
        /// What was done to it before: `Skip` or `Clone`.
        after: CallMethod,
        /// What came again.
        found: NamedItem,
    },
    /// A wrong result of `Skip`.
    #[error("Skip({count}) returned {hr}; expected {due}")]
    Skipped {
        /// `celt`.
        count: u32,
        /// The result.
        hr: HResult,
        /// What it should be.
        due: HResult,
    },
    /// Nothing comes after `Reset`.
    #[error("after Reset, Next delivered no item, although the enumerator delivered {before} before")]
    NothingAfterReset {
        /// How many items there are.
        before: u64,
    },
    /// Only what was left before `Reset` comes after it.
    #[error(
        "after Reset, Next delivered only the {given} of {of} items that it had not delivered before: the position was kept"
    )]
    PositionKept {
        /// How many items came.
        given: u64,
        /// How many items there are.
        of: u64,
    },
    /// `Reset` failed.
    #[error("Reset returned {hr}")]
    ResetFailed {
        /// The result.
        hr: HResult,
    },
}

fn astray(found: Option<&NamedItem>, expected: Option<&NamedItem>) -> String {
    match (found, expected) {
        (Some(found), Some(expected)) => format!("item {found} instead of item {expected}"),
        (Some(found), None) => format!("item {found} after the last item"),
        (None, Some(expected)) => format!("the end instead of item {expected}"),
        (None, None) => "something else".to_owned(),
    }
}

impl EnumerationViolation {
    pub(super) fn items(&self) -> Vec<&NamedItem> {
        match self {
            EnumerationViolation::Astray { found, expected, .. } => found.iter().chain(expected).collect(),
            EnumerationViolation::Again { found, .. } => vec![found],
            EnumerationViolation::Enumerator { .. }
            | EnumerationViolation::NextNotImplemented
            | EnumerationViolation::PastEnd { .. }
            | EnumerationViolation::FailedWithItems { .. }
            | EnumerationViolation::Count { .. }
            | EnumerationViolation::Uncounted { .. }
            | EnumerationViolation::Skipped { .. }
            | EnumerationViolation::NothingAfterReset { .. }
            | EnumerationViolation::PositionKept { .. }
            | EnumerationViolation::ResetFailed { .. } => Vec::new(),
        }
    }
}
