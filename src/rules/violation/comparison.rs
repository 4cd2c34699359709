//! Two sessions that should be alike.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{CallMethod, HResult, SyncEvent};

/// Two sessions that should be alike, and are not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ComparisonViolation {
    /// The same session went otherwise in an earlier instance.
    #[error("{method} {} {hr}, but {before} in an earlier instance", how(.completed))]
    OtherResult {
        /// The method.
        method: CallMethod,
        /// Whether the result is that of its completion.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        completed: bool,
        /// The result.
        hr: HResult,
        /// The result before.
        before: HResult,
    },
    /// An unknown event was taken otherwise than MANUAL.
    #[error("with the unknown event {event}, {method} {} {hr}, but {manual} with MANUAL", how(.completed))]
    OtherResultThanManual {
        /// The event.
        event: SyncEvent,
        /// The method.
        method: CallMethod,
        /// Whether the result is that of its completion.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        completed: bool,
        /// The result.
        hr: HResult,
        /// The result with MANUAL.
        manual: HResult,
    },
    /// An unknown event brought other items than MANUAL.
    #[error("the unknown event {event} shows other items than MANUAL")]
    OtherItemsThanManual {
        /// The event.
        event: SyncEvent,
    },
    /// `dwReserved` made a difference.
    #[error("PrepareForSync with dwReserved {reserved} {} {hr}, but S_OK with 0 before", how(.completed))]
    Reserved {
        /// `dwReserved`.
        reserved: u32,
        /// Whether the result is that of its completion.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        completed: bool,
        /// The result.
        hr: HResult,
    },
}

fn how(completed: &bool) -> &'static str {
    if *completed { "was completed with" } else { "returned" }
}
