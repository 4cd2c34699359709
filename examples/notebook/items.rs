//! What is synchronized.

use windows_core::GUID;

use crate::abi::SYNCMGRITEM_HASPROPERTIES;

pub struct ItemDescription {
    pub id: GUID,
    pub name: &'static str,
    pub flags: u32,
    /// The number of units of work.
    pub units: i32,
}

/// The IDs of mobsync's short names A, B and C.
pub static ITEMS: [ItemDescription; 3] = [
    ItemDescription { id: id(0x41), name: "Mail", flags: SYNCMGRITEM_HASPROPERTIES, units: 4 },
    ItemDescription { id: id(0x42), name: "Calendar", flags: 0, units: 2 },
    ItemDescription { id: id(0x43), name: "Contacts", flags: 0, units: 6 },
];

/// The item that fails in the first round.
pub const CALENDAR: usize = 1;

/// The error that it logs.
pub const CONFLICT: GUID = GUID::from_u128(0x6D6F6273_796E_6345_0000_000000000001);

const fn id(letter: u128) -> GUID {
    GUID::from_u128(0x6D6F6273_796E_6300_0000_000000000000 | letter)
}

/// The item with that ID.
///
/// # Safety
/// The pointer is NULL or points to an ID.
pub unsafe fn index_of(id: *const GUID) -> Option<usize> {
    // SAFETY: by the contract.
    let id = unsafe { id.as_ref() }?;
    ITEMS.iter().position(|item| item.id == *id)
}
