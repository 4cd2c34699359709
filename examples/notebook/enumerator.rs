//! The enumerator of the items.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

use windows_core::{HRESULT, OutRef, implement};

use crate::InUse;
use crate::abi::{
    E_INVALIDARG, E_POINTER, ISyncMgrEnumItems, ISyncMgrEnumItems_Impl, S_FALSE, S_OK, SYNCMGRITEMSTATE_CHECKED,
    SyncMgrItem, fill, size_of_structure,
};
use crate::items::{ITEMS, ItemDescription};

#[implement(ISyncMgrEnumItems)]
pub struct Enumerator {
    at: AtomicUsize,
    _in_use: InUse,
}

impl Enumerator {
    pub fn new(at: usize) -> Self {
        Self { at: AtomicUsize::new(at), _in_use: InUse::new() }
    }

    /// Moves forward by so many items, or as many as are left, and returns them.
    fn advance(&self, celt: u32) -> &'static [ItemDescription] {
        let at = self.at.load(Ordering::Acquire);
        let end = at + (celt as usize).min(ITEMS.len() - at);
        self.at.store(end, Ordering::Release);
        &ITEMS[at..end]
    }
}

/// S_OK if as many as requested were delivered.
fn complete(given: usize, celt: u32) -> HRESULT {
    if given == celt as usize { S_OK } else { S_FALSE }
}

fn described(item: &ItemDescription) -> SyncMgrItem {
    let mut described = SyncMgrItem {
        size: size_of_structure::<SyncMgrItem>(),
        flags: item.flags,
        id: item.id,
        state: SYNCMGRITEMSTATE_CHECKED,
        icon: null_mut(),
        name: [0; 128],
        last_update: [0; 2],
    };
    fill(&mut described.name, item.name);
    described
}

impl ISyncMgrEnumItems_Impl for Enumerator_Impl {
    unsafe fn Next(&self, celt: u32, items: *mut SyncMgrItem, fetched: *mut u32) -> HRESULT {
        // The count may be NULL only if one item is requested.
        if items.is_null() || (fetched.is_null() && celt != 1) {
            return E_INVALIDARG;
        }
        let given = self.advance(celt);
        for (at, item) in given.iter().enumerate() {
            // SAFETY: the caller provides room for this many items.
            unsafe { items.add(at).write(described(item)) };
        }
        if !fetched.is_null() {
            // SAFETY: the caller provides a place for the count.
            unsafe { fetched.write(given.len() as u32) };
        }
        complete(given.len(), celt)
    }

    unsafe fn Skip(&self, celt: u32) -> HRESULT {
        complete(self.advance(celt).len(), celt)
    }

    unsafe fn Reset(&self) -> HRESULT {
        self.at.store(0, Ordering::Release);
        S_OK
    }

    unsafe fn Clone(&self, items: OutRef<'_, ISyncMgrEnumItems>) -> HRESULT {
        if items.is_null() {
            return E_POINTER;
        }
        let clone = Enumerator::new(self.at.load(Ordering::Acquire));
        items.write(Some(clone.into())).into()
    }
}
