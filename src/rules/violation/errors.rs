//! The error log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NamedItem, short};
use crate::protocol::{Guid, HResult, LogLevel};

/// What is wrong with the error log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ErrorLogViolation {
    /// An unknown level.
    #[error("the level is {level}")]
    Level {
        /// The level.
        level: LogLevel,
    },
    /// NULL instead of a text.
    #[error("LogError was called without a text")]
    NoText,
    /// A text of no characters.
    #[error("LogError was called with an empty text")]
    EmptyText,
    /// A wrong `cbSize`.
    #[error("cbSize of SYNCMGRLOGERRORINFO is {size}, not 44")]
    Size {
        /// `cbSize`.
        size: u32,
    },
    /// Unknown bits.
    #[error("unknown bits: mask {mask:#x}, dwSyncMgrErrorFlags {flags:#x}")]
    Bits {
        /// Those of the mask.
        mask: u32,
        /// Those of `dwSyncMgrErrorFlags`.
        flags: u32,
    },
    /// ENABLEJUMPTEXT without an ErrorID.
    #[error("ENABLEJUMPTEXT without an ErrorID: ShowError could not say which error is meant")]
    NoErrorId,
    /// An item that the handler never enumerated.
    #[error("item {item} was not enumerated")]
    NotEnumerated {
        /// The item.
        item: NamedItem,
    },
    /// An error was logged of an item that SUCCEEDED.
    #[error(
        "{} logged for item {item} and not deleted, but the item SUCCEEDED and Synchronize is completed with S_OK",
        if *.errors == 1 { "an ERROR was".to_owned() } else { format!("{errors} ERRORs were") }
    )]
    SucceededAllTheSame {
        /// The item.
        item: NamedItem,
        /// How many.
        errors: u64,
    },
    /// The ErrorID of an error that is there.
    #[error("ErrorID {} is already live", short(.error))]
    LiveAlready {
        /// The ErrorID.
        error: Guid,
    },
    /// The ErrorID of no error.
    #[error("ErrorID {} names no live error", short(.error))]
    NotLive {
        /// The ErrorID.
        error: Guid,
    },
    /// The manager does not delete.
    #[error("DeleteLogError(GUID_NULL) was answered {hr}")]
    DeleteAllFailed {
        /// The reply.
        hr: HResult,
    },
}

impl ErrorLogViolation {
    pub(super) fn item(&self) -> Option<&NamedItem> {
        match self {
            ErrorLogViolation::NotEnumerated { item } | ErrorLogViolation::SucceededAllTheSame { item, .. } => {
                Some(item)
            }
            ErrorLogViolation::Level { .. }
            | ErrorLogViolation::NoText
            | ErrorLogViolation::EmptyText
            | ErrorLogViolation::Size { .. }
            | ErrorLogViolation::Bits { .. }
            | ErrorLogViolation::NoErrorId
            | ErrorLogViolation::LiveAlready { .. }
            | ErrorLogViolation::NotLive { .. }
            | ErrorLogViolation::DeleteAllFailed { .. } => None,
        }
    }
}
