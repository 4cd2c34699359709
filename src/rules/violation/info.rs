//! What a handler says of itself, and the objects of items.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{object, unreadable};
use crate::protocol::{HResult, Profile, Text};

/// What a handler says of itself, and the objects of items.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum InfoViolation {
    /// S_OK without a structure.
    #[error("GetHandlerInfo returned S_OK without a structure")]
    Missing,
    /// The structure is not the task allocator's.
    #[error("the structure of GetHandlerInfo does not come from CoTaskMemAlloc: the manager cannot free it")]
    Foreign,
    /// A wrong `cbSize`.
    #[error("cbSize of SYNCMGRHANDLERINFO is {size}, not 88")]
    Size {
        /// `cbSize`.
        size: u32,
    },
    /// Bits outside the header's mask.
    #[error("SyncMgrHandlerFlags has {unknown:#x}, which is outside the header's mask 0xf")]
    Flags {
        /// The unknown bits.
        unknown: u32,
    },
    /// HIDDEN before Windows Vista.
    #[error("SyncMgrHandlerFlags has HIDDEN, which Windows knows from Windows Vista on; the profile is {profile}")]
    FlagOfLater {
        /// The profile.
        profile: Profile,
    },
    /// The name fills its array.
    #[error("wszHandlerName is not terminated within its 32 units: {name:?}")]
    Unterminated {
        /// The name.
        name: Text,
    },
    /// The name is empty or ill-formed.
    #[error("the handler's name {}", unreadable(.name))]
    Name {
        /// The name.
        name: Text,
    },
    /// Not E_NOTIMPL with NULL.
    #[error("GetItemObject returned {hr} and {}", object(.given))]
    Object {
        /// The result.
        hr: HResult,
        /// Whether an object came with it.
        given: bool,
    },
}
