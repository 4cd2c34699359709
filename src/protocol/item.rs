//! What a handler says of itself and of its items.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FileTime, Guid, HandlerFlags, ItemFlags, ItemState, Text};

/// `SYNCMGRHANDLERINFO` (`ns-mobsync-syncmgrhandlerinfo`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct HandlerInfo {
    /// `SyncMgrHandlerFlags`.
    #[serde(default, skip_serializing_if = "no_handler_flags")]
    pub flags: HandlerFlags,
    /// `wszHandlerName`; of one that is not terminated, all of its 32 units.
    pub name: Text,
    /// `cbSize` of a native handler's structure, if it is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// `wszHandlerName` has no end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unterminated: bool,
    /// The structure does not come from `CoTaskMemAlloc`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}

/// `SYNCMGRITEM` (`ns-mobsync-syncmgritem`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// `ItemID`.
    pub id: Guid,
    /// `wszItemName`.
    pub name: Text,
    /// `dwFlags`.
    #[serde(default, skip_serializing_if = "no_item_flags")]
    pub flags: ItemFlags,
    /// `dwItemState`.
    #[serde(default = "checked", skip_serializing_if = "is_checked")]
    pub state: ItemState,
    /// `ftLastUpdate`; means something only with LASTUPDATETIME.
    #[serde(default, skip_serializing_if = "no_time")]
    pub last_update: FileTime,
    /// `cbSize` of a native handler's structure, if it is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// `wszItemName` has no end: all of its 128 units are in `name`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unterminated: bool,
}

fn no_handler_flags(flags: &HandlerFlags) -> bool {
    flags.0 == 0
}

fn no_item_flags(flags: &ItemFlags) -> bool {
    flags.0 == 0
}

fn checked() -> ItemState {
    ItemState::CHECKED
}

fn is_checked(state: &ItemState) -> bool {
    *state == ItemState::CHECKED
}

fn no_time(time: &FileTime) -> bool {
    time.0 == 0
}
