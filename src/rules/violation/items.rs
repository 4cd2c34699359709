//! Enumerated items.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NamedItem, short, unreadable};
use crate::protocol::{FileTime, Guid, ItemState, Profile, Text};

/// What is wrong with an enumerated item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ItemViolation {
    /// A wrong `cbSize`.
    #[error("cbSize of item {item} is {size}, not 304")]
    Size {
        /// The item.
        item: NamedItem,
        /// `cbSize`.
        size: u32,
    },
    /// Bits outside the header's mask.
    #[error("dwFlags of item {item} has {unknown:#x}, which is outside the header's mask 0x7f")]
    Flags {
        /// The item.
        item: NamedItem,
        /// The unknown bits.
        unknown: u32,
    },
    /// HIDDEN before Windows Vista.
    #[error("dwFlags of item {item} has HIDDEN, which Windows knows from Windows Vista on; the profile is {profile}")]
    FlagOfLater {
        /// The item.
        item: NamedItem,
        /// The profile.
        profile: Profile,
    },
    /// A bit of the header's mask that has no name.
    #[error("dwFlags of item {item} has {unnamed:#x}: the header's mask holds this bit, but no flag has it")]
    UnnamedFlag {
        /// The item.
        item: NamedItem,
        /// The bit.
        unnamed: u32,
    },
    /// The ItemID is GUID_NULL.
    #[error("the ItemID of item {:?} is GUID_NULL", name(.item))]
    NullId {
        /// The item.
        item: NamedItem,
    },
    /// Two items of one enumeration have the same ID.
    #[error(
        "two items have the ItemID {}: {:?} and {:?}",
        short(&.item.id), name(.first), name(.item)
    )]
    SharedId {
        /// The item that came first.
        first: NamedItem,
        /// The one that has its ID again.
        item: NamedItem,
    },
    /// Neither checked nor unchecked.
    #[error("dwItemState of item {item} is {state}")]
    State {
        /// The item.
        item: NamedItem,
        /// `dwItemState`.
        state: ItemState,
    },
    /// The name fills its array.
    #[error("wszItemName of item {item} is not terminated within its 128 units")]
    Unterminated {
        /// The item.
        item: NamedItem,
    },
    /// The name is empty or ill-formed.
    #[error("the name of item {} {}", short(&.item.id), unreadable(&name(.item)))]
    Name {
        /// The item.
        item: NamedItem,
    },
    /// No time, or one that has not come yet.
    #[error("ftLastUpdate of item {item} is {time}; now is {now}")]
    UpdateTime {
        /// The item.
        item: NamedItem,
        /// `ftLastUpdate`.
        time: FileTime,
        /// The time of the call.
        now: FileTime,
    },
    /// The same item has another ID than before.
    #[error(
        "item {:?} has the ItemID {}, but had {} when it was enumerated before",
        name(.item), short(&.item.id), short(.before)
    )]
    OtherId {
        /// The item, known again by its name.
        item: NamedItem,
        /// Its ItemID in an enumeration before.
        before: Guid,
    },
}

fn name(item: &NamedItem) -> Text {
    item.name.clone().unwrap_or_default()
}

impl ItemViolation {
    pub(super) fn items(&self) -> Vec<&NamedItem> {
        match self {
            ItemViolation::SharedId { first, item } => vec![item, first],
            ItemViolation::Size { item, .. }
            | ItemViolation::Flags { item, .. }
            | ItemViolation::FlagOfLater { item, .. }
            | ItemViolation::UnnamedFlag { item, .. }
            | ItemViolation::NullId { item }
            | ItemViolation::State { item, .. }
            | ItemViolation::Unterminated { item }
            | ItemViolation::Name { item }
            | ItemViolation::UpdateTime { item, .. }
            | ItemViolation::OtherId { item, .. } => vec![item],
        }
    }
}
