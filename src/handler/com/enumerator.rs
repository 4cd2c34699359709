//! A native handler's enumerator.

use std::ffi::c_void;
use std::ptr::null_mut;

use windows_core::Interface;

use super::abi::{ISyncMgrEnumItems, RawItem, guid, hresult};
use super::memory;
use super::references::Vtable;
use crate::handler::EnumItems;
use crate::protocol::{FileTime, HResult, Item, ItemFlags, ItemState};

/// Room behind what was asked for, so that a handler that delivers more does no harm and can be told so.
const GUARD: usize = 16;

/// At most so many items are asked for at once: there must be room for them.
const MOST_AT_ONCE: u32 = 65_536;

/// What lies in the room before the handler writes there.
const UNTOUCHED: u8 = 0xA5;

/// What stands in the place for the count before the handler writes there: a number that no mistake gives.
const NO_COUNT: u32 = 0xA55A_6BB6;

/// Drives `ISyncMgrEnumItems`.
pub(super) struct ComEnumerator(ISyncMgrEnumItems);

impl ComEnumerator {
    /// Takes over the reference that a method gave out.
    ///
    /// # Safety
    /// A plausible pointer is an `ISyncMgrEnumItems` with a reference that is the caller's.
    pub(super) unsafe fn take(pointer: *mut c_void) -> Option<Box<dyn EnumItems>> {
        // Nothing is called through a pointer to what is no object.
        Vtable::of(pointer)?;
        // SAFETY: by the contract.
        let items = unsafe { ISyncMgrEnumItems::from_raw(pointer) };
        Some(Box::new(Self(items)))
    }

    fn fetch(&mut self, celt: u32, counted: bool) -> (HResult, Option<u32>, Vec<Item>) {
        let celt = celt.min(MOST_AT_ONCE);
        let mut room: Vec<RawItem> = Vec::with_capacity(celt as usize + GUARD);
        // SAFETY: the room is that large, and an item of any bytes is valid: it holds numbers and a pointer that is not used.
        unsafe {
            room.as_mut_ptr().write_bytes(UNTOUCHED, celt as usize + GUARD);
            room.set_len(celt as usize + GUARD);
        }
        let mut fetched = NO_COUNT;
        let count = if counted { std::ptr::from_mut(&mut fetched) } else { null_mut() };
        // SAFETY: there is room for more than `celt` items; pceltFetched may be NULL where one is asked for.
        let hr = hresult(unsafe { self.0.Next(celt, room.as_mut_ptr(), count) });
        let written = room.iter().take_while(|item| is_touched(item)).count();
        let items = room.iter().take(written).map(item).collect();
        // A count that was not written says nothing.
        let says = (counted && fetched != NO_COUNT).then_some(fetched);
        (hr, says, items)
    }
}

impl EnumItems for ComEnumerator {
    fn next(&mut self, celt: u32) -> (HResult, Option<u32>, Vec<Item>) {
        self.fetch(celt, true)
    }

    fn next_uncounted(&mut self) -> (HResult, Vec<Item>) {
        let (hr, _, items) = self.fetch(1, false);
        (hr, items)
    }

    fn skip(&mut self, celt: u32) -> HResult {
        // SAFETY: it takes a number.
        hresult(unsafe { self.0.Skip(celt) })
    }

    fn reset(&mut self) -> HResult {
        // SAFETY: it takes nothing.
        hresult(unsafe { self.0.Reset() })
    }

    fn try_clone(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        let mut clone = null_mut();
        // SAFETY: it is given a place for a pointer, and what it gives out is taken over.
        unsafe {
            let hr = hresult(self.0.Clone(&mut clone));
            (hr, Self::take(clone))
        }
    }
}

fn is_touched(item: &RawItem) -> bool {
    let untouched = u32::from_ne_bytes([UNTOUCHED; 4]);
    item.size != untouched || item.flags != untouched || item.state != untouched || item.name[0] != untouched as u16
}

fn item(raw: &RawItem) -> Item {
    let (name, unterminated) = memory::field(&raw.name);
    let [low, high] = raw.last_update;
    Item {
        id: guid(raw.id),
        name,
        flags: ItemFlags(raw.flags),
        state: ItemState(raw.state),
        last_update: FileTime(u64::from(high) << 32 | u64::from(low)),
        size: (raw.size as usize != size_of::<RawItem>()).then_some(raw.size),
        unterminated,
    }
}
