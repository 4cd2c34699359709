//! Calls that the manager must not make, or not so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NamedItem, short};
use crate::protocol::{CallMethod, Guid, Refusal, SyncEvent, SyncFlags};

/// A call that the manager must not make, or not so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ManagerViolation {
    /// `dwReserved` of `Initialize` is not 0.
    #[error("dwReserved of Initialize is {reserved}; it must be 0")]
    Reserved {
        /// `dwReserved`.
        reserved: u32,
    },
    /// Not exactly one event, or unknown bits.
    #[error("dwSyncMgrFlags is {flags}; it must be one event, with no bits but SETTINGS and MAYBOTHERUSER")]
    Flags {
        /// `dwSyncMgrFlags`.
        flags: SyncFlags,
    },
    /// SETTINGS without an event.
    #[error("dwSyncMgrFlags is {flags}: SETTINGS without an event, which no page mentions")]
    NoEvent {
        /// `dwSyncMgrFlags`.
        flags: SyncFlags,
    },
    /// A cookie without INVOKE.
    #[error("Initialize has a cookie of {bytes} bytes with the event {event}; only INVOKE has a cookie")]
    Cookie {
        /// `cbCookie`.
        bytes: u64,
        /// The event.
        event: SyncEvent,
    },
    /// A call that is not legal now.
    #[error("{method} was called: {}", because(.why, .item.as_ref()))]
    Refused {
        /// The method.
        method: CallMethod,
        /// Why it is not legal.
        why: Refusal,
        /// The item that it was called for, where the reason lies in that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<NamedItem>,
    },
    /// A retry was asked for, and the handler was released without it.
    #[error("the handler asked for a retry with S_SYNCMGR_RETRYSYNC, but is released without it")]
    NotRetried,
    /// An error was shown that is gone.
    #[error("ShowError was called for error {}, which DeleteLogError(GUID_NULL) had deleted", short(.error))]
    DeletedErrorShown {
        /// The ErrorID.
        error: Guid,
    },
}

impl ManagerViolation {
    pub(super) fn item(&self) -> Option<&NamedItem> {
        match self {
            ManagerViolation::Refused { item, .. } => item.as_ref(),
            ManagerViolation::Reserved { .. }
            | ManagerViolation::Flags { .. }
            | ManagerViolation::NoEvent { .. }
            | ManagerViolation::Cookie { .. }
            | ManagerViolation::NotRetried
            | ManagerViolation::DeletedErrorShown { .. } => None,
        }
    }
}

/// Why a call is not legal, with the item's name.
fn because(why: &Refusal, item: Option<&NamedItem>) -> String {
    match (why, item) {
        (Refusal::NotEnumerated(_), Some(item)) => format!("item {item} was not enumerated"),
        (Refusal::ChosenTwice(_), Some(item)) => format!("item {item} is chosen twice"),
        (Refusal::ItemNotPrepared(_), Some(item)) => format!("item {item} was not prepared"),
        (Refusal::NoProperties(_), Some(item)) => format!("item {item} has no HASPROPERTIES"),
        (Refusal::NoProperties(_), _) => "the handler has no HASPROPERTIES".to_owned(),
        (Refusal::NoSuchError(error), _) => format!("no live error {} with ENABLEJUMPTEXT", short(error)),
        (why, _) => why.to_string(),
    }
}
